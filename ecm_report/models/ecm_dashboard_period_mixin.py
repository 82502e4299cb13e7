from collections import Counter

from odoo import api, models
from odoo.tools import SQL

from ..tools.dashboard import Bucket, get_heat, get_ranking, get_series

# So many outcomes and wrap-ups are told.
TOP = 12


class EcmDashboardPeriodMixin(models.AbstractModel):
    """What was done in a period: attempts that have a result, by the time of the call."""

    _name = "ecm.dashboard.period.mixin"
    _description = "Dashboard: What Was Done"

    @api.model
    def _get_period_panels(self):
        return {"attempts": self._read_attempts, "wrap_ups": self._read_wrap_ups}

    def _read_attempts(self, scope):
        """Attempts by hour, by weekday and hour, and by outcome, from one pass over the counters.

        :return: dict of ``totals``, ``series``, ``heat`` and ``outcomes``
        """
        buckets = self._read_buckets(scope)
        live = set(self.env["ecm.attempt"]._get_live_outcomes().ids)
        outcomes = Counter()
        for bucket in buckets:
            outcomes[bucket.outcome_id] += bucket.attempts
        made = sum(outcomes.values())
        reached = sum(count for outcome, count in outcomes.items() if outcome in live)
        ranking = get_ranking(outcomes)[:TOP]
        self._add_names(ranking, "ecm.outcome")
        for line in ranking:
            line["is_live"] = line["id"] in live
        return {
            "totals": {"made": made, "reached": reached},
            "series": get_series(buckets, self._read_forecast(scope), live, scope.period),
            "heat": get_heat(buckets, live),
            "outcomes": ranking,
        }

    def _read_buckets(self, scope):
        """:return: list of ``tools.dashboard.Bucket``"""
        # Zones are off by quarters of an hour: the sums of quarters are moved, and summed again.
        rows = self.env.execute_query(
            SQL(
                """SELECT date_trunc('hour', at AT TIME ZONE 'UTC' AT TIME ZONE %s), outcome_id,
                          sum(attempts)::int
                     FROM (SELECT n.at, n.outcome_id, sum(n.attempts) AS attempts
                             FROM ecm_results_count n WHERE %s GROUP BY 1, 2) AS quarters
                 GROUP BY 1, 2 HAVING sum(attempts) <> 0 ORDER BY 1, 2""",
                scope.zone,
                scope.in_period,
            )
        )
        return [Bucket(*row) for row in rows]

    def _read_forecast(self, scope):
        """What the last dry run of each campaign has foretold, as it is and not as it could be.

        :return: list of ``tools.dashboard.Bucket``
        """
        rows = self.env.execute_query(
            SQL(
                """WITH latest AS (
                       SELECT DISTINCT ON (campaign_id) id FROM ecm_dry_run
                        WHERE campaign_id = ANY(%s) AND state = 'done'
                          AND list_id IS NOT DISTINCT FROM %s AND strategy_id IS NULL
                          AND calling_hours_id IS NULL
                     ORDER BY campaign_id, id DESC
                   )
                   SELECT date_trunc('hour', l.at AT TIME ZONE 'UTC' AT TIME ZONE %s),
                          l.outcome_id, sum(l.count)::int
                     FROM ecm_dry_run_line l JOIN latest ON latest.id = l.run_id
                    WHERE l.at >= %s AND l.at < %s
                 GROUP BY 1, 2 ORDER BY 1, 2""",
                scope.campaigns.ids,
                scope.contact_list.id or None,
                scope.zone,
                scope.period.start,
                scope.period.end,
            )
        )
        return [Bucket(*row) for row in rows]

    def _read_wrap_ups(self, scope):
        """What agents said of the attempts.

        :return: dict of ``lines`` and ``success``: attempts that reached a person with a wrap-up of
            type Success
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT n.business_outcome_id, n.outcome_id, sum(n.count)::int
                     FROM ecm_report_count n WHERE %s GROUP BY 1, 2 HAVING sum(n.count) <> 0""",
                scope.in_period,
            )
        )
        attempts = self.env["ecm.attempt"]
        live = set(attempts._get_live_outcomes().ids)
        successes = set(attempts._get_successes().ids)
        counts, success = Counter(), 0
        for wrap_up, outcome, count in rows:
            counts[wrap_up] += count
            if wrap_up in successes and outcome in live:
                success += count
        ranking = get_ranking(counts)[:TOP]
        self._add_names(ranking, "ecm.business.outcome")
        for line in ranking:
            line["is_success"] = line["id"] in successes
        return {"lines": ranking, "success": success}

    def _add_names(self, lines, model):
        """Give lines the names of the records whose ids they have."""
        ids = [line["id"] for line in lines if line["id"]]
        records = self.env[model].sudo().with_context(active_test=False).browse(ids).exists()
        names = {record.id: record.display_name for record in records}
        for line in lines:
            line["name"] = names.get(line["id"], self.env._("None"))
