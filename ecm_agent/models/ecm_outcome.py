from odoo import fields, models


class EcmOutcome(models.Model):
    _inherit = "ecm.outcome"

    for_agents = fields.Boolean(
        "Agents may choose it",
        help="Offered at the agents' desk when nobody was reached, or when a campaign has no wrap-ups.",
    )
