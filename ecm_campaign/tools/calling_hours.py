"""When somebody may be called or written to (requirements C4, N3, N4): values in, values out, no
Odoo.

The truth is this: a minute of UTC is open if the local wall clock, in every zone that is asked,
shows a minute of the hours and of no closed range, for every constraint. So a window from 02:30 to
03:30 on the day when clocks skip from 2 to 3 is open in the minutes that exist, and in both passes
where an hour comes twice. `CallingHours` finds these minutes from stretches of constant offset
(`time_zones`); the tests compare it with asking minute by minute.

Moments are naive UTC. Minutes are whole ones since 1970-01-01 00:00, of UTC or of a local wall
clock, as is said.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from .time_zones import (
    DAY_MINUTES,
    EPOCH,
    GREATEST_OFFSET,
    LEAST_OFFSET,
    MINUTE,
    is_zone,
    offset_at,
    stretches,
)

# A zone that stands for all: open while it is open anywhere on earth.
ANY_ZONE = "*"
# How far ahead an opening is looked for, from the moment asked or the first day of the date range.
HORIZON = timedelta(days=62)

# Why it is closed
NOT_STARTED = "not_started"
ENDED = "ended"
HOLIDAY = "holiday"
HOURS = "hours"
REGION = "region"
GROUP = "group"
ZONE = "zone"
DRAIN = "drain"

REASONS: dict[str, str] = {
    NOT_STARTED: "The first day has not come.",
    ENDED: "The last day is over.",
    HOLIDAY: "It is a holiday.",
    HOURS: "It is outside the calling hours.",
    REGION: "The region's rule does not allow it at this time.",
    GROUP: "The campaign's group does not call in this time zone at this time.",
    ZONE: (
        "The number may be in several time zones, "
        "and the calling hours are not open in all of them."
    ),
    DRAIN: "The calling hours end soon: what is at the dialer is called first.",
}

Range = tuple[int, int]
Interval = tuple[datetime, datetime]

_WEEK_MINUTES = 7 * DAY_MINUTES
# From the Monday that begins a first week as Odoo counts them (Monday, 5 January 1970) to minute 0.
_CYCLE_SHIFT = -4 * DAY_MINUTES
# Closing time of what is still open at the `HORIZON`.
_FOREVER = datetime.max
# Stands where a stream has no more spans: it is empty, as no span is.
_NO_MORE = (0, 0)
# Openings that were found hold for moments of so many days.
_RENEW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Hours that come back every week, or every second one.

    :param spans: minutes since Monday 00:00 of the (first) week, ``[from, to)``, in order, neither
        touching nor beyond the end: what `of` makes of any windows
    :param weeks: 1, or 2 where two weeks alternate, counted as ``resource.calendar`` does
    """

    spans: tuple[Range, ...]
    weeks: int = 1

    @classmethod
    def of(cls, windows: Iterable[tuple[int, int, int]], weeks: int = 1) -> WeeklyHours:
        """Put windows together.

        :param windows: ``(weekday, from, to)``: Monday is 0 (7 in the second week), minutes of the
            day up to 1440. A window whose end lies before its start goes over midnight; one of
            equal ends is empty.
        """
        cycle = weeks * _WEEK_MINUTES
        spans: list[Range] = []
        for weekday, start, end in windows:
            midnight = weekday * DAY_MINUTES
            begin = midnight + start
            stop = midnight + end
            if end < start:
                stop += DAY_MINUTES
            spans.append((begin, min(stop, cycle)))
            # What goes over the last midnight of the cycle begins its first day.
            if stop > cycle:
                spans.append((0, stop - cycle))
        return cls(_join(spans), weeks)

    @property
    def cycle(self) -> int:
        """After how many minutes the hours come again."""
        return self.weeks * _WEEK_MINUTES

    @property
    def is_always(self) -> bool:
        """Whether there is no closed minute."""
        return self.spans == ((0, self.cycle),)

    def is_open(self, minute: int) -> bool:
        """:param minute: of the local wall clock"""
        return _holds(self.spans, self._place_in_cycle(minute))

    def between(self, start: int, end: int) -> Iterator[Range]:
        """Open ranges within ``[start, end)`` of the local wall clock, in order; they may touch."""
        if self.is_always:
            yield start, end
            return
        if not self.spans:
            return

        # From the beginning of the cycle that ``start`` lies in, which may be before it.
        origin = start - self._place_in_cycle(start)
        while origin < end:
            for opens, closes in self.spans:
                since = max(origin + opens, start)
                until = min(origin + closes, end)
                if since < until:
                    yield since, until
            origin += self.cycle

    def _place_in_cycle(self, minute: int) -> int:
        """Minutes since the cycle began that a minute of the local wall clock lies in."""
        return (minute + _CYCLE_SHIFT) % self.cycle


