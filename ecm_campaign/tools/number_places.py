"""Where a number is at home: its time zones and its country (requirement N3). Numbers are E.164.

The verdict is that of `phonenumbers`, found by the number's beginning and kept for the next one
that begins so. Two rules are our own: behind +1 the area code decides, also for mobile numbers of
the Caribbean, which `phonenumbers` places anywhere in North America; and some countries have
another clock than it says (`number_zones`).
"""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from .number_zones import CORRECTIONS

_ZONES: dict[str, tuple[str, ...]] = {**TIMEZONE_DATA, **CORRECTIONS}
# So many digits, calling code included, tell whether a number is bound to a place, and the country
# of one whose calling code several share.
_TELLING_DIGITS = 7
_CODE_DIGITS = 3
# Asked for each contact of each claim; so many beginnings are kept at most.
_MOST_BEGINNINGS = 20_000
_COUNTRY_DIGITS = 9
# What `phonenumbers` calls the country of satellite networks and the like.
_NO_COUNTRY = "001"
_NORTH_AMERICA = "1"
_AREA_CODE_END = 4


def zones_of(number: str) -> tuple[str, ...]:
    """IANA zones in which the number may be; none where nothing is known.

    A number that is not bound to a place (a mobile number in most countries, a freephone number)
    has all zones of its country.
    """
    digits = number[1:]
    nearest = _zones_of_beginning(digits[:TIMEZONE_LONGEST_PREFIX])
    if digits[:1] == _NORTH_AMERICA:
        return nearest
    country = _ZONES.get(_calling_code(digits[:_CODE_DIGITS]), ())
    # Most countries have one clock: nothing else needs to be asked.
    if nearest == country or _is_bound_to_place(digits[:_TELLING_DIGITS], digits):
        return nearest
    return country


def country_of(number: str) -> str | None:
    """ISO 3166 alpha-2 code of the number's country; None where none is known."""
    digits = number[1:]
    code = _calling_code(digits[:_CODE_DIGITS])
    if not code:
        return None
    countries = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)]
    if len(countries) > 1:
        size = _AREA_CODE_END if code == _NORTH_AMERICA else _COUNTRY_DIGITS
        return _country_among(digits[:size], digits)
    return countries[0] if countries[0] != _NO_COUNTRY else None


def area_code_of(number: str) -> str:
    """The area code of a number that is bound to a place, without the trunk prefix; "" where it has
    none.
    """
    parsed = _parse(number[1:])
    if parsed is None:
        return ""
    size = phonenumbers.length_of_geographical_area_code(parsed)
    return phonenumbers.national_significant_number(parsed)[:size]


@lru_cache(maxsize=_MOST_BEGINNINGS)
def _zones_of_beginning(digits: str) -> tuple[str, ...]:
    for size in range(TIMEZONE_LONGEST_PREFIX, 0, -1):
        zones = _ZONES.get(digits[:size])
        if zones:
            return zones
    return ()


@lru_cache(maxsize=_MOST_BEGINNINGS)
def _calling_code(digits: str) -> str:
    for size in range(1, _CODE_DIGITS + 1):
        code = digits[:size]
        if code.isdigit() and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return code
    return ""


# Kept for all that begin alike: a process sees some thousands of beginnings, each is a few bytes.
# What is no valid number says nothing about the others.
_bound_to_place: dict[str, bool] = {}
_countries: dict[str, str | None] = {}


def _is_bound_to_place(beginning: str, digits: str) -> bool:
    known = _bound_to_place.get(beginning)
    if known is not None:
        return known
    number = _parse(digits)
    kind = phonenumbers.number_type(number) if number else PhoneNumberType.UNKNOWN
    if kind == PhoneNumberType.UNKNOWN:
        return False
    bound = is_number_type_geographical(kind, int(_calling_code(digits[:_CODE_DIGITS])))
    _bound_to_place[beginning] = bound
    return bound


def _country_among(beginning: str, digits: str) -> str | None:
    if known := _countries.get(beginning):
        return known
    number = _parse(digits)
    country = phonenumbers.region_code_for_number(number) if number else None
    _countries[beginning] = country
    return country


def _parse(digits: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
