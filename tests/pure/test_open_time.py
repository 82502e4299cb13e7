"""Open time between two moments, and the moment from which on enough of it has passed (F4)."""

from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from ecm_campaign.tools.calling_hours import CallingHours, Constraint, WeeklyHours, ranges
from ecm_campaign.tools.open_time import LONGEST_WAIT, begin_of, open_time

from .examples import settings

HOUR = timedelta(hours=1)
# 27 November 2026 is a Friday.
OFFICE = [(day, 9 * 60, 20 * 60) for day in range(5)]
BERLIN = CallingHours([Constraint(("Europe/Berlin",), WeeklyHours.of(OFFICE))])
ALWAYS = CallingHours([])


def on(day, hour, minute=0):
    """A moment in November 2026 on Berlin's clock, as naive UTC."""
    return datetime(2026, 11, day, hour, minute) - HOUR


def test_a_night_is_not_open_time():
    assert open_time(BERLIN, on(26, 19), on(27, 10)) == 2 * HOUR


def test_without_hours_all_time_is_open():
    start = datetime(2026, 11, 27, 8, 30, 15)
    assert open_time(ALWAYS, start, start + 25 * HOUR) == 25 * HOUR
    assert begin_of(ALWAYS, start, 24 * HOUR) == start - 24 * HOUR


def test_what_was_sent_on_friday_evening_has_not_waited_on_saturday():
    sent = on(27, 19, 45)
    assert begin_of(BERLIN, on(28, 22), 24 * HOUR) < sent
    assert open_time(BERLIN, sent, on(30, 9)) == HOUR / 4
    # Friday 15 minutes, Monday and Tuesday eleven hours each, Wednesday the rest.
    over = datetime(2026, 12, 2, 9, 45)
    assert begin_of(BERLIN, over, 24 * HOUR) == sent


def test_a_whole_day_begins_when_it_opens():
    """And not with the end of the day before: it is the latest such moment."""
    assert begin_of(BERLIN, on(27, 20), 11 * HOUR) == on(27, 9)
    assert begin_of(BERLIN, on(27, 20), 22 * HOUR) == on(26, 9)


def test_holidays_do_not_count():
    christmas = ranges([(datetime(2026, 11, 30), datetime(2026, 12, 2))])
    closed = CallingHours([Constraint(("Europe/Berlin",), WeeklyHours.of(OFFICE), christmas)])
    assert open_time(closed, on(27, 19), datetime(2026, 12, 2, 9)) == 2 * HOUR


def test_whoever_has_hardly_any_hours_does_not_wait_for_ever():
    never = CallingHours([Constraint(("UTC",), WeeklyHours(()))])
    now = datetime(2026, 11, 28, 12)
    assert begin_of(never, now, 24 * HOUR) == now - timedelta(days=31)
    assert begin_of(never, now, 2 * LONGEST_WAIT) == now - 2 * LONGEST_WAIT


@st.composite
def weekly(draw):
    windows = st.tuples(st.integers(0, 6), st.integers(0, 1440), st.integers(0, 1440))
    return WeeklyHours.of(draw(st.lists(windows, min_size=1, max_size=6)))


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31))


@settings(300)
@given(weekly(), moments, st.integers(1, 60 * 60), st.sampled_from(["UTC", "Europe/Berlin"]))
def test_exactly_so_much_is_open_since_then(hours, end, minutes, zone):
    calling, wanted = CallingHours([Constraint((zone,), hours)]), timedelta(minutes=minutes)
    begin = begin_of(calling, end, wanted)
    assume(begin > end - LONGEST_WAIT)
    assert open_time(calling, begin, end) == wanted
    # One second later is too late: it is the latest such moment.
    assert open_time(calling, begin + timedelta(seconds=1), end) < wanted


@settings(300)
@given(weekly(), moments, moments)
def test_open_time_is_that_of_its_minutes(hours, first, second):
    start = min(first, second).replace(second=0, microsecond=0)
    end = min(start + timedelta(days=2), max(first, second).replace(second=0, microsecond=0))
    calling = CallingHours([Constraint(("Europe/Berlin",), hours)])
    minutes = (end - start) // timedelta(minutes=1)
    each = [start + timedelta(minutes=n) for n in range(minutes)]
    is_open = [calling.opening(moment).is_open for moment in each]
    assert open_time(calling, start, end) == timedelta(minutes=sum(is_open))
