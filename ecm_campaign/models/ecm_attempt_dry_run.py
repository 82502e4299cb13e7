from odoo import api, models
from odoo.tools import SQL

from .ecm_dry_run import ENOUGH_RESULTS


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    @api.model
    def _tally_recent(self, campaigns, limit):
        """Outcomes of the last attempts of some campaigns (index on the campaign).

        :return: ``{outcome code: count}``
        """
        self.env.cr.execute(
            SQL(
                """SELECT o.code, sum(found.count)::int
                     FROM (SELECT recent.outcome_id, count(*) AS count
                             FROM unnest(%s::int[]) AS p(id)
                       CROSS JOIN LATERAL (SELECT a.outcome_id FROM ecm_attempt a
                                            WHERE a.campaign_id = p.id AND a.state = 'done'
                                         ORDER BY a.id DESC LIMIT %s) AS recent
                         GROUP BY 1) AS found
                     JOIN ecm_outcome o ON o.id = found.outcome_id
                 GROUP BY 1""",
                list(campaigns.ids),
                limit,
            )
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _get_recent_pace(self, campaign, limit):
        """Calls in an average hour in which a campaign called lately; 0 when there are too few to
        say.
        """
        self.env.cr.execute(
            SQL(
                """SELECT count(*), count(DISTINCT date_trunc('hour', recent.claimed_at))
                     FROM (SELECT claimed_at FROM ecm_attempt
                            WHERE campaign_id = %s AND state = 'done'
                         ORDER BY id DESC LIMIT %s) AS recent""",
                campaign.id,
                limit,
            )
        )
        calls, hours = self.env.cr.fetchone()
        return round(calls / hours, 1) if calls >= ENOUGH_RESULTS else 0
