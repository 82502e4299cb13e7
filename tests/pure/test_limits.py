"""Caps and rolling windows over one ledger of tries (requirement S4), to the second, as tables."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecm_campaign.tools.limits import Limit, Reached, Try, earliest, used
from tests.pure.examples import settings

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
NOW = datetime(2026, 3, 2, 11, 1, tzinfo=UTC)
MINE, MOBILE, WORK = "+4915112345671", "+4915112345672", "+4915112345673"
UTC_ZONE = ZoneInfo("UTC")


def tried(*ago, number=MINE, own=True):
    """Tries so long before NOW."""
    return [Try(NOW - delta, number, own) for delta in ago]


def wait(limits, tries, number=MINE, at=NOW, zone="UTC"):
    """How long from ``at`` until the number may be tried: None for at once, "never", or the time."""
    limits = limits if isinstance(limits, (list, tuple)) else [limits]
    reached = earliest(limits, tries, number, at, ZoneInfo(zone))
    if reached is None:
        return None
    return "never" if reached.until is None else reached.until - at


def day(count, **options):
    return Limit(count, "day", **options)


def life(count, **options):
    return Limit(count, "life", **options)


def rolling(count, window=DAY, **options):
    return Limit(count, "rolling", window, **options)


def test_a_day_that_another_limit_defers_to_may_be_full():
    """The dialer's clock goes ahead: one try is dated tomorrow, to which the second limit leads."""
    sms = Try(NOW - 12 * HOUR, MINE, channel="sms")
    tomorrow = Try(NOW + 22 * HOUR, MINE)
    limits = [day(1), rolling(1, 36 * HOUR, channels=frozenset({"sms"}))]
    assert wait(limits, [sms]) == DAY
    # 11:01, and then the rest of tomorrow.
    assert wait(limits, [sms, tomorrow]) == 2 * DAY - 11 * HOUR - MINUTE


# --- tries before a callback ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [rolling(3), day(3), life(3)], ids=lambda limit: limit.period)
def test_only_limits_by_law_count_what_was_forgotten(limit):
    """Three calls to Florida, then a callback: not a fourth on the same day (O1)."""
    tries = [replace(made, is_forgotten=True) for made in tried(HOUR, 2 * HOUR, 3 * HOUR)]
    assert wait(limit, tries) is None
    by_law = replace(limit, is_legal=True)
    assert wait(by_law, tries) is not None
    assert (used(limit, tries, MINE, NOW, UTC_ZONE), used(by_law, tries, MINE, NOW, UTC_ZONE)) == (
        0,
        3,
    )


# --- rolling windows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [HOUR, DAY, 2 * DAY, 7 * DAY, 15 * DAY, 30 * DAY])
@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (0 * SECOND, "whole"),
        (SECOND, "rest"),
        ("window - second", SECOND),
        ("window", None),
        ("window + second", None),
    ],
)
def test_one_try_in_a_window_to_the_second(window, ago, expected):
    """VICIdial's reading: called at 11:01, next after 11:01 tomorrow."""
    ago = {
        "window": window,
        "window - second": window - SECOND,
        "window + second": window + SECOND,
    }.get(ago, ago)
    expected = {"whole": window, "rest": window - SECOND}.get(expected, expected)
    assert wait(rolling(1, window), tried(ago)) == expected


def test_without_tries_nothing_waits():
    for limit in (rolling(1), day(1), life(1)):
        assert wait(limit, []) is None


def test_without_limits_nothing_waits():
    assert wait([], tried(*[SECOND] * 50)) is None


