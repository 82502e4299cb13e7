"""The first rows of a file as they will be stored, cell by cell, with what is wrong where it stands
(L1, L8).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from .contact_file import BadRow, Row
from .contact_rows import COLUMNS, ROW, ColumnMap, Contact, ParseOptions, Reject, parse_rows


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
        return not self.is_stored or bool(self.code) or any(cell.code for cell in self.cells)


def preview_rows(
    rows: Iterable[Row], columns: ColumnMap, options: ParseOptions
) -> list[PreviewRow]:
    """:param rows: as `contact_file.preview_source` has them; empty ones are left out
    :raise UnreadableFile: ``no_phone_column``
    """
    return [preview for line, row in rows if (preview := _preview(line, row, columns, options))]


def _preview(
    line: int, row: list[str] | BadRow, columns: ColumnMap, options: ParseOptions
) -> PreviewRow | None:
    chunk = next(parse_rows([(line, row)], columns, options), None)
    if chunk is None:
        return None
    problems = [*chunk.rejects, *chunk.warnings]
    code = next((problem.code for problem in problems if problem.field == ROW), "")
    if isinstance(row, BadRow):
        return PreviewRow(line, False, code, [Cell("", row.value)])
    stored = _stored(chunk.contacts[0]) if chunk.contacts else {}
    width = max(len(row), options.columns or 0)
    cells = [
        _cell(row[place] if place < len(row) else "", columns.targets.get(place), stored, problems)
        for place in range(width)
    ]
    return PreviewRow(line, bool(chunk.contacts), code, cells)


def _stored(contact: Contact) -> dict[str, str]:
    values = dict(zip(COLUMNS, contact, strict=True))
    parameters = json.loads(str(values.pop("business_parameters") or "{}"))
    return {
        name: str(value) for name, value in {**values, **parameters}.items() if value is not None
    }


def _cell(raw: str, target: str | None, stored: dict[str, str], problems: list[Reject]) -> Cell:
    raw = raw.strip()
    code = next((problem.code for problem in problems if problem.field == target), "")
    text = raw if target == "country" and not code else stored.get(target or "", "")
    return Cell(text if raw or target == "phone_1" else "", raw, code)
