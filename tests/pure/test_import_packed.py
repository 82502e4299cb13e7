"""Workbooks and packed files, built here as other programs build them, and those that mean harm
(L1).
"""

import gzip
import io
import tracemalloc
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.xml.constants import SHARED_STRINGS

from ecm_campaign.tools import contact_file, packed_file, sheet_xml, spreadsheet
from ecm_campaign.tools.contact_file import UnreadableFile, describe, open_source, preview_source

CSV = b"phone;name\n+4915112345678;Max\n+4915112345679;Eva\n"
PHONES = ["+4915112345678", "+4915112345679"]


def workbook(*rows, formats=(), title="Contacts", more=()):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for place, number_format in formats:
        book.active[place].number_format = number_format
    for name in more:
        book.create_sheet(name).append(["phone", name])
        book[name].append([PHONES[0], name])
    return save(book)


def save(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return file.getvalue()


def repacked(data, **parts):
    """A workbook with some of its parts replaced, or left out."""
    changes = {
        name.replace("__", "/").replace("_xml", ".xml"): content for name, content in parts.items()
    }
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            content = changes.get(member.filename, old.read(member))
            if content is not None:
                new.writestr(member.filename, content)
        for name in changes.keys() - set(old.namelist()):
            new.writestr(name, changes[name])
    return file.getvalue()


def cells_of(data, **choices):
    file = io.BytesIO(data)
    _dialect, rows = open_source(file, describe(file, **choices))
    return [cells for _line, cells in rows]


def error_of(data):
    with pytest.raises(UnreadableFile) as caught:
        cells_of(data)
    return caught.value.code


# --- workbooks -------------------------------------------------------------------------------------------------------


def test_cells_are_taken_for_what_they_mean():
    data = workbook(
        ["phone", "text", "whole", "float", "date", "time stamp", "flag", "empty", "zeros"],
        [
            PHONES[0],
            "007",
            42.0,
            1.5,
            date(2026, 12, 31),
            datetime(2026, 12, 31, 18, 30),
            True,
            None,
            15112345678,
        ],
        formats=[("I2", "000000000000")],
    )
    assert cells_of(data) == [
        [
            PHONES[0],
            "007",
            "42",
            "1.5",
            "2026-12-31",
            "2026-12-31 18:30:00",
            "TRUE",
            "",
            "015112345678",
        ]
    ]


def test_long_numbers_keep_their_digits():
    assert (
        cells_of(workbook(["phone"], [4915112345678], [4.915112345678e12]))
        == [["4915112345678"]] * 2
    )


def test_formulas_are_taken_as_last_computed():
    data = workbook(["phone", "sum"], [PHONES[0], "=1+1"])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    computed = (
        sheet.replace("<v></v>", "<v>2</v>")
        .replace("<v />", "<v>2</v>")
        .replace("<v/>", "<v>2</v>")
    )
    assert computed != sheet
    assert cells_of(repacked(data, xl__worksheets__sheet1_xml=computed)) == [[PHONES[0], "2"]]
    assert cells_of(data) == [[PHONES[0], spreadsheet.NO_VALUE]]


def test_lines_are_the_rows_of_the_sheet():
    book = openpyxl.Workbook()
    book.active["A3"], book.active["A5"], book.active["A9"] = "phone", PHONES[0], PHONES[1]
    file = io.BytesIO(save(book))
    dialect, rows = open_source(file)
    assert dialect.header == ("phone",)
    assert list(rows) == [(5, [PHONES[0]]), (9, [PHONES[1]])]


def test_header_is_found_out_or_told():
    with_header, without = (
        workbook(["phone", "name"], [PHONES[0], "Max"]),
        workbook([PHONES[0], "Max"]),
    )
    assert describe(io.BytesIO(with_header)).header == ("phone", "name")
    assert describe(io.BytesIO(without)).has_header is False
    assert len(cells_of(with_header, has_header=False)) == 2
    assert describe(io.BytesIO(without)).columns == 2


def test_sheet_is_the_first_or_the_chosen_one():
    data = workbook(["phone"], [PHONES[1]], more=["Second", "Third"])
    assert describe(io.BytesIO(data)).sheets == ("Contacts", "Second", "Third")
    assert cells_of(data) == [[PHONES[1]]]
    assert cells_of(data, sheet="Third") == [[PHONES[0], "Third"]]
    with pytest.raises(UnreadableFile, match="no sheet"):
        cells_of(data, sheet="Fourth")


def test_wrong_dimension_hides_no_rows():
    data = workbook(["phone"], [PHONES[0]], [PHONES[1]])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    data = repacked(data, xl__worksheets__sheet1_xml=sheet.replace('ref="A1:A3"', 'ref="A1"'))
    assert cells_of(data) == [[PHONES[0]], [PHONES[1]]]


def test_preview_of_a_workbook():
    data = workbook(["phone"], *([PHONES[0]] for _row in range(50)))
    file = io.BytesIO(data)
    assert len(preview_source(file, describe(file), 8)) == 8
    empty = io.BytesIO(workbook(["phone", "name"]))
    assert preview_source(empty, describe(empty)) == []


SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet_of(*rows):
    """A workbook whose sheet is written by hand: ``(row number, XML of its cells)``."""
    data = "".join(f'<row r="{number}">{cells}</row>' for number, cells in rows)
    sheet = f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{data}</sheetData></worksheet>'
    return repacked(workbook(["phone"]), xl__worksheets__sheet1_xml=sheet)


def inline(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


SPARSE = (
    (1, inline("A1", "phone") + inline("B1", "name")),
    (2, inline("A2", PHONES[0])),
    (1_048_575, inline("A1048575", PHONES[1])),
)


def counted(monkeypatch, owner, name, work):
    """How often one function is called, or how many items are taken from it."""
    function, calls = getattr(owner, name), []

    def count(*args):
        result = function(*args)
        if not hasattr(result, "__next__"):
            calls.append(1)
            return result
        return (calls.append(1) or item for item in result)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, count)
        work()
    return len(calls)


def test_rows_that_are_not_stored_cost_nothing(monkeypatch):
    file = io.BytesIO(sheet_of(*SPARSE))

    def read_all():
        dialect = describe(file)
        assert len(preview_source(file, dialect)) == 2
        assert list(open_source(file, dialect)[1]) == [
            (2, [PHONES[0]]),
            (1_048_575, [PHONES[1]]),
        ]

    # Described, previewed and read.
    assert counted(monkeypatch, sheet_xml, "Cell", read_all) == 3 * 4


def test_only_stored_cells_are_converted(monkeypatch):
    rows = [["phone", "name"], *([PHONES[0], "Max"] for _row in range(50))]
    file = io.BytesIO(workbook(*rows))
    dialect = describe(file)
    count = counted(monkeypatch, sheet_xml, "Cell", lambda: list(open_source(file, dialect)[1]))
    assert count == 102


@pytest.mark.parametrize(
    "rows",
    [
        [(number, "") for number in range(1, 20_001)],
        [(1, '<c s="1"/>' * 10_000), (2, '<c s="1"/>' * 10_000)],
        [(number, inline(f"A{number}", PHONES[0])) for number in range(1, 20_001)],
    ],
    ids=["empty rows", "empty cells", "a long list without a declared size"],
)
def test_what_is_shown_is_read_from_the_beginning_of_a_sheet(monkeypatch, rows):
    monkeypatch.setattr(contact_file, "HEAD_ELEMENTS", 5_000)
    file = io.BytesIO(sheet_of((1, inline("A1", "phone")), *rows))

    def show():
        preview_source(file, describe(file))

    assert counted(monkeypatch, sheet_xml._RowReader, "_count", show) <= 2 * 5_000


def test_shared_strings_are_read_as_far_as_they_are_shown(monkeypatch):
    book = openpyxl.Workbook()
    for number in range(3_000):
        book.active.append([f"+49151{number:08d}", f"Max {number}"])
    file = io.BytesIO(save(book))
    dialect = describe(file)

    def show():
        preview_source(file, dialect)

    monkeypatch.setattr(sheet_xml, "BLOCK", 1 << 10)
    assert counted(monkeypatch, sheet_xml._StringReader, "_end_string", show) < 300
    assert sum(1 for _row in open_source(file, dialect)[1]) == 3_000


def test_rows_without_a_number_or_with_one_that_was_there_before_are_kept():
    data = sheet_of((5, inline("A5", "phone")), (5, inline("A5", PHONES[0])))
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    cell = f'<row><c t="inlineStr"><is><t>{PHONES[1]}</t></is></c></row></sheetData>'
    file = io.BytesIO(
        repacked(data, xl__worksheets__sheet1_xml=sheet.replace("</sheetData>", cell))
    )
    assert list(open_source(file)[1]) == [(6, [PHONES[0]]), (7, [PHONES[1]])]


@pytest.mark.parametrize(
    "row",
    [
        (10**12, inline("A2", PHONES[1])),
        ("1e999", inline("A2", PHONES[1])),
        (2, '<c s="1"/>' * 20_000),
    ],
    ids=["row beyond the last", "row that is no number", "cells beyond the last"],
)
def test_sheet_larger_than_one_can_be_is_damaged(row):
    rows = [(1, inline("A1", PHONES[0]))] * 250
    assert error_of(sheet_of(*rows, row)) == "damaged"


def test_empty_workbook():
    assert error_of(workbook()) == "empty_file"


@pytest.mark.parametrize("entity", ['SYSTEM "file:///etc/passwd"', '"+4915112345678"'])
def test_entities_are_not_read(entity):
    data = workbook(["phone"], [PHONES[0]])
    shared = (
        f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY x {entity}>]>'
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&x;</t></si></sst>'
    )
    assert error_of(repacked(data, xl__sharedStrings_xml=shared)) == "damaged"
    commented = shared.replace("<!DOCTYPE", "<!-- <sst> --><!DOCTYPE")
    assert error_of(repacked(data, xl__sharedStrings_xml=commented)) == "damaged"
    assert error_of(repacked(data, xl__sharedStrings_xml=shared.encode("utf-16"))) == "damaged"


