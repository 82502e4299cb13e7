"""Reading contact files of unknown origin: encoding, delimiter, quotes and header found out, rows
streamed (L1, L8).

Nothing here knows what a column means; that is `contact_rows`. Memory is constant: a file is read
line by line, a line has at most `MAX_LINE` characters. A row that cannot be read is a `BadRow` in
its place; only a file that cannot be read at all is an `UnreadableFile`.

Whoever has a file calls `describe`, `preview_source` and `open_source`: they read text and
workbooks, packed or not. Text alone is the business of `sniff`, which looks at its beginning, and
`open_rows`, which reads all of it. Both sides of a user's correction are covered: what the caller
passes is taken, the rest is found out for it.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

import chardet

from . import packed_file, spreadsheet
from .file_errors import ERRORS, UnreadableFile

__all__ = [
    "ERRORS",
    "WARNINGS",
    "BadRow",
    "Dialect",
    "Row",
    "UnreadableFile",
    "describe",
    "open_rows",
    "open_source",
    "preview",
    "preview_source",
    "sniff",
]

HEAD_SIZE = 1 << 16
# The beginning of a sheet: 200 rows of 300 columns, and a fraction of a second.
HEAD_ELEMENTS = 200_000
MAX_LINE = 1 << 20
MAX_RECORD_LINES = 50
DELIMITERS = (",", ";", "\t", "|", ":")
SAMPLE_ROWS = 200
MIN_CONFIDENCE = 0.15

ONE_COLUMN = "one_column"
WARNINGS: dict[str, str] = {
    ONE_COLUMN: "Only one column was found. If the file has more, choose another delimiter.",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. ``header`` has the columns' names if there are any.

    ``columns`` is the number of columns: the header's or that of most rows, whichever is more.
    Without header it is that of the widest of the first rows, since empty cells at the end may have
    been left out.

    Line ends need no setting: every mixture of LF, CRLF and CR is understood. A workbook (``kind``
    is "xlsx") has ``sheets`` instead of encoding, delimiter and quote; ``sheet`` is the one that is
    read, the first if empty.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    has_header: bool = False
    header: tuple[str, ...] = ()
    columns: int = 0
    warnings: tuple[str, ...] = ()
    kind: str = packed_file.TEXT
    sheet: str = ""
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read: ``field_too_long`` or ``unclosed_quote``, and how it begins."""

    code: str
    value: str


Row = tuple[int, "list[str] | BadRow"]

_FALLBACK = "ecm_cp1252"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"BZh",
    b"7z\xbc\xaf",
)
_CONTROL = bytes(set(range(32)) - set(b"\0\t\n\v\f\r\x1a\x1b"))
_SEP_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_PHONE_LIKE = re.compile(r"\s*'?[+(]?\d[\d ().\-/]{5,27}\s*")
_HEADER_HINT = re.compile(r"phone|tel|mobil|handy|cell|nummer|number|numéro|número", re.IGNORECASE)
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|:])'[^'\r\n]*'(?=[,;\t|:\r\n]|\Z)", re.MULTILINE)
_FOREIGN_IN_CP1252 = re.compile(
    r"[þðýÞÐÝ]|[a-zß-ÿ][³¹¿£¥¯]|[³¹¿£¥¯][a-zß-ÿ]|[\x81\x8d\x8f\x90\x9d\ufffd]"
)
_ENCODING_NAMES = {"ascii": "cp1252", "iso-8859-1": "cp1252", "gb2312": "gb18030"}


def _decode_as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Single bytes that do not fit the file's encoding are taken for Windows-1252, as most of them
    are.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_FALLBACK, _decode_as_cp1252)


# --- finding out how a file is written -------------------------------------------------------------------------------


