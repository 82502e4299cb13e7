"""What an import source may read from a database, and the file that its rows become (requirement
L4).
"""

import doctest
import io
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from uuid import UUID

import pytest

from ecm_import_source.tools import query, table_file


@pytest.mark.parametrize(
    "name",
    [
        "ecm_campaign.tools.odbc",
        *(f"ecm_import_source.tools.{name}" for name in ("folder", "query", "table_file")),
    ],
)
def test_examples_in_docstrings(name):
    result = doctest.testmod(import_module(name))
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize(
    "text",
    [
        "customers",
        "crm.public.customers;",
        '"My Schema"."Customers to call"',
        "[dbo].[customers]",
        "select * from t where note <> 'drop; delete'",
        'SELECT "update", [delete] FROM t /* insert; */ -- set',
        "SELECT replace(phone, ' ', '') FROM t",
        "WITH x AS (SELECT 1) SELECT * FROM x",
    ],
)
def test_what_only_reads_is_taken(text):
    assert query.check_query(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_a_query"),
        ("UPDATE t SET a = 1", "not_a_query"),
        ("EXPLAIN ANALYZE DELETE FROM t", "not_a_query"),
        ("customers; DROP TABLE t", "several_statements"),
        ("SELECT 1; SELECT 2", "several_statements"),
        ("SELECT * FROM t FOR UPDATE", "not_reading"),
        ("SELECT * INTO copy FROM t", "not_reading"),
        ("SELECT 1 /* ' */ ; DROP TABLE t --'", "several_statements"),
        ("WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM x", "not_reading"),
    ],
)
def test_what_may_do_more_is_refused(text, code):
    with pytest.raises(query.QueryError) as error:
        query.check_query(text)
    assert error.value.code == code


@pytest.mark.parametrize("name", ["", "a b", "a; DROP TABLE t", "a) --", "a, b", "1a"])
def test_a_key_column_is_one_name(name):
    with pytest.raises(query.QueryError):
        query.check_column(name)


@pytest.mark.parametrize("value", [None, True, 1.5, b"x"])
def test_a_watermark_is_a_number_a_time_or_a_text(value):
    with pytest.raises(query.QueryError):
        query.dump_watermark(value)


class Cursor:
    """A cursor over rows in memory; a row that is an error is raised."""

    description = [("id",), ("phone",)]

    def __init__(self, rows):
        self.rows = list(rows)

    def fetchmany(self, size):
        page, self.rows = self.rows[:size], self.rows[size:]
        for row in page:
            if isinstance(row, Exception):
                raise row
        return page


def test_rows_of_one_key_stay_together():
    target = io.BytesIO()
    rows = [(1, "a"), (2, "b"), (2, "c"), (3, "d")]
    written = table_file.write_rows(
        Cursor(rows), target, table_file.Layout(encoding="utf-8"), limit=2, key=0
    )
    assert written == table_file.Written(3, 2)
    assert target.getvalue().decode() == '"id","phone"\r\n"1","a"\r\n"2","b"\r\n"2","c"\r\n'


def test_text_with_quotes_and_line_ends_stays_one_value():
    target = io.BytesIO()
    table_file.write_rows(
        Cursor([(1, 'a "b"\nc')]), target, table_file.Layout(has_header=False), limit=9
    )
    assert target.getvalue().decode("utf-8-sig") == '"1","a ""b""\nc"\r\n'


def test_a_page_that_fails_is_named():
    rows = [*((number, "x") for number in range(2500)), ValueError("no number")]
    with pytest.raises(table_file.RowError) as error:
        table_file.write_rows(Cursor(rows), io.BytesIO(), table_file.Layout(), limit=9999)
    assert (error.value.first, error.value.last, error.value.text) == (2001, 4000, "no number")


def test_a_character_that_the_encoding_lacks_is_named_by_its_row():
    with pytest.raises(table_file.RowError) as error:
        table_file.write_rows(
            Cursor([(1, "a"), (2, "Ж")]), io.BytesIO(), table_file.Layout(encoding="cp1252"), 9
        )
    assert error.value.first in (1, 2)


# -- where a run begins -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "integer 7"),
        (Decimal("1.50"), "number 1.50"),
        (date(2026, 1, 2), "date 2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, 6), "time 2026-01-02T03:04:05.000006"),
        ("a b", "text a b"),
        ("", "text "),
    ],
)
def test_a_watermark_is_read_as_it_was_written(value, text):
    assert query.dump_watermark(value) == text
    assert query.load_watermark(text) == value
    assert type(query.load_watermark(text)) is type(value)


def test_what_is_no_watermark_is_named():
    for value, word in ((True, "bool"), (1.5, "float"), (None, "NoneType")):
        with pytest.raises(query.QueryError) as error:
            query.dump_watermark(value)
        assert (error.value.code, error.value.word) == ("not_a_key", word)


@pytest.mark.parametrize(
    ("value", "start"),
    [
        (datetime(2026, 1, 2, 3, 4), datetime(2026, 1, 2, 2, 54)),
        (date(2026, 1, 2), date(2026, 1, 1)),
        (5000, 4000),
        (Decimal(5000), Decimal(4000)),
        ("x", "x"),
    ],
)
def test_a_run_begins_a_little_before_the_end_of_the_last_one(value, start):
    assert query.look_back(value, 10) == start


