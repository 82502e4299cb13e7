from odoo import api, fields, models
from odoo.tools import SQL

from ..selections import selection_of
from ..tools.counted import Source

# Counters of results, and those of wrap-ups.
ATTEMPTS = Source(
    name="attempts",
    keys=frozenset(
        {
            "campaign_id",
            "group_id",
            "kind",
            "company_id",
            "list_id",
            "outcome_id",
            "business_outcome_id",
            "part_of_id",
        }
    ),
    aggregates=frozenset(
        {"__count", "reached:sum", "success:sum", "reached_percent:avg", "success_percent:avg"}
    ),
    flags=frozenset({"reached", "success"}),
    moment="called_at",
)


class EcmReportAttempt(models.Model):
    """Attempts that have a result, by whatever is known of them (requirement R5).

    Words and definitions are those of the pages of results: an attempt *reached* where its outcome
    is live voice, and is a *success* where its wrap-up is one as well.
    """

    _name = "ecm.report.attempt"
    _inherit = ["ecm.report.counted.mixin"]
    _description = "Report of Attempts"
    _auto = False
    # Nearly that of their calls, and read from the end of years without sorting these.
    _order = "id desc"
    _rec_name = "campaign_id"

    campaign_id = fields.Many2one("ecm.campaign", readonly=True)
    group_id = fields.Many2one("ecm.campaign.group", "Campaign group", readonly=True)
    kind = fields.Selection(selection_of("ecm.campaign", "kind"), readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    list_id = fields.Many2one("ecm.contact.list", "Contact list", readonly=True)
    channel = fields.Selection(selection_of("ecm.contact", "channel"), readonly=True)
    position = fields.Integer("Step", readonly=True, aggregator=None)
    cycle = fields.Integer(readonly=True, aggregator=None)
    called_at = fields.Datetime("Called on", readonly=True)
    agent = fields.Char(readonly=True)
    outcome_id = fields.Many2one("ecm.outcome", readonly=True)
    business_outcome_id = fields.Many2one("ecm.business.outcome", "Wrap-up", readonly=True)
    part_of_id = fields.Many2one(
        "ecm.business.outcome",
        "Wrap-up, counted together",
        readonly=True,
        help="The wrap-up, or the one that it is part of.",
    )
    reached = fields.Integer(readonly=True, help="Attempts that reached a person.")
    success = fields.Integer(
        readonly=True, help="Of those, attempts with a wrap-up of type Success."
    )
    reached_percent = fields.Float(
        "Reached %",
        readonly=True,
        aggregator="avg",
        digits=(5, 1),
        help="Attempts that reached a person, of those with a result.",
    )
    success_percent = fields.Float(
        "Success %",
        readonly=True,
        aggregator="avg",
        digits=(5, 1),
        help="Attempts with a wrap-up of type Success, of those that reached a person.",
    )
    duration_seconds = fields.Integer("Talk time (s)", readonly=True, aggregator="sum")

    @property
    def _table_query(self):
        # What a report does not ask for is not joined: PostgreSQL leaves such joins out.
        return SQL(
            """SELECT a.id, a.campaign_id, p.group_id, p.kind, a.company_id, c.list_id, a.channel,
                      a.position, a.cycle, a.called_at, a.agent, a.outcome_id,
                      a.business_outcome_id, COALESCE(b.parent_id, b.id) AS part_of_id,
                      a.duration_seconds, %s
                 FROM ecm_attempt a
            LEFT JOIN ecm_campaign p ON p.id = a.campaign_id
            LEFT JOIN ecm_contact c ON c.id = a.contact_id
            LEFT JOIN ecm_business_outcome b ON b.id = a.business_outcome_id
                WHERE a.state = 'done'""",
            self._get_rates(),
        )

    def _get_rates(self):
        """What follows from the outcome and the wrap-up of ``a``."""
        attempts = self.env["ecm.attempt"]
        return SQL(
            """COALESCE(a.outcome_id = ANY(%(live)s), FALSE)::int AS reached,
               COALESCE(a.outcome_id = ANY(%(live)s)
                        AND a.business_outcome_id = ANY(%(successes)s), FALSE)::int AS success,
               100.0 * COALESCE(a.outcome_id = ANY(%(live)s), FALSE)::int AS reached_percent,
               CASE WHEN a.outcome_id = ANY(%(live)s)
                    THEN 100.0 * COALESCE(a.business_outcome_id = ANY(%(successes)s), FALSE)::int
                END AS success_percent""",
            live=attempts._get_live_outcomes().ids,
            successes=attempts._get_successes().ids,
        )

    @api.model
    def _get_sources(self):
        return [ATTEMPTS]

    def _get_counted_rows(self, name):
        # Of the attempts of an outcome those with a wrap-up are counted apart: they are taken away
        # from those without.
        return SQL(
            """SELECT a.campaign_id, p.group_id, p.kind, p.company_id, a.list_id, a.called_at,
                      a.outcome_id, a.business_outcome_id,
                      COALESCE(b.parent_id, b.id) AS part_of_id, a.attempts, %s
                 FROM (SELECT campaign_id, list_id, called_at, outcome_id, business_outcome_id,
                              sum(attempts) AS attempts
                         FROM (SELECT campaign_id, list_id, at AS called_at, outcome_id,
                                      NULL::int AS business_outcome_id, attempts
                                 FROM ecm_results_count WHERE attempts <> 0
                            UNION ALL
                               SELECT campaign_id, list_id, at, outcome_id,
                                      CASE WHEN sign > 0 THEN business_outcome_id END, sign * count
                                 FROM ecm_report_count CROSS JOIN (VALUES (1), (-1)) AS s(sign)
                                WHERE business_outcome_id IS NOT NULL) AS noted
                     GROUP BY 1, 2, 3, 4, 5 HAVING sum(attempts) <> 0) AS a
            LEFT JOIN ecm_campaign p ON p.id = a.campaign_id
            LEFT JOIN ecm_business_outcome b ON b.id = a.business_outcome_id""",
            self._get_rates(),
        )

    def _get_counted_sums(self, name):
        made = self._sum_up("attempts")
        reached = self._sum_up("attempts", "reached")
        success = self._sum_up("attempts", "success")
        return {
            "__count": SQL("COALESCE(%s, 0)", made),
            "reached:sum": reached,
            "success:sum": success,
            "reached_percent:avg": SQL("100.0 * %s / NULLIF(%s, 0)", reached, made),
            "success_percent:avg": SQL("100.0 * %s / NULLIF(%s, 0)", success, reached),
        }
