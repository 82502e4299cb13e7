"""Rows of any number written as XLSX or CSV in constant memory (requirement L10): nothing that a
customer wrote becomes a formula in whoever opens the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from .formula_cells import neutralise_text

# Of a sheet of Excel, with the line of titles.
SHEET_ROWS = 1_048_576
# Characters of a cell of Excel, counted as UTF-16 does.
CELL_CHARACTERS = 32_767
# Days from the first of Excel's to that of Unix.
UNIX_DAY = 25_569
STYLES = {"moment": "yyyy-mm-dd hh:mm:ss", "day": "yyyy-mm-dd"}
WIDTHS = {"moment": 19, "day": 11, "number": 11}
# The part of a workbook that holds the rows, and what ends these there.
SHEET = "xl/worksheets/sheet1.xml"
DATA_END = b"</sheetData>"
DIMENSION = re.compile(b"<dimension [^>]*/>")
# zlib's: twice as fast as its usual one, for a tenth more of bytes.
LEVEL = 3
# Of a part that is not compressed. Without the extension ZIP64, which not every program reads, it
# is 2 GiB; a batch of rows still comes.
MOST_BYTES = 1_500_000_000
# What XML cannot hold or Excel reads as an escape (ECMA-376, 22.9.2.19).
_UNSAFE = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

# Text as nearly all is: short, nothing to escape, no blank at either end.
_EDGE, _INNER = r"[^&<>\x00-\x20\ufffe\uffff_]", r"[^&<>\x00-\x1f\ufffe\uffff_]"
_is_plain = re.compile(f"{_EDGE}(?:{_INNER}{{0,1000}}{_EDGE})?").fullmatch

Render = Callable[[Sequence[Any], Sequence[int]], list[str]]


class Column(NamedTuple):
    """A column of a file.

    :param title: what stands above it
    :param kind: ``text``, ``number``, ``moment``, ``day``; ``word`` where a value stands for words
    :param words: those, by value; more may be added between two writes
    """

    title: str
    kind: str
    words: Mapping[Any, str] = {}


class XlsxFile:
    """A workbook of one sheet, whose rows go compressed into the file as they come: neither memory
    nor the disk holds them twice.

    xlsxwriter makes all parts but the rows, of which it would write ten columns at a fifth of the
    speed.

    :param target: path or seekable stream to write to
    """

    extension = "xlsx"
    mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    # Moments come as days since Excel's first, days likewise.
    has_serial_days = True
    most_rows = SHEET_ROWS - 1

    def __init__(self, target: Any, title: str, columns: Sequence[Column]) -> None:
        self._title, self._columns = title, columns
        self._row = 1
        self._styles: dict[str, int] = {}
        head = self._make_parts()[SHEET].partition(DATA_END)[0]
        self._archive = ZipFile(target, "w", ZIP_DEFLATED, compresslevel=LEVEL)
        self._sheet = self._archive.open(SHEET, "w")
        # How far the rows will reach, nobody knows yet; it need not be said.
        self._size = self._sheet.write(DIMENSION.sub(b"", head))
        self._renderers = [
            _get_renderer(column, xl_col_to_name(place), self._styles)
            for place, column in enumerate(columns)
        ]

    @property
    def is_full(self) -> bool:
        """Whether no more rows should be added, however few there are: a zipped part has a size that
        all programs can read.
        """
        return self._size >= MOST_BYTES

    def _make_parts(self) -> dict[str, bytes]:
        """The parts of a workbook that has as many rows as are written, with the titles alone.

        :return: what is in each, by name
        """
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream, {"in_memory": True})
        # A sheet's name has 31 characters, and none of those that formulas use.
        name = re.sub(r"[\[\]:*?/\\']", " ", self._title)[:31]
        sheet = book.add_worksheet(name or None)
        bold = book.add_format({"bold": True})
        for place, column in enumerate(self._columns):
            sheet.set_column(place, place, WIDTHS.get(column.kind, 18))
            sheet.write_string(0, place, column.title, bold)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, self._row - 1, len(self._columns) - 1)
        for kind, number_format in STYLES.items():
            added = book.add_format({"num_format": number_format})
            self._styles[kind] = int(added._get_xf_index())
        book.close()
        with ZipFile(stream) as parts:
            return {part: parts.read(part) for part in parts.namelist()}

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows, as many values in each as there are columns; None is an empty cell."""
        # Column by column: what is the same for all cells of one is done once.
        columns = list(zip(*rows, strict=True))
        if not columns:
            return
        numbers = range(self._row + 1, self._row + 1 + len(columns[0]))
        pairs = zip(self._renderers, columns, strict=True)
        cells = [render(values, numbers) for render, values in pairs]
        lines = [
            f'<row r="{number}">{"".join(line)}</row>'
            for number, line in zip(numbers, zip(*cells, strict=True), strict=True)
        ]
        self._size += self._sheet.write("".join(lines).encode())
        self._row = numbers[-1]

    def close(self) -> None:
        """Write the rest of the file."""
        parts = self._make_parts()
        _head, end, tail = parts.pop(SHEET).partition(DATA_END)
        self._sheet.write(end + tail)
        self._sheet.close()
        for name, content in parts.items():
            self._archive.writestr(name, content)
        self._archive.close()


