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
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from shutil import copyfileobj
from typing import BinaryIO, NamedTuple

from . import encodings, packed_file, spreadsheet
from .file_errors import ERRORS, UnreadableFile

__all__ = [
    "ERRORS",
    "WARNINGS",
    "BadRow",
    "Dialect",
    "Mark",
    "Row",
    "Rows",
    "Source",
    "UnreadableFile",
    "describe",
    "open_rows",
    "open_source",
    "preview",
    "preview_source",
    "sniff",
    "write_copy",
]

HEAD_SIZE = 1 << 16
# The beginning of a sheet: 200 rows of 300 columns, and a fraction of a second.
HEAD_ELEMENTS = 200_000
MAX_LINE = 1 << 20
# So long are the notes of people; a longer one is looked at before it goes on.
MAX_NOTE_LINES = 50
MAX_RECORD_LINES = 300
# Longer lines may have a value that is longer than any should be.
MAX_PLAIN = 1 << 16
# After so many rows it is seen whether they still have quotes.
QUOTED_ROWS = 200
MAX_COLUMNS = 1000
# Those that are looked for, and those that a file or a person may name.
DELIMITERS = (",", ";", "\t", "|", ":")
READABLE = (*DELIMITERS, "~", "^")
SAMPLE_ROWS = 200

ONE_COLUMN = "one_column"
OTHER_CHARACTERS = "other_characters"
UNSURE_CHARACTERS = "unsure_characters"
UNKNOWN_SEPARATOR = "unknown_separator"
WARNINGS: dict[str, str] = {
    ONE_COLUMN: "Only one column was found. If the file has more, choose another delimiter.",
    OTHER_CHARACTERS: (
        "Some characters do not fit the chosen ones and are read as Windows Western: look at the "
        "names, and choose other characters if they are wrong."
    ),
    UNSURE_CHARACTERS: (
        "The characters could not be found out: look at the names, and choose others if they are "
        "wrong."
    ),
    UNKNOWN_SEPARATOR: (
        "The first line names a delimiter that cannot be used; another one was found out."
    ),
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. ``header`` has the columns' names if there are any.

    ``columns`` is the number of columns: the header's or that of most rows, whichever is more.
    Without header it is that of the widest of the first rows, since empty cells at the end may have
    been left out.

    Line ends need no setting: every mixture of LF, CRLF and CR is understood. A workbook (``kind``
    is "xlsx") has ``sheets`` instead of encoding, delimiter and quote; ``sheet`` is the one that is
    read, the first of them if empty.
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


class Mark(NamedTuple):
    """A place in a file from which its rows can be read on: what the decoder or parser calls it,
    and the last line before it.
    """

    position: int
    line: int


class Source(NamedTuple):
    """A file as it was uploaded, and what `write_copy` has made of a packed one."""

    file: BinaryIO
    copy: BinaryIO | None = None


class Rows(Iterator[Row]):
    """Rows of a file, which can say where to read on after the last of them."""

    def __init__(
        self, rows: Generator[Row, None, None], get_mark: Callable[[], Mark | None]
    ) -> None:
        self._rows = rows
        self._get_mark = get_mark

    def __iter__(self) -> Iterator[Row]:
        # No call of ours for each row.
        return self._rows

    def __next__(self) -> Row:
        return next(self._rows)

    def close(self) -> None:
        """Read no more of the file, which stays open."""
        self._rows.close()

    def get_mark(self) -> Mark | None:
        """A place at or before the end of the last row; None where the file has to be read from its
        beginning.
        """
        return self._get_mark()


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
    b"\xfd7zXZ\0",
    b"\x7fELF",
    b"MZ\x90\0",
    b"GIF8",
    b"Rar!",
    b"(\xb5/\xfd",
    b"SQLite format 3",
)
_CONTROL = bytes(set(range(32)) - set(b"\0\t\n\v\f\r\x1a\x1b"))
_SEP_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_PHONE_LIKE = re.compile(r"\s*'?[+(]?\d[\d ().\-/]{5,27}\s*")
_HEADER_HINT = re.compile(r"phone|tel|mobil|handy|cell|nummer|number|numéro|número", re.IGNORECASE)
_PHONE_NAME = re.compile(
    r"(?:tele)?phone|tel|tele?f[oó]n[eo]?|mobile?|handy|cell|numm?er|n[uú]m[eé]ro"
    r"|(?:phone|telefon|mobile|ruf)[ _-]?num(?:b|m)er"
)
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|:])'[^'\r\n]*'(?=[,;\t|:\r\n]|\Z)", re.MULTILINE)


