"""Rows of an XLSX workbook as text, streamed (L1).

A workbook is a zip archive of XML: its sizes are checked before it is read, and every part has to
begin with its root element, which leaves no place for a document type and so for entities. Shared
strings are the one thing that a preview holds in memory, as far as it needs them; an import reads
them from its unpacked copy. Rows and cells that a sheet does not store cost nothing, wherever its
last one stands.

Cells are taken for what they mean: whole numbers without ``.0``, zeros in front where the cell's
format shows them, dates and times in ISO form, formulas as the value that was last computed
(`NO_VALUE` where there is none).
"""

from __future__ import annotations

import io
import mmap
import re
import struct
import warnings
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time
from itertools import islice
from operator import itemgetter
from shutil import copyfileobj
from typing import Any, BinaryIO, NamedTuple, Protocol, cast
from xml.etree.ElementTree import ParseError

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS

from . import sheet_xml
from .file_errors import UnreadableFile
from .packed_file import FREE, MAX_RATIO, MAX_UNPACKED, open_archive, size_of

MAX_COLUMNS = 1000
MAX_STYLES = 64 << 20
# Strings that cells share: how many, and how many bytes of them a preview holds.
MAX_STRINGS = 8 << 20
MAX_HELD = 128 << 20
PROLOG_SIZE = 4096
# What stands for a formula whose value was never computed; no other cell can hold it.
NO_VALUE = "\0="
# An unpacked copy begins with how many bytes of strings it has, and how many strings.
COPY_HEAD = struct.Struct("<QQ")
_END = struct.Struct("=Q")

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


class Place(NamedTuple):
    """Where a row stands in an unpacked copy: the byte at which it begins, and the number of the
    row before it.
    """

    position: int
    before: int


class SheetRows(Iterator[tuple[int, list[str]]]):
    """``(row number, cells as text)`` of the rows that a sheet stores, without empty cells at the
    end; a row without content is an empty list. What lies between them costs nothing.

    ``place`` is that of the last row: in an unpacked copy it can be read on from there.
    """

    def __init__(self, rows: Iterator[sheet_xml.SheetRow], formats: Any, strings: _Strings) -> None:
        self._rows = rows
        self._texts = _Texts(formats, strings)
        self.place: Place | None = None

    def __next__(self) -> tuple[int, list[str]]:
        try:
            row = next(self._rows)
            texts = self._texts.read(row.cells)
        except _DAMAGE:
            raise UnreadableFile("damaged") from None
        self.place = Place(row.position, row.before)
        return row.number, texts


def open_sheet(file: BinaryIO, name: str, max_elements: int | None = None) -> SheetRows:
    """Read a sheet from its workbook.

    :param name: of the sheet; the first one if empty
    :param max_elements: rows and cells that are read at most; None to read all of them
    :raise UnreadableFile: ``damaged``, ``no_rows``, ``unknown_sheet``, ``unpacked_too_large``
    """
    book = _open(file)
    source = book.open_part(book.get_part(name))
    rows = sheet_xml.read_rows(source, max_elements)
    return SheetRows(rows, book.formats, _LazyStrings(book.read_strings()))


def write_copy(file: BinaryIO, name: str, copy: BinaryIO) -> None:
    """Write what reading a sheet takes as a file that can be read from any row: the strings that
    cells share, where each of them ends, and the sheet's XML.

    :param copy: an empty file that is open for writing
    :raise UnreadableFile: as `open_sheet`
    """
    with _opened(file) as book:
        part = book.get_part(name)
        ends = array("Q")
        copy.seek(COPY_HEAD.size)
        try:
            for text in book.read_strings():
                copy.write(text.encode("utf-8", "surrogatepass"))
                ends.append(copy.tell() - COPY_HEAD.size)
                if len(ends) > MAX_STRINGS:
                    raise UnreadableFile("unpacked_too_large")
            copy.write(ends.tobytes())
            with book.open_part(part) as source:
                copyfileobj(source, copy, 1 << 20)
        except _DAMAGE:
            raise UnreadableFile("damaged") from None
    # How many strings there are is known only now.
    copy.seek(0)
    copy.write(COPY_HEAD.pack(ends[-1] if ends else 0, len(ends)))
    copy.flush()


def open_copy(file: BinaryIO, copy: BinaryIO, place: Place | None = None) -> SheetRows:
    """Read the sheet that `write_copy` has written.

    :param file: the workbook, which has the formats
    :param place: that of a row to read on from, itself included; None to read all
    :raise UnreadableFile: ``damaged``, ``unpacked_too_large``
    """
    with _opened(file) as book:
        formats = book.formats
    strings = _CopiedStrings(copy)
    copy.seek(strings.end)
    if place:
        rows = sheet_xml.read_rows_from(copy, strings.end, place.position, place.before)
    else:
        rows = sheet_xml.read_rows(copy)
    return SheetRows(rows, formats, strings)


@contextmanager
def _opened(file: BinaryIO) -> Iterator[_Book]:
    book = _open(file)
    with closing(book.archive):
        yield book


