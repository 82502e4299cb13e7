"""What may be read from a database: a table, a view, or one statement that only reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

# Numbers are given out before the rows that have them are stored.
NUMBERS_BACK = 1000
_PART = r'(?:[^\W\d][\w$#]*|"[^"\0]+"|`[^`\0]+`|\[[^\]\0]+\])'
_COLUMN = re.compile(_PART)
_TABLE = re.compile(rf"{_PART}(?:\.{_PART}){{0,3}}")
# Literals, quoted names and comments, within which words mean nothing.
_OPAQUE = re.compile(
    r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|\[[^\]]*\]|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL
)
# Words that begin a change of data, of tables, of rights, or of the session.
_WRITING = frozenset(
    "insert update delete merge replace into truncate copy load "
    "create alter drop rename attach pragma vacuum grant revoke "
    "call exec execute do lock set begin commit rollback".split()
)
# Functions of these names only compute.
_HARMLESS = re.compile(r"\b(?:replace|insert)\s*\(", re.IGNORECASE)


class QueryError(ValueError):
    """What is wrong with a query.

    ``code``: ``not_a_query``, ``several_statements``, ``not_reading``, ``not_a_column`` or
    ``not_a_key``; ``word``: where it is wrong
    """

    def __init__(self, code: str, word: str = "") -> None:
        super().__init__(f"{code} {word}".strip())
        self.code = code
        self.word = word


def check_query(text: str) -> str:
    """A table's name or one reading statement, ready to be run.

    >>> check_query(" public.customers ; ")
    'SELECT * FROM public.customers'
    >>> check_query("SELECT phone, ';--' AS x FROM t -- all")
    "SELECT phone, ';--' AS x FROM t -- all"
    >>> check_query("WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone")
    Traceback (most recent call last):
    ...
    ecm_import_source.tools.query.QueryError: not_reading DELETE
    """
    text = text.strip().rstrip(";").rstrip()
    if _TABLE.fullmatch(text):
        return f"SELECT * FROM {text}"
    # A semicolon or a verb inside a literal or a comment means nothing.
    code = _OPAQUE.sub(" ", text)
    if ";" in code:
        raise QueryError("several_statements")
    words = re.findall(r"\w+", _HARMLESS.sub("(", code))
    first = words[0] if words else ""
    if first.lower() not in ("select", "with"):
        raise QueryError("not_a_query", first)
    # WITH may hold statements that change rows.
    for word in words:
        if word.lower() in _WRITING:
            raise QueryError("not_reading", word)
    return text


def check_column(name: str) -> str:
    """A column's name, quoted where the database needs it.

    >>> check_column(" changed_at ")
    'changed_at'
    """
    name = name.strip()
    if not _COLUMN.fullmatch(name):
        raise QueryError("not_a_column", name)
    return name


def bare_name(column: str) -> str:
    """A column's name as the database reports it.

    >>> bare_name('"Changed At"'), bare_name("id")
    ('Changed At', 'id')
    """
    return column[1:-1] if column[:1] in ('"', "`", "[") else column


def since(query: str, column: str, has_start: bool) -> str:
    """The rows from a value on (the statement's one parameter), in the order of the column.

    >>> since("SELECT * FROM t", "id", True)
    'SELECT * FROM (SELECT * FROM t\\n) ecm_source WHERE id >= ? ORDER BY id'
    """
    condition = ">= ?" if has_start else "IS NOT NULL"
    # The line's end closes a comment that the query may end with.
    source = f"({query}\n) ecm_source"
    return f"SELECT * FROM {source} WHERE {column} {condition} ORDER BY {column}"


def look_back(value: Any, minutes: int) -> Any:
    """Where to begin to read again: rows with a value just below the greatest may have been stored
    after it, and others with the same value.

    >>> look_back(datetime(2026, 1, 2, 3, 4), 10), look_back(5000, 10), look_back("x", 10)
    (datetime.datetime(2026, 1, 2, 2, 54), 4000, 'x')
    """
    match value:
        case datetime():
            return value - timedelta(minutes=minutes)
        case date():
            return value - timedelta(days=1)
        case int() | Decimal():
            return value - NUMBERS_BACK
    return value


def dump_watermark(value: Any) -> str:
    """A key or time as text.

    >>> dump_watermark(Decimal("12")), dump_watermark(datetime(2026, 1, 2, 3, 4, 5, 600))
    ('number 12', 'time 2026-01-02T03:04:05.000600')
    """
    match value:
        # A truth value is an integer to Python, and a time is a date.
        case bool():
            raise QueryError("not_a_key", "bool")
        case datetime():
            return f"time {value.isoformat()}"
        case date():
            return f"date {value.isoformat()}"
        case int():
            return f"integer {value}"
        case Decimal():
            return f"number {value}"
        case str():
            return f"text {value}"
    raise QueryError("not_a_key", type(value).__name__)


_READERS: dict[str, Callable[[str], Any]] = {
    "time": datetime.fromisoformat,
    "date": date.fromisoformat,
    "integer": int,
    "number": Decimal,
    "text": str,
}


def load_watermark(text: str) -> Any:
    """What ``dump_watermark`` wrote.

    >>> load_watermark("integer 7"), load_watermark("date 2026-01-02"), load_watermark("text a b")
    (7, datetime.date(2026, 1, 2), 'a b')
    """
    kind, value = text.split(" ", 1)
    read = _READERS.get(kind, str)
    return read(value)
