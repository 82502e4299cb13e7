"""The life of a callback (B3, B5, B7)."""

from datetime import datetime, timedelta

import pytest

from ecm_callback.tools import states
from ecm_callback.tools.states import (
    after_contact,
    event_of_contact,
    follow,
    may,
    punctuality,
)

NOW = datetime(2026, 7, 1, 12)
HOUR = timedelta(hours=1)


def test_the_usual_life():
    state = states.SCHEDULED
    for event, expected in (
        ("queue", states.QUEUED),
        ("dial", states.DIALING),
        ("wait", states.SCHEDULED),
        ("queue", states.QUEUED),
        ("dial", states.DIALING),
        ("connect", states.FINISHED),
    ):
        state = follow(state, event)
        assert state == expected


@pytest.mark.parametrize("state", states.CLOSED)
def test_what_is_closed_stays_so_but_for_what_somebody_plans_anew(state):
    events = {event for _state, event in states.TRANSITIONS}
    possible = {event for event in events if may(state, event)}
    assert possible == ({"move"} if state in (states.FAILED, states.MISSED) else set())


@pytest.mark.parametrize("state", states.OPEN)
def test_what_is_open_can_always_end(state):
    ends = {follow(state, event) for event in ("connect", "fail", "miss", "cancel", "block")}
    assert ends == set(states.CLOSED)


def test_what_cannot_happen_is_told():
    with pytest.raises(states.NotAllowed) as caught:
        follow(states.CANCELLED, "dial")
    assert (caught.value.state, caught.value.event) == ("cancelled", "dial")


@pytest.mark.parametrize(
    ("contact", "next_attempt_at", "event"),
    [
        ("pending", None, "queue"),
        ("pending", NOW, "queue"),
        ("pending", NOW + HOUR, "wait"),
        ("sent_to_dialer", None, "dial"),
        ("connected", None, "connect"),
        ("sms_responded", None, "connect"),
        ("not_connected", None, "fail"),
        ("retries_completed", None, "fail"),
        ("dangling", None, "fail"),
        ("dnc_listed", None, "block"),
        ("expired", None, "miss"),
        ("withdrawn", None, "cancel"),
    ],
)
def test_what_the_contact_says(contact, next_attempt_at, event):
    assert event_of_contact(contact, next_attempt_at, NOW) == event


def test_what_comes_too_late_or_says_nothing_new_changes_nothing():
    assert after_contact(states.CANCELLED, "connect") == states.CANCELLED
    assert after_contact(states.SCHEDULED, "wait") == states.SCHEDULED
    assert after_contact(states.DIALING, "dial") == states.DIALING


@pytest.mark.parametrize(
    ("state", "minutes", "expected"),
    [
        (states.DIALING, 0, "on_time"),
        (states.FINISHED, 5, "on_time"),
        (states.FINISHED, 6, "late"),
        (states.FAILED, -2, "on_time"),
        (states.MISSED, None, "missed"),
        (states.FAILED, None, "missed"),
        (states.QUEUED, None, None),
        (states.CANCELLED, None, None),
    ],
)
def test_whether_a_promise_was_kept(state, minutes, expected):
    called_at = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert punctuality(state, NOW, called_at, 5) == expected