def _decode_as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Single bytes that do not fit the file's encoding are taken for Windows-1252, as most of them
    are.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error(_FALLBACK, _decode_as_cp1252)


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
    if encoding is None:
        guess = _find_encoding(head, size)
    else:
        _refuse_other_kinds(head, encoding)
        guess = encodings.Guess(encoding)
    text = _decode(head, size, guess.encoding)
    if not text.strip("\ufeff\0\x1a \t\r\n"):
        raise UnreadableFile("empty_file")
    quote = quote or _detect_quote(text)
    # What the file itself says goes before what its lines look like.
    declared = _declared_delimiter(text)
    if delimiter is None and declared in READABLE:
        delimiter = declared
    warnings = _warn_of_characters(head, guess)
    if delimiter is None:
        delimiter = _detect_delimiter(text, quote)
        warnings += (UNKNOWN_SEPARATOR,) if declared else ()
    dialect = Dialect(guess.encoding, delimiter, quote, warnings=warnings)
    rows = _sample(text, delimiter, quote)
    return _with_columns(dialect, rows, has_header)


def _warn_of_characters(head: bytes, guess: encodings.Guess) -> tuple[str, ...]:
    if not guess.is_sure:
        return (UNSURE_CHARACTERS,)
    # Of Western text every byte is a character: what is undefined in it is shown as such.
    is_fallback = guess.encoding != encodings.DEFAULT and not encodings.fits(head, guess.encoding)
    return (OTHER_CHARACTERS,) if is_fallback else ()


def _declared_delimiter(text: str) -> str | None:
    """The delimiter of Excel's ``sep=;``, with which a file may begin."""
    without_mark = text.lstrip("\ufeff")
    first_line, _end, _rest = without_mark.partition("\n")
    sep_line = _SEP_LINE.fullmatch(first_line)
    return sep_line[1] if sep_line else None


def _with_columns(dialect: Dialect, rows: list[list[str]], has_header: bool | None) -> Dialect:
    """Find out the columns, and whether the first of these rows names them."""
    if has_header is None:
        has_header = _detect_header(rows)
    header = tuple(map(_column_name, rows[0])) if has_header and rows else ()
    usual = _usual_width(rows)
    widest = max(map(len, rows), default=0)
    if widest > MAX_COLUMNS:
        raise UnreadableFile("too_many_columns")

    # A header tells how many there are, unless most rows have more.
    columns = max(usual, len(header)) if header else widest
    warnings = dialect.warnings
    if usual <= 1:
        warnings += (ONE_COLUMN,)
    return replace(
        dialect, has_header=has_header, header=header, columns=columns, warnings=warnings
    )


def _column_name(cell: str) -> str:
    """Without what no database stores."""
    return cell.replace("\0", "").strip()


def preview(head: bytes, size: int | None, dialect: Dialect, limit: int = 20) -> list[Row]:
    """The first data rows as `open_rows` will yield them."""
    text = _decode(head, size, dialect.encoding)
    lines = _Lines(_without_sep_line(_lines_of(text)), dialect)
    rows = _data_rows(lines, dialect)
    return list(islice(rows, limit))


