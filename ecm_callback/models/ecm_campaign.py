from odoo import fields, models


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    callback_skill_id = fields.Many2one(
        "ecm.callback.skill",
        "Callback skill",
        ondelete="set null",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        help="Whose callbacks are those that customers of this campaign ask for.",
    )
    presented_number = fields.Char(
        "Presented number",
        tracking=True,
        help="What customers see when the dialer calls them for this campaign. A callback comes "
        "from the same number where the skill has a callback campaign for it.",
    )
