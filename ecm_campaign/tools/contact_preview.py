"""The first rows of a file as they will be stored, cell by cell, with what is wrong where it stands
(L1, L8).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from .contact_file import BadRow, Row
from .contact_rows import COLUMNS, ROW, Chunk, ColumnMap, Contact, ParseOptions, parse_rows


@dataclass(slots=True)
class Cell:
    """One cell: what is stored of it, what the file has, and what is wrong (a key of
    `contact_rows.REASONS`).
    """

    text: str
    raw: str
    code: str = ""


@dataclass(slots=True)
class PreviewRow:
    """One row; ``code`` says what is wrong with the row as a whole."""

    line: int
    is_stored: bool
    code: str = ""
    cells: list[Cell] = field(default_factory=list)

    @property
    def has_problem(self) -> bool:
        """Whether the row is not stored, or not as it stands in the file."""
        if self.code or not self.is_stored:
            return True
        return any(cell.code for cell in self.cells)


def preview_rows(
    rows: Iterable[Row], columns: ColumnMap, options: ParseOptions
) -> list[PreviewRow]:
    """:param rows: as `contact_file.preview_source` has them; empty ones are left out
    :raise UnreadableFile: ``no_phone_column``
    """
    previews = []
    for line, row in rows:
        # Each row by itself: only so it is known what became of it.
        chunk = next(parse_rows([(line, row)], columns, options), None)
        if chunk is not None:
            previews.append(_preview(line, row, columns, options, chunk))
    return previews


def _preview(
    line: int,
    row: list[str] | BadRow,
    columns: ColumnMap,
    options: ParseOptions,
    chunk: Chunk,
) -> PreviewRow:
    codes = _codes_by_field(chunk)
    row_code = codes.get(ROW, "")
    if isinstance(row, BadRow):
        unread = Cell("", row.value)
        return PreviewRow(line, False, row_code, [unread])

    # A chunk of one row has one contact, or none.
    is_stored = bool(chunk.contacts)
    stored = _stored(chunk.contacts[0]) if is_stored else {}
    # Cells that are missing at the end are shown as empty ones.
    width = options.columns or 0
    missing = [""] * (width - len(row))
    cells = []
    for place, raw in enumerate([*row, *missing]):
        target = columns.targets.get(place, "")
        code = codes.get(target, "")
        cell = _cell(raw.strip(), target, stored, code)
        if target == "not_before" and cell.text:
            cell.text = _local(cell.text, options.tz)
        cells.append(cell)
    return PreviewRow(line, is_stored, row_code, cells)


def _local(text: str, tz: str | None) -> str:
    """A moment of the database in the zone that the file's times are read in, with its name.

    >>> _local("2026-07-01 08:00:00", "Europe/Berlin")
    '2026-07-01 10:00 Europe/Berlin'
    """
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    zone = ZoneInfo(tz) if tz else UTC
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {tz or 'UTC'}"


def suggest_country(
    rows: Sequence[Row], columns: ColumnMap, options: ParseOptions, countries: Iterable[str]
) -> str | None:
    """The country in which the numbers of most rows are valid, where it is not the chosen one.

    :param countries: codes to try, the likeliest first; of equals the first one counts
    :return: None where as many are valid already, or nowhere half of them are
    """
    chosen = _count_stored(rows, columns, options)
    if chosen > len(rows) / 2:
        return None
    best, most = None, max(chosen, (len(rows) - 1) // 2)
    for country in countries:
        count = _count_stored(rows, columns, replace(options, country=country))
        if count > most:
            best, most = country, count
    return best


def _count_stored(rows: Iterable[Row], columns: ColumnMap, options: ParseOptions) -> int:
    chunks = parse_rows(rows, columns, options)
    return sum(len(chunk.contacts) for chunk in chunks)


def _codes_by_field(chunk: Chunk) -> dict[str, str]:
    """What is wrong with each field; what rejects the row goes before a warning."""
    codes: dict[str, str] = {}
    for problem in (*chunk.rejects, *chunk.warnings):
        codes.setdefault(problem.field, problem.code)
    return codes


def _stored(contact: Contact) -> dict[str, str]:
    values = dict(zip(COLUMNS, contact, strict=True))
    parameters = values.pop("business_parameters")
    if parameters:
        values |= json.loads(str(parameters))
    texts = {}
    for name, value in values.items():
        if value is not None:
            texts[name] = str(value)
    return texts


def _cell(raw: str, target: str, stored: dict[str, str], code: str) -> Cell:
    # An empty cell stores nothing of its own: a priority of 0 was not read. Phone 1 may have moved
    # up from another column.
    if not raw and target != "phone_1":
        return Cell("", raw, code)
    # Countries are read, and not stored.
    if target == "country" and not code:
        return Cell(raw, raw, code)
    return Cell(stored.get(target, ""), raw, code)