def test_broken_workbook():
    data = workbook(["phone"], [PHONES[0]])
    assert error_of(data[: len(data) // 2]) == "damaged"
    assert (
        error_of(repacked(data, xl__worksheets__sheet1_xml="<worksheet><sheetData><row"))
        == "damaged"
    )
    assert error_of(repacked(data, xl__workbook_xml="<workbook/>")) in ("damaged", "no_rows")
    no_relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'
    )
    assert error_of(repacked(data, **{"xl___rels__workbook.xml.rels": no_relations})) == "damaged"


def test_very_wide_rows_cost_no_more_than_the_widest_that_is_read():
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["phone", *([None] * 16_000), "far away"])
    for _row in range(50):
        sheet.append([PHONES[0], *([None] * 16_000), "far away"])
    rows = cells_of(save(book), has_header=True)
    assert {len(row) for row in rows} == {1}


# --- packed files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(CSV),
        zipped(night__csv=CSV),
        zipped(night__txt=CSV, readme__pdf=b"%PDF"),
        zipped(night=CSV),
        zipped(**{"__MACOSX/night": b"x", "night__csv": CSV}),
        zipped(night__xlsx=workbook(["phone", "name"], [PHONES[0], "Max"], [PHONES[1], "Eva"])),
        gzip.compress(workbook(["phone", "name"], [PHONES[0], "Max"], [PHONES[1], "Eva"])),
    ],
    ids=[
        "gzip",
        "zip",
        "zip with a note",
        "no ending",
        "macOS",
        "workbook in zip",
        "workbook in gzip",
    ],
)
def test_packed_file_is_read_like_the_file_in_it(data):
    assert cells_of(data) == [[PHONES[0], "Max"], [PHONES[1], "Eva"]]
    file = io.BytesIO(data)
    assert len(preview_source(file, describe(file), 1)) == 1


