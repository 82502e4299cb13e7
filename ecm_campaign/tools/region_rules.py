"""Rules of a country or region about when and how often a number may be contacted (requirements N3,
S4), as values.

All rules that match a number hold, so the strictest wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers

from .calling_hours import WeeklyHours
from .limits import Limit
from .number_places import country_of


@dataclass(frozen=True, slots=True, eq=False)
class RegionRule:
    """One rule.

    :param country: ISO 3166 alpha-2 code; empty where the beginnings alone decide
    :param prefixes: beginnings in E.164; none: every number of the country
    :param channels: codes of the channels that it is about
    :param hours: when contact is allowed, on the wall clock of whoever is contacted; ``None``: at
    any time
    :param limit: how often; ``None``: as often as the strategy likes
    """

    id: int
    name: str
    country: str = ""
    prefixes: tuple[str, ...] = ()
    channels: frozenset[str] = frozenset({"voice", "sms"})
    hours: WeeklyHours | None = None
    limit: Limit | None = None


class RegionRules:
    """Finds the rules of a number. Immutable but for what it remembers, so it may be shared between
    threads.
    """

    def __init__(self, rules: Iterable[RegionRule]) -> None:
        rules = list(rules)
        self._by_country: dict[str, list[RegionRule]] = {}
        self._by_prefix: dict[str, list[RegionRule]] = {}
        for rule in rules:
            for prefix in rule.prefixes:
                self._by_prefix.setdefault(prefix, []).append(rule)
            if rule.country and not rule.prefixes:
                self._by_country.setdefault(rule.country, []).append(rule)
        self._has_limits = any(rule.limit for rule in rules)
        countries = {rule.country for rule in rules if rule.country}
        self._calling_codes = tuple(
            f"+{phonenumbers.country_code_for_region(country)}" for country in countries
        )
        self._sizes = sorted({len(prefix) for prefix in self._by_prefix})
        self._known: dict[tuple[str | None, tuple[str, ...], str], tuple[RegionRule, ...]] = {}

    def get_matching(self, number: str, channel: str) -> tuple[RegionRule, ...]:
        """Rules that hold for a number on a channel; equal answers are the same object.

        :param number: E.164
        """
        prefixes = tuple(number[:size] for size in self._sizes if number[:size] in self._by_prefix)
        country = country_of(number) if number.startswith(self._calling_codes) else None
        key = country, prefixes, channel
        if key not in self._known:
            self._known[key] = self._match(country, prefixes, channel)
        return self._known[key]

    def get_limits(self, number: str, channel: str) -> tuple[Limit, ...]:
        """How often the number may be contacted on the channel: every limit holds."""
        return tuple(rule.limit for rule in self.get_matching(number, channel) if rule.limit)

    @property
    def has_limits(self) -> bool:
        """Whether any rule says how often."""
        return self._has_limits

    def _match(
        self, country: str | None, prefixes: tuple[str, ...], channel: str
    ) -> tuple[RegionRule, ...]:
        rules = [*self._by_country.get(country or "", ())]
        for prefix in prefixes:
            rules += [rule for rule in self._by_prefix[prefix] if rule.country in ("", country)]
        return tuple(rule for rule in dict.fromkeys(rules) if channel in rule.channels)
