"""Odoo's loader runs what a module's `tests/__init__.py` names: nothing may be left out there."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.parent.name for path in ROOT.glob("*/__manifest__.py"))


def named_tests(folder):
    """Names of the test modules that a package's `__init__.py` and its rooms import, each as often
    as it is.
    """
    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    names = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            # A room is imported with a star, the one way that Odoo's own check knows.
            names += named_tests(folder / node.module) if node.module else imported(node)
    return [name for name in names if name.startswith("test_")]


def imported(node):
    return [alias.name for alias in node.names]


@pytest.mark.parametrize("module", MODULES)
def test_every_test_module_is_named_once(module):
    folder = ROOT / module / "tests"
    # Two of one name, in two rooms, would be one name for the loader.
    found = Counter(path.stem for path in folder.rglob("test_*.py"))
    assert Counter(named_tests(folder)) == found
    assert set(found.values()) == {1}


@pytest.mark.parametrize("module", MODULES)
def test_every_folder_of_tests_is_a_package(module):
    folders = {path.parent for path in (ROOT / module / "tests").rglob("test_*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
