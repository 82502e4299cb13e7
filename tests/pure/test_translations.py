"""Translations keep what a program or a page puts in: placeholders, tags, and blanks at the ends."""

import re

import polib
import pytest

from scripts import paths, translations

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\{.*?\}\}|\{\w*\}|</?\w+")
FILES = [
    file
    for module in paths.modules()
    for language in translations.LANGUAGES
    if (file := translations.po_file(module, language)).is_file()
]


def find_spoilt(file):
    """Terms whose translation would break what shows it."""
    spoilt = []
    for entry in polib.pofile(str(file)):
        if entry.msgstr and describe(entry.msgid) != describe(entry.msgstr):
            spoilt.append((entry.msgid, entry.msgstr))
    return spoilt


def describe(text):
    return sorted(PLACEHOLDER.findall(text)), text[:1].isspace(), text[-1:].isspace()


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parts[-3]}-{file.stem}")
def test_a_translation_keeps_what_is_put_in(file):
    assert find_spoilt(file) == []


def test_a_lost_placeholder_is_found(tmp_path):
    file = tmp_path / "xx.po"
    po = polib.POFile()
    po.append(polib.POEntry(msgid="%s contacts", msgstr="Kontakte"))
    po.append(polib.POEntry(msgid="%s left", msgstr="noch %s"))
    po.save(str(file))
    assert find_spoilt(file) == [("%s contacts", "Kontakte")]
