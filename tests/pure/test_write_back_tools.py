"""Texts, retries and batches of results that are written back (R2), without Odoo."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_crm_bridge.tools import batches, note


class LockedError(Exception):
    """What an app says of one record."""


class BusyError(Exception):
    """Another transaction is in the way."""


def test_placeholders_are_filled_and_what_is_not_known_is_left_out():
    values = {"campaign": "Spring", "outcome": "Busy", "agent": None}
    text = note.fill("{campaign}: {outcome} {agent}\n{ number }", values)
    assert text == "Spring: Busy"


def test_braces_in_a_value_mean_nothing():
    assert note.fill("{agent}", {"agent": "{number}", "number": "1"}) == "{number}"


def test_unknown_placeholders_are_named():
    assert note.find_unknown("{campaign} {nonsense} {nonsense} {0.__class__}") == [
        "nonsense",
        "0.__class__",
    ]
    assert note.find_unknown("") == []


@pytest.mark.parametrize(("seconds", "text"), [(None, ""), (0, ""), (5, "0:05"), (125, "2:05")])
def test_talk_time(seconds, text):
    assert note.describe_duration(seconds) == text


def test_retries_come_later_each_time_and_end():
    delays = [batches.get_retry_delay(tries) for tries in range(1, 8)]
    assert delays[:3] == [timedelta(minutes=minutes) for minutes in (2, 4, 8)]
    assert delays[-2:] == [None, None]


@given(st.lists(st.integers(0, 5)))
def test_waves_have_each_key_once_and_keep_its_order(keys):
    items = list(enumerate(keys))
    waves = batches.split_in_waves(items, lambda item: item[1])
    for wave in waves:
        assert len({key for _place, key in wave}) == len(wave)
    flat = [item for wave in waves for item in wave]
    assert sorted(flat) == items
    for key in set(keys):
        own = [place for place, its_key in flat if its_key == key]
        assert own == sorted(own)


@given(st.lists(st.booleans(), max_size=60))
def test_exactly_those_fail_that_fail_alone_and_all_others_are_done_once(bad):
    done = []

    def work(some):
        if any(bad[place] for place in some):
            raise LockedError
        done.extend(some)

    failures = batches.find_failures(list(range(len(bad))), work)
    assert sorted(item for item, _error in failures) == [
        n for n, is_bad in enumerate(bad) if is_bad
    ]
    assert sorted(done) == [n for n, is_bad in enumerate(bad) if not is_bad]


def test_few_calls_find_one_that_fails_among_many():
    calls = []

    def work(some):
        calls.append(len(some))
        if 77 in some:
            raise LockedError

    batches.find_failures(list(range(512)), work)
    assert len(calls) <= 2 * 9 + 1


def test_another_transaction_in_the_way_says_nothing_about_the_records():
    def work(_some):
        raise BusyError

    with pytest.raises(BusyError):
        batches.find_failures([1, 2], work, (BusyError,))
