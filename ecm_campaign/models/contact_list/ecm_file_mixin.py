from odoo import fields, models


class EcmFileMixin(models.AbstractModel):
    """A record that takes an uploaded file (requirements L1, L7, L10, N1).

    Whoever reads the record may read its file. So a user gives it only a file that the same user
    has just uploaded; from then on the file belongs to the record, and no other one takes it. Only
    code with all rights hands over the file of another record.
    """

    _name = "ecm.file.mixin"
    _description = "Record with an Uploaded File"

    attachment_id = fields.Many2one(
        "ir.attachment",
        string="File",
        inverse="_inverse_attachment_id",
        readonly=True,
        copy=False,
    )

    def _inverse_attachment_id(self):
        """Check and take over the file, however it came: by form, RPC, import or context.

        :raise AccessError: it is no upload of this user
        """
        for record in self:
            file = record.sudo().attachment_id
            if not file:
                continue
            # Code with all rights hands over what it likes.
            if not self.env.su and not record._is_owner(file):
                file = record.attachment_id._get_own_upload()
            if not file.res_id:
                record._take_upload(file)

    def _is_owner(self, file):
        owner = (file.res_model, file.res_id)
        return owner == (self._name, self.id)

    def _take_upload(self, upload):
        """Hook: have the file belong to this record.

        :param upload: record of ``ir.attachment`` with all rights that belongs to no record yet
        """
        upload.write({"res_model": self._name, "res_id": self.id})
