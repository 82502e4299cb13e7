from odoo import api, models


class EcmGuide(models.AbstractModel):
    _inherit = "ecm.guide"

    @api.model
    def _get_chapters(self):
        return {
            **super()._get_chapters(),
            "ecm-sms-gateways": "administrator#connect-an-sms-gateway",
            "ecm-sms-messages": "sms#campaigns-of-messages",
            "ecm-sms-replies": "sms#campaigns-of-messages",
            "ecm-sms-answers": "sms#campaigns-of-messages",
            "ecm-sms-keywords": "sms#campaigns-of-messages",
            "ecm-sms-notices": "sms#campaigns-of-messages",
            "ecm-sms-reports": "sms#when-something-fails",
        }
