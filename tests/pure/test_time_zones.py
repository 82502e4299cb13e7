"""Time zones as stretches of constant offset (N3), compared with `zoneinfo` itself."""

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from ecm_campaign.tools import time_zones
from ecm_campaign.tools.time_zones import (
    EPOCH,
    MINUTE,
    is_zone,
    offset_at,
    show_the_same,
    stretches,
)

BERLIN = "Europe/Berlin"
ZONES = (BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca")


def minute(*date):
    return (datetime(*date) - EPOCH) // MINUTE


SPRING, AUTUMN = minute(2026, 3, 29, 1), minute(2026, 10, 25, 1)


@pytest.mark.parametrize("name", [None, "", "Mars/Base", "../etc", "Europe", "/etc/passwd", "a\0b"])
def test_what_is_no_zone(name):
    assert not is_zone(name)
    assert is_zone(BERLIN)


def test_a_year_is_cut_where_clocks_change():
    begin, end = minute(2026, 1, 1), minute(2027, 1, 1)
    assert list(stretches(BERLIN, begin, end)) == [
        (begin, SPRING, 60),
        (SPRING, AUTUMN, 120),
        (AUTUMN, end, 60),
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (SPRING - 5, SPRING + 5, [(SPRING - 5, SPRING, 60), (SPRING, SPRING + 5, 120)]),
        (SPRING - 5, SPRING, [(SPRING - 5, SPRING, 60)]),
        (SPRING - 5, SPRING + 1, [(SPRING - 5, SPRING, 60), (SPRING, SPRING + 1, 120)]),
        (SPRING, SPRING + 5, [(SPRING, SPRING + 5, 120)]),
        (SPRING, SPRING, []),
        # Over the turn of a year nothing is cut.
        (
            minute(2026, 12, 31),
            minute(2027, 1, 2),
            [(minute(2026, 12, 31), minute(2027, 1, 2), 60)],
        ),
    ],
)
def test_stretches_begin_and_end_where_they_are_asked_for(start, end, expected):
    assert list(stretches(BERLIN, start, end)) == expected


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_are_those_of_zoneinfo(zone):
    for month in range(1, 13):
        for day in range(1, 29):
            moment = datetime(2026, month, day, 13, 17, tzinfo=timezone.utc)
            offset = moment.astimezone(ZoneInfo(zone)).utcoffset() // MINUTE
            assert offset_at(zone, minute(2026, month, day, 13, 17)) == offset


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_an_offset_holds_from_its_minute_on(change):
    before, after = offset_at(BERLIN, change - 1), offset_at(BERLIN, change)
    assert {before, after} == {60, 120}
    assert offset_at(BERLIN, change + 1) == after


def test_an_offset_that_is_no_whole_minute_is_rounded_down():
    # Monrovia was 44 minutes and a half behind until 1972.
    assert offset_at("Africa/Monrovia", minute(1971, 6, 1)) == -45


def test_zones_whose_clocks_show_the_same():
    assert show_the_same("America/New_York", "America/Detroit", 2026)
    assert show_the_same(BERLIN, BERLIN, 2026)
    assert not show_the_same(BERLIN, "Africa/Lagos", 2026)
    assert not show_the_same(BERLIN, "Africa/Cairo", 2026)


def test_no_clock_is_further_from_utc():
    assert offset_at("Etc/GMT+12", SPRING) == time_zones.LEAST_OFFSET
    assert offset_at("Pacific/Kiritimati", SPRING) == time_zones.GREATEST_OFFSET
