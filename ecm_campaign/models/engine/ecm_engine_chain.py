from odoo import fields, models
from odoo.tools import SQL

from ...tools.strategy import Close


class EcmEngine(models.AbstractModel):
    """Contacts go on to other campaigns in the transaction that decides on them (requirement C9)."""

    _inherit = "ecm.engine"

    def _after_results(self, attempt_ids):
        result = super()._after_results(attempt_ids)
        ends = SQL(
            """SELECT contact_id, outcome_id, TRUE FROM ecm_attempt
                WHERE id = ANY(%s) AND state = 'done' AND NOT is_late""",
            list(attempt_ids),
        )
        self._chain(ends)
        return result

    def _apply_verdicts(self, stopped, verdicts, now):
        result = super()._apply_verdicts(stopped, verdicts, now)
        closed = [
            contact_id for contact_id, verdict in verdicts.items() if isinstance(verdict, Close)
        ]
        if closed:
            self._chain(
                SQL("SELECT id, last_outcome_id, FALSE FROM ecm_contact WHERE id = ANY(%s)", closed)
            )
        return result

    def _chain(self, ends):
        """:param SQL ends: see ``ecm.contact._chain``"""
        if not self.env["ecm.campaign.chain"].sudo().search_count([], limit=1):
            return
        chained = self.env["ecm.contact"]._chain(ends, fields.Datetime.now())
        chained.campaign_id.filtered("is_running")._trigger_feed()
