"""Rules of a country or region about when and how often a number may be contacted (requirements N3,
S4), as values.

All rules that match a number hold, so the strictest wins.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple

import phonenumbers

from .calling_hours import Range, WeeklyHours
from .limits import Limit
from .number_places import country_of

# What consent takes off a rule.
NOTHING: Literal["nothing"] = "nothing"
HOURS: Literal["hours"] = "hours"
EVERYTHING: Literal["everything"] = "everything"

# A rule of everywhere begins and ends with a date of somewhere.
_MARGIN = timedelta(days=1)
_SEPARATORS = re.compile(r"[,;\n]+")
_RANGE = re.compile(r"(\d+)\s*(?:-|–)\s*(\d+)")


class Place(NamedTuple):
    """What rules ask of a contact beside its number, as its file says: where it lives (state or
    region, and postal code), and whether it has agreed to be called.
    """

    region: str | None = None
    zip: str | None = None
    has_consent: bool = False


NOWHERE = Place()


@dataclass(frozen=True, slots=True, eq=False)
class RegionRule:
    """One rule. It is about the numbers that begin so, and about whoever lives in the regions or
    postal codes; without any of these about all of the country.

    :param country: ISO 3166 alpha-2 code; empty where the beginnings alone decide
    :param prefixes: beginnings in E.164
    :param regions: names and codes, in small letters
    :param zips: beginnings of postal codes
    :param channels: codes of the channels that it is about
    :param hours: when contact is allowed, on the wall clock of whoever is contacted; ``None``: at
        any time
    :param holidays: days off, closed ranges of that clock
    :param limits: how often; every one holds
    :param purpose: of the campaigns that it is about; empty for all
    :param since: first day in force; ``until``: the last one
    :param consent: what does not hold for whoever agreed to be called: `NOTHING`, `HOURS`,
        `EVERYTHING`
    """

    id: int
    name: str
    country: str = ""
    prefixes: tuple[str, ...] = ()
    regions: frozenset[str] = frozenset()
    zips: tuple[str, ...] = ()
    channels: frozenset[str] = frozenset({"voice", "sms"})
    hours: WeeklyHours | None = None
    holidays: tuple[Range, ...] = ()
    limits: tuple[Limit, ...] = ()
    purpose: str = ""
    since: date | None = None
    until: date | None = None
    consent: Literal["nothing", "hours", "everything"] = NOTHING

    def is_in_force(self, day: date) -> bool:
        """Whether it holds somewhere on a day, counted generously by one at both ends."""
        if self.since and day < self.since - _MARGIN:
            return False
        return not self.until or day <= self.until + _MARGIN


def choose_rules(
    rules: Iterable[RegionRule], day: date, purpose: str, has_consent: bool
) -> list[RegionRule]:
    """What of some rules holds for a campaign.

    :param purpose: the campaign's
    :param has_consent: whether everybody on its lists agreed to be called
    """
    chosen = []
    for rule in rules:
        if not rule.is_in_force(day) or rule.purpose not in ("", purpose):
            continue
        left = lift_by_consent(rule) if has_consent else rule
        if left:
            chosen.append(left)
    return chosen


def lift_by_consent(rule: RegionRule) -> RegionRule | None:
    """What of a rule holds for whoever has agreed to be called; None for nothing."""
    if rule.consent == EVERYTHING:
        return None
    # The days and hours are lifted, the limits stay.
    if rule.consent == HOURS:
        return replace(rule, hours=None, holidays=())
    return rule


# Country, matching prefixes, the place as far as rules name it, and channel: for all that have
# these in common the same rules hold.
_Key = tuple[str | None, tuple[str, ...], Place, str]


class RegionRules:
    """Finds the rules of a number. Immutable but for what it remembers, so it may be shared between
    threads.
    """

    def __init__(self, rules: Iterable[RegionRule]) -> None:
        self._by_country: dict[str | None, list[RegionRule]] = defaultdict(list)
        self._by_prefix: dict[str, list[RegionRule]] = defaultdict(list)
        self._by_region: dict[str | None, list[RegionRule]] = defaultdict(list)
        self._by_zip: dict[str, list[RegionRule]] = defaultdict(list)
        self._has_limits = False
        countries = set()
        for rule in rules:
            self._add(rule)
            countries.add(rule.country)

        # What most numbers can be passed over by, without a look into the numbering plans.
        self._sizes = sorted(set(map(len, self._by_prefix)))
        self._zip_sizes = sorted(set(map(len, self._by_zip)))
        self._calling_codes = tuple(map(_calling_code, countries - {""}))
        self._known: dict[_Key, tuple[RegionRule, ...]] = {}

    def _add(self, rule: RegionRule) -> None:
        # Beginnings and places say more than the country, which then only confirms them.
        for prefix in rule.prefixes:
            self._by_prefix[prefix].append(rule)
        for region in rule.regions:
            self._by_region[region].append(rule)
        for beginning in rule.zips:
            self._by_zip[beginning].append(rule)
        if not (rule.prefixes or rule.regions or rule.zips):
            self._by_country[rule.country].append(rule)
        if rule.limits:
            self._has_limits = True

    def get_matching(
        self, number: str, channel: str, place: Place = NOWHERE
    ) -> tuple[RegionRule, ...]:
        """Rules that hold for a number on a channel; equal answers are the same object.

        :param number: E.164
        :param place: where its contact lives; the area code says less, for people move
        """
        beginnings = [number[:size] for size in self._sizes]
        prefixes = tuple(text for text in beginnings if text in self._by_prefix)
        country = country_of(number) if number.startswith(self._calling_codes) else None
        if place != NOWHERE:
            place = self._get_named(place)

        # Numbers of one country, the same prefixes and place have the same rules.
        key = country, prefixes, place, channel
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._match(*key)
        return known

    def get_limits(self, number: str, channel: str, place: Place = NOWHERE) -> tuple[Limit, ...]:
        """How often the number may be contacted on the channel: every limit holds."""
        rules = self.get_matching(number, channel, place)
        return tuple(limit for rule in rules for limit in rule.limits)

    @property
    def has_limits(self) -> bool:
        """Whether any rule says how often."""
        return self._has_limits

    def _get_named(self, place: Place) -> Place:
        """As much of a place as rules name."""
        region = (place.region or "").strip().lower()
        code = (place.zip or "").strip()
        longest = ""
        for size in self._zip_sizes:
            if code[:size] in self._by_zip:
                longest = code[:size]
        known = region if region in self._by_region else None
        return Place(known, longest or None, place.has_consent)

    def _match(
        self, country: str | None, prefixes: tuple[str, ...], place: Place, channel: str
    ) -> tuple[RegionRule, ...]:
        possible = list(self._by_country.get(country, ()))
        for prefix in prefixes:
            possible += self._by_prefix[prefix]
        possible += self._by_region.get(place.region, ())
        for size in self._zip_sizes:
            possible += self._by_zip.get((place.zip or "")[:size], ())

        # Keys of a dictionary: a rule with two beginnings of one number is found twice.
        matching: dict[RegionRule, None] = {}
        for rule in possible:
            # Countries may share a beginning (+1): there a rule holds in its own only.
            if rule.country in ("", country) and channel in rule.channels:
                matching[rule] = None
        if not place.has_consent:
            return tuple(matching)
        return tuple(filter(None, map(lift_by_consent, matching)))


def parse_names(text: str | None) -> frozenset[str]:
    """Names between commas, in small letters.

    >>> sorted(parse_names("Florida, FL"))
    ['fl', 'florida']
    """
    names = (name.strip().lower() for name in _SEPARATORS.split(text or ""))
    return frozenset(filter(None, names))


def parse_beginnings(text: str | None) -> tuple[str, ...]:
    """Beginnings of postal codes between commas; one may be a range.

    >>> parse_beginnings("320-322, 34")
    ('320', '321', '322', '34')

    ``ValueError`` carries the part that cannot be read.
    """
    beginnings: list[str] = []
    for part in _SEPARATORS.split(text or ""):
        beginnings += _expand(part.strip())
    return tuple(dict.fromkeys(beginnings))


def _expand(part: str) -> list[str]:
    if not re.search(r"[-–]", part):
        return [part] if part else []
    found = _RANGE.fullmatch(part)
    if not found or len(found[1]) != len(found[2]) or int(found[1]) > int(found[2]):
        raise ValueError(part)
    size = len(found[1])
    # Longer ones are better written by their first digits.
    if size > 4:
        raise ValueError(part)
    return [f"{number:0{size}d}" for number in range(int(found[1]), int(found[2]) + 1)]


def _calling_code(country: str) -> str:
    return f"+{phonenumbers.country_code_for_region(country)}"
