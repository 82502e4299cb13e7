"""The first rows of a file as they will be stored, with what is wrong in its cell (requirement L1)."""

import io
import time

import pytest

from ecm_campaign.tools.contact_file import UnreadableFile, open_source, preview_source
from ecm_campaign.tools.contact_preview import (
    Cell,
    PreviewRow,
    preview_rows,
    suggest_country,
)
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


@pytest.fixture
def elsewhere(monkeypatch):
    """A server whose clock is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_moment_is_shown_in_the_zone_of_the_files_times(elsewhere):
    text = "phone,not before\n+493023125001,2026-07-01 10:00\n+493023125002,\n"
    targets = {0: "phone_1", 1: "not_before"}
    first, second = preview(text, targets, tz="Europe/Berlin")
    assert texts(first)[1] == "2026-07-01 10:00 Europe/Berlin"
    assert texts(second)[1] == ""
    first, _second = preview(text, targets)
    assert texts(first)[1] == "2026-07-01 10:00 UTC"


def test_a_country_that_is_none_is_pointed_at():
    [row] = preview("phone,country\n+493023125001,Nowhere\n", {0: "phone_1", 1: "country"})
    assert (texts(row)[1], bool(codes(row)[1]), row.cells[1].raw) == ("", True, "Nowhere")


def test_a_number_that_moved_up_is_shown_where_it_is_stored():
    [row] = preview("phone,mobile\n,+493023125001\n", {0: "phone_1", 1: "phone_2"})
    assert (row.is_stored, texts(row)[0]) == (True, "+493023125001")
    assert row.cells[0].raw == ""


def test_what_rejects_a_row_goes_before_what_is_only_left_out():
    [row] = preview("phone,mobile\n12,13\n", {0: "phone_1", 1: "phone_2"})
    assert not row.is_stored
    assert codes(row)[0] not in ("", None)


def test_a_row_that_is_not_stored_has_a_problem_whatever_its_cells_say():
    assert PreviewRow(1, False).has_problem
    assert PreviewRow(1, True, "x").has_problem
    assert PreviewRow(1, True, "", [Cell("", "", ""), Cell("", "", "x")]).has_problem
    assert not PreviewRow(1, True, "", [Cell("a", "a")]).has_problem


def test_empty_rows_are_left_out():
    columns = ColumnMap({0: "phone_1"})
    rows = [(1, ["+493023125001"]), (2, [""]), (3, ["+493023125002"])]
    assert [row.line for row in preview_rows(rows, columns, ParseOptions())] == [1, 3]


def test_a_row_is_as_wide_as_it_is_where_nobody_says_how_many_columns_there_are():
    columns = ColumnMap({0: "phone_1"})
    rows = [(1, ["+493023125001", " x "])]
    [row] = preview_rows(rows, columns, ParseOptions())
    assert [cell.raw for cell in row.cells] == ["+493023125001", "x"]
    [row] = preview_rows(rows, columns, ParseOptions(columns=4))
    assert [cell.raw for cell in row.cells] == ["+493023125001", "x", "", ""]


# Valid in Germany, too; the first one in Austria as well.
SWISS = ["044 668 18 00"]
GERMAN, FRENCH, NONSENSE = ["0151 12345678"], ["01 23 45 67 89"], ["nonsense"]


@pytest.mark.parametrize(
    ("cells", "chosen", "country"),
    [
        # More than half are valid already.
        ([GERMAN, GERMAN, NONSENSE], "DE", None),
        # Half are, and half would be elsewhere: as many are no more.
        ([GERMAN, FRENCH], "DE", None),
        ([GERMAN, FRENCH], "US", "FR"),
        ([GERMAN, NONSENSE], "US", "DE"),
        # Not half of them are valid anywhere.
        ([GERMAN, NONSENSE, NONSENSE], "US", None),
        ([GERMAN, GERMAN, NONSENSE, NONSENSE], "US", "DE"),
        ([GERMAN, GERMAN, FRENCH], "US", "DE"),
        ([], "US", None),
        # More than half of them need no better country, one that has half may have one.
        ([GERMAN, GERMAN, SWISS], "AT", None),
        ([GERMAN, SWISS], "AT", "DE"),
    ],
)
def test_a_country_is_named_where_half_of_the_numbers_are_valid(cells, chosen, country):
    rows = list(enumerate(cells, 1))
    columns = ColumnMap({0: "phone_1"})
    assert suggest_country(rows, columns, ParseOptions(chosen), ["US", "FR", "DE"]) == country