def test_rows_are_read_in_the_order_of_their_key():
    assert query.since("SELECT 1 -- x", '"a b"', False) == (
        'SELECT * FROM (SELECT 1 -- x\n) ecm_source WHERE "a b" IS NOT NULL ORDER BY "a b"'
    )


@pytest.mark.parametrize("name", ['"a b"', "[a b]", "`a b`"])
def test_a_quoted_column_is_called_as_the_database_calls_it(name):
    assert query.bare_name(query.check_column(f" {name} ")) == "a b"
    assert query.bare_name("id") == "id"
    assert query.bare_name("") == ""


def test_a_refused_word_is_named():
    for text, word in (("SELECT 1 For UPDATE", "UPDATE"), ("show x", "show"), ("", "")):
        with pytest.raises(query.QueryError) as error:
            query.check_query(text)
        assert error.value.word == word
        assert str(error.value) == f"{error.value.code} {word}".strip()


@pytest.mark.parametrize("parts", [4, 5])
def test_a_table_has_four_names_at_most(parts):
    name = ".".join("a" * parts)
    if parts == 4:
        assert query.check_query(name) == f"SELECT * FROM {name}"
    else:
        with pytest.raises(query.QueryError):
            query.check_query(name)


# -- the file ---------------------------------------------------------------------------------------


def write(rows, **values):
    target = io.BytesIO()
    options = {"layout": table_file.Layout(encoding="utf-8", has_header=False), "limit": 99}
    written = table_file.write_rows(Cursor(rows), target, **{**options, **values})
    return written, target.getvalue().decode().splitlines()


def test_a_file_is_written_as_it_will_be_read():
    layout = table_file.Layout(delimiter=";", quote="'", encoding="utf-8")
    _written, lines = write([(1, "it's")], layout=layout)
    assert lines == ["'id';'phone'", "'1';'it''s'"]
    assert table_file.Layout() == table_file.Layout(",", '"', "utf-8-sig", True)


@pytest.mark.parametrize(
    ("limit", "key", "written"), [(0, None, 0), (2, None, 2), (3, None, 3), (9, None, 5),
                                  (1, 0, 1), (2, 0, 4), (4, 0, 4), (5, 0, 5)]
)  # fmt: skip
def test_a_run_ends_after_so_many_rows_and_never_amid_a_key(limit, key, written):
    rows = [(1, "a"), (2, "b"), (2, "c"), (2, "d"), (3, "e")]
    result, lines = write(rows, limit=limit, key=key)
    assert (result.rows, len(lines)) == (written, written)
    last = rows[written - 1][0] if key is not None and written else None
    assert result.last_key == last


def start_of(key):
    return key - 2


def test_rows_that_an_earlier_run_has_read_are_left_out():
    rows = [(number, "x") for number in range(1, 6)]
    recent = table_file.RecentRows(b"", start_of)
    result, lines = write(rows, key=0, recent=recent)
    assert (result, len(lines)) == (table_file.Written(5, 5), 5)
    # It knows what the next run reads again: keys 3, 4 and 5.
    known = recent.dump()
    assert len(known) == 3 * table_file.DIGEST_SIZE
    later = [(3, "x"), (4, "changed"), (5, "x"), (5, "new"), (6, "x")]
    recent = table_file.RecentRows(known, start_of)
    result, lines = write(later, key=0, recent=recent)
    assert lines == ['"4","changed"', '"5","new"', '"6","x"']
    assert result == table_file.Written(3, 6)
    # Also what was left out is known to the one after it.
    assert len(recent.dump()) == 4 * table_file.DIGEST_SIZE
    again = table_file.RecentRows(recent.dump(), start_of)
    assert [again.is_new(row, row[0]) for row in later] == [True, False, False, False, False]


def test_rows_that_were_left_out_do_not_count():
    known = table_file.RecentRows(b"", start_of)
    for number in (1, 2):
        known.is_new((number, "x"), number)
    recent = table_file.RecentRows(known.dump(), start_of)
    result, lines = write([(n, "x") for n in range(1, 6)], limit=2, key=0, recent=recent)
    assert (result, lines) == (table_file.Written(2, 4), ['"3","x"', '"4","x"'])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "1"),
        (False, "0"),
        (7.0, "7"),
        (7.25, "7.25"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (datetime(2026, 1, 2, 3, 4), "2026-01-02 03:04:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("a\0b", "ab"),
    ],
)
def test_a_value_is_written_as_text(value, text):
    _written, lines = write([(1, value)])
    assert lines == [f'"1","{text}"']


@pytest.mark.parametrize("value", [b"x", [1], timedelta(1)])
def test_a_value_that_is_no_text_is_named_by_its_row(value):
    with pytest.raises(table_file.RowError, match=r"^2-2: a value of type") as error:
        write([(1, "a"), (2, value)])
    assert (error.value.first, error.value.last) == (2, 2)


def test_the_file_stays_open_for_whoever_gave_it():
    target = io.BytesIO()
    table_file.write_rows(Cursor([(1, "a")]), target, table_file.Layout(), 9)
    assert not target.closed
