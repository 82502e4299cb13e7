from odoo import models


class EcmAttempt(models.Model):
    _inherit = ["ecm.attempt"]

    def action_export(self):
        """Ask how the chosen attempts are exported; without a choice, those of the filter."""
        return self.env["ecm.export.start"]._open(self)
