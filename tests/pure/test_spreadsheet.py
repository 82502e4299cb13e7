"""What cells of a workbook mean as text, which of its sheets is read, what is refused before it is
read (L1); workbooks are those of `test_import_packed`.
"""

import io
import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest

from ecm_campaign.tools import spreadsheet
from ecm_campaign.tools.contact_file import UnreadableFile
from ecm_campaign.tools.spreadsheet import NO_VALUE, open_copy, open_sheet, sheet_names

from .test_import_packed import (
    SPREADSHEET,
    inline,
    many_strings,
    repacked,
    save,
    sheet_of,
    workbook,
)


def rows_of(data, name="", most=None):
    return list(open_sheet(io.BytesIO(data), name, most))


def text_of(cell, style=None):
    """The text of one cell that is written by hand."""
    book = openpyxl.Workbook()
    if style:
        book.active["A1"].number_format = style
        book.active["A1"] = 1
    sheet = f'<worksheet xmlns="{SPREADSHEET}"><sheetData><row>{cell}</row></sheetData></worksheet>'
    data = repacked(save(book), xl__worksheets__sheet1_xml=sheet)
    ((_number, texts),) = rows_of(data)
    return texts[0] if texts else ""


def number(value, style=1):
    return f'<c s="{style}"><v>{value}</v></c>'


def error_of(data, name=""):
    with pytest.raises(UnreadableFile) as caught:
        rows_of(data, name)
    return caught.value.code


# -- cells ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c t="b"><v>1</v></c>', "TRUE"),
        ('<c t="b"><v>0</v></c>', "FALSE"),
        ('<c t="d"><v>2026-12-31T18:30:00</v></c>', "2026-12-31 18:30:00"),
        ('<c t="d"><v>2026-12-31T00:00:00</v></c>', "2026-12-31"),
        ('<c t="str"><v>a formula</v></c>', "a formula"),
        ('<c t="e"><v>#REF!</v></c>', "#REF!"),
        ("<c><f>1+1</f></c>", NO_VALUE),
        ("<c><v>42</v></c>", "42"),
        ("<c><v>42.0</v></c>", "42"),
        ("<c><v>-7</v></c>", "-7"),
        ("<c><v>-7.50</v></c>", "-7.5"),
        ("<c><v>4.915112345678E12</v></c>", "4915112345678"),
        ("<c><v>1e3</v></c>", "1000"),
        ("<c><v>0.1</v></c>", "0.1"),
        ("<c><v>0.1000000000000000055</v></c>", "0.1"),
        ("<c><v>123456789.123456789</v></c>", "123456789.123457"),
        (inline("A1", "a_x0009_b_x000D_c_x0007_d"), "a\tbcd"),
        (inline("A1", "a_x000A_b"), "a\nb"),
        (inline("A1", "a_xyz"), "a_xyz"),
        (inline("A1", "_x0001_"), ""),
    ],
)
def test_a_cell_is_taken_for_what_it_means(cell, text):
    assert text_of(cell) == text


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        ("151", "000000", "000151"),
        ("151.0", "000000", "000151"),
        ("151.5", "000000", "151.5"),
        ("1510000", "000000", "1510000"),
        # One zero shows none in front, nor does another format.
        ("15", "0", "15"),
        ("15", "0.00", "15"),
        ("15", "00", "15"),
        ("5", "00", "05"),
        ("15", "#,##0", "15"),
        ("46387", "yyyy-mm-dd", "2026-12-31"),
        ("46387.75", "yyyy-mm-dd hh:mm", "2026-12-31 18:00:00"),
        ("0.75", "hh:mm", "18:00:00"),
        ("1.5", "[hh]:mm", "1 day, 12:00:00"),
        ("1e300", "yyyy-mm-dd", "#VALUE!"),
        ("99999999", "yyyy-mm-dd", "#VALUE!"),
    ],
)
def test_a_number_is_shown_as_its_format_means_it(value, style, text):
    assert text_of(number(value), style) == text


def test_a_format_of_the_program_is_known_by_its_number():
    # 14 is the short date of every language, 1 a whole number.
    data = workbook(["phone"], [date(2026, 12, 31)], [7], formats=[("A2", "mm-dd-yy"), ("A3", "0")])
    assert [texts for _number, texts in rows_of(data)] == [["phone"], ["2026-12-31"], ["7"]]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 12, 31, 18, 30, 5), "2026-12-31 18:30:05"),
        (datetime(2026, 12, 31), "2026-12-31"),
        (datetime(2026, 12, 31, 0, 0, 1), "2026-12-31 00:00:01"),
        (date(2026, 12, 31), "2026-12-31"),
        (time(18, 30), "18:30:00"),
        (timedelta(hours=36), "1 day, 12:00:00"),
    ],
)
def test_moments_are_in_iso_form(moment, text):
    assert spreadsheet._moment_text(moment) == text


