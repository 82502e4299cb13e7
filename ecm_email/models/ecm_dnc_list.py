from odoo import api, fields, models
from odoo.exceptions import ValidationError


class EcmDncList(models.Model):
    _inherit = "ecm.dnc.list"

    for_email = fields.Boolean(
        "E-mails",
        default=True,
        tracking=True,
        help="Contacts with a number or a customer key of this list get no e-mails.",
    )

    @api.constrains("keeps_wishes", "for_email")
    def _check_wishes_by_email(self):
        for record in self:
            if record.keeps_wishes and not record.for_email:
                raise ValidationError(
                    self.env._(
                        "%s keeps what customers asked for: it holds for e-mails as well.",
                        record.name,
                    )
                )
