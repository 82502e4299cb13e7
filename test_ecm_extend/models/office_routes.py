from odoo import models


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    def _get_fastapi_routers(self):
        routers = super()._get_fastapi_routers()
        if self.app != "ecm":
            return routers
        from ..routers import offices

        return [*routers, offices.router]
