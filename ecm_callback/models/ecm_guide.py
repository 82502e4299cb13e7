from odoo import api, models


class EcmGuide(models.AbstractModel):
    _inherit = "ecm.guide"

    @api.model
    def _get_chapters(self):
        return {
            **super()._get_chapters(),
            "outbound-callbacks": "supervisor#callbacks",
            "outbound-callback-report": "supervisor#callbacks",
            "outbound-callback-skills": "callbacks#set-up",
            "outbound-callback-agents": "callbacks#set-up",
        }

    @api.model
    def _get_agent_chapters(self):
        return {
            **super()._get_agent_chapters(),
            "outbound-my-callbacks": "agent#your-callbacks",
            "outbound-callbacks": "agent#your-callbacks",
        }
