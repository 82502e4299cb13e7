"""The XML of a sheet and its shared strings: rows, cells, what may be left out, what is refused (L1)."""

import io

import pytest

from ecm_campaign.tools import sheet_xml
from ecm_campaign.tools.contact_file import UnreadableFile
from ecm_campaign.tools.sheet_xml import FORMULA, Cell, read_rows, read_rows_from, read_strings

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>'
TAIL = "</sheetData></worksheet>"


def sheet(rows):
    return io.BytesIO(f"{HEAD}{rows}{TAIL}".encode())


def cells_of(cells):
    (row,) = read_rows(sheet(f"<row>{cells}</row>"))
    return row.cells


def numbers_of(rows, most=None):
    return [row.number for row in read_rows(sheet(rows), most)]


def strings_of(strings):
    return list(read_strings(io.BytesIO(f'<sst xmlns="{MAIN}">{strings}</sst>'.encode())))


# -- cells ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ('<c r="B1" t="s" s="3"><v>7</v></c>', Cell(2, "s", 3, "7")),
        ("<c><v>1.5</v></c>", Cell(1, "n", 0, "1.5")),
        ('<c r="AA1" t="str"><v>x</v></c>', Cell(27, "str", 0, "x")),
        ('<c r="$C$1"><v>1</v></c>', Cell(3, "n", 0, "1")),
        ('<c r="zz1"><v>1</v></c>', Cell(702, "n", 0, "1")),
        ('<c r="XFD1"><v>1</v></c>', Cell(16384, "n", 0, "1")),
        ('<c t="inlineStr"><is><t>a b</t></is></c>', Cell(1, "inlineStr", 0, "a b")),
        ('<c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>',
         Cell(1, "inlineStr", 0, "ab")),
        ("<c><f>A1+1</f><v>2</v></c>", Cell(1, "n", 0, "2")),
        ("<c><f>A1+1</f><v></v></c>", Cell(1, FORMULA, 0, FORMULA)),
        ("<c><f>A1+1</f></c>", Cell(1, FORMULA, 0, FORMULA)),
        # What is not in the value belongs to nobody.
        ("<c>x<v>1</v>y</c>", Cell(1, "n", 0, "1")),
    ],
)  # fmt: skip
def test_a_cell_is_as_the_file_writes_it(cells, expected):
    assert cells_of(cells) == [expected]


def test_cells_without_content_are_left_out_and_keep_their_place():
    cells = '<c s="1"/><c><v/></c><c><v>3</v></c><c r="F1"/><c><v>7</v></c>'
    assert [(cell.column, cell.value) for cell in cells_of(cells)] == [(3, "3"), (7, "7")]


def test_a_cell_keeps_nothing_of_the_one_before():
    cells = '<c><f>1</f></c><c/><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"/><c><v>2</v></c><c t="n"/>'
    assert [cell.value for cell in cells_of(cells)] == [FORMULA, "a", "2"]


@pytest.mark.parametrize("place", ["1", "ABCD1", "Ä1", "A-1", "1A"])
def test_a_place_that_is_none_is_refused(place):
    with pytest.raises(UnreadableFile) as raised:
        cells_of(f'<c r="{place}"><v>1</v></c>')
    assert raised.value.code == "damaged"


def test_no_row_has_more_cells_than_a_sheet(monkeypatch):
    monkeypatch.setattr(sheet_xml, "MAX_STORED_CELLS", 3)
    assert len(list(read_rows(sheet("<row><c/><c/><c/></row>" * 2)))) == 2
    with pytest.raises(UnreadableFile):
        list(read_rows(sheet("<row><c/><c/><c/><c/></row>")))


# -- rows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        ("<row/><row/>", [1, 2]),
        ('<row r="3"/><row/><row r="9"/>', [3, 4, 9]),
        ('<row r="5.0"/><row r="5"/><row r="2"/>', [5, 6, 7]),
        ("", []),
    ],
)
def test_rows_have_their_number_or_follow_the_last_one(rows, numbers):
    assert numbers_of(rows) == numbers


def test_the_last_row_of_a_sheet_is_the_last_one():
    assert numbers_of('<row r="1048576"/>') == [1 << 20]
    with pytest.raises(UnreadableFile):
        numbers_of('<row r="1048577"/>')


def test_what_follows_the_rows_is_not_read():
    source = io.BytesIO(f"{HEAD}<row/></sheetData><row/></worksheet>".encode())
    assert len(list(read_rows(source))) == 1
    # However it goes on.
    assert len(list(read_rows(io.BytesIO(f"{HEAD}<row/></sheetData><<<".encode())))) == 1