class CsvFile:
    """A file of comma-separated values, with the mark that tells spreadsheets that it is UTF-8.

    :param target: stream of bytes, which stays open
    """

    extension = "csv"
    # Not text/…: of such a file Odoo would keep all words in the database as well.
    mimetype = "application/x-contact-file"
    has_serial_days = False
    most_rows = None
    is_full = False

    def __init__(self, target: Any, title: str, columns: Sequence[Column]) -> None:
        self._output = io.TextIOWrapper(target, "utf-8-sig", newline="")
        self._writer = csv.writer(self._output)
        self._writer.writerow([neutralise_text(column.title) for column in columns])
        self._values = [_get_csv_value(column) for column in columns]

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """As `XlsxFile.write`."""
        self._writer.writerows(map(self._get_cells, rows))

    def _get_cells(self, row: Sequence[Any]) -> list[Any]:
        pairs = zip(self._values, row, strict=True)
        return [None if value is None else convert(value) for convert, value in pairs]

    def close(self) -> None:
        """Write what is left."""
        self._output.flush()
        self._output.detach()


FORMATS = {"xlsx": XlsxFile, "csv": CsvFile}


def escape(text: str) -> str:
    """Text as XML of a sheet."""
    return _UNSAFE.sub(_escape_match, text) if _UNSAFE.search(text) else text


def _escape_match(match: re.Match[str]) -> str:
    found = match[0]
    if entity := _ENTITIES.get(found):
        return entity
    # What looks like an escape is none: its underscore is escaped.
    return f"_x005F{found}" if len(found) > 1 else f"_x{ord(found):04X}_"


def shorten(text: str) -> str:
    """As much of a text as a cell holds."""
    # No text is longer in UTF-16 than twice its characters.
    if len(text) <= CELL_CHARACTERS // 2:
        return text
    units = text.encode("utf-16-le")[: 2 * CELL_CHARACTERS]
    return units.decode("utf-16-le", "ignore")


def _get_renderer(column: Column, letters: str, styles: Mapping[str, int]) -> Render:
    """:return: what makes the cells of a column of its values and the numbers of their rows"""
    if column.kind == "word":
        return _get_word_renderer(column.words, letters)
    if column.kind == "text":
        return lambda values, numbers: _render_texts(values, letters, numbers)
    style = f' s="{styles[column.kind]}"' if column.kind in styles else ""
    return lambda values, numbers: [
        "" if value is None else f'<c r="{letters}{number}"{style}><v>{value}</v></c>'
        for value, number in zip(values, numbers, strict=True)
    ]


def _get_word_renderer(words: Mapping[Any, str], letters: str) -> Render:
    def render(values: Sequence[Any], numbers: Sequence[int]) -> list[str]:
        # Few words stand for all values.
        tails = {value: _get_text_tail(str(words.get(value, value))) for value in set(values)}
        tails[None] = ""
        return [
            f'<c r="{letters}{number}"{tail}' if (tail := tails[value]) else ""
            for value, number in zip(values, numbers, strict=True)
        ]

    return render


def _render_texts(values: Sequence[Any], letters: str, numbers: Sequence[int]) -> list[str]:
    return [
        f'<c r="{letters}{number}"{tail}' if value and (tail := _get_text_tail(value)) else ""
        for value, number in zip(values, numbers, strict=True)
    ]


def _get_text_tail(text: str) -> str:
    """What follows the place of a cell of text; nothing where the cell is empty."""
    # A cell of text is never computed, whatever it begins with.
    if _is_plain(text):
        return f' t="inlineStr"><is><t>{text}</t></is></c>'
    text = escape(shorten(text))
    return text and f' t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _get_csv_value(column: Column) -> Callable[[Any], Any]:
    if column.kind == "word":
        words = column.words
        return lambda value: neutralise_text(str(words.get(value, value)))
    if column.kind == "text":
        return neutralise_text
    return lambda value: value