def _open(file: BinaryIO) -> _Book:
    _check(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Book(file)
    except _DAMAGE:
        raise UnreadableFile("damaged") from None


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

    def open_part(self, part: str) -> BinaryIO:
        return cast(BinaryIO, self.archive.open(part))

    def read_strings(self) -> Iterator[str]:
        """The strings that cells share, in order."""
        if not self._strings_part:
            return
        with self.open_part(self._strings_part) as source:
            yield from sheet_xml.read_strings(source)


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


class _Strings(Protocol):
    """The strings that cells share."""

    def __getitem__(self, index: int) -> str: ...


class _LazyStrings:
    """Strings that are read as far as a cell asks for one: in one piece, with the byte at which
    each ends, since millions of Python's own would take several times as much.
    """

    def __init__(self, strings: Iterator[str]) -> None:
        self._rest = strings
        self._data = bytearray()
        self._ends = array("Q")

    def __getitem__(self, index: int) -> str:
        missing = index + 1 - len(self._ends)
        if missing > 0:
            self._read(missing)
        start = self._ends[index - 1] if index else 0
        return self._data[start : self._ends[index]].decode("utf-8", "surrogatepass")

    def _read(self, count: int) -> None:
        for text in islice(self._rest, count):
            self._data += text.encode("utf-8", "surrogatepass")
            self._ends.append(len(self._data))
            if len(self._data) + 8 * len(self._ends) > MAX_HELD:
                raise UnreadableFile("unpacked_too_large")


class _CopiedStrings:
    """Strings as an unpacked copy holds them, read where they stand.

    :ivar end: the byte at which the sheet begins
    """

    def __init__(self, copy: BinaryIO) -> None:
        self._data = _mapped(copy)
        size, count = COPY_HEAD.unpack_from(self._data)
        self._ends = COPY_HEAD.size + size
        self.end = self._ends + 8 * count

    def __getitem__(self, index: int) -> str:
        first = self._get_end(index - 1) if index else 0
        start, end = COPY_HEAD.size + first, COPY_HEAD.size + self._get_end(index)
        return self._data[start:end].decode("utf-8", "surrogatepass")

    def _get_end(self, index: int) -> int:
        place = self._ends + 8 * index
        if index < 0 or place >= self.end:
            raise IndexError(index)
        end: int = _END.unpack_from(self._data, place)[0]
        return end


def _mapped(file: BinaryIO) -> bytes | mmap.mmap:
    """What a file holds, of which nothing is read before it is asked for where it is on a disk."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except io.UnsupportedOperation:
        file.seek(0)
        return file.read()


def _check(file: BinaryIO) -> None:
    """Refuse an archive whose parts are too large, or begin with anything but their root element.

    What a member holds beyond the size it declares is never read.
    """
    archive = open_archive(file)
    total = sum(member.file_size for member in archive.infolist())
    if total > MAX_UNPACKED or (total > FREE and total > MAX_RATIO * size_of(file)):
        raise UnreadableFile("unpacked_too_large")
    for member in archive.infolist():
        # This part is held in memory.
        is_held = member.filename.endswith("styles.xml")
        if is_held and member.file_size > MAX_STYLES:
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


class _Texts:
    """Makes texts of cells."""

    def __init__(self, formats: Any, strings: _Strings) -> None:
        self._formats = formats
        self._dates = formats._date_formats
        self._strings = strings

    def read(self, cells: list[sheet_xml.Cell]) -> list[str]:
        """The texts of a row, without empty ones at the end."""
        texts: list[str] = []
        for cell in cells:
            column = cell.column
            if column > MAX_COLUMNS:
                continue
            text = self._text(cell)
            if "_x" in text:
                text = _ESCAPE.sub(_unescaped, text)
            if text:
                texts += [""] * (column - len(texts))
                texts[column - 1] = text
        return texts

    def _text(self, cell: sheet_xml.Cell) -> str:
        kind, value = cell.kind, cell.value
        if kind == "s":
            return self._strings[int(value)]
        if kind == "n":
            return self._number(value, cell.style)
        if kind == "b":
            return "TRUE" if int(value) else "FALSE"
        if kind == "d":
            return _moment_text(from_ISO8601(value))  # type: ignore[no-untyped-call]
        if kind == sheet_xml.FORMULA:
            return NO_VALUE
        # Text, also of a formula; an error.
        return value

    def _number(self, text: str, style: int) -> str:
        is_whole = text.isdigit()
        number = int(text) if is_whole else _cast(text)
        if style in self._dates:
            return self._date(number, style)
        return _number_text(number, _number_format(self._formats, style))

    def _date(self, number: float, style: int) -> str:
        is_duration = style in self._formats._timedelta_formats
        try:
            moment = from_excel(number, self._formats.epoch, timedelta=is_duration)
        except (OverflowError, ValueError):
            return "#VALUE!"
        return _moment_text(moment)


def _cast(text: str) -> float:
    return float(text) if {".", "e", "E"}.intersection(text) else int(text)


def _moment_text(value: object) -> str:
    # A time stamp is a date as well, to Python.
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
    return text.zfill(len(number_format)) if _ZEROS.fullmatch(number_format) else text
