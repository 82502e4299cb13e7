"""Pure tests import the modules without Odoo: a module's package is replaced by a bare one with a
path only.
"""

import sys
import types
from pathlib import Path

from .examples import IS_LONG

ROOT = Path(__file__).resolve().parents[2]

for name in ("ecm_campaign", "ecm_dialer_cisco", "ecm_import_source"):
    package = types.ModuleType(name)
    package.__path__ = [str(ROOT / name)]
    sys.modules.setdefault(name, package)


def pytest_collection_modifyitems(config, items):
    """Leave the tests marked `long` to `make test-long`."""
    long = [item for item in items if item.get_closest_marker("long")]
    if long and not IS_LONG:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
