from odoo import api, fields, models
from odoo.tools import html2plaintext

from ..tools.inbound import find_answered, is_automatic
from odoo.addons.ecm_campaign.fields import UncheckedMany2one

MOST_CHARACTERS = 20_000


class EcmEmailReply(models.Model):
    """What somebody has answered to an e-mail (requirement M7), as text."""

    _name = "ecm.email.reply"
    _description = "Reply by E-mail"
    _order = "id desc"
    _rec_name = "email_from"
    _log_access = False

    message_id = UncheckedMany2one("ecm.email.message", required=True, readonly=True, index=True)
    contact_id = UncheckedMany2one("ecm.contact", required=True, readonly=True, index=True)
    campaign_id = UncheckedMany2one("ecm.campaign", required=True, readonly=True)
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    email_from = fields.Char("From", readonly=True)
    subject = fields.Char(readonly=True)
    text = fields.Text(readonly=True)
    is_automatic = fields.Boolean(
        "Automatic", readonly=True, help="Out of office and the like: it counts as no answer."
    )
    received_at = fields.Datetime("Received on", required=True, readonly=True)
    reference = fields.Char(readonly=True, help="Its message id.")

    _reference_unique = models.UniqueIndex("(message_id, reference)")

    @api.model
    def _take(self, message, values):
        """Take an e-mail that answers one of ours.

        :param email.message.EmailMessage message: as it came
        :param dict values: as Odoo has parsed it
        :return: whether it was one; the same one again changes nothing
        """
        found = self.env["ecm.email.message"]._find_of(find_answered(message))
        if not found:
            return False
        reference = values.get("message_id") or ""
        known = [("message_id", "=", found.id), ("reference", "=", reference)]
        if self.search_count(known, limit=1):
            return True
        automatic = is_automatic(message)
        text = html2plaintext(values.get("body") or "")
        self.create(
            {
                "message_id": found.id,
                "contact_id": found.contact_id.id,
                "campaign_id": found.campaign_id.id,
                "company_id": found.company_id.id,
                "email_from": values.get("email_from"),
                "subject": values.get("subject"),
                "text": text[:MOST_CHARACTERS],
                "is_automatic": automatic,
                "received_at": fields.Datetime.now(),
                "reference": reference,
            }
        )
        if not automatic:
            found._note_event("replied")
        return True
