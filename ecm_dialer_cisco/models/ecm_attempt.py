from odoo import fields, models


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    dialer_campaign_id = fields.Many2one(
        "ecm.dialer.campaign", "Cisco campaign", readonly=True, ondelete="restrict"
    )

    # What a Cisco campaign holds without a result: room, doubts, late results.
    _dialer_open = models.Index(
        "(dialer_campaign_id, state, claimed_at) WHERE state IN ('claimed', 'sent', 'dangling')"
    )
