from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..clients.callbacks import Report
from ..clients.http_gateway import Question
from ..sender import Content
from ..tools.links import find_links, replace_links, sign_links
from ..tools.segments import measure
from .ecm_sms_gateway_settings import PRICE_DIGITS
from odoo.addons.ecm_campaign.const import PHONE_SIZE
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.sql import values_of
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.gates import group_by_step
from odoo.addons.ecm_campaign.tools.results import Result

CHANNEL = "sms"
END_BATCH = 2000
# A gateway that does not report is asked about a message after a minute, then ever less often, and
# no more after so long.
ASK_BATCH = 200
ASK_FIRST, ASK_LAST = timedelta(minutes=1), timedelta(hours=1)
ASK_LONGEST = timedelta(days=3)
# So many parts a message has at most: a longer one is a mistake in its template.
MOST_PARTS = 10
MOST_LETTERS = 160 * MOST_PARTS
MESSAGE_STATES = [
    ("waiting", "Being sent"),
    ("sent", "Sent"),
    ("doubtful", "Sent or not"),
    ("delivered", "Delivered"),
    ("failed", "Failed"),
]


class New(NamedTuple):
    """A message on its way, of an attempt that is being claimed."""

    attempt_id: int
    text: str
    parts: int
    cost: float | None
    reply_until: datetime
    reference: str | None


class Told(NamedTuple):
    """What became of a message."""

    attempt_id: int
    state: str
    failure: str | None
    reference: str | None


class Unanswered(NamedTuple):
    """A message whose time for a reply is over."""

    id: int
    key: str
    is_awaited: bool


