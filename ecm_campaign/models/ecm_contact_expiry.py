from odoo import api, fields, models
from odoo.tools import SQL


class EcmContact(models.Model):
    """Time to live (requirement C5)."""

    _inherit = "ecm.contact"

    close_reason = fields.Selection(selection_add=[("ttl", "Time to live is over")])

    # What the sweep closes, oldest first in each campaign.
    _time_to_live = models.Index("(campaign_id, added_at) WHERE state = 'pending'")

    @api.model
    def _expire_old(self, now, limit):
        """Close pending contacts whose time to live is over (index ``_time_to_live``).

        :param datetime now: naive UTC
        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET state = 'expired', close_reason = 'ttl', closed_at = %(now)s, is_ready = FALSE,
                          next_attempt_at = NULL, resume_at = NULL, block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT old.id FROM ecm_campaign p, LATERAL (
                                     SELECT c.id FROM ecm_contact c
                                      WHERE c.campaign_id = p.id AND c.state = 'pending'
                                        AND c.added_at < %(now)s::timestamp - make_interval(days => p.ttl_days)
                                   ORDER BY c.added_at LIMIT %(limit)s
                                        FOR UPDATE SKIP LOCKED) AS old
                                  WHERE p.ttl_days > 0 LIMIT %(limit)s)""",
                now=now,
                limit=limit,
            )
        )
        return self.env.cr.rowcount
