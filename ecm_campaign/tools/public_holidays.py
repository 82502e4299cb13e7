"""Public holidays of countries and their regions (requirement C4), as the package ``holidays``
knows them. Only those that are a day off for everybody there.
"""

from __future__ import annotations

import itertools
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import holidays


class Region(NamedTuple):
    """A part of a country with holidays of its own: its code in ISO 3166-2, and its name."""

    code: str
    name: str


class Holiday(NamedTuple):
    """One day off."""

    day: date
    name: str


@lru_cache(maxsize=1)
def get_countries() -> frozenset[str]:
    """ISO 3166 alpha-2 codes of the countries whose holidays are known."""
    return frozenset(code for code in holidays.list_supported_countries() if len(code) == 2)


def get_regions(country: str) -> list[Region]:
    """Parts of a country with holidays of their own, in the order of their names."""
    codes = holidays.list_supported_countries().get(country, ())
    known = holidays.country_holidays(country) if codes else None
    aliases = known.get_subdivision_aliases() if known is not None else {}
    regions = []
    for code in codes:
        # The longest is the name that people use; the others are codes of other systems.
        name = max(aliases.get(code) or [code], key=len)
        regions.append(Region(code, name))
    return sorted(regions, key=lambda region: region.name)


def get_holidays(
    country: str, region: str | None, first: int, last: int, language: str = ""
) -> list[Holiday]:
    """Days off from the first to the last year, in order.

    :param country: ISO 3166 alpha-2 code; one that is not known has none
    :param region: code of one of `get_regions`; none for what all of the country has
    :param language: as Odoo writes it, ``de_DE``; names are in the country's own where there are
        none in it
    """
    if country not in get_countries():
        return []
    found = holidays.country_holidays(
        country,
        subdiv=region or None,
        years=range(first, last + 1),
        language=_find_language(country, language),
    )
    return list(itertools.starmap(Holiday, sorted(found.items())))


def _find_language(country: str, language: str) -> str | None:
    """The nearest language that the country's holidays have names in."""
    supported = holidays.country_holidays(country).supported_languages
    wanted = (language, language.partition("_")[0], "en_US")
    return next((name for name in wanted if name in supported), None)
