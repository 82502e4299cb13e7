from odoo import models


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def action_ecm_launch(self):
        """Launch a campaign with these leads; without a choice, those of the filter (R1)."""
        return self.env["ecm.crm.launch"]._open(self)
