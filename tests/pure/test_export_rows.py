"""Rows as XLSX and CSV: every text comes back as it was, and none is a formula."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from ecm_campaign.tools import export_rows
from ecm_campaign.tools.export_rows import (
    CELL_CHARACTERS,
    Column,
    CsvFile,
    XlsxFile,
    shorten,
)

TEXT = [Column("Text", "text")]
# What PostgreSQL stores: no NUL, no half of a pair.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


def read_xlsx(columns, rows, title="Rows"):
    target = io.BytesIO()
    file = XlsxFile(target, title, columns)
    file.write(rows)
    file.close()
    return load_workbook(target).active


def read_csv(columns, rows):
    target = io.BytesIO()
    file = CsvFile(target, "Rows", columns)
    file.write(rows)
    file.close()
    return list(csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig"), newline="")))


@given(TEXTS)
@settings(deadline=None)
def test_a_text_comes_back_from_a_workbook(text):
    cell = read_xlsx(TEXT, [[text]])["A2"]
    assert unescape(cell.value or "") == text
    assert cell.value is None or cell.data_type == "s"


@given(TEXTS)
def test_a_text_comes_back_from_csv(text):
    [_titles, *lines] = read_csv([*TEXT, Column("N", "number")], [[text, 1]])
    assert lines in ([[text, "1"]], [[f"'{text}", "1"]])
    assert not lines[0][0].startswith(("=", "@", "-", "\t", "\r"))


def test_a_phone_number_stays_as_it_is_and_a_formula_does_not():
    lines = read_csv(TEXT, [["+49 30 1234"], ["+1+cmd|' /C calc'!A0"]])
    assert lines[1:] == [["+49 30 1234"], ["'+1+cmd|' /C calc'!A0"]]


def test_words_moments_and_what_is_empty():
    columns = [
        Column("State", "word", {"pending": "Pending", True: "Yes"}),
        Column("At", "moment"),
        Column("Day", "day"),
        Column("N", "number"),
    ]
    sheet = read_xlsx(columns, [["pending", 46037.5, 46037.0, 3], [None, None, None, 0]])
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert values[0][0] == "Pending"
    assert str(values[0][1]) == "2026-01-15 12:00:00"
    assert str(values[0][2])[:10] == "2026-01-15"
    assert values[1] == [None, None, None, 0]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:D3")


def test_a_cell_holds_no_more_than_excel_does():
    assert shorten("a" * 40_000) == "a" * CELL_CHARACTERS
    # Of two units each; half of one is none.
    assert shorten("😀" * 20_000) == "😀" * (CELL_CHARACTERS // 2)


@pytest.mark.parametrize("title", ["Contacts: [all]/*?", "x" * 40, "Kontakte"])
def test_any_title_names_a_sheet(title):
    sheet = read_xlsx(TEXT, [], title)
    assert 0 < len(sheet.title) <= 31
    assert sheet["A1"].value == "Text"


def test_a_file_of_several_writes_is_read_to_its_end_row_by_row():
    target = io.BytesIO()
    file = XlsxFile(target, "Rows", TEXT)
    for text in ("one", None, "", "a & b", " two "):
        file.write([[text]])
    file.write([])
    file.close()
    sheet = load_workbook(target, read_only=True).active
    texts = [row[0].value for row in sheet.iter_rows(max_col=1)]
    assert texts == ["Text", "one", None, None, "a & b", " two "]
    assert load_workbook(target).active.auto_filter.ref == "A1:A6"


def test_a_part_of_more_than_a_zip_file_holds_is_full_before(monkeypatch):
    monkeypatch.setattr(export_rows, "MOST_BYTES", 2_000)
    file = XlsxFile(io.BytesIO(), "Rows", TEXT)
    assert not file.is_full
    file.write([["x" * 2_000]])
    assert file.is_full
    assert not CsvFile(io.BytesIO(), "Rows", TEXT).is_full
