"""Rows of a contact file to checked contact values, and those to PostgreSQL's COPY text (L1, L5,
L6, L8).

What a bad value does:

- *rejects the row*: phone 1 missing or not valid (and, where the options allow it, no other phone
  that is valid and moves up to its place), a business parameter or customer key that is too
  long (cutting it would change what it means), a "not before" time that cannot be read (calling too
  early breaks a promise), more cells than the file has columns (the values have shifted), a row
  that could not be read at all;
- *is left out with a warning*, the contact stays: phone 2 to 5, e-mail, time zone (the zone then
  follows from number or campaign), state, postal code, consent (the contact then counts as one that
  has not agreed), priority (0 instead), country (then only numbers with country code are
  understood);
- *is changed with a warning*: a name of more than 64 characters is cut, NUL characters are removed.

Empty rows are nothing. Duplicates are the caller's business, who has the database.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from json.encoder import encode_basestring
from typing import NamedTuple
from zoneinfo import ZoneInfo

from . import phones
from .column_names import ECM_MAP, IGNORE, PARAMETERS, PHONES, TARGETS, ColumnMap, guess_map
from .contact_file import BadRow, Row, UnreadableFile
from .contact_limits import (
    MAX_ACCOUNT_NUMBER,
    MAX_NAME,
    MAX_PARAMETER,
    MAX_PRIORITY,
    is_email,
)
from .pace import Pace
from .spreadsheet import NO_VALUE
from .zone_names import find_zone

__all__ = [
    "COLUMNS",
    "ECM_MAP",
    "IGNORE",
    "REASONS",
    "TARGETS",
    "Chunk",
    "ColumnMap",
    "ParseOptions",
    "Reject",
    "check_map",
    "copy_text",
    "guess_map",
    "parse_rows",
]

CHUNK_SIZE = 20_000
MAX_REGION = 64
MAX_ZIP = 16
MAX_VALUE = 255
MAX_ROW = 2000

COLUMNS = (
    "line",
    "phone_1",
    "phone_2",
    "phone_3",
    "phone_4",
    "phone_5",
    "first_name",
    "last_name",
    "account_number",
    "email",
    "tz",
    "region",
    "zip",
    "consent_on",
    "consent_source",
    "priority",
    "not_before",
    "business_parameters",
)

# `Reject.field` of what concerns the row as a whole
ROW = "row"

REASONS: dict[str, str] = {
    **phones.REASONS,
    phones.TOO_LONG: (
        "The value is too long: a phone number has at most 28 characters, a business "
        "parameter 255, a customer key 64."
    ),
    "shortened": "The name is longer than 64 characters and was cut.",
    "nul_removed": "The row had NUL characters, which were removed.",
    "no_value": (
        "The cell holds a formula without its value: open the workbook, save it, and upload it "
        "again."
    ),
    "too_many_columns": "The row has more values than the file has columns: they may have shifted.",
    "bad_datetime": (
        "This is not a date and time such as 2026-12-31 18:00 or 2026-12-31T18:00+01:00."
    ),
    "not_an_integer": "The priority is not a whole number; 0 was taken.",
    "unknown_tz": "This time zone is not known; write it as in Europe/Berlin.",
    "unknown_country": "This country is not known; write its two-letter code.",
    "place_too_long": "A state has at most 64 characters, a postal code 16.",
    "bad_date": (
        "This is not a date such as 2026-12-31 or 31.12.2026, or it is still to come. The contact "
        "counts as one that has not agreed."
    ),
    "consent_too_long": "How somebody agreed has at most 255 characters.",
    "bad_email": "This is not an e-mail address.",
    "field_too_long": "A value of the row is too long to be read.",
    "unclosed_quote": "A quotation mark is opened and not closed.",
}

# first and last name, account number, e-mail, time zone, region, postal code, consent and its source,
# priority, not before
_NO_DETAILS = (*[None] * 9, 0, None)
_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,10}(?:\.0+)?")

Contact = tuple["int | str | None", ...]
_Check = Callable[[str, str], "int | str | None"]


class Reject(NamedTuple):
    """A row that was not taken, or (among warnings) a value of it; ``code`` is a key of `REASONS`.

    ``field`` is a target of the column map or `ROW`; ``value`` has at most 255 characters. ``row``
    is all of a row that was not taken, at most `MAX_ROW` characters.
    """

    line: int
    field: str
    value: str
    code: str
    row: str = ""


@dataclass(slots=True)
class Chunk:
    """What became of some rows. ``contacts`` hold the values of `COLUMNS`; ``processed`` rows =
    contacts + rejects.

    ``texts`` is room for what `copy_row` makes of each contact; ``rows`` has the cells that each
    was made of.
    """

    contacts: list[Contact] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    rows: list[list[str] | BadRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[Reject] = field(default_factory=list)
    processed: int = 0
    last_line: int = 0

    def count_bad_phones(self) -> Counter[str]:
        """How many values of each phone are no number to call, or of a length that is not
        allowed.
        """
        count: Counter[str] = Counter()
        for reject in (*self.rejects, *self.warnings):
            # A phone that the file leaves empty is none that failed.
            if reject.code == phones.EMPTY:
                continue
            if reject.field in PHONES:
                count[reject.field] += 1
        return count


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """How rows are understood.

    :param country: ISO 3166 alpha-2 code for numbers without country code, where the row names none
    :param tz: zone of "not before" times that name none; None is UTC
    :param min_length: least number of digits of a phone, country code included
    :param max_length: most digits of a phone
    :param phone_lengths: ``{phone: (least, most)}`` of phones for which other lengths hold
    :param moves_up: whether the next valid phone takes the place of a phone 1 that is none
    :param columns: number of columns of the file; a row with values beyond these and the mapped
        ones is rejected. None allows any number
    """

    country: str | None = None
    tz: str | None = None
    min_length: int = phones.MIN_LENGTH
    max_length: int = phones.MAX_LENGTH
    phone_lengths: Mapping[str, Sequence[int]] = field(default_factory=dict)
    moves_up: bool = True
    columns: int | None = None


def parse_rows(
    rows: Iterable[Row],
    columns: ColumnMap,
    options: ParseOptions | None = None,
    pace: Pace | None = None,
) -> Iterator[Chunk]:
    """Check rows and bring them into the form of `COLUMNS`, in chunks.

    :param rows: as `contact_file.open_rows` yields them
    :param pace: says how many rows a chunk has; none for `CHUNK_SIZE`
    :raise UnreadableFile: ``no_phone_column``
    """
    check_map(columns)
    parser = _RowParser(columns, options or ParseOptions())
    return _chunks(rows, parser, pace)


def check_map(columns: ColumnMap) -> None:
    """:raise UnreadableFile: ``no_phone_column``"""
    if "phone_1" not in columns.targets.values():
        raise UnreadableFile("no_phone_column")


def _chunks(rows: Iterable[Row], parser: _RowParser, pace: Pace | None) -> Iterator[Chunk]:
    chunk = parser.chunk
    size = pace.rows if pace else CHUNK_SIZE
    for line, row in rows:
        parser.add(line, row)
        if chunk.processed >= size:
            yield chunk
            chunk = parser.chunk = Chunk()
            size = pace.rows if pace else CHUNK_SIZE
    if chunk.processed:
        yield chunk


class _Rejected(Exception):
    """The row is not taken: field, value, code."""


class _PhoneColumn(NamedTuple):
    """Which phone stands in which column, and how many digits it may have."""

    slot: int
    place: int
    name: str
    min_length: int
    max_length: int


class _RowParser:
    """Checks rows by one column map, and collects them in ``chunk``."""

    def __init__(self, columns: ColumnMap, options: ParseOptions) -> None:
        self.options = options
        self.chunk = Chunk()
        self._line = 0
        self._needed = max(columns.targets) + 1
        # Cells beyond the file's columns have shifted, and with them all others may have.
        most = sys.maxsize if options.columns is None else options.columns
        self._most = max(most, self._needed)
        self._zone = _zone(options.tz)
        # What is to be read from where is found out once, not for each row.
        self._places = {target: place for place, target in columns.targets.items()}
        self._country = self._places.get("country")
        self._phones = self._find_phones()
        self._parameters = self._find_parameters()
        self._details = self._find_details()

    def _find_phones(self) -> list[_PhoneColumn]:
        """Those that the file has."""
        options = self.options
        usual = (options.min_length, options.max_length)
        found = []
        for slot, name in enumerate(PHONES):
            if name in self._places:
                least, most = options.phone_lengths.get(name, usual)
                found.append(_PhoneColumn(slot, self._places[name], name, least, most))
        return found

    def _find_parameters(self) -> list[tuple[int, str, str]]:
        """``(column, name, its key in JSON)`` of each that the file has."""
        found = []
        for name in PARAMETERS:
            if name in self._places:
                key = f'"{name}": '
                found.append((self._places[name], name, key))
        return found

    def _find_details(self) -> list[tuple[int, int, str, _Check]]:
        """``(place in `COLUMNS`, column, name, check)`` of each that the file has."""
        found = []
        for name, check in self._get_checks().items():
            if name in self._places:
                slot = COLUMNS.index(name)
                found.append((slot, self._places[name], name, check))
        return found

    def _get_checks(self) -> dict[str, _Check]:
        """What makes a value of a cell with text, warns of it, or rejects the row for it."""
        return {
            "first_name": self._name,
            "last_name": self._name,
            "account_number": self._account_number,
            "email": self._email,
            "tz": self._tz,
            "region": self._place,
            "zip": self._place,
            "consent_on": self._consent_on,
            "consent_source": self._consent_source,
            "priority": self._priority,
            "not_before": self._not_before,
        }

    def add(self, line: int, row: list[str] | BadRow) -> None:
        """Take one row into the chunk; an empty one is nothing."""
        self._line = line
        try:
            contact = self._contact(row)
        except _Rejected as rejected:
            name, value, code = rejected.args
            # A cell without its value is not just empty.
            if "no_value" in self._drop_warnings(name):
                code = "no_value"
            text = _without_nul(value[:MAX_VALUE])
            reject = Reject(line, name, text, code, row_text(row))
            self.chunk.rejects.append(reject)
        else:
            if contact is None:
                return
            self.chunk.contacts.append(contact)
            self.chunk.rows.append(row)
        self.chunk.processed += 1
        self.chunk.last_line = line

    def _drop_warnings(self, name: str) -> set[str]:
        """Take back what was said of values that are left out: none of the row is stored.

        :return: codes of what was said of the field ``name``
        """
        warnings = self.chunk.warnings
        codes = set()
        while warnings and warnings[-1].line == self._line:
            warning = warnings.pop()
            if warning.field == name:
                codes.add(warning.code)
        return codes

    def _contact(self, row: list[str] | BadRow) -> Contact | None:
        if isinstance(row, BadRow):
            raise _Rejected(ROW, row.value, row.code)
        text = "".join(row)
        # DOS ends a file with a character of its own.
        if not text or text.isspace() or text[0] == "\x1a" == text.strip():
            return None
        if "\0" in text:
            row = self._clean(row)
        if len(row) > self._most:
            self._check_width(row)
        # Programs leave out empty cells at the end.
        missing = self._needed - len(row)
        if missing > 0:
            row = row + [""] * missing

        values = [
            self._line,
            *self._numbers(row),
            *_NO_DETAILS,
            self._business_parameters(row),
        ]
        for slot, place, name, check in self._details:
            value = row[place].strip()
            if value:
                values[slot] = check(name, value)
        return tuple(values)

    def _warn(self, name: str, value: str, code: str) -> None:
        warning = Reject(self._line, name, value[:MAX_VALUE], code)
        self.chunk.warnings.append(warning)

    def _clean(self, row: list[str]) -> list[str]:
        """Without NUL characters and what stands for a formula without its value."""
        names = {place: name for name, place in self._places.items()}
        left = []
        shown = []
        for place, cell in enumerate(row):
            if cell == NO_VALUE:
                self._warn(names.get(place, ROW), "", "no_value")
                cell = ""
            elif "\0" in cell:
                shown.append(cell.replace("\0", "\\0"))
            left.append(_without_nul(cell))
        if shown:
            self._warn(ROW, ", ".join(shown), "nul_removed")
        return left

    def _check_width(self, row: list[str]) -> None:
        beyond = list(filter(str.strip, row[self._most :]))
        if beyond:
            raise _Rejected(ROW, ", ".join(beyond), "too_many_columns")

    def _numbers(self, row: list[str]) -> list[str | None]:
        """Phone 1 to 5 in E.164."""
        country = self.options.country
        if self._country is not None:
            code = row[self._country].strip()
            country = self._row_country(code)
        # Phone 1 must be there, or another one moves up; the others may be missing.
        numbers: list[str | None] = [None] * 5
        failed = None
        for slot, place, name, least, most in self._phones:
            raw = row[place]
            if slot and not raw:
                continue
            number, reason = phones.normalise(raw, country, least, most)
            if number is not None:
                numbers[slot] = number
            elif slot == 0:
                failed = _Rejected(name, raw, reason)
            elif reason != phones.EMPTY:
                self._warn(name, raw, reason or "")
        if failed:
            self._move_up(numbers, failed)
        return numbers

    def _move_up(self, numbers: list[str | None], failed: _Rejected) -> None:
        """Put the next valid phone in the place of phone 1.

        :raise _Rejected: there is none: without a first number there is nobody to call
        """
        others = filter(None, numbers)
        number = next(others, None) if self.options.moves_up else None
        if number is None:
            raise failed
        numbers[numbers.index(number)] = None
        numbers[0] = number
        name, raw, reason = failed.args
        if reason != phones.EMPTY:
            self._warn(name, raw, reason)

    def _row_country(self, code: str) -> str | None:
        if not code:
            return self.options.country
        if phones.is_country(code):
            return code
        self._warn("country", code, "unknown_country")
        return None

    def _business_parameters(self, row: list[str]) -> str | None:
        """JSON object of the parameters that are not empty."""
        pairs = []
        for place, name, key in self._parameters:
            value = row[place].strip()
            if len(value) > MAX_PARAMETER:
                raise _Rejected(name, value, phones.TOO_LONG)
            if value:
                pairs.append(key + encode_basestring(value))
        if not pairs:
            return None
        return f"{{{', '.join(pairs)}}}"

    def _name(self, field_name: str, value: str) -> str:
        if len(value) <= MAX_NAME:
            return value
        self._warn(field_name, value, "shortened")
        return value[:MAX_NAME].rstrip()

    def _account_number(self, field_name: str, value: str) -> str:
        if len(value) > MAX_ACCOUNT_NUMBER:
            raise _Rejected(field_name, value, phones.TOO_LONG)
        return value

    def _email(self, field_name: str, value: str) -> str | None:
        if is_email(value):
            return value
        self._warn(field_name, value, "bad_email")
        return None

    def _tz(self, field_name: str, value: str) -> str | None:
        name = find_zone(value)
        if name is None:
            self._warn(field_name, value, "unknown_tz")
        return name

    def _place(self, field_name: str, value: str) -> str | None:
        most = MAX_ZIP if field_name == "zip" else MAX_REGION
        if len(value) <= most:
            return value
        self._warn(field_name, value, "place_too_long")
        return None

    def _consent_on(self, field_name: str, value: str) -> str | None:
        """The day as the database writes it. What is in doubt is no consent."""
        day = read_day(value)
        # Somewhere on earth it is tomorrow.
        if day and day <= datetime.now(UTC).date() + timedelta(days=1):
            return day.isoformat()
        self._warn(field_name, value, "bad_date")
        return None

    def _consent_source(self, field_name: str, value: str) -> str | None:
        if len(value) <= MAX_PARAMETER:
            return value
        self._warn(field_name, value, "consent_too_long")
        return None

    def _priority(self, field_name: str, value: str) -> int:
        if _WHOLE_NUMBER.fullmatch(value):
            # A spreadsheet writes 3.0.
            number = int(float(value))
            if abs(number) <= MAX_PRIORITY:
                return number
        self._warn(field_name, value, "not_an_integer")
        return 0

    def _not_before(self, field_name: str, value: str) -> str:
        """In UTC, as the database writes it."""
        try:
            moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", value))
            if not moment.tzinfo:
                moment = moment.replace(tzinfo=self._zone)
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise _Rejected(field_name, value, "bad_datetime") from None
        return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def read_day(text: str) -> date | None:
    """A day, with or without a time; None for what is no day or may be read in two ways.

    >>> read_day("2026-03-01 10:00"), read_day("1.3.2026"), read_day("1/3/2026")
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 1), None)
    """
    if found := _DAY.fullmatch(text):
        text = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def row_text(row: Sequence[object] | BadRow) -> str:
    """The row as a line of CSV, without NUL, which no database stores."""
    if isinstance(row, BadRow):
        text = row.value
    else:
        output = io.StringIO()
        writer = csv.writer(output, lineterminator="")
        writer.writerow(row)
        text = output.getvalue()
    return _without_nul(text)[:MAX_ROW]


def _without_nul(text: str) -> str:
    return text.replace("\0", "")


def _zone(name: str | None) -> tzinfo:
    return ZoneInfo(name) if name else UTC


# What ends a value or a row in COPY's text, and what escapes it.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(contacts: Iterable[Sequence[object]], constants: Sequence[object] = ()) -> io.BytesIO:
    """Rows in the text format of PostgreSQL's ``COPY … FROM STDIN``, in UTF-8.

    :param contacts: rows of values: text, numbers, dates, True, False or None
    :param constants: values that every row gets at its end
    """
    return copy_stream(map(copy_row, contacts), constants)


def copy_stream(rows: Iterable[str], constants: Sequence[object] = ()) -> io.BytesIO:
    """The same from rows that `copy_row` has made, so that another thread can make them."""
    end = f"\t{copy_row(constants)}\n" if constants else "\n"
    text = "".join([row + end for row in rows])
    # Half a pair of surrogates must not stop a file.
    content = text.encode("utf-8", "replace")
    return io.BytesIO(content)


def copy_row(values: Sequence[object]) -> str:
    """One row without its end; the values are escaped one by one only if there is something to
    escape.
    """
    row = "\t".join([r"\N" if value is None else str(value) for value in values])
    # Backslashes are those of the nulls, tabs those between the values.
    is_plain = row.count("\\") == values.count(None) and row.count("\t") == len(values) - 1
    if is_plain and "\n" not in row and "\r" not in row:
        return row
    return "\t".join(map(_escaped, values))


def _escaped(value: object) -> str:
    return r"\N" if value is None else str(value).translate(_ESCAPES)
