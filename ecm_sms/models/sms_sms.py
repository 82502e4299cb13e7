from odoo import api, fields, models


class SmsSms(models.Model):
    """Odoo's own messages, each through the provider of its own company (requirement M6)."""

    _inherit = "sms.sms"

    ecm_company_id = fields.Many2one(
        "res.company", "Company that sends it", readonly=True, ondelete="set null"
    )

    @api.model_create_multi
    def create(self, vals_list):
        # Who sends them later is Odoo's robot, whose company may be another.
        company_id = self.env.company.id
        return super().create([{"ecm_company_id": company_id, **vals} for vals in vals_list])

    def _get_sms_company(self):
        of_records = self.mail_message_id.record_company_id
        return of_records or self.ecm_company_id or super()._get_sms_company()

    def _split_by_api(self):
        """Messages of companies with a gateway apart from the others, which go as ever."""
        others = self.browse()
        for company, messages in self.grouped(lambda sms: sms._get_sms_company()).items():
            if not company._get_own_gateway():
                others |= messages
                continue
            api_of_company = company._get_sms_api_class()(self.env)
            api_of_company._set_company(company)
            yield api_of_company, messages
        if others:
            yield from super(SmsSms, others)._split_by_api()

    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        """Odoo's queue takes messages of all companies at once, and then asks for one provider:
        without this, two companies stop the queue of both.
        """
        options = {
            "unlink_failed": unlink_failed,
            "unlink_sent": unlink_sent,
            "raise_exception": raise_exception,
        }
        if self.env.context.get("sms_api"):
            return super()._send(**options)
        for sms_api, messages in self._split_by_api():
            messages.with_context(sms_api=sms_api)._send(**options)
        return None