def test_packed_file_in_another_encoding():
    data = gzip.compress("phone;name\n+4915112345678;Müller\n".encode("cp1252"))
    assert describe(io.BytesIO(data)).encoding == "cp1252"
    assert cells_of(data) == [[PHONES[0], "Müller"]]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (gzip.compress(CSV)[:-12], "damaged"),
        (gzip.compress(CSV)[:-4] + b"\0\0\0\0", "damaged"),
        (zipped(a__csv=CSV, b__csv=CSV), "several_files"),
        (zipped(a__png=b"1", b__png=b"2"), "several_files"),
        (zipped(), "empty_file"),
        (zipped(inner__zip=zipped(a__csv=CSV)), "unsupported_format"),
        (zipped(a__csv=CSV)[:40], "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_spreadsheet"),
        (gzip.compress(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "old_spreadsheet"),
        (
            zipped(
                mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content__xml=b"<x/>"
            ),
            "unsupported_format",
        ),
        (gzip.compress(b""), "empty_file"),
        (b"%PDF-1.7\n", "unsupported_format"),
    ],
)
def test_what_cannot_be_unpacked_is_refused_by_name(data, code):
    assert error_of(data) == code


def test_encrypted_archive():
    data = bytearray(zipped(a__csv=CSV))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= packed_file.ENCRYPTED
    assert error_of(bytes(data)) == "encrypted"