def sniff(
    head: bytes,
    size: int | None = None,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    has_header: bool | None = None,
) -> Dialect:
    """Find out how a file is written; what is passed is taken as given.

    :param head: the beginning of the file, `HEAD_SIZE` bytes are plenty
    :param size: of the whole file in bytes; None if ``head`` is all of it
    :raise UnreadableFile: ``empty_file``, ``unsupported_format``, ``unknown_encoding``
    """
    encoding = encoding or detect_encoding(head, size)
    text = _decode(head, size, encoding)
    if not text.strip("\ufeff\0 \t\r\n"):
        raise UnreadableFile("empty_file")
    sep_line = _SEP_LINE.fullmatch(text.lstrip("\ufeff").partition("\n")[0])
    quote = quote or _detect_quote(text)
    delimiter = delimiter or (sep_line.group(1) if sep_line else _detect_delimiter(text, quote))
    return _with_columns(
        Dialect(encoding, delimiter, quote), _sample(text, delimiter, quote), has_header
    )


def _with_columns(dialect: Dialect, rows: list[list[str]], has_header: bool | None) -> Dialect:
    """Find out the columns, and whether the first of these rows names them."""
    has_header = _detect_header(rows) if has_header is None else has_header
    header = tuple(cell.strip() for cell in rows[0]) if has_header and rows else ()
    usual = _usual_width(rows)
    return replace(
        dialect,
        has_header=has_header,
        header=header,
        columns=max(usual, len(header)) if header else max(map(len, rows), default=0),
        warnings=(ONE_COLUMN,) if usual <= 1 else (),
    )


def preview(head: bytes, size: int | None, dialect: Dialect, limit: int = 20) -> list[Row]:
    """The first data rows as `open_rows` will yield them."""
    lines = io.StringIO(_decode(head, size, dialect.encoding), newline="")
    rows = _data_rows(_physical_lines(lines), dialect)
    return [row for row, _number in zip(rows, range(limit), strict=False)]


def detect_encoding(head: bytes, size: int | None = None) -> str:
    """Name of the codec: by mark, by the shape of UTF-8 and UTF-16, by the guess of chardet, else
    Windows-1252.

    :raise UnreadableFile: ``unsupported_format`` for what is not text
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    wide = _detect_wide(head)
    if wide:
        return wide
    if head.startswith(_NO_TEXT) or _is_binary(head):
        raise UnreadableFile("unsupported_format")
    return "utf-8" if _is_utf8(head, size) else _detect_eight_bit(head)


def _detect_wide(head: bytes) -> str | None:
    """UTF-16 without mark: nearly every second byte is NUL."""
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.1 * half else None


def _is_binary(head: bytes) -> bool:
    controls = len(head) - len(head.translate(None, _CONTROL))
    return controls > len(head) // 50 or head.count(0) > len(head) // 10


def _is_utf8(head: bytes, size: int | None) -> bool:
    """Whether the text is UTF-8, a few stray bytes apart."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(
        head, size is None or size <= len(head)
    )
    wrong = text.count("\ufffd")
    right = sum(not character.isascii() for character in text) - wrong if wrong else 0
    return wrong * 4 <= right


def _detect_eight_bit(head: bytes) -> str:
    sample = b"\n".join(line for line in head.splitlines() if not line.isascii())[:20_000]
    if _is_western(sample):
        return "cp1252"
    guess = chardet.detect(sample)
    name = (guess["encoding"] or "ascii").lower()
    name = _ENCODING_NAMES.get(name, name)
    return (
        name if (guess["confidence"] or 0) >= MIN_CONFIDENCE and _fits(sample, name) else "cp1252"
    )


def _is_western(sample: bytes) -> bool:
    """Whether the bytes make sense as Windows-1252: accents stand alone among ASCII letters."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", sample)]
    is_sparse = sum(length <= 2 for length in runs) >= 0.95 * len(runs)
    return is_sparse and not _FOREIGN_IN_CP1252.search(sample.decode("cp1252", "replace"))


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except (LookupError, UnicodeDecodeError):
        return False
    return True


def _is_known(encoding: str) -> bool:
    try:
        codecs.lookup(encoding)
    except LookupError:
        return False
    return True


def _decode(head: bytes, size: int | None, encoding: str) -> str:
    """The complete lines of a file's beginning."""
    if not _is_known(encoding):
        raise UnreadableFile("unknown_encoding")
    is_all = size is None or size <= len(head)
    text = codecs.getincrementaldecoder(encoding)(_FALLBACK).decode(head, is_all)
    return text if is_all else text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def _detect_quote(text: str) -> str:
    if '"' not in text and len(_SINGLE_QUOTED.findall(text)) > text.count("\n") / 2:
        return "'"
    return '"'


