from odoo import api, models


class EcmEngine(models.AbstractModel):
    _inherit = "ecm.engine"

    def _after_results(self, attempt_ids):
        """Callbacks follow their contacts at once, and new ones are known (requirement B5)."""
        super()._after_results(attempt_ids)
        self.env["ecm.callback"]._follow_attempts(attempt_ids)

    @api.model
    def _note_promises(self, promises):
        """What an agent has arranged at the dialer is a callback here, too."""
        super()._note_promises(promises)
        keys = [promise.key for promise in promises]
        attempts = self.env["ecm.attempt"].sudo().search([("key", "in", keys)])
        self.env["ecm.callback"]._follow_attempts(attempts.ids)