class EcmSmsMessage(models.Model):
    """What an SMS attempt has sent, and what became of it (requirements M2, M4, M5).

    Written in the claim's transaction, before anything is sent, and never sent again: what is in
    doubt counts as sent.
    """

    _name = "ecm.sms.message"
    _description = "Message"
    _order = "id desc"
    _rec_name = "number"
    _log_access = False

    attempt_id = fields.Many2one("ecm.attempt", required=True, readonly=True, ondelete="cascade")
    contact_id = UncheckedMany2one("ecm.contact", required=True, readonly=True, index=True)
    campaign_id = UncheckedMany2one("ecm.campaign", required=True, readonly=True)
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    gateway_id = UncheckedMany2one("ecm.sms.gateway", required=True, readonly=True)
    number = fields.Char(size=PHONE_SIZE, readonly=True)
    text = fields.Text(readonly=True)
    parts = fields.Integer(readonly=True, aggregator="sum", help="That it is sent and paid in.")
    cost = fields.Float(
        "Costs", digits=PRICE_DIGITS, readonly=True, help="Parts at the gateway's price then."
    )
    currency_id = UncheckedMany2one("res.currency", readonly=True)
    state = fields.Selection(
        MESSAGE_STATES,
        "Delivery",
        required=True,
        readonly=True,
        default="waiting",
    )
    failure = fields.Char(readonly=True)
    sent_at = fields.Datetime("Sent on", required=True, readonly=True)
    told_at = fields.Datetime("Reported on", readonly=True)
    reference = fields.Char("The gateway's ID", readonly=True)
    reply_until = fields.Datetime("Reply awaited until", readonly=True)
    ask_at = fields.Datetime("Status is asked for on", readonly=True)

    _attempt_unique = models.UniqueIndex("(attempt_id)")
    _of_campaign = models.Index("(campaign_id)")
    # What may still end for want of a reply.
    _awaiting = models.Index("(gateway_id, reply_until) WHERE reply_until IS NOT NULL")
    # What a gateway that does not report is to be asked about.
    _asking = models.Index("(gateway_id, ask_at) WHERE ask_at IS NOT NULL")
    _referenced = models.Index("(reference) WHERE reference IS NOT NULL")

    # -- texts ------------------------------------------------------------------------------------

    @api.model
    def _make_texts(self, candidates):
        """The text of each contact, with the opt-out text of its campaign.

        :param candidates: list of ``tools.gates.Candidate`` with their attempt
        :return: ``{contact id: text}``; without those whose text cannot be made
        """
        texts = {}
        for step, contact_ids in group_by_step(candidates).items():
            campaign, attempt = self.env["ecm.campaign"]._get_step(step)
            template = attempt.sms_template_id or campaign.sms_template_id
            if not template:
                continue
            made = self._make_texts_of(template.sudo(), campaign, contact_ids)
            texts |= _finish_texts(made, campaign.sms_opt_out)
        return texts

    @api.model
    def _make_sample(self, template, contact):
        """A message as one contact would get it; nothing is written. A short link that is not there
        yet is as long as it would be.

        :return: the text, empty where none would be sent
        :raise UserError: it cannot be made
        """
        campaign, source = contact.campaign_id, template.body or ""
        shortened = {}
        if campaign.sms_counts_clicks:
            host = self.env["link.tracker"].get_base_url()
            shortened = dict.fromkeys(find_links(source), f"{host}/r/AbC")
        source = replace_links(source, shortened)
        texts = template._render_source(source, contact.ids)
        text = sign_links(texts[contact.id], shortened.values(), contact.id)
        finished = _finish_texts({contact.id: text}, campaign.sms_opt_out)
        return finished.get(contact.id, "")

    def _make_texts_of(self, template, campaign, contact_ids):
        """The texts of one message; links that are the same for all are short, and each contact's
        own.
        """
        if not campaign.sms_counts_clicks:
            return template._render_for_contacts(contact_ids)
        trackers = self.env["link.tracker"]
        shortened = trackers._shorten_for_campaign(find_links(template.body), campaign)
        source = replace_links(template.body, shortened)
        texts = template._render_for_contacts(contact_ids, source)
        return {
            contact_id: sign_links(text, shortened.values(), contact_id)
            for contact_id, text in texts.items()
        }

    # -- what becomes of them ---------------------------------------------------------------------

    @api.model
    def _note_claimed(self, gateway, batch, candidates):
        """Write down what is about to be sent, and until when a reply is awaited.

        :param batch: list of ``tools.channel.Outgoing``
        :param candidates: list of ``tools.gates.Candidate``, in the same order
        """
        now, patience, rows = fields.Datetime.now(), self._get_patience(candidates), []
        for outgoing, candidate in zip(batch, candidates, strict=True):
            # A text that cannot be made is written down too: the attempt has its message.
            content = outgoing.content or Content("")
            parts = measure(content.text).parts
            row = New(
                attempt_id=outgoing.attempt_id,
                text=content.text,
                parts=parts,
                cost=parts * gateway.part_price or None,
                reply_until=now + patience[candidate.step],
                reference=content.reference or None,
            )
            rows.append(row)
        self._insert(gateway, rows, now)
        if gateway._is_odoo():
            self._insert_trackers([row.attempt_id for row in rows])

    def _get_patience(self, candidates):
        """How long a reply to each step's message is awaited.

        :return: ``{step as ``Candidate.step`` has it: timedelta}``
        """
        patience = {}
        for step in group_by_step(candidates):
            _campaign, attempt = self.env["ecm.campaign"]._get_step(step)
            patience[step] = timedelta(hours=attempt.reply_hours)
        return patience

    def _insert(self, gateway, rows, now):
        """:param rows: list of `New`, at least one"""
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_sms_message (attempt_id, contact_id, campaign_id, company_id,
                                                gateway_id, number, text, parts, cost, currency_id,
                                                state, sent_at, reply_until, ask_at, reference)
                   SELECT a.id, a.contact_id, a.campaign_id, a.company_id, %s, a.number, v.text,
                          v.parts, v.cost, CASE WHEN v.cost IS NOT NULL THEN %s::int END,
                          'waiting', %s, v.reply_until, %s, v.reference
                     FROM %s JOIN ecm_attempt a ON a.id = v.attempt_id""",
                gateway.id,
                gateway.currency_id.id,
                now,
                now + ASK_FIRST if gateway._is_to_be_asked() else None,
                values_of(rows, New),
            )
        )

    def _insert_trackers(self, attempt_ids):
        """What Odoo's providers report to: a tracker for each message. And one of Odoo's own
        messages, by which ``sms_twilio`` finds the company that a report is signed for; Odoo's next
        cleaning takes it away.
        """
        self.env.cr.execute(
            SQL(
                """INSERT INTO sms_tracker (sms_uuid, ecm_message_id)
                   SELECT reference, id FROM ecm_sms_message
                    WHERE attempt_id = ANY(%s) AND reference IS NOT NULL""",
                attempt_ids,
            )
        )
        # It is Odoo's own, as far as Odoo's queue and its cleaning are concerned.
        self.env.cr.execute(
            SQL(
                """INSERT INTO sms_sms (uuid, number, state, to_delete, ecm_company_id)
                   SELECT reference, number, 'pending', TRUE, company_id
                     FROM ecm_sms_message
                    WHERE attempt_id = ANY(%s) AND reference IS NOT NULL""",
                attempt_ids,
            )
        )

    @api.model
    def _note_receipt(self, batch, receipt):
        """What the gateway said at once.

        :param batch: list of ``tools.channel.Outgoing``
        :param receipt: ``tools.channel.Receipt``
        """
        failures, told = {result.key: result.raw_code for result in receipt.results}, []
        for outgoing in batch:
            state = get_state(outgoing.key, receipt, failures)
            if state:
                failure = failures.get(outgoing.key)
                reference = receipt.references.get(outgoing.key)
                told.append(Told(outgoing.attempt_id, state, failure, reference))
        self._tell(told)

    @api.model
    def _tell(self, rows):
        """Write what is known of messages. Nothing goes back: what was delivered stays so, and what
        failed may still have been delivered.

        :param rows: list of `Told`
        """
        if not rows:
            return
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_sms_message m
                      SET state = CASE WHEN m.state = 'delivered' THEN m.state
                                       WHEN m.state = 'failed' AND v.state <> 'delivered'
                                       THEN m.state
                                       ELSE v.state END,
                          failure = CASE WHEN v.state = 'delivered' THEN NULL
                                         ELSE COALESCE(m.failure, v.failure) END,
                          reference = COALESCE(m.reference, v.reference),
                          ask_at = CASE WHEN v.state IN ('delivered', 'failed') THEN NULL
                                        ELSE m.ask_at END,
                          told_at = %s
                     FROM %s
                    WHERE m.attempt_id = v.attempt_id""",
                fields.Datetime.now(),
                values_of(rows, Told),
            )
        )
        self.invalidate_model()

    # -- asking -----------------------------------------------------------------------------------

    @api.model
    def _ask_open(self, gateway, turn):
        """Ask a gateway that does not report by itself what became of its messages (requirement
        M2). What it says is kept as a report of its own would be.

        :param turn: ``tools.turn.Turn``
        """
        engine, client = self.env["ecm.engine"], gateway._get_client()
        while questions := engine._atomically(partial(self._claim_questions, gateway)):
            reach("sms.asking")
            said = client.ask(questions)
            reach("sms.asked")
            reports = [Report(key, "", status) for key, status in said.items()]
            engine._atomically(partial(self.env["ecm.sms.report"]._keep, gateway, reports))
            reach("sms.told")
            if not turn.goes_on():
                gateway._trigger_turn()
                break

    def _claim_questions(self, gateway):
        """Messages to ask about now, which are asked about again later: the longer they are under
        way, the later, and not for ever.

        :return: list of ``clients.http_gateway.Question``
        """
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_sms_message m
                      SET ask_at = CASE WHEN m.sent_at > %(oldest)s
                                        THEN %(now)s + GREATEST(%(first)s, LEAST(%(last)s,
                                                                 %(now)s - m.sent_at)) END
                     FROM (SELECT id FROM ecm_sms_message
                            WHERE gateway_id = %(gateway)s AND ask_at <= %(now)s
                         ORDER BY ask_at, id LIMIT %(limit)s
                              FOR UPDATE SKIP LOCKED) AS due, ecm_attempt a
                    WHERE m.id = due.id AND a.id = m.attempt_id
                RETURNING a.key, m.number, COALESCE(m.reference, '')""",
                oldest=now - ASK_LONGEST,
                now=now,
                first=ASK_FIRST,
                last=ASK_LAST,
                gateway=gateway.id,
                limit=ASK_BATCH,
            )
        )
        self.invalidate_model()
        return [Question(*row) for row in self.env.cr.fetchall()]

    # -- no reply ---------------------------------------------------------------------------------

    @api.model
    def _end_unanswered(self, gateway, turn):
        """Messages that nobody has replied to in time end so (requirement S2).

        :param turn: ``tools.turn.Turn``
        """
        engine = self.env["ecm.engine"]
        while engine._atomically(partial(self._end_batch, gateway)):
            reach("sms.ended")
            if not turn.goes_on():
                gateway._trigger_turn()
                break

    def _end_batch(self, gateway):
        """:return: how many messages' time is over"""
        rows = self._lock_unanswered(gateway, fields.Datetime.now())
        if not rows:
            return 0
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_sms_message SET reply_until = NULL WHERE id = ANY(%s)",
                [row.id for row in rows],
            )
        )
        # Those that have a result meanwhile need none.
        results = [Result(row.key, "sms_no_reply") for row in rows if row.is_awaited]
        self.env["ecm.engine"]._apply_results(results)
        self.invalidate_model()
        return len(rows)

    def _lock_unanswered(self, gateway, now):
        """:return: list of `Unanswered`; what is in doubt is settled before"""
        self.env.cr.execute(
            SQL(
                """SELECT m.id, a.key, a.state = 'sent'
                     FROM ecm_sms_message m JOIN ecm_attempt a ON a.id = m.attempt_id
                    WHERE m.gateway_id = %s AND m.reply_until <= %s AND a.state <> 'claimed'
                 ORDER BY m.reply_until, m.id LIMIT %s
                      FOR UPDATE OF m SKIP LOCKED""",
                gateway.id,
                now,
                END_BATCH,
            )
        )
        return [Unanswered(*row) for row in self.env.cr.fetchall()]


def _finish_texts(texts, opt_out):
    """Texts with what stands at their end, without those that are empty or far too long."""
    finished = {}
    for contact_id, text in texts.items():
        text = (text or "").strip()
        if text and opt_out:
            text = f"{text}\n{opt_out}"
        # What a template has multiplied is not even measured.
        if len(text) <= MOST_LETTERS and 0 < measure(text).parts <= MOST_PARTS:
            finished[contact_id] = text
    return finished


def get_state(key, receipt, failures):
    """A message's state after a receipt, or None: it was not sent."""
    if key in failures or key in receipt.refused:
        return "failed"
    if key in receipt.doubtful:
        return "doubtful"
    return "sent" if key in receipt.accepted else None
