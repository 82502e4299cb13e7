"""Rows of any number written as XLSX or CSV in constant memory (requirement L10): nothing that a
customer wrote becomes a formula in whoever opens the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from .formula_cells import neutralise_text

# Of a sheet of Excel, with the line of titles.
SHEET_ROWS = 1_048_576
# Characters of a cell of Excel, counted as UTF-16 does.
CELL_CHARACTERS = 32_767
# Days from the first of Excel's to that of Unix.
UNIX_DAY = 25_569
MOMENT_FORMAT = "yyyy-mm-dd hh:mm:ss"
DAY_FORMAT = "yyyy-mm-dd"
WIDTHS = {"moment": 19, "day": 11, "number": 11}
# What XML cannot hold or Excel reads as an escape (ECMA-376, 22.9.2.19).
_UNSAFE = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

# Text as nearly all is: short, nothing to escape, no blank at either end.
_EDGE, _INNER = r"[^&<>\x00-\x20\ufffe\uffff_]", r"[^&<>\x00-\x1f\ufffe\uffff_]"
_is_plain = re.compile(f"{_EDGE}(?:{_INNER}{{0,1000}}{_EDGE})?").fullmatch

Render = Callable[[Any, int], str]


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
    """A workbook of one sheet. Rows go to the sheet's file as they come: of what xlsxwriter's own
    cells cost, ten columns would not be written fast enough.

    :param target: path or stream to write to
    """

    extension = "xlsx"
    mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    # Moments come as days since Excel's first, days likewise.
    has_serial_days = True
    most_rows = SHEET_ROWS - 1

    def __init__(self, target: Any, title: str, columns: Sequence[Column]) -> None:
        self._book = xlsxwriter.Workbook(target, {"constant_memory": True})
        # A sheet's name has 31 characters, and none of those that formulas use.
        self._sheet = self._book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31] or None)
        self._columns = columns
        self._row = 1
        self._write_titles()
        styles = {
            "moment": self._add_style(MOMENT_FORMAT),
            "day": self._add_style(DAY_FORMAT),
        }
        self._cells = [
            _get_renderer(column, xl_col_to_name(place), styles)
            for place, column in enumerate(columns)
        ]

    def _write_titles(self) -> None:
        bold = self._book.add_format({"bold": True})
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, WIDTHS.get(column.kind, 18))
            self._sheet.write_string(0, place, column.title, bold)
        self._sheet.freeze_panes(1, 0)
        # The line of titles leaves xlsxwriter's memory; what follows is written past it.
        self._sheet._write_single_row(1)

    def _add_style(self, number_format: str) -> int:
        added = self._book.add_format({"num_format": number_format})
        return int(added._get_xf_index())

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows, as many values in each as there are columns; None is an empty cell."""
        lines, cells = [], self._cells
        for row in rows:
            self._row += 1
            number = self._row
            lines.append(f'<row r="{number}">')
            for render, value in zip(cells, row, strict=True):
                if value is not None:
                    lines.append(render(value, number))
            lines.append("</row>")
        self._sheet.row_data_fh.write("".join(lines))

    def close(self) -> None:
        """Write the file."""
        sheet, last = self._sheet, len(self._columns) - 1
        sheet.autofilter(0, 0, self._row - 1, last)
        sheet.dim_rowmax = self._row - 1
        sheet.previous_row = self._row
        self._book.close()


class CsvFile:
    """A file of comma-separated values, with the mark that tells spreadsheets that it is UTF-8.

    :param target: stream of bytes, which stays open
    """

    extension = "csv"
    # Not text/…: of such a file Odoo would keep all words in the database as well.
    mimetype = "application/x-contact-file"
    has_serial_days = False
    most_rows = None

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
    """:return: what makes a cell of a value and the number of its row"""
    if column.kind == "word":
        words = column.words
        return lambda value, row: _render_text(str(words.get(value, value)), letters, row)
    if column.kind == "text":
        return lambda value, row: _render_text(value, letters, row)
    style = f' s="{styles[column.kind]}"' if column.kind in styles else ""
    return lambda value, row: f'<c r="{letters}{row}"{style}><v>{value}</v></c>'


def _render_text(text: str, letters: str, row: int) -> str:
    # A cell of text is never computed, whatever it begins with.
    if _is_plain(text):
        return f'<c r="{letters}{row}" t="inlineStr"><is><t>{text}</t></is></c>'
    text = escape(shorten(text))
    if not text:
        return ""
    return f'<c r="{letters}{row}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _get_csv_value(column: Column) -> Callable[[Any], Any]:
    if column.kind == "word":
        words = column.words
        return lambda value: neutralise_text(str(words.get(value, value)))
    if column.kind == "text":
        return neutralise_text
    return lambda value: value
