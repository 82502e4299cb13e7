import secrets
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, consteq, email_normalize, hmac

from ..tools.inbound import MOST_CHARACTERS, find_tokens, read_bounce
from ..tools.links import prepare_body
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.sql import values_of
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.gates import group_by_step
from odoo.addons.ecm_campaign.tools.results import Result

END_BATCH = 2000
# What may happen to an e-mail, with the outcome that it is; what stands first is told first.
OUTCOMES = {
    "opted_out": "email_opt_out",
    "replied": "email_replied",
    "bounced": "email_bounced",
    "clicked": "email_clicked",
    "opened": "email_opened",
}
# What counts as an answer, by the setting of the step.
ANSWERS = {"reply": ("replied",), "click": ("replied", "clicked")}


class Made(NamedTuple):
    """An e-mail that is about to be sent."""

    token: str
    email: str
    subject: str
    body: str
    opt_out_url: str
    attachments: tuple


class New(NamedTuple):
    """A row of an attempt that is being claimed."""

    attempt_id: int
    email: str
    subject: str
    token: str
    ends_on: str
    reply_until: datetime


class Told(NamedTuple):
    """What became of an e-mail when it was sent."""

    attempt_id: int
    state: str
    failure: str | None


class EcmEmailMessage(models.Model):
    """An e-mail of an attempt, and what came of it (requirement M7).

    Written in the claim's transaction, before anything is sent, and never sent again: what is in
    doubt counts as sent.
    """

    _name = "ecm.email.message"
    _description = "E-mail"
    _order = "id desc"
    _rec_name = "email"
    _log_access = False

    attempt_id = fields.Many2one("ecm.attempt", required=True, readonly=True, ondelete="cascade")
    contact_id = UncheckedMany2one("ecm.contact", required=True, readonly=True, index=True)
    campaign_id = UncheckedMany2one("ecm.campaign", required=True, readonly=True)
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    sender_id = UncheckedMany2one("ecm.email.sender", required=True, readonly=True)
    email = fields.Char("To", readonly=True)
    subject = fields.Char(readonly=True)
    token = fields.Char(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="In its links: whoever knows it may opt out in its reader's place.",
    )
    state = fields.Selection(
        [
            ("waiting", "Being sent"),
            ("sent", "Sent"),
            ("doubtful", "Sent or not"),
            ("bounced", "Bounced"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    failure = fields.Char(readonly=True)
    sent_at = fields.Datetime("Sent on", required=True, readonly=True)
    opened_at = fields.Datetime("Opened on", readonly=True)
    clicked_at = fields.Datetime("Clicked on", readonly=True)
    clicked_url = fields.Char("Link followed", readonly=True, help="The first one.")
    replied_at = fields.Datetime("Replied on", readonly=True)
    opted_out_at = fields.Datetime("Opted out on", readonly=True)
    bounced_at = fields.Datetime("Bounced on", readonly=True)
    ends_on = fields.Char(readonly=True, help="What counts as an answer.")
    reply_until = fields.Datetime("Answer awaited until", readonly=True)
    event = fields.Char(readonly=True, help="What is still to be told to its attempt.")

    _attempt_unique = models.UniqueIndex("(attempt_id)")
    _token_unique = models.UniqueIndex("(token)")
    _of_campaign = models.Index("(campaign_id)")
    # What may still end for want of an answer, and what has happened since the last turn.
    _awaiting = models.Index("(sender_id, reply_until) WHERE reply_until IS NOT NULL")
    _happened = models.Index("(sender_id) WHERE event IS NOT NULL")

    # -- made -------------------------------------------------------------------------------------

    @api.model
    def _make_all(self, candidates):
        """The e-mail of each contact.

        :param candidates: list of ``tools.gates.Candidate`` with their attempt
        :return: ``{contact id: Made}``; without those that cannot be made
        """
        made = {}
        for step, contact_ids in group_by_step(candidates).items():
            campaign, attempt = self.env["ecm.campaign"]._get_step(step)
            template = (attempt.email_template_id or campaign.email_template_id).sudo()
            if template:
                made |= self._make_of_step(template, campaign, contact_ids)
        return made

    def _make_of_step(self, template, campaign, contact_ids):
        contacts = self.env["ecm.contact"].sudo().browse(contact_ids)
        files = tuple((file.name, file.raw, file.mimetype) for file in template.attachment_ids)
        subjects = self._render(template, "subject", contact_ids)
        bodies, made = self._render(template, "body_html", contact_ids), {}
        for contact in contacts:
            subject, body = subjects.get(contact.id), bodies.get(contact.id)
            email = email_normalize(contact.email)
            if subject and body and email:
                prepared = self._prepare(campaign, email, subject, str(body), files)
                made[contact.id] = prepared
        return made

    def _render(self, template, field, contact_ids):
        """One field for all, or for each by itself where one of them spoils it.

        :return: ``{contact id: text}``; without those for whom it cannot be made
        """
        options = {"post_process": True} if field == "body_html" else {}
        try:
            return template._render_field(field, contact_ids, options=options)
        except UserError:
            if len(contact_ids) == 1:
                return {}
        rendered = {}
        for contact_id in contact_ids:
            rendered |= self._render(template, field, [contact_id])
        return rendered

    def _prepare(self, campaign, email, subject, body, attachments):
        """An e-mail with its own links.

        :rtype: Made
        """
        token = secrets.token_urlsafe(24)
        base = campaign.get_base_url()
        opt_out_url = f"{base}/ecm_email/opt_out/{token}"
        track = partial(self._track, base, token) if campaign.email_counts_clicks else None
        picture = f"{base}/ecm_email/open/{token}.gif" if campaign.email_counts_opens else ""
        text = campaign.email_opt_out or self.env._("Unsubscribe")
        body = prepare_body(body, track, opt_out_url, text, picture)
        return Made(token, email, subject, body, opt_out_url, attachments)

    def _track(self, base, token, url):
        """The address that a link leads over."""
        query = urlencode({"u": url, "s": self._sign(token, url)})
        return f"{base}/ecm_email/click/{token}?{query}"

    def _sign(self, token, url):
        """What proves that a link is one of ours, and leads nowhere else."""
        return hmac(self.env(su=True), "ecm_email-click", (token, url))[:32]

    # -- sent -------------------------------------------------------------------------------------

    @api.model
    def _note_claimed(self, sender, batch, candidates):
        """Write down what is about to be sent, and until when an answer is awaited.

        :param batch: list of ``tools.channel.Outgoing``
        :param candidates: list of ``tools.gates.Candidate``, in the same order
        """
        now, rows, campaigns = fields.Datetime.now(), [], self.env["ecm.campaign"]
        steps = {step: campaigns._get_step(step)[1] for step in group_by_step(candidates)}
        for outgoing, candidate in zip(batch, candidates, strict=True):
            step, content = steps[candidate.step], outgoing.content
            # One that cannot be made is written down too: the attempt has its e-mail.
            row = New(
                attempt_id=outgoing.attempt_id,
                email=content.email if content else "",
                subject=content.subject if content else "",
                token=content.token if content else secrets.token_urlsafe(24),
                ends_on=step.email_ends_on or "reply",
                reply_until=now + timedelta(hours=step.email_reply_hours),
            )
            rows.append(row)
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_email_message (attempt_id, contact_id, campaign_id, company_id,
                                                  sender_id, email, subject, token, state, sent_at,
                                                  ends_on, reply_until)
                   SELECT a.id, a.contact_id, a.campaign_id, a.company_id, %s, v.email, v.subject,
                          v.token, 'waiting', %s, v.ends_on, v.reply_until
                     FROM %s JOIN ecm_attempt a ON a.id = v.attempt_id""",
                sender.id,
                now,
                values_of(rows, New),
            )
        )

    @api.model
    def _note_receipt(self, batch, receipt):
        """What the server said at once.

        :param batch: list of ``tools.channel.Outgoing``
        :param receipt: ``tools.channel.Receipt``
        """
        bounced, told = {result.key: result.raw_code for result in receipt.results}, []
        for outgoing in batch:
            key = outgoing.key
            state = "sent" if key in receipt.accepted else None
            state = "doubtful" if key in receipt.doubtful else state
            state = "failed" if key in receipt.refused else state
            state = "bounced" if key in bounced else state
            if state:
                told.append(Told(outgoing.attempt_id, state, bounced.get(key)))
        if not told:
            return
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_email_message m
                      SET failure = COALESCE(v.failure, m.failure),
                          bounced_at = CASE WHEN v.state = 'bounced' THEN %s ELSE m.bounced_at END,
                          state = CASE WHEN m.state = 'bounced' THEN m.state ELSE v.state END
                     FROM %s WHERE m.attempt_id = v.attempt_id""",
                fields.Datetime.now(),
                values_of(told, Told),
            )
        )
        self.invalidate_model()

    @api.model
    def _get_addresses(self, keys):
        """:return: ``{key of an attempt: address of its e-mail}``"""
        query = SQL(
            """SELECT a.key, m.email FROM ecm_attempt a
                 JOIN ecm_email_message m ON m.attempt_id = a.id
                WHERE a.key = ANY(%s) AND m.email <> ''""",
            list(keys),
        )
        return dict(self.env.execute_query(query))

    # -- what happens to them ---------------------------------------------------------------------

    @api.model
    def _find_of(self, tokens):
        """The e-mail that tokens name; of several the first one that there is.

        :return: one record with all rights, or none
        """
        if not tokens:
            return self.browse()
        found = self.sudo().search([("token", "in", list(tokens))])
        by_token = {message.token: message for message in found}
        return next((by_token[token] for token in tokens if token in by_token), self.browse())

    @api.model
    def _is_ours(self, token, url, signature):
        """Whether a link that is followed is one of an e-mail's own."""
        return consteq(self._sign(token, url), signature)

    def _note_event(self, what, url=None):
        """Somebody has opened an e-mail, followed a link, answered or opted out, or it has bounced:
        written down now, and told to its attempt in the sender's next turn.

        :param str what: a key of ``OUTCOMES``
        """
        self.ensure_one()
        values = {}
        if not self[f"{what}_at"]:
            values[f"{what}_at"] = fields.Datetime.now()
        if url and not self.clicked_url:
            values["clicked_url"] = url[:1000]
        if what == "bounced":
            values["state"] = "bounced"
        if self._is_answer(what):
            order = list(OUTCOMES)
            if not self.event or order.index(what) < order.index(self.event):
                values["event"] = what
        if values:
            self.write(values)
        if "event" in values:
            self.sender_id.sudo()._trigger_turn()

    def _is_answer(self, what):
        """Whether it ends the wait for an answer."""
        if what in ("opted_out", "bounced"):
            return True
        return what in ANSWERS.get(self.ends_on, OUTCOMES)

    def _opt_out(self):
        """The reader wants no more e-mails, from anybody of this database."""
        self.ensure_one()
        if email := email_normalize(self.email):
            note = self.env._("Opted out of an e-mail of %s.", self.campaign_id.name)
            self.env["mail.blacklist"].sudo()._add(email, message=note)
        self._note_event("opted_out")

    @api.model
    def _take_bounce(self, email_message):
        """An e-mail came back.

        :param email.message.EmailMessage email_message: what the other server wrote
        """
        status = read_bounce(email_message)
        if status is None:
            return
        found = self._find_of(find_tokens(email_message.as_string()[:MOST_CHARACTERS]))
        if found:
            if status and not found.failure:
                found.failure = status
            found._note_event("bounced")

    @api.model
    def _apply_events(self, sender, turn):
        """Tell attempts what has happened to their e-mails.

        :param turn: ``tools.turn.Turn``
        """
        engine = self.env["ecm.engine"]
        while engine._atomically(partial(self._apply_batch, sender)):
            reach("email.applied")
            if not turn.goes_on():
                sender._trigger_turn()
                break

    def _apply_batch(self, sender):
        """:return: how many e-mails there were; what is in doubt is settled before"""
        self.env.cr.execute(
            SQL(
                """SELECT m.id, a.key, m.event, m.failure
                     FROM ecm_email_message m JOIN ecm_attempt a ON a.id = m.attempt_id
                    WHERE m.sender_id = %s AND m.event IS NOT NULL AND a.state <> 'claimed'
                 ORDER BY m.id LIMIT %s FOR UPDATE OF m SKIP LOCKED""",
                sender.id,
                END_BATCH,
            )
        )
        rows = self.env.cr.fetchall()
        results = [
            Result(key, OUTCOMES[event], (event == "bounced" and failure) or "")
            for _id, key, event, failure in rows
        ]
        return self._end_rows([row[0] for row in rows], results)

    @api.model
    def _end_unanswered(self, sender, turn):
        """E-mails that nobody has answered in time end so (requirement S2).

        :param turn: ``tools.turn.Turn``
        """
        engine = self.env["ecm.engine"]
        while engine._atomically(partial(self._end_batch, sender)):
            reach("email.ended")
            if not turn.goes_on():
                sender._trigger_turn()
                break

    def _end_batch(self, sender):
        """:return: how many e-mails' time is over"""
        self.env.cr.execute(
            SQL(
                """SELECT m.id, a.key, a.state = 'sent'
                     FROM ecm_email_message m JOIN ecm_attempt a ON a.id = m.attempt_id
                    WHERE m.sender_id = %s AND m.reply_until <= %s AND a.state <> 'claimed'
                      AND m.event IS NULL
                 ORDER BY m.reply_until, m.id LIMIT %s FOR UPDATE OF m SKIP LOCKED""",
                sender.id,
                fields.Datetime.now(),
                END_BATCH,
            )
        )
        rows = self.env.cr.fetchall()
        # Those that have a result meanwhile need none.
        results = [Result(key, "email_no_reply") for _id, key, is_awaited in rows if is_awaited]
        return self._end_rows([row[0] for row in rows], results)

    def _end_rows(self, ids, results):
        """Apply results, after which nothing more is awaited of these e-mails."""
        if not ids:
            return 0
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_email_message SET reply_until = NULL, event = NULL WHERE id = ANY(%s)",
                ids,
            )
        )
        self.env["ecm.engine"]._apply_results(results)
        self.invalidate_model()
        return len(ids)
