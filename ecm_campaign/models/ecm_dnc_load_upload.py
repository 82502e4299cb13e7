from odoo import api, fields, models


class EcmDncLoad(models.Model):
    """Takes a file from the drop zone: it is moved to the load, and never copied or sent as text."""

    _inherit = "ecm.dnc.load"

    attachment_id = fields.Many2one("ir.attachment", string="Uploaded file", store=False)

    @api.model_create_multi
    def create(self, vals_list):
        uploads = [self._get_upload(vals) for vals in vals_list]
        loads = super().create(
            [
                {
                    **{name: value for name, value in vals.items() if name != "attachment_id"},
                    **_name_of(upload),
                }
                for vals, upload in zip(vals_list, uploads, strict=True)
            ]
        )
        for load, upload in zip(loads, uploads, strict=True):
            upload.write({"res_model": self._name, "res_field": "file", "res_id": load.id})
        loads.invalidate_recordset(["file"])
        return loads

    def _get_upload(self, vals):
        upload = self.env["ir.attachment"].browse(vals.get("attachment_id"))
        return upload and upload._get_own_upload()


def _name_of(upload):
    return {"file_name": upload.name} if upload else {}
