"""The recipes of docs/extend.md are the code of ``test_ecm_extend``, which Odoo's tests run."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "test_ecm_extend"
PAGE = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
# A block stands below a link to its file. Where a line holds only "…", lines are left out.
BLOCK = re.compile(
    r"^\[[^\]\n]+\]\(\.\./(test_ecm_extend/[^)\n]+)\)[^\n]*\n\n```(?:python|xml)\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
BLOCKS = BLOCK.findall(PAGE)
RECIPES = ("A channel", "A gate", "A dialer", "An import source", "A report", "A router")
LEFT_OUT = re.compile(r"^\s*…\s*$", re.MULTILINE)
SHOWN_WHOLE = ("models/letter.py", "models/quiet_period.py")


def find_parts(block):
    """The parts of a block between what it leaves out."""
    parts = (part.strip("\n") for part in LEFT_OUT.split(block))
    return [part for part in parts if part]


def assert_shows(block, code):
    """Each part of a block stands in the code, in their order."""
    place = 0
    for part in find_parts(block):
        found = code.find(part, place)
        assert found >= 0, part
        place = found + len(part)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def test_every_block_of_the_page_is_compared():
    assert len(BLOCKS) == PAGE.count("```") / 2
    assert len(BLOCKS) >= len(RECIPES)


@pytest.mark.parametrize("path", [path for path, _block in BLOCKS])
def test_a_block_is_the_code_of_its_file(path):
    assert_shows(dict(BLOCKS)[path], read(path))


@pytest.mark.parametrize("name", SHOWN_WHOLE)
def test_the_channel_and_the_gate_are_shown_whole(name):
    path = f"test_ecm_extend/{name}"
    assert dict(BLOCKS)[path] == read(path)


def test_there_are_six_recipes():
    assert tuple(re.findall(r"^## (.+)$", PAGE, re.MULTILINE)) == RECIPES


def test_all_code_of_the_module_is_in_a_recipe():
    files = {path.name for path in MODULE.rglob("*.py") if "tests" not in path.parts}
    shown = {Path(path).name for path, _block in BLOCKS}
    assert files - {"__init__.py", "__manifest__.py"} <= shown


def test_a_channel_and_a_gate_take_less_than_80_lines():
    lines = "\n".join(read(f"test_ecm_extend/{name}") for name in SHOWN_WHOLE).splitlines()
    assert len([line for line in lines if line.strip()]) < 80


def test_a_block_that_differs_is_found():
    code = "one\ntwo\nthree\n"
    assert_shows("one\n…\nthree\n", code)
    with pytest.raises(AssertionError):
        assert_shows("one\nthree\n", code)
    with pytest.raises(AssertionError):
        assert_shows("three\n…\none\n", code)
