import hmac
import logging
import secrets
import uuid
from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.urls import urljoin

from ..clients.exceptions import SettingsError
from ..clients.http_gateway import SENDING_SECONDS, HttpGateway
from ..odoo_gateway import OdooGateway
from ..sender import Content, GatewaySender
from .ecm_sms_gateway_settings import REQUEST_FIELDS
from .ecm_sms_message import CHANNEL
from odoo.addons.ecm_campaign.actions import open_form
from odoo.addons.ecm_campaign.const import ADMINISTRATOR
from odoo.addons.ecm_campaign.exceptions import ChannelError, Unavailable
from odoo.addons.ecm_campaign.tools.turn import Turn

_logger = logging.getLogger(__name__)

# Clocks of two servers may differ by so many seconds.
DOUBT_MARGIN = 30
# A request's worth is sent in about so many seconds.
BATCH_SECONDS = 4
MOST_AT_ONCE = 500
# Odoo's own providers take no more in one call, and take so many seconds for each at most.
ODOO_AT_ONCE = 100
ODOO_SECONDS = 10
# What is kept of a gateway for when it calls.
CALLBACK_FIELDS = (
    "token",
    "company_id",
    "cron_id",
    *("report_key", "report_reference", "report_status"),
)


class Caller(NamedTuple):
    """What must be known of a gateway that calls; names of parameters are empty for none."""

    id: int
    token: str
    company_id: int
    cron_id: int
    report_key: str
    report_reference: str
    report_status: str


