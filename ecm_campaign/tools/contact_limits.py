"""How long the values of a contact may be, wherever they come from: file, form or another system
(L5).
"""

from __future__ import annotations

import re

from .phones import TOO_LONG

MAX_PARAMETER = 255
MAX_NAME = 64
MAX_ACCOUNT_NUMBER = 64
MAX_EMAIL = 254
MAX_PRIORITY = 2**31 - 1

SHORTENED = "shortened"
BAD_EMAIL = "bad_email"
NOT_AN_INTEGER = "not_an_integer"
NUL = "nul"
NO_TEXT = "no_text"

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LENGTHS = {
    "first_name": (MAX_NAME, SHORTENED),
    "last_name": (MAX_NAME, SHORTENED),
    "account_number": (MAX_ACCOUNT_NUMBER, TOO_LONG),
}


def is_email(text: str) -> bool:
    """Whether a text can be an e-mail address.

    >>> is_email("a@example.com"), is_email("nobody")
    (True, False)
    """
    return len(text) <= MAX_EMAIL and _EMAIL.fullmatch(text) is not None


def find_problem(name: str, value: object) -> str | None:
    """What keeps a value of a contact from being stored as it is.

    :param name: of the contact's field, or of a business parameter
    :return: a key of `contact_rows.REASONS`, or `NUL` or `NO_TEXT`

    >>> find_problem("last_name", "x" * 65), find_problem("business_parameter_1", "x" * 255)
    ('shortened', None)
    >>> find_problem("priority", 99999999999), find_problem("first_name", "a\\0")
    ('not_an_integer', 'nul')
    """
    if name == "priority":
        return None if _is_priority(value) else NOT_AN_INTEGER
    if value in (None, False, ""):
        return None
    if not isinstance(value, str):
        return NO_TEXT
    if "\0" in value:
        return NUL
    if name == "email":
        return None if is_email(value.strip()) else BAD_EMAIL
    most, code = _LENGTHS.get(name, (MAX_PARAMETER, TOO_LONG))
    return code if len(value) > most else None


def _is_priority(value: object) -> bool:
    if not value:
        return True
    return isinstance(value, int) and abs(value) <= MAX_PRIORITY
