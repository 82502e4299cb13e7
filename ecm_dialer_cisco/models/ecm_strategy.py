from odoo import api, models


class EcmStrategy(models.Model):
    _inherit = "ecm.strategy"

    @api.model
    def _get_channels(self):
        return super()._get_channels() | {"voice"}
