from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import counters


class EcmCounterMixin(models.AbstractModel):
    """Counters that triggers note and a scheduled action adds up; rows of one key are added up when
    read. Why: docs/decisions/counted-by-triggers.md.

    A model names what a sum is of in ``_sum_keys`` and in a unique index of
    ``tools.counters.key_of``, what is added up in ``_sum_columns``, and has an index on its ids
    where ``is_sum`` is not true.
    """

    _name = "ecm.counter.mixin"
    _inherit = ["ecm.transaction.mixin"]
    _description = "Counter in a Table"

    _sum_keys = {}
    _sum_columns = ()

    is_sum = fields.Boolean()

    @api.model
    def _add_up(self):
        """Add what was noted since to the sums."""
        self.env.cr.execute(counters.add_up(self._table, self._sum_keys, self._sum_columns))
        # What was deleted or moved counts nothing any more.
        empty = [sum_id for sum_id, *counts in self.env.cr.fetchall() if not any(counts)]
        self.env.cr.execute(
            SQL("DELETE FROM %s WHERE id = ANY(%s)", SQL.identifier(self._table), empty)
        )
        self.invalidate_model()
