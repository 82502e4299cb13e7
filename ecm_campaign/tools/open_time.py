"""How much open time lies between two moments: values in, values out, no Odoo.

What waits at a dialer waits for hours in which somebody works, not for nights and weekends (F4).
Moments are naive UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from .calling_hours import CallingHours

# Who has hardly any hours does not wait for ever.
LONGEST_WAIT = timedelta(days=31)


def open_time(hours: CallingHours, start: datetime, end: datetime) -> timedelta:
    """How much of ``[start, end)`` the hours are open."""
    total = timedelta()
    for opens, closes in hours.between(start, end):
        total += closes - opens
    return total


def begin_of(
    hours: CallingHours, end: datetime, wanted: timedelta, longest: timedelta = LONGEST_WAIT
) -> datetime:
    """The latest moment from which on the hours were open for so long until ``end``: whoever has
    waited since then, or for longer, has had that time.

    :param wanted: more than nothing
    :param longest: time after which it is over all the same; at least ``wanted`` counts
    """
    earliest = end - max(longest, wanted)
    missing = wanted
    # The hours are read once, and counted from the end.
    for opens, closes in reversed(list(hours.between(earliest, end))):
        if closes - opens >= missing:
            return closes - missing
        missing -= closes - opens
    return earliest
