import shutil
from pathlib import Path

from odoo.tools import config

from odoo.addons.ecm_campaign.hooks import release_tables


def certificate_folder(env):
    """Where dialers' certificates lie as files, as the HTTP library reads them: in the filestore,
    so that they come and go with the database.
    """
    return Path(config.filestore(env.cr.dbname)) / "ecm_dialer_cisco"


def uninstall_hook(env):
    """Leave nothing behind."""
    release_tables(env, "ecm_dialer_cisco")
    shutil.rmtree(certificate_folder(env), ignore_errors=True)
