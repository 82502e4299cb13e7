from odoo import api, fields, models
from odoo.tools import SQL

from ..selections import selection_of
from ..tools.counted import Source

OF_CAMPAIGN = frozenset({"campaign_id", "group_id", "kind", "company_id", "list_id"})
# The counters of the pages of results.
REACH = Source(
    name="reach",
    keys=OF_CAMPAIGN,
    aggregates=frozenset(
        {
            "__count",
            "called:sum",
            "reached:sum",
            "success:sum",
            "reached_percent:avg",
            "success_percent:avg",
        }
    ),
)
STATES = Source(
    name="states",
    keys=OF_CAMPAIGN | {"state", "attempt_number"},
    aggregates=frozenset({"__count", "attempts:sum"}),
)


class EcmReportContact(models.Model):
    """Contacts by what became of them (requirement R5), in the words of the pages of results."""

    _name = "ecm.report.contact"
    _inherit = ["ecm.report.counted.mixin"]
    _description = "Report of Contacts"
    _auto = False
    # That in which they were added.
    _order = "id desc"
    _rec_name = "campaign_id"

    campaign_id = fields.Many2one("ecm.campaign", readonly=True)
    group_id = fields.Many2one("ecm.campaign.group", "Campaign group", readonly=True)
    kind = fields.Selection(selection_of("ecm.campaign", "kind"), readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    list_id = fields.Many2one("ecm.contact.list", "Contact list", readonly=True)
    state = fields.Selection(selection_of("ecm.contact", "state"), readonly=True)
    close_reason = fields.Selection(
        selection_of("ecm.contact", "close_reason"), "Why closed", readonly=True
    )
    block_reason = fields.Selection(
        selection_of("ecm.contact", "block_reason"), "Held back by", readonly=True
    )
    added_at = fields.Datetime("Added on", readonly=True)
    last_attempt_at = fields.Datetime("Last attempt on", readonly=True)
    attempt_number = fields.Integer("Attempts made", readonly=True, aggregator=None)
    last_outcome_id = fields.Many2one("ecm.outcome", "Last outcome", readonly=True)
    attempts = fields.Integer(readonly=True, aggregator="sum")
    called = fields.Integer(readonly=True, help="Contacts with at least one attempt.")
    reached = fields.Integer(readonly=True, help="Contacts with a reached person.")
    success = fields.Integer(
        readonly=True, help="Contacts whose call had a wrap-up of type Success."
    )
    reached_percent = fields.Float(
        "Reached %",
        readonly=True,
        aggregator="avg",
        digits=(5, 1),
        help="Contacts reached, of those called.",
    )
    success_percent = fields.Float(
        "Success %",
        readonly=True,
        aggregator="avg",
        digits=(5, 1),
        help="Contacts with a success, of those reached.",
    )

    @property
    def _table_query(self):
        return SQL(
            """SELECT c.id, c.campaign_id, p.group_id, p.kind, c.company_id, c.list_id, c.state,
                      c.close_reason, c.block_reason, c.added_at, c.last_attempt_at,
                      c.attempt_count AS attempt_number, c.last_outcome_id,
                      c.attempt_count AS attempts,
                      (c.last_attempt_at IS NOT NULL)::int AS called,
                      (c.reach IS NOT NULL)::int AS reached,
                      COALESCE(c.reach = 'success', FALSE)::int AS success,
                      CASE WHEN c.last_attempt_at IS NOT NULL
                           THEN 100.0 * (c.reach IS NOT NULL)::int END AS reached_percent,
                      CASE WHEN c.reach IS NOT NULL
                           THEN 100.0 * (c.reach = 'success')::int END AS success_percent
                 FROM ecm_contact c
            LEFT JOIN ecm_campaign p ON p.id = c.campaign_id"""
        )

    @api.model
    def _get_sources(self):
        return [REACH, STATES]

    def _get_counted_rows(self, name):
        if name == STATES.name:
            return self.env["ecm.report.count"]._select_states()
        return SQL(
            """SELECT n.*, p.group_id, p.kind, p.company_id
                 FROM (SELECT campaign_id, list_id, sum(loaded) AS contacts, sum(called) AS called,
                              sum(reached) AS reached, sum(success) AS success
                         FROM ecm_results_count WHERE at IS NULL
                     GROUP BY 1, 2 HAVING sum(loaded) <> 0) AS n
            LEFT JOIN ecm_campaign p ON p.id = n.campaign_id"""
        )

    def _get_counted_sums(self, name):
        contacts = self._sum_up("contacts")
        counted = {"__count": SQL("COALESCE(%s, 0)", contacts)}
        if name == STATES.name:
            return {**counted, "attempts:sum": self._sum_up("contacts", "attempt_number")}
        called, reached, success = (
            self._sum_up(column) for column in ("called", "reached", "success")
        )
        return {
            **counted,
            "called:sum": called,
            "reached:sum": reached,
            "success:sum": success,
            "reached_percent:avg": SQL("100.0 * %s / NULLIF(%s, 0)", reached, called),
            "success_percent:avg": SQL("100.0 * %s / NULLIF(%s, 0)", success, reached),
        }
