"""Pure tests import the modules without Odoo: a module's package is replaced by a bare one with a
path only.
"""

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

NAMES = (
    "ecm_campaign",
    "ecm_dialer_cisco",
    "ecm_import_source",
    "ecm_rest_api",
    "ecm_sms",
    "ecm_email",
    "ecm_callback",
    "ecm_agent",
    "ecm_crm_bridge",
    "ecm_report",
    "ecm_survey",
)
for name in NAMES:
    package = types.ModuleType(name)
    package.__path__ = [str(ROOT / name)]
    sys.modules.setdefault(name, package)
    # As one module's tools name another's.
    sys.modules.setdefault(f"odoo.addons.{name}", package)
