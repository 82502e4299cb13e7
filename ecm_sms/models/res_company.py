from odoo import fields, models

from ..odoo_sms import GatewaySmsApi


class ResCompany(models.Model):
    _inherit = "res.company"

    sms_gateway_id = fields.Many2one(
        "ecm.sms.gateway",
        "Own SMS gateway",
        ondelete="set null",
        domain="[('company_id', '=', id), ('preset', '!=', 'odoo')]",
        help="Odoo's own text messages go through it, rather than through Odoo's paid service.",
    )

    def _get_sms_api_class(self):
        self.ensure_one()
        gateway = self._get_own_gateway()
        # A gateway that goes through Odoo's own providers asks for theirs.
        if not gateway or self.env.context.get("ecm_past_gateway"):
            return super()._get_sms_api_class()
        return GatewaySmsApi

    def _get_own_gateway(self):
        """The gateway that Odoo's own messages go through, with all rights; or none."""
        gateway = self.sudo().sms_gateway_id
        return gateway.filtered(lambda each: not each._is_odoo())
