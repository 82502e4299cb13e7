from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_normalize

from ..sender import CONNECT_ERRORS, SENDING_SECONDS, Content, EmailSender
from ..tools.inbound import make_message_id
from .ecm_strategy_attempt import CHANNEL
from odoo.addons.ecm_campaign.actions import notify
from odoo.addons.ecm_campaign.tools.turn import Turn

MOST_AT_ONCE = 200
# One message waits for four answers of a server that hangs, a minute each.
LONGEST_MESSAGE = 240
# Clocks of two servers may differ by so many seconds.
DOUBT_MARGIN = 30


class EcmEmailSender(models.Model):
    """From which address and over which mail server e-mails of campaigns leave, in turns of its own
    (requirement M7).

    They do not go through Odoo's queue, which sends once more what it could not note as sent. Here
    an e-mail is written down before it leaves, and what is in doubt counts as sent.
    """

    _name = "ecm.email.sender"
    _description = "E-mail Sender"
    _inherit = ["ecm.logged.mixin", "ecm.feed.target", "ecm.feed.owner", "mail.thread"]
    _order = "sequence, name, id"
    _attempt_field = "email_sender_id"
    _channel = CHANNEL
    _sent_state = "email_sent"
    _key_size = 64
    # A mail server keeps no list that could be asked: at most once (M5).
    _can_be_asked = False
    _action_fields = ("name", "active", "is_enabled")

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    is_enabled = fields.Boolean(
        "Switched on", tracking=True, copy=False, help="Off: nothing is sent through it."
    )
    mail_server_id = fields.Many2one(
        "ir.mail_server",
        "Outgoing mail server",
        tracking=True,
        ondelete="restrict",
        groups="ecm_campaign.ecm_campaign_group_administrator",
        help="Empty: the one that Odoo chooses for the address.",
    )
    email_from = fields.Char(
        "From", required=True, tracking=True, help="Such as Shop <offers@example.com>."
    )
    reply_to = fields.Char(
        "Replies to",
        tracking=True,
        help="An address whose e-mails this Odoo fetches: only then an answer is seen. Empty: the "
        "company's catch-all address.",
    )
    rate = fields.Integer(
        "E-mails a minute at most", tracking=True, help="0: as fast as the server takes them."
    )
    message_count = fields.Integer("E-mails sent", compute="_compute_message_count")

    _rate_positive = models.Constraint(
        "CHECK(rate BETWEEN 0 AND 100000)", "E-mails a minute at most: 0 to 100,000."
    )

    @api.constrains("email_from", "reply_to")
    def _check_addresses(self):
        for sender in self:
            for address in (sender.email_from, sender.reply_to):
                if address and not email_normalize(address):
                    raise ValidationError(self.env._("%s is not one e-mail address.", address))

    def _compute_message_count(self):
        groups = self.env["ecm.email.message"]._read_group(
            [("sender_id", "in", self.ids)], ["sender_id"], ["__count"]
        )
        counts = {sender.id: count for sender, count in groups}
        for sender in self:
            sender.message_count = counts.get(sender.id, 0)

    def write(self, vals):
        # An archived sender takes no turns: nothing may leave through it either.
        if not vals.get("active", True):
            vals = {**vals, "is_enabled": False}
        result = super().write(vals)
        # What failed with other settings may work with these.
        if vals.keys() & {"mail_server_id", "email_from", "is_enabled"}:
            for sender in self.sudo():
                sender._try_soon()
        return result

    # -- turns ------------------------------------------------------------------------------------

    def _is_on(self):
        return super()._is_on() and self.is_enabled

    def _work(self):
        turn = Turn()
        messages = self.env["ecm.email.message"]
        messages._apply_events(self, turn)
        messages._end_unanswered(self, turn)
        super()._work()

    # -- feed target ------------------------------------------------------------------------------

    def _get_channel_label(self):
        return self.env._("E-mail")

    def _get_place_label(self):
        return self.env._("Mail server")

    def _get_awaiting_text(self, since, number):
        return self.env._(
            "Attempt %(number)s, an e-mail, was sent on %(since)s: an answer is awaited.",
            since=since,
            number=number,
        )

    def _get_wish_text(self):
        return self.env._("Opted out by e-mail")

    def _get_off_reason(self):
        if not self.is_enabled:
            return self.env._("The e-mail sender %s is switched off.", self.name)
        return super()._get_off_reason()

    def _get_room(self):
        # An e-mail is sent at once: what awaits an answer takes no room.
        return self._get_batch_size()

    def _get_batch_size(self):
        if not self.rate:
            return MOST_AT_ONCE
        return max(1, min(MOST_AT_ONCE, self.rate * SENDING_SECONDS // 60))

    def _get_doubt_seconds(self):
        return SENDING_SECONDS + LONGEST_MESSAGE + DOUBT_MARGIN

    def _get_contents(self, candidates):
        messages = self.env["ecm.email.message"]
        contents = {}
        for contact_id, made in messages._make_all(candidates).items():
            headers = self._get_headers(made.token, made.opt_out_url)
            contents[contact_id] = Content(
                made.token, made.email, made.subject, made.body, headers, made.attachments
            )
        return contents

    def _get_headers(self, token, opt_out_url):
        """Headers of one e-mail, by which answers and bounces are known (RFC 5322, RFC 8058)."""
        company = self.company_id
        reply_to = self.reply_to or company.catchall_email or self.email_from
        headers = {
            "Message-Id": make_message_id(token, self.email_from),
            "From": self.email_from,
            "Reply-To": reply_to,
            "List-Unsubscribe": f"<{opt_out_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            # Whoever is out of office need not tell us.
            "X-Auto-Response-Suppress": "OOF, AutoReply",
        }
        if company.bounce_email:
            headers["Return-Path"] = company.bounce_email
        return headers

    def _find_barred(self, rows):
        """Also whoever has opted out since."""
        keys = [row.key for row in rows]
        addresses = self.env["ecm.email.message"]._get_addresses(keys)
        unwanted = self.env["ecm.gate.email"]._find_unwanted(addresses.values())
        listed = {key for key, address in addresses.items() if address in unwanted}
        return super()._find_barred(rows) | listed

    def _note_claimed(self, batch, candidates):
        self.env["ecm.email.message"]._note_claimed(self, batch, candidates)

    def _note_receipt(self, batch, receipt):
        self.env["ecm.email.message"]._note_receipt(batch, receipt)

    def _get_sender(self):
        self.ensure_one()
        servers = self.env["ir.mail_server"].sudo()
        seconds = 60 / self.rate if self.rate else 0
        return EmailSender(
            self._connect,
            servers._prepare_email_message__,
            seconds,
            self.env["ecm.engine"]._commit,
            self._get_failure_texts(),
        )

    def _connect(self):
        """:return: a connection as ``smtplib.SMTP``; None where Odoo sends nothing, as in tests"""
        server = self.sudo().mail_server_id
        servers = self.env["ir.mail_server"].sudo()
        return servers._connect__(mail_server_id=server.id, smtp_from=self.email_from)

    def _get_failure_texts(self):
        """:return: ``{kind of an SmtpAnswer: sentence with %s for what was said}``"""
        return {
            "unavailable": self.env._("The mail server takes nothing at the moment: %s"),
            "doubtful": self.env._(
                "The mail server does not say whether it has e-mails; these count as sent: %s"
            ),
            "off": self.env._("This Odoo sends no e-mails at the moment."),
        }

    # -- buttons ----------------------------------------------------------------------------------

    def action_test(self):
        """Try to log in to the mail server; nothing is sent.

        :raise UserError: says what went wrong
        """
        self.ensure_one()
        self.check_access("write")
        try:
            session = self._connect()
        except CONNECT_ERRORS as error:
            raise UserError(
                self.env._("The mail server cannot be used: %s", str(error)[:200])
            ) from error
        if session is None:
            return notify(self._get_failure_texts()["off"], "warning")
        session.close()
        return notify(self.env._("The mail server answers."))

    def action_view_messages(self):
        """The e-mails that this sender has sent."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecm_email.ecm_email_message_action")
        return {**action, "domain": [("sender_id", "=", self.id)], "context": {}}