def test_a_workbook_that_counts_from_1904_is_read_so():
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active["A1"] = datetime(2026, 12, 31)
    assert rows_of(save(book)) == [(1, ["2026-12-31"])]


def test_cells_keep_their_columns_and_empty_ones_at_the_end_are_left_out():
    row = inline("B1", "b") + inline("D1", "d") + '<c r="E1" t="str"><v></v></c>'
    assert rows_of(sheet_of((1, row), (2, ""))) == [(1, ["", "b", "", "d"]), (2, [])]
    # A cell that comes later and stands before the others is put there.
    swapped = inline("C1", "c") + inline("A1", "a")
    assert rows_of(sheet_of((1, swapped))) == [(1, ["a", "", "c"])]


def test_columns_that_no_list_has_are_passed_over():
    row = inline("ALL1", "last") + inline("ALM1", "beyond")
    ((_number, texts),) = rows_of(sheet_of((1, row)))
    assert (len(texts), texts[-1]) == (1000, "last")


@pytest.mark.parametrize(
    "cell",
    [
        '<c t="s"><v>99</v></c>',
        '<c t="s"><v>x</v></c>',
        '<c s="99"><v>1</v></c>',
        "<c><v>one</v></c>",
        '<c t="b"><v>x</v></c>',
        '<c t="d"><v>today</v></c>',
    ],
)
def test_a_cell_that_means_nothing_is_damage(cell):
    assert error_of(sheet_of((1, cell))) == "damaged"


def test_no_more_is_read_than_is_wanted():
    data = workbook(["phone"], *([number] for number in range(50)))
    assert len(rows_of(data, most=10)) == 5


# -- sheets -----------------------------------------------------------------------------------------


def make_book(*names, hidden=(), active=0, chart=False):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in names:
        sheet = book.create_sheet(name)
        sheet.append([name])
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    if chart:
        book.create_chartsheet("Chart", 0)
    book.active = active
    return save(book)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ("B", "A", "C")),
        ({"active": 2}, ("C", "B", "A")),
        ({"hidden": ("B",), "active": 1}, ("A", "C", "B")),
        ({"hidden": ("B", "A"), "active": 2}, ("C", "B", "A")),
        ({"chart": True, "active": 1}, ("B", "A", "C")),
    ],
)
def test_the_sheet_that_was_saved_open_is_first_and_hidden_ones_are_last(options, names):
    data = make_book("B", "A", "C", **options)
    assert sheet_names(io.BytesIO(data)) == names
    assert rows_of(data) == [(1, [names[0]])]
    assert rows_of(data, "C") == [(1, ["C"])]


def test_a_sheet_that_is_not_there_is_unknown_and_a_book_without_any_has_no_rows():
    assert error_of(make_book("A"), "B") == "unknown_sheet"
    without = repacked(make_book("A"), xl__worksheets__sheet1_xml=None)
    assert sheet_names(io.BytesIO(without)) == ()
    assert error_of(without) == "no_rows"
    assert error_of(without, "A") == "unknown_sheet"


def test_warnings_of_the_library_are_nobodys(recwarn):
    rows_of(sheet_of((1, inline("A1", "x"))))
    assert not recwarn.list


# -- an unpacked copy -------------------------------------------------------------------------------


def copy_of(data, tmp_path=None):
    copy = (tmp_path / "copy").open("w+b") if tmp_path else io.BytesIO()
    spreadsheet.write_copy(io.BytesIO(data), "", copy)
    return copy


@pytest.mark.parametrize("on_disk", [True, False])
@pytest.mark.parametrize("strings", [True, False])
def test_a_copy_is_read_from_any_row(tmp_path, on_disk, strings):
    rows = sheet_of(*((2 * n, inline(f"A{2 * n}", f"name {n}")) for n in range(1, 30)))
    data = many_strings(30) if strings else rows
    copy = copy_of(data, tmp_path if on_disk else None)
    with copy:
        file = io.BytesIO(data)
        source, expected, places = open_copy(file, copy), [], []
        for row in source:
            expected.append(row)
            places.append(source.place)
        assert expected == rows_of(data)
        assert len(expected) >= 29
        for place in (0, 1, 20, 28):
            assert list(open_copy(file, copy, places[place])) == expected[place:]


