"""The dialer of a dry run: how many calls a group's buffer lets be under way, and how it changes."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from ecm_campaign.tools.dry_run_dialer import Capacity, Dialer
from ecm_campaign.tools.pacing import Pacing

NOW = datetime(2026, 3, 2, 9)
MINUTE = timedelta(minutes=1)
FIXED = Pacing(initial=10, increment=0, decrement=0, threshold=100)
MOVING = Pacing(initial=10, increment=100, decrement=50, threshold=400)


def make_dialer(pacing, call_time=timedelta(seconds=30), **changes):
    return Dialer(Capacity(3600, call_time, pacing=pacing, **changes))


def call_all(dialer, now, most=1000):
    """Make as many calls at a moment as the buffer lets; how many these were."""
    calls = 0
    while calls < most and dialer.get_free(now) == now:
        dialer.call(now)
        calls += 1
    return calls


def test_without_a_group_only_the_pace_bounds_the_calls():
    dialer = make_dialer(None)
    assert dialer.get_free(NOW) == NOW
    assert dialer.call(NOW) == NOW + timedelta(seconds=1)
    assert call_all(dialer, NOW, most=500) == 500


def test_a_full_buffer_waits_for_the_first_call_to_end():
    dialer = make_dialer(FIXED, call_time=10 * MINUTE)
    assert call_all(dialer, NOW) == 10
    assert dialer.get_free(NOW) == NOW + 10 * MINUTE
    assert call_all(dialer, NOW + 10 * MINUTE) == 10


def test_what_was_filled_in_is_called_within_a_minute():
    dialer = make_dialer(FIXED, call_time=timedelta(seconds=10))
    assert call_all(dialer, NOW) == 10
    assert dialer.get_free(NOW) == NOW + MINUTE
    assert call_all(dialer, NOW + MINUTE) == 10


@pytest.mark.parametrize(("changes", "calls"), [({"scale": 5}, 2), ({"part": 0.5}, 5),
                                                ({"part": 0.5, "scale": 2}, 2)])  # fmt: skip
def test_a_call_stands_for_several_of_the_group(changes, calls):
    assert call_all(make_dialer(FIXED, **changes), NOW) == calls


def test_one_call_is_made_however_many_it_stands_for():
    dialer = make_dialer(FIXED, scale=50)
    assert call_all(dialer, NOW) == 1
    # Also for a part of the buffer that is nearly none.
    dialer = make_dialer(FIXED, part=0)
    assert call_all(dialer, NOW) == 1


@pytest.mark.parametrize(
    ("calls", "seconds_ago", "call_seconds", "size"),
    [
        # Six of ten were called within the minute, and have ended: it is hungry.
        (6, 30, 10, 20),
        (6, 30, 30, 20),
        (6, 59, 30, 20),
        # Half of them are still held, or under way.
        (5, 30, 10, 10),
        (6, 30, 31, 10),
        (7, 30, 31, 10),
        # Nothing was called within the minute: it is backed up.
        (6, 60, 10, 5),
        (0, 30, 10, 5),
        (9, 30, 31, 5),
    ],
)
def test_the_buffer_follows_what_the_dialer_holds(calls, seconds_ago, call_seconds, size):
    dialer = make_dialer(MOVING, call_time=timedelta(seconds=call_seconds))
    dialer.get_free(NOW)
    later = NOW + 5 * MINUTE
    for _call in range(calls):
        dialer.call(later - timedelta(seconds=seconds_ago))
    dialer.get_free(later)
    # Seen two minutes later, when all of these have ended.
    assert call_all(dialer, later + 2 * MINUTE) == size


def test_the_buffer_grows_from_what_it_has_grown_to():
    dialer = make_dialer(MOVING, call_time=timedelta(seconds=10))
    dialer.get_free(NOW)
    for minutes, size in ((5, 20), (10, 30), (15, 40), (20, 40)):
        moment = NOW + minutes * MINUTE
        # More than half of what it is now; of the initial ten that is more than all.
        for _call in range(size // 2 + 1 if minutes > 5 else 6):
            dialer.call(moment - timedelta(seconds=30))
        dialer.get_free(moment)
        assert dialer._buffer.size == size


def test_others_take_their_part_of_the_time_until_they_are_through():
    dialer = Dialer(Capacity(3600, MINUTE, taken=0.75, others_calls=5))
    moments = [NOW]
    for _call in range(4):
        moments.append(dialer.call(moments[-1]))
    seconds = [(after - before).total_seconds() for before, after in pairwise(moments)]
    assert seconds == [4, 3, 1, 1]
    starved = Dialer(Capacity(3600, MINUTE, taken=1, others_calls=1000))
    assert starved.call(NOW) - NOW == timedelta(seconds=100)
