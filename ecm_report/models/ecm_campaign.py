from odoo import models


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    def action_dashboard(self):
        """Show what is going on in this campaign."""
        self.ensure_one()
        self.env["ecm.dashboard"]._check_role()
        return {
            "type": "ir.actions.client",
            "tag": "ecm_dashboard",
            "name": self.env._("Dashboard"),
            "params": {"campaign_id": self.id},
        }

    def action_compare(self):
        """Show these campaigns side by side."""
        return self.env["ecm.dashboard"]._open_comparison(self)
