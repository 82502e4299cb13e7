from odoo import fields, models

from odoo.addons.base_sparse_field.models.fields import Serialized

SFTP_PATIENCE = {"timeout": 20, "banner_timeout": 20, "auth_timeout": 20}


class FsStorage(models.Model):
    _inherit = "fs.storage"

    # Campaign administrators choose a storage; what it logs in with is the system administrator's.
    options = fields.Text(groups="base.group_system")
    json_options = Serialized(groups="base.group_system")

    def _get_fs_options(self):
        """With the password that an import source keeps, and time-outs where the library has
        none.
        """
        options = super()._get_fs_options()
        # Other users of the storage have their own time-outs and log in as it says.
        if "ecm_import_password" not in self.env.context:
            return options
        if self.protocol in ("sftp", "ssh"):
            options = {**SFTP_PATIENCE, **options}
        password = self.env.context["ecm_import_password"]
        return {**options, "password": password} if password else options
