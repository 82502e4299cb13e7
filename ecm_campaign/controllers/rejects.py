import csv
import io

from odoo import http
from odoo.http import content_disposition, request

# A cell that starts so would run as a formula in a spreadsheet (OWASP "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


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
        contact_list = request.env["ecm.contact.list"].browse(list_id)
        if not contact_list.exists() or not contact_list.has_access("read"):
            raise request.not_found()
        headers = [
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", content_disposition(f"rejected-{list_id}.csv")),
        ]
        return request.make_response(self._write_csv(contact_list), headers=headers)

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


def neutralise(value):
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value and value.startswith(FORMULA_STARTS) else value
