"""Rows of an XLSX workbook as text, streamed (L1).

A workbook is a zip archive of XML: its sizes are checked before it is read, and every part has to
begin with its root element, which leaves no place for a document type and so for entities. Shared
strings are the one thing that is held in memory. Rows and cells that a sheet does not store cost
nothing, wherever its last one stands.

Cells are taken for what they mean: whole numbers without ``.0``, zeros in front where the cell's
format shows them, dates and times in ISO form, formulas as the value that was last computed
(`NO_VALUE` where there is none).
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time
from itertools import islice
from operator import itemgetter
from typing import IO, Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import CELL_TAG, DATA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from .file_errors import UnreadableFile
from .packed_file import FREE, MAX_RATIO, MAX_UNPACKED, open_archive, size_of

MAX_COLUMNS = 1000
# What a sheet can have at most; empty cells may be stored as well.
MAX_ROWS = 1 << 20
MAX_STORED_CELLS = 1 << 14
MAX_SHARED_STRINGS = 64 << 20
PROLOG_SIZE = 4096
STRING_TAG = f"{{{SHEET_MAIN_NS}}}si"
FORMULA_TAG = f"{{{SHEET_MAIN_NS}}}f"
# What stands for a formula whose value was never computed; no other cell can hold it.
NO_VALUE = "\0="

_Cell = dict[str, Any]

_PROLOG = re.compile(r"\ufeff?\s*(?:<\?xml[^>]*\?>)?\s*<[A-Za-z_]")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_ZEROS = re.compile(r"0{2,}")
_DAMAGE = (
    AttributeError,
    EOFError,
    IndexError,
    InvalidFileException,
    KeyError,
    OSError,
    OverflowError,
    ParseError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def sheet_names(file: BinaryIO) -> tuple[str, ...]:
    """Names of the sheets with cells: first the one that the workbook was saved with, last those
    that are hidden.

    :raise UnreadableFile: ``damaged``, ``unpacked_too_large``
    """
    with _opened(file) as book:
        return tuple(book.sheets)


def open_sheet(
    file: BinaryIO, name: str, max_elements: int | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield ``(row number, cells as text)`` of the rows that the sheet stores, without empty cells
    at the end; a row without content is an empty list. What lies between them costs nothing.

    :param name: of the sheet; the first one if empty
    :param max_elements: of the sheet's XML that are read at most; None to read all of it
    :raise UnreadableFile: ``damaged``, ``no_rows``, ``unknown_sheet``, ``unpacked_too_large``
    """
    with _opened(file) as book:
        part = book.get_part(name)
        try:
            with book.archive.open(part) as source:
                elements = islice(iterparse(source), max_elements)
                for number, cells in _stored_rows(elements, book.make_parser(source)):
                    yield number, _texts(book.formats, cells)
        except _DAMAGE:
            raise UnreadableFile("damaged") from None


