"""The calling hours of a campaign, for the campaign as a whole and for each of its contacts (C4,
N3): values only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from .calling_hours import (
    ALWAYS,
    ANY_ZONE,
    GROUP,
    HORIZON,
    NEVER,
    REGION,
    CallingHours,
    Constraint,
    Interval,
    Opening,
    Range,
    WeeklyHours,
    calling_hours,
    ranges,
)
from .number_places import zones_of
from .region_rules import NOWHERE, Place, RegionRule, RegionRules
from .time_zones import EPOCH, MINUTE, is_zone, offset_at, show_the_same

NO_RULES = RegionRules(())

# Zones in which a number may be, and the rules that hold for it.
_Place = tuple[tuple[str, ...], tuple[RegionRule, ...]]
_Places = frozenset[_Place]


class Week(NamedTuple):
    """Hours of the week and when they are closed all the same: see `CampaignHours`."""

    hours: WeeklyHours = ALWAYS
    holidays: tuple[Range, ...] = ()
    closed: tuple[Range, ...] = ()


class Openings(Protocol):
    """Whatever is open at times."""

    def opening(self, at: datetime) -> Opening:
        """See `CallingHours`."""


@dataclass(frozen=True, slots=True)
class AnyHours:
    """Open while one of several is; their reasons are those of the one that opens next."""

    each: tuple[CallingHours, ...]

    def opening(self, at: datetime) -> Opening:
        """See `CallingHours`."""
        found = [hours.opening(at) for hours in self.each]
        if any(opening.is_open for opening in found):
            return Opening(True, at, self._get_end(at))
        coming = [opening for opening in found if opening.opens_at]
        first = min(coming, key=_get_begin, default=found[0])
        if not first.opens_at:
            return first
        return first._replace(closes_at=self._get_end(first.opens_at))

    def _get_end(self, at: datetime) -> datetime | None:
        """When none of them is open any more; None for never, as far as is looked."""
        end = at
        # One may open where another closes, for ever.
        while end - at < HORIZON:
            open_then = [found for hours in self.each if (found := hours.opening(end)).is_open]
            if not open_then:
                return end
            ends = [found.closes_at for found in open_then]
            # One of them never closes, or nobody knows when.
            if None in ends:
                return None
            end = max(filter(None, ends))
        return None


@dataclass(frozen=True, slots=True)
class CampaignHours:
    """What a campaign says about when it calls.

    :param zone: the campaign's IANA zone
    :param hours: hours of the week, in the campaign's or the contact's zone
    :param holidays: closed ranges of the local wall clock, as `calling_hours.ranges` makes them
    :param closed: closed ranges of UTC, likewise
    :param in_contact_zone: the hours are those of the contact's zone, not of the campaign's
    :param for_all_numbers: a contact is open when all its numbers are, not only the one that is
        called
    :param drain_minutes: nothing is fed so long before it closes
    :param date_start: first moment of the campaign, naive UTC
    :param date_end: first moment after it, naive UTC
    :param rules: region rules to keep
    :param zone_hours: hours of each zone that is called, where the campaign's group restricts
        zones; a zone with the same clock counts as the one that is named
    :param year: whose clocks are compared for that
    :param by_channel: the week of each channel that does not keep ``hours``, ``holidays`` and
        ``closed``
    :param channels: those that it contacts on, where some have a week of their own
    """

    zone: str
    hours: WeeklyHours = ALWAYS
    holidays: tuple[Range, ...] = ()
    closed: tuple[Range, ...] = ()
    in_contact_zone: bool = False
    for_all_numbers: bool = False
    drain_minutes: int = 0
    date_start: datetime | None = None
    date_end: datetime | None = None
    rules: RegionRules = NO_RULES
    zone_hours: tuple[tuple[str, WeeklyHours], ...] | None = None
    year: int = 1970
    by_channel: tuple[tuple[str, Week], ...] = ()
    channels: tuple[str, ...] = ()
    _known: dict[tuple[str, _Places], CallingHours] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def for_campaign(self, channel: str | None = None) -> Openings:
        """When the campaign is fed at all: within its dates, and while some contact's hours may be
        open.

        In the contacts' zones these are the hours of all zones on earth together, and the drain
        time is left to each contact's own hours.

        :param channel: none for whichever is open
        """
        if channel is None and self.by_channel:
            weeks = dict.fromkeys(map(self.get_week, self.channels or ("voice",)))
            return AnyHours(tuple(map(self._for_week, weeks)))
        return self._for_week(self.get_week(channel))

    def get_week(self, channel: str | None) -> Week:
        """The hours of a channel."""
        own = Week(self.hours, self.holidays, self.closed)
        return dict(self.by_channel).get(channel or "", own)

    def _for_week(self, week: Week) -> CallingHours:
        # Zones close one after the other: the drain time of one is no reason to stop for the rest.
        if self.in_contact_zone:
            zone, drain = ANY_ZONE, 0
        else:
            zone, drain = self.zone, self.drain_minutes
        own = Constraint((zone,), *week)
        return calling_hours((own,), self.date_start, self.date_end, drain)

    def without_drain(self) -> CampaignHours:
        """The same hours to their very end."""
        return replace(self, drain_minutes=0)

    def for_waiting(self) -> CallingHours:
        """The hours that count while a result is awaited: those of the week in the campaign's zone,
        on both sides of its dates.
        """
        own = Constraint((self.zone,), self.hours, self.holidays, self.closed)
        return calling_hours((own,))

    def for_contact(
        self,
        tz: str | None,
        number: str,
        channel: str = "voice",
        numbers: Iterable[str | None] = (),
        place: Place = NOWHERE,
    ) -> CallingHours:
        """When a contact may be contacted on a number; the campaign's dates are not asked.

        :param tz: the contact's own zone, if it has one; one that is not known counts as none
        :param number: the number that is to be called, E.164
        :param channel: voice or sms, for the week and the region rules
        :param numbers: all numbers of the contact
        :param place: where it lives, for the region rules
        """
        found = [self._find_place(tz, number, channel, place)]
        if self.for_all_numbers:
            others = filter(None, numbers)
            found += (self._find_place(tz, each, channel, place) for each in others)
        places = frozenset(found)

        # Few places, many contacts: what holds in one place is put together once.
        week_of = channel if self.by_channel and channel in dict(self.by_channel) else ""
        known = self._known.get((week_of, places))
        if known is None:
            known = self._combine(self.get_week(week_of), places)
            self._known[week_of, places] = known
        return known

    def get_zones(self, tz: str | None, number: str) -> tuple[str, ...]:
        """Zones in which whoever has the number may be: see `find_zones`."""
        return find_zones(tz, number, self.zone)

    def _find_place(self, tz: str | None, number: str, channel: str, place: Place) -> _Place:
        zones = self.get_zones(tz, number)
        rules = self.rules.get_matching(number, channel, place)
        return zones, rules

    def _combine(self, week: Week, places: _Places) -> CallingHours:
        """What holds in all of some places: the campaign's hours, the regions' and the group's."""
        zones: set[str] = set()
        for place_zones, _rules in places:
            zones.update(place_zones)
        in_order = sorted(zones)

        # In this order they are named as the reason when several are closed.
        own = Constraint(tuple(in_order) if self.in_contact_zone else (self.zone,), *week)
        constraints = [own, *_get_regional(places)]
        if self.zone_hours is not None:
            named = dict(self.zone_hours)
            for zone in in_order:
                hours = self._get_zone_hours(zone, named)
                constraints.append(Constraint((zone,), hours, code=GROUP))
        return calling_hours(tuple(constraints), drain_minutes=self.drain_minutes)

    def _get_zone_hours(self, zone: str, named: Mapping[str, WeeklyHours]) -> WeeklyHours:
        """Hours in which the campaign's group calls a zone: those of its name, else of one with the
        same clock.
        """
        # Two names may have the same clock and other hours: the zone's own name goes first.
        if zone in named:
            return named[zone]
        for name, hours in named.items():
            if show_the_same(name, zone, self.year):
                return hours
        return NEVER


