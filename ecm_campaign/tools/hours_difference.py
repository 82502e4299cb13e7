"""In which hours of a week one may call and the other does not: values in, values out, no Odoo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from .calling_hours import CallingHours
from .day_windows import write_week, write_windows
from .time_zones import DAY_MINUTES, EPOCH, MINUTE, offset_at

# Where clocks are put back, a week has an hour more; what is read twice is told once.
_WEEK = timedelta(days=7, hours=1)


class Span(NamedTuple):
    """Minutes of a day of the week, ``[start, end)``; Monday is 0."""

    weekday: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What only one of two has, on the clock of a zone.

    :ivar first: spans in which only the first is open; ``second`` likewise
    :ivar is_apart: whether they are never open at the same time
    """

    first: tuple[Span, ...]
    second: tuple[Span, ...]
    is_apart: bool


def compare(first: CallingHours, second: CallingHours, since: datetime, zone: str) -> Difference:
    """Compare the hours of a week.

    :param since: where the week begins, naive UTC
    :param zone: whose clock the spans are on
    """
    ours, theirs = _minutes(first, since), _minutes(second, since)
    only_ours = _spans(ours - theirs, zone)
    only_theirs = _spans(theirs - ours, zone)
    return Difference(only_ours, only_theirs, not ours & theirs)


def _minutes(hours: CallingHours, since: datetime) -> set[int]:
    """Open minutes of UTC since 1970."""
    found: set[int] = set()
    for opens, closes in hours.between(since, since + _WEEK):
        found.update(range((opens - EPOCH) // MINUTE, (closes - EPOCH) // MINUTE))
    return found


def _spans(minutes: Iterable[int], zone: str) -> tuple[Span, ...]:
    """Minutes of UTC as spans of the days that a zone's clock shows, in the order of the week."""
    # A clock that is put back shows the minutes of an hour twice.
    clock = set()
    for minute in minutes:
        # 1 January 1970 was a Thursday.
        shown = minute + offset_at(zone, minute) + 3 * DAY_MINUTES
        clock.add(shown % (7 * DAY_MINUTES))
    spans: list[Span] = []
    for minute in sorted(clock):
        weekday, of_day = divmod(minute, DAY_MINUTES)
        last = spans[-1] if spans else None
        if last and last.weekday == weekday and last.end == of_day:
            spans[-1] = last._replace(end=of_day + 1)
        else:
            spans.append(Span(weekday, of_day, of_day + 1))
    return tuple(spans)


def describe(spans: Iterable[Span], days: Sequence[str]) -> str:
    """Spans in words, days with the same hours together.

    :param days: what the days are called, Monday first

    >>> names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    >>> describe([Span(0, 480, 540), Span(1, 480, 540), Span(6, 0, 1440)], names)
    'Mon–Tue 08:00–09:00; Sun 00:00–24:00'
    """
    windows: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for span in spans:
        windows[span.weekday].append((span.start, span.end))
    texts = [write_windows(windows[weekday]) for weekday in range(7)]
    return write_week(texts, days)
