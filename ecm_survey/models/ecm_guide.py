from odoo import api, models


class EcmGuide(models.AbstractModel):
    _inherit = "ecm.guide"

    @api.model
    def _get_chapters(self):
        return {
            **super()._get_chapters(),
            "outbound-answers": "guidance#where-the-answers-are",
            "outbound-scripts": "guidance#set-it-up",
        }
