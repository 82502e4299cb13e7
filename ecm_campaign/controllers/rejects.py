import tempfile

from werkzeug.wsgi import wrap_file

from odoo import http
from odoo.http import Response, content_disposition, request

DOWNLOAD = {"type": "http", "auth": "user", "methods": ["GET"], "readonly": True}


class RejectsController(http.Controller):
    @http.route("/ecm/contact_list/<int:list_id>/rejects", **DOWNLOAD)
    def download_rejects(self, list_id):
        """Every row of a list that was not stored, or only in part, as CSV (requirement L8)."""
        rejects = request.env["ecm.contact.list.reject"]
        return self._answer(f"rejected-{list_id}.csv", rejects._write_csv, list_id)

    @http.route("/ecm/contact_list/<int:list_id>/rejected_file", **DOWNLOAD)
    def download_rejected_file(self, list_id):
        """The rows of a list that were not stored, in the columns of its file: to be repaired and
        uploaded again (requirement L8).
        """
        rejects = request.env["ecm.contact.list.reject"]
        return self._answer(f"repair-{list_id}.csv", rejects._write_rows, list_id)

    def _answer(self, name, write, list_id):
        """:param write: callable with the list and an empty file that is open for writing bytes"""
        contact_list = request.env["ecm.contact.list"].browse(list_id)
        if not contact_list.exists() or not contact_list.has_access("read"):
            raise request.not_found()
        # On the disk, from which the server sends it: there may be as many rows as in the file.
        file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
        write(contact_list, file)
        size = file.tell()
        file.seek(0)
        headers = [
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", content_disposition(name)),
            ("Content-Length", str(size)),
        ]
        parts = wrap_file(request.httprequest.environ, file)
        return Response(parts, headers=headers, direct_passthrough=True)
