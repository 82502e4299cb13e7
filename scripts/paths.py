"""Where things are: the checkout and the git-ignored folder for all that is downloaded or
generated.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"

APT = BUILD / "apt"
DOWNLOADS = BUILD / "downloads"
STAMPS = BUILD / "stamps"
LOGS = BUILD / "logs"
REPORTS = BUILD / "reports"
ODBC = BUILD / "odbc"
TEMPORARY = BUILD / "tmp"
SCREENSHOTS = BUILD / "screenshots"

ODOO = BUILD / "odoo"
ODOO_LOCATION = BUILD / "odoo-location"
ODOO_CONF = BUILD / "odoo.conf"
DATA_DIR = BUILD / "odoo-data"

VENV = BUILD / "venv"
VENV_PYTHON = VENV / "bin" / "python"

CLUSTER_STATE = BUILD / "cluster.json"


def modules() -> list[str]:
    """Names of the Odoo modules of this repository, in alphabetical order."""
    return sorted(manifest.parent.name for manifest in ROOT.glob("*/__manifest__.py"))
