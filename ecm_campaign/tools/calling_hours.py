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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    ZONE: "The number may be in several time zones, and the calling hours are not open in all of them.",
    DRAIN: "The calling hours end soon: what is at the dialer is called first.",
}

Range = tuple[int, int]
Interval = tuple[datetime, datetime]

_WEEK_MINUTES = 7 * DAY_MINUTES
# From the Monday that begins a first week as Odoo counts them (Monday, 5 January 1970) to minute 0.
_CYCLE_SHIFT = -4 * DAY_MINUTES
_FOREVER = datetime.max
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
            begin = weekday * DAY_MINUTES + start
            stop = begin + (end - start if end >= start else end + DAY_MINUTES - start)
            spans += [(begin, min(stop, cycle)), (0, max(stop - cycle, 0))]
        return cls(tuple(_merge(sorted(span for span in spans if span[0] < span[1]))), weeks)

    @property
    def is_always(self) -> bool:
        """Whether there is no closed minute."""
        return self.spans == ((0, self.weeks * _WEEK_MINUTES),)

    def is_open(self, minute: int) -> bool:
        """:param minute: of the local wall clock"""
        place = (minute + _CYCLE_SHIFT) % (self.weeks * _WEEK_MINUTES)
        return any(start <= place < end for start, end in self.spans)

    def between(self, start: int, end: int) -> Iterator[Range]:
        """Open ranges within ``[start, end)`` of the local wall clock, in order; they may touch."""
        if self.is_always:
            yield start, end
            return
        if not self.spans:
            return
        cycle = self.weeks * _WEEK_MINUTES
        origin = start - (start + _CYCLE_SHIFT) % cycle
        while origin < end:
            for opens, closes in self.spans:
                since, until = max(origin + opens, start), min(origin + closes, end)
                if since < until:
                    yield since, until
            origin += cycle


ALWAYS = WeeklyHours(((0, _WEEK_MINUTES),))
NEVER = WeeklyHours(())


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
        streams = [
            _merge(self._in_zone(zone, start, end)) for zone in self._get_distinct_zones(start, end)
        ]
        return _without(_intersect(streams), self.closed)

    def get_closing(self, minute: int) -> tuple[str, str] | None:
        """Why it is closed in a minute of UTC.

        :return: reason code and the zone or rule meant; ``None`` when it is open
        """
        if _holds(self.closed, minute):
            return HOLIDAY, ""
        if self.zones == (ANY_ZONE,):
            return None if any(self._anywhere(minute, minute + 1)) else (self.code, self.label)
        clocks = [(zone, minute + offset_at(zone, minute)) for zone in self.zones]
        for zone, clock in clocks:
            if _holds(self.holidays, clock):
                return HOLIDAY, zone
        shut = [zone for zone, clock in clocks if not self.hours.is_open(clock)]
        if not shut:
            return None
        is_partly_open = self.code == HOURS and len(shut) < len(clocks)
        return (ZONE, shut[0]) if is_partly_open else (self.code, self.label or shut[0])

    def _get_distinct_zones(self, start: int, end: int) -> list[str]:
        """One zone of each that show the same time throughout."""
        if len(self.zones) == 1:
            return list(self.zones)
        return list({tuple(stretches(zone, start, end)): zone for zone in self.zones}.values())

    def _in_zone(self, zone: str, start: int, end: int) -> Iterator[Range]:
        if zone == ANY_ZONE:
            yield from self._anywhere(start, end)
            return
        for since, until, offset in stretches(zone, start, end):
            for opens, closes in self._on_clock(since + offset, until + offset):
                yield opens - offset, closes - offset

    def _anywhere(self, start: int, end: int) -> Iterator[Range]:
        """Ranges of UTC that are open at some offset that clocks have."""
        for opens, closes in self._on_clock(start + LEAST_OFFSET, end + GREATEST_OFFSET):
            since, until = max(opens - GREATEST_OFFSET, start), min(closes - LEAST_OFFSET, end)
            if since < until:
                yield since, until

    def _on_clock(self, start: int, end: int) -> Iterator[Range]:
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
        unknown = [
            zone
            for part in self.constraints
            for zone in part.zones
            if zone != ANY_ZONE and not is_zone(zone)
        ]
        if unknown:
            raise ValueError(f"unknown time zone {unknown[0]!r}")
        # Replaced as a whole, never changed: threads may share this object.
        self._found: _Found | None = None
        self._reason: tuple[int, tuple[str, str]] | None = None

    def opening(self, at: datetime) -> Opening:
        """The first open moment that is not earlier than ``at``, naive UTC."""
        found = self._found
        if found is None or not found.since <= at < found.until:
            found = self._found = self._find(at)
        place = bisect_right(found.closes, at)
        if place == len(found.closes):
            return Opening(False, None, None, *self._get_reason(at))
        opens_at, closes_at = found.opens[place], found.closes[place]
        until = None if closes_at is _FOREVER else closes_at
        if opens_at <= at:
            return Opening(True, at, until)
        return Opening(False, opens_at, until, *self._get_reason(at))

    def _find(self, at: datetime) -> _Found:
        """Openings from the day of ``at`` on, for so long that none is missing for a moment within."""
        since = at.replace(hour=0, minute=0, second=0, microsecond=0)
        until = since + _RENEW
        found = _Found(since, until, [], [])
        for opens, closes in self._get_openings(max(since, self.date_start or since)):
            found.opens.append(opens)
            found.closes.append(closes)
            if opens >= until:
                break
        return found

    def _get_openings(self, start: datetime) -> Iterator[Interval]:
        """Openings of the next `HORIZON`; one that is still open then closes at `_FOREVER`."""
        begin = (start - EPOCH) // MINUTE
        end = begin + HORIZON // MINUTE
        for since, until in _intersect(
            [constraint.between(begin, end) for constraint in self.constraints], begin, end
        ):
            opens = EPOCH + since * MINUTE
            closes = _FOREVER if until == end else EPOCH + until * MINUTE
            if self.date_start:
                opens = max(opens, self.date_start)
            if self.date_end:
                closes = min(closes, self.date_end)
            if closes is not _FOREVER:
                closes -= self.drain
            if opens < closes:
                yield opens, closes

    def _get_reason(self, at: datetime) -> tuple[str, str]:
        if self.date_start and at < self.date_start:
            return NOT_STARTED, ""
        if self.date_end and at >= self.date_end:
            return ENDED, ""
        minute = (at - EPOCH) // MINUTE
        if self._reason is None or self._reason[0] != minute:
            closings = filter(
                None, (constraint.get_closing(minute) for constraint in self.constraints)
            )
            self._reason = minute, next(closings, (DRAIN, ""))
        return self._reason[1]


