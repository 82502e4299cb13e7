from odoo import models


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    def _get_fastapi_routers(self):
        """Callbacks, and what the dialer's scripts ask (requirements B1, B4)."""
        routers = super()._get_fastapi_routers()
        if self.app != "ecm":
            return routers
        from ..routers import callbacks, ivr

        return [*routers, callbacks.router, ivr.router]
