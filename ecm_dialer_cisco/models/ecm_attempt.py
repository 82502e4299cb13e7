from odoo import api, fields, models
from odoo.tools import SQL


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    dialer_campaign_id = fields.Many2one(
        "ecm.dialer.campaign", "Cisco campaign", readonly=True, ondelete="restrict"
    )

    # What a Cisco campaign holds without a result: room, doubts, late results.
    _dialer_open = models.Index(
        "(dialer_campaign_id, state, claimed_at) WHERE state IN ('claimed', 'sent', 'dangling')"
    )

    @api.model
    def _get_read_condition(self, deadline):
        return SQL(
            """%s AND (a.dialer_campaign_id IS NULL
                     OR (SELECT d.last_sync_at >= %s
                           FROM ecm_dialer_campaign t JOIN ecm_dialer d ON d.id = t.dialer_id
                          WHERE t.id = a.dialer_campaign_id))""",
            super()._get_read_condition(deadline),
            deadline,
        )