def _find_encoding(head: bytes, size: int | None = None) -> encodings.Guess:
    """By mark, by the shape of UTF-8 and UTF-16, else by what the characters look like.

    :raise UnreadableFile: ``unsupported_format`` for what is not text
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return encodings.Guess(name)
    wide = _detect_wide(head)
    if wide:
        return encodings.Guess(wide)
    _refuse_other_kinds(head, encodings.DEFAULT)
    # What escapes its characters is ASCII to all others.
    if b"\x1b$" in head and encodings.fits(head, "iso-2022-jp"):
        return encodings.Guess("iso-2022-jp")
    return encodings.Guess("utf-8") if _is_utf8(head, size) else encodings.guess(head)


def _refuse_other_kinds(head: bytes, encoding: str) -> None:
    """:raise UnreadableFile: ``unsupported_format`` for what is not text, whatever was chosen"""
    is_wide = encoding.startswith(("utf-16", "utf-32"))
    if head.startswith(_NO_TEXT) or (not is_wide and _is_binary(head)):
        raise UnreadableFile("unsupported_format")


def _detect_wide(head: bytes) -> str | None:
    """UTF-16 without mark: nearly every second byte is NUL."""
    characters = len(head) // 2
    many = 0.4 * characters
    few = 0.1 * characters
    # The half of a character that is NUL in Latin scripts tells which half comes first.
    even = head[0::2].count(0)
    odd = head[1::2].count(0)
    if odd > many and even < few:
        return "utf-16-le"
    if even > many and odd < few:
        return "utf-16-be"
    return None


def _is_binary(head: bytes) -> bool:
    size = len(head)
    printable = head.translate(None, _CONTROL)
    controls = size - len(printable)
    nuls = head.count(0)
    # Exports of old systems have a few of these.
    return controls > size // 50 or nuls > size // 10


def _is_utf8(head: bytes, size: int | None) -> bool:
    """Whether the text is UTF-8, a few stray bytes apart."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(head, _is_all(head, size))
    wrong = text.count("\ufffd")
    if not wrong:
        return True
    ascii_only = text.encode("ascii", "ignore")
    right = len(text) - len(ascii_only) - wrong
    return wrong * 4 <= right


def _is_all(head: bytes, size: int | None) -> bool:
    """Whether this is all of the file: its last character is complete then."""
    return size is None or size <= len(head)


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
    is_all = _is_all(head, size)
    decoder = codecs.getincrementaldecoder(encoding)(_FALLBACK)
    text = decoder.decode(head, is_all)
    last_end = max(text.rfind("\n"), text.rfind("\r"))
    # A first line longer than the beginning is better than nothing.
    if is_all or last_end < 0:
        return text
    return text[: last_end + 1]


def _detect_quote(text: str) -> str:
    if '"' in text:
        return '"'
    # An apostrophe in a name is no quote: every second line has a cell within two of them.
    quoted = len(_SINGLE_QUOTED.findall(text))
    lines = text.count("\n")
    return "'" if quoted > lines / 2 else '"'


def _detect_delimiter(text: str, quote: str) -> str:
    """The delimiter whose columns are the most regular, and hold something that looks like a phone
    number.
    """
    found = [delimiter for delimiter in DELIMITERS if delimiter in text]
    # The first of equals, as `DELIMITERS` has them: the usual one.
    return max(found, key=lambda one: _score(_sample(text, one, quote)), default=",")


def _score(rows: list[list[str]]) -> float:
    if max(map(len, rows), default=0) < 2:
        return 0.0
    width = _usual_width(rows)
    regular = list(map(len, rows)).count(width)
    with_phone = sum(map(_has_phone, rows))
    # That there is a number counts most: a delimiter within it would part it.
    shares = 3 * with_phone + regular
    return shares / len(rows) + min(width, 20) / 20


def _has_phone(cells: Iterable[str]) -> bool:
    """Whether a cell looks like a phone number."""
    return any(map(_PHONE_LIKE.fullmatch, cells))


def _usual_width(rows: list[list[str]]) -> int:
    """How many cells most rows have; of two that are as frequent, the wider one."""
    if not rows:
        return 0
    widths = Counter(map(len, rows))
    most = max(widths.values())
    return max(width for width, count in widths.items() if count == most)


def _sample(text: str, delimiter: str, quote: str) -> list[list[str]]:
    """The first rows, header included."""
    dialect = Dialect(delimiter=delimiter, quote=quote)
    lines = _Lines(_without_sep_line(_lines_of(text)), dialect)
    rows: list[list[str]] = []
    for _line, row in _records(lines, dialect):
        if isinstance(row, list) and any(map(str.strip, row)):
            rows.append(row)
        # So many tell all that there is to tell.
        if len(rows) == SAMPLE_ROWS:
            break
    return rows


