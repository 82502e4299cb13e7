from odoo import fields, models

from odoo.addons.base_sparse_field.models.fields import Serialized

SFTP_PATIENCE = {"timeout": 20, "banner_timeout": 20, "auth_timeout": 20}


class FsStorage(models.Model):
    _inherit = "fs.storage"

    # Campaign administrators choose a storage; what it logs in with is the system administrator's.
    options = fields.Text(groups="base.group_system")
    json_options = Serialized(groups="base.group_system")

    def _get_fs_options(self):
        """With the password that an import source keeps, and time-outs where the library has none."""
        options = super()._get_fs_options()
        if "ecm_import_password" not in self.env.context:
            return options
        password = self.env.context["ecm_import_password"]
        patience = SFTP_PATIENCE if self.protocol in ("sftp", "ssh") else {}
        return {**patience, **options, **({"password": password} if password else {})}
