from odoo import api, models


class EcmGuide(models.AbstractModel):
    _inherit = "ecm.guide"

    @api.model
    def _get_chapters(self):
        return {
            **super()._get_chapters(),
            "ecm-dialers": "administrator#connect-a-dialer",
            "ecm-cisco-campaigns": "administrator#connect-a-dialer",
            "ecm-dialer-results": "uccx#when-something-fails",
        }
