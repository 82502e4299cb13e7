from odoo import fields, models


class EcmApiKey(models.Model):
    _inherit = "ecm.api.key"

    callback_agent_id = fields.Many2one(
        "ecm.callback.agent",
        "Desktop of",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="The key of an agent's desktop: it is good for this agent's callbacks.",
    )
