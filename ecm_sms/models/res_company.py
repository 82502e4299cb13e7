from odoo import fields, models

from ..odoo_sms import GatewaySmsApi


class ResCompany(models.Model):
    _inherit = "res.company"

    sms_gateway_id = fields.Many2one(
        "ecm.sms.gateway",
        "Own SMS gateway",
        ondelete="set null",
        domain="[('company_id', '=', id)]",
        help="Odoo's own text messages go through it, rather than through Odoo's paid service.",
    )

    def _get_sms_api_class(self):
        self.ensure_one()
        return GatewaySmsApi if self.sudo().sms_gateway_id else super()._get_sms_api_class()
