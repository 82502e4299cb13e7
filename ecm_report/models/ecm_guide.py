from odoo import api, models


class EcmGuide(models.AbstractModel):
    _inherit = "ecm.guide"

    @api.model
    def _get_chapters(self):
        return {
            **super()._get_chapters(),
            "outbound-dashboard": "supervisor#what-came-of-it",
            "outbound-comparison": "supervisor#what-came-of-it",
            "outbound-report-attempts": "supervisor#what-came-of-it",
            "outbound-report-contacts": "supervisor#what-came-of-it",
            "outbound-report-lists": "supervisor#what-came-of-it",
            "outbound-report-uploads": "supervisor#what-came-of-it",
        }
