"""The numbers of the dashboard from what the database has counted (requirement R5)."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from odoo.addons.ecm_campaign.tools.campaign_results import WEEKDAYS, percent

# Longer periods are shown by day.
HOURLY_DAYS = 2
MOST_DAYS = 366
# More attempts than this are one line: "so many or more".
MOST_TRIES = 10
PERIODS = ("today", "yesterday", "week", "month", "custom")


class Bucket(NamedTuple):
    """Attempts with one outcome in one hour of a zone's clock."""

    at: datetime
    outcome_id: int | None
    attempts: int


class Period(NamedTuple):
    """Days of a zone's clock, the last one not included, as ``start`` and ``end`` in naive UTC."""

    first: datetime
    last: datetime
    start: datetime
    end: datetime

    @property
    def unit(self) -> str:
        """What the chart shows: hours or days."""
        is_short = self.last - self.first <= timedelta(days=HOURLY_DAYS)
        return "hour" if is_short else "day"


def get_period(
    name: str, now: datetime, zone: str, first: datetime | None, last: datetime | None
) -> Period:
    """The days that somebody looks at.

    :param now: aware
    :param first: midnight of the first day, for ``custom``; ``last`` of the last one
    :raise ValueError: there is no such period, or it ends before it begins or is too long

    >>> from datetime import UTC
    >>> noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    >>> period = get_period("yesterday", noon, "Europe/Berlin", None, None)
    >>> period.start, period.end
    (datetime.datetime(2026, 6, 29, 22, 0), datetime.datetime(2026, 6, 30, 22, 0))
    """
    today = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None, hour=0, minute=0, second=0)
    today = today.replace(microsecond=0)
    day = timedelta(days=1)
    begins = {
        "today": today,
        "yesterday": today - day,
        "week": today - 6 * day,
        "month": today - 29 * day,
        "custom": first,
    }
    begin = begins.get(name)
    until = {"yesterday": today, "custom": last and last + day}.get(name, today + day)
    if not begin or not until or not begin < until <= begin + MOST_DAYS * day:
        raise ValueError(name)
    return Period(begin, until, to_utc(begin, zone), to_utc(until, zone))


def to_utc(moment: datetime, zone: str) -> datetime:
    """A moment on a zone's clock in naive UTC; the first of two where the clock is set back.

    >>> to_utc(datetime(2026, 7, 1, 12), "Europe/Berlin")
    datetime.datetime(2026, 7, 1, 10, 0)
    """
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def get_series(
    buckets: Sequence[Bucket],
    forecast: Sequence[Bucket],
    live: Collection[int | None],
    period: Period,
) -> list[dict[str, Any]]:
    """Attempts by hour or day beside what a dry run has foretold, from the first hour of either to
    the last.

    :param live: ids of the outcomes that mean that a person was reached
    :return: list of dicts of ``key`` (ISO, on the zone's clock), ``made``, ``reached``,
        ``forecast`` and ``forecast_reached``, which are None where nothing was foretold
    """
    made, reached = _sum_up(buckets, live, period.unit)
    foretold, foretold_reached = _sum_up(forecast, live, period.unit)
    moments = sorted({*made, *foretold})
    if period.unit == "day":
        moments = [period.first]
    if not moments:
        return []

    # Hours without a call are a gap that is to be seen.
    step = timedelta(**{f"{period.unit}s": 1})
    last = max([period.last - step] if period.unit == "day" else [*made, *foretold])
    moment, lines = moments[0], []
    while moment <= last:
        line = {"key": moment.isoformat(), "made": made[moment], "reached": reached[moment]}
        line["forecast"] = foretold[moment] if foretold else None
        line["forecast_reached"] = foretold_reached[moment] if foretold else None
        lines.append(line)
        moment += step
    return lines


def _sum_up(
    buckets: Sequence[Bucket], live: Collection[int | None], unit: str
) -> tuple[Counter[datetime], Counter[datetime]]:
    made: Counter[datetime] = Counter()
    reached: Counter[datetime] = Counter()
    for bucket in buckets:
        at = bucket.at.replace(hour=0) if unit == "day" else bucket.at
        made[at] += bucket.attempts
        if bucket.outcome_id in live:
            reached[at] += bucket.attempts
    return made, reached


def get_heat(buckets: Sequence[Bucket], live: Collection[int | None]) -> dict[str, Any]:
    """How many attempts reached a person by weekday and hour.

    :return: dict of ``hours`` (that have any) and ``days``: of each weekday, as Odoo's domains count
        them, its ``cells`` in the order of the hours
    """
    made: Counter[tuple[int, int]] = Counter()
    reached: Counter[tuple[int, int]] = Counter()
    for bucket in buckets:
        key = bucket.at.isoweekday() % 7, bucket.at.hour
        made[key] += bucket.attempts
        if bucket.outcome_id in live:
            reached[key] += bucket.attempts
    if not made:
        return {"hours": [], "days": []}

    found = [hour for _weekday, hour in made]
    hours = list(range(min(found), max(found) + 1))
    days = []
    for weekday in WEEKDAYS:
        cells = [_get_cell(made[weekday, hour], reached[weekday, hour], hour) for hour in hours]
        days.append({"weekday": weekday, "cells": cells})
    return {"hours": hours, "days": days}


def _get_cell(made: int, reached: int, hour: int) -> dict[str, Any]:
    return {"hour": hour, "made": made, "reached": reached, "percent": percent(reached, made)}


def get_ranking(counts: Mapping[int | None, int]) -> list[dict[str, Any]]:
    """What was counted, the most frequent first, each with its share of all.

    >>> get_ranking({1: 1, 2: 3})
    [{'id': 2, 'count': 3, 'percent': 75.0}, {'id': 1, 'count': 1, 'percent': 25.0}]
    """
    whole = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0] or 0))
    lines = []
    for key, count in ranked:
        if count:
            lines.append({"id": key or False, "count": count, "percent": percent(count, whole)})
    return lines


def get_penetration(tries: Mapping[int, tuple[int, int]]) -> list[dict[str, Any]]:
    """How far into their attempts contacts are.

    :param tries: ``{attempts made: (contacts, of which reached)}``
    :return: list of dicts of ``tries``, ``called`` (contacts with at least so many attempts, and
        their ``percent`` of all), ``reached`` (contacts that were reached and have exactly so many)
        and ``reached_percent`` of those called; the last one is of ``MOST_TRIES`` or more

    >>> get_penetration({0: (2, 0), 1: (1, 1), 2: (1, 0)})[0]["called"]
    2
    """
    whole = sum(count for count, _reached in tries.values())
    most = min(max(tries, default=0), MOST_TRIES)
    lines = []
    for number in range(1, most + 1):
        called = sum(counts[0] for made, counts in tries.items() if made >= number)
        reached = _count_reached(tries, number)
        lines.append(
            {
                "tries": number,
                "called": called,
                "percent": percent(called, whole),
                "reached": reached,
                "reached_percent": percent(reached, called),
                "is_last": number == MOST_TRIES,
            }
        )
    return lines


def _count_reached(tries: Mapping[int, tuple[int, int]], number: int) -> int:
    """Reached with exactly so many attempts; with so many or more in the last line."""
    if number == MOST_TRIES:
        return sum(counts[1] for made, counts in tries.items() if made >= number)
    return tries.get(number, (0, 0))[1]
