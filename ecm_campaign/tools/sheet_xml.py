"""The XML of a workbook's sheets and shared strings, parsed as it is read (L1).

A sheet is megabytes of small elements: expat hands them to plain functions, which is several times
as fast as a tree of each row, and knows at which byte a row begins. So a sheet that lies unpacked
on the disk can be read on from there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

from openpyxl.xml.constants import SHEET_MAIN_NS

from .file_errors import UnreadableFile

BLOCK = 1 << 16
# What a sheet can have at most; empty cells may be stored as well.
MAX_ROWS = 1 << 20
MAX_STORED_CELLS = 1 << 14
# No sheet has so much in front of its first row.
MAX_PROLOG = 1 << 20

# A cell of this kind is a formula whose value was never computed.
FORMULA = "formula"

_DATA, _ROW, _CELL, _VALUE, _FORMULA, _STRING, _TEXT, _PHONETIC = (
    f"{SHEET_MAIN_NS} {name}" for name in ("sheetData", "row", "c", "v", "f", "si", "t", "rPh")
)
_COLUMN = re.compile(r"[A-Z]{1,3}")


class Cell(NamedTuple):
    """A cell with content, as the file writes it."""

    column: int
    kind: str
    style: int
    value: str


class SheetRow(NamedTuple):
    """A row of a sheet.

    ``position`` is the byte at which it begins, ``before`` the number of the row in front of it.
    """

    number: int
    cells: list[Cell]
    position: int
    before: int


class _Enough(Exception):
    """What follows is not wanted."""


class _Reader:
    """An XML part that is parsed block by block.

    ``_starts`` and ``_ends`` are what is called for elements of these names. ``_text`` is the text
    since somebody cleared it: one list for all is faster than a handler for each element.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._starts: dict[str, Callable[[dict[str, str]], None]] = {}
        self._ends: dict[str, Callable[[], None]] = {}
        parser = expat.ParserCreate(namespace_separator=" ")
        # A text in one piece where it can be.
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.CharacterDataHandler = self._text.append
        self._parser = parser

    def _listen(self) -> None:
        """Have the parser call the handlers, all of which are known now: there are two calls for
        each element, of which a sheet has millions.
        """
        find_start, find_end = self._starts.get, self._ends.get

        def start(name: str, attributes: dict[str, str]) -> None:
            if handler := find_start(name):
                handler(attributes)

        def end(name: str) -> None:
            if handler := find_end(name):
                handler()

        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end

    def _clear(self, _attributes: object = None) -> None:
        self._text.clear()

    def _feed(self, source: BinaryIO) -> Iterator[None]:
        """:raise UnreadableFile: ``damaged``"""
        try:
            while block := source.read(BLOCK):
                self._parser.Parse(block, False)
                yield
            self._parser.Parse(b"", True)
            yield
        except _Enough:
            yield
        except expat.ExpatError:
            raise UnreadableFile("damaged") from None


def _refuse_doctype(*_declaration: object) -> None:
    raise UnreadableFile("damaged")


class _RichReader(_Reader):
    """Reads texts that may be made of runs, without what is written above them (phonetic)."""

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[str] = []
        self._phonetic = 0
        self._starts = {_TEXT: self._clear, _PHONETIC: self._start_phonetic}
        self._ends = {_TEXT: self._end_run, _PHONETIC: self._end_phonetic}

    def _start_phonetic(self, _attributes: object) -> None:
        self._phonetic += 1

    def _end_phonetic(self) -> None:
        self._phonetic -= 1

    def _end_run(self) -> None:
        if not self._phonetic:
            self._runs += self._text

    def _take_runs(self) -> str:
        runs = self._runs
        text = runs[0] if len(runs) == 1 else "".join(runs)
        runs.clear()
        return text


# -- strings --------------------------------------------------------------------------------------


def read_strings(source: BinaryIO) -> Iterator[str]:
    """The strings that cells share, in order."""
    yield from _StringReader().read(source)


class _StringReader(_RichReader):
    def __init__(self) -> None:
        super().__init__()
        self._strings: list[str] = []
        self._ends[_STRING] = self._end_string
        self._listen()

    def read(self, source: BinaryIO) -> Iterator[str]:
        for _block in self._feed(source):
            yield from self._strings
            self._strings.clear()

    def _end_string(self) -> None:
        self._strings.append(self._take_runs())


