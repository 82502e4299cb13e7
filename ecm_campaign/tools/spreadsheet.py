"""Rows of an XLSX workbook as text, streamed (L1).

A workbook is a zip archive of XML: its sizes are checked before it is read, and every part has to
begin with its root element, which leaves no place for a document type and so for entities. Shared
strings are the one thing that is held in memory.

Cells are taken for what they mean: whole numbers without ``.0``, zeros in front where the cell's
format shows them, dates and times in ISO form, formulas as the value that was last computed.
"""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from .file_errors import UnreadableFile
from .packed_file import FREE, MAX_RATIO, MAX_UNPACKED, open_archive, size_of

MAX_COLUMNS = 1000
MAX_SHARED_STRINGS = 64 << 20
PROLOG_SIZE = 4096

_PROLOG = re.compile(r"\ufeff?\s*(?:<\?xml[^>]*\?>)?\s*<[A-Za-z_]")
_ZEROS = re.compile(r"0{2,}")
_DAMAGE = (
    AttributeError,
    EOFError,
    IndexError,
    InvalidFileException,
    KeyError,
    OSError,
    ParseError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def sheet_names(file: BinaryIO) -> tuple[str, ...]:
    """Names of the sheets with cells.

    :raise UnreadableFile: ``damaged``, ``unpacked_too_large``
    """
    with closing(_open(file)) as book:
        return tuple(sheet.title for sheet in book.worksheets)


def open_sheet(file: BinaryIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield ``(row number, cells as text)``, without empty cells at the end; an empty row is an
    empty list.

    :param name: of the sheet; the first one if empty
    :raise UnreadableFile: ``damaged``, ``unknown_sheet``, ``unpacked_too_large``
    """
    with closing(_open(file)) as book:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        sheet = sheets.get(name) if name else next(iter(sheets.values()), None)
        if sheet is None:
            raise UnreadableFile("unknown_sheet" if name else "no_rows")
        # Programs that write a wrong dimension would hide rows.
        sheet.reset_dimensions()
        try:
            for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), 1):
                yield number, _texts(cells)
        except _DAMAGE:
            raise UnreadableFile("damaged") from None


def _open(file: BinaryIO) -> Any:
    _check(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except _DAMAGE:
        raise UnreadableFile("damaged") from None


def _check(file: BinaryIO) -> None:
    """Refuse an archive whose parts are too large, or begin with anything but their root element.

    What a member holds beyond the size it declares is never read.
    """
    archive = open_archive(file)
    total = sum(member.file_size for member in archive.infolist())
    if total > MAX_UNPACKED or (total > FREE and total > MAX_RATIO * size_of(file)):
        raise UnreadableFile("unpacked_too_large")
    for member in archive.infolist():
        if (
            member.filename.endswith(("sharedStrings.xml", "styles.xml"))
            and member.file_size > MAX_SHARED_STRINGS
        ):
            raise UnreadableFile("unpacked_too_large")
        if member.filename.endswith((".xml", ".rels")) and not _PROLOG.match(
            _read_prolog(archive, member)
        ):
            raise UnreadableFile("damaged")


def _read_prolog(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    try:
        with archive.open(member) as part:
            head = part.read(PROLOG_SIZE)
    except _DAMAGE:
        raise UnreadableFile("damaged") from None
    return head.decode(
        "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8", "replace"
    )


def _texts(cells: tuple[Any, ...]) -> list[str]:
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number_text(value, cell.number_format)
    if isinstance(value, datetime):
        return (
            value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
        )
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _number_text(value: float, number_format: str) -> str:
    if isinstance(value, float) and not value.is_integer():
        return format(value, ".15g")
    text = str(int(value))
    return text.zfill(len(number_format)) if _ZEROS.fullmatch(number_format or "") else text
