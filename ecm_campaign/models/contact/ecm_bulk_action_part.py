from odoo import fields, models
from odoo.tools.sql import table_exists


class EcmBulkActionPart(models.Model):
    """A slice of a bulk action: the contacts that were chosen, and what they were before."""

    _name = "ecm.bulk.action.part"
    _description = "Part of a Bulk Action"
    _order = "id"
    _log_access = False

    bulk_id = fields.Many2one("ecm.bulk.action", required=True, ondelete="cascade", index=True)
    contact_ids = fields.Json(prefetch=False, help="Ids of the contacts that were chosen.")
    contact_count = fields.Integer(required=True)
    is_done = fields.Boolean(default=False, required=True)
    is_undone = fields.Boolean(default=False, required=True)
    changed_count = fields.Integer(default=0, required=True)
    busy_count = fields.Integer(default=0, required=True)
    undone_count = fields.Integer(default=0, required=True)
    # Text, and not JSON in binary: written for every contact, and read by few undos.
    before = fields.Text(
        prefetch=False,
        help="As JSON: what the contacts that were changed were before; of contacts that are called "
        "again, the ids of the new ones.",
    )

    continued = fields.Text(
        prefetch=False,
        help="As JSON: what the contacts were before that go on in another campaign as new ones.",
    )

    def init(self):
        """Have what contacts were before compressed in the fast way, where PostgreSQL has it: the
        usual one takes longer than what it saves is worth.
        """
        self.env.cr.execute(
            """SELECT 'lz4' = ANY(enumvals) FROM pg_settings
                WHERE name = 'default_toast_compression'"""
        )
        (is_known,) = self.env.cr.fetchone() or (False,)
        # Odoo calls this without having made the table, where another module is updated first.
        if is_known and table_exists(self.env.cr, self._table):
            self.env.cr.execute(
                "ALTER TABLE ecm_bulk_action_part ALTER COLUMN before SET COMPRESSION lz4"
            )
