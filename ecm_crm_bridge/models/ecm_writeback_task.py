import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, groupby

from ..tools.batches import find_failures, get_retry_delay, split_in_waves
from odoo.addons.ecm_campaign.const import SUPERVISOR
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.sql import values_of
from odoo.addons.ecm_campaign.tools.turn import Turn

_logger = logging.getLogger(__name__)

# Results of one transaction.
BATCH = 500
# So long a result is remembered, so that it is not written a second time.
KEPT_FOR = timedelta(days=90)
DROP_AT_ONCE = 10_000
ERROR_SIZE = 500


class Due(NamedTuple):
    """What is to be written, with the record that it is written on."""

    id: int
    rule_id: int
    attempt_id: int
    contact_id: int
    lead_id: int | None
    partner_id: int | None


class Ended(NamedTuple):
    """What became of a task."""

    id: int
    state: str
    record_id: int | None
    error: str | None
    tries: int | None
    due_at: datetime | None


class EcmWritebackTask(models.Model):
    """One result that one rule writes back, once (requirement R2).

    Queued in the transaction of the results, marked *done* in the transaction that writes: where the
    server dies in between, both are undone, and it is written again.
    """

    _name = "ecm.writeback.task"
    _description = "Result Written Back"
    _inherit = ["ecm.transaction.mixin"]
    _order = "id desc"
    _rec_name = "rule_id"
    _log_access = False

    rule_id = fields.Many2one(
        "ecm.writeback.rule", required=True, readonly=True, ondelete="cascade"
    )
    # Goes with its attempt, and so with contact and campaign; found by the index `_once`.
    attempt_id = fields.Many2one("ecm.attempt", required=True, readonly=True, ondelete="cascade")
    contact_id = UncheckedMany2one("ecm.contact", required=True, readonly=True)
    campaign_id = UncheckedMany2one("ecm.campaign", required=True, readonly=True)
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    state = fields.Selection(
        [
            ("queued", "Waiting"),
            ("done", "Written"),
            ("skipped", "No record"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
    )
    queued_at = fields.Datetime("Result on", required=True, readonly=True)
    due_at = fields.Datetime("Next try on", readonly=True)
    done_at = fields.Datetime("Written on", readonly=True)
    tries = fields.Integer(readonly=True, aggregator=None)
    error = fields.Char("Why it failed", readonly=True)
    record_ref = fields.Reference(
        lambda self: [("crm.lead", self.env._("Lead")), ("res.partner", self.env._("Customer"))],
        "Written on record",
        compute="_compute_record_ref",
    )
    record_id = fields.Integer(readonly=True)

    # A rule runs once for each result.
    _once = models.UniqueIndex("(attempt_id, rule_id)")
    # What waits: few rows, however many were written.
    _due = models.Index("(due_at, id) WHERE state = 'queued'")
    _rule_state = models.Index("(rule_id, state)")
    _failed = models.Index("(company_id, id) WHERE state = 'failed' OR error IS NOT NULL")
    _old = models.Index("(done_at) WHERE done_at IS NOT NULL")

    @api.depends("record_id", "rule_id")
    def _compute_record_ref(self):
        for task in self:
            model = task.sudo().rule_id.target_model
            record = self.env[model].browse(task.record_id) if task.record_id else None
            is_there = record is not None and record.exists() and record.has_access("read")
            task.record_ref = f"{model},{record.id}" if is_there else False

    # -- queue ------------------------------------------------------------------------------------

    @api.model
    def _queue(self, attempt_ids):
        """Note what these results are to write, in the transaction that records them."""
        rules = self.env["ecm.writeback.rule"].sudo()
        if not attempt_ids or not rules._is_any_active():
            return
        now = fields.Datetime.now()
        self.env.cr.execute(
            # A result that comes twice, or is corrected, is noted once for each rule.
            SQL(
                """INSERT INTO ecm_writeback_task (attempt_id, rule_id, contact_id, campaign_id,
                                                   company_id, state, queued_at, due_at, tries)
                   SELECT m.*, 'queued', %s, %s, 0 FROM (%s) AS m
                       ON CONFLICT (attempt_id, rule_id) DO NOTHING""",
                now,
                now,
                rules._get_matches(attempt_ids),
            )
        )
        if self.env.cr.rowcount:
            self.env.ref("ecm_crm_bridge.ir_cron_writeback").sudo()._trigger()

    @api.model
    def _cron_write_back(self):
        """Write what is due, some hundreds a transaction; the rest comes in the next turn."""
        turn = Turn()
        while self._atomically(self._write_next):
            if not turn.goes_on():
                self._trigger_next_run()
                break

    def _write_next(self):
        """:return: whether there may be more"""
        due = self._take_due()
        if not due:
            return False
        self._write_all(due)
        return len(due) == BATCH

    def _take_due(self):
        """The next tasks, locked until this transaction ends (index ``_due``), with their records;
        contacts that have none yet are looked for once more.

        :return: list of `Due`, in the order of the results
        """
        # Statements read the tables, past what the cache holds.
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """SELECT id, contact_id FROM ecm_writeback_task
                    WHERE state = 'queued' AND due_at <= %s
                    ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED""",
                fields.Datetime.now(),
                BATCH,
            )
        )
        taken = self.env.cr.fetchall()
        if not taken:
            return []
        task_ids, contact_ids = map(list, zip(*taken, strict=True))
        self._link_contacts(contact_ids)
        self.env.cr.execute(
            SQL(
                """SELECT t.id, t.rule_id, t.attempt_id, t.contact_id, c.lead_id,
                          COALESCE(c.partner_id, l.partner_id)
                     FROM ecm_writeback_task t
                LEFT JOIN ecm_contact c ON c.id = t.contact_id AND c.erased_at IS NULL
                LEFT JOIN crm_lead l ON l.id = c.lead_id
                    WHERE t.id = ANY(%s) ORDER BY t.attempt_id, t.id""",
                task_ids,
            )
        )
        return [Due(*row) for row in self.env.cr.fetchall()]

    def _link_contacts(self, contact_ids):
        """A result may come before the scheduled action has looked for the contact's records."""
        query = SQL(
            """SELECT id FROM ecm_contact
                WHERE id = ANY(%s) AND lead_id IS NULL AND partner_id IS NULL
                  AND erased_at IS NULL""",
            contact_ids,
        )
        unlinked = [contact_id for (contact_id,) in self.env.execute_query(query)]
        if unlinked:
            self.env["ecm.contact"].sudo()._link_unlinked(SQL("c.id = ANY(%s)", unlinked))

    def _write_all(self, due):
        """Write tasks rule by rule, those that fail apart, and mark them. Of one record the earlier
        result is written before the later one, whatever rules they are about.

        :param due: list of `Due`
        """
        rules = self.env["ecm.writeback.rule"].sudo().with_context(active_test=False)
        attempts = {one.attempt_id: one for one in due}
        rounds = split_in_waves(
            attempts.values(), lambda one: one.lead_id or one.partner_id or -one.contact_id
        )
        by_attempt = dict(groupby(due, lambda one: one.attempt_id))
        ended = []
        for wave in rounds:
            own = [task for one in wave for task in by_attempt[one.attempt_id]]
            by_rule = dict(groupby(own, lambda one: one.rule_id))
            for rule in rules.browse(by_rule).sorted():
                ended += self._write_wave(rule, by_rule[rule.id])
        self._mark(ended)

    def _write_wave(self, rule, wave):
        """:param wave: list of `Due` of different records
        :return: list of `Ended`
        """
        now = fields.Datetime.now()
        field = "lead_id" if rule.target == "lead" else "partner_id"
        targets = {one.id: getattr(one, field) for one in wave}
        with_record = [one for one in wave if targets[one.id] or rule._needs_no_record()]
        failures = dict(
            find_failures(
                with_record,
                lambda some: self._write_some(rule, some, targets),
                PG_CONCURRENCY_EXCEPTIONS_TO_RETRY,
            )
        )
        ended = []
        for one in wave:
            if one in failures:
                ended.append(self._get_failed(one, failures[one], now))
                continue
            state = "done" if one in with_record else "skipped"
            ended.append(Ended(one.id, state, targets[one.id], None, None, None))
        return ended

    def _write_some(self, rule, some, targets):
        """All of it or nothing.

        :raise Exception: whatever an app says of one of them
        """
        with self.env.cr.savepoint():
            rule._apply([(one.attempt_id, targets[one.id]) for one in some])
            # What is flushed later would fail for all.
            self.env.flush_all()

    def _get_failed(self, one, error, now):
        """:rtype: Ended"""
        self.env.invalidate_all(flush=False)
        tries = self.browse(one.id).tries + 1
        delay = get_retry_delay(tries)
        text = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        _logger.info("write-back %d failed (%d): %s", one.id, tries, text)
        if delay is None:
            return Ended(one.id, "failed", None, text[:ERROR_SIZE], tries, None)
        return Ended(one.id, "queued", None, text[:ERROR_SIZE], tries, now + delay)

    @api.model
    def _mark(self, ended):
        """In the transaction that wrote: there are both or none."""
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_writeback_task t
                      SET state = v.state, record_id = v.record_id, error = v.error,
                          tries = COALESCE(v.tries, t.tries), due_at = v.due_at,
                          done_at = CASE WHEN v.state <> 'queued' THEN %s::timestamp END
                     FROM %s WHERE t.id = v.id""",
                fields.Datetime.now(),
                values_of(ended, Ended),
            )
        )
        self.invalidate_model()

    # -- buttons ----------------------------------------------------------------------------------

    def action_retry(self):
        """Write again what failed, as soon as the scheduled action runs.

        :return: True
        :raise AccessError: the user is no supervisor
        """
        if not self.env.user.has_group(SUPERVISOR):
            raise AccessError(self.env._("Only supervisors have results written again."))
        self.check_access("read")
        failed = self.sudo().filtered(
            lambda task: task.state in ("failed", "skipped") or task.error
        )
        failed.write({"state": "queued", "due_at": fields.Datetime.now(), "tries": 0})
        if failed:
            self.env.ref("ecm_crm_bridge.ir_cron_writeback").sudo()._trigger()
        return True

    @api.autovacuum
    def _gc_done(self):
        """Results come late, but not after so long."""
        limit = fields.Datetime.now() - KEPT_FOR
        old = self.search([("done_at", "<", limit)], limit=DROP_AT_ONCE)
        count = len(old)
        old.unlink()
        return count, count == DROP_AT_ONCE