@pytest.mark.parametrize(
    ("count", "hours_ago", "expected"),
    [
        (2, [1], None),
        (2, [1, 2], 22),
        (2, [2, 1], 22),
        (2, [1, 2, 3], 22),
        (2, [1, 23], 1),
        (2, [1, 24], None),
        (2, [1, 1], 23),
        (3, [1, 2, 3], 21),
        (3, [1, 2, 3, 4], 21),
        (3, [1, 2, 30], None),
        (3, [5, 5, 5], 19),
        (3, [23, 23, 1], 1),
        (3, [23, 1, 23, 1], 1),
        (3, [23, 1, 1, 1], 23),
        (1, [1, 2, 3, 4], 23),
        (4, [1, 2, 3], None),
    ],
)
def test_several_tries_in_24_hours(count, hours_ago, expected):
    tries = tried(*(ago * HOUR for ago in hours_ago))
    assert wait(rolling(count), tries) == (None if expected is None else expected * HOUR)


@pytest.mark.parametrize("ahead", [SECOND, HOUR, 2 * DAY])
def test_a_try_that_the_clock_has_ahead_counts(ahead):
    """A dialer's clock may run ahead of ours."""
    assert wait(rolling(1), tried(-ahead)) == DAY + ahead
    assert wait(life(1), tried(-ahead)) == "never"


def test_an_empty_window_limits_nothing():
    assert wait(rolling(1, timedelta(0)), tried(0 * SECOND, SECOND)) is None


# --- whole lives ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "made"), [(1, 1), (2, 2), (2, 3), (5, 5), (5, 50)])
@pytest.mark.parametrize("ago", [SECOND, DAY, 3650 * DAY])
def test_what_was_tried_as_often_as_it_ever_may_never_is_again(count, made, ago):
    assert wait(life(count), tried(*[ago] * made)) == "never"
    assert wait(life(made + 1), tried(*[ago] * made)) is None


@pytest.mark.parametrize("limit", [day(0), life(0), rolling(0), rolling(0, 30 * DAY)])
@pytest.mark.parametrize("tries", [[], [SECOND], [SECOND, 90 * DAY]])
def test_a_limit_of_none_at_all_means_never(limit, tries):
    assert wait(limit, tried(*tries)) == "never"


# --- days ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tried_at", "at", "expected"),
    [
        ("00:00:00", "23:59:59", SECOND),
        ("23:59:59", "23:59:59", SECOND),
        ("00:00:00", "00:00:00", DAY),
        ("12:00:00", "12:00:01", 12 * HOUR - SECOND),
        ("11:00:00", "18:30:00", 5 * HOUR + 30 * MINUTE),
    ],
)
@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati"]
)
def test_a_day_ends_at_midnight_of_its_zone(zone, tried_at, at, expected):
    local = ZoneInfo(zone)
    made = datetime.combine(date(2026, 7, 1), datetime.strptime(tried_at, "%H:%M:%S").time(), local)
    moment = datetime.combine(date(2026, 7, 1), datetime.strptime(at, "%H:%M:%S").time(), local)
    assert wait(day(1), [Try(made, MINE)], at=moment, zone=zone) == expected
    assert wait(day(1), [Try(made - DAY, MINE)], at=moment, zone=zone) is None
    assert wait(day(2), [Try(made, MINE)], at=moment, zone=zone) is None


