import csv
import io
import re

from odoo import http
from odoo.http import content_disposition, request

# A cell that starts so would run as a formula in a spreadsheet (OWASP "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PHONE = re.compile(r"\+[\d ()./-]+")


class RejectsController(http.Controller):
    @http.route(
        "/ecm/contact_list/<int:list_id>/rejects",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def download_rejects(self, list_id):
        """Every row of a list that was not stored, or only in part, as CSV (requirement L8)."""
        contact_list = self._get_list(list_id)
        return self._answer(f"rejected-{list_id}.csv", self._write_csv(contact_list))

    @http.route(
        "/ecm/contact_list/<int:list_id>/rejected_file",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def download_rejected_file(self, list_id):
        """The rows of a list that were not stored, in the columns of its file: to be repaired and
        uploaded again (requirement L8).
        """
        contact_list = self._get_list(list_id)
        return self._answer(f"repair-{list_id}.csv", self._write_rows(contact_list))

    def _get_list(self, list_id):
        contact_list = request.env["ecm.contact.list"].browse(list_id)
        if not contact_list.exists() or not contact_list.has_access("read"):
            raise request.not_found()
        return contact_list

    def _answer(self, name, text):
        headers = [
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", content_disposition(name)),
        ]
        return request.make_response(text, headers=headers)

    def _write_rows(self, contact_list):
        output = io.StringIO()
        # Tells spreadsheets that this is UTF-8.
        output.write("\ufeff")
        writer = csv.writer(output)
        dialect = (contact_list.options or {}).get("dialect", {})
        if dialect.get("header"):
            writer.writerow(map(neutralise, dialect["header"]))
        # A row may have been rejected for more than one reason; it is there once.
        last_line = None
        for reject in request.env["ecm.contact.list.reject"]._iterate_rows(contact_list):
            if reject.is_warning or reject.line == last_line or not reject.text:
                continue
            last_line = reject.line
            for cells in csv.reader(io.StringIO(reject.text)):
                writer.writerow(map(neutralise_text, cells))
        return output.getvalue()

    def _write_csv(self, contact_list):
        rejects = request.env["ecm.contact.list.reject"]
        labels = contact_list._get_column_labels()
        output = io.StringIO()
        # Tells spreadsheets that this is UTF-8.
        output.write("\ufeff")
        writer = csv.writer(output)
        writer.writerow(self._get_titles())
        for row in rejects._iterate_rows(contact_list):
            cells = [
                row.line,
                neutralise(labels.get(row.field, row.field)),
                neutralise(row.field),
                neutralise(row.value),
                row.code,
                rejects._get_reason_text(row.code),
                neutralise(row.text),
            ]
            writer.writerow(cells)
        if contact_list.unkept_count:
            count = contact_list.unkept_count
            writer.writerow([request.env._("%s more were counted, and not kept.", count)])
        return output.getvalue()

    def _get_titles(self):
        """Of the columns, in the user's language."""
        translate = request.env._
        return [
            translate("Line"),
            translate("Column"),
            translate("Field"),
            translate("Value"),
            translate("Code"),
            translate("Reason"),
            translate("Row"),
        ]


def neutralise_text(value):
    """The same for a cell that is uploaded again: a phone number stays as it is."""
    return value if PHONE.fullmatch(value) else neutralise(value)


def neutralise(value):
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value and value.startswith(FORMULA_STARTS) else value