class EcmSmsGateway(models.Model):
    """The client's own SMS gateway (requirement M1): where messages are sent, in turns of its own."""

    _name = "ecm.sms.gateway"
    _description = "SMS Gateway"
    _inherit = [
        "ecm.logged.mixin",
        "ecm.feed.target",
        "ecm.feed.owner",
        "ecm.sms.gateway.settings.mixin",
        "mail.thread",
    ]
    _order = "sequence, name, id"
    _attempt_field = "sms_gateway_id"
    _channel = CHANNEL
    _sent_state = "sms_sent"
    _key_size = 64
    _veiled_fields = frozenset({"body", "headers", "json_body", "parameters", "poll_url", "url"})
    # HTTP gateways keep no list that could be asked: at most once (M5).
    _can_be_asked = False
    _action_fields = ("name", "active", "is_enabled")

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    is_enabled = fields.Boolean(
        "Switched on", tracking=True, copy=False, help="Off: nothing is sent through it."
    )
    token = fields.Char(
        default=lambda self: secrets.token_urlsafe(24),
        required=True,
        copy=False,
        groups=ADMINISTRATOR,
        exportable=False,
    )
    callback_base = fields.Char(
        "This Odoo's address",
        groups=ADMINISTRATOR,
        help="As the gateway reaches it. Empty: the address that people use.",
    )
    report_url = fields.Char(
        "Delivery reports go to", compute="_compute_callback_urls", groups=ADMINISTRATOR
    )
    reply_url = fields.Char("Replies go to", compute="_compute_callback_urls", groups=ADMINISTRATOR)
    message_count = fields.Integer("Messages sent", compute="_compute_message_count")

    @api.depends("callback_base", "token")
    def _compute_callback_urls(self):
        for gateway in self:
            base = (gateway.callback_base or gateway.get_base_url()).rstrip("/")
            for kind in ("report", "reply"):
                path = f"/ecm_sms/{kind}/{gateway.id}/{gateway.token}"
                # A new one has no address yet.
                gateway[f"{kind}_url"] = gateway.id and base + path

    def _compute_message_count(self):
        groups = self.env["ecm.sms.message"]._read_group(
            [("gateway_id", "in", self.ids)], ["gateway_id"], ["__count"]
        )
        counts = {gateway.id: count for gateway, count in groups}
        for gateway in self:
            gateway.message_count = counts.get(gateway.id, 0)

    def write(self, vals):
        # An archived gateway takes no turns: nothing may be sent to it either.
        if not vals.get("active", True):
            vals = {**vals, "is_enabled": False}
        result = super().write(vals)
        if not vals.keys().isdisjoint(CALLBACK_FIELDS):
            self._forget_callers()
        # What failed with other settings may work with these.
        if vals.keys() & REQUEST_FIELDS:
            for gateway in self.sudo():
                gateway._try_soon()
        return result

    def unlink(self):
        result = super().unlink()
        self._forget_callers()
        return result

    def _forget_callers(self):
        """What is kept of gateways for when they call is not so any more."""
        clear = self.env.registry.clear_cache
        clear()
        # Until the commit a call in another thread reads what was, and would keep it.
        self.env.cr.postcommit.add(clear)

    # -- turns ------------------------------------------------------------------------------------

    def _is_on(self):
        return super()._is_on() and self.is_enabled

    def _work(self):
        turn = Turn()
        self._ask(turn)
        self.env["ecm.sms.report"]._apply_waiting(self, turn)
        self.env["ecm.sms.message"]._end_unanswered(self, turn)
        # Who has written to us waits for an answer; campaigns wait behind that.
        self._send_notices(turn)
        super()._work()

    def _send_notices(self, turn):
        """Send what no campaign sends; a gateway that fails is left alone, as by a feed.

        :param turn: ``tools.turn.Turn``
        """
        if self._is_paused(fields.Datetime.now()):
            return
        try:
            self.env["ecm.sms.notice"]._send_waiting(self, turn)
        except ChannelError as error:
            self.env["ecm.engine"]._note_failure(self, error)

    def _ask(self, turn):
        """Ask what became of messages, where the gateway does not tell by itself.

        :param turn: ``tools.turn.Turn``
        """
        if not self._is_to_be_asked() or self._is_paused(fields.Datetime.now()):
            return
        try:
            self.env["ecm.sms.message"]._ask_open(self, turn)
        except (SettingsError, UserError):
            # The feed tells of it.
            _logger.info("%s: its settings cannot be used", self._get_log_name(), exc_info=True)

    def _is_to_be_asked(self):
        """Whether it does not tell by itself what became of messages."""
        return bool(self.sudo().poll_url) and not self._is_odoo()

    # -- feed target ------------------------------------------------------------------------------

    def _get_channel_label(self):
        return self.env._("SMS")

    def _get_place_label(self):
        return self.env._("SMS gateway")

    def _get_awaiting_text(self, since, number):
        return self.env._(
            "Attempt %(number)s, a message, was sent on %(since)s: a reply is awaited.",
            since=since,
            number=number,
        )

    def _get_wish_text(self):
        return self.env._("STOP by SMS")

    def _get_off_reason(self):
        if not self.is_enabled:
            return self.env._("The SMS gateway %s is switched off.", self.name)
        return super()._get_off_reason()

    # -- standing in ------------------------------------------------------------------------------

    def _can_send(self, now):
        """Whether it is switched on and does not fail."""
        return not self._get_off_reason() and not self._is_paused(now)

    def _get_running_campaigns(self):
        return super()._get_running_campaigns() | self._get_taken_over()

    def _filter_running(self):
        standing_in = self.filtered(lambda gateway: gateway._get_taken_over())
        return super()._filter_running() | standing_in

    def _get_taken_over(self):
        """Running campaigns of other gateways in whose place this one sends now."""
        now = fields.Datetime.now()
        if not self._can_send(now):
            return self.env["ecm.campaign"]
        served = [("sms_stand_in_ids", "in", self.ids), ("is_running", "=", True)]
        campaigns = self.env["ecm.campaign"].search(served, order="id")
        return campaigns.filtered(lambda each: each._get_sending_gateway(now) == self)

    def _note_failure(self, error, now):
        super()._note_failure(error, now)
        # Whoever stands in begins at once.
        served = [("sms_gateway_id", "=", self.id), ("is_running", "=", True)]
        campaigns = self.env["ecm.campaign"].search(served)
        for campaign in campaigns.filtered("sms_stand_in_ids"):
            campaign._get_sending_gateway(now)._trigger_turn()

    # -- what it takes ----------------------------------------------------------------------------

    def _get_room(self):
        # A message is sent at once: what awaits a reply takes no room.
        return self._get_batch_size()

    def _get_batch_size(self):
        if not self.rate:
            return MOST_AT_ONCE
        return max(1, min(MOST_AT_ONCE, int(self.rate * BATCH_SECONDS)))

    def _get_doubt_seconds(self):
        longest = 2 * (self.connect_timeout + self.read_timeout)
        if self._is_odoo():
            longest = ODOO_SECONDS * self._get_odoo_size()
        return SENDING_SECONDS + longest + DOUBT_MARGIN

    def _get_contents(self, candidates):
        texts = self.env["ecm.sms.message"]._make_texts(candidates)
        campaigns = self.env["ecm.campaign"].browse({row.campaign_id for row in candidates})
        rule = self.env["ecm.gate.late"]._get_rule(campaigns, fields.Datetime.now(), self._channel)
        contents = {}
        for candidate in candidates:
            if text := texts.get(candidate.contact_id):
                end, reference = rule.get_end(candidate), self._make_reference()
                contents[candidate.contact_id] = Content(text, end, reference)
        return contents

    def _make_reference(self):
        """Under which a provider is to know a message, where that is ours to say; or empty. Whoever
        knows it may report of the message: it cannot be guessed.
        """
        return uuid.uuid4().hex if self._is_odoo() else ""

    def _note_claimed(self, batch, candidates):
        self.env["ecm.sms.message"]._note_claimed(self, batch, candidates)

    def _note_receipt(self, batch, receipt):
        self.env["ecm.sms.message"]._note_receipt(batch, receipt)

    def _get_sender(self):
        try:
            return GatewaySender(self._get_client(), self._get_failure_texts())
        except SettingsError as error:
            raise Unavailable(self._get_settings_error(error), needs_person=True) from error
        except UserError as error:
            # A password that is not in the environment, an account that is not set up.
            raise Unavailable(str(error), needs_person=True) from error

    def _get_client(self):
        """What speaks with the gateway, free of records.

        :rtype: clients.http_gateway.Gateway
        """
        self.ensure_one()
        gateway = self.sudo()
        if gateway._is_odoo():
            return gateway._get_odoo_client()
        return gateway._get_client_class()(gateway._prepare_settings(gateway.report_url))

    def _get_client_class(self):
        """The client of this gateway; modules with another protocol extend it."""
        return HttpGateway

    def _get_failure_texts(self):
        """:return: ``{kind of a clients.answers.Answer: sentence with %s for what was said}``"""
        return {
            "busy": self.env._("The gateway takes nothing at the moment: %s"),
            "misused": self.env._("The gateway refuses us, check its settings: %s"),
            "unreachable": self.env._("The gateway cannot be reached: %s."),
            "doubtful": self.env._(
                "The gateway's answers are not understood; such messages count as sent: %s"
            ),
        }

    # -- Odoo's own -------------------------------------------------------------------------------

    def _is_odoo(self):
        """Whether messages go through the provider that Odoo itself uses (requirement M1)."""
        return self.preset == "odoo"

    def _get_odoo_client(self):
        """:rtype: odoo_gateway.OdooGateway"""
        company = self.company_id.with_company(self.company_id)
        api_class = company.with_context(ecm_past_gateway=True)._get_sms_api_class()
        provider = api_class(company.env)
        provider._set_company(company)
        return OdooGateway(
            provider,
            urljoin(self.get_base_url(), "/sms/status"),
            self._get_odoo_size(),
            self.rate,
            self.env["ecm.engine"]._commit,
        )

    def _get_odoo_size(self):
        """How many messages one call to Odoo's provider carries."""
        queue = self.env["sms.sms"].with_company(self.company_id)
        return max(1, min(ODOO_AT_ONCE, queue._get_send_batch_size()))

    # -- callbacks --------------------------------------------------------------------------------

    @api.model
    def _get_caller(self, gateway_id, token):
        """The gateway that calls, as values; None where the token is not its own.

        :rtype: Caller or None
        """
        caller = self._read_caller(gateway_id)
        if not caller:
            return None
        is_own = hmac.compare_digest(caller.token.encode(), token.encode())
        return caller if is_own else None

    @api.model
    @tools.ormcache("gateway_id")
    def _read_caller(self, gateway_id):
        """As `_get_caller`, whatever the token: kept by Odoo's cache in all its processes until one
        of these settings changes.
        """
        gateways = self.sudo().with_context(active_test=False)
        gateway = gateways.search_fetch([("id", "=", gateway_id)], CALLBACK_FIELDS)
        if not (gateway and gateway.token):
            return None
        return Caller(
            id=gateway.id,
            token=gateway.token,
            company_id=gateway.company_id.id,
            cron_id=gateway.cron_id.id,
            report_key=gateway.report_key or "",
            report_reference=gateway.report_reference or "",
            report_status=gateway.report_status or "",
        )

    @api.model
    def _find_caller(self, gateway_id, token):
        """The gateway that calls, with all rights; empty where the token is not its own."""
        caller = self._get_caller(gateway_id, token)
        return self.sudo().browse(caller and caller.id)

    def _trigger_soon(self):
        """Have the next turn begin soon; thousands of reports ask for it once."""
        self.env.cr.execute(self._waiting_turn(self.sudo().cron_id.id))
        if not self.env.cr.fetchone():
            self._trigger_turn()

    def _waiting_turn(self, cron_id):
        """A query for a turn that waits.

        The trigger of a turn that runs is locked until its end, and gone then: it does not count.
        One that waits cannot go before what was told is committed.

        :rtype: SQL
        """
        return SQL(
            """SELECT 1 FROM ir_cron_trigger WHERE cron_id = %s AND call_at <= %s
                LIMIT 1 FOR KEY SHARE SKIP LOCKED""",
            cron_id,
            fields.Datetime.now(),
        )

    # -- buttons ----------------------------------------------------------------------------------

    def action_test(self):
        """Send one message, and show what was asked and answered."""
        self.ensure_one()
        self.check_access("write")
        test = self.env["ecm.sms.test"].create({"gateway_id": self.id})
        return open_form(test, name=self.env._("Send a test message"), target="new")

    def action_renew_token(self):
        """New addresses for reports and replies; the old ones end at once."""
        self.check_access("write")
        for gateway in self:
            gateway.token = secrets.token_urlsafe(24)
        return True
