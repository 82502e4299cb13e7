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
