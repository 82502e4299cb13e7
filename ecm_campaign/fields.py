from odoo import fields


class UncheckedMany2one(fields.Many2one):
    """A Many2one without a foreign key, for tables of millions of rows.

    PostgreSQL looks up every reference of every row that is stored: six microseconds each, a third
    of an import. Only for references that are written by the engine alone, or to records that
    another key keeps from being deleted.
    """

    def update_db_foreign_key(self, model, column):
        """Leave the column without a constraint."""
