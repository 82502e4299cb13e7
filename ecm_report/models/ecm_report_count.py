from odoo import api, fields, models

from ..tools import report_triggers


class EcmReportCount(models.Model):
    """Counters of the dashboard: contacts by state, and wrap-ups by quarter of an hour (R5).

    Triggers write them in the transaction that changes what they count, see
    ``tools.report_triggers``; rows of one key are added up when read. Attempts by hour and outcome,
    and lists, are in the core's ``ecm.results.count``.
    """

    _name = "ecm.report.count"
    _inherit = ["ecm.transaction.mixin"]
    _description = "Counter of the Dashboard"
    _order = "id"
    _log_access = False

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
    is_sum = fields.Boolean()

    _campaign = models.Index("(campaign_id, at)")
    # What one sum is of.
    _sum = models.UniqueIndex(
        "(campaign_id, COALESCE(list_id, 0), COALESCE(at, '-infinity'), "
        "COALESCE(outcome_id, 0), COALESCE(business_outcome_id, 0), COALESCE(state, ''), "
        "COALESCE(waiting, ''), COALESCE(tries, -1), COALESCE(is_reached, FALSE)) WHERE is_sum"
    )
    # What came since the sums were made.
    _new = models.Index("(id) WHERE is_sum IS NOT TRUE")

    def init(self):
        for statement in report_triggers.get_statements():
            self.env.cr.execute(statement)

    @api.model
    def _add_up(self):
        """Add what was noted since to the sums (indexes ``_new`` and ``_sum``)."""
        self.env.cr.execute(
            """WITH noted AS (
                   DELETE FROM ecm_report_count WHERE is_sum IS NOT TRUE RETURNING *
               )
               INSERT INTO ecm_report_count AS s (campaign_id, list_id, at, outcome_id,
                                                  business_outcome_id, state, waiting, tries,
                                                  is_reached, count, is_sum)
               SELECT campaign_id, list_id, at, outcome_id, business_outcome_id, state, waiting,
                      tries, is_reached, sum(count), TRUE
                 FROM noted GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
          ON CONFLICT (campaign_id, COALESCE(list_id, 0), COALESCE(at, '-infinity'),
                       COALESCE(outcome_id, 0), COALESCE(business_outcome_id, 0),
                       COALESCE(state, ''), COALESCE(waiting, ''), COALESCE(tries, -1),
                       COALESCE(is_reached, FALSE)) WHERE is_sum
        DO UPDATE SET count = s.count + EXCLUDED.count
            RETURNING s.id, s.count"""
        )
        empty = [sum_id for sum_id, count in self.env.cr.fetchall() if not count]
        self.env.cr.execute("DELETE FROM ecm_report_count WHERE id = ANY(%s)", [empty])
        self.invalidate_model()

    @api.model
    def _count_anew(self):
        """Count everything, in place of all that was noted. Nothing else may write meanwhile."""
        self.env.flush_all()
        for statement in report_triggers.RECOUNT:
            self.env.cr.execute(statement)
        self._add_up()
