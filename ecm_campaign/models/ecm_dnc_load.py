import io
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import contact_file, contact_rows, phones

_logger = logging.getLogger(__name__)

CHUNK_ROWS = 50_000


class EcmDncLoad(models.Model):
    """A file of numbers on its way into a do-not-contact list: in the background, resumable (requirement N1)."""

    _name = "ecm.dnc.load"
    _description = "Load of a Do-not-contact List"
    _order = "id desc"
    _rec_name = "file_name"

    list_id = fields.Many2one("ecm.dnc.list", required=True, ondelete="cascade", index=True)
    file = fields.Binary(required=True, attachment=True)
    file_name = fields.Char(readonly=True)
    mode = fields.Selection(
        [("append", "Add to the list"), ("replace", "Replace what the list holds")], required=True, default="append"
    )
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("loading", "Loading"),
            ("done", "Loaded"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="queued",
        readonly=True,
    )
    processed_count = fields.Integer("Rows", readonly=True)
    loaded_count = fields.Integer("New", readonly=True)
    duplicate_count = fields.Integer("Listed before", readonly=True)
    invalid_count = fields.Integer("Not a number", readonly=True)
    resume_line = fields.Integer(readonly=True)
    meets_listed = fields.Boolean(readonly=True, help="Numbers of the file were listed already.")
    progress = fields.Float(readonly=True)
    started_at = fields.Datetime(readonly=True)
    finished_at = fields.Datetime(readonly=True)
    error = fields.Char(readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        loads = super().create(vals_list)
        self.env.ref("ecm_campaign.ir_cron_dnc_load").sudo()._trigger()
        return loads

    def action_open(self):
        """Close the upload and show the load with its progress."""
        self.ensure_one()
        return {"type": "ir.actions.act_window", "res_model": self._name, "res_id": self.id, "view_mode": "form"}

    def action_cancel(self):
        """Stop loading; numbers that were loaded stay in the list."""
        running = self.filtered(lambda load: load.state in ("queued", "loading"))
        running.write({"state": "cancelled", "finished_at": fields.Datetime.now()})
        return True

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        if any(load.state == "loading" for load in self):
            raise UserError(self.env._("Cancel the load before you delete it."))

    @api.model
    def _cron_load(self):
        """Load queued files and go on with those that were cut off."""
        engine = self.env["ecm.engine"]
        loads = self.search([("state", "in", ("queued", "loading"))], order="id")
        engine._commit(remaining=len(loads))
        for load in loads:
            with engine._exclusively(load.list_id) as is_ours:
                if is_ours:
                    load._load_safely()
            if not engine._commit(processed=1):
                break

    def _load_safely(self):
        engine = self.env["ecm.engine"]
        try:
            self._load()
        except contact_file.UnreadableFile as error:
            engine._rollback()
            message = self.env["ecm.contact.list"]._get_file_error_text(error.code)
            engine._atomically(partial(self._fail, message))
        except Exception:
            _logger.exception("Loading do-not-contact file %s failed", self.id)
            engine._rollback()
            engine._atomically(partial(self._fail, self.env._("Unexpected error: see the server's log.")))

    def _fail(self, message):
        self.write({"state": "failed", "error": message, "finished_at": fields.Datetime.now()})

    def _load(self):
        """:raise contact_file.UnreadableFile: the file as a whole cannot be read"""
        engine = self.env["ecm.engine"]
        engine._atomically(self._begin)
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_field", "=", "file"), ("res_id", "=", self.id)], limit=1)
        )
        with self.env["ecm.contact.list"]._open_attachment(attachment) as stream, ThreadPoolExecutor(1) as parser:
            size = stream.seek(0, io.SEEK_END)
            for chunk in self._read_ahead(parser, stream):
                if not engine._atomically(partial(self._store, chunk, size)):
                    return
        engine._atomically(self._finish)

    def _begin(self):
        if self.state == "queued":
            self.write({"state": "loading", "started_at": fields.Datetime.now()})

    def _finish(self):
        """Take out what a replacing file no longer has. A file without a single number changes nothing: it is a wrong
        one, and must neither empty a registry nor make it pass for fresh."""
        self.invalidate_recordset(["state"])
        if self.state != "loading":
            return
        if not self.loaded_count + self.duplicate_count:
            self._fail(self.env._("The file has no phone numbers. The list stays as it was."))
            return
        if self.mode == "replace":
            self.env["ecm.dnc.entry"]._delete_of(self.list_id, before=self.started_at)
        self.env.cr.execute("ANALYZE ecm_dnc_entry")
        self.write({"state": "done", "progress": 100.0, "finished_at": fields.Datetime.now()})
        self.list_id.refreshed_at = fields.Datetime.now()

    def _read_ahead(self, parser, stream):
        """Read the next numbers in a thread while the database stores these.

        :return: iterator of ``(numbers, rows, last line, byte position)``
        """
        dialect, rows = contact_file.open_source(stream)
        places = _get_phone_places(dialect.header)
        country = (self.list_id.company_id or self.create_uid.company_id).country_id.code
        resume_line = self.resume_line
        rest = ((line, cells) for line, cells in rows if line > resume_line)

        def next_chunk():
            chunk = list(islice(rest, CHUNK_ROWS))
            return (
                [_find_number(cells, country, places) for _line, cells in chunk],
                chunk[-1][0] if chunk else 0,
                stream.tell(),
            )

        future = parser.submit(next_chunk)
        while True:
            numbers, last_line, position = future.result()
            if not numbers:
                return
            future = parser.submit(next_chunk)
            yield numbers, last_line, position

    def _store(self, chunk, size):
        """Store one chunk with its counters and the line reached.

        :return: whether the load goes on
        """
        numbers, last_line, position = chunk
        self.invalidate_recordset(["state"])
        if self.state != "loading":
            return False
        valid = [number for number in numbers if number]
        new = self._copy_in(valid)
        self.write(
            {
                "processed_count": self.processed_count + len(numbers),
                "loaded_count": self.loaded_count + new,
                "duplicate_count": self.duplicate_count + len(valid) - new,
                "invalid_count": self.invalid_count + len(numbers) - len(valid),
                "resume_line": last_line,
                "progress": min(99.0, 100.0 * position / size) if size else 0.0,
            }
        )
        return True

    def _copy_in(self, numbers):
        """Take in the numbers that are not listed yet.

        Straight into the table, at the speed of COPY, as long as none of them is. From the first one that is, they go
        through a table beside it.

        :return: how many were new
        """
        distinct = list(dict.fromkeys(numbers))
        if not self.meets_listed:
            try:
                with self.env.cr.savepoint():
                    self._copy_straight(distinct)
                return len(distinct)
            except UniqueViolation:
                self.meets_listed = True
        return self._copy_beside(distinct)

    def _copy_straight(self, numbers):
        """:raise UniqueViolation: one of the numbers is listed; none was stored then"""
        now = fields.Datetime.to_string(fields.Datetime.now())
        constants = f"\t{self.list_id.id}\tnumber\t{now}\t{self.create_uid.id}\n"
        stream = io.BytesIO("".join([number + constants for number in numbers]).encode())
        self.env["ecm.contact.list"]._copy_expert(
            "COPY ecm_dnc_entry (value, list_id, kind, added_at, added_by) FROM STDIN", stream
        )

    def _copy_beside(self, numbers):
        cursor = self.env.cr
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS ecm_dnc_stage (value text)")
        cursor.execute("TRUNCATE ecm_dnc_stage")
        stream = io.BytesIO("".join([f"{number}\n" for number in numbers]).encode())
        self.env["ecm.contact.list"]._copy_expert("COPY ecm_dnc_stage FROM STDIN", stream)
        if self.mode == "replace":
            self._renew_listed()
        cursor.execute(
            SQL(
                """INSERT INTO ecm_dnc_entry (list_id, kind, value, added_at, added_by)
                   SELECT %s, 'number', value, %s, %s FROM ecm_dnc_stage
                   ON CONFLICT DO NOTHING""",
                self.list_id.id,
                fields.Datetime.now(),
                self.create_uid.id,
            )
        )
        return cursor.rowcount

    def _renew_listed(self):
        """Numbers that the list holds and the file names stay when the others go."""
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_dnc_entry e SET added_at = %s
                     FROM ecm_dnc_stage s
                    WHERE e.value = s.value AND e.kind = 'number' AND e.list_id = %s AND e.added_at < %s""",
                fields.Datetime.now(),
                self.list_id.id,
                self.started_at,
            )
        )


def _get_phone_places(header):
    """The columns that are called phone, number and the like; empty if the names tell nothing."""
    targets = contact_rows.guess_map(header).targets
    return [place for place, target in targets.items() if target.startswith("phone_")]


def _find_number(cells, country, places):
    """The first number of a row, in E.164, or None.

    :param places: the columns to look at, all of them if empty: a row's identifier may look like a number
    """
    if not isinstance(cells, list):
        return None
    for cell in [cells[place] for place in places if place < len(cells)] if places else cells:
        number, reason = phones.normalise(cell, country)
        if not reason:
            return number
    return None
