"""Cells of a file that a spreadsheet opens, and that must not run there."""

from __future__ import annotations

import re

# A cell that starts so would run as a formula in a spreadsheet (OWASP "CSV injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PHONE = re.compile(r"\+[\d ()./-]+")


def neutralise_text(value: str) -> str:
    """The same as `neutralise` for a cell that is uploaded again: a phone number stays as it is."""
    return value if PHONE.fullmatch(value) else neutralise(value)


def neutralise(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value and value.startswith(FORMULA_STARTS) else value