@pytest.mark.parametrize(
    ("zone", "tried_at", "at", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T10:00+02:00", "2026-03-29T20:00+02:00", 4 * HOUR),
        ("Europe/Berlin", "2026-03-28T12:00+01:00", "2026-03-28T12:00+01:00", 12 * HOUR),
        ("Europe/Berlin", "2026-03-29T00:00+01:00", "2026-03-29T00:00+01:00", 23 * HOUR),
        ("Europe/Berlin", "2026-10-25T00:00+02:00", "2026-10-25T00:00+02:00", 25 * HOUR),
        (
            "Europe/Berlin",
            "2026-10-25T02:30+02:00",
            "2026-10-25T02:30+01:00",
            21 * HOUR + 30 * MINUTE,
        ),
        ("America/New_York", "2026-03-08T00:00-05:00", "2026-03-08T00:00-05:00", 23 * HOUR),
        ("America/New_York", "2026-11-01T00:00-04:00", "2026-11-01T00:00-04:00", 25 * HOUR),
        (
            "Australia/Lord_Howe",
            "2026-04-05T00:00+11:00",
            "2026-04-05T00:00+11:00",
            24 * HOUR + HOUR / 2,
        ),
        # midnight does not exist: the day begins at one
        ("Africa/Cairo", "2026-04-23T20:00+02:00", "2026-04-23T23:00+02:00", HOUR),
        ("Africa/Cairo", "2026-04-24T01:00+03:00", "2026-04-24T01:00+03:00", 23 * HOUR),
        ("Asia/Beirut", "2026-03-28T20:00+02:00", "2026-03-28T22:00+02:00", 2 * HOUR),
        ("America/Santiago", "2026-09-05T20:00-04:00", "2026-09-05T23:30-04:00", HOUR / 2),
        ("America/Havana", "2026-03-07T23:00-05:00", "2026-03-07T23:30-05:00", HOUR / 2),
        # the last hour of the day comes twice
        ("Africa/Cairo", "2026-10-29T22:00+03:00", "2026-10-29T23:30+03:00", HOUR + HOUR / 2),
        ("America/Santiago", "2026-04-04T20:00-03:00", "2026-04-04T23:30-03:00", HOUR + HOUR / 2),
        # the first hour of the day comes twice
        ("America/Havana", "2026-10-31T20:00-04:00", "2026-10-31T23:00-04:00", HOUR),
        (
            "America/Havana",
            "2026-11-01T00:30-04:00",
            "2026-11-01T00:30-05:00",
            23 * HOUR + HOUR / 2,
        ),
        # a minute after midnight the clock is moved: the day has begun, and begins once more an
        # hour later
        ("Asia/Gaza", "2011-03-31T20:00+02:00", "2011-03-31T22:00+02:00", 2 * HOUR),
        ("America/St_Johns", "2010-11-06T20:00-02:30", "2010-11-06T23:30-02:30", HOUR / 2),
        ("America/St_Johns", "2010-11-06T20:00-02:30", "2010-11-06T23:30-03:30", HOUR / 2),
        # a day that did not exist
        ("Pacific/Apia", "2011-12-29T20:00-10:00", "2011-12-29T22:00-10:00", 2 * HOUR),
    ],
)
def test_days_on_which_clocks_change(zone, tried_at, at, expected):
    tries = [Try(datetime.fromisoformat(tried_at), MINE)]
    assert wait(day(1), tries, at=datetime.fromisoformat(at), zone=zone) == expected


@pytest.mark.parametrize(
    ("per_day", "days", "expected"),
    [
        (2, [0], None),
        (2, [0, 0], 1),
        (2, [0, 0, 1, 1], 2),
        (2, [0, 0, 1], 1),
        (1, [0, 1, 2, 3], 4),
        (1, [0, 2], 1),
        (1, [1, 2], None),
        (2, [-1, -1, 0], None),
    ],
)
def test_days_that_are_full_already_are_passed_over(per_day, days, expected):
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    tries = [Try(midnight + number * DAY + 8 * HOUR, MINE) for number in days]
    expected = None if expected is None else expected * DAY - (NOW - midnight)
    assert wait(day(per_day), tries) == expected


def test_the_zone_decides_what_day_it_is():
    tries = [Try(datetime(2026, 3, 2, 5, 0, tzinfo=UTC), MINE)]
    assert wait(day(1), tries, zone="Europe/Berlin") == 11 * HOUR + 59 * MINUTE
    assert wait(day(1), tries, zone="America/New_York") == 17 * HOUR + 59 * MINUTE
    assert wait(day(1), tries, zone="America/Los_Angeles") is None, "there it was yesterday evening"


# --- whose tries count ---------------------------------------------------------------------------------------------

OWN_HERE, OWN_THERE = tried(HOUR)[0], tried(HOUR, number=MOBILE)[0]
OTHERS_HERE, OTHERS_THERE = tried(HOUR, own=False)[0], tried(HOUR, number=MOBILE, own=False)[0]


