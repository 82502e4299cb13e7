from odoo import models


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "ecm.crm.record.mixin", "ecm.phone.quality.mixin"]

    def _get_ecm_domain(self):
        return [("lead_id", "in", self.ids)]

    def _merge_dependences(self, opportunities):
        """What campaigns have done on leads that are merged belongs to the one that stays."""
        super()._merge_dependences(opportunities)
        contacts = self.env["ecm.contact"].sudo().search([("lead_id", "in", opportunities.ids)])
        contacts.lead_id = self
