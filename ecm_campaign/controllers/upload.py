from odoo import http
from odoo.http import request

# What a form has beside the file: names, boundaries, the token.
FORM_SIZE = 64 * 1024


class UploadController(http.Controller):
    def _get_max_length(self):
        """Of the request, in bytes. Larger ones are refused before they are read."""
        return request.env["ecm.contact.upload"]._get_max_size() + FORM_SIZE

    @http.route(
        "/ecm/upload",
        type="http",
        auth="user",
        methods=["POST"],
        max_content_length=_get_max_length,
    )
    def upload(self, ufile=None):
        """Keep a file for the forms that import one (requirement L1).

        The server writes what comes into a temporary file, and the attachment is made from that:
        neither side holds the whole file in memory.

        :param ufile: the file, in a multipart form
        :return: JSON object with ``id`` (of the attachment), ``name`` and ``size``; or ``error``
        with HTTP 400 or 403
        """
        uploads = request.env["ecm.contact.upload"]
        if not uploads.has_access("create"):
            return self._refuse(403, request.env._("Only supervisors upload files of contacts."))
        if not getattr(ufile, "filename", None):
            return self._refuse(400, request.env._("There is no file in the request."))
        attachment = uploads._keep_file(ufile.filename, ufile.stream)
        return request.make_json_response(
            {"id": attachment.id, "name": attachment.name, "size": attachment.file_size}
        )

    def _refuse(self, status, message):
        return request.make_json_response({"error": message}, status=status)
