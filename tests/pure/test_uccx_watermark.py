"""How far results were read: what is remembered, and when the mark may rise."""

import logging
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_dialer_cisco.clients.uccx_database import DialingRow
from ecm_dialer_cisco.clients.uccx_watermark import Watermark, WatermarkRules

NOW = datetime(2026, 11, 21, 12)
# An overlap of five minutes, a horizon of a day; clocks differ by an hour at most.
RULES = WatermarkRules(300, 86_400)


def row(key=1, age=0, callback_age=None):
    """A row that was created so many seconds ago; None where it does not say."""

    def before_now(seconds):
        return None if seconds is None else NOW - timedelta(seconds=seconds)

    callback_at = before_now(callback_age)
    return DialingRow(
        id=key,
        campaign_id=1,
        key=f"e-{key}",
        phones=("+491", "", ""),
        status=1,
        result=0,
        last_phone=0,
        calls_made=0,
        callback_number="",
        callback_at=callback_at and callback_at.replace(tzinfo=timezone.utc),
        created_at=before_now(age),
        active=True,
    )


def rise(*ages, low=0):
    """The next mark for rows 1, 2, … of these ages."""
    rows = [row(key, age) for key, age in enumerate(ages, 1)]
    # In whatever order they come.
    return RULES.next_low(rows[::-1], low, NOW)


@pytest.mark.parametrize(
    ("ages", "low"),
    [
        ([], 0),
        ([300, 0], 1),
        ([299, 0], 0),
        # The one that may have neighbours keeps later ones from being passed.
        ([299, 400, 0], 0),
        ([1000, 500, 0], 2),
        # The newest row's own time counts: the database's clock may be an hour behind ours.
        ([3899], 0),
        ([3600 + 300], 1),
        ([3600 + 300, 3600 + 299], 1),
        # One without a time may just have come.
        ([None], 0),
        ([1000, None, 0], 1),
    ],
)
def test_the_mark_rises_to_where_nothing_can_appear_any_more(ages, low):
    assert rise(*ages) == low


def test_a_row_that_is_further_than_clocks_differ_is_passed_however_new_it_looks():
    assert rise(3899, 3898) == 0
    assert rise(3900, 3899) == 1


def test_the_mark_never_sinks():
    assert rise(1000, 0, low=7) == 7


@pytest.mark.parametrize(
    ("age", "callback_age", "is_given_up"),
    [
        (86_399, None, False),
        (86_400, None, True),
        (None, None, False),
        (200_000, 86_399, False),
        (200_000, 86_400, True),
        (0, 200_000, False),
        (200_000, -3600, False),
    ],
)
def test_a_row_is_waited_for_until_a_day_after_its_time(age, callback_age, is_given_up):
    assert RULES.is_given_up(row(1, age, callback_age), NOW) is is_given_up


IDS = st.frozensets(st.integers(1, 50))
MARKS = st.builds(
    Watermark,
    low=st.integers(0, 9),
    told=IDS,
    waiting=IDS,
    unattended=IDS,
    awaiting_agent=st.dictionaries(st.integers(1, 50), st.integers(0, 2**31)),
    callbacks=st.dictionaries(st.integers(1, 50), st.text(max_size=5)),
    looked_at=st.integers(0, 2**31),
)


@given(MARKS)
def test_a_mark_is_read_as_it_was_written(mark):
    text = mark.dumps()
    assert Watermark.loads(text) == mark
    assert Watermark.loads(text).dumps() == text


def test_nothing_to_remember_takes_no_room():
    assert Watermark().dumps() == '{"low": 0, "looked_at": 0}'


def test_a_mark_is_the_same_text_in_whatever_order_it_came_about():
    one = Watermark(awaiting_agent={2: 5, 1: 6}, callbacks={4: "a", 3: "b"})
    other = Watermark(awaiting_agent={1: 6, 2: 5}, callbacks={3: "b", 4: "a"})
    assert one.dumps() == other.dumps()


def test_without_a_mark_reading_begins_at_the_beginning_and_nobody_is_warned(caplog):
    with caplog.at_level(logging.WARNING):
        assert Watermark.loads("") == Watermark() == Watermark.loads("{}")
    assert not caplog.records
