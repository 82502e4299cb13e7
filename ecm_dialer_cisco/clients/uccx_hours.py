"""When a UCCX calls, as its interface says it: times of the day, and names of zones."""

from __future__ import annotations

import re

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(:[0-5]\d)?")
# No later end of a day can be set.
_LAST_MINUTE = 23 * 60 + 59
_DAY = 24 * 60


def minutes_of(start: str, end: str) -> tuple[int, int] | None:
    """From when to when, in minutes of the day; None for what cannot be read.

    >>> minutes_of("8:00", "21:00"), minutes_of("00:00", "23:59"), minutes_of("", "21:00")
    ((480, 1260), (0, 1440), None)
    """
    first, last = _TIME.fullmatch(start.strip()), _TIME.fullmatch(end.strip())
    if not first or not last:
        return None
    begin = int(first[1]) * 60 + int(first[2])
    stop = int(last[1]) * 60 + int(last[2])
    return begin, _DAY if stop == _LAST_MINUTE else stop
