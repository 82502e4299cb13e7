import re

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.counted import Source

# A term of an order of groups, without its direction.
TERM = re.compile(r"\s*([^\s,]+)[^,]*(?:,|$)")


class EcmReportCountedMixin(models.AbstractModel):
    """Records whose pivots and graphs are read from counters wherever these say the same: a week of a
    large database is millions of attempts, and thousands of counters (requirement R5).

    Counters are exact in the transaction that reads them (docs/decisions/counted-by-triggers.md).
    Rights are those on the model: where a rule asks for what counters do not know, the records are
    read.
    """

    _name = "ecm.report.counted.mixin"
    _description = "Pivots and Graphs That Read Counters"

    @api.model
    def _get_sources(self):
        """:return: list of ``tools.counted.Source``, of which the first that has an answer is read"""
        return []

    def _get_counted_rows(self, name):
        """:param str name: of a `Source`
        :return: its rows, as SQL
        """
        raise NotImplementedError

    def _get_counted_sums(self, name):
        """:param str name: of a `Source`
        :return: ``{aggregate: SQL}`` of the columns of its rows
        """
        raise NotImplementedError

    @property
    def _table_sql(self):
        source = self._get_source()
        return SQL("(%s)", self._get_counted_rows(source.name)) if source else super()._table_sql

    def _get_source(self):
        """The counters that are read in this context. No browser can send one that has any."""
        source = self.env.context.get("ecm_report_source")
        return source if isinstance(source, Source) else None

    @api.model
    @api.readonly
    def formatted_read_group(
        self, domain, groupby=(), aggregates=(), having=(), offset=0, limit=None, order=None
    ):
        compared = [item[0] for item in having if not isinstance(item, str)]
        report = self._choose_source(domain, [groupby], [*aggregates, *compared], order)
        return super(EcmReportCountedMixin, report).formatted_read_group(
            domain, groupby, aggregates, having, offset, limit, order
        )

    @api.model
    @api.readonly
    def formatted_read_grouping_sets(self, domain, grouping_sets, aggregates=(), *, order=None):
        report = self._choose_source(domain, grouping_sets, aggregates, order)
        return super(EcmReportCountedMixin, report).formatted_read_grouping_sets(
            domain, grouping_sets, aggregates, order=order
        )

    def _choose_source(self, domain, grouping_sets, aggregates, order):
        """:return: the model, reading counters where some say all that is asked"""
        self.browse().check_access("read")
        groupby = {spec for specs in grouping_sets for spec in specs}
        asked = {*aggregates, *TERM.findall(order or "")} - groupby
        rule = self.env["ir.rule"]._compute_domain(self._name, "read")
        conditions = list((Domain(domain) & Domain(rule)).optimize_full(self))
        for source in self._get_sources():
            if source.answers(conditions, groupby, asked):
                self.env.flush_all()
                return self.with_context(ecm_report_source=source)
        return self

    def _read_group_select(self, aggregate_spec, query):
        source = self._get_source()
        if not source:
            return super()._read_group_select(aggregate_spec, query)
        return self._get_counted_sums(source.name)[aggregate_spec]

    def _sum_up(self, *names):
        """:return: the sum of a column of counters, or of a product of several, as SQL"""
        columns = [SQL.identifier(self._table, name) for name in names]
        return SQL("SUM(%s)::bigint", SQL(" * ").join(columns))
