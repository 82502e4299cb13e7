"""Time zones as stretches of constant offset (requirement N3). Minutes are whole ones since
1970-01-01 00:00.

UTC minute + offset = minute on the local wall clock. Cutting the UTC timeline where a zone's offset
changes leaves plain sums within each stretch: minutes that the clock skips in spring are in none,
those it repeats in autumn are in two.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH = datetime(1970, 1, 1)
MINUTE = timedelta(minutes=1)
DAY_MINUTES = 24 * 60
# Clocks are at most so far from UTC: Etc/GMT+12 and Pacific/Kiritimati.
LEAST_OFFSET = -12 * 60
GREATEST_OFFSET = 14 * 60

# Looked at so often, in minutes: between two looks an offset does not change and change back (a
# test holds it).
_STEP = 7 * DAY_MINUTES

Stretch = tuple[int, int, int]


@lru_cache(maxsize=2048)
def is_zone(name: str | None) -> bool:
    """Whether `zoneinfo` knows the zone; any text may be asked."""
    if not name:
        return False
    # No such key, a path out of the database, a folder of it: each has its own error.
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def stretches(zone: str, start: int, end: int) -> Iterator[Stretch]:
    """Cut ``[start, end)`` of UTC where the zone's offset changes.

    :param zone: a name of the IANA database
    :return: ``(from, to, offset)`` in order and without gaps, all in minutes
    :raise zoneinfo.ZoneInfoNotFoundError: no such zone
    """
    since, offset = start, 0
    for change, new_offset in _offsets_between(zone, start, end):
        # Before the start a change tells only which offset holds there.
        if change > start and new_offset != offset:
            yield since, change, offset
            since = change
        offset = new_offset
    if since < end:
        yield since, end, offset


def _offsets_between(zone: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """``(UTC minute, offset from then on)`` from the first of ``start``'s year on to ``end``."""
    for year in range(_year(start), _year(end) + 1):
        for change, offset in _offsets_of_year(zone, year):
            if change >= end:
                return
            yield change, offset


def offset_at(zone: str, minute: int) -> int:
    """Offset from UTC at a UTC minute, in minutes; one that is no whole minute is rounded down."""
    offset = 0
    for change, new_offset in _offsets_of_year(zone, _year(minute)):
        if change > minute:
            break
        offset = new_offset
    return offset


def show_the_same(zone: str, other: str, year: int) -> bool:
    """Whether clocks of two zones show the same time all through a year, as those of New York and
    Detroit do.
    """
    return zone == other or _offsets_of_year(zone, year) == _offsets_of_year(other, year)


@lru_cache(maxsize=4096)
def _offsets_of_year(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """``(UTC minute, offset from then on)``: first the year's first minute, then its changes."""
    info = ZoneInfo(zone)
    minute = _minute(datetime(year, 1, 1))
    last = _minute(datetime(year + 1, 1, 1))
    offset = _offset(info, minute)
    changes = [(minute, offset)]
    while minute < last:
        following = min(minute + _STEP, last)
        # In a step the offset changes once at most, so the first change may be looked for.
        if _offset(info, following) != offset:
            following = _first_change(info, minute, following)
            offset = _offset(info, following)
            changes.append((following, offset))
        minute = following
    return tuple(changes)


def _first_change(info: ZoneInfo, before: int, after: int) -> int:
    """First minute of another offset than at ``before``, by bisection."""
    offset = _offset(info, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(info, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(info: ZoneInfo, minute: int) -> int:
    moment = datetime.fromtimestamp(minute * 60, info)
    offset = moment.utcoffset() or timedelta(0)
    return offset // MINUTE


def _minute(moment: datetime) -> int:
    return (moment - EPOCH) // MINUTE


def _year(minute: int) -> int:
    return (EPOCH + minute * MINUTE).year
