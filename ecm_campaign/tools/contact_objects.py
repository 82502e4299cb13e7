"""Contacts as other systems write them, brought into the form of a file's rows, so that one piece of
code checks and stores both (requirements L3, L5, L6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import contact_rows
from .column_names import DETAILS, PARAMETERS, PHONES
from .contact_file import BadRow
from .phones import EMPTY

MAX_ROWS = 10_000

NO_OBJECT = "not_an_object"
UNKNOWN_FIELD = "unknown_field"
NO_TEXT = "not_text"
TOO_MANY_PHONES = "too_many_phones"
REASONS = {
    NO_OBJECT: "A contact is an object with phones and other values.",
    UNKNOWN_FIELD: "There is no such field.",
    NO_TEXT: "The value is no text; a priority is a whole number.",
    TOO_MANY_PHONES: "A contact has a list of one to five phones.",
}

COLUMNS = contact_rows.ColumnMap(dict(enumerate((*PHONES, *DETAILS, *PARAMETERS))))
COLUMNS_OF = {name: place for place, name in COLUMNS.targets.items()}
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_PHONES = [""] * len(PHONES)
_KNOWN = frozenset(("phones", "business_parameters", *DETAILS))
_KNOWN_PARAMETERS = frozenset(PARAMETERS)


class _Bad(Exception):
    """The contact cannot be read: reason, field."""


def make_rows(contacts: Sequence[Any]) -> Iterator[tuple[int, list[str] | BadRow]]:
    """
    :param contacts: each ``{"phones": ["+49…"], "first_name": …, "business_parameters": {…}}``
    :return: rows as ``contact_rows.parse_rows`` takes them, under their places counted from 1

    >>> [(line, row)] = make_rows([{"phones": ["+493023125001"], "priority": 3}])
    >>> line, row[0], row[COLUMNS_OF["priority"]]
    (1, '+493023125001', '3')
    >>> [(line, row)] = make_rows([{"phone": "+493023125001"}])
    >>> row
    BadRow(code='unknown_field', value='phone')
    """
    for line, contact in enumerate(contacts, start=1):
        try:
            cells = _get_cells(contact)
            yield line, _check(cells)
        except _Bad as bad:
            code, field = bad.args
            yield line, BadRow(code, field)


def _get_cells(contact: Any) -> list[str]:
    if not isinstance(contact, Mapping):
        raise _Bad(NO_OBJECT, "")
    if not _KNOWN.issuperset(contact):
        raise _Bad(UNKNOWN_FIELD, str(next(name for name in contact if name not in _KNOWN)))
    parameters = contact.get("business_parameters") or {}
    if not isinstance(parameters, Mapping):
        raise _Bad(NO_TEXT, "business_parameters")
    if not _KNOWN_PARAMETERS.issuperset(parameters):
        raise _Bad(UNKNOWN_FIELD, "business_parameters")
    cells = _get_phones(contact.get("phones"))
    cells += [_get_text(contact, name) for name in DETAILS]
    # Most contacts have none.
    if parameters:
        cells += [_get_text(parameters, name) for name in PARAMETERS]
    return cells


def _check(cells: list[str]) -> list[str] | BadRow:
    text = "".join(cells)
    # A row without text would be nothing to a file.
    if not text or text.isspace():
        return BadRow(EMPTY, "phones.0")
    # JSON can hold half a letter, which no database stores.
    if not text.isascii() and _SURROGATE.search(text):
        return BadRow(NO_TEXT, "")
    return cells


def _get_phones(phones: Any) -> list[str]:
    if not isinstance(phones, list | tuple) or len(phones) > len(PHONES):
        raise _Bad(TOO_MANY_PHONES, "phones")
    cells = list(_NO_PHONES)
    for place, phone in enumerate(phones):
        if not isinstance(phone, str):
            raise _Bad(NO_TEXT, f"phones.{place}")
        cells[place] = phone
    return cells


def _get_text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if name == "priority" and type(value) is int:
        return str(value)
    raise _Bad(NO_TEXT, name)


def name_field(name: str, detail: str = "") -> str:
    """A column as the API calls it.

    >>> name_field("phone_2"), name_field("business_parameter_1"), name_field("row", "phones.7")
    ('phones.1', 'business_parameters.business_parameter_1', 'phones.7')
    """
    if name in PHONES:
        return f"phones.{PHONES.index(name)}"
    if name in PARAMETERS:
        return f"business_parameters.{name}"
    return detail if name == contact_rows.ROW else name
