from odoo import api, models


class EcmEngine(models.AbstractModel):
    _inherit = "ecm.engine"

    def _after_results(self, attempt_ids):
        """Callbacks follow their contacts at once, and new ones are known (requirement B5)."""
        super()._after_results(attempt_ids)
        self.env["ecm.callback"]._follow_attempts(attempt_ids)

    def _get_due_targets(self, owner, now):
        """Due callbacks go to the dialer before the contacts of other campaigns, which may need more
        than a turn (requirement B3).
        """
        targets = super()._get_due_targets(owner, now)
        campaigns = self.env["ecm.callback"]._get_queued_campaigns()
        if not campaigns:
            return targets
        return sorted(targets, key=lambda target: not target._get_running_campaigns() & campaigns)

    @api.model
    def _note_promises(self, promises):
        """What an agent has arranged at the dialer is a callback here, too."""
        super()._note_promises(promises)
        keys = [promise.key for promise in promises]
        attempts = self.env["ecm.attempt"].sudo().search([("key", "in", keys)])
        self.env["ecm.callback"]._follow_attempts(attempts.ids)
