"""Calling hours against a clock that is asked minute by minute: every zone, both changes of the
clock (C4, N3).
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools import calling_hours as hours
from ecm_campaign.tools.calling_hours import ANY_ZONE, CallingHours, Constraint, WeeklyHours, ranges
from ecm_campaign.tools.time_zones import EPOCH, MINUTE, is_zone, stretches
from tests.pure.examples import settings

UTC = ZoneInfo("UTC")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONES = sorted(available_timezones() - {"Factory", "localtime"})
YEARS = (datetime(2026, 1, 1), datetime(2028, 1, 1))

OFFICE = [(day, 9 * 60, 20 * 60) for day in range(6)]
# Where clocks change in the night: 02:30–03:30 exists in part, twice, or around the change.
NIGHT = (
    [(day, 150, 210) for day in range(7)]
    + [(day, 23 * 60, 60) for day in range(7)]
    + [(6, 4 * 60, 24 * 60)]
)


# -- the oracle -------------------------------------------------------------------------------------------------------


@cache
def clock(zone):
    return ZoneInfo(zone)


def shows(moment, zone):
    """What a wall clock in the zone shows at a moment of UTC."""
    return moment.replace(tzinfo=UTC).astimezone(clock(zone)).replace(tzinfo=None)


def is_in_windows(local, windows, weeks=1):
    """Read off the windows as a person would."""
    minute = local.hour * 60 + local.minute
    week = (
        (local.toordinal() - 1) // 7 % weeks
    )  # as resource.calendar.attendance.get_week_type counts
    for weekday, start, end in windows:
        today = local.weekday() + 7 * week
        yesterday = (today - 1) % (7 * weeks)
        if start <= end and today == weekday and start <= minute < end:
            return True
        if start > end and (
            (today == weekday and minute >= start) or (yesterday == weekday and minute < end)
        ):
            return True
    return False


def is_open(moment, zones, windows, holidays=(), weeks=1):
    for zone in zones:
        local = shows(moment, zone)
        if not is_in_windows(local, windows, weeks) or local.date() in holidays:
            return False
    return True


def minutes(start, end):
    moment = start
    while moment < end:
        yield moment
        moment += MINUTE


def open_minutes(calling, start, end):
    """The minutes of ``[start, end)`` that are open according to `CallingHours`, asked as the
    engine asks.
    """
    found = set()
    moment = start
    while moment < end:
        opening = calling.opening(moment)
        if opening.opens_at is None:
            break
        assert opening.opens_at >= moment
        found.update(minutes(opening.opens_at, min(end, opening.closes_at or end)))
        moment = opening.closes_at or end
    return found


def whole_days(*days):
    return ranges(
        (datetime.combine(day, time.min), datetime.combine(day, time.min) + DAY) for day in days
    )


@cache
def changes(zone):
    """Two years looked at every six hours, and hour by hour where something changed: ``(hour before,
    offset before, offset after)`` wherever the offset changes. No two changes lie so close.
    """
    found = []
    first, last = ((moment - EPOCH) // timedelta(seconds=1) for moment in YEARS)
    for start in range(first, last, 6 * 3600):
        before = offset_of(start, zone)
        if offset_of(start + 6 * 3600, zone) == before:
            continue
        for second in range(start + 3600, start + 7 * 3600, 3600):
            offset = offset_of(second, zone)
            if offset != before:
                found.append((EPOCH + timedelta(seconds=second) - HOUR, before, offset))
                before = offset
    return found


def offset_of(second, zone):
    return datetime.fromtimestamp(second, clock(zone)).utcoffset()


# -- every zone -------------------------------------------------------------------------------------------------------


def test_offsets_of_every_zone_over_two_years():
    """No change of the clock is missed, also where two follow each other closely (Ramadan in
    Morocco).
    """
    start, end = ((moment - EPOCH) // MINUTE for moment in YEARS)
    for zone in ZONES:
        pieces = list(stretches(zone, start, end))
        assert [start, *(until for _since, until, _offset in pieces)] == [
            since for since, *_rest in pieces
        ] + [end]
        assert len(pieces) == len(changes(zone)) + 1, zone
        for (hour, before, after), earlier, later in zip(
            changes(zone), pieces, pieces[1:], strict=False
        ):
            assert (earlier[2] * MINUTE, later[2] * MINUTE) == (before, after), zone
            assert hour < EPOCH + later[0] * MINUTE <= hour + HOUR, zone
            assert offset_of((later[0] - 1) * 60, zone) == before, zone
            assert offset_of(later[0] * 60, zone) == after, zone


def test_every_zone_around_every_change_of_its_clock():
    weekly = WeeklyHours.of(NIGHT)
    for zone in ZONES:
        calling = CallingHours([Constraint((zone,), weekly)])
        for change, _before, _after in changes(zone) or [(datetime(2026, 3, 29), 0, 0)]:
            start, end = change - 3 * HOUR, change + 5 * HOUR
            expected = {moment for moment in minutes(start, end) if is_open(moment, (zone,), NIGHT)}
            assert open_minutes(calling, start, end) == expected, (zone, change)


def test_every_zone_with_two_windows_a_day_and_a_holiday():
    """As a region rule has them: around every change of the clock, and over the next midnight."""
    twice = [(day, start, end) for day in range(7) for start, end in ((30, 135), (165, 260))]
    weekly = WeeklyHours.of(twice)
    for zone in ZONES:
        for change, before, _after in changes(zone) or [(datetime(2026, 3, 29), 0 * HOUR, 0)]:
            holiday = (change + before).date() + DAY
            calling = CallingHours([Constraint((zone,), weekly, whole_days(holiday))])
            start, end = change - 2 * HOUR, change + 3 * HOUR
            expected = {
                moment
                for moment in minutes(start, end)
                if is_open(moment, (zone,), twice, {holiday})
            }
            assert open_minutes(calling, start, end) == expected, (zone, change)


@pytest.mark.parametrize(
    "zone",
    [
        "Africa/Casablanca",
        "Australia/Lord_Howe",
        pytest.param("Asia/Kathmandu", marks=pytest.mark.long),
        pytest.param("Europe/Berlin", marks=pytest.mark.long),
        pytest.param("Pacific/Chatham", marks=pytest.mark.long),
    ],
)
def test_two_years_minute_by_minute(zone):
    """Zones of 30 and 45 minutes, clocks that change by half an hour, and Ramadan."""
    holidays = {
        date(2026, 1, 1),
        date(2026, 3, 29),
        date(2026, 4, 5),
        date(2026, 12, 25),
        date(2026, 12, 26),
    }
    windows = [*OFFICE, (6, 22 * 60, 3 * 60)]
    calling = CallingHours([Constraint((zone,), WeeklyHours.of(windows), whole_days(*holidays))])
    start, end = YEARS
    expected = {
        moment for moment in minutes(start, end) if is_open(moment, (zone,), windows, holidays)
    }
    assert open_minutes(calling, start, end) == expected


# -- the two nights ---------------------------------------------------------------------------------------------------


def test_a_window_in_the_hour_that_spring_skips_is_open_while_it_exists():
    calling = CallingHours([Constraint(("Europe/Berlin",), WeeklyHours.of([(6, 150, 210)]))])
    opening = calling.opening(datetime(2026, 3, 29))
    assert (opening.opens_at, opening.closes_at) == (
        datetime(2026, 3, 29, 1),
        datetime(2026, 3, 29, 1, 30),
    )


def test_a_window_in_the_hour_that_autumn_repeats_is_open_twice():
    calling = CallingHours([Constraint(("Europe/Berlin",), WeeklyHours.of([(6, 120, 150)]))])
    first = calling.opening(datetime(2026, 10, 25))
    again = calling.opening(first.closes_at)
    assert (first.opens_at, first.closes_at) == (
        datetime(2026, 10, 25, 0),
        datetime(2026, 10, 25, 0, 30),
    )
    assert (again.opens_at, again.closes_at) == (
        datetime(2026, 10, 25, 1),
        datetime(2026, 10, 25, 1, 30),
    )


def test_a_window_that_outlasts_the_change_stays_one():
    calling = CallingHours([Constraint(("Europe/Berlin",), WeeklyHours.of([(5, 22 * 60, 6 * 60)]))])
    opening = calling.opening(datetime(2026, 3, 28, 22))
    assert (opening.is_open, opening.closes_at) == (True, datetime(2026, 3, 29, 4))


# -- hours, holidays, drain -------------------------------------------------------------------------------------------


def test_windows_over_midnight_join_the_next_day_and_the_next_week():
    weekly = WeeklyHours.of([(6, 22 * 60, 6 * 60), (0, 5 * 60, 8 * 60), (2, 600, 600)])
    assert weekly.spans == ((0, 480), (6 * 1440 + 22 * 60, 7 * 1440))
    calling = CallingHours([Constraint(("UTC",), weekly)])
    opening = calling.opening(datetime(2026, 3, 2, 7))  # a Monday
    assert (opening.is_open, opening.closes_at) == (True, datetime(2026, 3, 2, 8))
    assert calling.opening(datetime(2026, 3, 2, 8)).opens_at == datetime(2026, 3, 8, 22)


def test_two_weeks_alternate():
    windows = [(0, 540, 600), (7 + 2, 540, 600)]
    calling = CallingHours([Constraint(("Europe/Berlin",), WeeklyHours.of(windows, weeks=2))])
    start, end = datetime(2026, 1, 1), datetime(2026, 3, 1)
    expected = {
        moment
        for moment in minutes(start, end)
        if is_open(moment, ("Europe/Berlin",), windows, weeks=2)
    }
    assert len({moment.date() for moment in expected}) == 8
    assert open_minutes(calling, start, end) == expected


def test_a_holiday_is_a_date_of_whoever_is_called():
    christmas = whole_days(date(2026, 12, 25))
    for zone, over in (
        ("Pacific/Auckland", datetime(2026, 12, 25, 11)),
        ("Pacific/Honolulu", datetime(2026, 12, 26, 10)),
    ):
        calling = CallingHours([Constraint((zone,), holidays=christmas)])
        closed = calling.opening(over - DAY)
        assert (closed.is_open, closed.reason, closed.opens_at) == (False, hours.HOLIDAY, over)
        assert calling.opening(over - DAY - MINUTE).closes_at == over - DAY


def test_what_is_closed_in_utc_is_closed_at_once_everywhere():
    closed = ranges([(datetime(2026, 3, 2, 12), datetime(2026, 3, 2, 13, 29, 59))])
    for zone in ("Asia/Tokyo", "America/New_York"):
        opening = CallingHours([Constraint((zone,), closed=closed)]).opening(
            datetime(2026, 3, 2, 12, 30)
        )
        assert (opening.opens_at, opening.reason) == (datetime(2026, 3, 2, 13, 30), hours.HOLIDAY)


def test_drain_closes_before_the_window_does():
    calling = CallingHours([Constraint(("UTC",), WeeklyHours.of(OFFICE))], drain_minutes=30)
    assert calling.opening(datetime(2026, 3, 2, 19, 29)).closes_at == datetime(2026, 3, 2, 19, 30)
    opening = calling.opening(datetime(2026, 3, 2, 19, 30))
    assert (opening.reason, opening.opens_at) == (hours.DRAIN, datetime(2026, 3, 3, 9))


def test_a_window_shorter_than_the_drain_never_opens():
    calling = CallingHours(
        [Constraint(("UTC",), WeeklyHours.of([(0, 540, 560), (3, 540, 600)]))], drain_minutes=20
    )
    assert calling.opening(datetime(2026, 3, 2)).opens_at == datetime(2026, 3, 5, 9)


def test_hours_without_a_gap_have_no_drain():
    always = WeeklyHours.of([(day, 0, 1440) for day in range(7)])
    assert always.is_always
    opening = CallingHours([Constraint(("Europe/Berlin",), always)], drain_minutes=60).opening(
        datetime(2026, 3, 2)
    )
    assert (opening.is_open, opening.closes_at) == (True, None)


def test_always_and_never_are_what_they_say():
    assert WeeklyHours.of([(day, 0, 1440) for day in range(7)]) == hours.ALWAYS
    assert WeeklyHours.of([]) == hours.NEVER


def test_a_window_may_end_with_the_last_day_of_the_cycle():
    assert WeeklyHours.of([(6, 0, 1440)]).spans == ((6 * 1440, 7 * 1440),)
    over_the_end = WeeklyHours.of([(13, 1380, 60)], weeks=2)
    assert over_the_end.spans == ((0, 60), (13 * 1440 + 1380, 14 * 1440))


def test_one_whole_week_of_two_is_not_always():
    week = [(day, 0, 1440) for day in range(7)]
    assert not WeeklyHours.of(week, weeks=2).is_always
    assert WeeklyHours.of(week * 2 + [(day + 7, 0, 1440) for day in range(7)], weeks=2).is_always


def test_closed_minutes_are_those_from_the_first_to_before_the_last():
    constraint = Constraint(("UTC",), closed=((10, 20), (30, 31)))
    closed = [minute for minute in range(40) if constraint.get_closing(minute)]
    assert closed == [*range(10, 20), 30]


def test_a_holiday_later_in_the_week_leaves_the_days_before_as_they_are():
    holidays = whole_days(date(2026, 3, 4))
    calling = CallingHours([Constraint(("UTC",), WeeklyHours.of(OFFICE), holidays)])
    assert calling.opening(datetime(2026, 3, 2, 10)).closes_at == datetime(2026, 3, 2, 20)
    assert calling.opening(datetime(2026, 3, 3, 20)).opens_at == datetime(2026, 3, 5, 9)


def test_a_minute_that_is_partly_closed_is_closed():
    seconds = [timedelta(seconds=value) for value in (30, 61, 120, 180, 240, 240, 300, 290)]
    times = [EPOCH + value for value in seconds]
    pairs = list(zip(times[::2], times[1::2], strict=True))
    assert ranges(pairs) == ranges(pairs[::-1]) == ((0, 3),)
    assert ranges([(times[0], times[1]), (times[3], times[6])]) == ((0, 2), (3, 5))


def test_a_holiday_is_named_before_another_zones_hours():
    holidays = whole_days(date(2026, 3, 2))
    constraint = Constraint(("Asia/Tokyo", "UTC"), WeeklyHours.of(OFFICE), holidays)
    # In Tokyo it is 1:00 of the next day, which is no holiday, but outside the hours.
    at = (datetime(2026, 3, 2, 16) - EPOCH) // MINUTE
    assert constraint.get_closing(at) == (hours.HOLIDAY, "UTC")


@pytest.mark.parametrize(
    ("zones", "code", "label", "expected"),
    [
        (("Asia/Tokyo", "UTC"), hours.HOURS, "", (hours.ZONE, "Asia/Tokyo")),
        (("Asia/Tokyo", "UTC"), hours.HOURS, "rule", (hours.ZONE, "Asia/Tokyo")),
        (("Asia/Tokyo", "UTC"), hours.REGION, "rule", (hours.REGION, "rule")),
        (("UTC", "Asia/Tokyo"), hours.GROUP, "", (hours.GROUP, "Asia/Tokyo")),
        (("Asia/Tokyo", "Asia/Seoul"), hours.HOURS, "", (hours.HOURS, "Asia/Tokyo")),
        (("UTC",), hours.HOURS, "", None),
    ],
)
def test_what_is_shut_is_named(zones, code, label, expected):
    constraint = Constraint(zones, WeeklyHours.of(OFFICE), code=code, label=label)
    at = (datetime(2026, 3, 2, 12) - EPOCH) // MINUTE  # 21:00 in Tokyo and Seoul
    assert constraint.get_closing(at) == expected


def test_hours_that_are_open_nowhere_on_earth_are_named_by_their_rule():
    constraint = Constraint((ANY_ZONE,), hours.NEVER, code=hours.REGION, label="Florida")
    assert constraint.get_closing(0) == (hours.REGION, "Florida")


def test_what_a_closed_range_leaves_of_one_zone():
    constraint = Constraint(("UTC",), closed=((10, 20),))
    assert list(constraint.between(12, 18)) == []
    assert list(constraint.between(5, 25)) == [(5, 10), (20, 25)]
    holiday = Constraint(("UTC",), holidays=((10, 20),))
    assert list(holiday.between(10, 20)) == []
    assert list(holiday.between(15, 30)) == [(20, 30)]


def test_anywhere_is_open_as_long_as_somewhere_is():
    """Nine to twelve on Monday, 5 January 1970, from Kiritimati's nine to the last one's twelve."""
    constraint = Constraint((ANY_ZONE,), WeeklyHours.of([(0, 540, 720)]))
    monday = 4 * 24 * 60
    first, last = monday + 540 - 14 * 60, monday + 720 + 12 * 60
    assert list(constraint.between(monday - 2880, monday + 4320)) == [(first, last)]
    assert list(constraint.between(first + 5, first + 6)) == [(first + 5, first + 6)]
    assert list(constraint.between(last - 1, last + 1)) == [(last - 1, last)]
    closings = [
        bool(constraint.get_closing(minute)) for minute in (first - 1, first, last - 1, last)
    ]
    assert closings == [True, False, False, True]


@pytest.mark.parametrize(("length", "is_found"), [(61 * DAY, True), (62 * DAY, False)])
def test_an_opening_is_looked_for_up_to_the_horizon(length, is_found):
    start = datetime(2026, 3, 2)
    calling = CallingHours([Constraint(("UTC",), closed=ranges([(start, start + length)]))])
    opening = calling.opening(start + HOUR)
    assert opening.opens_at == (start + length if is_found else None)
    assert opening.reason == hours.HOLIDAY


# -- dates, several constraints and zones -----------------------------------------------------------------------------


def test_the_date_range_holds_to_the_second():
    start, end = datetime(2027, 3, 1, 9, 30, 30), datetime(2027, 3, 1, 15, 0, 10)
    calling = CallingHours(
        [Constraint(("UTC",), WeeklyHours.of(OFFICE))], start, end, drain_minutes=10
    )
    early = calling.opening(datetime(2026, 3, 2, 10))
    assert (early.reason, early.opens_at, early.closes_at) == (
        hours.NOT_STARTED,
        start,
        end - 10 * MINUTE,
    )
    assert calling.opening(start).is_open
    assert not calling.opening(start - timedelta(seconds=1)).is_open
    late = calling.opening(end)
    assert (late.reason, late.opens_at) == (hours.ENDED, None)


def test_all_constraints_must_be_open_and_the_closed_one_is_named():
    campaign = Constraint(("Europe/Berlin",), WeeklyHours.of(OFFICE))
    florida = Constraint(
        ("America/New_York",),
        WeeklyHours.of([(day, 480, 1200) for day in range(7)]),
        code=hours.REGION,
        label="Florida",
    )
    calling = CallingHours([campaign, florida])
    early = calling.opening(datetime(2026, 3, 2, 10))
    assert (early.reason, early.detail, early.opens_at) == (
        hours.REGION,
        "Florida",
        datetime(2026, 3, 2, 13),
    )
    assert early.closes_at == datetime(2026, 3, 2, 19)
    late = calling.opening(datetime(2026, 3, 2, 19))
    assert (late.reason, late.detail, late.opens_at) == (
        hours.HOURS,
        "Europe/Berlin",
        datetime(2026, 3, 3, 13),
    )


def test_each_of_several_zones_must_be_open():
    zones = ("Australia/Perth", "Australia/Sydney", "Australia/Melbourne")
    calling = CallingHours([Constraint(zones, WeeklyHours.of(OFFICE))])
    opening = calling.opening(datetime(2026, 7, 6, 0))  # 8 in Perth, 10 in Sydney
    assert (opening.reason, opening.detail) == (hours.ZONE, "Australia/Perth")
    assert (opening.opens_at, opening.closes_at) == (
        datetime(2026, 7, 6, 1),
        datetime(2026, 7, 6, 10),
    )


def test_zones_without_a_common_hour_never_open():
    calling = CallingHours(
        [Constraint(("Pacific/Honolulu", "Europe/Berlin"), WeeklyHours.of([(0, 540, 720)]))]
    )
    opening = calling.opening(datetime(2026, 3, 2, 8))
    assert (opening.is_open, opening.opens_at, opening.reason) == (False, None, hours.ZONE)


def test_any_zone_is_open_while_one_on_earth_is():
    calling = CallingHours([Constraint((ANY_ZONE,), WeeklyHours.of([(0, 540, 720)]))])
    closed = calling.opening(datetime(2026, 3, 1))
    assert (closed.reason, closed.opens_at) == (
        hours.HOURS,
        datetime(2026, 3, 1, 19),
    )  # 9:00 in Kiritimati
    assert closed.closes_at == datetime(2026, 3, 3)  # 12:00 at twelve hours west


def test_nothing_to_keep_is_always_open():
    assert CallingHours([]).opening(datetime(2026, 3, 2)).is_open


def test_an_unknown_zone_is_refused():
    with pytest.raises(ValueError, match="Mars/Olympus"):
        CallingHours([Constraint(("Mars/Olympus",))])


@pytest.mark.parametrize(
    "name",
    ["", None, "nonsense", "../etc/passwd", "/etc/localtime", "Europe", "a\0b", "europe/berlin "],
)
def test_any_text_may_be_asked_for_a_zone(name):
    assert not is_zone(name)


def test_every_reason_has_a_sentence():
    codes = {
        value for name, value in vars(hours).items() if name.isupper() and isinstance(value, str)
    } - {ANY_ZONE}
    assert codes == set(hours.REASONS)


# -- properties -------------------------------------------------------------------------------------------------------

WINDOWS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1440)), max_size=6
)
SOME_ZONES = st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True).map(tuple)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1))
HOLIDAYS = st.sets(st.integers(0, 9), max_size=3)


@settings(max_examples=150)
@given(st.lists(st.tuples(SOME_ZONES, WINDOWS), min_size=1, max_size=3), MOMENTS, HOLIDAYS)
def test_the_result_is_open_and_nothing_before_it_is(parts, at, free):
    holidays = {at.date() + day * DAY for day in free}
    calling = CallingHours(
        [
            Constraint(zones, WeeklyHours.of(windows), whole_days(*holidays))
            for zones, windows in parts
        ]
    )
    opening = calling.opening(at)

    def is_open_by_clock(moment):
        return all(is_open(moment, zones, windows, holidays) for zones, windows in parts)

    assert opening.is_open == is_open_by_clock(at) == (opening.reason is None)
    if opening.opens_at is None:
        assert not any(is_open_by_clock(at + step * 11 * MINUTE) for step in range(900))
        return
    assert opening.opens_at >= at
    assert is_open_by_clock(opening.opens_at)
    first = at.replace(second=0, microsecond=0) + MINUTE
    between = list(minutes(first, opening.opens_at))
    assert not any(is_open_by_clock(moment) for moment in between[:1500] + between[-1500:])
    if opening.closes_at:
        assert not is_open_by_clock(opening.closes_at)
        assert is_open_by_clock(opening.closes_at - MINUTE)


@settings(max_examples=100)
@given(SOME_ZONES, WINDOWS, MOMENTS, st.integers(0, 240))
def test_drained_is_what_stays_open_for_the_drain_time(zones, windows, at, drain):
    constraints = [Constraint(zones, WeeklyHours.of(windows))]
    undrained, drained = CallingHours(constraints), CallingHours(constraints, drain_minutes=drain)
    opening = drained.opening(at)
    whole = undrained.opening(at)
    stays = whole.is_open and (whole.closes_at is None or at < whole.closes_at - drain * MINUTE)
    assert opening.is_open == stays
    if opening.opens_at and not opening.is_open:
        assert undrained.opening(opening.opens_at).closes_at != opening.opens_at + drain * MINUTE


@settings(max_examples=100)
@given(SOME_ZONES, WINDOWS, st.lists(MOMENTS, max_size=6))
def test_what_was_asked_before_changes_nothing(zones, windows, moments):
    constraints = [Constraint(zones, WeeklyHours.of(windows))]
    shared = CallingHours(constraints)
    for moment in moments:
        assert shared.opening(moment) == CallingHours(constraints).opening(moment)


# -- all openings of a time ------------------------------------------------------------------------

MONDAY = datetime(2026, 3, 2)
SPLIT = WeeklyHours.of([(day, *window) for day in range(7) for window in ((540, 780), (840, 1200))])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # What is open already or still is cut to the second, minutes are not rounded away.
        ((10, 0, 30), (12, 0, 30), [((10, 0, 30), (12, 0, 30))]),
        ((8, 0, 0), (23, 0, 0), [((9, 0, 0), (13, 0, 0)), ((14, 0, 0), (20, 0, 0))]),
        ((12, 59, 59), (14, 0, 1), [((12, 59, 59), (13, 0, 0)), ((14, 0, 0), (14, 0, 1))]),
        # Neither a moment that touches an opening nor an empty time is one.
        ((13, 0, 0), (14, 0, 0), []),
        ((20, 0, 0), (23, 59, 0), []),
        ((10, 0, 0), (10, 0, 0), []),
        ((10, 0, 30), (10, 0, 30), []),
        ((10, 0, 10), (10, 0, 50), [((10, 0, 10), (10, 0, 50))]),
    ],
)
def test_all_openings_of_a_time(start, end, expected):
    def at(hour, minute, second):
        return MONDAY.replace(hour=hour, minute=minute, second=second)

    calling = CallingHours([Constraint(("UTC",), SPLIT)])
    found = [(at(*opens), at(*closes)) for opens, closes in expected]
    assert list(calling.between(at(*start), at(*end))) == found


def test_all_openings_ask_neither_the_range_of_dates_nor_the_drain():
    calling = CallingHours([Constraint(("UTC",), SPLIT)], MONDAY + DAY, MONDAY + 2 * DAY, 60)
    assert list(calling.between(MONDAY, MONDAY + 12 * HOUR)) == [
        (MONDAY + 9 * HOUR, MONDAY + 12 * HOUR)
    ]


# -- speed ------------------------------------------------------------------------------------------------------------


def test_a_claim_looks_for_openings_once(monkeypatch):
    """Thousands of candidates ask for the same moment: what was found is kept."""
    searches = []
    search = CallingHours._get_openings

    def count_searches(self, start):
        searches.append(start)
        return search(self, start)

    monkeypatch.setattr(CallingHours, "_get_openings", count_searches)
    calling = CallingHours([Constraint(("America/New_York",), WeeklyHours.of(OFFICE))] * 3)
    at = datetime(2026, 3, 2, 12)
    found = [calling.opening(at + timedelta(seconds=second)) for second in range(100)]
    assert len(searches) == 1
    assert {opening.closes_at for opening in found} == {found[0].closes_at}