def _detect_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: it holds no number, and its names tell or differ
    from what follows.
    """
    first, *rest = rows or [[]]
    cells = [cell.strip().lower() for cell in first]
    if _has_phone(cells):
        return False
    # A year may be the name of a column beside one that says "phone", and of no other.
    if any(map(str.isdigit, cells)):
        return any(map(_PHONE_NAME.fullmatch, cells))
    if any(map(_HEADER_HINT.search, cells)):
        return True

    # Names that tell nothing: columns have different ones, and numbers begin in the next row.
    if not all(cells) or len(set(cells)) < len(cells):
        return False
    return any(map(_has_phone, rest))


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
    :param sheet: of a workbook; if it is not given, the one that it was saved with, or the first
        one with rows
    :raise UnreadableFile: it cannot be read at all
    """
    kind, content = packed_file.resolve(file)
    if kind == packed_file.WORKBOOK:
        return _describe_workbook(content, sheet or "", has_header)
    head = content.read(HEAD_SIZE)
    return sniff(
        head,
        _size_of(file, content, head),
        encoding=encoding,
        delimiter=delimiter,
        quote=quote,
        has_header=has_header,
    )


def _size_of(file: BinaryIO, content: BinaryIO, head: bytes) -> int:
    """How large the text is, as far as it matters whether the beginning is all of it."""
    if content is file:
        return packed_file.size_of(file)
    # Of packed text only the end tells its size.
    rest = content.read(1)
    return len(head) + len(rest)


def _describe_workbook(content: BinaryIO, sheet: str, has_header: bool | None) -> Dialect:
    sheets = spreadsheet.sheet_names(content)
    # What is chosen is read, even if it is empty.
    for name in (sheet,) if sheet else sheets or ("",):
        dialect = Dialect(kind=packed_file.WORKBOOK, sheet=name, sheets=sheets)
        sheet_rows = _sheet_rows(content, dialect, HEAD_ELEMENTS)
        rows = [row for _line, row in islice(sheet_rows, SAMPLE_ROWS)]
        if rows:
            return _with_columns(dialect, rows, has_header)
    raise UnreadableFile("empty_file")


def write_copy(file: BinaryIO, dialect: Dialect, copy: BinaryIO) -> bool:
    """Unpack a file, so that its rows can be read from any place.

    :param copy: an empty file that is open for writing
    :return: whether there is anything to unpack; else nothing was written
    :raise UnreadableFile: as `open_source`
    """
    kind, content = _resolve(file, dialect)
    if content is file and kind == packed_file.TEXT:
        return False
    if kind == packed_file.WORKBOOK:
        spreadsheet.write_copy(content, dialect.sheet, copy)
    else:
        copyfileobj(content, copy, 1 << 20)
    return True


def open_source(
    source: BinaryIO | Source, dialect: Dialect | None = None, mark: Mark | None = None
) -> tuple[Dialect, Rows]:
    """Open any file that `describe` understands.

    :param source: seekable, opened for reading bytes; it stays open
    :param dialect: None to find it out
    :param mark: where to read on, of the same file
    :return: the dialect, and the data rows as `open_rows` yields them
    :raise UnreadableFile: it cannot be read; one that turns out to be damaged or too large, while
    the rows are read
    """
    if not isinstance(source, Source):
        source = Source(source)
    if dialect is None:
        dialect = describe(source.file)
    if source.copy is None:
        return dialect, _open(source.file, dialect, mark=mark)
    if dialect.kind == packed_file.WORKBOOK:
        return dialect, _open_copied_sheet(source.file, source.copy, dialect, mark)
    return dialect, _open_text(source.copy, dialect, mark)


def preview_source(file: BinaryIO, dialect: Dialect, limit: int = 20) -> list[Row]:
    """The first data rows as `open_source` will yield them, as far as the file's beginning holds
    them.
    """
    rows = _open(file, dialect, HEAD_ELEMENTS)
    with contextlib.suppress(_NoRows):
        return list(islice(rows, limit))
    return []


def _resolve(file: BinaryIO, dialect: Dialect) -> tuple[str, BinaryIO]:
    kind, content = packed_file.resolve(file)
    if kind != dialect.kind:
        raise UnreadableFile("unsupported_format")
    return kind, content


def _open(
    file: BinaryIO,
    dialect: Dialect,
    max_elements: int | None = None,
    mark: Mark | None = None,
) -> Rows:
    """The rows of a file; what is packed is read from its beginning, whatever the mark."""
    kind, content = _resolve(file, dialect)
    if kind == packed_file.WORKBOOK:
        return _open_sheet(content, dialect, max_elements)
    return _open_text(content, dialect, mark if content is file else None)


def _sheet_rows(
    content: BinaryIO, dialect: Dialect, max_elements: int | None
) -> Iterator[tuple[int, list[str]]]:
    """The rows with content."""
    for line, row in spreadsheet.open_sheet(content, dialect.sheet, max_elements):
        if row:
            yield line, row


