from datetime import timedelta
from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..sender import Content
from ..tools.segments import measure
from .ecm_sms_gateway_settings import PRICE_DIGITS
from .ecm_sms_message import MESSAGE_STATES, get_state
from odoo.addons.ecm_campaign.const import PHONE_SIZE
from odoo.addons.ecm_campaign.sql import values_of
from odoo.addons.ecm_campaign.tools.channel import Outgoing
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.erasure import ERASED

# Later nobody expects it any more.
GOOD_FOR = timedelta(hours=24)
KEPT_FOR = timedelta(days=30)
DROP_AT_ONCE = 10_000
# What Odoo's own tracking calls a message's state.
TRACKED = {"sent": "pending", "doubtful": "pending", "delivered": "sent"}


class Told(NamedTuple):
    """What became of a notice."""

    id: int
    state: str
    failure: str | None
    reference: str | None


class EcmSmsNotice(models.Model):
    """A message that no campaign sends: an answer to STOP, START or HELP, and Odoo's own messages
    (requirements M3, M6).

    They go before the messages of campaigns, and are sent once at most: written down, claimed,
    sent, noted, each in a transaction of its own.
    """

    _name = "ecm.sms.notice"
    _description = "Message Outside of Campaigns"
    _inherit = ["ecm.transaction.mixin", "ecm.erasable.mixin"]
    _order = "id desc"
    _rec_name = "number"

    gateway_id = fields.Many2one(
        "ecm.sms.gateway", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    purpose = fields.Selection(
        [("answer", "Answer to a reply"), ("odoo", "Odoo's own")],
        required=True,
        readonly=True,
    )
    number = fields.Char(size=PHONE_SIZE, required=True, readonly=True)
    text = fields.Text(required=True, readonly=True)
    parts = fields.Integer(readonly=True, aggregator="sum")
    cost = fields.Float("Costs", digits=PRICE_DIGITS, readonly=True)
    state = fields.Selection(
        [("queued", "Waiting"), *MESSAGE_STATES],
        "Delivery",
        required=True,
        readonly=True,
        default="queued",
    )
    failure = fields.Char(readonly=True)
    made_at = fields.Datetime(
        "Written on", required=True, readonly=True, default=fields.Datetime.now
    )
    key = fields.Char("Our key", readonly=True)
    reference = fields.Char("The gateway's ID", readonly=True)
    claimed_at = fields.Datetime("Sent on", readonly=True)
    told_at = fields.Datetime("Reported on", readonly=True)
    sms_uuid = fields.Char("Of Odoo's message", readonly=True)

    _key_unique = models.UniqueIndex("(key) WHERE key IS NOT NULL")
    _open = models.Index("(gateway_id, id) WHERE state IN ('queued', 'waiting')")
    _referenced = models.Index("(gateway_id, reference) WHERE reference IS NOT NULL")
    _of_odoo = models.Index("(sms_uuid) WHERE sms_uuid IS NOT NULL")
    _number_made = models.Index("(number, made_at)")

    # -- erasure (N6) -----------------------------------------------------------------------------

    @api.model
    def _find_person(self, person):
        """Index on the number."""
        return self._find_by_number(person)

    @api.model
    def _erase_ids(self, ids):
        """That it was sent, and what it cost, stays; one that waits is not sent."""
        query = SQL(
            """UPDATE ecm_sms_notice
                  SET number = %s, text = %s,
                      state = CASE WHEN state = 'queued' THEN 'failed' ELSE state END
                WHERE id = ANY(%s) AND number <> %s""",
            ERASED,
            ERASED,
            list(ids),
            ERASED,
        )
        self.env.cr.execute(query)
        self.invalidate_model()
        return {self._name: self.env.cr.rowcount}

    # -- what is to be sent -----------------------------------------------------------------------

    @api.model
    def _queue(self, gateway, purpose, messages):
        """Have messages sent in the gateway's next turn.

        :param messages: list of ``(number in E.164, text, uuid of Odoo's message or False)``
        """
        # What a message costs is known from its text.
        vals_list = []
        for number, text, uuid in messages:
            parts = measure(text).parts
            vals_list.append(
                {
                    "gateway_id": gateway.id,
                    "company_id": gateway.company_id.id,
                    "purpose": purpose,
                    "number": number,
                    "text": text,
                    "parts": parts,
                    "cost": parts * gateway.part_price,
                    "sms_uuid": uuid,
                }
            )
        notices = self.sudo().create(vals_list)

        # Its key must be its own among those of all databases that send there.
        prefix = self.env["ecm.attempt"]._get_key_prefix()
        for notice in notices:
            notice.key = f"{prefix}n{notice.id:x}"
        gateway._trigger_soon()
        return notices

    @api.model
    def _queue_odoo(self, gateway, messages):
        """As `_queue`, for Odoo's own. One that is on its way is not sent again, whoever asks twice.

        :param messages: see `_queue`, with the uuid
        """
        by_uuid = {}
        for message in messages:
            _number, _text, uuid = message
            by_uuid[uuid] = message
        on_its_way = [("sms_uuid", "in", list(by_uuid)), ("state", "!=", "failed")]
        for known in self.search(on_its_way):
            by_uuid.pop(known.sms_uuid, None)
        return self._queue(gateway, "odoo", list(by_uuid.values()))

    @api.autovacuum
    def _gc_odoo(self):
        """Odoo's own messages stand in the chatter, where they belong: here they are kept for some
        time only.
        """
        limit = fields.Datetime.now() - KEPT_FOR
        is_old = [("purpose", "=", "odoo"), ("made_at", "<", limit)]
        old = self.search(is_old, limit=DROP_AT_ONCE)
        count = len(old)
        old.unlink()
        return count, count == DROP_AT_ONCE

    # -- sending ----------------------------------------------------------------------------------

    @api.model
    def _send_waiting(self, gateway, turn):
        """Send what waits for a gateway.

        :param turn: ``tools.turn.Turn``
        :raise exceptions.ChannelError: it takes nothing now; nothing is lost
        """
        engine = self.env["ecm.engine"]
        self._atomically(partial(self._settle_doubts, gateway))
        if not self._find_queued(gateway, 1):
            return
        with engine._exclusively(gateway) as is_ours:
            # What another process sends is sent.
            if not is_ours:
                return
            sender = gateway._get_sender()
            while batch := self._atomically(partial(self._claim, gateway)):
                reach("sms.notices_claimed")
                receipt = sender.send(batch)
                reach("sms.notices_sent")
                self._atomically(partial(self._note_receipt, gateway, batch, receipt))
                reach("sms.notices_noted")
                if receipt.failure:
                    raise receipt.failure
                if not turn.goes_on():
                    gateway._trigger_turn()
                    break

    def _find_queued(self, gateway, limit):
        waiting = [("gateway_id", "=", gateway.id), ("state", "=", "queued")]
        return self.search(waiting, order="id", limit=limit)

    def _claim(self, gateway):
        """:return: list of ``tools.channel.Outgoing``, at most one request's worth"""
        self.env.flush_all()
        now = fields.Datetime.now()
        notices = self._find_queued(gateway, gateway._get_next_size()).try_lock_for_update()
        # A gateway that failed for a day: nobody expects them any more.
        late = notices.filtered(lambda notice: notice.made_at < now - GOOD_FOR)
        late._tell([Told(notice.id, "failed", "sms_expired", None) for notice in late])
        notices -= late
        notices.write({"state": "waiting", "claimed_at": now})
        notices.flush_recordset()
        return [
            Outgoing(row.id, row.key, 0, row.number, "", "", Content(row.text)) for row in notices
        ]

    def _note_receipt(self, gateway, batch, receipt):
        """:param receipt: ``tools.channel.Receipt``"""
        if receipt.accepted and gateway.failure_count:
            gateway._forget_failures()
        failures = {result.key: result.raw_code for result in receipt.results}

        # What the gateway did not take waits for the next turn.
        told, unsent = [], []
        for outgoing in batch:
            state = get_state(outgoing.key, receipt, failures)
            if not state:
                unsent.append(outgoing.attempt_id)
                continue
            failure = failures.get(outgoing.key)
            reference = receipt.references.get(outgoing.key)
            told.append(Told(outgoing.attempt_id, state, failure, reference))
        self._tell(told)
        self.browse(unsent).write({"state": "queued", "claimed_at": False})

    def _settle_doubts(self, gateway):
        """What was claimed and never noted may have been sent: it counts as that."""
        before = fields.Datetime.now() - timedelta(seconds=gateway._get_doubt_seconds())
        claimed = [
            ("gateway_id", "=", gateway.id),
            ("state", "=", "waiting"),
            ("claimed_at", "<", before),
        ]
        doubtful = self.search(claimed).try_lock_for_update()
        self._tell([Told(notice.id, "doubtful", None, None) for notice in doubtful])

    # -- what became of them ----------------------------------------------------------------------

    @api.model
    def _tell(self, rows):
        """Write what is known of notices, and tell Odoo's own tracking. Nothing goes back: see
        ``ecm.sms.message``.

        :param rows: list of `Told`
        """
        if not rows:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_sms_notice n
                      SET state = v.state, told_at = %s,
                          failure = CASE WHEN v.state = 'delivered' THEN NULL
                                         ELSE COALESCE(n.failure, v.failure) END,
                          reference = COALESCE(n.reference, v.reference)
                     FROM %s
                    WHERE n.id = v.id AND n.state <> 'delivered'
                      AND (n.state <> 'failed' OR v.state = 'delivered')
                RETURNING n.id""",
                fields.Datetime.now(),
                values_of(rows, Told),
            )
        )
        changed = [notice_id for (notice_id,) in self.env.cr.fetchall()]
        self.invalidate_model()
        self.browse(changed).filtered("sms_uuid")._track()

    def _track(self):
        """Odoo shows in its own chatter what became of its messages (requirement M6)."""
        known = [("sms_uuid", "in", self.mapped("sms_uuid"))]
        trackers = self.env["sms.tracker"].sudo().search(known).grouped("sms_uuid")
        for notice in self:
            if tracker := trackers.get(notice.sms_uuid):
                notice._track_one(tracker)

    def _track_one(self, tracker):
        failure = self.failure or "unknown"
        if self.state in TRACKED:
            tracker._action_update_from_sms_state(TRACKED[self.state])
        elif failure in self.env["sms.sms"].DELIVERY_ERRORS:
            tracker._action_update_from_provider_error(failure.removeprefix("sms_"))
        elif self.state == "failed":
            known = dict(self.env["mail.notification"]._fields["failure_type"].selection)
            failure_type = failure if failure in known else "unknown"
            tracker._action_update_from_sms_state(
                "error", failure_type=failure_type, failure_reason=self.failure
            )
