"""The documents name things that exist: requirements, tests, models, files and headings."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "docs" / "requirements.md"
# How many requirements each letter has, numbered from 1.
LETTERS = {"C": 11, "S": 9, "L": 10, "N": 6, "F": 9, "M": 7, "B": 10, "R": 10}

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/readme/*.md")])
SKIPPED = {".build", ".git", "node_modules"}


def read(path):
    return path.read_text(encoding="utf-8")


def python_files():
    """Python files of the repository, without what was downloaded into it."""
    for folder in ROOT.iterdir():
        if folder.is_dir() and folder.name not in SKIPPED:
            yield from folder.rglob("*.py")


SOURCES = "\n".join(read(path) for path in python_files())
TESTS = set(re.findall(r"(?:def|class) ((?:test_|Test)\w+)\(", SOURCES))
TEST_FILES = {path.stem for path in python_files() if path.name.startswith("test_")}
MODELS = set(re.findall(r"_name = \"(ecm\.[a-z.]+)\"", SOURCES))


def rows():
    """Rows of the requirement tables: lists of cells."""
    lines = re.findall(r"^\| [A-Z]\d+ \|.*\|$", read(REQUIREMENTS), re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def requirement_ids():
    for letter, count in LETTERS.items():
        yield from (f"{letter}{number}" for number in range(1, count + 1))


def test_every_requirement_has_one_row():
    expected = set(requirement_ids())
    counts = Counter(row[0] for row in rows())
    assert set(counts) == expected
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_row_is_complete_and_says_how_far_it_is(row):
    _name, what, _where, proof, state = row
    assert what
    assert re.match(r"done$|in part: .*: [E-L]|not yet: [E-L]", state), state
    assert proof or state.startswith("not yet"), "what is done is proven by a test"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_tests_exist(page):
    modules = {path.name for path in ROOT.iterdir()}
    names = set(re.findall(r"`((?:test_|Test)\w+)`", read(page)))
    assert names <= TESTS | TEST_FILES | modules


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_models_exist(page):
    assert set(re.findall(r"`(ecm\.[a-z.]+[a-z])`", read(page))) <= MODELS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_benchmarks_exist(page):
    for name in re.findall(r"NAME=(\w+)", read(page)):
        assert (ROOT / "benchmarks" / f"bench_{name}.py").exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _mark, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not heading or heading in anchors(file), target


def anchors(file):
    """Addresses of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", read(file), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def test_the_command_of_ci_stands_in_the_readme():
    assert "<!-- ci: test -->\n```\nmake test\n```\n" in read(ROOT / "README.md")
