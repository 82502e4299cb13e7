from odoo import api, models
from odoo.tools import SQL


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    @api.model
    def _filter_ready(self, campaigns, now):
        """Campaigns that have contacts to send: a look into indexes ``_ready_arrival`` and
        ``_waiting`` each.

        The orders are those of the indexes: without them the planner may read the table for the
        first that matches.

        :param datetime now: naive UTC
        """
        self.env.cr.execute(
            SQL(
                """SELECT p.id
                     FROM unnest(%s::int[]) AS p(id)
                    WHERE (SELECT TRUE FROM ecm_contact c
                            WHERE c.campaign_id = p.id AND c.is_ready AND c.state = 'pending'
                         ORDER BY c.is_retry, c.id LIMIT 1)
                       OR (SELECT TRUE FROM ecm_contact c
                            WHERE c.campaign_id = p.id AND NOT c.is_ready AND c.state = 'pending'
                              AND c.next_attempt_at <= %s
                         ORDER BY c.next_attempt_at LIMIT 1)""",
                list(campaigns.ids),
                now,
            )
        )
        ready = {campaign_id for (campaign_id,) in self.env.cr.fetchall()}
        return campaigns.filtered(lambda campaign: campaign.id in ready)

    @api.model
    def _count_at_dialer(self, campaigns):
        """Contacts at the dialer, counted in index ``_campaign_state``: costs what is there, not
        what is stored.

        :return: ``{campaign id: count}``
        """
        self.env.cr.execute(
            SQL(
                """SELECT p.id, n.held
                     FROM unnest(%s::int[]) AS p(id)
               CROSS JOIN LATERAL (SELECT count(*) AS held FROM ecm_contact c
                                    WHERE c.campaign_id = p.id AND c.state = 'sent_to_dialer') AS n""",
                list(campaigns.ids),
            )
        )
        return dict(self.env.cr.fetchall())
