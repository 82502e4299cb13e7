from odoo import fields, models

LIST_IS_OVER = ("done", "failed", "cancelled")


class EcmImportFile(models.Model):
    """One file that a source brought, or one extract of a database: the history of a source
    (requirements L2, L4).

    A file's record says what became of it before the file is moved, so that a crash at any line
    leaves either a file that is still to be taken, or a record whose file is still to be moved.
    """

    _name = "ecm.import.file"
    _description = "Import File"
    _order = "id desc"

    source_id = fields.Many2one(
        "ecm.import.source", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="source_id.company_id", store=True, index=True)
    name = fields.Char(required=True, readonly=True)
    hash = fields.Char(
        "SHA-256", readonly=True, help="Of the content: the same content is imported once."
    )
    size = fields.Integer("Size (bytes)", readonly=True)
    signature = fields.Char(
        readonly=True, help="Size and time of the file in the folder, to know it again."
    )
    state = fields.Selection(
        [
            ("waiting", "Being imported"),
            ("done", "Imported"),
            ("duplicate", "Imported before"),
            ("failed", "Not imported"),
        ],
        string="Status",
        required=True,
        readonly=True,
    )
    list_id = fields.Many2one(
        "ecm.contact.list", string="Contact list", readonly=True, ondelete="set null", index=True
    )
    message = fields.Text(readonly=True)
    found_at = fields.Datetime(
        "Found on", required=True, readonly=True, default=fields.Datetime.now
    )
    finished_at = fields.Datetime("Finished on", readonly=True)
    target = fields.Char(
        "Moved to",
        readonly=True,
        help="Where the file goes; written down before it is moved, so that it is found.",
    )
    is_moved = fields.Boolean(
        "Out of the folder", readonly=True, help="Nothing remains to be done in the folder for it."
    )

    # The same content is imported once, also when two processes see it at the same time. What could
    # not be read may come again.
    _content_once = models.UniqueIndex(
        "(source_id, hash) WHERE state IN ('waiting', 'done') AND hash IS NOT NULL",
        "This content was imported before.",
    )
    # What a check of the folder asks for first.
    _in_folder = models.Index("(source_id) WHERE is_moved IS NOT TRUE")

    def _follow_list(self):
        """Take over how the import of the list ended.

        :return: whether it has ended
        """
        self.ensure_one()
        if self.state != "waiting":
            return True
        contact_list = self.list_id
        # Another process imports it, and commits as it goes on.
        contact_list.invalidate_recordset(["state", "error"])
        if contact_list and contact_list.state not in LIST_IS_OVER:
            return False
        is_done = contact_list.state == "done"
        self.write(
            {
                "state": "done" if is_done else "failed",
                "message": False if is_done else self._get_failure_text(contact_list),
                "finished_at": fields.Datetime.now(),
            }
        )
        return True

    def _get_failure_text(self, contact_list):
        if not contact_list:
            return self.env._("The contact list was deleted before it was imported.")
        if contact_list.state == "cancelled":
            return self.env._("The import was cancelled.")
        return contact_list.error

    def _prepare_target(self):
        """Where the file goes: a name that no other file gets."""
        source = self.source_id
        folder = source.error_directory if self.state == "failed" else source.archive_directory
        prefix = f"{self.found_at:%Y%m%d-%H%M%S}-{self.id}"
        return f"{folder.rstrip('/')}/{prefix}-{self.name}"