def test_rare_packing_methods_are_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.csv", CSV)
    assert error_of(file.getvalue()) == "unsupported_format"


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda text: zipped(a__csv=text)], ids=["gzip", "zip"]
)
def test_bomb_is_given_up_while_it_unpacks(pack, monkeypatch):
    monkeypatch.setattr(packed_file, "FREE", 1 << 20)
    bomb = pack(b"+4915112345678;Max\n" * 1_000_000)
    assert len(bomb) < 80_000
    tracemalloc.start()
    lines = (line for line, _cells in open_source(io.BytesIO(bomb))[1])
    with pytest.raises(UnreadableFile, match="far larger"):
        max(lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_workbook_bomb_is_refused_before_it_unpacks(monkeypatch):
    for module in (packed_file, spreadsheet):
        monkeypatch.setattr(module, "FREE", 4 << 20)
    monkeypatch.setattr(spreadsheet, "MAX_STYLES", 1 << 20)
    data = workbook(["phone"], [PHONES[0]])
    sheet = b"<worksheet>" + b" " * (5 << 20) + b"</worksheet>"
    assert error_of(repacked(data, xl__worksheets__sheet1_xml=sheet)) == "unpacked_too_large"
    styles = b"<styleSheet>" + b" " * (1 << 20) + b"</styleSheet>"
    assert error_of(repacked(data, xl__styles_xml=styles)) == "unpacked_too_large"


def many_strings(count):
    """A workbook whose cells share so many strings, each with a cell of its own."""
    names = "".join(f"<si><t>{'Anna' * 9} {n}</t></si>" for n in range(count))
    data = sheet_of(*((n + 1, f'<c r="A{n + 1}" t="s"><v>{n}</v></c>') for n in range(count)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        types = archive.read("[Content_Types].xml").decode()
    declared = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_STRINGS}"/>'
    parts = {
        "[Content_Types]_xml": types.replace("</Types>", f"{declared}</Types>"),
        "xl__sharedStrings_xml": f'<sst xmlns="{SPREADSHEET}">{names}</sst>',
    }
    return repacked(data, **parts)


def test_an_import_holds_no_shared_strings_in_memory(monkeypatch, tmp_path):
    monkeypatch.setattr(spreadsheet, "MAX_HELD", 1 << 20)
    data = io.BytesIO(many_strings(40_000))
    with (tmp_path / "copy").open("w+b") as copy:
        spreadsheet.write_copy(data, "", copy)
        tracemalloc.start()
        count = sum(1 for _row in spreadsheet.open_copy(data, copy))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 40_000
    assert peak < 1_000_000


def test_a_preview_holds_no_more_strings_than_it_may(monkeypatch):
    data = io.BytesIO(many_strings(2000))
    assert len(list(spreadsheet.open_sheet(data, ""))) == 2000
    monkeypatch.setattr(spreadsheet, "MAX_HELD", 50_000)
    rows = spreadsheet.open_sheet(data, "")
    # The first ones are shown all the same.
    assert next(rows) == (1, [f"{'Anna' * 9} 0"])
    with pytest.raises(UnreadableFile, match="far larger"):
        list(rows)


def test_so_many_shared_strings_are_no_list_of_contacts(monkeypatch):
    monkeypatch.setattr(spreadsheet, "MAX_STRINGS", 1999)
    with pytest.raises(UnreadableFile, match="far larger"):
        spreadsheet.write_copy(io.BytesIO(many_strings(2000)), "", io.BytesIO())


def test_memory_does_not_grow_with_what_is_packed():
    line = "+49151{0:08d};Max;{0}\n"
    text = io.BytesIO()
    with gzip.GzipFile(fileobj=text, mode="wb", compresslevel=1) as packed:
        for start in range(0, 200_000, 10_000):
            packed.write("".join(line.format(n) for n in range(start, start + 10_000)).encode())
    dialect = describe(text)
    tracemalloc.start()
    count = sum(1 for _row in open_source(text, dialect)[1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count >= 199_999
    assert peak < 3_000_000


def test_file_that_was_replaced_by_another_kind():
    dialect = describe(io.BytesIO(CSV))
    with pytest.raises(UnreadableFile):
        open_source(io.BytesIO(workbook(["phone"], [PHONES[0]])), dialect)
    assert contact_file.ERRORS.keys() >= {"damaged", "several_files"}


# --- what a person would expect (I8, I12) ----------------------------------------------------------


def book_of(*sheets, active=0):
    """A workbook of ``(name, state, rows)``."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, state, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    book.active = active
    return save(book)


ROWS = (["phone", "name"], [PHONES[0], "Max"])
OTHERS = (["key", "note"], ["1", "hidden"])


@pytest.mark.parametrize(
    ("sheets", "active"),
    [
        ((("Codes", "hidden", OTHERS), ("Contacts", "visible", ROWS)), 1),
        ((("Codes", "veryHidden", OTHERS), ("Contacts", "visible", ROWS)), 0),
        ((("Cover", "visible", ()), ("Contacts", "visible", ROWS)), 0),
        ((("Notes", "visible", OTHERS), ("Contacts", "visible", ROWS)), 1),
    ],
    ids=["hidden", "hidden and active", "empty cover", "saved with the second"],
)
def test_the_sheet_is_the_one_that_a_person_sees(sheets, active):
    file = io.BytesIO(book_of(*sheets, active=active))
    dialect = describe(file)
    assert dialect.sheet == "Contacts"
    assert dialect.sheets[0] != "Codes"
    assert list(open_source(file, dialect)[1]) == [(2, [PHONES[0], "Max"])]


def test_an_empty_sheet_that_was_chosen_is_empty():
    data = book_of(("Contacts", "visible", ROWS), ("Cover", "visible", ()))
    with pytest.raises(UnreadableFile, match="empty"):
        cells_of(data, sheet="Cover")


def test_escapes_of_excel_are_the_characters_that_they_stand_for():
    data = sheet_of(
        (1, inline("A1", "phone") + inline("B1", "note")),
        (2, inline("A2", PHONES[0]) + inline("B2", "a_x0001_b_x005F_x0041_c_x00E4_")),
    )
    assert cells_of(data) == [[PHONES[0], "ab_x0041_cä"]]


def test_what_systems_leave_in_archives_is_passed_over():
    data = zipped(**{"__DS_Store": b"x", "sub/__hidden": b"y", "night": CSV})
    assert cells_of(data) == [[PHONES[0], "Max"], [PHONES[1], "Eva"]]


def test_a_file_packed_twice_is_read():
    assert cells_of(zipped(night__csv__gz=gzip.compress(CSV)))[0] == [PHONES[0], "Max"]
    assert error_of(gzip.compress(gzip.compress(gzip.compress(CSV)))) == "unsupported_format"
