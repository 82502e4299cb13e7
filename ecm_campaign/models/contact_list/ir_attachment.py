import mmap
from contextlib import closing, nullcontext
from io import UnsupportedOperation

from odoo import api, models
from odoo.exceptions import AccessError

# Not text/…: of such a file Odoo would keep all words in the database as well.
CONTACT_FILE = "application/x-contact-file"
# Whom a file belongs to between its upload and the form that takes it.
UPLOAD_MODEL = "ecm.contact.upload"


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model
    def _create_from_stream(self, name, stream, **values):
        """Keep a file of contacts without taking it into memory: its pages come from the disk as
        they are needed. It is an upload of this user until a record takes it (``ecm.file.mixin``).

        :param str name: the file's name
        :param stream: seekable, opened for reading bytes; it stays open
        :param values: other fields of the attachment
        """
        with _open_content(stream) as content:
            return self.create(
                {
                    # What no database stores is no part of a name.
                    "name": name.replace("\0", ""),
                    "raw": content,
                    "mimetype": CONTACT_FILE,
                    "res_model": UPLOAD_MODEL,
                    **values,
                }
            )

    def _get_own_upload(self):
        """A file that the user dropped and no form has taken yet, with all rights.

        :raise AccessError: it is another one: forms take no file by its number alone
        """
        if not self._is_own_upload():
            raise AccessError(self.env._("Upload the file in this form."))
        return self.sudo()

    def _is_own_upload(self):
        upload = self.sudo()
        is_taken = upload.res_id or upload.res_field
        if is_taken or upload.res_model != UPLOAD_MODEL:
            return False
        return upload.create_uid == self.env.user


def _open_content(stream):
    """A stream's bytes: those of a file as the disk holds them, others as they are."""
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    try:
        number = stream.fileno()
    except UnsupportedOperation:
        return nullcontext(stream.read())
    stream.flush()
    # A file of no bytes cannot be mapped.
    return closing(mmap.mmap(number, 0, access=mmap.ACCESS_READ)) if size else nullcontext(b"")
