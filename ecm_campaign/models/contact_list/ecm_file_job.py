import io
import json
import logging
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import NamedTuple

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import contact_file
from ...tools.crash_points import reach
from ...tools.pace import Pace

_logger = logging.getLogger(__name__)

# What COPY reads at once: for each piece it waits until the parser's thread lets go of Python.
COPY_BYTES = 1024 * 1024
# Of the ten seconds that Odoo gives a scheduled action a slice leaves some: with one cron thread the
# feeder waits for both actions that import.
LEFT_SECONDS = 4
# With less time than this a slice begins nothing: opening a file would take most of it.
LEAST_SECONDS = 2


class Parsed(NamedTuple):
    """A chunk that was parsed, None at the end of the file; where its rows end, and what share of
    the file was read, in per cent.
    """

    chunk: object
    mark: contact_file.Mark | None
    share: float


class EcmFileJob(models.AbstractModel):
    """A file that is worked through in the background (requirements L1, L10, N1).

    It is read, checked and stored in chunks. What a chunk brings, its counters, the line and the
    place that it ends at are committed together, so that a job that was cut off goes on where it
    stopped. A long one makes room for other work when the scheduled action's time is up, and goes
    on in its next run: from that place, not from the beginning. Of a packed file or a workbook an
    unpacked copy is kept for that until the job is over.
    """

    _name = "ecm.file.job"
    _inherit = ["ecm.engine.fields.mixin", "ecm.transaction.mixin"]
    _description = "File in the Background"

    # What the server's log calls a job, and what it says of its counters: ``{counter: word}``. The
    # first two are always said, the others where there are any.
    _log_name = "job"
    _logged_counts = {}
    # Rows of a chunk at most.
    _chunk_rows = 20_000

    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("queued", "Queued"),
            ("importing", "Importing"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="queued",
        readonly=True,
        copy=False,
    )
    processed_count = fields.Integer(
        "Processed", readonly=True, copy=False, help="Rows read from the file."
    )
    resume_line = fields.Integer(
        readonly=True, copy=False, help="Last line of the file that is done."
    )
    resume_mark = fields.Json(
        readonly=True, copy=False, help="Where the file is read on: the place, and the line there."
    )
    unpacked_id = fields.Many2one(
        "ir.attachment",
        string="Unpacked copy",
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
        help="Of a packed file, while it is read.",
    )
    progress = fields.Float("File read (%)", readonly=True, copy=False)
    started_at = fields.Datetime("Started on", readonly=True, copy=False)
    finished_at = fields.Datetime("Finished on", readonly=True, copy=False)
    error = fields.Text(readonly=True, copy=False)

    def action_cancel(self):
        """Stop reading the file; what becomes of the part that was read is up to the model."""
        self.check_access("write")
        cancelled = self.filtered(lambda job: job.state in ("draft", "queued", "importing"))
        end = {"state": "cancelled", "finished_at": fields.Datetime.now()}
        cancelled.sudo().write(end)
        cancelled._log_state()
        cancelled._drop_unpacked()
        cancelled._undo()
        return True

    @api.ondelete(at_uninstall=False)
    def _unlink_except_importing(self):
        for job in self:
            if job.state == "importing":
                raise UserError(
                    self.env._(
                        "%s is being read: cancel that before you delete it.", job.display_name
                    )
                )

    # -- log --------------------------------------------------------------------------------------

    def _log_state(self):
        """Tell whoever reads the server's log what has become of these jobs, in a line for each
        such as ``list 2 "big.csv": 200000 stored, 0 rejected, 7 s``.
        """
        for job in self:
            _logger.info("%s: %s", job._get_log_label(), job._get_state_text())

    def _get_log_label(self):
        """What the log calls this job, such as ``list 2 "big.csv"``."""
        # As JSON, a name with line breaks cannot pass for another line of the log.
        name = self.display_name or ""
        quoted = json.dumps(name, ensure_ascii=False)
        return f"{self._log_name} {self.id} {quoted}"

    def _get_state_text(self):
        """What the log says of the state, never translated."""
        if self.state == "importing":
            return f"goes on after line {self.resume_line}" if self.resume_line else "started"
        if self.state not in ("done", "failed", "cancelled"):
            return self.state

        words = [*self._get_count_texts(), *self._get_duration_texts()]
        # Success goes without saying.
        if self.state != "done":
            words.insert(0, self.state)
        text = ", ".join(words)
        if self.state == "failed":
            text += f": {self.error}"
        return text

    def _get_count_texts(self):
        """:return: list such as ``["200000 stored", "0 rejected"]``"""
        texts = []
        for name, word in self._logged_counts.items():
            if self[name] or len(texts) < 2:
                texts.append(f"{self[name]} {word}")
        return texts

    def _get_duration_texts(self):
        """How long the job took; nothing for one that never began."""
        if not self.started_at or not self.finished_at:
            return []
        seconds = (self.finished_at - self.started_at).total_seconds()
        return [f"{seconds:.0f} s"]

    # -- what a model answers ---------------------------------------------------------------------

    def _get_turn(self):
        """The record that one job at a time may change."""
        raise NotImplementedError

    def _get_file(self):
        """The attachment to read."""
        raise NotImplementedError

    def _open_chunks(self, source, pace):
        """Parse the rows after ``resume_line``.

        :param contact_file.Source source: the file
        :param Pace pace: says how many rows a chunk has
        :return: the rows as `_open_rows` has opened them, and an iterator of objects with
            ``processed`` (rows) and ``last_line``, which runs in a thread and touches no record
        """
        raise NotImplementedError

    def _load_chunk(self, chunk, read_on):
        """Store what a chunk brings.

        :param read_on: to be called before the statement that takes the database longest: the next
            chunk is parsed meanwhile, and Python does one thing at a time
        :return: ``{counter: how many more}``
        """
        raise NotImplementedError

    def _undo(self):
        """Hook: take back what cancelled jobs have stored."""

    def _replace_earlier(self):
        """Hook: a part of what has to go once the file was read.

        :return: how many, 0 when there are no more
        """
        return 0

    def _complete(self):
        """Hook: the file was read to its end."""
        self._drop_unpacked()
        self.write({"state": "done", "progress": 100.0, "finished_at": fields.Datetime.now()})

    def _notify_progress(self):
        """Hook: tell whoever waits for the job."""

    # -- queue ------------------------------------------------------------------------------------

    @api.model
    def _cron_import(self):
        """Work through queued files, and those that were cut off, one after the other, as long as
        there is time.
        """
        jobs = self.search([("state", "in", ("queued", "importing"))], order="id")
        # Odoo calls again whoever has work left, ten times although the time is up.
        if self._end_step(remaining=len(jobs)) < LEAST_SECONDS:
            self._trigger_next_run()
            return
        for place, job in enumerate(jobs, start=1):
            left = len(jobs) - place
            # One that another process works through is left to it.
            with self._exclusively(job._get_turn()) as is_ours:
                if is_ours:
                    job._run_safely()
                    left += job.state == "importing"
            if self._end_step(processed=1, remaining=left) < LEAST_SECONDS:
                break

    def _end_step(self, **progress):
        """:param progress: of `_commit`
        :return: seconds that are left of the slice; less than none where it is over
        """
        return self._commit(**progress) - LEFT_SECONDS

    def _run_safely(self):
        """Work through one file; one that cannot be read fails its own job only."""
        # Whoever held the turn before may have changed the job since it was looked up.
        self._commit()
        try:
            self._run()
        except contact_file.UnreadableFile as error:
            self._end_as_failed(self._get_file_error_text(error.code))
        except Exception:
            # A job that was cut off goes on where it is: nothing can be noted, and Odoo tells why.
            if self._is_lost():
                raise
            _logger.exception("%s %s failed", self._name, self.id)
            self._end_as_failed(self.env._("Unexpected error: see the server's log."))
        self._atomically(self._notify_progress)

    def _end_as_failed(self, message):
        """Give up the transaction that failed, and note why in one of its own."""
        self._rollback()
        self._atomically(partial(self._fail, message))
        reach("file.failed")
        self._log_state()

    def _fail(self, message):
        self._drop_unpacked()
        self.write({"state": "failed", "error": message, "finished_at": fields.Datetime.now()})

    def _run(self):
        """Work through the file from where it was left.

        :raise contact_file.UnreadableFile: the file as a whole cannot be read
        """
        if not self._atomically(self._begin):
            return
        reach("file.begun")
        self._log_state()
        if self._store_all() and self._replace_all():
            self._atomically(partial(self._unless_cancelled, self._complete))
            reach("file.completed")
            # Whoever cancels a job has said so in the log.
            if self.state != "cancelled":
                self._log_state()

    def _begin(self):
        """:return: whether there is something to do: nobody has cancelled it or finished it
        meanwhile
        """
        if self.state not in ("queued", "importing"):
            return False
        self.write({"state": "importing", "started_at": self.started_at or fields.Datetime.now()})
        return True

    def _store_all(self):
        """:return: whether the file was read to its end; else it was cancelled, or the scheduled
        action's time is up
        """
        self._atomically(self._unpack)
        reach("file.unpacked")
        with self._open_source() as source, ThreadPoolExecutor(max_workers=1) as parser:
            pace = Pace(self._chunk_rows)
            parse_next = partial(_parse_next, source, *self._open_chunks(source, pace))
            left = self._end_step(remaining=1)
            ahead = _ReadAhead(partial(parser.submit, parse_next))
            while True:
                start = time.monotonic()
                parsed = ahead.take()
                if parsed.chunk is None:
                    return True
                # The next chunk is parsed while the database takes this one, if there is time to
                # store it afterwards.
                has_time = pace.has_time_for_another(left)
                read_on = ahead.start if has_time else _do_nothing
                if not self._atomically(partial(self._store, parsed, read_on)):
                    return False
                reach("file.stored")
                left = self._end_step(processed=1, remaining=1)
                if not has_time or left <= 0:
                    return False
                pace.note(parsed.chunk.processed, time.monotonic() - start)

    def _replace_all(self):
        """:return: whether all that has to go is gone; else the scheduled action's time is up"""
        while self._atomically(partial(self._unless_cancelled, self._replace_earlier)):
            reach("file.replaced")
            if self._end_step(processed=1, remaining=1) <= 0:
                return False
        return True

    def _store(self, parsed, read_on):
        """Store one chunk with everything that belongs to it.

        :param Parsed parsed: the chunk, and where it ends
        :param read_on: of `_load_chunk`
        :return: whether the job goes on
        """
        self.invalidate_recordset()
        if self.state != "importing":
            self._undo()
            return False
        chunk = parsed.chunk
        values = {
            "resume_line": chunk.last_line,
            "resume_mark": parsed.mark,
            "progress": parsed.share,
        }
        counts = {"processed_count": chunk.processed, **self._load_chunk(chunk, read_on)}
        for name, count in counts.items():
            values[name] = self[name] + count
        self.write(values)
        self._notify_progress()
        return True

    def _unless_cancelled(self, work):
        self.invalidate_recordset(["state"])
        return work() if self.state == "importing" else None

    # -- files ------------------------------------------------------------------------------------

    @contextmanager
    def _open_attachment(self, attachment):
        """The file as a stream of bytes."""
        attachment = attachment.sudo()
        if not attachment.store_fname:
            yield io.BytesIO(attachment.raw or b"")
            return
        with open(attachment._full_path(attachment.store_fname), "rb") as stream:
            yield stream

    @contextmanager
    def _open_source(self):
        """:return: the job's file as a ``contact_file.Source``"""
        with ExitStack() as streams:
            file = streams.enter_context(self._open_attachment(self._get_file()))
            copy = None
            if unpacked := self.sudo().unpacked_id:
                copy = streams.enter_context(self._open_attachment(unpacked))
            yield contact_file.Source(file, copy)

    def _get_dialect(self, file):
        """How the job's file is written: found out, unless the model knows.

        :param file: seekable stream of bytes
        """
        return contact_file.describe(file)

    def _unpack(self):
        """Keep an unpacked copy of a file that could only be read from its beginning."""
        if self.sudo().unpacked_id:
            return
        with (
            self._open_attachment(self._get_file()) as file,
            tempfile.TemporaryFile() as copy,
        ):
            dialect = self._get_dialect(file)
            if not contact_file.write_copy(file, dialect, copy):
                return
            owner = {"res_model": self._name, "res_id": self.id, "res_field": "unpacked_id"}
            attachments = self.env["ir.attachment"].sudo()
            unpacked = attachments._create_from_stream("unpacked", copy, **owner)
        # Another copy has other places; nothing but the line is sure then.
        self.sudo().write({"unpacked_id": unpacked.id, "resume_mark": False})

    def _drop_unpacked(self):
        """The copy goes when nobody will read on."""
        unpacked = self.sudo().unpacked_id
        self.sudo().unpacked_id = False
        unpacked.unlink()

    def _open_rows(self, source):
        """The rows from where an earlier run was cut off, or from the beginning.

        :param contact_file.Source source: the file
        :return: the dialect, the ``contact_file.Rows``, and those of them after ``resume_line`` as
            an iterator that touches no record
        """
        given = self._get_dialect(source.file)
        mark = contact_file.Mark(*self.resume_mark) if self.resume_mark else None
        dialect, rows = contact_file.open_source(source, given, mark)
        following = _skip_to(rows, self.resume_line)
        return dialect, rows, following

    def _copy_expert(self, statement, stream):
        """COPY; psycopg2 cannot do so through the callback that the gevent worker sets."""
        callback = psycopg2.extensions.get_wait_callback()
        psycopg2.extensions.set_wait_callback(None)
        try:
            self.env.cr.copy_expert(statement, stream, COPY_BYTES)
        finally:
            psycopg2.extensions.set_wait_callback(callback)

    @api.model
    def _get_file_error_text(self, code):
        """What keeps a file from being read (``contact_file.UnreadableFile``), for a supervisor."""
        return self._get_file_error_texts().get(code, code)

    @api.model
    def _get_file_error_texts(self):
        """:return: ``{code: translated sentence}``"""
        return {
            "no_phone_column": self.env._("Choose the column that holds phone 1."),
            "empty_file": self.env._("The file is empty."),
            "no_rows": self.env._("The file has no rows with contacts."),
            "unsupported_format": self.env._(
                "This is not a file with contacts. Save it as CSV or XLSX and upload it again."
            ),
            "old_spreadsheet": self.env._(
                "This is an old Excel file (.xls) or one with a password. Save it as .xlsx without "
                "a password."
            ),
            "damaged": self.env._("The file is damaged or was cut off. Pack it or send it again."),
            "encrypted": self.env._("The file is protected by a password. Upload it without one."),
            "several_files": self.env._(
                "The archive holds several files. Pack the one to import by itself."
            ),
            "unpacked_too_large": self.env._(
                "Unpacked, the file is far larger than a list of contacts can be. Split it, or "
                "save it as CSV."
            ),
            "unknown_sheet": self.env._("The workbook has no sheet of this name."),
            "unknown_encoding": self.env._("The chosen characters are not known."),
            "too_many_columns": self.env._(
                "The file has more than a thousand columns: this is not a list of contacts."
            ),
            "line_too_long": self.env._(
                "A line has more than a million characters: this is not a list of contacts."
            ),
        }


class _ReadAhead:
    """Parses one chunk ahead, as soon as it may.

    :param submit: has another thread parse the next chunk, and returns the future
    """

    def __init__(self, submit):
        self._submit = submit
        self._future = None

    def start(self):
        """Parse the next chunk; nothing where that was begun."""
        self._future = self._future or self._submit()

    def take(self):
        """:return: the next chunk as `Parsed`, once it is there"""
        self.start()
        parsed = self._future.result()
        self._future = None
        return parsed


def _do_nothing():
    """There is no time for another chunk."""


def _skip_to(rows, line):
    """The rows after a line of the file."""
    for row in rows:
        if row[0] > line:
            yield row


def _parse_next(source, rows, chunks):
    """Parse one more chunk; runs in a thread.

    :param contact_file.Rows rows: those that the chunks are made of
    :rtype: Parsed
    """
    chunk = next(chunks, None)
    stream = source.copy or source.file
    place = stream.tell()
    size = stream.seek(0, io.SEEK_END)
    stream.seek(place)
    # The last hundredth is what comes after the reading.
    return Parsed(chunk, rows.get_mark(), min(99.0, 100.0 * place / max(size, 1)))
