from odoo import models


class EcmContact(models.Model):
    _inherit = ["ecm.contact"]

    def action_export(self):
        """Ask how the chosen contacts are exported; without a choice, those of the filter."""
        return self.env["ecm.export.start"]._open(self)