@pytest.mark.parametrize("period", [day, life, rolling])
@pytest.mark.parametrize(
    ("options", "counted"),
    [
        ({}, [OWN_HERE, OWN_THERE]),
        ({"per_number": True}, [OWN_HERE]),
        ({"everywhere": True}, [OWN_HERE, OWN_THERE, OTHERS_HERE, OTHERS_THERE]),
        ({"per_number": True, "everywhere": True}, [OWN_HERE, OTHERS_HERE]),
    ],
    ids=["contact", "number", "contact everywhere", "number everywhere"],
)
@pytest.mark.parametrize("made", [OWN_HERE, OWN_THERE, OTHERS_HERE, OTHERS_THERE])
def test_what_a_limit_counts(period, options, counted, made):
    assert (wait(period(1, **options), [made]) is not None) == (made in counted)
    assert (wait(period(2, **options), [made, OWN_HERE]) is not None) == (made in counted)


def test_numbers_are_limited_each_by_itself():
    limit = rolling(1, per_number=True)
    tries = [*tried(HOUR), *tried(3 * HOUR, number=MOBILE)]
    assert [wait(limit, tries, number) for number in (MINE, MOBILE, WORK)] == [
        23 * HOUR,
        21 * HOUR,
        None,
    ]


# --- several at once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "ago", "expected", "label"),
    [
        # Connect's "4 per 2 days and 6 per 14 days"
        ([rolling(4, 2 * DAY, label="a"), rolling(6, 14 * DAY, label="b")], [1, 2, 3], None, None),
        ([rolling(4, 2 * DAY, label="a"), rolling(6, 14 * DAY, label="b")], [1, 2, 3, 4], 44, "a"),
        (
            [rolling(4, 2 * DAY, label="a"), rolling(6, 14 * DAY, label="b")],
            [1, 50, 60, 70, 80, 90],
            246,
            "b",
        ),
        (
            [rolling(4, 2 * DAY, label="a"), rolling(6, 14 * DAY, label="b")],
            [1, 2, 3, 4, 300, 310],
            44,
            "a",
        ),
        # whatever their order, the one that defers most is named
        (
            [rolling(6, 14 * DAY, label="b"), rolling(4, 2 * DAY, label="a")],
            [1, 2, 3, 4, 300, 310],
            44,
            "a",
        ),
        ([rolling(1, HOUR, label="a"), rolling(1, DAY, label="b")], [0.5], 23.5, "b"),
        ([rolling(1, DAY, label="b"), rolling(1, HOUR, label="a")], [0.5], 23.5, "b"),
        # one that is never reached again goes before the others
        ([rolling(1, DAY, label="a"), life(1, label="b")], [1], "never", "b"),
        ([life(1, label="b"), rolling(1, DAY, label="a")], [1], "never", "b"),
        ([life(2, label="b"), rolling(1, DAY, label="a")], [1], 23, "a"),
        # the same limit twice is like once
        ([rolling(1, DAY, label="a"), rolling(1, DAY, label="b")], [1], 23, "a"),
    ],
)
def test_several_limits_all_hold(limits, ago, expected, label):
    reached = earliest(limits, tried(*(hours * HOUR for hours in ago)), MINE, NOW, UTC_ZONE)
    if expected is None:
        assert reached is None
    else:
        until = None if expected == "never" else NOW + expected * HOUR
        assert (reached.until, reached.limit.label) == (until, label)


def test_a_later_moment_is_held_against_every_limit_again():
    """The day lets it go at midnight, but then the window does not; and the number is tired until
    later still.
    """
    limits = [
        day(2, label="day"),
        rolling(3, 14 * HOUR, label="14h"),
        rolling(1, 20 * HOUR, per_number=True),
    ]
    tries = [*tried(HOUR), *tried(2 * HOUR, 3 * HOUR, number=MOBILE)]
    assert wait(limits[0], tries) == 12 * HOUR + 59 * MINUTE
    assert wait(limits[:2], tries) == 12 * HOUR + 59 * MINUTE
    assert wait(limits, tries) == 19 * HOUR
    assert wait(limits, tries, WORK) == 12 * HOUR + 59 * MINUTE


