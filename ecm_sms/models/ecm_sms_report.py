from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL

from ..clients import settings as reading
from ..clients.callbacks import find_status
from .ecm_sms_gateway_settings import STATUSES
from .ecm_sms_message import Told
from .ecm_sms_notice import Told as NoticeTold
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.tools.results import Result

REPORT_BATCH = 2000
# A report may be faster than the receipt of its message; one that is unknown so long stays so.
UNKNOWN_AFTER = timedelta(minutes=10)
BAD_NUMBERS = ("sms_number_format", "sms_invalid_destination")


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
        now, company = fields.Datetime.now(), gateway.company_id
        shared = {"gateway_id": gateway.id, "company_id": company.id, "received_at": now}
        values = []
        for told in reports:
            names = {"key": told.key, "reference": told.reference, "status": told.status}
            values.append({**shared, **names})
        self.sudo().create(values)

    @api.model
    def _apply_waiting(self, gateway, turn):
        """Apply what a gateway has told since its last turn.

        :param turn: ``tools.turn.Turn``
        """
        engine, last = self.env["ecm.engine"], 0
        while (last := engine._atomically(partial(self._apply_batch, gateway, last))) is not None:
            if not turn.goes_on():
                gateway._trigger_turn()
                break

    def _apply_batch(self, gateway, last):
        """:param last: id of the last report that was looked at
        :return: likewise after this batch, None at the end
        """
        self.env.flush_all()
        waiting = [("gateway_id", "=", gateway.id), ("problem", "=", False), ("id", ">", last)]
        reports = self.search(waiting, order="id", limit=REPORT_BATCH).try_lock_for_update()
        if not reports:
            return None
        last = max(reports.ids)
        reports -= self._apply_to_notices(gateway, reports)
        messages = self._find_messages(gateway, reports)
        unknown = reports.filtered(lambda report: report.id not in messages)
        self._apply(gateway, reports - unknown, messages)

        limit = fields.Datetime.now() - UNKNOWN_AFTER
        unknown.filtered(lambda report: report.received_at < limit).problem = "message"
        self.flush_model()
        return last

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
                ids=list(reports.ids),
                gateway=gateway.id,
            )
        )
        return {
            report_id: (attempt_id, key) for report_id, attempt_id, key in self.env.cr.fetchall()
        }

    def _apply_to_notices(self, gateway, reports):
        """:return: those of the reports that are about messages outside of campaigns"""
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
                ids=list(reports.ids),
                gateway=gateway.id,
            )
        )
        found = dict(self.env.cr.fetchall())
        statuses = reading.read_map(gateway.sudo().status_map or "", STATUSES)
        told, about_notices = {}, reports.filtered(lambda report: report.id in found)
        for report in about_notices:
            meaning = find_status(statuses, report.status or "")
            if not meaning:
                report.problem = "status"
                continue
            state = meaning if meaning in ("sent", "delivered") else "failed"
            failure = meaning if state == "failed" else None
            notice_id = found[report.id]
            told[notice_id, state] = NoticeTold(notice_id, state, failure, report.reference or None)
        for state in ("sent", "failed", "delivered"):
            rows = [row for row in told.values() if row.state == state]
            self.env["ecm.sms.notice"]._tell(rows)
        about_notices.filtered(lambda report: not report.problem).unlink()
        return about_notices

    def _apply(self, gateway, reports, messages):
        """:param messages: see `_find_messages`"""
        statuses = reading.read_map(gateway.sudo().status_map or "", STATUSES)
        told, results, applied = {}, {}, self.browse()
        # In the order in which they came: the last one of a message counts.
        for report in reports:
            meaning = find_status(statuses, report.status or "")
            if not meaning:
                report.problem = "status"
                continue
            applied |= report
            attempt_id, key = messages[report.id]
            state = meaning if meaning in ("sent", "delivered") else "failed"
            failure = meaning if state == "failed" else None
            told[attempt_id, state] = Told(attempt_id, state, failure, report.reference or None)
            if failure:
                outcome = "invalid_number" if failure in BAD_NUMBERS else "sms_failed"
                results[key] = Result(key, outcome, report.status)
        self._write_told(told)
        self.env["ecm.engine"]._apply_results(list(results.values()))
        applied.unlink()

    def _write_told(self, told):
        """Each state by itself: one statement changes a message once."""
        for state in ("sent", "failed", "delivered"):
            rows = [row for row in told.values() if row.state == state]
            self.env["ecm.sms.message"]._tell(rows)
