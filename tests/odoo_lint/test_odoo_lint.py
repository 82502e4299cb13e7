"""Odoo's `test_lint` on our modules. Its pylint plug-ins run in `scripts/lint.py`; it needs no
installation.
"""

import contextlib

from scripts import paths

from odoo.addons.test_lint.tests.test_docstring import TestDocstring as OdooDocstring
from odoo.addons.test_lint.tests.test_dunderinit import TestDunderinit
from odoo.addons.test_lint.tests.test_i18n import TestI18n
from odoo.addons.test_lint.tests.test_index import BTREE_INDEX_IGNORE_FIELDS
from odoo.addons.test_lint.tests.test_index import TestIndex as OdooIndex
from odoo.addons.test_lint.tests.test_jstranslate import TestJsTranslations
from odoo.addons.test_lint.tests.test_manifests import ManifestLinter
from odoo.addons.test_lint.tests.test_naming import TestNaming as OdooNaming
from odoo.addons.test_lint.tests.test_onchange_domains import TestOnchangeDomains
from odoo.addons.test_lint.tests.test_orm_import import TestDunderinit as TestOrmImport
from odoo.addons.test_lint.tests.test_override_signatures import (
    TestLintOverrideSignatures as OdooOverrideSignatures,
)
from odoo.addons.test_lint.tests.test_pofile import PotLinter
from odoo.addons.test_lint.tests.test_routes import RoutesLinter
from odoo.addons.test_lint.tests.test_test_holes import TestTestHoles


class OwnFindings:
    """Leave out what Odoo's checks find in modules that are not ours."""

    @contextlib.contextmanager
    def subTest(self, **parameters):  # noqa: N802 (unittest's name)
        """Report a finding when its module, or the first part of its model's name, is ours."""
        try:
            yield
        except Exception as finding:
            if self._is_ours(parameters):
                raise self.failureException(f"{parameters}: {finding}") from finding

    def _is_ours(self, parameters):
        module = parameters.get("module")
        return module in paths.all_modules() if module else parameters["model"].startswith("ecm.")


class TestIndex(OdooIndex):
    """The inverse of a One2many has an index; what the OCA's fs_storage lacks is not ours to mend."""

    def setUp(self):
        super().setUp()
        foreign = {"ir.model.storage_id", "ir.model.fields.storage_id"}
        BTREE_INDEX_IGNORE_FIELDS.update(foreign)
        self.addCleanup(BTREE_INDEX_IGNORE_FIELDS.difference_update, foreign)


class TestDocstring(OwnFindings, OdooDocstring):
    """Docstrings parse as reStructuredText and name the parameters there are."""


class TestNaming(OwnFindings, OdooNaming):
    """Public methods can be called from outside."""


class TestOverrideSignatures(OwnFindings, OdooOverrideSignatures):
    """Overrides keep the signature."""


del OdooDocstring, OdooIndex, OdooNaming, OdooOverrideSignatures
