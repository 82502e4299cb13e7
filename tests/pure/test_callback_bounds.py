"""Where a callback's rules begin and end, and what holds where nothing is set (B2)."""

import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from ecm_callback.tools import rules, states
from ecm_callback.tools.moments import read_moment, to_clock, to_iso
from ecm_callback.tools.rules import Places, Terms, find_time_problem
from ecm_callback.tools.slots import nearest_free, slot_of

NOW = datetime(2026, 7, 1, 7)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OPEN = SimpleNamespace(opening=lambda _at: SimpleNamespace(is_open=True, reason=None))
PLACES = Places(30, "UTC")


def terms(**values):
    return Terms(**{"now": NOW, "hours": OPEN, "calling_hours": OPEN, "places": PLACES, **values})


@pytest.mark.parametrize(
    ("at", "values", "problem"),
    [
        (NOW, {}, None),
        (NOW - MINUTE, {}, rules.IN_THE_PAST),
        (NOW + HOUR, {"lead": HOUR}, None),
        (NOW + HOUR - MINUTE, {"lead": HOUR}, rules.TOO_SOON),
        # A month ahead where nothing else is said.
        (NOW + 30 * DAY - MINUTE, {}, None),
        (NOW + 30 * DAY, {}, rules.TOO_FAR),
    ],
)
def test_a_time_is_soon_enough_and_not_too_soon(at, values, problem):
    assert find_time_problem(at, terms(**values)) == problem


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"agent_limit": 3, "agent_open": 2}, None),
        ({"agent_limit": 3, "agent_open": 3}, rules.AGENT_LIMIT),
        ({"agent_limit": 0, "agent_open": 99}, None),
        # Nothing is promised of somebody of whom nobody says so.
        ({"agent_limit": 1}, None),
    ],
)
def test_an_agent_takes_so_many_callbacks(values, problem):
    assert find_time_problem(NOW, terms(agent_places=PLACES, **values)) == problem


def test_a_slot_without_a_capacity_takes_any_number():
    assert Places(30, "UTC", taken={NOW: 99}).has_room(NOW)
    assert Places(30, "UTC", capacity=1).has_room(NOW)
    assert not Places(30, "UTC", capacity=1, taken={NOW: 1}).has_room(NOW + 29 * MINUTE)


@pytest.fixture
def elsewhere(monkeypatch):
    """A server whose clock is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_slot_begins_at_a_whole_minute_on_the_skills_clock(elsewhere):
    moment = datetime(2026, 7, 1, 7, 44, 59, 999_999)
    assert slot_of(moment, 60, "Europe/Berlin") == datetime(2026, 7, 1, 7)
    assert slot_of(moment, 60, "Asia/Kolkata") == datetime(2026, 7, 1, 7, 30)
    assert slot_of(datetime(2026, 7, 1, 7), 30, "UTC") == datetime(2026, 7, 1, 7)


def test_the_nearest_slots_are_offered_and_not_the_first_ones():
    free = [NOW + minutes * MINUTE for minutes in (-180, -120, 10, 20, 30)]

    def slots(start, end):
        return iter([slot for slot in free if start <= slot < end])

    def near(count):
        found = nearest_free(slots, lambda _slot: True, NOW, NOW - DAY, NOW + DAY, count)
        return [int((slot - NOW) / MINUTE) for slot in found]

    assert near(2) == [10, 20]
    assert near(4) == [-120, 10, 20, 30]


def test_a_customers_clock_is_the_same_on_every_server(elsewhere):
    assert to_clock(NOW, "Europe/Berlin") == NOW + 2 * HOUR
    assert to_iso(NOW, "Europe/Berlin") == "2026-07-01T09:00:00+02:00"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-01T09:00", NOW),
        (" 2026-07-01 09:00:00.9 ", NOW),
        # As much as anybody writes, and more than that.
        ("2026-07-01T09:00:00." + "0" * 20, NOW),
        ("2026-07-01T09:00:00." + "0" * 21, None),
        ("2026-07-01", None),
        ("9 o'clock", None),
    ],
)
def test_a_moment_is_a_day_and_a_time(text, moment):
    assert read_moment(text, "Europe/Berlin") == moment


@pytest.mark.parametrize(("seconds", "expected"), [(900, states.ON_TIME), (901, states.LATE)])
def test_a_call_may_be_late_by_so_many_minutes(seconds, expected):
    called_at = NOW + timedelta(seconds=seconds)
    assert states.punctuality(states.FINISHED, NOW, called_at, 15) == expected
