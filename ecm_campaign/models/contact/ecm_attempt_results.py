from odoo import api, models
from odoo.tools import SQL

from ...tools.campaign_results import ListCount, Slot


class EcmAttemptResultsMixin(models.AbstractModel):
    """What came of attempts: rates in reports, and what pages of results count (U10)."""

    _name = "ecm.attempt.results.mixin"
    _description = "Results of Attempts"

    def _field_to_sql(self, alias, field_expr, query=None):
        """Rates are averages over what they are rates of: NULL stands for the rest."""
        if field_expr == "reached_percent":
            live = self._get_live_outcomes().ids
            return SQL(
                "CASE WHEN %s = 'done' THEN 100.0 * COALESCE(%s = ANY(%s), FALSE)::int END",
                self._field_to_sql(alias, "state", query),
                self._field_to_sql(alias, "outcome_id", query),
                live,
            )
        if field_expr == "success_percent":
            return SQL(
                "CASE WHEN %s = ANY(%s) THEN 100.0 * COALESCE(%s = ANY(%s), FALSE)::int END",
                self._field_to_sql(alias, "outcome_id", query),
                self._get_live_outcomes().ids,
                self._field_to_sql(alias, "business_outcome_id", query),
                self._get_successes().ids,
            )
        return super()._field_to_sql(alias, field_expr, query)

    @api.model
    def _get_live_outcomes(self):
        """Outcomes that mean that a person was reached, archived ones included."""
        outcomes = self.env["ecm.outcome"].sudo().with_context(active_test=False)
        return outcomes.search([("is_live_voice", "=", True)])

    @api.model
    def _get_successes(self):
        """Wrap-ups that mean that the goal was reached, archived ones included."""
        wrap_ups = self.env["ecm.business.outcome"].sudo().with_context(active_test=False)
        return wrap_ups.search([("kind", "=", "success")])

    @api.model
    def _count_results(self, scope):
        """Attempts with a result by weekday, hour and outcome, without the counters (indexes on the
        campaign, and on the list and the contact).

        :param ResultsScope scope: of one campaign or list
        :return: list of ``tools.campaign_results.Slot``
        """
        # Millions of attempts are in a few thousand quarters of an hour: only those are moved into
        # the zone, of which none is off by less than a quarter.
        self.env.cr.execute(
            SQL(
                """WITH quarters AS (
                       SELECT date_trunc('hour', a.called_at)
                                + interval '15 minutes' * (date_part('minute', a.called_at)::int / 15)
                              AS at,
                              a.outcome_id, count(*) AS count
                         FROM ecm_attempt a %(scope)s AND a.state = 'done'
                     GROUP BY 1, 2
                   ), slots AS (
                       SELECT at AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s AS at, outcome_id, count
                         FROM quarters
                   )
                   SELECT date_part('dow', at)::int, date_part('hour', at)::int, outcome_id,
                          sum(count)::int
                     FROM slots GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
                scope=scope.attempts_sql,
                tz=scope.zone,
            )
        )
        return [Slot(*row) for row in self.env.cr.fetchall()]

    @api.model
    def _count_reached(self, scope):
        """Contacts that were reached, and those of them with a success, by list.

        :param ResultsScope scope: of one campaign or list
        :return: ``{list id or None: (reached, success)}``
        """
        self.env.cr.execute(
            SQL(
                """SELECT found.list_id, count(*), count(*) FILTER (WHERE found.is_success)
                     FROM (SELECT c.list_id,
                                  bool_or(COALESCE(a.business_outcome_id = ANY(%(successes)s), FALSE))
                                  AS is_success
                             FROM ecm_attempt a JOIN ecm_contact c ON c.id = a.contact_id
                            WHERE %(own)s AND a.state = 'done' AND a.outcome_id = ANY(%(live)s)
                         GROUP BY c.id, c.list_id) AS found
                 GROUP BY 1""",
                own=scope.contacts_sql,
                live=self._get_live_outcomes().ids,
                successes=self._get_successes().ids,
            )
        )
        return {list_id: counts for list_id, *counts in self.env.cr.fetchall()}

    @api.model
    def _count_lists(self, scope):
        """What became of contacts by list, newest first, without the counters (indexes on the
        campaign and on the list).

        :param ResultsScope scope: of one campaign or list
        :return: list of ``tools.campaign_results.ListCount``
        """
        contacts = self.env["ecm.contact"].sudo()
        counts = ["__count", "last_attempt_at:count"]
        groups = contacts._read_group(scope.contacts, ["list_id"], counts)
        reached = self._count_reached(scope)
        lines = []
        for contact_list, loaded, called in groups:
            list_id = contact_list.id or None
            lines.append(ListCount(list_id, loaded, called, *reached.get(list_id, (0, 0))))
        return sorted(lines, key=lambda line: line.list_id or 0, reverse=True)
