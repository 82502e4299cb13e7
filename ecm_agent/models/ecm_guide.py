from odoo import api, models


class EcmGuide(models.AbstractModel):
    _inherit = "ecm.guide"

    @api.model
    def _get_chapters(self):
        return {
            **super()._get_chapters(),
            "outbound-cards": "supervisor#called-by-hand",
            "outbound-skip-reasons": "supervisor#called-by-hand",
        }

    @api.model
    def _get_agent_chapters(self):
        return {
            **super()._get_agent_chapters(),
            "outbound-desk": "agent#your-desk",
        }

    @api.model
    def _get_tours(self):
        return {
            **super()._get_tours(),
            "agent": "/odoo/outbound-desk?tour=ecm_agent_tour",
        }