@pytest.mark.parametrize(
    ("most", "numbers"),
    [
        (1, []),
        (2, []),
        (3, [1]),
        (4, [1]),
        (5, [1]),
        (6, [1, 2]),
        (7, [1, 2, 3]),
        (None, [1, 2, 3]),
    ],
)
def test_no_more_rows_and_cells_are_read_than_are_wanted(most, numbers):
    rows = "<row><c><v>1</v></c><c/></row><row><c/><c><v>2</v></c></row><row/>"
    assert numbers_of(rows, most) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "<worksheet>",
        f"{HEAD}<row>",
        "",
        "x",
        f'<!DOCTYPE a [<!ENTITY b "c">]><worksheet xmlns="{MAIN}"/>',
    ],
)
def test_what_is_no_whole_sheet_is_damaged(text):
    with pytest.raises(UnreadableFile) as raised:
        list(read_rows(io.BytesIO(text.encode())))
    assert raised.value.code == "damaged"


def test_rows_of_another_kind_of_file_are_none():
    other = '<worksheet xmlns="urn:other"><sheetData><row/></sheetData></worksheet>'
    assert list(read_rows(io.BytesIO(other.encode()))) == []


def test_rows_come_while_a_long_sheet_is_read(monkeypatch):
    monkeypatch.setattr(sheet_xml, "BLOCK", 64)
    source = sheet('<row><c t="inlineStr"><is><t>long text in a cell</t></is></c></row>' * 50)
    rows = read_rows(source)
    first = next(rows)
    assert source.tell() < 500
    assert [first.number, *[row.number for row in rows]] == list(range(1, 51))
    source.seek(0)
    assert {row.cells[0].value for row in read_rows(source)} == {"long text in a cell"}


# -- reading on -------------------------------------------------------------------------------------

ROWS = "".join(f'<row r="{2 * number}"><c><v>{number}</v></c></row>' for number in range(1, 30))


def values(rows):
    return [(row.number, row.cells[0].value, row.position, row.before) for row in rows]


@pytest.mark.parametrize("ahead", [b"", b"strings of a copy"])
@pytest.mark.parametrize("place", [0, 1, 17, 28])
def test_a_sheet_is_read_on_from_any_row(ahead, place):
    text = sheet(ROWS).getvalue()
    expected = values(read_rows(io.BytesIO(text)))
    _number, _value, position, before = expected[place]
    source = io.BytesIO(ahead + text)
    rows = read_rows_from(source, len(ahead), position, before)
    assert values(rows) == expected[place:]
    assert text[position:].startswith(b"<row")


def test_rows_without_a_number_are_counted_on():
    text = sheet("<row/>" * 5).getvalue()
    third = list(read_rows(io.BytesIO(text)))[2]
    rows = read_rows_from(io.BytesIO(text), 0, third.position, third.before)
    assert [row.number for row in rows] == [3, 4, 5]


def test_where_no_row_is_nothing_can_be_read_on():
    with pytest.raises(UnreadableFile):
        list(read_rows_from(sheet(""), 0, 0, 0))


def test_no_sheet_has_so_much_before_its_first_row(monkeypatch):
    text = sheet("<row/>").getvalue()
    monkeypatch.setattr(sheet_xml, "MAX_PROLOG", len(HEAD))
    assert len(list(read_rows_from(io.BytesIO(text), 0, len(HEAD), 0))) == 1
    monkeypatch.setattr(sheet_xml, "MAX_PROLOG", len(HEAD) - 1)
    with pytest.raises(UnreadableFile):
        list(read_rows_from(io.BytesIO(text), 0, len(HEAD), 0))


# -- shared strings ---------------------------------------------------------------------------------


def test_shared_strings_are_read_in_order():
    strings = "<si><t>a</t></si><si/><si><r><t>b </t></r>x<r><t>c</t></r></si><si><t> d</t></si>"
    assert strings_of(strings) == ["a", "", "b c", " d"]


def test_what_is_written_above_a_text_is_no_part_of_it():
    strings = "<si><t>漢</t><rPh><t>かん</t></rPh><t>字</t></si><si><t>b</t></si>"
    assert strings_of(strings) == ["漢字", "b"]


def test_many_strings_come_while_they_are_read(monkeypatch):
    monkeypatch.setattr(sheet_xml, "BLOCK", 64)
    assert strings_of("<si><t>name</t></si>" * 99) == ["name"] * 99
