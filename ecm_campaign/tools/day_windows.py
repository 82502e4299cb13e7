"""Windows of a day as people write them: ``09:00–13:00, 14:00–20:00`` (requirement C4). Minutes
of the day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .time_zones import DAY_MINUTES

Window = tuple[int, int]

_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?"
_WINDOW = re.compile(rf"{_TIME}\s*(?:-|–|—|to)\s*{_TIME}", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,;&\n]|\band\b", re.IGNORECASE)


def parse_windows(text: str | None) -> tuple[Window, ...]:
    """Windows in order, those that touch joined; none where the day is closed.

    >>> parse_windows("14-20, 9:30 - 13"), parse_windows("9am-8pm"), parse_windows("")
    (((570, 780), (840, 1200)), ((540, 1200),), ())

    A window whose end lies before its start goes over midnight. ``ValueError`` carries the part
    that cannot be read.
    """
    parts = [part.strip() for part in _SEPARATORS.split(text or "")]
    windows = [_parse_window(part) for part in parts if part]
    return _join(windows)


def write_windows(windows: Iterable[Window]) -> str:
    """The same as text, empty where there are none.

    >>> write_windows([(570, 780), (840, 1200)])
    '09:30–13:00, 14:00–20:00'
    """
    return ", ".join(f"{_write(start)}–{_write(end)}" for start, end in windows)


def write_week(texts: Sequence[str], days: Sequence[str]) -> str:
    """What each day of a week has, neighbours that are alike together; days with an empty text are
    left out.

    :param days: what the days are called

    >>> write_week(["9–20", "9–20", "", "9–13"], ["Mon", "Tue", "Wed", "Thu"])
    'Mon–Tue 9–20; Thu 9–13'
    """
    alike: list[tuple[str, list[str]]] = []
    for text, day in zip(texts, days, strict=True):
        if not alike or alike[-1][0] != text:
            alike.append((text, []))
        alike[-1][1].append(day)

    parts = []
    for text, names in alike:
        label = names[0] if len(names) == 1 else f"{names[0]}–{names[-1]}"
        if text:
            parts.append(f"{label} {text}")
    return "; ".join(parts)


def _parse_window(part: str) -> Window:
    found = _WINDOW.fullmatch(part)
    if not found:
        raise ValueError(part)
    start = _minutes(part, *found.groups()[:3])
    end = _minutes(part, *found.groups()[3:])
    # 24:00 is an end only, and a window without a minute is a slip.
    if start in (end, DAY_MINUTES):
        raise ValueError(part)
    # 22:00–00:00 ends with the day.
    return start, end or DAY_MINUTES


def _minutes(part: str, hour: str, minute: str | None, half: str | None) -> int:
    hours, minutes = int(hour), int(minute or 0)
    if half and not 1 <= hours <= 12:
        raise ValueError(part)
    # 12 am is midnight, 12 pm is noon.
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    moment = hours * 60 + minutes
    if minutes > 59 or moment > DAY_MINUTES:
        raise ValueError(part)
    return moment


def _join(windows: Iterable[Window]) -> tuple[Window, ...]:
    """In order of their start; what touches or overlaps is one window."""
    joined: list[Window] = []
    for start, end in sorted(windows):
        # One that goes over midnight ends on the next day.
        stop = end if end > start else end + DAY_MINUTES
        if joined and start <= joined[-1][1] and _fits(joined[-1][0], stop):
            joined[-1] = joined[-1][0], max(joined[-1][1], stop)
        else:
            joined.append((start, stop))
    return tuple((start, _on_clock(stop)) for start, stop in joined)


def _fits(start: int, stop: int) -> bool:
    """Whether one window can say it: what goes over midnight ends before it began."""
    return stop <= DAY_MINUTES or stop - start < DAY_MINUTES


def _on_clock(stop: int) -> int:
    return stop if stop <= DAY_MINUTES else stop - DAY_MINUTES


def _write(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
