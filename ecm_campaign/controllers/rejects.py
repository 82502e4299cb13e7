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
        """Every row of a list that was not stored, or only in part, as a CSV file (requirement L8)."""
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
        translate = request.env._
        output = io.StringIO()
        output.write("\ufeff")  # tells spreadsheets that this is UTF-8
        writer = csv.writer(output)
        titles = (
            translate("Line"),
            translate("Column"),
            translate("Field"),
            translate("Value"),
            translate("Code"),
            translate("Reason"),
            translate("Row"),
        )
        writer.writerow(titles)
        labels = contact_list._get_column_labels()
        for line, field, value, code, row, _is_warning in rejects._iterate_rows(contact_list):
            reason = rejects._get_reason_text(code)
            writer.writerow(
                [
                    line,
                    *map(neutralise, (labels.get(field, field), field, value)),
                    code,
                    reason,
                    neutralise(row),
                ]
            )
        return output.getvalue()


def neutralise(value):
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value and value.startswith(FORMULA_STARTS) else value