def _open_sheet(content: BinaryIO, dialect: Dialect, max_elements: int | None) -> Rows:
    rows = _sheet_rows(content, dialect, max_elements)
    return Rows(_without_header(rows, dialect), lambda: None)


def _open_copied_sheet(file: BinaryIO, copy: BinaryIO, dialect: Dialect, mark: Mark | None) -> Rows:
    _kind, content = _resolve(file, dialect)
    place = spreadsheet.Place(*mark) if mark else None
    sheet = spreadsheet.open_copy(content, copy, place)
    rows: Generator[Row, None, None] = (row for row in sheet if row[1])
    # The header is behind whoever reads on.
    data = rows if mark else _without_header(rows, dialect)

    def get_mark() -> Mark | None:
        return Mark(*sheet.place) if sheet.place else mark

    return Rows(data, get_mark)


def _without_header(rows: Iterator[Row], dialect: Dialect) -> Generator[Row, None, None]:
    if dialect.has_header:
        next(rows, None)
    yield from _some(rows)


def open_rows(file: BinaryIO, dialect: Dialect) -> Rows:
    """Yield ``(line number, cells or BadRow)`` of each data row; empty lines and the header are
    left out.

    The line number is that of the row's first line in the file, counted from 1. The file is read
    from its beginning and stays open.

    :raise UnreadableFile: ``line_too_long``, ``unknown_encoding``; at the end ``no_rows`` if there
    were none
    """
    return _open_text(file, dialect, None)


def _open_text(file: BinaryIO, dialect: Dialect, mark: Mark | None) -> Rows:
    if not _is_known(dialect.encoding):
        raise UnreadableFile("unknown_encoding")
    if file.seekable():
        file.seek(0)
    text = io.TextIOWrapper(file, dialect.encoding, _FALLBACK, newline="")
    lines = _physical_lines(text)
    # Behind a mark there is neither a header nor a line that names the delimiter.
    if mark:
        text.seek(mark.position)
        source = _Lines(lines, dialect, mark.line)
        rows = _filled_rows(source, dialect)
    else:
        source = _Lines(_without_sep_line(lines), dialect)
        rows = _some(_data_rows(source, dialect))
    marker = _Marker(text, source, mark)
    return Rows(_until_detached(rows, text, marker), marker.get)


def _until_detached(
    rows: Iterator[Row], text: io.TextIOWrapper, marker: _Marker
) -> Generator[Row, None, None]:
    """The file is the caller's: the wrapper would close it."""
    try:
        yield from rows
    finally:
        marker.is_over = True
        # Whoever gives up on a file may have closed it before.
        if not text.closed:
            text.detach()


class _Marker:
    """Tells where to read text on."""

    def __init__(self, text: io.TextIOWrapper, lines: _Lines, mark: Mark | None) -> None:
        self._text = text
        self._lines = lines
        self._last = mark
        self.is_over = False

    def get(self) -> Mark | None:
        # Amid lines that are read again, the last place between two rows will do.
        if not self.is_over and self._lines.is_between_rows and self._text.seekable():
            self._last = Mark(self._text.tell(), self._lines.done)
        return self._last


def _some(rows: Iterable[Row]) -> Iterator[Row]:
    """:raise _NoRows: at the end, if there were none"""
    row = None
    for row in rows:
        yield row
    if row is None:
        raise _NoRows


def _data_rows(lines: _Lines, dialect: Dialect) -> Iterator[Row]:
    is_header = dialect.has_header
    # The header is the first line that is not empty.
    for number, row in _filled_rows(lines, dialect):
        if not is_header:
            yield number, row
        is_header = False


def _filled_rows(lines: _Lines, dialect: Dialect) -> Iterator[Row]:
    for number, row in _records(lines, dialect):
        # An empty list is an empty line.
        if row:
            yield number, row


def _physical_lines(text: io.TextIOBase) -> Iterator[str]:
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and line[-1] not in "\r\n":
            raise UnreadableFile("line_too_long")
        yield line