def _detect_delimiter(text: str, quote: str) -> str:
    """The delimiter whose columns are the most regular, and hold something that looks like a phone
    number.
    """
    scores = {
        delimiter: _score(_sample(text, delimiter, quote))
        for delimiter in DELIMITERS
        if delimiter in text
    }
    return max(scores, key=lambda delimiter: scores[delimiter], default=",")


def _score(rows: list[list[str]]) -> float:
    width = _usual_width(rows)
    if max(map(len, rows), default=0) < 2:
        return 0.0
    regular = sum(len(row) == width for row in rows) / len(rows)
    phones = sum(any(map(_PHONE_LIKE.fullmatch, row)) for row in rows) / len(rows)
    return 3 * phones + regular + min(width, 20) / 20


def _usual_width(rows: list[list[str]]) -> int:
    widths = Counter(map(len, rows))
    return max(widths, key=lambda width: (widths[width], width), default=0)


def _sample(text: str, delimiter: str, quote: str) -> list[list[str]]:
    """The first rows, header included."""
    lines = _physical_lines(io.StringIO(text, newline=""))
    records = _records(_without_sep_line(lines), Dialect(delimiter=delimiter, quote=quote))
    rows = (
        row for _line, row in records if isinstance(row, list) and any(cell.strip() for cell in row)
    )
    return [row for row, _number in zip(rows, range(SAMPLE_ROWS), strict=False)]


def _detect_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: it holds no number, and its names tell or differ
    from what follows.
    """
    first, *rest = rows or [[]]
    cells = [cell.strip().lower() for cell in first]
    if any(_PHONE_LIKE.fullmatch(cell) or cell.isdigit() for cell in cells):
        return False
    if any(map(_HEADER_HINT.search, cells)):
        return True
    is_distinct = all(cells) and len(set(cells)) == len(cells)
    return is_distinct and any(_PHONE_LIKE.fullmatch(cell) for row in rest for cell in row)


# --- reading ---------------------------------------------------------------------------------------------------------


def describe(
    file: BinaryIO,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    quote: str | None = None,
    has_header: bool | None = None,
    sheet: str | None = None,
) -> Dialect:
    """Find out how a file is written, whatever it is; what is passed is taken as given.

    :param file: seekable, opened for reading bytes
    :param sheet: of a workbook; the first one if it is not given
    :raise UnreadableFile: it cannot be read at all
    """
    kind, content = packed_file.resolve(file)
    if kind == packed_file.WORKBOOK:
        dialect = Dialect(kind=kind, sheet=sheet or "", sheets=spreadsheet.sheet_names(content))
        sheet_rows = _sheet_rows(content, dialect, HEAD_ELEMENTS)
        rows = [row for _line, row in islice(sheet_rows, SAMPLE_ROWS)]
        if not rows:
            raise UnreadableFile("empty_file")
        return _with_columns(dialect, rows, has_header)
    head = content.read(HEAD_SIZE)
    # Of packed text only the end tells its size.
    size = packed_file.size_of(file) if content is file else len(head) + len(content.read(1))
    return sniff(
        head, size, encoding=encoding, delimiter=delimiter, quote=quote, has_header=has_header
    )


def open_source(file: BinaryIO, dialect: Dialect | None = None) -> tuple[Dialect, Iterator[Row]]:
    """Open any file that `describe` understands.

    :param file: seekable, opened for reading bytes; it stays open
    :param dialect: None to find it out
    :return: the dialect, and the data rows as `open_rows` yields them
    :raise UnreadableFile: it cannot be read; one that turns out to be damaged or too large, while
    the rows are read
    """
    return _open(file, dialect or describe(file))


def preview_source(file: BinaryIO, dialect: Dialect, limit: int = 20) -> list[Row]:
    """The first data rows as `open_source` will yield them, as far as the file's beginning holds
    them.
    """
    _dialect, rows = _open(file, dialect, HEAD_ELEMENTS)
    with contextlib.suppress(_NoRows):
        return list(islice(rows, limit))
    return []


def _open(
    file: BinaryIO, dialect: Dialect, max_elements: int | None = None
) -> tuple[Dialect, Iterator[Row]]:
    kind, content = packed_file.resolve(file)
    if kind != dialect.kind:
        raise UnreadableFile("unsupported_format")
    if kind == packed_file.WORKBOOK:
        return dialect, _open_sheet_rows(content, dialect, max_elements)
    return dialect, open_rows(content, dialect)


def _sheet_rows(
    content: BinaryIO, dialect: Dialect, max_elements: int | None
) -> Iterator[tuple[int, list[str]]]:
    rows = spreadsheet.open_sheet(content, dialect.sheet, max_elements)
    return ((line, row) for line, row in rows if row)


def _open_sheet_rows(
    content: BinaryIO, dialect: Dialect, max_elements: int | None
) -> Iterator[Row]:
    rows = _sheet_rows(content, dialect, max_elements)
    if dialect.has_header:
        next(rows, None)
    row = None
    for row in rows:
        yield row
    if row is None:
        raise _NoRows


def open_rows(file: BinaryIO, dialect: Dialect) -> Iterator[Row]:
    """Yield ``(line number, cells or BadRow)`` of each data row; empty lines and the header are
    left out.

    The line number is that of the row's first line in the file, counted from 1. The file is read
    from its beginning and stays open.

    :raise UnreadableFile: ``line_too_long``, ``unknown_encoding``; at the end ``no_rows`` if there
    were none
    """
    if not _is_known(dialect.encoding):
        raise UnreadableFile("unknown_encoding")
    if file.seekable():
        file.seek(0)
    text = io.TextIOWrapper(file, dialect.encoding, _FALLBACK, newline="")
    try:
        row = None
        for row in _data_rows(_physical_lines(text), dialect):
            yield row
        if row is None:
            raise _NoRows
    finally:
        text.detach()


def _data_rows(lines: Iterable[str], dialect: Dialect) -> Iterator[Row]:
    is_header = dialect.has_header
    for number, row in _records(_without_sep_line(lines), dialect):
        if not row:
            continue
        if is_header:
            is_header = False
            continue
        yield number, row


def _physical_lines(text: io.TextIOBase) -> Iterator[str]:
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and line[-1] not in "\r\n":
            raise UnreadableFile("line_too_long")
        yield line


def _without_sep_line(lines: Iterable[str]) -> Iterator[str]:
    """Without the byte order mark, and with an empty line for Excel's ``sep=;``."""
    lines = iter(lines)
    first = next(lines, "").removeprefix("\ufeff")
    yield "\n" if _SEP_LINE.fullmatch(first) else first
    yield from lines


