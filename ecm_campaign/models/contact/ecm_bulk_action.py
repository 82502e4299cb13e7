import logging
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...actions import CLOSE, notify, open_form
from ...formatting import get_label, say_moment
from ...tools.crash_points import reach
from .ecm_contact_bulk import Order, Start

_logger = logging.getLogger(__name__)

# Contacts of one transaction: a second or two. What a slice needs to know is read anew for each.
SLICE = 20_000
# So few are changed at once, while the supervisor waits.
AT_ONCE = 1000
UNDO_DAYS = 7

WAITING = ("queued", "running", "undoing")
ENDED = ("done", "cancelled", "failed")


class Counts(NamedTuple):
    """Contacts of parts: all, changed, being called, changed back."""

    contacts: int
    changed: int
    busy: int
    undone: int

    def __add__(self, other):
        return Counts(*map(sum, zip(self, other, strict=True)))


NOTHING = Counts(0, 0, 0, 0)


class EcmBulkAction(models.Model):
    """One change of many contacts, in the background (requirements L9, L10).

    Whom it is about is frozen as ids when it is asked for, with the rights of whoever asks. Each
    slice is one transaction, with its counters and with what the contacts were before: a job that
    was cut off goes on with the next slice, and can be undone.
    """

    _name = "ecm.bulk.action"
    _inherit = ["ecm.bulk.choices.mixin", "ecm.transaction.mixin"]
    _description = "Bulk Action"
    _order = "id desc"

    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
            ("undoing", "Being undone"),
            ("undone", "Undone"),
        ],
        required=True,
        default="queued",
        readonly=True,
    )
    source = fields.Char("Contacts of", readonly=True, help="What the contacts were chosen from.")
    user_id = fields.Many2one("res.users", "Asked for by", readonly=True)
    company_id = fields.Many2one(index=True, readonly=True)
    campaign_id = fields.Many2one(ondelete="set null", readonly=True)
    list_id = fields.Many2one(ondelete="set null", readonly=True)
    # Counted in the parts: this row is free for whoever cancels the job.
    total_count = fields.Integer("Chosen", compute="_compute_counts")
    processed_count = fields.Integer("Looked at", compute="_compute_counts")
    changed_count = fields.Integer("Changed", compute="_compute_counts")
    busy_count = fields.Integer(
        "Being called", compute="_compute_counts", help="Left alone: their result is awaited."
    )
    left_count = fields.Integer(
        "Left as they are",
        compute="_compute_counts",
        help="They changed since they were chosen, or the action does not fit them: somebody with "
        "the same number is open there already, a customer asked for the time of a callback, a "
        "list is over.",
    )
    undone_count = fields.Integer("Changed back", compute="_compute_counts")
    progress = fields.Float(compute="_compute_progress")
    result = fields.Char(compute="_compute_result")
    started_at = fields.Datetime("Started on", readonly=True)
    finished_at = fields.Datetime("Finished on", readonly=True)
    error = fields.Char(readonly=True)
    part_ids = fields.One2many("ecm.bulk.action.part", "bulk_id", readonly=True)
    undo_until = fields.Datetime(
        "Undo until",
        compute="_compute_undo_until",
        help="What the contacts were before is kept until then.",
    )
    can_undo = fields.Boolean(compute="_compute_undo_until")

    _waiting = models.Index("(id) WHERE state IN ('queued', 'running', 'undoing')")

    @api.depends("action", "source")
    def _compute_display_name(self):
        for job in self:
            label = get_label(self.env, self._name, "action", job.action)
            job.display_name = f"{label}: {job.source}" if job.source else label

    @api.depends("state")
    def _compute_counts(self):
        counts = self._count_parts()
        for job in self:
            every = counts.get((job.id, True), NOTHING) + counts.get((job.id, False), NOTHING)
            done = counts.get((job.id, True), NOTHING)
            job.total_count = every.contacts
            job.processed_count = done.contacts
            job.changed_count = done.changed
            job.busy_count = done.busy
            job.left_count = done.contacts - done.changed - done.busy
            job.undone_count = done.undone

    def _count_parts(self):
        """:return: ``{(job id, whether the parts are done): Counts}``"""
        names = ("contact_count", "changed_count", "busy_count", "undone_count")
        groups = (
            self.env["ecm.bulk.action.part"]
            .sudo()
            ._read_group(
                [("bulk_id", "in", self.ids)],
                ["bulk_id", "is_done"],
                [f"{name}:sum" for name in names],
            )
        )
        counts = {}
        for job, is_done, *sums in groups:
            counts[job.id, is_done] = Counts(*sums)
        return counts

    @api.depends("processed_count", "total_count", "state")
    def _compute_progress(self):
        for job in self:
            share = job.processed_count / job.total_count if job.total_count else 1.0
            job.progress = 100.0 * share

    @api.depends("finished_at", "state")
    def _compute_undo_until(self):
        now = fields.Datetime.now()
        for job in self:
            job.undo_until = False
            if job.state in ENDED and job.changed_count:
                job.undo_until = job.finished_at + timedelta(days=UNDO_DAYS)
            job.can_undo = bool(job.undo_until and job.undo_until > now)

    @api.depends("state", "changed_count", "busy_count", "processed_count", "undone_count")
    def _compute_result(self):
        for job in self:
            job.result = " ".join(job._get_result_sentences())

    def _get_result_sentences(self):
        """What became of the contacts; what did not happen is not mentioned."""
        if self.state == "queued":
            return [self.env._("Waits for its turn.")]
        sentences = [self._get_changed_sentence()]
        if self.busy_count:
            sentences.append(
                self.env._("%s are being called and were left alone.", self.busy_count)
            )
        if self.left_count:
            sentences.append(self.env._("%s did not fit and stay as they are.", self.left_count))
        if self.undone_count:
            sentences.append(self.env._("%s were changed back.", self.undone_count))
        return sentences

    def _get_changed_sentence(self):
        texts = {
            "again": self.env._("%s contacts are called again.", self.changed_count),
            "reschedule": self.env._("%s contacts have a new time.", self.changed_count),
            "reopen": self.env._("%s contacts are open again.", self.changed_count),
            "priority": self.env._("%s contacts have the new priority.", self.changed_count),
            "move": self.env._("%s contacts were moved.", self.changed_count),
            "withdraw": self.env._("%s contacts were withdrawn.", self.changed_count),
        }
        return texts[self.action]

    # -- asked for --------------------------------------------------------------------------------

    @api.model
    def _ask_for(self, values, domain):
        """Have contacts changed: few at once, many in the background.

        :param dict values: of `ecm.bulk.choices.mixin` and ``source``
        :param domain: of the contacts that this user chose
        :return: the job
        :raise UserError: there are none
        """
        contacts = self.env["ecm.contact"]
        contacts.check_access("write")
        job = self.sudo().create({**values, "user_id": self.env.uid})
        # Whom it is about is found with the user's rights; the rest is the engine's.
        may_write = self.env["ir.rule"]._compute_domain("ecm.contact", "write")
        query = contacts._search(Domain(domain) & Domain(may_write))
        count = job._freeze(query)
        if not count:
            raise UserError(self.env._("There are no contacts to change."))

        _logger.info("%s: %d contacts", job._get_log_label(), count)
        if count <= AT_ONCE:
            job._run_now()
        else:
            self.env.ref("ecm_campaign.ir_cron_bulk").sudo()._trigger()
        return job.with_env(self.env)

    def _freeze(self, query):
        """Keep the ids of contacts in parts, in their order.

        :param query: of ``_search``
        :return: how many
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_bulk_action_part (bulk_id, contact_ids, contact_count, is_done,
                                                     is_undone, changed_count, busy_count,
                                                     undone_count)
                   SELECT %s, jsonb_agg(f.id ORDER BY f.id), count(*), FALSE, FALSE, 0, 0, 0
                     FROM (SELECT c.id, (row_number() OVER (ORDER BY c.id) - 1) / %s AS part
                             FROM ecm_contact c WHERE c.id IN %s) AS f
                 GROUP BY f.part ORDER BY f.part
                RETURNING contact_count""",
                self.id,
                SLICE,
                query.subselect(),
            )
        )
        counts = [count for (count,) in self.env.cr.fetchall()]
        self.invalidate_recordset()
        return sum(counts)

    def _get_log_label(self):
        return f"bulk action {self.id} {self.action}"

    # -- buttons ----------------------------------------------------------------------------------

    def _check_may_change(self):
        """:raise AccessError: the user may not change contacts, or not see this job"""
        self.check_access("read")
        self.env["ecm.contact"].check_access("write")

    def action_cancel(self):
        """Go no further. What was changed stays, and can be undone."""
        self._check_may_change()
        waiting = self.sudo().filtered(lambda job: job.state in ("queued", "running"))
        waiting.write({"state": "cancelled", "finished_at": fields.Datetime.now()})
        return True

    def action_undo(self):
        """Make the contacts what they were before, as far as nobody has called or changed them
        since.

        :raise UserError: it is too late, or there is nothing to undo
        """
        self.ensure_one()
        self._check_may_change()
        if not self.can_undo:
            raise UserError(self.env._("This can no longer be undone."))
        job = self.sudo()
        job.state = "undoing"
        if job.total_count > AT_ONCE:
            self.env.ref("ecm_campaign.ir_cron_bulk").sudo()._trigger()
            return True
        job._run_now()
        if job.state in WAITING:
            return True
        return notify(self.env._("%s contacts were changed back.", job.undone_count))

    def _answer(self):
        """What the supervisor sees: the result, or the job at work."""
        self.ensure_one()
        if self.state in WAITING:
            return open_form(self)
        until = say_moment(self.env, self.undo_until) if self.can_undo else None
        sentences = [self.result]
        if until:
            sentences.append(
                self.env._("It can be undone until %s, in Reporting, Bulk actions.", until)
            )
        kind = "success" if self.changed_count else "warning"
        return notify(" ".join(sentences), kind, sticky=True, then=CLOSE)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_waiting(self):
        if any(job.state in WAITING for job in self):
            raise UserError(self.env._("Cancel the bulk action before you delete it."))

    # -- queue ------------------------------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Work through the jobs that wait, and those that were cut off, one after the other."""
        self._work_through(self.search([("state", "in", WAITING)], order="id"), WAITING)

    def _run_now(self):
        """Work through a job while the supervisor waits; in the background where others are in the
        way of each try.
        """
        # What was asked for is kept: a slice that starts anew would take it back with it.
        self._commit()
        try:
            self._run()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Odoo would take the request for new, and ask for the same once more.
            self.env.ref("ecm_campaign.ir_cron_bulk").sudo()._trigger()

    def _run_safely(self):
        """Work through one job; what fails fails its own job only."""
        self._commit()
        try:
            self._run()
        except Exception:
            # A job that was cut off goes on with its next slice.
            if self._is_lost():
                raise
            _logger.exception("%s failed", self._get_log_label())
            self._rollback()
            self._atomically(self._fail)

    def _fail(self):
        error = self.env._("Unexpected error: see the server's log.")
        self.write({"state": "failed", "error": error, "finished_at": fields.Datetime.now()})

    def _run(self):
        """Work through a job from where it was left, a transaction for each slice."""
        state = self._atomically(self._begin)
        reach("bulk.begun")
        if state not in ("running", "undoing"):
            return
        work, done = (self._undo, "is_undone") if state == "undoing" else (self._change, "is_done")
        part_ids = self._atomically(partial(self._get_part_ids, done))

        # No query stands between two slices: each transaction begins with its slice.
        for part_id in part_ids:
            if not self._atomically(partial(self._work_on, part_id, state, work)):
                break
            reach("bulk.changed")
            if not self._commit(processed=1, remaining=1):
                return
        self._atomically(partial(self._complete, state))
        reach("bulk.completed")

    def _begin(self):
        """:return: the state that the job is in from now on"""
        self.invalidate_recordset()
        if self.state == "queued":
            self.write({"state": "running", "started_at": fields.Datetime.now()})
        return self.state

    def _get_part_ids(self, done):
        """Slices that are left, in their order."""
        domain = [("bulk_id", "=", self.id), (done, "=", False)]
        return self.env["ecm.bulk.action.part"].search(domain, order="id").ids

    def _work_on(self, part_id, state, work):
        """:return: whether the job goes on"""
        self._see_others_commits()
        self.invalidate_recordset()
        if self.state != state:
            return False
        self.env.flush_all()
        work(self.env["ecm.bulk.action.part"].browse(part_id))
        self.env["ecm.contact"].invalidate_model()
        return True

    def _change(self, part):
        """Change the contacts of a slice, and count."""
        contacts, order = self.env["ecm.contact"], self._make_order()
        starts = self._get_starts(part.contact_ids)
        change = contacts._call_again if self.action == "again" else contacts._change_in_bulk
        left = part.contact_count - change(order, part, starts)
        if left and self.action == "move":
            left -= contacts._continue_elsewhere(self._explain_move(order), part, starts)
        if left:
            # Who was let go between the two statements is no longer busy.
            busy = contacts._count_being_called(part.contact_ids)
            part.busy_count = min(busy, left)
        part.invalidate_recordset(["is_done", "changed_count", "before", "continued"])

    def _explain_move(self, order):
        """The same, with what the contact that stays behind says of it."""
        where = self.env._("Goes on in the campaign %s.", self.campaign_id.name)
        reason = f"{where} {order.reason}" if order.reason else where
        return replace(order, reason=reason)

    def _undo(self, part):
        """Take back what a slice has changed, and count."""
        contacts, order = self.env["ecm.contact"], self._make_order()
        is_again = self.action == "again"
        undo = contacts._undo_calling_again if is_again else contacts._undo_in_bulk
        count = undo(order, part)
        if self.action == "move":
            count += contacts._undo_continuing(order, part)
        part.write({"undone_count": count, "is_undone": True})

    def _make_order(self):
        """:rtype: Order"""
        now = fields.Datetime.now()
        campaign = self.campaign_id if self.action in ("again", "move") else self.campaign_id[:0]
        return Order(
            bulk_id=self.id,
            action=self.action,
            now=now,
            at=self.start_at or now,
            campaign_id=campaign.id or None,
            list_id=self.list_id.id or None,
            priority=self.priority,
            goes_on=self.goes_on,
            has_callbacks=self.has_callbacks,
            reason=self.reason or None,
        )

    def _get_starts(self, contact_ids):
        """Where the contacts of a slice begin; nowhere where they stay where they are.

        :return: list of `Start`, one for each campaign
        """
        if self.action not in ("again", "move", "reopen") or self._keeps_place():
            return []
        campaigns = self.campaign_id if self.action != "reopen" else self.campaign_id[:0]
        if not campaigns:
            ids = self.env["ecm.contact"]._get_campaign_ids(contact_ids)
            campaigns = campaigns.browse(ids)
        return [_get_start(campaign, self.start_position) for campaign in campaigns]

    def _keeps_place(self):
        return self.action == "reopen" and self.goes_on

    def _complete(self, state):
        """The job has come to its end, if nobody has cancelled it."""
        self.invalidate_recordset()
        self._trigger_feeds()
        if self.state == state:
            ended = {"running": "done", "undoing": "undone"}[state]
            self.write({"state": ended, "finished_at": fields.Datetime.now()})
        count = self.undone_count if state == "undoing" else self.changed_count
        _logger.info("%s: %s, %d of %d", self._get_log_label(), self.state, count, self.total_count)

    def _trigger_feeds(self):
        """Who is due now is called now."""
        running = self.env["ecm.campaign"].search([("is_running", "=", True)], limit=1)
        running._trigger_feed()

    @api.autovacuum
    def _gc_parts(self):
        """Forget what contacts were before, once that can no longer be undone. The counts stay."""
        before = fields.Datetime.now() - timedelta(days=UNDO_DAYS)
        parts = self.env["ecm.bulk.action.part"]
        kept = [("bulk_id.finished_at", "<", before), ("contact_ids", "!=", False)]
        old = parts.search(kept, limit=1000)
        old.write({"contact_ids": False, "before": False, "continued": False})
        return len(old), len(old) == 1000


def _get_start(campaign, position):
    """:rtype: Start"""
    attempts = campaign.strategy_id.sudo()._get_plan().attempts
    # A shorter strategy begins at its last attempt; one without any is refused by the claim.
    place = max(1, min(position, len(attempts)))
    if not attempts:
        return Start(campaign.id, place, "voice", 1)
    attempt = attempts[place - 1]
    return Start(campaign.id, place, attempt.channel, attempt.phone_index)