@pytest.mark.parametrize(
    "limits", itertools.permutations([rolling(1, 14 * HOUR), day(1), rolling(2, 26 * HOUR)])
)
def test_a_limit_that_moves_on_may_meet_another_whatever_their_order(limits):
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    tries = [*tried(HOUR), Try(midnight + 20 * HOUR, MINE)]
    assert earliest(limits, tries, MINE, NOW, UTC_ZONE).until == midnight + 34 * HOUR


# --- what is given back --------------------------------------------------------------------------------------------


def test_moments_are_in_utc_whatever_zones_are_given():
    berlin = ZoneInfo("Europe/Berlin")
    made = Try((NOW - HOUR).astimezone(ZoneInfo("Asia/Tokyo")), MINE)
    reached = earliest([rolling(1)], [made], MINE, NOW.astimezone(berlin), berlin)
    assert reached == Reached(rolling(1), NOW + 23 * HOUR)
    assert reached.until.tzinfo is UTC


def test_a_free_moment_is_free_in_any_zone():
    berlin = ZoneInfo("Europe/Berlin")
    assert earliest([rolling(1)], tried(DAY), MINE, NOW.astimezone(berlin), berlin) is None


# --- how much of a limit is used ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (life(9), 6),
        (day(9), 3),
        (rolling(9), 4),
        (rolling(9, HOUR), 0),
        (rolling(9, HOUR + SECOND), 1),
        (rolling(9, 7 * DAY), 5),
        (life(9, per_number=True), 4),
        (life(9, everywhere=True), 7),
        (day(9, everywhere=True, per_number=True), 3),
        (rolling(9, 3 * DAY, everywhere=True), 6),
    ],
)
def test_what_is_used_of_a_limit_now(limit, expected):
    """It is 11:01: three tries today, one yesterday evening, one two days ago, one long ago, one by
    somebody else.
    """
    tries = [
        *tried(HOUR, 11 * HOUR),
        *tried(2 * HOUR, 20 * HOUR, number=MOBILE),
        *tried(2 * DAY, 40 * DAY),
    ]
    tries += tried(3 * HOUR, own=False)
    assert used(limit, tries, MINE, NOW, UTC_ZONE) == expected


def test_the_day_of_what_is_used_is_the_zones():
    tries = tried(HOUR, 8 * HOUR)
    assert [
        used(day(9), tries, MINE, NOW, ZoneInfo(zone)) for zone in ("UTC", "America/New_York")
    ] == [2, 1]


def test_a_limit_is_one_of_24_hours_unless_said_otherwise():
    assert wait(Limit(1), tried(HOUR)) == 23 * HOUR


def test_a_limit_and_a_try_are_the_plainest_unless_said_otherwise():
    flags = Limit(1).per_number, Limit(1).everywhere, Limit(1).is_legal, Limit(1).exempts_requests
    assert flags == (False, False, False, False)
    made = Try(NOW, MINE)
    assert (made.is_own, made.is_forgotten) == (True, False)
    assert (made.is_conversation, made.is_refusal) == (False, False)


def test_a_limit_of_a_channel_counts_only_the_tries_on_it():
    letter = Try(NOW - HOUR, MINE, channel="letter")
    of_calls = rolling(1, channels=frozenset({"voice"}))
    assert wait(of_calls, [letter]) is None
    assert wait(of_calls, [letter, *tried(2 * HOUR)]) == 22 * HOUR
    assert wait(rolling(1), [letter]) == 23 * HOUR
    assert used(of_calls, [letter, *tried(HOUR)], MINE, NOW, UTC_ZONE) == 1


