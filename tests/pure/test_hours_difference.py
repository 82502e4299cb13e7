"""What only one of two has of a week's hours, and its words."""

from datetime import datetime

import pytest

from ecm_campaign.tools.calling_hours import CallingHours, Constraint, WeeklyHours, ranges
from ecm_campaign.tools.hours_difference import Span, compare, describe
from ecm_dialer_cisco.clients.uccx_hours import minutes_of

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
SATURDAY = datetime(2026, 11, 28, 14, 30)


def hours(start, end, days=range(7), zone="Europe/Berlin"):
    weekly = WeeklyHours.of([(day, start * 60, end * 60) for day in days])
    return CallingHours([Constraint((zone,), weekly)])


def words(first, second, zone="Europe/Berlin"):
    found = compare(first, second, SATURDAY, zone)
    return describe(found.first, DAYS), describe(found.second, DAYS)


def test_equal_hours_have_no_difference():
    assert words(hours(8, 21), hours(8, 21)) == ("", "")


def test_a_dialer_that_calls_every_day_is_wider():
    assert words(hours(9, 20, range(5)), hours(8, 20)) == (
        "",
        "Mon–Fri 08:00–09:00; Sat–Sun 08:00–20:00",
    )


def test_hours_of_another_zone_are_told_on_one_clock():
    assert words(hours(9, 17), hours(9, 17, zone="Europe/London")) == (
        "Mon–Sun 09:00–10:00",
        "Mon–Sun 17:00–18:00",
    )


def test_hours_over_midnight():
    ours, theirs = hours(0, 24), hours(22, 6)
    assert words(ours, theirs) == ("Mon–Sun 06:00–22:00", "")


def test_days_that_are_alike_and_apart_stand_apart():
    spans = [Span(0, 480, 540), Span(2, 480, 540), Span(2, 600, 660)]
    assert describe(spans, DAYS) == "Mon 08:00–09:00; Wed 08:00–09:00, 10:00–11:00"


def test_hours_that_never_meet():
    assert compare(hours(8, 12), hours(13, 20), SATURDAY, "UTC").is_apart
    assert not compare(hours(8, 14), hours(13, 20), SATURDAY, "UTC").is_apart


def test_each_time_of_a_day_is_told_by_itself():
    ours = CallingHours([Constraint(("UTC",), WeeklyHours.of([(0, 480, 600), (1, 600, 720)]))])
    twice = WeeklyHours.of([(0, 480, 600), (0, 780, 900), (0, 960, 1020)])
    theirs = CallingHours([Constraint(("UTC",), twice)])
    never = CallingHours([Constraint(("UTC",), WeeklyHours(()))])
    assert words(ours, never, "UTC") == ("Mon 08:00–10:00; Tue 10:00–12:00", "")
    assert words(never, theirs, "UTC")[1] == "Mon 08:00–10:00, 13:00–15:00, 16:00–17:00"


def test_an_hour_that_the_clock_shows_twice_is_told_once():
    """On 25 October 2026 clocks in Berlin are put back from 3 to 2."""
    spans = compare(hours(0, 24), hours(8, 9), datetime(2026, 10, 23), "Europe/Berlin").first
    assert describe(spans, DAYS) == "Mon–Sun 00:00–08:00, 09:00–24:00"


def test_a_week_begins_at_that_moment():
    """A holiday on the next Saturday is told as far as the week goes, with an hour to spare."""
    saturday = ranges([(datetime(2026, 12, 5), datetime(2026, 12, 6))])
    always = WeeklyHours.of([(day, 0, 1440) for day in range(7)])
    ours = CallingHours([Constraint(("UTC",), always, saturday)])
    assert words(ours, CallingHours([]), "UTC") == ("", "Sat 00:00–15:30")


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("08:00", "21:00", (480, 1260)),
        ("8:05", "20:30:00", (485, 1230)),
        ("00:00", "23:59", (0, 1440)),
        ("22:00", "06:00", (1320, 360)),
        ("", "21:00", None),
        ("08:00", "", None),
        ("8 am", "9 pm", None),
        ("24:00", "25:00", None),
    ],
)
def test_times_as_a_dialer_writes_them(start, end, minutes):
    assert minutes_of(start, end) == minutes
