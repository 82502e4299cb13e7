"""Whether a callback can be promised (B2), and what is offered instead."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ecm_callback.tools import rules
from ecm_callback.tools.moments import from_clock, read_moment, to_clock, to_iso
from ecm_callback.tools.rules import Places, Request, Terms, find_problem
from ecm_callback.tools.slots import nearest_free, slot_of, slots_between
from ecm_campaign.tools.calling_hours import CallingHours, Constraint, WeeklyHours, ranges

# A Wednesday, nine o'clock in Berlin.
NOW = datetime(2026, 7, 1, 7)
BERLIN = "Europe/Berlin"
NUMBER = "+493023125000"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

OFFICE = WeeklyHours.of([(day, 9 * 60, 17 * 60) for day in range(5)])
FRIDAY = ranges([(datetime(2026, 7, 3), datetime(2026, 7, 4))])
ALWAYS = CallingHours(())


def office(**values):
    return CallingHours([Constraint((BERLIN,), OFFICE, **values)])


def terms(**values):
    usual = {
        "now": NOW,
        "hours": office(holidays=FRIDAY),
        "calling_hours": ALWAYS,
        "places": Places(30, BERLIN, 2),
        "lead": 10 * MINUTE,
        "horizon": 14 * DAY,
    }
    return Terms(**{**usual, **values})


def problem(at=NOW + HOUR, number=NUMBER, **values):
    return find_problem(Request(number, at), terms(**values))


def test_a_good_request_passes():
    assert problem() is None


def test_1_the_number():
    assert problem(number=None) == rules.INVALID_NUMBER


def test_2_the_date():
    assert problem(at=None) == rules.INVALID_TIME


def test_3_the_past():
    assert problem(NOW - MINUTE) == rules.IN_THE_PAST


def test_4_the_skills_hours():
    assert problem(datetime(2026, 7, 1, 15)) == rules.SKILL_CLOSED
    assert problem(datetime(2026, 7, 4, 9)) == rules.SKILL_CLOSED
    assert problem(datetime(2026, 7, 1, 14, 59)) is None


def test_5_the_rules_of_all_callbacks():
    assert problem(NOW + 9 * MINUTE) == rules.TOO_SOON
    assert problem(NOW + 10 * MINUTE) is None
    assert problem(NOW + 14 * DAY) == rules.TOO_FAR
    law = CallingHours([Constraint((BERLIN,), WeeklyHours.of([(2, 13 * 60, 14 * 60)]))])
    assert problem(calling_hours=law) == rules.OUTSIDE_HOURS
    assert problem(datetime(2026, 7, 1, 11, 30), calling_hours=law) is None


def test_5_the_capacity_of_a_slot():
    slot = datetime(2026, 7, 1, 8)
    assert problem(slot + 29 * MINUTE, places=Places(30, BERLIN, 2, {slot: 1})) is None
    full = Places(30, BERLIN, 2, {slot: 2})
    assert problem(slot + 29 * MINUTE, places=full) == rules.SLOT_FULL
    assert problem(slot + 30 * MINUTE, places=full) is None
    assert problem(slot, places=replace(full, capacity=0)) is None


def test_5_the_agent_of_a_personal_callback():
    slot = datetime(2026, 7, 1, 8)
    free, busy = Places(30, BERLIN, 1), Places(30, BERLIN, 1, {slot: 1})
    on_leave = office(closed=ranges([(slot, slot + HOUR)]))
    assert problem(slot, agent_places=free, agent_hours=office()) is None
    assert problem(slot, agent_places=free, agent_hours=on_leave) == rules.AGENT_AWAY
    assert problem(slot, agent_places=busy) == rules.AGENT_FULL
    assert problem(slot, agent_places=free, agent_open=3, agent_limit=3) == rules.AGENT_LIMIT
    assert problem(slot, agent_places=free, agent_open=3) is None


def test_6_holidays():
    assert problem(datetime(2026, 7, 3, 9)) == rules.HOLIDAY
    campaign = CallingHours([Constraint((BERLIN,), OFFICE, FRIDAY)])
    assert problem(datetime(2026, 7, 3, 9), hours=office(), calling_hours=campaign) == rules.HOLIDAY


def test_each_code_is_known_once():
    assert len(set(rules.CODES)) == len(rules.CODES)
    assert set(rules.ABOUT_TIME) < set(rules.CODES)


@pytest.mark.parametrize(
    ("at", "minutes", "zone", "slot"),
    [
        (datetime(2026, 7, 1, 8, 44, 59), 30, BERLIN, datetime(2026, 7, 1, 8, 30)),
        (datetime(2026, 7, 1, 8, 44), 60, BERLIN, datetime(2026, 7, 1, 8)),
        # Half an hour from whole ones.
        (datetime(2026, 7, 1, 8, 44), 60, "Asia/Kolkata", datetime(2026, 7, 1, 8, 30)),
        # The hour that comes twice has two slots.
        (datetime(2026, 10, 25, 0, 20), 60, BERLIN, datetime(2026, 10, 25, 0)),
        (datetime(2026, 10, 25, 1, 20), 60, BERLIN, datetime(2026, 10, 25, 1)),
    ],
)
def test_slots_begin_on_the_skills_clock(at, minutes, zone, slot):
    assert slot_of(at, minutes, zone) == slot


def offered(wanted, is_free=lambda slot: True, count=3, first=NOW, last=NOW + 14 * DAY):
    hours = office(holidays=FRIDAY)

    def slots(start, end):
        return slots_between(hours, 60, BERLIN, start, end)

    return nearest_free(slots, is_free, wanted, first, last, count)


def test_the_nearest_free_slots_are_offered():
    taken = {datetime(2026, 7, 1, 9), datetime(2026, 7, 1, 10)}
    found = offered(datetime(2026, 7, 1, 9), lambda slot: slot not in taken)
    assert found == [datetime(2026, 7, 1, hour) for hour in (7, 8, 11)]


def test_after_hours_and_before_a_holiday_the_next_open_day_is_offered():
    found = offered(datetime(2026, 7, 3, 9), count=2, first=datetime(2026, 7, 2, 14, 30))
    # Thursday's last hour has begun; Friday is a holiday.
    assert found == [datetime(2026, 7, 6, 7), datetime(2026, 7, 6, 8)]


def test_what_is_beyond_the_horizon_gets_the_last_slots():
    found = offered(NOW + 400 * DAY, last=datetime(2026, 7, 2, 12))
    assert found == [datetime(2026, 7, 2, hour) for hour in (9, 10, 11)]


def test_nothing_is_offered_where_all_is_full():
    assert offered(NOW, lambda slot: False) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-01T14:30", datetime(2026, 7, 1, 12, 30)),
        (" 2026-07-01 14:30:15 ", datetime(2026, 7, 1, 12, 30, 15)),
        ("2026-07-01T14:30Z", datetime(2026, 7, 1, 14, 30)),
        ("2026-07-01T14:30:00.5-04:00", datetime(2026, 7, 1, 18, 30)),
        # Skipped in spring; twice in autumn.
        ("2026-03-29T02:30", None),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30)),
        ("2026-07-01", None),
        ("tomorrow", None),
        ("2026-13-01T10:00", None),
        ("0001-01-01T00:00+14:00", None),
        ("2" * 5000 + "T", None),
        ("", None),
    ],
)
def test_moments_as_they_are_written(text, moment):
    assert read_moment(text, BERLIN) == moment


def test_clocks():
    moment = datetime(2026, 7, 1, 12, 30)
    assert to_clock(moment, BERLIN) == datetime(2026, 7, 1, 14, 30)
    assert from_clock(to_clock(moment, BERLIN), BERLIN) == moment
    assert to_iso(moment, BERLIN) == "2026-07-01T14:30:00+02:00"
