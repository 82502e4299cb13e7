from odoo import fields, models


class EcmExportFile(models.Model):
    """A file of an export; whoever asked for it downloads it, and nobody else.

    Its attachment belongs to it, and goes with it.
    """

    _name = "ecm.export.file"
    _description = "File of an Export"
    _order = "id"

    export_id = fields.Many2one("ecm.export", required=True, ondelete="cascade", index=True)
    name = fields.Char(required=True)
    row_count = fields.Integer("Rows", required=True)
    file_size = fields.Integer("Bytes", required=True)
    attachment_id = fields.Many2one("ir.attachment", groups=fields.NO_ACCESS)

    def action_download(self):
        """Have the browser fetch the file.

        :raise AccessError: somebody else asked for it
        """
        self.ensure_one()
        self.check_access("read")
        url = f"/web/content/{self.sudo().attachment_id.id}?download=true"
        return {"type": "ir.actions.act_url", "url": url, "target": "download"}
