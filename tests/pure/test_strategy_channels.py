"""Attempts on several channels, where a phone may be used on one channel only: who must not be called
may still be written to.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools.strategy import (
    Callbacks,
    Close,
    PhonesByChannel,
    Plan,
    PlannedAttempt,
    attempt_from,
    decide,
    first_attempt,
)

from .decisions import BUSY, CALLBACK, HALF_HOUR, NOW, PHONES, attempt, go, plan_of, used

FIRST, SECOND, THIRD = PHONES[:3]
NOT_TO_CALL = PhonesByChannel(PHONES, {"voice": (None, None, None)})
NOT_TO_WRITE = PhonesByChannel(PHONES, {"sms": ()})


def call_then_write(**options):
    """A call, and a message when it was busy."""
    return plan_of(attempt(1, busy=go(2)), attempt(2, 1, "sms"), **options)


def test_who_must_not_be_called_is_written_to():
    first = first_attempt(call_then_write(), NOT_TO_CALL, None, NOW)
    assert (first.position, first.channel, first.number) == (2, "sms", FIRST)


def test_who_must_not_be_written_to_is_called_and_then_done():
    plan = call_then_write()
    first = first_attempt(plan, NOT_TO_WRITE, None, NOW)
    assert (first.position, first.channel, first.number) == (1, "voice", FIRST)
    following = decide(plan, NOT_TO_WRITE, 1, BUSY, used(1, "busy", 1), NOW)
    assert following == Close("retries_completed", "no_number")


def test_what_follows_uses_the_phones_of_its_own_channel():
    phones = PhonesByChannel((None, None), {"voice": (FIRST,), "sms": (SECOND,)})
    following = decide(call_then_write(), phones, 1, BUSY, used(1, "busy", 1), NOW)
    assert (following.channel, following.number, following.at) == ("sms", SECOND, NOW + HALF_HOUR)


def test_a_channel_that_is_not_named_uses_the_default():
    phones = PhonesByChannel(PHONES, {"sms": ()})
    assert attempt_from(plan_of(attempt(1, 2)), phones, 1, NOW, "start").number == SECOND
    assert phones.on_channel("mail") is PHONES


@pytest.mark.parametrize(
    ("fallback", "expected"), [("next_valid", (3, THIRD)), ("first", (1, FIRST)), ("skip", None)]
)
def test_the_fall_back_looks_among_the_phones_of_the_channel(fallback, expected):
    plan = plan_of(attempt(1, 2, "sms"), phone_fallback=fallback)
    phones = PhonesByChannel(PHONES, {"sms": (FIRST, None, THIRD), "voice": (None, SECOND)})
    found = attempt_from(plan, phones, 1, NOW, "start")
    assert (found and (found.phone_index, found.number)) == expected


def test_the_next_cycle_begins_on_the_channel_that_may_be_used():
    last = attempt(2, 1, "sms", busy=go(2, max_retry=0))
    plan = plan_of(attempt(1, busy=go(2)), last, cycles=2)
    following = decide(plan, NOT_TO_CALL, 2, BUSY, used(2, "busy", 1), NOW)
    assert (following.position, following.channel, following.cycle) == (2, "sms", 2)


def test_a_callback_needs_a_phone_that_may_be_called():
    callbacks = Callbacks(plan_of(attempt(1)))
    asked = (call_then_write(), NOT_TO_CALL, 2, CALLBACK, used(2, "callback", 1), NOW, None)
    assert decide(*asked, callbacks) == Close("connected", "no_number")
    writing = Callbacks(plan_of(attempt(1, 1, "sms")))
    assert decide(*asked, writing).number == FIRST


channels = st.sampled_from(["voice", "sms", "mail"])
phone_lists = st.lists(st.sampled_from([None, "", FIRST, SECOND, THIRD]), max_size=5)


@st.composite
def plans(draw):
    """Plans of some attempts on several channels, each busy one followed by any other."""
    size = draw(st.integers(1, 4))
    attempts = [
        PlannedAttempt(
            position,
            draw(channels),
            draw(st.integers(1, 5)),
            {"busy": go(draw(st.integers(1, size)))},
        )
        for position in range(1, size + 1)
    ]
    fallback = draw(st.sampled_from(["first", "skip", "next_valid"]))
    return Plan(tuple(attempts), phone_fallback=fallback, max_attempts=9)


@given(plans(), phone_lists)
def test_phones_that_are_the_same_on_every_channel_are_a_plain_list(plan, phones):
    alike = PhonesByChannel((), dict.fromkeys(["voice", "sms", "mail"], phones))
    for asked in (PhonesByChannel(phones), alike):
        assert first_attempt(plan, asked, None, NOW) == first_attempt(plan, phones, None, NOW)
        following = decide(plan, asked, 1, BUSY, used(1, "busy", 1), NOW)
        assert following == decide(plan, phones, 1, BUSY, used(1, "busy", 1), NOW)


@given(plans(), phone_lists, st.dictionaries(channels, phone_lists))
def test_no_attempt_uses_a_phone_that_its_channel_must_not_use(plan, default, by_channel):
    phones = PhonesByChannel(default, by_channel)
    for position in range(1, len(plan.attempts) + 1):
        found = attempt_from(plan, phones, position, NOW, "start")
        if found:
            usable = by_channel.get(found.channel, default)
            assert found.number == usable[found.phone_index - 1]
            assert found.number


def test_calls_and_messages_share_one_budget():
    turns = attempt(1, 1, busy=go(2)), attempt(2, 1, "sms", busy=go(1))
    plan, position, made, uses = plan_of(*turns, max_attempts=5), 1, [], {}
    while position:
        made.append(plan.attempts[position - 1].channel)
        uses[position, "busy"] = uses.get((position, "busy"), 0) + 1
        counters = used(position, "busy", len(made), uses=uses)
        following = decide(plan, PHONES, position, BUSY, counters, NOW)
        position = getattr(following, "position", None)
    assert made == ["voice", "sms", "voice", "sms", "voice"]
    assert following.state == "retries_completed"
