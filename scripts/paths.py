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

# What Odoo shows of docs/guide: pages that `make guide` writes, and pictures.
GUIDE = ROOT / "ecm_campaign" / "guide"

VENV = BUILD / "venv"
VENV_PYTHON = VENV / "bin" / "python"
NODE_MODULES = BUILD / "node_modules"
NODE_TOOLS = NODE_MODULES / ".bin"

CLUSTER_STATE = BUILD / "cluster.json"
DEVELOPMENT_STATE = BUILD / "development.json"

TEST_PREFIX = "test_"


def modules() -> list[str]:
    """Names of the Odoo modules that are the product, in alphabetical order."""
    return [name for name in all_modules() if not name.startswith(TEST_PREFIX)]


def test_modules() -> list[str]:
    """Names of the modules that only tests install (`test_…`, as in Odoo's own tree)."""
    return [name for name in all_modules() if name.startswith(TEST_PREFIX)]


def all_modules() -> list[str]:
    """Names of both, in alphabetical order: what linters look at and where tests are."""
    manifests = ROOT.glob("*/__manifest__.py")
    return sorted(manifest.parent.name for manifest in manifests)
