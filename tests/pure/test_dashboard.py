"""The numbers of the dashboard (R5)."""

import doctest
from datetime import UTC, datetime, timedelta

import pytest

from ecm_report.tools import dashboard
from ecm_report.tools.dashboard import (
    MOST_TRIES,
    Bucket,
    get_heat,
    get_penetration,
    get_period,
    get_ranking,
    get_series,
    to_utc,
)

BERLIN = "Europe/Berlin"
VOICE, BUSY = 1, 2
LIVE = {VOICE}
NOW = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def test_examples():
    assert doctest.testmod(dashboard).failed == 0


def test_today_is_the_zones_day():
    period = get_period("today", NOW, BERLIN, None, None)
    # In Berlin it is past midnight.
    assert period.first == datetime(2026, 7, 2)
    assert (period.start, period.end) == (datetime(2026, 7, 1, 22), datetime(2026, 7, 2, 22))
    assert period.unit == "hour"


@pytest.mark.parametrize(("name", "days"), [("yesterday", 1), ("week", 7), ("month", 30)])
def test_periods_end_with_whole_days(name, days):
    period = get_period(name, NOW, "UTC", None, None)
    assert period.last - period.first == timedelta(days=days)
    assert period.unit == ("hour" if days == 1 else "day")


def test_a_day_of_23_hours():
    day = datetime(2026, 3, 29)
    period = get_period("custom", NOW, BERLIN, day, day)
    assert period.end - period.start == timedelta(hours=23)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("ages", None, None),
        ("custom", None, None),
        ("custom", datetime(2026, 7, 2), datetime(2026, 7, 1)),
        ("custom", datetime(2020, 1, 1), datetime(2026, 1, 1)),
    ],
)
def test_no_period(name, first, last):
    with pytest.raises(ValueError, match=name):
        get_period(name, NOW, BERLIN, first, last)


def test_the_first_of_two_hours_where_the_clock_is_set_back():
    assert to_utc(datetime(2026, 10, 25, 2), BERLIN) == datetime(2026, 10, 25, 0)
    assert to_utc(datetime(2026, 10, 25, 3), BERLIN) == datetime(2026, 10, 25, 2)


def test_hours_without_a_call_are_a_gap():
    period = get_period("today", NOW, "UTC", None, None)
    nine, twelve = datetime(2026, 7, 1, 9), datetime(2026, 7, 1, 12)
    buckets = [Bucket(nine, VOICE, 2), Bucket(nine, BUSY, 3), Bucket(twelve, BUSY, 1)]
    series = get_series(buckets, [], LIVE, period)
    assert [line["made"] for line in series] == [5, 0, 0, 1]
    assert series[0]["reached"] == 2
    assert series[0]["forecast"] is None


def test_what_was_foretold_goes_on_after_the_calls():
    period = get_period("today", NOW, "UTC", None, None)
    nine, ten = datetime(2026, 7, 1, 9), datetime(2026, 7, 1, 10)
    forecast = [Bucket(nine, BUSY, 4), Bucket(ten, VOICE, 6)]
    series = get_series([Bucket(nine, BUSY, 1)], forecast, LIVE, period)
    assert [(line["made"], line["forecast"]) for line in series] == [(1, 4), (0, 6)]
    assert series[1]["forecast_reached"] == 6


def test_every_day_of_a_long_period():
    period = get_period("week", NOW, "UTC", None, None)
    series = get_series([Bucket(datetime(2026, 6, 30, 9), BUSY, 2)], [], LIVE, period)
    assert len(series) == 7
    assert sum(line["made"] for line in series) == 2


def test_the_best_hours_of_each_weekday():
    wednesday = datetime(2026, 7, 1, 9)
    sunday = datetime(2026, 7, 5, 11)
    heat = get_heat([Bucket(wednesday, VOICE, 1), Bucket(sunday, BUSY, 2)], LIVE)
    assert heat["hours"] == [9, 10, 11]
    days = {day["weekday"]: day["cells"] for day in heat["days"]}
    assert list(days) == [1, 2, 3, 4, 5, 6, 0]
    assert (days[3][0]["percent"], days[0][2]["percent"], days[1][0]["percent"]) == (100, 0, None)


def test_what_is_taken_back_is_not_told():
    assert get_ranking({1: 0, None: 2}) == [{"id": False, "count": 2, "percent": 100.0}]


def test_many_attempts_are_one_line():
    lines = get_penetration({0: (1, 0), 3: (2, 1), MOST_TRIES: (1, 0), MOST_TRIES + 5: (1, 1)})
    assert len(lines) == MOST_TRIES
    assert [line["called"] for line in lines] == [4] * 3 + [2] * (MOST_TRIES - 3)
    assert (lines[2]["reached"], lines[-1]["reached"], lines[-1]["is_last"]) == (1, 1, True)


def test_nobody_was_called():
    assert get_penetration({0: (5, 0)}) == []
    assert get_penetration({}) == []
