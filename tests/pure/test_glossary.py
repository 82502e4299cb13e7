"""The guide's glossary says what stands on the screens: each of its own words is a label there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts import paths

GLOSSARY = paths.ROOT / "docs/guide/glossary.md"
LABELLING = ("string", "title")
# Words that were replaced, and what stands for them now.
REPLACED = {
    "business outcome": "wrap-up",
    "business outcomes": "wrap-ups",
    "registries": "do-not-contact lists",
    "request state": "state",
    "request time": "last attempt on",
    "own budget": "limit all attempts",
    "deliverable percentage (%)": "share of the group (%)",
    "loads": "loaded files",
    "ndnc": "national",
    "class": "kind of list",
    "contacts feeder": "sending",
}


def test_the_words_of_the_glossary_are_on_the_screens():
    missing = [word for word in read_words() if not is_label(word)]
    assert not missing


@pytest.mark.parametrize(("old", "new"), REPLACED.items())
def test_a_word_that_was_replaced_is_on_no_screen(old, new):
    assert old not in all_labels()
    assert new in all_labels()


def test_each_row_has_a_word_for_each_column():
    for line in GLOSSARY.read_text().splitlines():
        if line.startswith("| "):
            cells = line.strip("|").split("|")
            assert all(cell.strip() for cell in cells), line


def test_a_word_that_is_nowhere_is_found():
    assert "flux capacitor" not in all_labels()


def read_words() -> Iterator[str]:
    """What the first column of each table says, without its explanations."""
    for line in GLOSSARY.read_text().splitlines():
        if not line.startswith("| ") or line.startswith(("| Our word", "|---")):
            continue
        first = line.strip("|").split("|")[0]
        # In brackets stands which of several meanings it is.
        plain = re.sub(r"\([^)]*\)|\*", "", first)
        for word in re.split(r"[,;:]", plain):
            if word.strip():
                yield word.strip().lower()


def is_label(word: str) -> bool:
    """Whether a label is the word: also one of several, with a unit or an explanation."""
    if {word, f"{word}s"} & all_labels():
        return True
    beginnings = (f"{word} (", f"{word}: ")
    return any(label.startswith(beginnings) for label in all_labels())


@cache
def all_labels() -> frozenset[str]:
    return frozenset(read_labels())


def read_labels() -> Iterator[str]:
    """What modules show: texts of views, and strings of models that are no code."""
    for module in paths.modules():
        folder = paths.ROOT / module
        for path in sorted(folder.rglob("*.xml")):
            if "demo" in path.parts:
                continue
            yield from map(normalise, read_view_texts(path))
        for path in sorted(folder.rglob("*.py")):
            if "tests" not in path.parts:
                yield from map(normalise, read_strings(path))


def read_view_texts(path: Path) -> Iterator[str]:
    for element in ElementTree.parse(path).iter():
        labelling = (*LABELLING, "name") if element.tag == "menuitem" else LABELLING
        for name in labelling:
            yield element.get(name, "")
        yield element.text or ""
        yield element.tail or ""


def read_strings(path: Path) -> Iterator[str]:
    """Labels of fields, choices of selections, and what is translated."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield from map(get_text, find_labels(node))
        # A field without a label has its name's.
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("fields."):
            yield ast.unparse(node.targets[0]).replace("_", " ")
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            yield get_text(node.elts[1])


def find_labels(call: ast.Call) -> Iterator[ast.expr]:
    """Arguments of a call that may be a label."""
    name = ast.unparse(call.func)
    if name.endswith("env._"):
        yield from call.args[:1]
    if name.startswith("fields."):
        yield from call.args[:2]
        for keyword in call.keywords:
            if keyword.arg == "string":
                yield keyword.value


def get_text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def normalise(text: str) -> str:
    return " ".join(text.split()).rstrip(".").lower()
