import io
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC
from functools import partial
from operator import itemgetter

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import PENDING
from ..tools import contact_file, contact_rows
from ..tools import strategy as decision

LINE = contact_rows.COLUMNS.index("line")
PHONE = contact_rows.COLUMNS.index("phone_1")
NOT_BEFORE = contact_rows.COLUMNS.index("not_before")
# Where a column of the table has another name than the value of a row.
COPY_NAMES = {"not_before": "next_attempt_at"}

_logger = logging.getLogger(__name__)


class EcmContactList(models.Model):
    """One delivery of contacts into a campaign, and its import (requirements L1, L7, L8).

    The file is read, checked and loaded in chunks. Each chunk's contacts, rejected rows, counters and the line that
    it ends at are committed together, so that an import that was cut off goes on where it stopped.
    """

    _name = "ecm.contact.list"
    _description = "Contact List"
    _order = "id desc"

    name = fields.Char(required=True)
    campaign_id = fields.Many2one("ecm.campaign", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="campaign_id.company_id", store=True, index=True)
    user_id = fields.Many2one("res.users", string="Uploaded by", default=lambda self: self.env.user, readonly=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("queued", "Queued"),
            ("importing", "Importing"),
            ("done", "Imported"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    source = fields.Selection(
        [("manual", "Upload"), ("api", "API"), ("form", "By hand")], required=True, default="manual", readonly=True
    )
    attachment_id = fields.Many2one("ir.attachment", string="File", readonly=True, copy=False)
    file_name = fields.Char("File name", readonly=True)
    file_size = fields.Integer("File size (bytes)", readonly=True)
    options = fields.Json(readonly=True, help="How the file is read: dialect, columns, country.")
    duplicate_policy = fields.Selection(
        [("reject", "Reject the row"), ("allow", "Store it again")],
        string="Number already in the campaign",
        required=True,
        default="reject",
    )

    processed_count = fields.Integer("Processed", readonly=True, help="Rows read from the file.")
    uploaded_count = fields.Integer("Uploaded", readonly=True, help="Contacts stored.")
    failed_count = fields.Integer("Failed", readonly=True, help="Rows that could not be stored.")
    duplicate_count = fields.Integer("Duplicate", readonly=True, help="Rows whose phone 1 was in the campaign already.")
    warning_count = fields.Integer(
        "Values left out", readonly=True, help="Invalid values of contacts that were stored."
    )
    resume_line = fields.Integer(readonly=True, help="Last line of the file that is done.")
    progress = fields.Float(readonly=True, help="Share of the file that was read, in per cent.")
    started_at = fields.Datetime("Started on", readonly=True)
    finished_at = fields.Datetime("Finished on", readonly=True)
    error = fields.Text(readonly=True)
    reject_ids = fields.One2many("ecm.contact.list.reject", "list_id", string="Rejected rows", readonly=True)
    contact_count = fields.Integer(compute="_compute_contact_counts", string="Contacts")
    pending_count = fields.Integer(compute="_compute_contact_counts", string="Pending")

    _waiting = models.Index("(id) WHERE state IN ('queued', 'importing')")

    def _compute_contact_counts(self):
        groups = (
            self.env["ecm.contact"].sudo()._read_group([("list_id", "in", self.ids)], ["list_id", "state"], ["__count"])
        )
        for contact_list in self:
            tally = {state: count for group, state, count in groups if group == contact_list}
            contact_list.contact_count = sum(tally.values())
            contact_list.pending_count = tally.get(PENDING, 0)

    # -- queue ----------------------------------------------------------------------------------------

    def action_queue(self):
        """Have the import start in the background."""
        for contact_list in self.filtered(lambda record: record.state in ("draft", "failed")):
            if not contact_list.attachment_id:
                raise UserError(self.env._("The list %s has no file to import.", contact_list.name))
            contact_list.write({"state": "queued", "error": False})
        self.env.ref("ecm_campaign.ir_cron_import").sudo()._trigger()
        return True

    def action_cancel(self):
        """Stop the import. Contacts that it stored already and that were not called yet are removed."""
        cancelled = self.filtered(lambda record: record.state in ("draft", "queued", "importing"))
        cancelled.write({"state": "cancelled", "finished_at": fields.Datetime.now()})
        cancelled._remove_uncalled()
        return True

    def _remove_uncalled(self):
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """DELETE FROM ecm_contact c
                    WHERE c.list_id = ANY(%s) AND c.state = 'pending'
                      AND NOT EXISTS (SELECT 1 FROM ecm_attempt a WHERE a.contact_id = c.id)""",
                self.ids,
            )
        )
        self.env["ecm.contact"].invalidate_model()

    @api.model
    def _cron_import(self):
        """Import queued lists, and those whose import was cut off, one after the other."""
        engine = self.env["ecm.engine"]
        lists = self.search([("state", "in", ("queued", "importing"))], order="id")
        engine._commit(remaining=len(lists))
        for contact_list in lists:
            # One import at a time into a campaign, so that duplicates are seen.
            with engine._exclusively(contact_list.campaign_id) as is_ours:
                if is_ours:
                    contact_list._import_safely()
            if not engine._commit(processed=1):
                break

    def _import_safely(self):
        """Import one list; a file that cannot be read fails its list only."""
        engine = self.env["ecm.engine"]
        try:
            self._import()
        except contact_file.UnreadableFile as error:
            engine._rollback()
            engine._atomically(partial(self._fail, self._get_file_error_text(error.code)))
        except Exception:
            _logger.exception("The import of contact list %s failed", self.id)
            engine._rollback()
            message = self.env._("Unexpected error: see the server's log. The import can be started again.")
            engine._atomically(partial(self._fail, message))
        engine._atomically(self._notify_progress)

    @api.model
    def _get_file_error_text(self, code):
        """What keeps a file from being read (``contact_file.UnreadableFile``), for a supervisor."""
        texts = {
            "no_phone_column": self.env._("Choose the column that holds phone 1."),
            "empty_file": self.env._("The file is empty."),
            "no_rows": self.env._("The file has no rows with contacts."),
            "unsupported_format": self.env._("This is not a text file. Save it as CSV and upload it again."),
            "unknown_encoding": self.env._("The chosen characters are not known."),
            "line_too_long": self.env._("A line has more than a million characters: this is not a list of contacts."),
        }
        return texts.get(code, code)

    def _fail(self, message):
        self.write({"state": "failed", "error": message, "finished_at": fields.Datetime.now()})

    # -- import ---------------------------------------------------------------------------------------

    def _import(self):
        """Load the file from where it was left.

        :raise contact_file.UnreadableFile: the file as a whole cannot be read
        """
        self.ensure_one()
        engine = self.env["ecm.engine"]
        engine._atomically(self._begin)
        with self._open_file() as stream, ThreadPoolExecutor(max_workers=1) as parser:
            for chunk, texts, position in self._read_ahead(parser, stream):
                if not engine._atomically(partial(self._load_chunk, chunk, texts, position)):
                    return
        engine._atomically(self._finish)

    def _begin(self):
        if self.state != "cancelled":
            self.write({"state": "importing", "started_at": self.started_at or fields.Datetime.now()})

    def _finish(self):
        self.invalidate_recordset(["state"])
        if self.state == "importing":
            self.write({"state": "done", "progress": 100.0, "finished_at": fields.Datetime.now()})
            self.campaign_id.filtered("is_running")._trigger_feed()

    @contextmanager
    def _open_file(self):
        attachment = self.attachment_id.sudo()
        path = attachment._full_path(attachment.store_fname) if attachment.store_fname else None
        with open(path, "rb") if path else closing(io.BytesIO(attachment.raw)) as stream:
            yield stream

    def _read_ahead(self, parser, stream):
        """Parse the next chunk in a thread while the database loads this one.

        :return: iterator of ``(chunk, its contacts as COPY text, byte position)``
        """
        chunks = self._parse(stream)
        number_of = self._get_number_getter()

        def next_chunk():
            chunk = next(chunks, None)
            contacts = chunk.contacts if chunk else ()
            texts = [contact_rows.copy_row((*contact[1:], number_of(contact))) for contact in contacts]
            return chunk, texts, stream.tell()

        future = parser.submit(next_chunk)
        while True:
            chunk, texts, position = future.result()
            if chunk is None:
                return
            future = parser.submit(next_chunk)
            yield chunk, texts, position

    def _parse(self, stream):
        """Chunks of the rows after ``resume_line``; touches no record once it runs."""
        dialect = contact_file.Dialect(**self.options["dialect"])
        rows = contact_file.open_rows(stream, dialect)
        resume_line = self.resume_line
        rest = ((line, cells) for line, cells in rows if line > resume_line)
        return contact_rows.parse_rows(rest, self._get_column_map(), self._get_parse_options())

    def _get_column_map(self):
        return contact_rows.ColumnMap(self.options["columns"])

    def _get_parse_options(self):
        return contact_rows.ParseOptions(
            country=self.options.get("country"),
            tz=self.campaign_id.tz,
            columns=self.options["dialect"].get("columns") or None,
        )

    def _load_chunk(self, chunk, texts, position):
        """Store one chunk with everything that belongs to it.

        :param texts: COPY text of each of its contacts
        :param position: byte of the file that was read last
        :return: whether the import goes on
        """
        self.invalidate_recordset(["state"])
        if self.state != "importing":
            self._remove_uncalled()
            return False
        rows, duplicates = self._split_duplicates(chunk.contacts, texts)
        self._copy_contacts(rows)
        self.env["ecm.contact.list.reject"]._copy_in(self, [*chunk.rejects, *duplicates], chunk.warnings)
        self._count_chunk(chunk, len(rows), len(duplicates), position)
        self._notify_progress()
        return True

    def _split_duplicates(self, contacts, texts):
        """Leave out rows whose phone 1 is in the campaign, or stands earlier in the chunk (requirement L9).

        :return: ``(list of (contact, text) to store, rejects of the others)``
        """
        rows = list(zip(contacts, texts, strict=True))
        if self.duplicate_policy == "allow":
            return rows, []
        seen = self.env["ecm.contact"]._get_existing_phones(self.campaign_id, {contact[PHONE] for contact in contacts})
        kept, duplicates = [], []
        for row in rows:
            number = row[0][PHONE]
            if number in seen:
                duplicates.append(contact_rows.Reject(row[0][LINE], "phone_1", number, "duplicate"))
            else:
                seen.add(number)
                kept.append(row)
        return kept, duplicates

    def _copy_contacts(self, rows):
        """COPY contacts into the table; those with a time to come wait for it.

        :param rows: list of ``(contact, text)``
        """
        now = fields.Datetime.to_string(fields.Datetime.now())
        ready, waiting = [], []
        for contact, text in rows:
            (waiting if contact[NOT_BEFORE] and contact[NOT_BEFORE] > now else ready).append(text)
        for texts, is_ready in ((ready, True), (waiting, False)):
            if texts:
                self._copy_texts(texts, is_ready, now)

    def _copy_texts(self, texts, is_ready, now):
        constants = self._prepare_copy_constants(is_ready, now)
        columns = [*contact_rows.COLUMNS[1:], "number_to_call", *constants]
        statement = SQL(
            "COPY ecm_contact (%s) FROM STDIN",
            SQL(", ").join(SQL.identifier(COPY_NAMES.get(column, column)) for column in columns),
        )
        # psycopg2 cannot COPY through the callback that the gevent worker sets.
        callback = psycopg2.extensions.get_wait_callback()
        psycopg2.extensions.set_wait_callback(None)
        try:
            self.env.cr.copy_expert(statement.code, contact_rows.copy_stream(texts, tuple(constants.values())))
        finally:
            psycopg2.extensions.set_wait_callback(callback)

    def _prepare_copy_constants(self, is_ready, now):
        """Columns that are the same in every row of a chunk; an extension adds its own.

        :rtype: dict
        """
        return {
            "campaign_id": self.campaign_id.id,
            "list_id": self.id,
            "company_id": self.campaign_id.company_id.id,
            "state": PENDING,
            "is_ready": is_ready,
            "is_retry": False,
            "next_position": 1,
            "attempt_count": 0,
            "uncounted_count": 0,
            "added_at": now,
        }

    def _get_number_getter(self):
        """What tells the number of the first attempt from a row of ``contact_rows.COLUMNS``."""
        plan = self.campaign_id.strategy_id._get_plan()
        if plan.attempts and plan.attempts[0].phone_index == 1:
            return itemgetter(PHONE)
        now = fields.Datetime.now().replace(tzinfo=UTC)

        def number_of(contact):
            first = decision.first_attempt(plan, contact[PHONE : PHONE + 5], None, now)
            return getattr(first, "number", contact[PHONE])

        return number_of

    def _count_chunk(self, chunk, stored, duplicates, position):
        """Counters and place in the file, in the transaction that stores the chunk."""
        self.write(
            {
                "processed_count": self.processed_count + chunk.processed,
                "uploaded_count": self.uploaded_count + stored,
                "failed_count": self.failed_count + len(chunk.rejects),
                "duplicate_count": self.duplicate_count + duplicates,
                "warning_count": self.warning_count + len(chunk.warnings),
                "resume_line": chunk.last_line,
                "progress": min(99.0, 100.0 * position / self.file_size) if self.file_size else 0.0,
            }
        )

    def _notify_progress(self):
        """Tell the browser of whoever uploaded the list; forms that show it reload."""
        progress = {"id": self.id, "progress": self.progress, "state": self.state}
        self.user_id._bus_send("ecm_contact_list/progress", progress)

    # -- buttons --------------------------------------------------------------------------------------

    def action_view_contacts(self):
        """Open the contacts of this list."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ecm_campaign.ecm_contact_action")
        return {**action, "domain": [("list_id", "=", self.id)], "context": {}}

    def action_download_rejects(self):
        """Download the rows that were not stored."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/ecm/contact_list/{self.id}/rejects", "target": "download"}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if any(contact_list.state == "importing" for contact_list in self):
            raise UserError(self.env._("Cancel the import before you delete the list."))
        if self.env["ecm.attempt"].sudo().search_count([("contact_id.list_id", "in", self.ids)], limit=1):
            raise UserError(self.env._("Contacts of this list were called: the history must stay."))

    def unlink(self):
        self.env["ecm.contact"]._delete_of(self)
        return super().unlink()
