from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.keywords import find_request
from .ecm_sms_keyword import ACTIONS
from odoo.addons.ecm_campaign.const import PHONE_FIELDS, PHONE_SIZE
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.tools import phones
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.erasure import ERASED
from odoo.addons.ecm_campaign.tools.results import Result, Wish

# What a reply comes to while one is awaited; one that asks for help leaves it open.
# So many answers a number gets in a day.
MOST_ANSWERS = 3
SOURCE_SIZE = 255
OUTCOMES = {None: "sms_replied", "stop": "sms_stop", "start": "sms_replied"}


class Addressed(NamedTuple):
    """The message that somebody has replied to."""

    key: str
    contact_id: int
    campaign_id: int
    is_awaited: bool


class EcmSmsReply(models.Model):
    """A message that somebody has written back (requirement M3)."""

    _name = "ecm.sms.reply"
    _description = "Reply"
    _inherit = ["ecm.erasable.mixin"]
    _order = "id desc"
    _rec_name = "number"
    _log_access = False

    gateway_id = fields.Many2one(
        "ecm.sms.gateway", required=True, readonly=True, ondelete="cascade"
    )
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    number = fields.Char(size=PHONE_SIZE, readonly=True, required=True, index=True)
    text = fields.Text(readonly=True)
    action = fields.Selection(ACTIONS, "Asks for", readonly=True)
    reference = fields.Char("The gateway's ID", readonly=True)
    contact_id = fields.Many2one("ecm.contact", readonly=True, ondelete="cascade", index=True)
    campaign_id = fields.Many2one("ecm.campaign", readonly=True, ondelete="set null", index=True)
    received_at = fields.Datetime("Received on", required=True, readonly=True)

    # One that comes twice is one.
    _reference_unique = models.UniqueIndex("(gateway_id, reference) WHERE reference IS NOT NULL")

    # -- erasure (N6) -----------------------------------------------------------------------------

    @api.model
    def _find_person(self, person):
        """Also those that belong to no contact (index on the number)."""
        return self._find_by_number(person)

    @api.model
    def _erase_ids(self, ids):
        """That somebody replied, and what for, stays."""
        query = SQL(
            "UPDATE ecm_sms_reply SET number = %s, text = NULL WHERE id = ANY(%s) AND number <> %s",
            ERASED,
            list(ids),
            ERASED,
        )
        self.env.cr.execute(query)
        self.invalidate_model()
        return {self._name: self.env.cr.rowcount}

    @api.model
    def _take(self, gateway, replies):
        """Take replies that a gateway delivers. Taking one twice changes nothing where it has an
        id.

        :param replies: list of ``clients.callbacks.Reply``
        """
        for reply in self._drop_known(gateway, replies):
            self._take_one(gateway, reply)
        reach("sms.replied")

    def _drop_known(self, gateway, replies):
        """:return: list of those that are new, each once"""
        references = [reply.reference for reply in replies if reply.reference]
        known = [("gateway_id", "=", gateway.id), ("reference", "in", references)]
        seen, new = set(self.sudo().search(known).mapped("reference")), []
        for reply in replies:
            if reply.reference and reply.reference in seen:
                continue
            seen.add(reply.reference)
            new.append(reply)
        return new

    def _take_one(self, gateway, reply):
        number = read_number(reply.number, gateway.company_id.country_id.code)
        addressed = self._find_addressed(gateway, number)
        request = find_request(reply.text, self.env["ecm.sms.keyword"]._get_words())
        taken = self.sudo().create(
            {
                "gateway_id": gateway.id,
                "company_id": gateway.company_id.id,
                "number": number,
                "text": reply.text,
                "action": request.action if request else None,
                "reference": reply.reference or False,
                "contact_id": addressed and addressed.contact_id,
                "campaign_id": addressed and addressed.campaign_id,
                "received_at": fields.Datetime.now(),
            }
        )

        # Who says STOP is left alone before anybody is told of it.
        taken._obey(addressed)
        taken._tell_partners()
        if request:
            taken._answer(request)

    def _obey(self, addressed):
        """What a reply leads to.

        :param addressed: `Addressed` or None
        """
        company, action = self.company_id, self.action or None
        # A short code or a name is nobody who could be contacted.
        is_person = self.number.startswith("+")
        dnc_lists = self.env["ecm.dnc.list"].sudo()
        if action == "stop" and is_person:
            # Also where no reply was awaited: who says no is not asked again.
            reason = self.gateway_id._get_wish_text()
            dnc_lists._suppress([Wish(company.id, self.number, reason=reason)])
        elif action == "start" and is_person:
            dnc_lists._get_wishes_of(company).api_remove([self.number])
        if addressed and addressed.is_awaited and action in OUTCOMES:
            result = Result(addressed.key, OUTCOMES[action])
            self.env["ecm.engine"].sudo()._apply_results([result])
        if is_person:
            self._note_consent(action)

    def _note_consent(self, action):
        """Who writes START agrees, and who writes STOP agrees no more: on every contact of the
        company with that number stands when and in which words (requirement N5).
        """
        if action not in ("start", "stop"):
            return
        today = fields.Date.context_today(self)
        phones_of = Domain.OR(Domain(name, "=", self.number) for name in PHONE_FIELDS)
        own = Domain("company_id", "=", self.company_id.id)
        contacts = self.env["ecm.contact"].sudo().search(own & phones_of)
        if action == "stop":
            reason = self.gateway_id._get_wish_text()
            contacts = contacts.with_context(ecm_wish_reason=reason)
            contacts.write({"consent_withdrawn_on": today})
            return
        source = self.env._("SMS: %s", self.text)[:SOURCE_SIZE]
        # Said on one day, the later word counts.
        agreed = {"consent_on": today, "consent_source": source, "consent_withdrawn_on": False}
        contacts.write(agreed)

    def _tell_partners(self):
        """Who has that number among Odoo's contacts has the reply in the chatter (requirement M3)."""
        partners = self.env["res.partner"].sudo()
        campaign = self.campaign_id.name or self.gateway_id.name
        body = self.env._("SMS reply to %(campaign)s: %(text)s", campaign=campaign, text=self.text)
        partners._find_by_number(self.number, self.company_id)._note_said(body)

    def _answer(self, request):
        """Confirm a STOP or START, or help (requirement M3); another machine that answers ours is
        left alone after some.

        :param request: ``tools.keywords.Request``
        """
        gateway, notices = self.gateway_id, self.env["ecm.sms.notice"].sudo()
        if not (gateway.answers_replies and self.number.startswith("+")):
            return
        text = self.env["ecm.sms.answer"]._get_text(request, self.company_id)
        if not text:
            return
        since = fields.Datetime.now() - timedelta(days=1)
        to_number = [("number", "=", self.number), ("made_at", ">", since)]
        if notices.search_count([*to_number, ("purpose", "=", "answer")]) < MOST_ANSWERS:
            notices._queue(gateway, "answer", [(self.number, text, False)])

    def _find_addressed(self, gateway, number):
        """The last message to a number through any gateway of the company: one that awaits a reply
        first, then one of this gateway (index ``_number_claimed``). Who got a message from a
        name, or through a gateway that nobody can answer, may write to another of our numbers.

        :rtype: Addressed or None
        """
        self.env.cr.execute(
            SQL(
                """SELECT a.key, a.contact_id, a.campaign_id,
                          a.state IN ('claimed', 'sent') AS is_awaited
                     FROM ecm_attempt a
                    WHERE a.number = %s AND a.company_id = %s AND a.sms_gateway_id IS NOT NULL
                 ORDER BY is_awaited DESC, a.sms_gateway_id = %s DESC, a.claimed_at DESC, a.id DESC
                    LIMIT 1""",
                number,
                gateway.company_id.id,
                gateway.id,
            )
        )
        row = self.env.cr.fetchone()
        return Addressed(*row) if row else None


def read_number(number, country):
    """A number as gateways write it, in ours; as it came where it is none, such as a short code."""
    given = number.strip()
    for written in (given, f"+{given.lstrip('+0')}"):
        found, problem = phones.normalise(written, country)
        if found and not problem:
            return found
    return given[:PHONE_SIZE]