@contextmanager
def _opened(file: BinaryIO) -> Iterator[_Book]:
    _check(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = _Book(file)
    except _DAMAGE:
        raise UnreadableFile("damaged") from None
    with closing(book.archive):
        yield book


class _Book:
    """A workbook of which nothing is read yet but what its sheets and formats are.

    `openpyxl.load_workbook` reads every sheet to its end where its size is not declared, and all
    shared strings: what is opened to show its first rows would cost as much as an import.
    """

    def __init__(self, file: BinaryIO) -> None:
        # Not all of it is in the types of its stubs.
        reader: Any = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_workbook()
        self.archive: zipfile.ZipFile = reader.archive
        apply_stylesheet(self.archive, reader.wb)
        self.formats = reader.wb
        self.sheets = dict(_find_sheets(reader))
        strings = reader.package.find(SHARED_STRINGS)
        self._strings_part = strings.PartName.removeprefix("/") if strings else ""

    def get_part(self, name: str) -> str:
        """:return: the part of the archive that holds a sheet; the first one if it has no name"""
        part = self.sheets.get(name) if name else next(iter(self.sheets.values()), None)
        if part is None:
            raise UnreadableFile("unknown_sheet" if name else "no_rows")
        return part

    def make_parser(self, source: IO[bytes]) -> WorkSheetParser:
        """:return: what turns the elements of a sheet into values"""
        return WorkSheetParser(
            source,
            _Strings(self._read_strings()),
            data_only=True,
            epoch=self.formats.epoch,
            date_formats=self.formats._date_formats,
            timedelta_formats=self.formats._timedelta_formats,
        )

    def _read_strings(self) -> Iterator[str]:
        if not self._strings_part:
            return
        with self.archive.open(self._strings_part) as source:
            for _event, element in iterparse(source):
                if element.tag == STRING_TAG:
                    yield _string(element)
                    element.clear()


def _find_sheets(reader: Any) -> list[tuple[str, str]]:
    """Name and part of each sheet with cells: the active one, the others, and hidden ones."""
    found = []
    active = reader.wb._active_sheet_index
    for place, (sheet, relation) in enumerate(reader.parser.find_sheets()):
        if relation.target in reader.valid_files and "chartsheet" not in relation.Type:
            is_hidden = sheet.state != "visible"
            rank = (is_hidden, place != active)
            found.append((rank, (sheet.name, relation.target)))
    found.sort(key=itemgetter(0))
    return [sheet for _rank, sheet in found]


def _string(element: Any) -> str:
    text: Any = Text.from_tree(element)
    return str(text.content)


class _Strings:
    """The strings that cells share, read as far as a cell asks for one."""

    def __init__(self, strings: Iterator[str]) -> None:
        self._rest = strings
        self._read: list[str] = []

    def __getitem__(self, index: int) -> str:
        missing = index + 1 - len(self._read)
        if missing > 0:
            self._read.extend(islice(self._rest, missing))
        return self._read[index]


def _stored_rows(
    elements: Iterable[tuple[str, Element]], parser: WorkSheetParser
) -> Iterator[tuple[int, list[_Cell]]]:
    """Rows in the order of the sheet, with the cells that it stores.

    An element's children come before itself, so the cells of a row are there when it ends.
    """
    number, cells = 0, []
    for _event, element in elements:
        if element.tag == CELL_TAG:
            cell = parser.parse_cell(element)
            if cell["value"] is None:
                cell["has_formula"] = element.find(FORMULA_TAG) is not None
            cells.append(cell)
            # More than a row can have would be held in memory.
            if len(cells) > MAX_STORED_CELLS:
                raise UnreadableFile("damaged")
            element.clear()
        elif element.tag == ROW_TAG:
            number = _row_number(element, number)
            yield number, cells
            element.clear()
            parser.col_counter, cells = 0, []
        elif element.tag == DATA_TAG:
            return


def _row_number(element: Element, last: int) -> int:
    """Rows without a number, or with one that was there before, follow the last one."""
    number = max(last + 1, int(float(element.get("r", 0))))
    if number > MAX_ROWS:
        raise UnreadableFile("damaged")
    return number


def _check(file: BinaryIO) -> None:
    """Refuse an archive whose parts are too large, or begin with anything but their root element.

    What a member holds beyond the size it declares is never read.
    """
    archive = open_archive(file)
    total = sum(member.file_size for member in archive.infolist())
    if total > MAX_UNPACKED or (total > FREE and total > MAX_RATIO * size_of(file)):
        raise UnreadableFile("unpacked_too_large")
    for member in archive.infolist():
        # These parts are held in memory.
        is_held = member.filename.endswith(("sharedStrings.xml", "styles.xml"))
        if is_held and member.file_size > MAX_SHARED_STRINGS:
            raise UnreadableFile("unpacked_too_large")
        is_xml = member.filename.endswith((".xml", ".rels"))
        if is_xml and not _PROLOG.match(_read_prolog(archive, member)):
            raise UnreadableFile("damaged")


def _read_prolog(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    try:
        with archive.open(member) as part:
            head = part.read(PROLOG_SIZE)
    except _DAMAGE:
        raise UnreadableFile("damaged") from None
    is_wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return head.decode("utf-16" if is_wide else "utf-8", "replace")


def _texts(formats: Any, cells: list[_Cell]) -> list[str]:
    texts = {}
    for cell in cells:
        text = _text(formats, cell)
        if text and cell["column"] <= MAX_COLUMNS:
            texts[cell["column"]] = text
    return [texts.get(column, "") for column in range(1, max(texts, default=0) + 1)]


def _text(formats: Any, cell: _Cell) -> str:
    value = cell["value"]
    if value is None:
        return NO_VALUE if cell.get("has_formula") else ""
    if isinstance(value, str):
        return _ESCAPE.sub(_unescaped, value) if "_x" in value else value
    # Before numbers and dates: a truth value is a number to Python, and a time a date.
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number_text(value, _number_format(formats, cell["style_id"]))
    if isinstance(value, datetime):
        has_time = value.time() != time()
        return value.isoformat(" ", "seconds") if has_time else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _unescaped(escape: re.Match[str]) -> str:
    """The character that Excel has written as ``_x000D_``; those that nobody sees are left out."""
    character = chr(int(escape[1], 16))
    return character if character.isprintable() or character in "\t\n" else ""


def _number_format(formats: Any, style_id: int) -> str:
    number: int = formats._cell_styles[style_id].numFmtId
    if number < BUILTIN_FORMATS_MAX_SIZE:
        return BUILTIN_FORMATS.get(number, "General")
    return str(formats._number_formats[number - BUILTIN_FORMATS_MAX_SIZE])


def _number_text(value: float, number_format: str) -> str:
    # So many digits are what a spreadsheet keeps.
    if isinstance(value, float) and not value.is_integer():
        return format(value, ".15g")
    text = str(int(value))
    return text.zfill(len(number_format)) if _ZEROS.fullmatch(number_format or "") else text
