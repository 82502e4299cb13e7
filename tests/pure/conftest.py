"""Pure tests import `ecm_campaign.tools` without Odoo: the package is replaced by a bare one with a path only."""

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

for name in ("ecm_campaign", "ecm_dialer_cisco"):
    package = types.ModuleType(name)
    package.__path__ = [str(ROOT / name)]
    sys.modules.setdefault(name, package)
