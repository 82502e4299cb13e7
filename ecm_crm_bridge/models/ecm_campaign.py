from odoo import fields, models


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    is_crm_launch = fields.Boolean(
        "Sales may launch",
        help="Sales people who may launch campaigns find this one among those to launch, and add "
        "their leads and customers to it.",
    )
