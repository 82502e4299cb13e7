from odoo import api, models

# So many of Odoo's contacts may share a number.
MOST_PARTNERS = 20


class ResPartner(models.Model):
    _inherit = "res.partner"

    # Who has written to us is looked up by the number, with each reply.
    _ecm_phone_sanitized = models.Index("(phone_sanitized) WHERE phone_sanitized IS NOT NULL")

    @api.model
    def _find_by_number(self, number, company):
        """Who has a number among a company's contacts; of many, some.

        :param number: E.164; empty for nobody
        """
        if not number:
            return self.browse()
        own = [("company_id", "in", (False, company.id))]
        return self.search([("phone_sanitized", "=", number), *own], limit=MOST_PARTNERS)

    def _note_said(self, body):
        """Write down in the chatter what these people have said, or done."""
        for partner in self:
            partner.message_post(body=body, author_id=partner.id, subtype_xmlid="mail.mt_note")
