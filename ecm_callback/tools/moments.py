"""When a customer wants to be called, in their own time (requirements B2, B9)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_LONGEST = 40


def read_moment(text: str, zone: str) -> datetime | None:
    """A moment as forms, gadgets and other systems write it: ISO 8601, with an offset from UTC or on
    the clock of a zone.

    >>> read_moment("2026-07-01T14:30", "Europe/Berlin")
    datetime.datetime(2026, 7, 1, 12, 30)
    >>> read_moment("2026-07-01T14:30+01:00", "Europe/Berlin")
    datetime.datetime(2026, 7, 1, 13, 30)

    :param zone: IANA name, known to this server
    :return: naive UTC in whole seconds; None for what is no moment, or one that the zone's clock skips
    """
    # A day alone says nothing about when.
    text = text.strip()
    if len(text) > _LONGEST or not ("T" in text or " " in text):
        return None
    try:
        moment = datetime.fromisoformat(text).replace(microsecond=0)
        if moment.tzinfo is None:
            return from_clock(moment, zone)
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def from_clock(clock: datetime, zone: str) -> datetime | None:
    """The moment when a zone's clock shows a time, the first of two in autumn.

    :param clock: naive
    :return: naive UTC; None for a time that the clock skips in spring
    """
    moment = clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
    return moment if to_clock(moment, zone) == clock else None


def to_clock(moment: datetime, zone: str) -> datetime:
    """What a zone's clock shows.

    :param moment: naive UTC
    :return: naive
    """
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def to_iso(moment: datetime, zone: str) -> str:
    """A moment for other systems, on the clock of a zone and with its offset.

    >>> to_iso(datetime(2026, 7, 1, 12, 30), "Europe/Berlin")
    '2026-07-01T14:30:00+02:00'
    """
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).isoformat()
