"""The first rows of a file as they will be stored, with what is wrong in its cell (requirement L1)."""

import io

import pytest

from ecm_campaign.tools.contact_file import UnreadableFile, open_source, preview_source
from ecm_campaign.tools.contact_preview import preview_rows, suggest_country
from ecm_campaign.tools.contact_rows import ColumnMap, ParseOptions


def preview(text, targets, **options):
    file = io.BytesIO(text.encode())
    dialect, _rows = open_source(file)
    rows = preview_source(file, dialect)
    return preview_rows(rows, ColumnMap(targets), ParseOptions(columns=dialect.columns, **options))


def texts(row):
    return [cell.text for cell in row.cells]


def codes(row):
    return [cell.code for cell in row.cells]


def test_cells_show_what_is_stored():
    [row] = preview(
        "phone,note,priority,not before,country\n030 23125001,  Gold ,7,2026-12-31T18:00+01:00,DE\n",
        {0: "phone_1", 1: "business_parameter_1", 2: "priority", 3: "not_before", 4: "country"},
    )
    assert row.is_stored
    assert not row.has_problem
    assert texts(row) == ["+493023125001", "Gold", "7", "2026-12-31 17:00 UTC", "DE"]
    assert row.cells[0].raw == "030 23125001"


def test_a_value_that_is_left_out_is_pointed_at_and_the_row_is_stored():
    [row] = preview("phone,mobile\n+493023125001,12\n", {0: "phone_1", 1: "phone_2"})
    assert row.is_stored
    assert row.has_problem
    assert texts(row) == ["+493023125001", ""]
    assert codes(row) == ["", "no_country"]


def test_a_rejected_row_keeps_what_the_file_has_beside_the_cell_that_is_wrong():
    [row] = preview("name,phone\nAnna,call me\n", {0: "first_name", 1: "phone_1"})
    assert not row.is_stored
    assert [cell.raw for cell in row.cells] == ["Anna", "call me"]
    assert codes(row) == ["", "not_a_number"]


def test_columns_that_are_not_stored_show_the_file():
    [row] = preview("phone,street\n+493023125001,Main Street\n", {0: "phone_1"})
    assert texts(row) == ["+493023125001", ""]
    assert row.cells[1].raw == "Main Street"


def test_a_short_row_has_a_cell_for_every_column():
    [first, second] = preview(
        "phone,a,b\n+493023125001,1,2\n+493023125002\n", {0: "phone_1", 2: "business_parameter_1"}
    )
    assert len(first.cells) == len(second.cells) == 3


def test_what_is_wrong_with_the_row_as_a_whole_is_said_of_the_row():
    rows = preview(
        "phone,a\n+493023125001,1\n+493023125002,1,2,3\n+493023125003,1\n", {0: "phone_1"}
    )
    assert [row.code for row in rows] == ["", "too_many_columns", ""]
    assert not rows[1].is_stored
    [_good, broken] = preview(
        'phone,a\n+493023125001,1\n"+493023125002' + ",1\n" * 200, {0: "phone_1"}
    )[:2]
    assert (broken.code, broken.is_stored, len(broken.cells)) == ("unclosed_quote", False, 1)


def test_priority_of_an_empty_cell_is_empty():
    [row] = preview("phone,priority\n+493023125001,\n", {0: "phone_1", 1: "priority"})
    assert texts(row)[1] == ""


def test_without_a_phone_column_there_is_no_preview():
    with pytest.raises(UnreadableFile, match="phone 1"):
        preview("phone\n+493023125001\n", {0: "first_name"})


def test_the_country_that_the_numbers_look_like_is_named():
    rows = [(1, ["030 23125001"]), (2, ["0151 12345678"]), (3, ["nonsense"])]
    columns = ColumnMap({0: "phone_1"})
    assert suggest_country(rows, columns, ParseOptions("US"), ["US", "FR", "DE"]) == "DE"
    assert suggest_country(rows, columns, ParseOptions("DE"), ["US", "FR", "DE"]) is None
    assert suggest_country(rows[2:], columns, ParseOptions("US"), ["US", "FR", "DE"]) is None
