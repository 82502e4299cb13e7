from odoo import api, models


class EcmGuide(models.AbstractModel):
    _inherit = "ecm.guide"

    @api.model
    def _get_chapters(self):
        return {
            **super()._get_chapters(),
            "outbound-email-senders": "email#before-you-begin",
            "outbound-emails": "email#in-odoo",
            "outbound-email-replies": "email#in-odoo",
        }
