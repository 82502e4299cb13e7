from odoo import api, models


class EcmGuide(models.AbstractModel):
    _inherit = "ecm.guide"

    @api.model
    def _get_chapters(self):
        return {
            **super()._get_chapters(),
            "outbound-import-sources": "administrator#let-contacts-come-by-themselves",
            "outbound-import-files": "administrator#let-contacts-come-by-themselves",
        }
