from odoo import api, models


class EcmContactListReject(models.Model):
    _inherit = "ecm.contact.list.reject"

    @api.model
    def _get_reason_texts(self):
        texts = super()._get_reason_texts()
        return {**texts, "in_campaign": self.env._("This record is in the campaign already.")}
