from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """With what the drop zone checks a file's size against, in bytes."""
        info = super().session_info()
        info["ecm_max_upload_size"] = self.env["ecm.contact.upload"]._get_max_size()
        return info
