from odoo import fields, models

from ..clients.callbacks import Report


class SmsTracker(models.Model):
    """What Odoo's own providers report of messages of campaigns (requirement M2): it comes where
    Odoo has it come, and is kept as a report of any gateway.
    """

    _inherit = "sms.tracker"

    ecm_message_id = fields.Many2one(
        "ecm.sms.message",
        "Message of a campaign",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )

    def _action_update_from_sms_state(self, sms_state, failure_type=False, failure_reason=False):
        self._keep_reports(sms_state)
        return super()._action_update_from_sms_state(sms_state, failure_type, failure_reason)

    def _action_update_from_provider_error(self, provider_error):
        self._keep_reports(provider_error or "failed")
        return super()._action_update_from_provider_error(provider_error)

    def _keep_reports(self, status):
        """:param status: as the provider has it; the gateway's *Delivery statuses* name it"""
        messages = self.sudo().ecm_message_id
        for gateway, told in messages.grouped("gateway_id").items():
            keys = told.attempt_id.mapped("key")
            reports = [Report(key, "", status) for key in keys]
            self.env["ecm.sms.report"].sudo()._keep(gateway, reports)
            gateway._trigger_soon()
