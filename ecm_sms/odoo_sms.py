"""Odoo's own messages through the company's gateway (requirement M6)."""

from .tools.segments import measure
from odoo.addons.ecm_campaign.tools import phones
from odoo.addons.sms.tools.sms_api import SmsApiBase


class GatewaySmsApi(SmsApiBase):
    """Takes messages as Odoo's paid service would, and writes them down: the gateway's next turn
    sends each once, whatever becomes of Odoo's transaction. What became of them stands in the
    chatter, as ever.
    """

    PROVIDER_TO_SMS_FAILURE_TYPE = SmsApiBase.PROVIDER_TO_SMS_FAILURE_TYPE | {
        "no_text": "unknown",
    }

    def _get_sms_api_error_messages(self):
        return super()._get_sms_api_error_messages() | {
            "wrong_number_format": self.env._("The number is not correctly formatted."),
            "server_error": self.env._("The SMS gateway is switched off."),
        }

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        """See ``SmsApiBase``; ``processing`` is the answer for all that is going to be sent."""
        gateway = self.company.sudo().sms_gateway_id
        country = self.company.country_id.code
        results, taken = [], []
        for message in messages:
            text = message.get("content") or ""
            for addressed in message.get("numbers") or ():
                number, problem = phones.normalise(addressed["number"] or "", country)
                state = self._find_state(gateway, addressed["number"], problem, text)
                results.append({"uuid": addressed["uuid"], "state": state})
                if state == "processing":
                    taken.append((number, text, addressed["uuid"]))
        self.env["ecm.sms.notice"].sudo()._queue_odoo(gateway, taken)
        return results

    def _find_state(self, gateway, number, problem, text):
        if not gateway._is_on():
            return "server_error"
        if not number:
            return "sms_number_missing"
        if problem:
            return "wrong_number_format"
        return "processing" if measure(text).parts else "no_text"
