import json
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.tools import SQL

from ..exceptions import WrongValue, refuse_emptied
from ..fields import BigInteger
from ..tools import receivers, signing
from ..tools.sender import TIMEOUT, Sender, get_delay
from ..tools.times import as_text
from odoo.addons.base.models.res_users import check_identity
from odoo.addons.ecm_campaign.actions import open_window

# Receivers that are sent to at the same time.
MAX_THREADS = 32
# Events that are made into deliveries of one webhook at once.
DISTRIBUTED = 5_000
MAX_BATCH = 500
# Of the seconds that a scheduled action has, so many stay for the last requests.
LEFT_SECONDS = 3
# Deliveries that nobody took are given up then.
MAX_DAYS = 3
GIVEN = ("name", "url", "event_kind", "batch_size", "active")


class EcmWebhook(models.Model):
    """An address of another system that is told of results (requirement R4).

    It follows the outcomes feed with a place of its own, in a scheduled action: results are stored
    whether or not anybody listens. Each receiver has a thread of its own, and its own pauses.
    """

    _name = "ecm.webhook"
    _description = "Webhook"
    _inherit = [
        "ecm.logged.mixin",
        "ecm.engine.fields.mixin",
        "ecm.transaction.mixin",
        "mail.thread",
    ]
    _order = "name, id"

    name = fields.Char(required=True, tracking=True, help="Of the system that is told.")
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
        help="It is told of this company's results.",
    )
    url = fields.Char(
        "Address",
        required=True,
        tracking=True,
        help="https://… It must lead out of your network, unless the API settings name its host.",
    )
    event_kind = fields.Selection(
        [("all", "Outcomes and corrections"), ("outcome", "First outcomes only")],
        "Told of",
        required=True,
        default="all",
    )
    campaign_ids = fields.Many2many(
        "ecm.campaign", string="Only of", check_company=True, help="Empty: of all campaigns."
    )
    batch_size = fields.Integer(
        "Events at once",
        required=True,
        default=100,
        help="So many results come in one request at most. 1: each has its own.",
    )
    secret = fields.Char(groups=fields.NO_ACCESS, copy=False, exportable=False)
    place = BigInteger(readonly=True, copy=False, aggregator=None, groups=fields.NO_ACCESS)
    after_id = BigInteger(
        readonly=True,
        copy=False,
        aggregator=None,
        groups=fields.NO_ACCESS,
        help="Events with lower ids were there before it.",
    )
    failure_count = fields.Integer("Failures in a row", readonly=True, copy=False)
    paused_until = fields.Datetime(readonly=True, copy=False)
    last_error = fields.Char(readonly=True, copy=False)
    delivery_ids = fields.One2many("ecm.webhook.delivery", "webhook_id", readonly=True)
    delivery_count = fields.Integer("Deliveries", compute="_compute_delivery_count")

    _batch_size_range = models.Constraint(
        f"CHECK(batch_size BETWEEN 1 AND {MAX_BATCH})", f"Events at once: 1 to {MAX_BATCH}."
    )

    def _compute_delivery_count(self):
        domain = [("webhook_id", "in", self.ids)]
        groups = self.env["ecm.webhook.delivery"]._read_group(domain, ["webhook_id"], ["__count"])
        counts = dict(groups)
        for webhook in self:
            webhook.delivery_count = counts.get(webhook, 0)

    @api.constrains("url")
    def _check_url(self):
        allowed = self._get_allowed()
        for webhook in self:
            try:
                receivers.parse(webhook.url, allowed)
            except receivers.Refused as refused:
                raise WrongValue(self._get_refusals()[refused.code], "url") from refused

    @api.model
    def _get_refusals(self):
        """:return: ``{code of tools.receivers: translated sentence}``"""
        return {
            "no_url": self.env._("This is no address such as https://crm.example.com/outcomes."),
            "not_https": self.env._("The address must begin with https://."),
            "has_user": self.env._(
                "An address has no user and password: check the signature instead."
            ),
        }

    @api.model
    def _get_allowed(self):
        """:rtype: receivers.Allowed"""
        return receivers.Allowed.parse(self.env["ecm.api"]._get_setting("webhook_hosts"))

    @api.model_create_multi
    def create(self, vals_list):
        webhooks = super().create(vals_list)
        self.env.cr.execute("SELECT COALESCE(max(id), 0) FROM ecm_api_event")
        [last_id] = self.env.cr.fetchone()
        for webhook in webhooks.sudo():
            # What was before it is not told, and nobody has seen its secret yet.
            webhook.write({"secret": signing.make_secret(), "place": 0, "after_id": last_id})
        return webhooks

    def write(self, vals):
        # Whoever mends it need not wait.
        if {"url", "active"} & set(vals):
            idle = {"paused_until": False, "failure_count": 0, "last_error": False}
            super(EcmWebhook, self.sudo()).write(idle)
            self._trigger()
        return super().write(vals)

    # -- buttons -----------------------------------------------------------------------------------

    def action_renew_secret(self):
        """Make another secret, and show it once, to whoever knows the password. The former one is
        not used any more.
        """
        self.ensure_one()
        self.check_access("write")
        return self._show_new_secret()

    @check_identity
    def _show_new_secret(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.users.apikeys.show",
            "name": self.env._("The webhook's secret"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key": self._renew_secret()},
        }

    def _renew_secret(self):
        self.check_access("write")
        secret = signing.make_secret()
        self.sudo().secret = secret
        return secret

    def action_send_test(self):
        """Send a request without results, to see whether it arrives."""
        self.check_access("write")
        self.env["ecm.webhook.delivery"]._make(self, [[]])
        self._trigger()
        return True

    def action_view_deliveries(self):
        """Open what was sent."""
        self.ensure_one()
        domain = [("webhook_id", "=", self.id)]
        xml_id = "ecm_rest_api.ecm_webhook_delivery_action"
        return open_window(self.env, xml_id, domain=domain, context={})

    # -- verbs of other systems (docs/api.md) ------------------------------------------------------

    @api.model
    def api_create(self, values):
        """Create a webhook, which is told of results from now on.

        :param dict values: ``name``, ``url``; ``event_kind`` (*all* or *outcome*), ``campaign_ids``,
            ``batch_size``, ``active``
        :return: dict of the webhook, with its ``secret``, which is never shown again
        """
        self.check_access("create")
        given = self._api_prepare(dict(values))
        for name in ("name", "url"):
            if not given.get(name):
                raise WrongValue(self.env._("It needs a name and an address."), name)
        created = self.create(
            {**given, "company_id": self.env.company.id} if self.env.su else given
        )
        return {**created._api_describe(), "secret": created.sudo().secret}

    @api.model
    def api_update(self, webhook_id, values):
        """Change a webhook.

        :return: dict of the webhook
        """
        self.check_access("write")
        found = self._api_find(webhook_id)
        found.write(self._api_prepare(dict(values)))
        return found._api_describe()

    @api.model
    def api_replay(self, webhook_id, cursor):
        """Tell everything again from a place of the outcomes feed on, in new deliveries.

        :param str cursor: of ``api_read_outcomes`` of ``ecm.api.event``; none: all that is kept
        :return: dict of the webhook
        """
        self.check_access("write")
        found = self._api_find(webhook_id)
        place = self.env["ecm.api.event"]._read_cursor(cursor)
        found.sudo().write({"place": place, "after_id": 0})
        found._trigger()
        return found._api_describe()

    @api.model
    def _api_find(self, webhook_id):
        everything = self.with_context(active_test=False)
        is_number = type(webhook_id) is int
        found = everything.search([("id", "=", webhook_id)]) if is_number else self.browse()
        if not found:
            raise MissingError(self.env._("There is no webhook %s for this key.", webhook_id))
        return found

    @api.model
    def _api_prepare(self, values):
        campaigns = values.pop("campaign_ids", None)
        for name in values:
            if name not in GIVEN:
                raise WrongValue(self.env._("There is no setting %s.", name), name)
        given = {name: value for name, value in values.items() if value is not None}
        refuse_emptied(self, given)
        if campaigns is not None:
            found = [self.env["ecm.campaign"]._api_find(campaign).id for campaign in campaigns]
            given["campaign_ids"] = [fields.Command.set(found)]
        return given

    def _api_describe(self):
        self.ensure_one()
        return {
            "id": self.id,
            "name": self.name,
            "url": self.url,
            "event_kind": self.event_kind,
            "campaign_ids": self.campaign_ids.ids,
            "batch_size": self.batch_size,
            "active": self.active,
            "failures": self.failure_count,
            "paused_until": as_text(self.paused_until),
            "last_error": self.last_error or None,
        }

    # -- sending -----------------------------------------------------------------------------------

    @api.model
    def _trigger(self, at=None):
        self.env.ref("ecm_rest_api.ir_cron_webhooks").sudo()._trigger(at)

    @api.model
    def _cron_send(self):
        """Make deliveries of what was noted, and send what is due."""
        self._distribute_all()
        with self._open_sender() as (pool, sender):
            _Turn(self, pool, sender).run()
        self._commit(remaining=0)

    @contextmanager
    def _open_sender(self):
        """:return: threads, and what they send with"""
        pool, sender = ThreadPoolExecutor(MAX_THREADS), Sender(self._get_allowed())
        try:
            yield pool, sender
        finally:
            # One that takes no end is not waited for: its delivery is tried again.
            pool.shutdown(wait=False, cancel_futures=True)
            sender.close()

    @api.model
    def _distribute_all(self):
        """Make deliveries of what was noted since the last run."""
        webhooks = self.search([])
        if not webhooks:
            return
        with self.env["ecm.api.event"]._after_placing():
            pass
        self._commit()
        for webhook in webhooks:
            while self._atomically(webhook._distribute):
                pass

    def _distribute(self):
        """:return: whether there may be more"""
        self.ensure_one()
        self.invalidate_recordset()
        self.env.cr.execute("SELECT COALESCE(max(place), 0) FROM ecm_api_event")
        [last] = self.env.cr.fetchone()
        rows = self._get_events()
        batches, size = [], self.batch_size
        for start in range(0, len(rows), size):
            batches.append([event_id for event_id, _place in rows[start : start + size]])
        if batches:
            self.env["ecm.webhook.delivery"]._make(self, batches)
        has_more = len(rows) == DISTRIBUTED
        place = rows[-1][1] if has_more else max(last, self.place)
        if place != self.place:
            self.place = place
        return has_more

    def _get_events(self):
        """Those that it is told of next (index ``ecm_api_event__place``).

        :return: list of ``(id, place)``
        """
        wanted = SQL("TRUE")
        if self.campaign_ids:
            wanted = SQL("e.campaign_id = ANY(%s)", self.campaign_ids.ids)
        if self.event_kind == "outcome":
            wanted = SQL("%s AND e.kind = 'outcome'", wanted)
        self.env.cr.execute(
            SQL(
                """SELECT e.id, e.place FROM ecm_api_event e
                    WHERE e.place > %s AND e.id > %s AND e.company_id = %s AND %s
                 ORDER BY e.place LIMIT %s""",
                self.place,
                self.after_id,
                self.company_id.id,
                wanted,
                DISTRIBUTED,
            )
        )
        return self.env.cr.fetchall()

    def _note_sent(self, sent):
        """What a request says of the receiver.

        :param sent: ``tools.sender.Sent``
        """
        if sent.is_taken:
            if self.failure_count:
                self.write({"failure_count": 0, "paused_until": False, "last_error": False})
        elif sent.is_gone:
            self.write({"active": False})
            self.write({"last_error": sent.error})
            self.message_post(body=self.env._("The receiver wants no more requests (HTTP 410)."))
        elif sent.fails_all:
            failures = self.failure_count + 1
            until = fields.Datetime.now() + timedelta(seconds=max(get_delay(failures), sent.wait))
            self.write({"failure_count": failures, "paused_until": until, "last_error": sent.error})
            self._trigger(until)


class _Turn:
    """One run of the scheduled action: as long as there is time, whoever is free is sent to.

    :param webhooks: the model
    """

    def __init__(self, webhooks, pool, sender):
        self.webhooks = webhooks
        self.deliveries = webhooks.env["ecm.webhook.delivery"]
        self.pool, self.sender = pool, sender
        self.busy = {}  # by future
        self.hard_end = float("inf")

    def run(self):
        left = self.webhooks._commit(remaining=1)
        self.hard_end = time.monotonic() + left + TIMEOUT
        ends_at = time.monotonic() + max(left - LEFT_SECONDS, 0)
        while True:
            now = time.monotonic()
            # While somebody slow is waited for, the others go on.
            if now < ends_at or (self.busy and now < self.hard_end - 2 * TIMEOUT):
                self._start_others()
            if not self.busy:
                return
            if time.monotonic() > self.hard_end:
                self.webhooks._trigger()
                return
            done, _waiting = wait(self.busy, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                delivery = self.busy.pop(future)
                sent = future.result()
                self.webhooks._atomically(partial(delivery._note_sent, sent))

    def _start_others(self):
        """Begin the next request to each receiver that is not being sent to."""
        occupied = [delivery.webhook_id.id for delivery in self.busy.values()]
        room = MAX_THREADS - len(occupied)
        claimed = self.webhooks._atomically(partial(self.deliveries._claim, occupied, room))
        for delivery, request in claimed:
            future = self.pool.submit(self.sender.send, *request)
            self.busy[future] = delivery


def make_body(kind, items):
    """The body of a request, as docs/api.md says.

    :param str kind: *outcomes* or *test*
    :param items: see ``_describe`` of ``ecm.api.event``
    """
    timestamp = fields.Datetime.now().isoformat() + "Z"
    body = {"type": kind, "timestamp": timestamp, "events": items}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