def _lines_of(text: str) -> Iterator[str]:
    """The lines of a file's beginning, whose ends stay as they are."""
    return _physical_lines(io.StringIO(text, newline=""))


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

    def __init__(self, lines: Iterator[str], dialect: Dialect, done: int = 0) -> None:
        self._lines = lines
        self._dialect = dialect
        self._again: deque[str] = deque()
        self.done = done
        self.held: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.held.append(line)
        if len(self.held) > MAX_NOTE_LINES and self._is_too_long():
            raise _Runaway
        return line

    def _is_too_long(self) -> bool:
        """Whether a cell over many lines is none: rows are among them, or it has no end."""
        # Looked at once, and not for every further line.
        is_first_look = len(self.held) == MAX_NOTE_LINES + 1
        return len(self.held) > MAX_RECORD_LINES or (is_first_look and self.has_swallowed())

    def has_swallowed(self) -> bool:
        """Whether the lines held are several rows, which a stray quote has made one.

        A quote stands at the beginning or the end of a cell; and no line of a cell has as many
        columns as the file with a phone number in the place of the first line's.
        """
        dialect = self._dialect
        first, *others = self.held
        places = _phone_places(first, dialect)
        for line in others:
            is_row = line.count(dialect.delimiter) == first.count(dialect.delimiter)
            if is_row and places & _phone_places(line, dialect):
                return True
        return False

    def is_well_quoted(self) -> bool:
        """Whether the lines held are one row by the rules that the reader does not insist on."""
        if self.count_held(self._dialect.quote) % 2:
            return False
        try:
            list(_reader(iter(self.held), self._dialect, strict=True))
        except csv.Error:
            return False
        return not self.has_swallowed()

    def take_plain(self, quote: str) -> Iterator[str]:
        """Lines that are a row each: up to the first one with a quote, or so long that it needs a
        closer look.
        """
        if self._again:
            return
        for line in self._lines:
            if quote in line or len(line) > MAX_PLAIN:
                self._again.append(line)
                return
            self.done += 1
            yield line

    @property
    def is_between_rows(self) -> bool:
        """Whether all lines that were taken belong to rows that were read."""
        return not self._again and not self.held

    def count_held(self, text: str) -> int:
        """How often a text stands in the lines held."""
        return sum(line.count(text) for line in self.held)

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
        # Before what waits there from an earlier broken row.
        self._again.extendleft(reversed(others))
        self.done += 1
        self.held.clear()
        return first


def _phone_places(line: str, dialect: Dialect) -> set[int]:
    """Which cells of a line look like phone numbers."""
    cells = line.split(dialect.delimiter)
    places = set()
    for place, cell in enumerate(cells):
        bare = cell.strip().strip(dialect.quote)
        if _PHONE_LIKE.fullmatch(bare):
            places.add(place)
    return places


def _records(source: _Lines, dialect: Dialect) -> Iterator[Row]:
    while True:
        code = ""
        try:
            yield from _read_plain(source, dialect)
            is_over = yield from _read(source, dialect)
            if is_over:
                return
        except csv.Error:
            code = "field_too_long"
        except _Runaway:
            code = "unclosed_quote"
        if not code:
            continue
        # Only its first line is lost: the lines that it swallowed are rows of their own.
        line = source.done + 1
        text = source.give_up_first()
        yield line, BadRow(code, text[:255])


def _read_plain(source: _Lines, dialect: Dialect) -> Iterator[Row]:
    """Rows up to the first one with a quote: to split a line is several times as fast as to look
    for quotes in it, and gives the same.
    """
    delimiter = dialect.delimiter
    for line in source.take_plain(dialect.quote):
        text = line.rstrip("\r\n")
        cells = text.split(delimiter) if text else []
        # A blank at the beginning is no part of a cell.
        if text[:1] == " " or f"{delimiter} " in text:
            cells = [cell.lstrip(" ") for cell in cells]
        yield source.done, cells


def _read(source: _Lines, dialect: Dialect) -> Generator[Row, None, bool]:
    """Some rows, up to the first broken one.

    :return: whether there are no more
    """
    held = source.held
    count = 0
    for row in islice(_reader(source, dialect), QUOTED_ROWS):
        # A row over several lines ends where its last quote is closed, or with the file.
        if len(held) > 1 and not source.is_well_quoted():
            raise _Runaway
        count += 1
        yield source.release(), row
    return count < QUOTED_ROWS


def _reader(lines: Iterable[str], dialect: Dialect, strict: bool = False) -> Iterator[list[str]]:
    """A blank before a quote is no part of the cell."""
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        skipinitialspace=True,
        strict=strict,
    )
