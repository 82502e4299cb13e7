"""What Explain makes of the verdicts of gates and checks: the one that decides, and the first moment
at which nothing stops a contact (requirement R6).
"""

from datetime import datetime, timedelta

import pytest

from ecm_campaign.tools.explain import (
    CLOSES,
    HELD,
    NOT_REACHED,
    PASSES,
    ROUNDS,
    WAITS,
    Finding,
    decisive,
    earliest_moment,
)

NOW = datetime(2026, 3, 2, 9)
HOUR = timedelta(hours=1)


def finding(name, verdict, hours=None):
    return Finding(name, verdict, until=None if hours is None else NOW + hours * HOUR)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], None),
        ([("a", PASSES), ("b", NOT_REACHED)], None),
        # What does not pass by itself goes before what does, in their order.
        ([("a", WAITS, 9), ("b", HELD), ("c", CLOSES)], "b"),
        ([("a", WAITS, 9), ("b", CLOSES), ("c", HELD)], "b"),
        ([("a", PASSES), ("b", HELD), ("c", NOT_REACHED)], "b"),
        # Of what passes by itself the one that takes longest; of equals the first.
        ([("a", WAITS, 1), ("b", WAITS, 3), ("c", WAITS, 2)], "b"),
        ([("a", WAITS, 3), ("b", WAITS, 3)], "a"),
        ([("a", WAITS, 3), ("b", WAITS, 1)], "a"),
        # One whose end nobody knows only where there is no other.
        ([("a", WAITS), ("b", WAITS, 1)], "b"),
        ([("a", WAITS, 1), ("b", WAITS)], "a"),
        ([("a", WAITS), ("b", WAITS)], "a"),
    ],
)
def test_the_finding_that_decides(verdicts, expected):
    found = decisive(finding(*values) for values in verdicts)
    assert (found and found.check) == expected


def step_to(*moments):
    """A judge that allows the last of some moments, and leads from each to the next."""

    def judge(at):
        return next((moment for moment in moments if moment >= at), None)

    return judge


def test_a_moment_that_is_allowed_is_the_first_one():
    assert earliest_moment(step_to(NOW), NOW) == NOW


def test_from_moment_to_moment_each_is_judged_again():
    asked = []

    def judge(at):
        asked.append(at)
        return at if at >= NOW + 2 * HOUR else at + HOUR

    assert earliest_moment(judge, NOW) == NOW + 2 * HOUR
    assert asked == [NOW, NOW + HOUR, NOW + 2 * HOUR]


def test_a_judge_that_leads_back_has_allowed_it():
    assert earliest_moment(lambda at: at - HOUR, NOW) == NOW


@pytest.mark.parametrize("steps", [0, 2])
def test_never_is_told(steps):
    moments = iter([NOW + number * HOUR for number in range(1, steps + 1)])
    assert earliest_moment(lambda _at: next(moments, None), NOW) is None


@pytest.mark.parametrize(("rounds", "expected"), [(ROUNDS - 1, True), (ROUNDS, False)])
def test_who_is_moved_too_often_finds_no_time(rounds, expected):
    end = NOW + rounds * HOUR
    found = earliest_moment(lambda at: min(at + HOUR, end), NOW)
    assert (found == end) is expected
    assert (found is None) is not expected