def test_strings_of_a_copy_that_are_not_there_are_damage():
    data = sheet_of((1, '<c t="s"><v>0</v></c>'))
    with pytest.raises(UnreadableFile) as caught:
        list(open_copy(io.BytesIO(data), copy_of(data)))
    assert caught.value.code == "damaged"
    negative = many_strings(2)
    with zipfile.ZipFile(io.BytesIO(negative)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    negative = repacked(negative, xl__worksheets__sheet1_xml=sheet.replace("<v>1</v>", "<v>-1</v>"))
    with pytest.raises(UnreadableFile):
        list(open_copy(io.BytesIO(negative), copy_of(negative)))


def test_strings_are_read_in_whatever_order_cells_want_them():
    strings = spreadsheet._LazyStrings(iter(["ä", "", "b\ud800", "cc"]))
    assert [strings[place] for place in (2, 0, 1, 3, 2)] == ["b\ud800", "ä", "", "cc", "b\ud800"]
    with pytest.raises(IndexError):
        strings[4]


def test_no_more_strings_are_read_than_a_cell_asks_for():
    texts = iter("abcdef")
    strings = spreadsheet._LazyStrings(texts)
    assert (strings[2], next(texts)) == ("c", "d")


def test_strings_that_a_preview_holds_have_a_limit(monkeypatch):
    # Each takes eight bytes beside its own.
    monkeypatch.setattr(spreadsheet, "MAX_HELD", 27)
    strings = spreadsheet._LazyStrings(iter(["a", "b", "c", "d"]))
    assert strings[2] == "c"
    with pytest.raises(UnreadableFile) as caught:
        strings[3]
    assert caught.value.code == "unpacked_too_large"


def test_so_many_strings_fit_into_a_copy(monkeypatch):
    monkeypatch.setattr(spreadsheet, "MAX_STRINGS", 5)
    copy_of(many_strings(5))
    with pytest.raises(UnreadableFile) as caught:
        copy_of(many_strings(6))
    assert caught.value.code == "unpacked_too_large"


# -- what is refused --------------------------------------------------------------------------------


def test_a_workbook_may_unpack_to_so_much(monkeypatch):
    data = sheet_of(*((n, inline(f"A{n}", "x" * 50)) for n in range(1, 500)))
    total = sum(member.file_size for member in zipfile.ZipFile(io.BytesIO(data)).infolist())
    monkeypatch.setattr(spreadsheet, "MAX_UNPACKED", total)
    assert len(rows_of(data)) == 499
    monkeypatch.setattr(spreadsheet, "MAX_UNPACKED", total - 1)
    assert error_of(data) == "unpacked_too_large"


def test_beyond_what_is_free_a_workbook_may_be_packed_so_well(monkeypatch):
    data = sheet_of(*((n, inline(f"A{n}", "x" * 50)) for n in range(1, 500)))
    total = sum(member.file_size for member in zipfile.ZipFile(io.BytesIO(data)).infolist())
    ratio = total // len(data)
    for free, most, is_read in (
        (total, ratio, True),
        (total - 1, ratio, False),
        (total - 1, ratio + 1, True),
    ):
        monkeypatch.setattr(spreadsheet, "FREE", free)
        monkeypatch.setattr(spreadsheet, "MAX_RATIO", most)
        if is_read:
            assert len(rows_of(data)) == 499
        else:
            assert error_of(data) == "unpacked_too_large"


def test_styles_are_held_in_memory_and_have_a_limit_of_their_own(monkeypatch):
    data = workbook(["phone"])
    size = zipfile.ZipFile(io.BytesIO(data)).getinfo("xl/styles.xml").file_size
    monkeypatch.setattr(spreadsheet, "MAX_STYLES", size)
    assert len(rows_of(data)) == 1
    monkeypatch.setattr(spreadsheet, "MAX_STYLES", size - 1)
    assert error_of(data) == "unpacked_too_large"


def test_a_sheet_may_be_larger_than_styles_may(monkeypatch):
    data = sheet_of(*((n, inline(f"A{n}", "x" * 50)) for n in range(1, 500)))
    monkeypatch.setattr(spreadsheet, "MAX_STYLES", 20_000)
    assert len(rows_of(data)) == 499


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_sheet_may_be_written_in_any_unicode(encoding):
    text = (
        f'<?xml version="1.0" encoding="{"utf-16" if encoding == "utf-16" else "utf-8"}"?>\n'
        f'<worksheet xmlns="{SPREADSHEET}"><sheetData><row>{inline("A1", "ä")}</row></sheetData></worksheet>'
    )
    data = repacked(workbook(["phone"]), xl__worksheets__sheet1_xml=text.encode(encoding))
    assert rows_of(data) == [(1, ["ä"])]


@pytest.mark.parametrize("part", ["xl__worksheets__sheet1_xml", "_rels__.rels", "xl__styles_xml"])
@pytest.mark.parametrize(
    "begin", ["<!DOCTYPE a>", '<?xml version="1.0"?><!DOCTYPE a>', "<!-- x -->", "x", "", "\x00<a"]
)
def test_every_part_begins_with_its_root_element(part, begin):
    data = repacked(workbook(["phone"]), **{part: f"{begin}<worksheet/>" if begin else ""})
    assert error_of(data) == "damaged"


def test_pictures_are_not_looked_into():
    data = repacked(workbook(["phone"]), xl__media__picture="no XML")
    assert rows_of(data) == [(1, ["phone"])]