class _NoRows(UnreadableFile):
    def __init__(self) -> None:
        super().__init__("no_rows")


class _Runaway(Exception):
    """A quote was opened and not closed: the rows after it would be swallowed."""


class _Lines:
    """Lines for the CSV reader, which can be read again when a row turns out to be broken."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.done = 0
        self.held: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.held.append(line)
        if len(self.held) > MAX_RECORD_LINES:
            raise _Runaway
        return line

    def release(self) -> int:
        """The lines held are read.

        :return: number of the first of them
        """
        number = self.done + 1
        self.done += len(self.held)
        self.held.clear()
        return number

    def give_up_first(self) -> str:
        """Drop the first line held, and read the others again."""
        first, *others = self.held
        self._again.extendleft(reversed(others))
        self.done += 1
        self.held.clear()
        return first


def _records(lines: Iterator[str], dialect: Dialect) -> Iterator[Row]:
    source = _Lines(lines)
    while True:
        try:
            yield from _read(source, dialect)
            return
        except csv.Error:
            code = "field_too_long"
        except _Runaway:
            code = "unclosed_quote"
        yield source.done + 1, BadRow(code, source.give_up_first()[:255])


def _read(source: _Lines, dialect: Dialect) -> Iterator[Row]:
    """Rows up to the first broken one."""
    quote, held = dialect.quote, source.held
    for row in csv.reader(source, delimiter=dialect.delimiter, quotechar=quote):
        if len(held) > 1 and sum(line.count(quote) for line in held) % 2:
            raise _Runaway
        yield source.release(), row
