"""Writes the rows of a database as a CSV file, page by page."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import blake2b
from typing import Any, BinaryIO
from uuid import UUID

PAGE = 2000
DIGEST_SIZE = 8


class RowError(Exception):
    """A row that cannot be read; ``first`` and ``last`` are where it stands, counted from 1."""

    def __init__(self, first: int, last: int, text: str) -> None:
        super().__init__(f"{first}-{last}: {text}")
        self.first = first
        self.last = last
        self.text = text


@dataclass(frozen=True)
class Layout:
    """How the file is written: the way the import will read it."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8-sig"
    has_header: bool = True

    @property
    def format(self) -> dict[str, Any]:
        """Every value is quoted: no content can be taken for the end of a cell or row."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote,
            "quoting": csv.QUOTE_ALL,
            "lineterminator": "\r\n",
        }


class RecentRows:
    """Which rows were read by an earlier run, told by their content, as far back as the next run
    reads again.

    ``start_of(key)`` is where a run begins to read after one that has ended with this key.
    """

    def __init__(self, digests: bytes, start_of: Callable[[Any], Any]) -> None:
        parts = range(0, len(digests), DIGEST_SIZE)
        self._seen = {digests[place : place + DIGEST_SIZE] for place in parts}
        self._start_of = start_of
        self._window: deque[tuple[Any, bytes]] = deque()

    def is_new(self, row: Sequence[Any], key: Any) -> bool:
        """Note a row, in the order of the keys, and tell whether an earlier run has not read it."""
        text = repr(tuple(row)).encode("utf-8", "replace")
        digest = blake2b(text, digest_size=DIGEST_SIZE).digest()
        start = self._start_of(key)
        while self._window and self._window[0][0] < start:
            self._window.popleft()
        self._window.append((key, digest))
        return digest not in self._seen

    def dump(self) -> bytes:
        """What the next run has to know."""
        return b"".join([digest for _key, digest in self._window])


@dataclass(frozen=True)
class Written:
    """How many rows were written, and the key of the last one (None without a key column)."""

    rows: int
    last_key: Any = None


def write_rows(
    cursor: Any,
    target: BinaryIO,
    layout: Layout,
    limit: int,
    key: int | None = None,
    error_text: Callable[[Exception], str] = str,
    recent: RecentRows | None = None,
) -> Written:
    """Write the rows of an executed cursor.

    :param limit: rows to stop after. With a key column the rows of equal key that follow are
        written too: the next run begins after this key.
    :param key: place of the column that the rows are ordered by
    :param error_text: what a driver's error says, without secrets
    :param recent: with a key column, which rows are left out since they were written before
    :raise RowError: a row cannot be read, or its value cannot be written
    """
    text = io.TextIOWrapper(target, encoding=layout.encoding, newline="")
    writer = csv.writer(text, **layout.format)
    if layout.has_header:
        writer.writerow([column[0] for column in cursor.description])
    written = Written(0)
    for row in _fetch(cursor, error_text):
        # Rows of one key are not parted: what is left of them would never be read.
        if written.rows >= limit and (key is None or row[key] != written.last_key):
            break
        last_key = None if key is None else row[key]
        is_new = recent is None or recent.is_new(row, last_key)
        written = Written(written.rows + is_new, last_key)
        if is_new:
            _write_row(writer, row, written.rows)
    # The file is the caller's, and stays open.
    text.flush()
    text.detach()
    return written


def _write_row(writer: Any, row: Sequence[Any], number: int) -> None:
    try:
        writer.writerow(map(_text, row))
    except (TypeError, ValueError) as error:
        raise RowError(number, number, str(error)) from error


def _fetch(cursor: Any, error_text: Callable[[Exception], str]) -> Iterator[Sequence[Any]]:
    done = 0
    while True:
        try:
            page = cursor.fetchmany(PAGE)
        # Drivers raise what they like for a value that they cannot convert.
        except Exception as error:
            raise RowError(done + 1, done + PAGE, error_text(error)) from error
        if not page:
            return
        yield from page
        done += len(page)


def _text(value: Any) -> str:
    """A value as a file has it.

    >>> _text(None), _text(Decimal("1.50")), _text(True), _text(7.0)
    ('', '1.50', '1', '7')
    >>> _text(datetime(2026, 1, 2, 3, 4))
    '2026-01-02 03:04:00'
    """
    match value:
        case None:
            return ""
        case bool():
            return str(int(value))
        case float():
            # A number of a customer or a phone that the database keeps as a float.
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime():
            return value.isoformat(" ")
        case str() | int() | Decimal() | date() | time() | UUID():
            return str(value).replace("\0", "")
    raise TypeError(f"a value of type {type(value).__name__} is no text, number or time")
