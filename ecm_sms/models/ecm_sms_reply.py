from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.keywords import find_action
from odoo.addons.ecm_campaign.const import PHONE_SIZE
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.tools import phones
from odoo.addons.ecm_campaign.tools.results import Result, Wish

# What a reply comes to while one is awaited; one that asks for help leaves it open.
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
    _order = "id desc"
    _rec_name = "number"
    _log_access = False

    gateway_id = fields.Many2one(
        "ecm.sms.gateway", required=True, readonly=True, ondelete="cascade"
    )
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    number = fields.Char(size=PHONE_SIZE, readonly=True, required=True, index=True)
    text = fields.Text(readonly=True)
    action = fields.Selection(
        [("stop", "Stop"), ("start", "Start"), ("help", "Help")], "Asks for", readonly=True
    )
    reference = fields.Char("The gateway's ID", readonly=True)
    contact_id = fields.Many2one("ecm.contact", readonly=True, ondelete="cascade", index=True)
    campaign_id = fields.Many2one("ecm.campaign", readonly=True, ondelete="set null", index=True)
    received_at = fields.Datetime("Received on", required=True, readonly=True)

    # One that comes twice is one.
    _reference_unique = models.UniqueIndex("(gateway_id, reference) WHERE reference IS NOT NULL")

    @api.model
    def _take(self, gateway, replies):
        """Take replies that a gateway delivers. Taking one twice changes nothing where it has an
        id.

        :param replies: list of ``clients.callbacks.Reply``
        """
        for reply in self._drop_known(gateway, replies):
            self._take_one(gateway, reply)

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
        action = find_action(reply.text, self.env["ecm.sms.keyword"]._get_words())
        self.sudo().create(
            {
                "gateway_id": gateway.id,
                "company_id": gateway.company_id.id,
                "number": number,
                "text": reply.text,
                "action": action,
                "reference": reply.reference or False,
                "contact_id": addressed and addressed.contact_id,
                "campaign_id": addressed and addressed.campaign_id,
                "received_at": fields.Datetime.now(),
            }
        )
        self._obey(gateway, number, action, addressed)

    def _obey(self, gateway, number, action, addressed):
        """What a reply leads to.

        :param addressed: `Addressed` or None
        """
        dnc_lists = self.env["ecm.dnc.list"].sudo()
        if action == "stop":
            # Also where no reply was awaited: who says no is not asked again.
            reason = gateway._get_wish_text()
            dnc_lists._suppress([Wish(gateway.company_id.id, number, reason=reason)])
        elif action == "start":
            dnc_lists._get_wishes_of(gateway.company_id).api_remove([number])
        if addressed and addressed.is_awaited and action in OUTCOMES:
            result = Result(addressed.key, OUTCOMES[action])
            self.env["ecm.engine"].sudo()._apply_results([result])

    def _find_addressed(self, gateway, number):
        """The last message to a number, one that awaits a reply first (index ``_number_claimed``).

        :rtype: Addressed or None
        """
        self.env.cr.execute(
            SQL(
                """SELECT a.key, a.contact_id, a.campaign_id,
                          a.state IN ('claimed', 'sent') AS is_awaited
                     FROM ecm_attempt a
                    WHERE a.number = %s AND a.sms_gateway_id = %s
                 ORDER BY is_awaited DESC, a.claimed_at DESC, a.id DESC LIMIT 1""",
                number,
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
