from odoo import api, models
from odoo.tools import SQL

from ..tools.counted import Source

STATES = Source(
    name="states",
    keys=frozenset({"campaign_id", "company_id", "list_id", "state"}),
    aggregates=frozenset({"__count"}),
)


class EcmContact(models.Model):
    _name = "ecm.contact"
    _inherit = ["ecm.contact", "ecm.report.counted.mixin"]

    # Reports of contacts that came in a week; see ``ecm.attempt``.
    _report_added = models.Index("USING brin (added_at) WITH (pages_per_range = 32)")

    @api.model
    def _get_sources(self):
        return [STATES]

    def _get_counted_rows(self, name):
        return self.env["ecm.report.count"]._select_states()

    def _get_counted_sums(self, name):
        return {"__count": SQL("COALESCE(%s, 0)", self._sum_up("contacts"))}

    @api.model
    def _count_by_campaign(self, campaigns):
        self.flush_model()
        return self.env.execute_query(
            SQL(
                """SELECT campaign_id, state, sum(count)::int FROM ecm_report_count
                    WHERE campaign_id = ANY(%s) AND at IS NULL AND state IS NOT NULL
                 GROUP BY 1, 2 HAVING sum(count) <> 0""",
                campaigns.ids,
            )
        )

    @api.model
    def _count_by_list(self, lists):
        self.flush_model()
        # Counters are found by their campaigns.
        return self.env.execute_query(
            SQL(
                """SELECT list_id, state, COALESCE(waiting = 'ready', FALSE), sum(count)::int
                     FROM ecm_report_count
                    WHERE campaign_id = ANY(%s) AND list_id = ANY(%s) AND at IS NULL AND state IS NOT NULL
                 GROUP BY 1, 2, 3 HAVING sum(count) <> 0""",
                lists.sudo().campaign_id.ids,
                lists.ids,
            )
        )
