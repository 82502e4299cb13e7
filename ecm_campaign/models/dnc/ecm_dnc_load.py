import io
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import SQL

from ...actions import open_form
from ...tools import number_rows

DELETED_AT_ONCE = 50_000


class EcmDncLoad(models.Model):
    """A file of numbers on its way into a do-not-contact list: in the background, resumable
    (requirement N1).
    """

    _name = "ecm.dnc.load"
    _inherit = ["ecm.file.job", "ecm.file.mixin"]
    _description = "Load of a Do-not-contact List"
    _order = "id desc"
    _rec_name = "file_name"
    _fixed_fields = ("list_id", "mode", "file_name")
    _log_name = "do-not-contact load"
    _chunk_rows = 50_000
    _logged_counts = {
        "loaded_count": "new",
        "duplicate_count": "listed before",
        "invalid_count": "no number",
    }

    list_id = fields.Many2one("ecm.dnc.list", required=True, ondelete="cascade", index=True)
    file = fields.Binary(required=True, attachment=True)
    file_name = fields.Char("File name", readonly=True)
    # The drop zone's file is moved into `file`, and never copied or sent as text.
    attachment_id = fields.Many2one(string="Uploaded file", store=False, readonly=False)
    mode = fields.Selection(
        [("append", "Add to the list"), ("replace", "Replace what the list holds")],
        required=True,
        default="append",
    )
    state = fields.Selection(selection_add=[("importing", "Loading"), ("done", "Loaded")])
    loaded_count = fields.Integer("New", readonly=True)
    duplicate_count = fields.Integer("Listed before", readonly=True)
    invalid_count = fields.Integer("Not a number", readonly=True)
    meets_listed = fields.Boolean(readonly=True, help="Numbers of the file were listed already.")

    @api.model_create_multi
    def create(self, vals_list):
        loads = super().create(vals_list)
        self.env.ref("ecm_campaign.ir_cron_dnc_load").sudo()._trigger()
        loads._log_state()
        return loads

    def action_open(self):
        """Close the upload and show the load with its progress."""
        self.ensure_one()
        return open_form(self)

    def _take_upload(self, upload):
        self.sudo().file_name = upload.name
        upload.write({"res_model": self._name, "res_field": "file", "res_id": self.id})
        self.invalidate_recordset(["file"])

    def _get_turn(self):
        return self.list_id

    def _begin(self):
        is_new = not self.started_at
        begins = super()._begin()
        if begins and is_new:
            self.started_at = max(self.started_at, self._get_free_second())
        return begins

    def _get_free_second(self):
        """The first second in which the load before this one listed nothing: moments are whole
        seconds, and what it has listed must not pass for ours.
        """
        others = [("list_id", "=", self.list_id.id), ("id", "!=", self.id)]
        begun = [*others, ("started_at", "!=", False)]
        last = self.search(begun, limit=1, order="started_at DESC")
        if not last:
            return self.started_at
        return max(last.started_at, last.finished_at or last.started_at) + timedelta(seconds=1)

    def _get_listing_moment(self):
        """When what is listed now counts as listed: never before the load began."""
        return max(fields.Datetime.now(), self.started_at)

    def _get_file(self):
        domain = [
            ("res_model", "=", self._name),
            ("res_field", "=", "file"),
            ("res_id", "=", self.id),
        ]
        return self.env["ir.attachment"].sudo().search(domain, limit=1)

    def _open_chunks(self, source, pace):
        """Chunks of E.164 numbers."""
        dialect, rows, unread = self._open_rows(source)
        company = self.list_id.company_id or self.create_uid.company_id
        country = company.country_id.code
        return rows, number_rows.parse_numbers(unread, dialect.header, country, pace)

    def _load_chunk(self, chunk, read_on):
        read_on()
        new = self._copy_in(chunk.numbers)
        return {
            "loaded_count": new,
            "duplicate_count": chunk.valid - new,
            "invalid_count": chunk.processed - chunk.valid,
        }

    def _replace_earlier(self):
        """Replacing: take out what the file no longer has."""
        if self.mode != "replace" or not self.loaded_count + self.duplicate_count:
            return 0
        return self.env["ecm.dnc.entry"]._delete_of(
            self.list_id, before=self.started_at, limit=DELETED_AT_ONCE
        )

    def _complete(self):
        """A file without a single number changes nothing: it is a wrong one, and must neither empty
        a registry nor make it pass for fresh."""
        if not self.loaded_count + self.duplicate_count:
            self._fail(self.env._("The file has no phone numbers. The list stays as it was."))
            return
        # The planner must know how large the table has become.
        self.env.cr.execute("ANALYZE ecm_dnc_entry")
        self.list_id.refreshed_at = fields.Datetime.now()
        super()._complete()

    def _copy_in(self, numbers):
        """Take in the numbers that are not listed yet.

        Straight into the table, at the speed of COPY, as long as none of them is. From the first
        one that is, they go through a table beside it.

        :return: how many were new
        """
        if not self.meets_listed:
            try:
                with self.env.cr.savepoint():
                    self._copy_straight(numbers)
                return len(numbers)
            # One number that is listed has COPY store none.
            except UniqueViolation:
                self.meets_listed = True
        return self._copy_beside(numbers)

    def _copy_straight(self, numbers):
        """:raise UniqueViolation: one of the numbers is listed; none was stored then"""
        now = fields.Datetime.to_string(self._get_listing_moment())
        # A row of COPY's text: what stands behind the number is the same for all of them.
        constants = f"\t{self.list_id.id}\tnumber\t{now}\t{self.create_uid.id}\n"
        text = constants.join([*numbers, ""])
        stream = io.BytesIO(text.encode())
        self._copy_expert(
            "COPY ecm_dnc_entry (value, list_id, kind, added_at, added_by) FROM STDIN", stream
        )

    def _copy_beside(self, numbers):
        cursor = self.env.cr
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS ecm_dnc_stage (value text)")
        cursor.execute("TRUNCATE ecm_dnc_stage")
        stream = io.BytesIO("\n".join([*numbers, ""]).encode())
        self._copy_expert("COPY ecm_dnc_stage FROM STDIN", stream)

        # What the file names again must not go with what it no longer has.
        if self.mode == "replace":
            self._renew_listed()
        cursor.execute(
            SQL(
                """INSERT INTO ecm_dnc_entry (list_id, kind, value, added_at, added_by)
                   SELECT %s, 'number', value, %s, %s FROM ecm_dnc_stage
                   ON CONFLICT DO NOTHING""",
                self.list_id.id,
                self._get_listing_moment(),
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
                    WHERE e.value = s.value AND e.kind = 'number' AND e.list_id = %s
                      AND e.added_at < %s""",
                self._get_listing_moment(),
                self.list_id.id,
                self.started_at,
            )
        )
