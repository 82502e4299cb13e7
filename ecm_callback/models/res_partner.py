from odoo import models

from odoo.addons.ecm_campaign.actions import open_form


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_ecm_callback(self):
        """Ask for a callback of this customer (requirement B1)."""
        self.ensure_one()
        first_name, _blank, last_name = (self.name or "").rpartition(" ")
        context = {
            "default_partner_id": self.id,
            "default_number": self.phone,
            "default_first_name": first_name,
            "default_last_name": last_name,
            "default_email": self.email,
            "default_tz": self.tz,
        }
        return open_form(self.env["ecm.callback"], context=context)
