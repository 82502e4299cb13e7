from odoo import api, fields, models
from odoo.exceptions import UserError

from ..actions import RELOAD


class EcmDatabaseSettle(models.TransientModel):
    """*Which database calls*: where an administrator settles it for a copy (requirement F6)."""

    _name = "ecm.database.settle"
    _description = "Which Database Calls"

    reason = fields.Char(
        compute="_compute_reason", help="Why nothing is sent. Empty: this database calls."
    )
    is_copy = fields.Boolean(compute="_compute_reason")
    original = fields.Selection(
        [
            ("goes_on", "It goes on: both call, each its own contacts"),
            ("gone", "It is gone: this database takes its place"),
        ],
        "What became of the original?",
    )

    @api.depends_context("uid")
    def _compute_reason(self):
        identity = self.env["ecm.database.identity"]
        reason = identity._get_stop_reason()
        # A neutralised database is meant to be silent: that is no question to settle.
        is_copy = bool(reason) and not identity._is_neutralized()
        for wizard in self:
            wizard.reason = reason
            wizard.is_copy = is_copy

    def action_settle(self):
        """Have this database call.

        :raise UserError: it calls already, it never does, or nothing was chosen
        """
        self.ensure_one()
        if not self.is_copy:
            # A neutralised database has its reason, and nothing settles that.
            message = self.reason or self.env._("This database is the one that calls.")
            raise UserError(message)
        if not self.original:
            raise UserError(self.env._("Say what became of the original."))
        identity = self.env["ecm.database.identity"].sudo()
        identity._settle(self.original == "gone")
        return dict(RELOAD)
