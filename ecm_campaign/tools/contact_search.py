"""What somebody types to find a contact: words, and numbers as people write them (U6).

A number may have blanks and other separators, a prefix of the country or of the trunk, or be a part
only; stored numbers are E.164. `parse_query` says which patterns of SQL's LIKE find it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import phonenumbers

# What a number consists of, and a word of it.
_NUMBER = re.compile(r"\+?[\d().\-/]*\d[\d().\-/]*", re.ASCII)
_NO_DIGITS = re.compile(r"\D+", re.ASCII)
# With fewer digits behind the zero of the trunk, most numbers of a campaign would be found.
TELLING_DIGITS = 6


class Number(NamedTuple):
    """A number, or a part of one: as it was typed, and the patterns that it is stored as."""

    text: str
    patterns: tuple[str, ...]


class Query(NamedTuple):
    """What all has to match."""

    words: tuple[str, ...]
    numbers: tuple[Number, ...]


def parse_query(text: str, country: str | None) -> Query:
    """Take apart what somebody typed.

    :param country: ISO 3166 alpha-2 code; whose trunk prefix a leading zero may be
    """
    words: list[str] = []
    numbers: list[list[str]] = []
    was_number = False
    for token in text.split():
        is_number = _NUMBER.fullmatch(token) is not None
        if not is_number:
            words.append(token)
        # Blanks part the groups of one number; a plus begins another.
        elif was_number and token[0] != "+":
            numbers[-1].append(token)
        else:
            numbers.append([token])
        was_number = is_number
    typed = map(" ".join, numbers)
    return Query(tuple(words), tuple(Number(text, _patterns(text, country)) for text in typed))


def _patterns(text: str, country: str | None) -> tuple[str, ...]:
    digits = _NO_DIGITS.sub("", text)
    if text.startswith("+"):
        return (f"+{digits}%",)
    patterns = [f"%{digits}%"]
    if digits.startswith("00"):
        patterns.append(f"+{digits[2:]}%")
        return tuple(patterns)
    if not digits.startswith("0"):
        return tuple(patterns)

    # The zero is dialled within a country, and not part of what is stored.
    national = digits[1:]
    calling_code = phonenumbers.country_code_for_region(country.upper()) if country else 0
    if len(national) >= TELLING_DIGITS:
        patterns.append(f"%{national}%")
    elif national and calling_code:
        patterns.append(f"+{calling_code}{national}%")
    return tuple(patterns)
