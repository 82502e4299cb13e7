"""Slots of a day: how many callbacks a skill and an agent take at once (requirement B2).

A slot begins at a multiple of its length since midnight on the skill's clock, so that one of an hour
begins at nine o'clock in India, too. Moments are naive UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Protocol
from zoneinfo import ZoneInfo

# Free slots before the wanted moment are looked for so far back.
LOOK_BACK = timedelta(days=3)
# So many slots are asked at most, before nothing is offered: months that are full are no help.
MOST_ASKED = 3000
MINUTE = timedelta(minutes=1)


class Hours(Protocol):
    """Whatever is open at times: ``tools.calling_hours.CallingHours`` of ``ecm_campaign``."""

    def between(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Openings within ``[start, end)``, in order."""


def slot_of(moment: datetime, minutes: int, zone: str) -> datetime:
    """The beginning of the slot that a moment lies in.

    :param minutes: length of a slot; divides a day
    """
    clock = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    past = (60 * clock.hour + clock.minute) % minutes
    return moment.replace(second=0, microsecond=0) - past * MINUTE


def slots_between(
    hours: Hours, minutes: int, zone: str, start: datetime, end: datetime
) -> Iterator[datetime]:
    """Beginnings of the slots within ``[start, end)`` that begin while it is open, in order."""
    for opens, closes in hours.between(start, end):
        slot = slot_of(opens, minutes, zone)
        # A slot that had begun before it opened is no whole one.
        if slot < opens:
            slot += minutes * MINUTE
        while slot < closes:
            yield slot
            slot += minutes * MINUTE


def nearest_free(
    slots: Callable[[datetime, datetime], Iterator[datetime]],
    is_free: Callable[[datetime], bool],
    wanted: datetime,
    first: datetime,
    last: datetime,
    count: int,
) -> list[datetime]:
    """The free slots that are nearest to a wanted moment.

    :param slots: the slots between two moments, in order
    :param is_free: whether a slot takes one more
    :param first: no slot before this moment is offered; ``last``: none from this one on
    :return: in their order in time, ``count`` at most
    """
    wanted = min(max(wanted, first), last)
    later = filter(is_free, islice(slots(wanted, last), MOST_ASKED))
    earlier = filter(is_free, islice(slots(max(first, wanted - LOOK_BACK), wanted), MOST_ASKED))
    found = [*[*earlier][-count:], *islice(later, count)]
    found.sort(key=lambda slot: abs(slot - wanted))
    return sorted(found[:count])