class _Found(NamedTuple):
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
    rounded = sorted(
        ((start - EPOCH) // MINUTE, -((EPOCH - end) // MINUTE)) for start, end in intervals
    )
    return tuple(_merge((start, end) for start, end in rounded if start < end))


def _merge(spans: Iterable[Range]) -> Iterator[Range]:
    """Join what touches or overlaps; the spans are in order."""
    since = until = None
    for start, end in spans:
        if until is not None and since is not None and start <= until:
            until = max(until, end)
            continue
        if since is not None and until is not None:
            yield since, until
        since, until = start, end
    if since is not None and until is not None:
        yield since, until


def _without(spans: Iterable[Range], closed: tuple[Range, ...]) -> Iterator[Range]:
    """What the closed ranges leave of the spans; all in order."""
    for start, end in spans:
        place = bisect_right(closed, start, key=_get_end)
        while place < len(closed) and closed[place][0] < end:
            if start < closed[place][0]:
                yield start, closed[place][0]
            start = closed[place][1]
            place += 1
        if start < end:
            yield start, end


def _intersect(streams: list[Iterator[Range]], *whole: int) -> Iterator[Range]:
    """What lies in a span of every stream.

    :param whole: start and end of what lies in all where there is no stream
    """
    if not streams:
        yield whole[0], whole[1]
        return
    heads = [next(stream, None) for stream in streams]
    while all(heads):
        spans = [head for head in heads if head]
        start, end = max(span[0] for span in spans), min(span[1] for span in spans)
        if start < end:
            yield start, end
        heads = [
            next(stream, None) if span[1] == end else span
            for stream, span in zip(streams, spans, strict=True)
        ]


def _holds(spans: tuple[Range, ...], minute: int) -> bool:
    place = bisect_right(spans, minute, key=_get_end)
    return place < len(spans) and spans[place][0] <= minute


def _get_end(span: Range) -> int:
    return span[1]
