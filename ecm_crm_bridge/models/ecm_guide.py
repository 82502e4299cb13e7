from odoo import api, models


class EcmGuide(models.AbstractModel):
    _inherit = "ecm.guide"

    @api.model
    def _get_chapters(self):
        return {
            **super()._get_chapters(),
            "outbound-write-back": "write-back#write-back-rules",
            "outbound-written": "write-back#write-back-rules",
            "outbound-business-events": "write-back#business-events",
            "outbound-conversions": "write-back#conversions-and-revenue",
        }
