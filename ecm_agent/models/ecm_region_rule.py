from odoo import models

from ..const import CHANNEL


class EcmRegionRule(models.Model):
    _inherit = "ecm.region.rule"

    def _get_single_channel(self):
        """The law of calls holds for calls by hand (requirement N3); a rule may be about these
        alone.
        """
        channels = super()._get_single_channel()
        return channels | {CHANNEL} if channels and "voice" in channels else channels
