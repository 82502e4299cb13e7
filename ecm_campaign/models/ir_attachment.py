import mmap
from contextlib import closing, nullcontext
from io import UnsupportedOperation

from odoo import api, models

# Not text/…: of such a file Odoo would keep all words in the database as well.
CONTACT_FILE = "application/x-contact-file"


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model
    def _create_from_stream(self, name, stream, **values):
        """Keep a file of contacts without taking it into memory: its pages come from the disk as they are needed.

        :param str name: the file's name
        :param stream: seekable, opened for reading bytes; it stays open
        :param values: other fields of the attachment
        """
        with _open_content(stream) as content:
            return self.create({"name": name, "raw": content, "mimetype": CONTACT_FILE, **values})


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
