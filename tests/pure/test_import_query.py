"""What an import source may read from a database, and the file that its rows become (requirement
L4).
"""

import doctest
import io
from importlib import import_module

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
