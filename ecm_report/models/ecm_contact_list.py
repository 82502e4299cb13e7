from odoo import models


class EcmContactList(models.Model):
    _inherit = "ecm.contact.list"

    def action_compare(self):
        """Show these lists side by side."""
        return self.env["ecm.dashboard"]._open_comparison(self)
