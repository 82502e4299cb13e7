import csv
import io
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from ...tools import contact_rows
from ...tools.formula_cells import neutralise, neutralise_text


class RejectedRow(NamedTuple):
    """A row of the table as the download reads it."""

    id: int
    line: int
    field: str | None
    value: str | None
    code: str
    text: str | None
    is_warning: bool


class EcmContactListReject(models.Model):
    """A row of a list that was not stored, or a value of it, with the reason (requirement L8)."""

    _name = "ecm.contact.list.reject"
    _description = "Rejected Row"
    _inherit = ["ecm.erasable.mixin"]
    _order = "id"
    _rec_name = "line_number"

    list_id = fields.Many2one("ecm.contact.list", required=True, ondelete="cascade", index=True)
    line_number = fields.Integer("Line", required=True, help="Line of the file, counted from 1.")
    field_name = fields.Char("Field")
    column_label = fields.Char(
        "Column", compute="_compute_column_label", help="As the file names it."
    )
    value = fields.Char()
    reason = fields.Char("Reason code", required=True)
    reason_text = fields.Char("Reason", compute="_compute_reason_text")
    row_text = fields.Char("Row", help="The row as it was read; at most 2,000 characters.")
    is_warning = fields.Boolean(
        "Contact kept", help="Only the value was left out; the contact was stored without it."
    )

    @api.depends("reason")
    @api.depends_context("lang")
    def _compute_reason_text(self):
        for reject in self:
            reject.reason_text = self._get_reason_text(reject.reason)

    @api.depends("field_name")
    @api.depends_context("lang")
    def _compute_column_label(self):
        for contact_list, rejects in self.grouped("list_id").items():
            labels = contact_list._get_column_labels()
            for reject in rejects:
                reject.column_label = labels.get(reject.field_name, reject.field_name)

    @api.model
    def _get_reason_text(self, code):
        """What a reason code means, for a supervisor."""
        text = self._get_reason_texts().get(code)
        return text or contact_rows.REASONS.get(code, code)

    @api.model
    def _get_reason_texts(self):
        """:return: ``{code: translated sentence}``"""
        return {
            "duplicate": self.env._("This number is known already."),
            "dnc_national": self.env._("The number is on a national do-not-contact list."),
            "dnc_corporate": self.env._("The number is on a do-not-contact list of the company."),
            "dnc_compliance": self.env._("The number is on a compliance do-not-contact list."),
            "dnc_litigation": self.env._("The number is on a litigation list."),
        }

    # -- erasure ----------------------------------------------------------------------------------

    @api.model
    def _find_person(self, person):
        """Rows in which a number, an e-mail or a key stands, however it is written: of a row that
        was refused nothing else was read.
        """
        text = SQL("concat_ws(' ', r.value, r.row_text)")
        conditions = []
        if person.numbers:
            # Nationally written, the country code is missing.
            ends = [f"%{number[-9:].lstrip('+')}%" for number in sorted(person.numbers)]
            digits = SQL(r"regexp_replace(%s, '[^0-9,;]', '', 'g')", text)
            conditions.append(SQL("%s LIKE ANY(%s)", digits, ends))
        words = sorted(person.emails) + [key.lower() for key in sorted(person.keys)]
        if words:
            parts = [f"%{escape_psql(word)}%" for word in words]
            conditions.append(SQL("lower(%s) LIKE ANY(%s)", text, parts))
        if not conditions:
            return SQL("SELECT NULL::int WHERE FALSE")
        return SQL(
            """SELECT r.id FROM ecm_contact_list_reject r
                 JOIN ecm_contact_list l ON l.id = r.list_id
                 JOIN ecm_campaign p ON p.id = l.campaign_id
                WHERE p.company_id = ANY(%s) AND (%s)""",
            sorted(person.company_ids),
            SQL(" OR ").join(conditions),
        )

    @api.model
    def _erase_ids(self, ids):
        """Line and reason stay: the list's counters are explained by them."""
        query = SQL(
            "UPDATE ecm_contact_list_reject SET value = NULL, row_text = NULL WHERE id = ANY(%s)",
            list(ids),
        )
        self.env.cr.execute(query)
        self.invalidate_model()
        return {self._name: self.env.cr.rowcount}

    @api.model
    def _copy_in(self, contact_list, rejects, warnings, room):
        """Store the rejects of a chunk in the file's order.

        :param rejects: list of ``tools.contact_rows.Reject``
        :param warnings: the same, of contacts that were stored
        :param int room: how many are kept at most
        """
        list_id = contact_list.id
        rows = [(list_id, *row, False) for row in rejects]
        rows += [(list_id, *row, True) for row in warnings]
        if not (rows and room):
            return
        # The download reads them by their ids, so these follow the lines.
        rows.sort()
        rows = rows[:room]
        self.env.cr.execute_values(
            "INSERT INTO ecm_contact_list_reject "
            "(list_id, line_number, field_name, value, reason, row_text, is_warning) VALUES %s",
            rows,
            page_size=1000,
        )

    @api.model
    def _write_csv(self, contact_list, file):
        """Write every row of a list that was not stored, or only in part, a page at a time.

        :param file: an empty one that is open for writing bytes
        """
        labels = contact_list._get_column_labels()
        # With the mark that tells spreadsheets that this is UTF-8.
        output = io.TextIOWrapper(file, "utf-8-sig", newline="")
        writer = csv.writer(output)
        writer.writerow(self._get_titles())
        for row in self._iterate_rows(contact_list):
            cells = [
                row.line,
                neutralise(labels.get(row.field, row.field)),
                neutralise(row.field),
                neutralise(row.value),
                row.code,
                self._get_reason_text(row.code),
                neutralise(row.text),
            ]
            writer.writerow(cells)
        if contact_list.unkept_count:
            count = contact_list.unkept_count
            writer.writerow([self.env._("%s more were counted, and not kept.", count)])
        # The file stays open when the wrapper goes.
        output.detach()

    @api.model
    def _write_rows(self, contact_list, file):
        """Write the rows of a list that were not stored, in the columns of its file, and as that
        was written: the import profile and the program that it came from read it again.

        :param file: an empty one that is open for writing bytes
        """
        output = io.TextIOWrapper(file, "utf-8-sig", newline="")
        dialect = (contact_list.options or {}).get("dialect", {})
        delimiter = dialect.get("delimiter") or ","
        quote = dialect.get("quote") or '"'
        writer = csv.writer(output, delimiter=delimiter, quotechar=quote)
        if dialect.get("header"):
            writer.writerow(map(neutralise, dialect["header"]))
        # A row may have been rejected for more than one reason; it is there once.
        last_line = None
        for reject in self._iterate_rows(contact_list):
            if reject.is_warning or reject.line == last_line or not reject.text:
                continue
            last_line = reject.line
            for cells in csv.reader(io.StringIO(reject.text)):
                writer.writerow(map(neutralise_text, cells))
        output.detach()

    def _get_titles(self):
        """Of the columns, in the user's language."""
        return [
            self.env._("Line"),
            self.env._("Column"),
            self.env._("Field"),
            self.env._("Value"),
            self.env._("Code"),
            self.env._("Reason"),
            self.env._("Row"),
        ]

    @api.model
    def _iterate_rows(self, contact_list, page=1000):
        """Rows of a list in file order, for the download, a page at a time.

        :return: iterator of ``RejectedRow``
        """
        last = 0
        while True:
            rows = self._read_page(contact_list, last, page)
            yield from rows
            if len(rows) < page:
                return
            last = rows[-1].id

    @api.model
    def _read_page(self, contact_list, last, page):
        """Rows after the one with the id ``last`` (index on ``list_id``).

        :return: list of ``RejectedRow``
        """
        self.env.cr.execute(
            SQL(
                """SELECT id, line_number, field_name, value, reason, row_text, is_warning
                     FROM ecm_contact_list_reject
                    WHERE list_id = %s AND id > %s
                 ORDER BY id LIMIT %s""",
                contact_list.id,
                last,
                page,
            )
        )
        return list(map(RejectedRow._make, self.env.cr.fetchall()))
