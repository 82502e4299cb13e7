from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import table_exists

from ...tools import results_triggers
from ...tools.campaign_results import ListCount, Slot
from ...tools.counters import key_of
from ...tools.results_triggers import REACH
from ...tools.turn import Turn

# So many ids of contacts are looked at in a transaction, where what counts as reached has changed.
SLICE = 20_000
SUM_KEYS = {"campaign_id": None, "list_id": "0", "at": "'-infinity'", "outcome_id": "0"}


class EcmResultsCount(models.Model):
    """Counters of pages of results: sums over contacts, and over attempts that are done (U10).

    Triggers write them in the transaction that changes what they count, see
    ``tools.results_triggers``; rows of one key are added up when read. A scheduled action adds up
    what stays.
    """

    _name = "ecm.results.count"
    _inherit = ["ecm.counter.mixin"]
    _description = "Counter of Results"
    _order = "id"
    _log_access = False

    _sum_keys = SUM_KEYS
    _sum_columns = ("attempts", "loaded", "called", "reached", "success")

    # No foreign keys: what is deleted counts back to nothing.
    campaign_id = fields.Integer()
    list_id = fields.Integer()
    at = fields.Datetime(help="The quarter of an hour of calls; empty for contacts.")
    outcome_id = fields.Integer()
    attempts = fields.Integer()
    loaded = fields.Integer()
    called = fields.Integer()
    reached = fields.Integer()
    success = fields.Integer()

    _campaign = models.Index("(campaign_id, at)")
    _list = models.Index("(list_id, at)")
    # What one sum is of.
    _sum = models.UniqueIndex(key_of(SUM_KEYS))
    # What came since the sums were made.
    _new = models.Index("(id) WHERE is_sum IS NOT TRUE")

    def init(self):
        """Triggers of tables that are there by now: this model comes after theirs. Odoo calls this
        without having made the model's own table, where another module is updated first: triggers
        would fail then.
        """
        if not table_exists(self.env.cr, self._table):
            return
        for statement in results_triggers.get_statements():
            self.env.cr.execute(statement)

    # -- read -------------------------------------------------------------------------------------

    @api.model
    def _read_slots(self, scope):
        """Attempts with a result by weekday, hour and outcome.

        :param ResultsScope scope: of one campaign or list
        :return: list of ``tools.campaign_results.Slot``
        """
        self.env.cr.execute(
            # Zones are off by quarters of an hour: only the sums are moved into the page's.
            SQL(
                """WITH sums AS (
                       SELECT at AT TIME ZONE 'UTC' AT TIME ZONE %s AS at, outcome_id, attempts
                         FROM (SELECT at, outcome_id, sum(attempts) AS attempts
                                 FROM ecm_results_count n WHERE %s GROUP BY 1, 2) AS quarters
                   )
                   SELECT date_part('dow', at)::int, date_part('hour', at)::int, outcome_id,
                          sum(attempts)::int
                     FROM sums GROUP BY 1, 2, 3 HAVING sum(attempts) <> 0 ORDER BY 1, 2, 3""",
                scope.zone,
                scope.counters_sql,
            )
        )
        return [Slot(*row) for row in self.env.cr.fetchall()]

    @api.model
    def _read_lists(self, scope):
        """What became of contacts by list, newest first.

        :param ResultsScope scope: of one campaign or list
        :return: list of ``tools.campaign_results.ListCount``
        """
        self.env.cr.execute(
            SQL(
                """SELECT list_id, sum(loaded)::int, sum(called)::int, sum(reached)::int,
                          sum(success)::int
                     FROM ecm_results_count n WHERE %s AND at IS NULL
                 GROUP BY 1 HAVING sum(loaded) <> 0 ORDER BY 1 DESC NULLS LAST""",
                scope.counters_sql,
            )
        )
        return [ListCount(*row) for row in self.env.cr.fetchall()]

    # -- added up ---------------------------------------------------------------------------------

    @api.model
    def _cron_add_up(self):
        """Have pages of results read sums, and count anew what is reached where that has changed.

        Whoever adds up at the same time waits, and starts anew.
        """
        self._atomically(self._add_up)
        self.env["ecm.results.recount"]._run()

    @api.model
    def _count_anew(self):
        """Count everything, in place of all that was noted: for a database that was there before
        its counters. Nothing else may write meanwhile.
        """
        self.env.flush_all()
        self._reach_anew(SQL("TRUE"))
        for statement in results_triggers.RECOUNT:
            self.env.cr.execute(statement)
        self._add_up()

    @api.model
    def _reach_anew(self, where):
        """See again which contacts were reached.

        :param SQL where: which contacts ``c``
        """
        reach = SQL(REACH)
        # Whoever was never called is not looked at.
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c SET reach = %s
                    WHERE %s AND c.last_attempt_at IS NOT NULL AND c.reach IS DISTINCT FROM %s""",
                reach,
                where,
                reach,
            )
        )


class EcmResultsRecount(models.Model):
    """What counts as reached or as a success has changed: all contacts are looked at again.

    Until that is done, pages of results count the attempts themselves.
    """

    _name = "ecm.results.recount"
    _inherit = ["ecm.transaction.mixin"]
    _description = "Recount of Results"
    _order = "id"
    _log_access = False

    at = fields.Datetime(required=True, default=fields.Datetime.now)
    done_up_to = fields.Integer(default=0, required=True, help="The last contact looked at.")

    @api.model
    def _ask(self):
        """Have contacts looked at again."""
        self.sudo().create({})
        self.env.ref("ecm_campaign.ir_cron_results").sudo()._trigger()

    @api.model
    def _is_asked(self):
        return bool(self.sudo().search_count([], limit=1))

    @api.model
    def _run(self):
        """Look at contacts again, a slice a transaction; what there is no time for comes next."""
        turn = Turn()
        while recount := self.search([], limit=1):
            # What came before the change is committed by then.
            self._atomically(partial(recount._look_at_slice, SLICE))
            if not turn.goes_on():
                self._trigger_next_run()
                return

    def _look_at_slice(self, size):
        last = self.done_up_to + size
        chosen = SQL("c.id > %s AND c.id <= %s", self.done_up_to, last)
        self.env["ecm.results.count"]._reach_anew(chosen)
        self.done_up_to = last
        if last >= self.env["ecm.contact"]._get_last_id():
            self.unlink()
