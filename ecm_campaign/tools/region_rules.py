"""Rules of a country or region about when and how often a number may be contacted (requirements N3,
S4), as values.

All rules that match a number hold, so the strictest wins.
"""

from __future__ import annotations

from collections import defaultdict
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


# Country, matching prefixes and channel of numbers for which the same rules hold.
_Key = tuple[str | None, tuple[str, ...], str]


class RegionRules:
    """Finds the rules of a number. Immutable but for what it remembers, so it may be shared between
    threads.
    """

    def __init__(self, rules: Iterable[RegionRule]) -> None:
        self._by_country: dict[str, list[RegionRule]] = defaultdict(list)
        self._by_prefix: dict[str, list[RegionRule]] = defaultdict(list)
        self._has_limits = False
        countries = set()
        for rule in rules:
            self._add(rule)
            countries.add(rule.country)

        # What most numbers can be passed over by, without a look into the numbering plans.
        self._sizes = sorted(set(map(len, self._by_prefix)))
        self._calling_codes = tuple(map(_calling_code, countries - {""}))
        self._known: dict[_Key, tuple[RegionRule, ...]] = {}

    def _add(self, rule: RegionRule) -> None:
        # The beginnings say more than the country, which then only confirms them.
        for prefix in rule.prefixes:
            self._by_prefix[prefix].append(rule)
        if rule.country and not rule.prefixes:
            self._by_country[rule.country].append(rule)
        if rule.limit:
            self._has_limits = True

    def get_matching(self, number: str, channel: str) -> tuple[RegionRule, ...]:
        """Rules that hold for a number on a channel; equal answers are the same object.

        :param number: E.164
        """
        beginnings = [number[:size] for size in self._sizes]
        prefixes = tuple(text for text in beginnings if text in self._by_prefix)
        country = country_of(number) if number.startswith(self._calling_codes) else None

        # Numbers of one country and the same prefixes have the same rules.
        key = country, prefixes, channel
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._match(country, prefixes, channel)
        return known

    def get_limits(self, number: str, channel: str) -> tuple[Limit, ...]:
        """How often the number may be contacted on the channel: every limit holds."""
        rules = self.get_matching(number, channel)
        return tuple(rule.limit for rule in rules if rule.limit)

    @property
    def has_limits(self) -> bool:
        """Whether any rule says how often."""
        return self._has_limits

    def _match(
        self, country: str | None, prefixes: tuple[str, ...], channel: str
    ) -> tuple[RegionRule, ...]:
        possible = list(self._by_country.get(country or "", ()))
        for prefix in prefixes:
            possible += self._by_prefix[prefix]

        # Keys of a dictionary: a rule with two beginnings of one number is found twice.
        matching: dict[RegionRule, None] = {}
        for rule in possible:
            # Countries may share a beginning (+1): there a rule holds in its own only.
            if rule.country in ("", country) and channel in rule.channels:
                matching[rule] = None
        return tuple(matching)


def _calling_code(country: str) -> str:
    return f"+{phonenumbers.country_code_for_region(country)}"
