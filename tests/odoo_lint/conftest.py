"""Narrow Odoo's own lint tests, which look at every add-on there is, to the modules of this repository."""

import pytest

from odoo.modules import Manifest
from scripts import paths

from odoo.addons.test_lint.tests import test_index


@pytest.fixture(autouse=True)
def only_our_manifests(monkeypatch):
    """Let `Manifest.all_addon_manifests()`, from which those tests start, know our modules only."""
    manifests = [Manifest.for_addon(name) for name in paths.modules()]
    monkeypatch.setattr(Manifest, "all_addon_manifests", staticmethod(lambda: manifests))


@pytest.fixture(autouse=True)
def only_our_indexes(monkeypatch):
    """Leave out fields of OCA's fs_storage, whose tables are small and not ours."""
    foreign = {"ir.model.storage_id", "ir.model.fields.storage_id"}
    monkeypatch.setattr(test_index, "BTREE_INDEX_IGNORE_FIELDS", test_index.BTREE_INDEX_IGNORE_FIELDS | foreign)
