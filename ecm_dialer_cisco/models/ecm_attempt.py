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
    def _get_oldest_open(self, dialer):
        """When the oldest attempt was claimed that awaits its result from a dialer (index
        ``_dialer_open``), or None.
        """
        # Each state by itself: the planner takes a partial index for constants only.
        self.env.cr.execute(
            SQL(
                """SELECT min(LEAST((SELECT min(a.claimed_at) FROM ecm_attempt a
                                      WHERE a.dialer_campaign_id = t.id AND a.state = 'claimed'),
                                    (SELECT min(a.claimed_at) FROM ecm_attempt a
                                      WHERE a.dialer_campaign_id = t.id AND a.state = 'sent')))
                     FROM ecm_dialer_campaign t
                    WHERE t.dialer_id = %s""",
                dialer.id,
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _get_read_until(self, now):
        # LEAST passes over a dialer that was never read: its NULL must stay.
        return SQL(
            """CASE WHEN a.dialer_campaign_id IS NULL THEN %s
                    ELSE (SELECT CASE WHEN d.last_sync_at < %s THEN d.last_sync_at
                                      WHEN d.last_sync_at >= %s THEN %s END
                            FROM ecm_dialer_campaign t JOIN ecm_dialer d ON d.id = t.dialer_id
                           WHERE t.id = a.dialer_campaign_id)
                END""",
            super()._get_read_until(now),
            now,
            now,
            SQL("%s::timestamp", now),
        )
