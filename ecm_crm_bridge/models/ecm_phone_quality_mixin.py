from odoo import fields, models

from .ecm_phone_quality import QUALITIES


class EcmPhoneQualityMixin(models.AbstractModel):
    """A customer or lead that shows what calls have shown about its phone."""

    _name = "ecm.phone.quality.mixin"
    _description = "Record with a Phone That Was Called"

    ecm_phone_quality = fields.Selection(
        QUALITIES,
        "Phone, by calls",
        compute="_compute_ecm_phone_quality",
        help="What calls of campaigns have shown about the number.",
    )

    def _compute_ecm_phone_quality(self):
        numbers = self.mapped("phone_sanitized")
        found = self.env["ecm.phone.quality"]._get_of_numbers(numbers)
        for record in self:
            record.ecm_phone_quality = found.get(record.phone_sanitized, False)
