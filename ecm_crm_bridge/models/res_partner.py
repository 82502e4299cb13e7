from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_ecm_launch(self):
        """Launch a campaign with these customers; without a choice, those of the filter (R1)."""
        return self.env["ecm.crm.launch"]._open(self)
