"""Narrow Odoo's own lint tests, which look at every add-on there is, to the modules of this
repository.
"""

import pytest

from odoo.modules import Manifest
from scripts import paths


@pytest.fixture(autouse=True)
def only_our_manifests(monkeypatch):
    """Let `Manifest.all_addon_manifests()`, from which those tests start, know our modules only."""
    manifests = [Manifest.for_addon(name) for name in paths.all_modules()]
    monkeypatch.setattr(Manifest, "all_addon_manifests", staticmethod(lambda: manifests))