# -- rows -----------------------------------------------------------------------------------------


def read_rows(source: BinaryIO, max_elements: int | None = None) -> Iterator[SheetRow]:
    """The rows that a sheet stores.

    :param source: its XML, from the beginning
    :param max_elements: rows and cells that are read at most; None to read all of them
    :raise UnreadableFile: ``damaged``
    """
    yield from _RowReader(max_elements).read(source)


def read_rows_from(source: BinaryIO, start: int, position: int, before: int) -> Iterator[SheetRow]:
    """The rows from one on that was read before.

    :param source: seekable
    :param start: the byte at which the sheet's XML begins
    :param position: that of the row, counted from there (``SheetRow.position``)
    :param before: ``SheetRow.before`` of that row
    """
    # What stands before the first row says how all that follows is to be read.
    source.seek(start)
    first = next(read_rows(source), None)
    if first is None or first.position > MAX_PROLOG:
        raise UnreadableFile("damaged")
    source.seek(start)
    reader = _RowReader(None, before)
    reader.begin(source.read(first.position), position)
    source.seek(start + position)
    yield from reader.read(source)


class _RowReader(_RichReader):
    """The state of a sheet that is being read."""

    def __init__(self, max_elements: int | None, before: int = 0) -> None:
        super().__init__()
        self._starts |= {_ROW: self._start_row, _CELL: self._start_cell, _VALUE: self._clear}
        self._ends |= {
            _DATA: self._end_data,
            _ROW: self._end_row,
            _CELL: self._end_cell,
            _VALUE: self._end_value,
            _FORMULA: self._end_formula,
        }
        self._left = max_elements or sys.maxsize
        # How far the bytes that are read lie behind those that were given.
        self._shift = 0
        self._rows: list[SheetRow] = []
        self._number = before
        self._given = 0
        self._position = 0
        self._cells: list[Cell] = []
        self._stored = 0
        self._column = 0
        self._attributes: dict[str, str] = {}
        self._value: str | None = None
        self._has_formula = False
        self._listen()

    def begin(self, prolog: bytes, position: int) -> None:
        """Read what stands before the rows, of which the next one begins at ``position``."""
        self._parser.Parse(prolog, False)
        self._shift = position - len(prolog)

    def read(self, source: BinaryIO) -> Iterator[SheetRow]:
        for _block in self._feed(source):
            yield from self._rows
            self._rows.clear()

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._position = self._parser.CurrentByteIndex + self._shift
        self._given = int(float(attributes.get("r", 1)))
        self._cells = []
        self._stored = 0
        self._column = 0

    def _end_row(self) -> None:
        # Rows without a number, or with one that was there before, follow the last one.
        before = self._number
        self._number = max(before + 1, self._given)
        if self._number > MAX_ROWS:
            raise UnreadableFile("damaged")
        row = SheetRow(self._number, self._cells, self._position, before)
        self._rows.append(row)
        self._count()

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._attributes = attributes
        self._value = None
        self._has_formula = False

    def _end_value(self) -> None:
        self._value = "".join(self._text)

    def _end_formula(self) -> None:
        self._has_formula = True

    def _end_cell(self) -> None:
        attributes = self._attributes
        place = attributes.get("r")
        self._column = _column_of(place) if place else self._column + 1
        kind = attributes.get("t", "n")
        value = self._take_runs() if kind == "inlineStr" else self._value
        if not value and self._has_formula:
            kind = value = FORMULA
        # Most that a sheet stores empty has a style, and nothing else.
        if value:
            style = int(attributes.get("s", 0))
            self._cells.append(Cell(self._column, kind, style, value))
        self._stored += 1
        # More than a row can have would be held in memory.
        if self._stored > MAX_STORED_CELLS:
            raise UnreadableFile("damaged")
        # As `_count`, without another call for each cell.
        self._left -= 1
        if self._left <= 0:
            raise _Enough

    def _end_data(self) -> None:
        raise _Enough

    def _count(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise _Enough


def _column_of(place: str) -> int:
    """The number of the column of a cell that is called as in ``AB12``."""
    return _column_number(place.rstrip("0123456789"))


@lru_cache(maxsize=1024)
def _column_number(letters: str) -> int:
    name = letters.replace("$", "").upper()
    if not _COLUMN.fullmatch(name):
        raise UnreadableFile("damaged")
    number = 0
    for letter in name:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number
