"""Rows of a file of phone numbers to E.164, for do-not-contact lists (N1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from . import phones
from .column_names import guess_map
from .contact_file import BadRow, Row
from .pace import Pace


@dataclass(frozen=True, slots=True)
class NumberChunk:
    """What some rows hold: their ``numbers`` without repetition; ``valid`` of the ``processed``
    rows have one.
    """

    numbers: list[str]
    valid: int
    processed: int
    last_line: int


def parse_numbers(
    rows: Iterable[Row], header: Sequence[str], country: str | None, pace: Pace
) -> Iterator[NumberChunk]:
    """Find the first number of each row.

    Only the columns that are called phone, number and the like count, if the header names any: a
    row's identifier may look like a number.

    :param country: ISO 3166 alpha-2 code for numbers without country code
    :param pace: says how many rows a chunk has
    """
    targets = guess_map(header).targets
    places = [place for place, target in targets.items() if target.startswith("phone_")]
    rows = iter(rows)
    while chunk := list(islice(rows, pace.rows)):
        chosen = [_choose(cells, places) for _line, cells in chunk]
        found = _find_numbers(chosen, country)
        numbers = list(filter(None, found))
        # A number that stands in the list twice is one.
        distinct = list(dict.fromkeys(numbers))
        last_line, _cells = chunk[-1]
        yield NumberChunk(distinct, len(numbers), len(chunk), last_line)


def _choose(cells: list[str] | BadRow, places: Sequence[int]) -> list[str]:
    """The cells that may hold the number: of a row that cannot be read, none."""
    if isinstance(cells, BadRow):
        return []
    if not places:
        return cells
    return [cells[place] for place in places if place < len(cells)]


def _find_numbers(rows: Sequence[list[str]], country: str | None) -> list[str | None]:
    """The first number of each row."""
    # A registry has its numbers in the form that needs no more than a look.
    plain = phones.accept_all([cells[0] for cells in rows if cells])
    found: list[str | None] = []
    for cells in rows:
        is_plain = cells and cells[0] in plain
        found.append(cells[0] if is_plain else _find_number(cells, country))
    return found


def _find_number(cells: Iterable[str], country: str | None) -> str | None:
    for cell in cells:
        number, reason = phones.normalise(cell, country)
        if not reason:
            return number
    return None
