from odoo import models

from ..const import CHANNEL


class EcmDncList(models.Model):
    _inherit = "ecm.dnc.list"

    def _get_channel_field(self, channel):
        """Who must not be called by a dialer must not be called by hand either (requirement N2)."""
        return super()._get_channel_field("voice" if channel == CHANNEL else channel)
