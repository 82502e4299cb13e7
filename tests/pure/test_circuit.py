"""A circuit breaker opens after failures in a row, waits longer each time, and closes by one try."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools.circuit import (
    CLOSED,
    JITTER,
    LONGEST_PAUSE,
    OPEN,
    PERSON_PAUSE,
    TRYING,
    Circuit,
    Limits,
    fail,
    pause_seconds,
    state_of,
    worst,
)

NOW = datetime(2026, 3, 2, 9, 0)
LIMITS = Limits(threshold=3)


def fail_times(count, limits=LIMITS, **how):
    circuit = Circuit()
    for _failure in range(count):
        circuit = fail(circuit, NOW, limits, 0, **how)
    return circuit


@pytest.mark.parametrize(
    ("failures", "later", "expected"),
    [
        (0, 0, CLOSED),
        (2, 0, CLOSED),
        (3, 0, OPEN),
        (3, 19, OPEN),
        (3, 20, TRYING),
        (30, LONGEST_PAUSE - 1, OPEN),
        (30, LONGEST_PAUSE, TRYING),
    ],
)
def test_it_opens_after_some_failures_and_is_tried_when_the_pause_is_over(
    failures, later, expected
):
    moment = NOW + timedelta(seconds=later)
    assert state_of(fail_times(failures), moment, LIMITS) == expected


def test_a_try_that_fails_opens_it_again_for_twice_as_long():
    first = fail_times(3)
    second = fail(first, first.until, LIMITS, 0)
    assert state_of(second, first.until, LIMITS) == OPEN
    assert second.until - first.until == 2 * (first.until - NOW)


def test_what_needs_a_person_opens_at_once():
    circuit = fail(Circuit(), NOW, LIMITS, 0, needs_person=True)
    assert state_of(circuit, NOW, LIMITS) == OPEN
    assert circuit.until == NOW + timedelta(seconds=PERSON_PAUSE)


def test_pauses_are_those_that_the_documentation_tells():
    """Five seconds, doubling to 15 minutes, from the third failure on; five minutes for a person."""
    assert [pause_seconds(count) for count in (1, 2, 3, 8, 9, 500)] == [5, 10, 20, 640, 900, 900]
    assert Limits() == (3, 900)
    assert PERSON_PAUSE == 300


def test_by_chance_a_pause_is_longer_and_never_shorter():
    until = [fail(Circuit(), NOW, LIMITS, chance).until - NOW for chance in (0, 0.5, 1)]
    assert until == [timedelta(seconds=seconds) for seconds in (5, 6.25, 7.5)]


def test_the_longest_pause_is_the_longest_in_any_case():
    limits = Limits(threshold=1, longest=60)
    assert fail_times(1, limits, needs_person=True).until == NOW + timedelta(seconds=60)
    assert fail_times(20, limits).until == NOW + timedelta(seconds=60)


def test_a_circuit_that_was_told_to_try_is_not_closed():
    assert state_of(Circuit(7, None), NOW, LIMITS) == TRYING


@given(st.integers(1, 10_000), st.floats(0, 1), st.integers(1, 10), st.integers(1, 86_400))
def test_no_pause_is_shorter_than_the_one_before_nor_longer_than_allowed(
    failures, chance, threshold, longest
):
    limits = Limits(threshold, longest)
    until = fail(Circuit(failures - 1), NOW, limits, chance).until
    assert NOW < until <= NOW + timedelta(seconds=longest * (1 + JITTER))
    assert pause_seconds(failures, longest) <= pause_seconds(failures + 1, longest)


@pytest.mark.parametrize(
    ("states", "expected"),
    [([CLOSED, CLOSED], CLOSED), ([TRYING, OPEN], OPEN), ([CLOSED, TRYING], TRYING)],
)
def test_people_see_the_worst_part(states, expected):
    assert worst(states) == expected
