from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    # Who has written to us is looked up by the number, with each reply.
    _ecm_phone_sanitized = models.Index("(phone_sanitized) WHERE phone_sanitized IS NOT NULL")
