from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import table_exists

from ..tools import report_triggers
from odoo.addons.ecm_campaign.tools.counters import key_of

SUM_KEYS = {
    "campaign_id": None,
    "list_id": "0",
    "at": "'-infinity'",
    "outcome_id": "0",
    "business_outcome_id": "0",
    "state": "''",
    "waiting": "''",
    "tries": "-1",
    "is_reached": "FALSE",
}


class EcmReportCount(models.Model):
    """Counters of the dashboard: contacts by state, and wrap-ups by quarter of an hour (R5).

    Triggers write them in the transaction that changes what they count, see
    ``tools.report_triggers``; rows of one key are added up when read. Attempts by hour and outcome,
    and lists, are in the core's ``ecm.results.count``.
    """

    _name = "ecm.report.count"
    _inherit = ["ecm.counter.mixin"]
    _description = "Counter of the Dashboard"
    _order = "id"
    _log_access = False

    _sum_keys = SUM_KEYS
    _sum_columns = ("count",)

    # No foreign keys: what is deleted counts back to nothing.
    campaign_id = fields.Integer()
    list_id = fields.Integer()
    at = fields.Datetime(help="The quarter of an hour of calls; empty for contacts.")
    outcome_id = fields.Integer()
    business_outcome_id = fields.Integer()
    state = fields.Char()
    waiting = fields.Char(
        help="What a pending contact waits for: ready, planned, or what holds it back."
    )
    tries = fields.Integer(help="Attempts made.")
    is_reached = fields.Boolean()
    count = fields.Integer()

    _campaign = models.Index("(campaign_id, at)")
    # What one sum is of.
    _sum = models.UniqueIndex(key_of(SUM_KEYS))
    # What came since the sums were made.
    _new = models.Index("(id) WHERE is_sum IS NOT TRUE")

    def init(self):
        # Odoo calls this without having made the table, where another module is updated first:
        # triggers would fail then.
        if not table_exists(self.env.cr, self._table):
            return
        for statement in report_triggers.get_statements():
            self.env.cr.execute(statement)

    @api.model
    def _select_states(self):
        """:return: how many ``contacts`` are in which state after how many attempts, as SQL"""
        return SQL(
            """SELECT n.*, p.group_id, p.kind, p.company_id
                 FROM (SELECT campaign_id, list_id, state, tries AS attempt_number,
                              sum(count) AS contacts
                         FROM ecm_report_count WHERE at IS NULL AND state IS NOT NULL
                     GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0) AS n
            LEFT JOIN ecm_campaign p ON p.id = n.campaign_id"""
        )

    @api.model
    def _count_anew(self):
        """Count everything, in place of all that was noted. Nothing else may write meanwhile."""
        self.env.flush_all()
        for statement in report_triggers.RECOUNT:
            self.env.cr.execute(statement)
        self._add_up()
