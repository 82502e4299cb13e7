from odoo import fields, models

from odoo.addons.ecm_campaign.tools.channel import Receipt
from odoo.addons.ecm_campaign.tools.results import Result

POSTED = []  # stays posted, whatever becomes of the transaction


class LetterSender:
    def send(self, batch):
        POSTED.extend(batch)
        return Receipt(frozenset(letter.key for letter in batch))


class EcmLetterOffice(models.Model):
    _name = "ecm.letter.office"
    _description = "Letter Office"
    _inherit = ["ecm.feed.target", "ecm.feed.owner"]
    _attempt_field = "letter_office_id"
    _channel = "letter"
    _sent_state = "letter_sent"
    _key_size = 19
    _can_be_asked = False

    name = fields.Char(required=True)

    def _get_channel_label(self):
        return self.env._("Letter")

    def _get_room(self):
        return 500 - self.env["ecm.attempt"]._count_at(self)

    def _make_key(self, prefix, attempt_id):
        return f"L{prefix.strip('-').upper()}{attempt_id:010}"

    def _get_sender(self):
        return LetterSender()

    def receive_results(self, outcomes):
        """The office calls this when it knows more, as ``{key: outcome code}``."""
        self.check_access("write")
        return self._take_results([Result(key, code) for key, code in outcomes.items()])


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    letter_office_id = fields.Many2one("ecm.letter.office")
    quiet_until = fields.Datetime(help="No letters before.")


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    letter_office_id = fields.Many2one("ecm.letter.office", readonly=True, index="btree_not_null")


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    state = fields.Selection(
        selection_add=[("letter_sent", "Letter Sent")], ondelete={"letter_sent": "set default"}
    )


class EcmDncList(models.Model):
    _inherit = "ecm.dnc.list"

    for_letter = fields.Boolean("Letters", default=True)
