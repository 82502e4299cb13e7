from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..clients import settings as reading
from ..clients.callbacks import find_status
from .ecm_sms_gateway_settings import STATUSES
from .ecm_sms_message import Told as MessageTold
from .ecm_sms_notice import Told as NoticeTold
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.sql import values_of
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.results import Result

REPORT_BATCH = 2000
# A report may be faster than the receipt of its message; one that is unknown so long stays so.
UNKNOWN_AFTER = timedelta(minutes=10)
# Keys of test messages begin so: whoever sent one has seen the answer.
TEST_PREFIX = "test-"
BAD_NUMBERS = ("sms_number_format", "sms_invalid_destination")


class Told(NamedTuple):
    """What a gateway tells of a message."""

    key: str
    reference: str
    status: str


class Waiting(NamedTuple):
    """A report that is to be applied."""

    id: int
    key: str | None
    reference: str | None
    status: str | None
    received_at: datetime


class EcmSmsReport(models.Model):
    """The inbox of delivery reports (requirement M2): what a gateway tells is kept at once, and
    applied in bulk in its next turn. What was applied is gone from here; what names no message of
    ours stays, to be looked at.
    """

    _name = "ecm.sms.report"
    _description = "Delivery Report"
    _order = "id desc"
    _rec_name = "status"
    _log_access = False

    gateway_id = fields.Many2one(
        "ecm.sms.gateway", required=True, readonly=True, ondelete="cascade"
    )
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    key = fields.Char("Our key", readonly=True)
    reference = fields.Char("The gateway's ID", readonly=True)
    status = fields.Char(readonly=True)
    received_at = fields.Datetime("Received on", required=True, readonly=True)
    problem = fields.Selection(
        [("message", "Unknown message"), ("status", "Unknown status")], readonly=True
    )

    _waiting = models.Index("(gateway_id, id) WHERE problem IS NULL")
    _received = models.Index("(received_at)")

    @api.model
    def _keep(self, gateway, reports):
        """Keep what a gateway tells.

        :param reports: list of ``clients.callbacks.Report``
        """
        if reports:
            self.env.cr.execute(self._inserting(gateway.id, gateway.company_id.id, reports))
            self.invalidate_model()

    @api.model
    def _keep_of(self, caller, reports):
        """Keep what a gateway tells in a call of its own.

        :param caller: ``ecm.sms.gateway``'s ``Caller``
        :param reports: list of ``clients.callbacks.Report``
        :return: whether a turn of the gateway begins soon anyway
        """
        if not reports:
            return True
        self.env.cr.execute(
            SQL(
                "WITH kept AS (%s) SELECT EXISTS (%s)",
                self._inserting(caller.id, caller.company_id, reports),
                self.env["ecm.sms.gateway"]._waiting_turn(caller.cron_id),
            )
        )
        self.invalidate_model()
        return self.env.cr.fetchone()[0]

    def _inserting(self, gateway_id, company_id, reports):
        """:rtype: SQL"""
        rows = [Told(report.key, report.reference, report.status) for report in reports]
        # In their order: the last one of a message counts.
        return SQL(
            """INSERT INTO ecm_sms_report (gateway_id, company_id, received_at, key, reference,
                                           status)
               SELECT %s, %s, %s, v.key, v.reference, v.status FROM %s""",
            gateway_id,
            company_id,
            fields.Datetime.now(),
            values_of(rows, Told),
        )

    # -- applying ---------------------------------------------------------------------------------

    @api.model
    def _apply_waiting(self, gateway, turn):
        """Apply what a gateway has told since its last turn.

        :param turn: ``tools.turn.Turn``
        """
        engine, last = self.env["ecm.engine"], 0
        while (last := engine._atomically(partial(self._apply_batch, gateway, last))) is not None:
            reach("sms.applied")
            if not turn.goes_on():
                gateway._trigger_turn()
                break

    def _apply_batch(self, gateway, last):
        """:param last: id of the last report that was looked at
        :return: likewise after this batch, None at the end
        """
        self.env.flush_all()
        reports = self._lock_waiting(gateway, last)
        if not reports:
            return None
        messages = self._find_messages(gateway, reports)
        known = [report for report in reports if report.id in messages]
        unknown = [report for report in reports if report.id not in messages]
        self._apply(gateway, known, messages)
        self._apply_others(gateway, unknown)
        self.invalidate_model()
        return reports[-1].id

    def _lock_waiting(self, gateway, last):
        """:return: list of `Waiting`, in the order in which they came"""
        self.env.cr.execute(
            SQL(
                """SELECT id, key, reference, status, received_at FROM ecm_sms_report
                    WHERE gateway_id = %s AND problem IS NULL AND id > %s
                 ORDER BY id LIMIT %s
                      FOR UPDATE SKIP LOCKED""",
                gateway.id,
                last,
                REPORT_BATCH,
            )
        )
        return [Waiting(*row) for row in self.env.cr.fetchall()]

    def _find_messages(self, gateway, reports):
        """:return: ``{id of a report: (id of the attempt, its key)}``; of this gateway's only"""
        self.env.cr.execute(
            SQL(
                """SELECT r.id, a.id, a.key FROM ecm_sms_report r
                     JOIN ecm_attempt a ON a.key = r.key
                    WHERE r.id = ANY(%(ids)s) AND a.sms_gateway_id = %(gateway)s
                    UNION ALL
                   SELECT r.id, a.id, a.key FROM ecm_sms_report r
                     JOIN ecm_sms_message m ON m.reference = r.reference
                     JOIN ecm_attempt a ON a.id = m.attempt_id
                    WHERE r.id = ANY(%(ids)s) AND m.gateway_id = %(gateway)s
                      AND COALESCE(r.key, '') = ''""",
                ids=[report.id for report in reports],
                gateway=gateway.id,
            )
        )
        return {
            report_id: (attempt_id, key) for report_id, attempt_id, key in self.env.cr.fetchall()
        }

    def _apply(self, gateway, reports, messages):
        """:param messages: see `_find_messages`"""
        understood, strange = self._sort(gateway, reports)
        told, results = {}, {}
        # In the order in which they came: the last one of a message counts.
        for report, meaning in understood:
            attempt_id, key = messages[report.id]
            state, failure = get_state(meaning)
            told[attempt_id, state] = MessageTold(
                attempt_id, state, failure, report.reference or None
            )
            if failure:
                outcome = "invalid_number" if failure in BAD_NUMBERS else "sms_failed"
                results[key] = Result(key, outcome, report.status)
        self._write_told(self.env["ecm.sms.message"], told)
        self.env["ecm.engine"]._apply_results(list(results.values()))
        self._drop([report for report, _meaning in understood])
        self._note_problem(strange, "status")

    def _sort(self, gateway, reports):
        """:return: ``(list of (report, what its status means), those that nobody understands)``"""
        statuses = reading.read_map(gateway.sudo().status_map or "", STATUSES)
        understood, strange = [], []
        for report in reports:
            if meaning := find_status(statuses, report.status or ""):
                understood.append((report, meaning))
            else:
                strange.append(report)
        return understood, strange

    def _write_told(self, messages, told):
        """Each state by itself: one statement changes a message once.

        :param messages: of which model they are
        """
        for state in ("sent", "failed", "delivered"):
            messages._tell([row for row in told.values() if row.state == state])

    def _apply_others(self, gateway, reports):
        """Reports of what is no campaign's message: notices, tests, and what nobody knows.

        A report may be faster than its receipt: one that is unknown for long stays so.
        """
        if not reports:
            return
        notices, limit = self._find_notices(gateway, reports), fields.Datetime.now() - UNKNOWN_AFTER
        told, tests, unknown = [], [], []
        for report in reports:
            if report.id in notices:
                told.append(report)
            elif (report.key or "").startswith(TEST_PREFIX):
                tests.append(report)
            elif report.received_at < limit:
                unknown.append(report)
        self._apply_to_notices(gateway, told, notices)
        self._drop(tests)
        self._note_problem(unknown, "message")

    def _find_notices(self, gateway, reports):
        """:return: ``{id of a report: id of the notice}``; of this gateway's only"""
        self.env.cr.execute(
            SQL(
                """SELECT r.id, n.id FROM ecm_sms_report r
                     JOIN ecm_sms_notice n ON n.key = r.key
                    WHERE r.id = ANY(%(ids)s) AND n.gateway_id = %(gateway)s
                    UNION ALL
                   SELECT r.id, n.id FROM ecm_sms_report r
                     JOIN ecm_sms_notice n ON n.reference = r.reference
                    WHERE r.id = ANY(%(ids)s) AND n.gateway_id = %(gateway)s
                      AND COALESCE(r.key, '') = ''""",
                ids=[report.id for report in reports],
                gateway=gateway.id,
            )
        )
        return dict(self.env.cr.fetchall())

    def _apply_to_notices(self, gateway, reports, notices):
        """:param notices: see `_find_notices`"""
        understood, strange = self._sort(gateway, reports)
        told = {}
        for report, meaning in understood:
            notice_id, reference = notices[report.id], report.reference or None
            state, failure = get_state(meaning)
            told[notice_id, state] = NoticeTold(notice_id, state, failure, reference)
        self._write_told(self.env["ecm.sms.notice"], told)
        self._drop([report for report, _meaning in understood])
        self._note_problem(strange, "status")

    def _drop(self, reports):
        """What was applied is gone."""
        if reports:
            ids = [report.id for report in reports]
            self.env.cr.execute(SQL("DELETE FROM ecm_sms_report WHERE id = ANY(%s)", ids))

    def _note_problem(self, reports, problem):
        """Have somebody look at reports: nothing more is done with them."""
        if reports:
            ids = [report.id for report in reports]
            self.env.cr.execute(
                SQL("UPDATE ecm_sms_report SET problem = %s WHERE id = ANY(%s)", problem, ids)
            )


def get_state(meaning):
    """:param meaning: see ``clients.callbacks.find_status``
    :return: ``(state of a message, what is wrong with it or None)``
    """
    if meaning in ("sent", "delivered"):
        return meaning, None
    return "failed", meaning