@pytest.mark.parametrize(
    ("counted", "talked", "refused", "expected"),
    [
        ("tries", False, False, 23 * HOUR),
        ("conversations", False, False, None),
        ("conversations", True, False, 23 * HOUR),
        ("conversations", True, True, 23 * HOUR),
        ("refusals", False, False, None),
        ("refusals", True, False, None),
        ("refusals", True, True, 23 * HOUR),
        ("refusals", False, True, 23 * HOUR),
    ],
)
def test_a_rest_follows_what_it_is_about(counted, talked, refused, expected):
    made = Try(NOW - HOUR, MINE, is_conversation=talked, is_refusal=refused)
    assert wait(rolling(1, counted=counted), [made]) == expected


# --- against a count by hand ---------------------------------------------------------------------------------------

ZONES = [
    "UTC",
    "Europe/Berlin",
    "Africa/Cairo",
    "America/Santiago",
    "America/Havana",
    "Australia/Lord_Howe",
]
# around the changes of clocks of these zones in 2026
moments = st.sampled_from(
    [
        datetime(2026, *day, tzinfo=UTC)
        for day in ((3, 8), (3, 29), (4, 5), (4, 23), (9, 6), (10, 25), (10, 29), (11, 1))
    ]
).flatmap(
    lambda start: st.integers(-2 * 1440, 2 * 1440).map(lambda minutes: start + minutes * MINUTE)
)
limits = st.builds(
    Limit,
    st.integers(1, 4),
    st.sampled_from(["rolling", "day", "life"]),
    st.sampled_from([HOUR, 5 * HOUR, DAY, 2 * DAY]),
    st.booleans(),
    st.booleans(),
)


def is_allowed(limit, tries, number, at, zone):
    """Whether one more try keeps a limit, counted by hand."""
    counted = [
        made.at
        for made in tries
        if (limit.everywhere or made.is_own) and (made.number == number or not limit.per_number)
    ]
    if limit.period == "life":
        return len(counted) < limit.count
    if limit.period == "day":
        today = at.astimezone(zone).date()
        return (
            len([made for made in counted if made.astimezone(zone).date() == today]) < limit.count
        )
    return len([made for made in counted if made > at - limit.window]) < limit.count


@settings(max_examples=400)
@given(
    st.lists(limits, max_size=4),
    moments.flatmap(
        lambda at: st.tuples(
            st.just(at),
            st.lists(
                st.builds(
                    Try,
                    st.integers(0, 4 * 1440).map(lambda minutes: at - minutes * MINUTE),
                    st.sampled_from([MINE, MOBILE]),
                    st.booleans(),
                ),
                max_size=8,
            ),
        )
    ),
    st.sampled_from(ZONES),
)
@example([day(1)], (NOW, []), "UTC")
def test_the_earliest_moment_is_allowed_and_none_before_it(given_limits, ledger, zone):
    at, tries = ledger
    zone = ZoneInfo(zone)

    def allowed(moment):
        return all(is_allowed(limit, tries, MINE, moment, zone) for limit in given_limits)

    reached = earliest(given_limits, tries, MINE, at, zone)
    until = at if reached is None else reached.until
    assert reached is None or reached.limit in given_limits
    steps = 60 * 24 * 4 if until is None else int((until - at) / MINUTE)
    assert not any(allowed(at + step * MINUTE) for step in range(0, steps, 7)), (
        "an earlier moment is allowed"
    )
    if until is None:
        assert any(
            limit.period == "life" and not is_allowed(limit, tries, MINE, at, zone)
            for limit in given_limits
        )
    else:
        assert allowed(until)
        assert until == at or not allowed(until - SECOND)
        assert earliest(given_limits, tries, MINE, until, zone) is None


@settings(max_examples=100)
@given(
    st.lists(limits, max_size=4),
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 5000), max_size=8),
)
def test_the_order_of_tries_and_limits_does_not_matter(given_limits, random, minutes):
    tries = tried(*(ago * MINUTE for ago in minutes))
    expected = wait(given_limits, tries)
    for shuffled in (given_limits, tries):
        random.shuffle(shuffled)
    assert wait(given_limits, tries) == expected
