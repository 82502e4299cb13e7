from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _get_agent_name(self):
        """As attempts and callbacks name this agent."""
        self.ensure_one()
        return self.login
