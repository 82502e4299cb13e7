"""Values of CRM records as cells of a contact file (requirement R1). No Odoo in here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

# What a business parameter holds at most (requirement L5); a longer one would reject the row.
MAX_PARAMETER = 255
# Both names in one value, as CRM records have it.
FULL_NAME = "full_name"
PHONES = tuple(f"phone_{number}" for number in range(1, 6))
PARAMETER = "business_parameter_"
_NO_DIGIT = re.compile(r"\D+")


def make_text(value: object) -> str:
    """A value as one line of text; empty for what is not set.

    >>> make_text("Main St. 1\\nBerlin"), make_text(12.0), make_text(False), make_text(True)
    ('Main St. 1 Berlin', '12', '', 'Yes')
    """
    if value is None or value is False:
        return ""
    if value is True:
        return "Yes"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        # With its zone: the import would take it for a time of the campaign's.
        return value.replace(tzinfo=UTC).isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).replace("\0", "").split())


def split_name(name: str) -> tuple[str, str]:
    """First and last name of a person.

    >>> split_name("Anna Maria Berg"), split_name("Berg, Anna"), split_name("Berg")
    (('Anna Maria', 'Berg'), ('Anna', 'Berg'), ('', 'Berg'))
    """
    last, comma, first = name.partition(",")
    if comma and first.strip():
        return first.strip(), last.strip()
    first, _blank, last = name.strip().rpartition(" ")
    return first, last


def pick_first(values: Iterable[str]) -> str:
    """The first text that is not empty."""
    return next(filter(None, values), "")


def drop_repeated(numbers: Sequence[str]) -> list[str]:
    """Phones of one person, each number once, in the places that they have.

    >>> drop_repeated(["+49 30 123", "+4930123", "", "030 124"])
    ['+49 30 123', '', '', '030 124']
    """
    seen: set[str] = set()
    kept = []
    for number in numbers:
        digits = _NO_DIGIT.sub("", number)
        is_new = digits not in seen
        kept.append(number if is_new else "")
        seen.add(digits)
    return kept


@dataclass(frozen=True)
class Layout:
    """What the values of a record become, in their order.

    :param targets: names of contact fields, or `FULL_NAME`
    """

    targets: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """Contact fields of a row that `tidy` makes.

        >>> Layout(("phone_1", "full_name")).columns
        ['phone_1', 'first_name', 'last_name']
        """
        columns: list[str] = []
        for target in self.targets:
            columns += ("first_name", "last_name") if target == FULL_NAME else (target,)
        return columns

    def tidy(self, values: Sequence[str]) -> list[str]:
        """Names apart, each number once, parameters no longer than they may be.

        >>> Layout(("phone_1", "phone_2", "full_name")).tidy(["030 1", "0301", "Anna Berg"])
        ['030 1', '', 'Anna', 'Berg']
        """
        row: list[str] = []
        for target, value in zip(self.targets, values, strict=True):
            if target == FULL_NAME:
                row += split_name(value)
            elif target.startswith(PARAMETER):
                row.append(value[:MAX_PARAMETER])
            else:
                row.append(value)
        places = [place for place, name in enumerate(self.columns) if name in PHONES]
        numbers = drop_repeated([row[place] for place in places])
        for place, number in zip(places, numbers, strict=True):
            row[place] = number
        return row
