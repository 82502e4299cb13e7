import ast
import logging
import tempfile
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from markupsafe import Markup

from odoo import api, fields, models, modules
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...actions import open_form
from ...formatting import get_label, say_moment
from ...tools.crash_points import reach
from ...tools.export_rows import FORMATS

_logger = logging.getLogger(__name__)

MODELS = [("ecm.contact", "Contacts"), ("ecm.attempt", "Attempts")]
# How long files stay, unless the system parameter says otherwise.
KEPT_DAYS = 7
KEPT_PARAMETER = "ecm_campaign.export_days"
# Rows that are fetched at once: what the server holds in memory.
BATCH = 5_000
# A file ends early rather than have its worker killed for taking too long.
FILE_SECONDS = 60
# How often progress is told, and a cancellation seen.
TOLD_SECONDS = 1.0
WAITING = ("queued", "running")


class Written(NamedTuple):
    """How far a file is: rows, the last of them, whether there may be more, and whether it is time
    to tell.
    """

    count: int
    last_id: int
    has_more: bool
    is_told: bool


class EcmExport(models.Model):
    """Contacts or attempts as files, written in the background (requirement L10).

    Rows are read by a cursor on the server and written as they come, so that memory does not grow
    with them. They are those that the user who asks may read, at the time when they are read. A
    file is the unit: a job that was cut off goes on with the file that it was at.
    """

    _name = "ecm.export"
    _inherit = ["ecm.transaction.mixin"]
    _description = "Export"
    _order = "id desc"

    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
        ],
        required=True,
        default="queued",
        readonly=True,
    )
    model = fields.Selection(MODELS, "What", required=True, readonly=True)
    source = fields.Char("Which", readonly=True)
    source_domain = fields.Char(required=True, readonly=True)
    file_format = fields.Selection(
        [("xlsx", "Excel (XLSX)"), ("csv", "CSV")], "Format", required=True, readonly=True
    )
    columns = fields.Json(required=True, readonly=True, help="Names of the columns, in order.")
    company_ids = fields.Json(
        readonly=True, help="Companies that were chosen when it was asked for."
    )
    lang = fields.Char(readonly=True)
    user_id = fields.Many2one(
        "res.users", "Asked for by", required=True, readonly=True, ondelete="cascade", index=True
    )
    total_count = fields.Integer("Rows", readonly=True)
    processed_count = fields.Integer("Written", readonly=True)
    last_id = fields.Integer(readonly=True, help="Up to which row files are written.")
    progress = fields.Float(compute="_compute_progress")
    started_at = fields.Datetime("Started on", readonly=True)
    finished_at = fields.Datetime("Finished on", readonly=True)
    expires_at = fields.Datetime("Kept until", readonly=True)
    error = fields.Char(readonly=True)
    file_ids = fields.One2many("ecm.export.file", "export_id", "Files", readonly=True)

    _waiting = models.Index("(id) WHERE state IN ('queued', 'running')")

    @api.depends("model", "source")
    def _compute_display_name(self):
        for job in self:
            label = get_label(self.env, self._name, "model", job.model)
            job.display_name = f"{label}: {job.source}" if job.source else label

    @api.depends("processed_count", "total_count", "state")
    def _compute_progress(self):
        for job in self:
            share = job.processed_count / job.total_count if job.total_count else 1.0
            job.progress = 100.0 if job.state == "done" else min(99.0, 100.0 * share)

    # -- asked for --------------------------------------------------------------------------------

    @api.model
    def _check_may_export(self):
        """:raise AccessError: the user is no supervisor, or may export nothing from Odoo"""
        self.check_access("read")
        if not self.env.is_admin() and not self.env.user.has_group("base.group_allow_export"):
            raise AccessError(
                self.env._(
                    "You may not export data. Ask your administrator for the right *Access to "
                    "export feature*."
                )
            )

    @api.model
    def _ask_for(self, values, domain):
        """Have rows written as files.

        :param dict values: ``model``, ``source``, ``file_format`` and ``columns``
        :param domain: of the rows that this user chose
        :return: the job
        :raise UserError: there are none
        """
        self._check_may_export()
        rows = self.env[values["model"]]
        # Columns that the user may not read are refused now, and again when they are read.
        self.env["ecm.export.columns"]._make_query(rows._name, domain, values["columns"], True)
        count = rows.search_count(domain)
        if not count:
            raise UserError(self.env._("There is nothing to export."))
        job = self.sudo().create(
            {
                **values,
                "source_domain": repr(list(domain)),
                "user_id": self.env.uid,
                "company_ids": self.env.companies.ids,
                "lang": self.env.lang,
                "total_count": count,
            }
        )
        _logger.info("%s: %d rows", job._get_log_label(), count)
        self.env.ref("ecm_campaign.ir_cron_export").sudo()._trigger()
        return job.with_env(self.env)

    def _get_log_label(self):
        return f"export {self.id} {self.model} by user {self.user_id.id}"

    # -- buttons ----------------------------------------------------------------------------------

    def action_cancel(self):
        """Write no more. Files that are whole stay until they expire."""
        self.check_access("read")
        waiting = self.sudo().filtered(lambda job: job.state in WAITING)
        waiting.write({"state": "cancelled", **self._get_end()})
        return True

    def action_download(self):
        """Fetch the file; where there are several, they are chosen from in the form.

        :raise AccessError: somebody else asked for it
        """
        self.ensure_one()
        self.check_access("read")
        return self.file_ids.action_download() if len(self.file_ids) == 1 else open_form(self)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_waiting(self):
        if any(job.state in WAITING for job in self):
            raise UserError(self.env._("Cancel the export before you delete it."))

    def unlink(self):
        """With its files."""
        self.sudo().file_ids.unlink()
        return super().unlink()

    # -- queue ------------------------------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Work through the exports that wait, and those that were cut off; files whose time is over
        go.
        """
        self._expire()
        self._work_through(self.search([("state", "in", WAITING)], order="id"), WAITING)

    @api.model
    def _expire(self):
        """Files whose time is over are deleted; what was exported stays known."""
        over = self.search([("expires_at", "<", fields.Datetime.now()), ("state", "!=", "expired")])
        over.file_ids.unlink()
        over.write({"state": "expired"})

    def _run_safely(self):
        """Work through one export; what fails fails its own job only."""
        self._commit()
        try:
            self._run()
        except AccessError:
            self._rollback()
            error = self.env._("Whoever asked for this may no longer read it.")
            self._atomically(partial(self._fail, error))
        except Exception:
            # A job that was cut off goes on with its file.
            if self._is_lost():
                raise
            _logger.exception("%s failed", self._get_log_label())
            self._rollback()
            error = self.env._("Unexpected error: see the server's log.")
            self._atomically(partial(self._fail, error))

    def _fail(self, error):
        self.write({"state": "failed", "error": error, **self._get_end()})
        self._tell_user()

    def _get_end(self):
        """Values of a job that is over."""
        now = fields.Datetime.now()
        days = self.env["ir.config_parameter"].sudo().get_param(KEPT_PARAMETER)
        kept = timedelta(days=int(days or KEPT_DAYS))
        return {"finished_at": now, "expires_at": now + kept}

    def _run(self):
        """Write files from where the job was left, until there are no more rows or the scheduled
        action's time is up.
        """
        if not self._atomically(self._begin):
            return
        reach("export.begun")
        has_more = True
        while has_more and self.state == "running":
            has_more = self._write_file()
            reach("export.stored")
            if self._commit(processed=1, remaining=1) <= 0 and has_more:
                return
        self._atomically(self._complete)
        reach("export.completed")

    def _begin(self):
        """:return: whether there is something to do"""
        self.invalidate_recordset()
        if self.state not in WAITING:
            return False
        # Of a file that was cut off nothing is left.
        written = sum(self.file_ids.mapped("row_count"))
        started_at = self.started_at or fields.Datetime.now()
        self.write({"state": "running", "started_at": started_at, "processed_count": written})
        return True

    def _complete(self):
        self.invalidate_recordset()
        if self.state != "running":
            return
        self.write({"state": "done", **self._get_end()})
        self._tell_user()
        _logger.info("%s: %d written", self._get_log_label(), self.processed_count)

    # -- files ------------------------------------------------------------------------------------

    def _as_user(self):
        """The columns, with the rights, companies, language and clock of whoever asked.

        :rtype: ``ecm.export.columns``
        """
        context = {
            "lang": self.lang,
            "tz": self.user_id.tz,
            "allowed_company_ids": self.company_ids,
            "active_test": False,
        }
        columns = self.env["ecm.export.columns"].with_user(self.user_id).with_context(**context)
        columns.env["ecm.export"]._check_may_export()
        return columns

    def _write_file(self):
        """Write one file, as long as it may be, and keep it.

        :return: whether rows are left
        """
        make_file = FORMATS[self.file_format]
        columns, references = self._as_user()._make_columns(self.model, self.columns)
        with tempfile.TemporaryFile() as stream, self._open_rows(make_file) as rows:
            with closing(make_file(stream, self._get_title(), columns)) as file:
                written = None
                for written in self._copy_rows(rows, file, columns, references):
                    # A file that nobody wants any more is not kept.
                    if written.is_told and not self._atomically(partial(self._note, written.count)):
                        return False
            reach("export.written")
            return self._atomically(partial(self._store, stream, written))

    def _copy_rows(self, rows, file, columns, references):
        """Write rows until there are no more, or the file is full.

        :return: iterator of `Written`, one for each batch, and one for the end
        """
        most = file.most_rows or float("inf")
        count, last_id, begun_at = 0, self.last_id, time.monotonic()
        told_at = begun_at
        while count < most and not file.is_full and time.monotonic() - begun_at < FILE_SECONDS:
            batch = rows.fetchmany(min(BATCH, most - count))
            if not batch:
                yield Written(count, last_id, False, False)
                return
            self._add_words(columns, references, batch)
            file.write(row[1:] for row in batch)
            count, last_id = count + len(batch), batch[-1][0]
            is_told = time.monotonic() - told_at >= TOLD_SECONDS
            told_at = time.monotonic() if is_told else told_at
            yield Written(count, last_id, True, is_told)

    def _get_title(self):
        """The name of the sheet, in the language of whoever asked."""
        return get_label(self.with_context(lang=self.lang).env, self._name, "model", self.model)

    @contextmanager
    def _open_rows(self, make_file):
        """A cursor on the server, over the rows that are left and as they are at this moment.

        :param make_file: the format
        """
        columns = self._as_user()
        domain = ast.literal_eval(self.source_domain)
        query, selected = columns._make_query(
            self.model, domain, self.columns, make_file.has_serial_days
        )
        query.add_where(SQL("%s > %s", SQL.identifier(query.table, "id"), self.last_id))
        statement = query.select(*selected)
        self.env.flush_all()
        with self._open_connection() as cursor:
            # All rows will be asked for, not the first ones fast.
            cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
            with cursor._cnx.cursor(name=f"ecm_export_{self.id}") as rows:
                rows.execute(statement.code, statement.params)
                yield rows

    @contextmanager
    def _open_connection(self):
        """A connection whose transaction stays open while progress is committed on our own; in a
        test, the only one that there is.
        """
        if modules.module.current_test:
            yield self.env.cr
            return
        with self.env.registry.cursor() as cursor:
            yield cursor
            # Nothing was written there.
            cursor.rollback()

    def _add_words(self, columns, references, batch):
        """Have columns know the names of the records that a batch refers to."""
        for place, model_name in references.items():
            words = columns[place].words
            new = {row[place + 1] for row in batch} - words.keys() - {None}
            # As Odoo shows a reference, whoever may read the record behind it.
            records = self.env[model_name].with_context(lang=self.lang).browse(new).exists()
            words.update((record.id, record.display_name) for record in records)
            words.update(dict.fromkeys(new - set(records.ids), ""))

    def _note(self, count):
        """Tell how far the file is.

        :return: whether the job goes on
        """
        self.invalidate_recordset(["state"])
        if self.state != "running":
            return False
        written = sum(self.file_ids.mapped("row_count"))
        self.processed_count = written + count
        return True

    def _store(self, stream, written):
        """Keep a file that is whole, with the place that it ends at.

        :return: whether rows are left
        """
        if not self._note(written.count):
            return False
        # The last file was kept, and the process died before it said that it was the last.
        if not written.count and self.file_ids:
            return False
        name, size = self._get_file_name(), stream.tell()
        values = {"export_id": self.id, "name": name, "row_count": written.count}
        file = self.env["ecm.export.file"].create({**values, "file_size": size})
        owner = {"res_model": file._name, "res_id": file.id}
        mimetype = FORMATS[self.file_format].mimetype
        attachments = self.env["ir.attachment"].sudo()
        attachment = attachments._create_from_stream(name, stream, mimetype=mimetype, **owner)
        file.sudo().attachment_id = attachment
        self.last_id = written.last_id
        return written.has_more

    def _get_file_name(self):
        """:return: such as ``contacts-2026-11-29.xlsx``, of the second file ``…-29-2.xlsx``"""
        words = {"ecm.contact": "contacts", "ecm.attempt": "attempts"}
        zone = self.with_context(tz=self.user_id.tz)
        day = fields.Date.context_today(zone, self.create_date)
        number = f"-{len(self.file_ids) + 1}" if self.file_ids else ""
        return f"{words[self.model]}-{day}{number}.{FORMATS[self.file_format].extension}"

    # -- told -------------------------------------------------------------------------------------

    def _tell_user(self):
        """Say that the files are there, or that there will be none: on the screen, and in the inbox
        with a link.
        """
        job = self.with_context(lang=self.user_id.lang)
        if job.state == "done":
            kind, subject = "success", job.env._("Your export is ready")
            until = say_moment(job.with_user(job.user_id).env, job.expires_at)
            count = job.processed_count
            body = job.env._("%(count)s rows, kept until %(until)s.", count=count, until=until)
        else:
            kind, subject, body = "danger", job.env._("Your export has failed"), job.error
        message = {"type": kind, "title": subject, "message": f"{job.display_name}. {body}"}
        self.user_id._bus_send("simple_notification", {**message, "sticky": True})
        link = job._get_html_link(job.env._("Open the export"))
        job.env["mail.thread"].message_notify(
            partner_ids=job.user_id.partner_id.ids,
            subject=subject,
            body=Markup("<p>%s</p><p>%s</p>") % (message["message"], link),
            model=job._name,
            res_id=job.id,
        )
