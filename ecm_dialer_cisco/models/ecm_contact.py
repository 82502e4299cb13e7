from odoo import fields, models


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    dialer_campaign_id = fields.Many2one(
        related="campaign_id.dialer_campaign_id", string="Cisco campaign"
    )
    dialer_campaign_key = fields.Char(
        related="campaign_id.dialer_campaign_id.key", string="Cisco campaign ID"
    )
