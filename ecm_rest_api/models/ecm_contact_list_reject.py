from odoo import models


class EcmContactListReject(models.Model):
    _inherit = "ecm.contact.list.reject"

    def _api_describe(self):
        self.ensure_one()
        return {
            "id": self.id,
            "line": self.line_number,
            "field": self.field_name or None,
            "value": self.value or None,
            "code": self.reason,
            "detail": self._get_reason_text(self.reason),
            "is_warning": self.is_warning,
        }