def _get_begin(opening: Opening) -> datetime:
    return opening.opens_at or datetime.max


def _get_regional(places: _Places) -> list[Constraint]:
    """Hours of the rules that hold in some places, each once for the zones it is asked in."""
    by_rule: dict[tuple[int, tuple[str, ...]], Constraint] = {}
    for zones, rules in places:
        for rule in rules:
            if rule.hours is None and not rule.holidays:
                continue
            # A rule that several numbers share is asked once where they are in the same zones.
            key = rule.id, zones
            by_rule[key] = get_rule_hours(rule, zones)
    return [by_rule[key] for key in sorted(by_rule)]


def find_zones(tz: str | None, number: str, campaign_zone: str) -> tuple[str, ...]:
    """Zones in which whoever has the number may be: the contact's, else the number's, else the
    campaign's.
    """
    if tz and is_zone(tz):
        return (tz,)
    return zones_of(number) or (campaign_zone,)


def get_rule_hours(rule: RegionRule, zones: tuple[str, ...]) -> Constraint:
    """When a rule allows contact, in each of some zones."""
    return Constraint(zones, rule.hours or ALWAYS, rule.holidays, code=REGION, label=rule.name)


def sort_closures(
    intervals: Iterable[Interval], zones: Sequence[str]
) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
    """Tell holidays, which are dates of whoever is called, from hours in which the callers are
    away.

    :param intervals: ``(from, to)`` in naive UTC
    :param zones: those in which the dates may have been meant, the likeliest first
    :return: ``(holidays, closed)`` for `CampaignHours`: whole days on the clock of one of the
        zones, and the others
    """
    holidays: list[Interval] = []
    closed: list[Interval] = []
    for start, end in intervals:
        days = _find_days(start, end, zones)
        if days:
            holidays.append(days)
        else:
            closed.append((start, end))
    return ranges(holidays), ranges(closed)


def _find_days(start: datetime, end: datetime, zones: Iterable[str]) -> Interval | None:
    """The days that a time is in the first zone where it is made of whole ones."""
    for zone in zones:
        days = _as_days(start, end, zone)
        if days:
            return days
    return None


def _as_days(start: datetime, end: datetime, zone: str) -> Interval | None:
    """The days from midnight to midnight, or to the last minute before it, that a clock in the zone
    shows.
    """
    since = _on_clock(start, zone)
    first = since.replace(hour=0, minute=0)
    if since != first:
        return None

    # With one minute more, 23:59 of the last day is in the next one, as 24:00 is.
    until = _on_clock(end + MINUTE, zone)
    last = until.replace(hour=0, minute=0)
    return (first, last) if until - last <= MINUTE else None


def _on_clock(moment: datetime, zone: str) -> datetime:
    """What the wall clock in a zone shows, to the minute."""
    minute = (moment - EPOCH) // MINUTE
    on_clock = minute + offset_at(zone, minute)
    return EPOCH + on_clock * MINUTE
