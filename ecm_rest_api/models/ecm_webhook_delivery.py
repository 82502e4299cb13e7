import secrets
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import MissingError, UserError
from odoo.tools import SQL

from ..tools import signing
from ..tools.sender import get_delay
from ..tools.times import as_text
from .ecm_webhook import MAX_DAYS, make_body


class EcmWebhookDelivery(models.Model):
    """A request to a receiver, and what became of it. It is made before it is sent and tried until
    it is taken: at least once, with one id however often. What it tells is read when it is sent, so
    nobody's number is kept here.
    """

    _name = "ecm.webhook.delivery"
    _description = "Webhook Delivery"
    _order = "id desc"
    _rec_name = "uid"
    _log_access = False

    webhook_id = fields.Many2one(
        "ecm.webhook", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    uid = fields.Char("Id", required=True, readonly=True, help="webhook-id of each try.")
    event_ids = fields.Json(readonly=True)
    event_count = fields.Integer("Events", readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("delivered", "Delivered"),
            ("failed", "Given up"),
        ],
        required=True,
        readonly=True,
    )
    made_at = fields.Datetime("Made on", required=True, readonly=True)
    next_try_at = fields.Datetime("Next try on", readonly=True)
    tries = fields.Integer(readonly=True, aggregator=None)
    delivered_at = fields.Datetime("Delivered on", readonly=True)
    status = fields.Integer("HTTP status", readonly=True, aggregator=None)
    duration_ms = fields.Float("Duration (ms)", digits=(10, 1), readonly=True, aggregator="avg")
    error = fields.Char(readonly=True)

    _uid_unique = models.UniqueIndex("(uid)")
    # What is due, of each receiver the oldest first.
    _due = models.Index("(webhook_id, id) WHERE state = 'waiting'")
    _made_at_index = models.Index("(made_at)")

    @api.model
    def _make(self, webhook, batches):
        """Deliveries that are sent as soon as the receiver is free.

        :param batches: list of lists of ids of events; an empty one is a test
        """
        now = fields.Datetime.now()
        return self.sudo().create(
            [
                {
                    "webhook_id": webhook.id,
                    "company_id": webhook.company_id.id,
                    "uid": f"msg_{secrets.token_hex(12)}",
                    "event_ids": batch,
                    "event_count": len(batch),
                    "state": "waiting",
                    "made_at": now,
                    "next_try_at": now,
                }
                for batch in batches
            ]
        )

    def action_replay(self):
        """Send it again, with the same id: a receiver that has it already can tell."""
        webhooks = self.webhook_id
        webhooks.check_access("write")
        if any(delivery.state == "waiting" for delivery in self):
            raise UserError(self.env._("It is still to be sent."))
        now = fields.Datetime.now()
        self.sudo().write(
            {"state": "waiting", "made_at": now, "next_try_at": now, "tries": 0, "error": False}
        )
        webhooks._trigger()
        return True

    # -- sending -----------------------------------------------------------------------------------

    @api.model
    def _claim(self, occupied, room):
        """Count a try before it is made: what dies on the way is tried again.

        :param occupied: ids of webhooks that are being sent to
        :param room: how many at most
        :return: list of ``(delivery, (url, body, headers))``
        """
        self.env.flush_all()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """SELECT d.id FROM ecm_webhook w
                     JOIN LATERAL (SELECT id FROM ecm_webhook_delivery
                                    WHERE webhook_id = w.id AND state = 'waiting'
                                      AND next_try_at <= %(now)s
                                 ORDER BY id LIMIT 1) d ON TRUE
                    WHERE w.active AND (w.paused_until IS NULL OR w.paused_until <= %(now)s)
                      AND NOT w.id = ANY(%(occupied)s)
                 ORDER BY d.id LIMIT %(room)s""",
                now=now,
                occupied=list(occupied),
                room=room,
            )
        )
        claimed = self.browse([row[0] for row in self.env.cr.fetchall()])
        claimed.invalidate_recordset()
        result = []
        for delivery in claimed:
            delay = timedelta(seconds=get_delay(delivery.tries + 1))
            delivery.write({"tries": delivery.tries + 1, "next_try_at": now + delay})
            result.append((delivery, delivery._prepare_request()))
        return result

    def _prepare_request(self):
        """:return: ``(url, body, headers)``"""
        webhook = self.webhook_id.sudo()
        events = self.env["ecm.api.event"].browse(self.event_ids or []).exists()
        body = make_body("outcomes" if self.event_ids else "test", events.sudo()._describe())
        timestamp = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": self.uid,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signing.sign(webhook.secret, self.uid, timestamp, body),
        }
        return webhook.url, body, headers

    def _note_sent(self, sent):
        """:param sent: ``tools.sender.Sent``"""
        self.invalidate_recordset()
        # Its webhook was deleted while it was on its way.
        if not self.exists():
            return
        now = fields.Datetime.now()
        values = {
            "status": sent.status,
            "duration_ms": round(sent.seconds * 1000, 1),
            "error": sent.error or False,
        }
        if sent.is_taken:
            values |= {"state": "delivered", "delivered_at": now, "next_try_at": False}
        elif self.made_at < now - timedelta(days=MAX_DAYS):
            values |= {"state": "failed", "next_try_at": False}
        self.write(values)
        self.webhook_id._note_sent(sent)
        # Its turn comes first when the receiver is back.
        until = self.webhook_id.paused_until
        if sent.fails_all and self.state == "waiting" and until:
            self.next_try_at = until
        elif self.state == "waiting":
            self.webhook_id._trigger(self.next_try_at)

    # -- verbs of other systems --------------------------------------------------------------------

    @api.model
    def api_replay_delivery(self, delivery_id):
        """Send a delivery again, with the same id.

        :return: dict of the delivery
        """
        self.check_access("read")
        found = self._api_find(delivery_id)
        found.action_replay()
        return found._api_describe()

    @api.model
    def _api_find(self, delivery_id):
        is_number = type(delivery_id) is int
        found = self.search([("id", "=", delivery_id)]) if is_number else self.browse()
        if not found:
            raise MissingError(self.env._("There is no delivery %s for this key.", delivery_id))
        return found

    def _api_describe(self):
        self.ensure_one()
        return {
            "id": self.id,
            "webhook_id": self.webhook_id.id,
            "uid": self.uid,
            "state": self.state,
            "events": self.event_count,
            "made_at": as_text(self.made_at),
            "tries": self.tries,
            "next_try_at": as_text(self.next_try_at),
            "delivered_at": as_text(self.delivered_at),
            "status": self.status or None,
            "error": self.error or None,
        }

    @api.autovacuum
    def _gc_deliveries(self):
        """Delete what is older than the settings say.

        :return: how many were deleted, and whether some may be left
        """
        days = self.env["ecm.api"]._get_setting("event_days")
        before = fields.Datetime.now() - timedelta(days=days)
        return self.env["ecm.api"]._delete_before(self, "made_at", before)
