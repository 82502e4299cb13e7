"""Whoever installs by the README has all that the add-ons ask for.

The environment of the tests holds more than that, from linters and test tools. So what is asked for
is looked up among the packages that the README's files name, and those that these pull in.
"""

import ast
import importlib.metadata as metadata
import re
import sys
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import python_env

ROOT = Path(__file__).resolve().parents[2]
# Odoo's Python has these: the README expects a working Odoo.
OF_ODOO = "requirements-odoo.txt"
OURS = sorted(path.parent for path in ROOT.glob("*/__manifest__.py"))
INSTALL_COMMAND = re.compile(r"^ *\S*pip (install .*)$", re.MULTILINE)


def read_requirements(name):
    """Requirements of a file, comments left out."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def files_of_readme():
    """``{file: whether its packages bring what they need}`` of the README's commands."""
    files = {}
    for command in INSTALL_COMMAND.findall((ROOT / "README.md").read_text()):
        for path in re.findall(r"-r (\S+)", command):
            files[Path(path).name] = "--no-deps" not in command
    return files


def close_over(requirements):
    """Names of the packages that pip would install for these."""
    environment = {**default_environment(), "extra": ""}
    waiting, names = list(requirements), set()
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name in names:
            continue
        names.add(name)
        needed = map(Requirement, metadata.requires(name) or ())
        waiting += (one for one in needed if not one.marker or one.marker.evaluate(environment))
    return names


@pytest.fixture(scope="module")
def installed():
    """Names of the packages that an installation by the README has."""
    names = close_over(read_requirements(OF_ODOO))
    for file, with_dependencies in files_of_readme().items():
        requirements = read_requirements(file)
        named = {canonicalize_name(requirement.name) for requirement in requirements}
        names |= close_over(requirements) if with_dependencies else named
    return names


@pytest.fixture(scope="module")
def brought_by():
    """``{word of an import: names of the packages that bring it}``"""
    return {
        word: set(map(canonicalize_name, names))
        for word, names in metadata.packages_distributions().items()
    }


def find_addons():
    """Folders of our modules and of those of OCA that they depend on, or that are installed with
    them.
    """
    return [*OURS, *sorted(python_env.oca_addons_folder().glob("*/"))]


def read_manifest(folder):
    return ast.literal_eval((folder / "__manifest__.py").read_text())


def imported_packages(folder):
    """First words of what the files of a module import, tests and this Python's own left out."""
    words = set()
    for path in folder.rglob("*.py"):
        if "tests" in path.relative_to(folder).parts or path.name == "__manifest__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                words |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                words.add(node.module.partition(".")[0])
    return words - sys.stdlib_module_names - {"odoo"}


def test_the_readme_names_the_files():
    assert files_of_readme() == {"requirements.txt": True, "requirements-oca.txt": False}


@pytest.mark.parametrize("folder", find_addons(), ids=lambda path: path.name)
def test_what_a_manifest_asks_for_is_installed(folder, installed):
    for text in read_manifest(folder).get("external_dependencies", {}).get("python", ()):
        requirement = Requirement(text)
        assert canonicalize_name(requirement.name) in installed
        assert requirement.specifier.contains(metadata.version(requirement.name))
        if requirement.specifier:
            # Odoo cannot read a version without it.
            assert "packaging" in installed


@pytest.mark.parametrize("folder", find_addons(), ids=lambda path: path.name)
def test_what_a_module_imports_is_installed(folder, installed, brought_by):
    for word in imported_packages(folder):
        assert brought_by.get(word, set()) & installed, word


def test_addons_that_ours_depend_on_are_in_the_list(installed):
    of_oca = {folder.name for folder in find_addons()} - {folder.name for folder in OURS}
    for folder in OURS:
        for name in of_oca & set(read_manifest(folder)["depends"]):
            assert canonicalize_name(f"odoo-addon-{name}") in installed
