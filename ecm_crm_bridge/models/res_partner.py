from odoo import fields, models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "ecm.crm.record.mixin", "ecm.phone.quality.mixin"]

    # Numbers of calls and of imported contacts are looked up.
    phone_sanitized = fields.Char(index="btree_not_null")

    def _get_ecm_domain(self):
        return [("partner_id", "child_of", self.ids)]
