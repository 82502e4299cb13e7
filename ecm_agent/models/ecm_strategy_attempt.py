from odoo import api, models

from ..const import CHANNEL

# Minutes after which what agents see is usually tried again.
USUAL_DELAYS = {
    "busy": 15,
    "no_answer": 120,
    "answering_machine": 240,
    "no_wrap_up": 30,
    "invalid_number": 0,
    "wrong_number": 0,
    "fax": 0,
}


class EcmStrategyAttempt(models.Model):
    _inherit = "ecm.strategy.attempt"

    @api.model
    def _get_usual_delays(self, channel):
        return USUAL_DELAYS if channel == CHANNEL else super()._get_usual_delays(channel)