ALWAYS = WeeklyHours(((0, _WEEK_MINUTES),))
NEVER = WeeklyHours(())


class Closing(NamedTuple):
    """Why it is closed: a key of `REASONS`, and the zone or the rule that is meant."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """Hours that must be open in each of some zones.

    :param zones: IANA names, or only `ANY_ZONE`
    :param holidays: closed ranges of the local wall clock, in minutes, as `ranges` makes them
    :param closed: closed ranges of UTC, in minutes, likewise
    :param code: what is said when the hours are not open: `HOURS`, `REGION` or `GROUP`
    :param label: name of the rule that asks for them
    """

    zones: tuple[str, ...]
    hours: WeeklyHours = ALWAYS
    holidays: tuple[Range, ...] = ()
    closed: tuple[Range, ...] = ()
    code: str = HOURS
    label: str = ""

    def between(self, start: int, end: int) -> Iterator[Range]:
        """Open ranges within ``[start, end)`` of UTC, in order, none touching another."""
        zones = self._get_distinct_zones(start, end)
        streams = [_merge(self._in_zone(zone, start, end)) for zone in zones]
        in_all_zones = _intersect(streams)
        return _without(in_all_zones, self.closed)

    def get_closing(self, minute: int) -> Closing | None:
        """Why it is closed in a minute of UTC; ``None`` when it is open."""
        if _holds(self.closed, minute):
            return Closing(HOLIDAY)
        if self.zones == (ANY_ZONE,):
            is_open = any(self._anywhere(minute, minute + 1))
            return None if is_open else Closing(self.code, self.label)

        # A holiday in one zone is the better answer, even where another zone is shut anyway.
        clocks = [(zone, minute + offset_at(zone, minute)) for zone in self.zones]
        for zone, clock in clocks:
            if _holds(self.holidays, clock):
                return Closing(HOLIDAY, self.label or zone)

        shut = [zone for zone, clock in clocks if not self.hours.is_open(clock)]
        if not shut:
            return None
        # The campaign's own hours are open, only not wherever the number may be.
        if self.code == HOURS and len(shut) < len(clocks):
            return Closing(ZONE, shut[0])
        return Closing(self.code, self.label or shut[0])

    def _get_distinct_zones(self, start: int, end: int) -> list[str]:
        """One zone of each that show the same time throughout."""
        if len(self.zones) == 1:
            return list(self.zones)
        by_clock = {}
        for zone in self.zones:
            offsets = tuple(stretches(zone, start, end))
            by_clock[offsets] = zone
        return list(by_clock.values())

    def _in_zone(self, zone: str, start: int, end: int) -> Iterator[Range]:
        """Open ranges within ``[start, end)`` of UTC for one zone, in order; they may touch."""
        if zone == ANY_ZONE:
            yield from self._anywhere(start, end)
            return
        for since, until, offset in stretches(zone, start, end):
            first, last = since + offset, until + offset
            for opens, closes in self._on_clock(first, last):
                yield opens - offset, closes - offset

    def _anywhere(self, start: int, end: int) -> Iterator[Range]:
        """Ranges of UTC that are open at some offset that clocks have."""
        # From what the clock that is furthest behind shows at first to the furthest ahead at last.
        first, last = start + LEAST_OFFSET, end + GREATEST_OFFSET
        for opens, closes in self._on_clock(first, last):
            since = max(opens - GREATEST_OFFSET, start)
            until = min(closes - LEAST_OFFSET, end)
            if since < until:
                yield since, until

    def _on_clock(self, start: int, end: int) -> Iterator[Range]:
        """Open ranges within ``[start, end)`` of the local wall clock."""
        return _without(self.hours.between(start, end), self.holidays)


class Opening(NamedTuple):
    """What `CallingHours.opening` found. Moments are naive UTC.

    :param opens_at: the moment asked when it is open, else the next open one; ``None``: none within
        `HORIZON`
    :param closes_at: first closed moment after that; ``None``: not known, at least `HORIZON` away
    :param reason: a key of `REASONS` when it is closed at the moment asked
    :param detail: the zone or the rule that is meant
    """

    is_open: bool
    opens_at: datetime | None
    closes_at: datetime | None = None
    reason: str | None = None
    detail: str = ""


class CallingHours:
    """Constraints that must all be open, within a date range, less the drain time (C4, N3).

    Keeps the openings that it has found: asking again costs a bisection. `calling_hours` shares one
    among equals.

    :param constraints: those first that are to be named first as the reason
    :param date_start: first open moment, naive UTC
    :param date_end: first moment that is closed for good, naive UTC
    :param drain_minutes: so long before it closes it counts as closed, so that the dialer ends in
        time
    :raise ValueError: a zone that is not known
    """

    def __init__(
        self,
        constraints: Iterable[Constraint],
        date_start: datetime | None = None,
        date_end: datetime | None = None,
        drain_minutes: int = 0,
    ) -> None:
        self.constraints = tuple(constraints)
        self.date_start = date_start
        self.date_end = date_end
        self.drain = drain_minutes * MINUTE
        for constraint in self.constraints:
            _require_known(constraint.zones)
        # Replaced as a whole, never changed: threads may share this object.
        self._found: _FoundOpenings | None = None
        self._closing: tuple[int, Closing] | None = None

    def opening(self, at: datetime) -> Opening:
        """The first open moment that is not earlier than ``at``, naive UTC."""
        found = self._found
        if found is None or not found.since <= at < found.until:
            found = self._found = self._find(at)

        # The first opening that has not closed by then: it is open, or the next to open.
        place = bisect_right(found.closes, at)
        if place == len(found.closes):
            reason, detail = self._get_closing(at)
            return Opening(False, None, reason=reason, detail=detail)

        opens_at, closes_at = found.opens[place], found.closes[place]
        until = None if closes_at is _FOREVER else closes_at
        if opens_at <= at:
            return Opening(True, at, until)
        reason, detail = self._get_closing(at)
        return Opening(False, opens_at, until, reason, detail)

    def between(self, start: datetime, end: datetime) -> Iterator[Interval]:
        """Openings within ``[start, end)``, in order; neither the date range nor the drain time is
        asked.
        """
        first = (start - EPOCH) // MINUTE
        # // rounds down: the minute in which it ends belongs to it.
        last = -((EPOCH - end) // MINUTE)
        for since, until in self._get_common(first, last):
            opens = max(start, EPOCH + since * MINUTE)
            closes = min(end, EPOCH + until * MINUTE)
            if opens < closes:
                yield opens, closes

    def _find(self, at: datetime) -> _FoundOpenings:
        """Openings from the day of ``at`` on, so many that none is missing for a moment within."""
        since = datetime.combine(at, time.min)
        until = since + _RENEW
        found = _FoundOpenings(since, until, [], [])
        first_day = max(since, self.date_start or since)
        for opens, closes in self._get_openings(first_day):
            found.opens.append(opens)
            found.closes.append(closes)
            # One that lies behind is needed too: it is the next for a moment shortly before.
            if opens >= until:
                break
        return found

    def _get_openings(self, start: datetime) -> Iterator[Interval]:
        """Openings of the next `HORIZON`; one that is still open then closes at `_FOREVER`."""
        begin = (start - EPOCH) // MINUTE
        end = begin + HORIZON // MINUTE
        for since, until in self._get_common(begin, end):
            opens = EPOCH + since * MINUTE
            closes = EPOCH + until * MINUTE
            if until == end:
                closes = _FOREVER
            opens, closes = self._trim(opens, closes)
            if opens < closes:
                yield opens, closes

    def _get_common(self, start: int, end: int) -> Iterator[Range]:
        """Ranges of UTC in which all constraints are open."""
        if not self.constraints:
            return iter([(start, end)])
        streams = [constraint.between(start, end) for constraint in self.constraints]
        return _intersect(streams)

    def _trim(self, opens: datetime, closes: datetime) -> Interval:
        """What the date range and the drain time leave of an opening; it may be nothing."""
        if self.date_start:
            opens = max(opens, self.date_start)
        if self.date_end:
            closes = min(closes, self.date_end)
        if closes is not _FOREVER:
            closes -= self.drain
        return opens, closes

    def _get_closing(self, at: datetime) -> Closing:
        """Why it is closed at a moment."""
        if self.date_start and at < self.date_start:
            return Closing(NOT_STARTED)
        if self.date_end and at >= self.date_end:
            return Closing(ENDED)

        # Many contacts ask in the same minute.
        minute = (at - EPOCH) // MINUTE
        known = self._closing
        if known is None or known[0] != minute:
            known = self._closing = minute, self._find_closing(minute)
        return known[1]

    def _find_closing(self, minute: int) -> Closing:
        """What the first closed constraint says; where none is, it must be the drain time."""
        for constraint in self.constraints:
            closing = constraint.get_closing(minute)
            if closing:
                return closing
        return Closing(DRAIN)


class _FoundOpenings(NamedTuple):
    """Openings in order, for moments in ``[since, until)``."""

    since: datetime
    until: datetime
    opens: list[datetime]
    closes: list[datetime]


@lru_cache(maxsize=4096)
def calling_hours(
    constraints: tuple[Constraint, ...],
    date_start: datetime | None = None,
    date_end: datetime | None = None,
    drain_minutes: int = 0,
) -> CallingHours:
    """The `CallingHours` of these values; equal ones share what they have found."""
    return CallingHours(constraints, date_start, date_end, drain_minutes)


def ranges(intervals: Iterable[Interval]) -> tuple[Range, ...]:
    """Closed ranges for `Constraint`, in minutes.

    :param intervals: ``(from, to)`` in any order, naive; a minute that is only partly in one is
        closed
    """
    spans = []
    for start, end in intervals:
        first = (start - EPOCH) // MINUTE
        # // rounds down: the end must be rounded up.
        last = -((EPOCH - end) // MINUTE)
        spans.append((first, last))
    return _join(spans)


def _require_known(zones: Iterable[str]) -> None:
    for zone in zones:
        if zone != ANY_ZONE and not is_zone(zone):
            raise ValueError(f"unknown time zone {zone!r}")


def _join(spans: Iterable[Range]) -> tuple[Range, ...]:
    """Spans in order, none empty and none touching another."""
    filled = (span for span in spans if span[0] < span[1])
    in_order = sorted(filled)
    return tuple(_merge(in_order))


def _merge(spans: Iterable[Range]) -> Iterator[Range]:
    """Join what touches or overlaps; the spans are in order."""
    ordered = iter(spans)
    first = next(ordered, None)
    if first is None:
        return
    since, until = first
    for start, end in ordered:
        if start <= until:
            until = max(until, end)
        else:
            yield since, until
            since, until = start, end
    yield since, until


def _without(spans: Iterable[Range], closed: tuple[Range, ...]) -> Iterator[Range]:
    """What the closed ranges leave of the spans; all in order."""
    for start, end in spans:
        # Ranges that end before this span are passed over.
        place = bisect_right(closed, start, key=_get_end)
        for closes, opens in closed[place:]:
            if closes >= end:
                break
            if start < closes:
                yield start, closes
            start = opens
        if start < end:
            yield start, end


def _intersect(streams: Sequence[Iterator[Range]]) -> Iterator[Range]:
    """What lies in a span of every stream, of which there is at least one."""
    spans = [next(stream, _NO_MORE) for stream in streams]
    while _NO_MORE not in spans:
        start = max(spans)[0]
        end = min(map(_get_end, spans))
        if start < end:
            yield start, end
        # What ends first is done with; the others may reach into what follows.
        for place, stream in enumerate(streams):
            if spans[place][1] == end:
                spans[place] = next(stream, _NO_MORE)


def _holds(spans: tuple[Range, ...], minute: int) -> bool:
    """Whether a minute lies in one of the spans, which are in order."""
    place = bisect_right(spans, minute, key=_get_end)
    if place == len(spans):
        return False
    start, _end = spans[place]
    return start <= minute


def _get_end(span: Range) -> int:
    return span[1]
