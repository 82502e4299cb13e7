from odoo import api, fields, models

from ..actions import CLOSE


class EcmListUndo(models.TransientModel):
    """Says what becomes of the contacts before an upload of a wrong file is undone (U1)."""

    _name = "ecm.list.undo"
    _description = "Undo an Upload"

    list_id = fields.Many2one("ecm.contact.list", required=True, readonly=True)
    deleted_count = fields.Integer(
        "Never called: deleted", compute="_compute_counts", help="This file brought them."
    )
    returned_count = fields.Integer(
        "There before: they stay",
        compute="_compute_counts",
        help="They go back to the list that brought them, or to none.",
    )
    called_count = fields.Integer(
        "Called: they stay",
        compute="_compute_counts",
        help="Their history stays in this list, which is stopped.",
    )

    @api.depends("list_id")
    def _compute_counts(self):
        for wizard in self:
            counts = self.env["ecm.contact"]._count_what_undoing_does(wizard.list_id)
            wizard.deleted_count, wizard.returned_count, wizard.called_count = counts

    def action_undo(self):
        """Undo it, and say what became of the contacts."""
        self.ensure_one()
        action = self.list_id.action_undo()
        # The dialog goes with what is said.
        action["params"]["next"] = dict(CLOSE)
        return action
