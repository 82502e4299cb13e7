"""Messages that would come too late (M4)."""

from datetime import datetime, timedelta

import pytest

from ecm_sms.tools.lateness import LATE, STALE, Pause, find_end, find_lateness

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 2, 12)
PAUSE = Pause(NOON, NOON + 3 * HOUR)


@pytest.mark.parametrize(
    ("due", "good_for", "at", "expected"),
    [
        (NOON, None, NOON + 10_000 * HOUR, None),
        (NOON, HOUR, NOON, None),
        (NOON, HOUR, NOON + HOUR - timedelta(seconds=1), None),
        (NOON, HOUR, NOON + HOUR, LATE),
        (None, HOUR, NOON, None),
    ],
)
def test_a_message_is_good_for_some_time(due, good_for, at, expected):
    assert find_lateness(NOON, due, good_for, None, at) == expected


@pytest.mark.parametrize(
    ("added", "due", "expected"),
    [
        # It waited when the campaign was stopped.
        (NOON - HOUR, NOON - HOUR, STALE),
        # Its next message became due meanwhile.
        (NOON - HOUR, NOON + HOUR, STALE),
        # That is due after the restart.
        (NOON - HOUR, NOON + 3 * HOUR, None),
        # It was added while the campaign was stopped, or just then.
        (NOON + HOUR, NOON + HOUR, None),
        (NOON, NOON, None),
        (None, NOON, None),
        (NOON - HOUR, None, None),
        (None, None, None),
    ],
)
def test_what_is_from_before_a_stop_is_stale(added, due, expected):
    assert find_lateness(added, due, None, PAUSE, NOON + 4 * HOUR) == expected
    assert find_lateness(added, due, None, None, NOON + 4 * HOUR) is None


def test_the_end_is_that_of_whoever_is_told():
    assert find_end(NOON, HOUR) == NOON + HOUR
    assert find_end(NOON, None) is find_end(None, HOUR) is None


def test_what_is_too_late_is_no_more_than_that():
    assert find_lateness(NOON - HOUR, NOON - HOUR, HOUR, PAUSE, NOON + 4 * HOUR) == LATE
    assert find_lateness(NOON - HOUR, NOON - HOUR, 9 * HOUR, PAUSE, NOON + 4 * HOUR) == STALE
