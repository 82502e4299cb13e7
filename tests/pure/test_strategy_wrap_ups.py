"""What the agent's wrap-up changes (requirement S6), as tables."""

import pytest

from ecm_campaign.tools.strategy import (
    WRAP_UP_PREFIX,
    Close,
    Counters,
    Outcome,
    Rule,
    WrapUp,
    decide,
)
from tests.pure.decisions import (
    BUSY,
    CALLBACK,
    DO_NOT_CALL,
    FAILED,
    HOUR,
    MINUTE,
    NO_ANSWER,
    NOW,
    PHONES,
    VOICE,
    again,
    attempt,
    go,
    plan_of,
    step,
)

PLAN = plan_of(
    attempt(1, busy=go(2, HOUR), voice=go(3, HOUR)), attempt(2, 2), attempt(3, 3), max_attempts=9
)
OUTCOMES = [BUSY, NO_ANSWER, FAILED, VOICE]
SALE, LATER, WRONG = (
    WrapUp("sale", Rule("close")),
    WrapUp("later", again(5 * MINUTE)),
    WrapUp("wrong"),
)
STOP = WrapUp("stop", Rule("close", suppress=True))


def after(outcome, wrap_up, counters=None, position=1, plan=PLAN):
    return step(decide(plan, PHONES, position, outcome, counters or Counters(1), NOW, wrap_up))


def uses(times, code="later", **others):
    return Counters(
        times, in_cycle=times, uses={(0, f"wrap_up:{code}"): times, **others.get("uses", {})}
    )


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.code)
@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_wrap_up_that_closes_goes_before_the_strategys_rule(outcome, position):
    live = outcome is VOICE
    state = "connected" if live else "retries_completed" if position == 3 else "not_connected"
    assert after(outcome, SALE, position=position) == (state, "wrap_up_close")


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.code)
@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_wrap_up_that_tries_again_goes_before_the_strategys_rule(outcome, position):
    assert after(outcome, LATER, position=position) == (position, 5, "wrap_up_next", 1)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.code)
@pytest.mark.parametrize("position", [1, 2])
def test_a_wrap_up_without_rule_leaves_it_to_the_strategy(outcome, position):
    assert after(outcome, WRONG, position=position) == after(outcome, None, position=position)


@pytest.mark.parametrize(
    "outcome", [*OUTCOMES, CALLBACK, DO_NOT_CALL], ids=lambda outcome: outcome.code
)
@pytest.mark.parametrize(
    "counters", [Counters(1), Counters(99, 99)], ids=["budget left", "budget spent"]
)
def test_a_wrap_up_that_suppresses_lists_the_contact_at_once(outcome, counters):
    assert after(outcome, STOP, counters) == ("dnc_listed", "suppressed")


@pytest.mark.parametrize("action", ["again", "close"])
def test_suppression_does_not_depend_on_the_wrap_ups_action(action):
    assert after(VOICE, WrapUp("stop", Rule(action, suppress=True))) == ("dnc_listed", "suppressed")


@pytest.mark.parametrize("wrap_up", [SALE, LATER, WRONG], ids=lambda wrap_up: wrap_up.code)
def test_no_wrap_up_undoes_a_suppressing_outcome(wrap_up):
    assert after(DO_NOT_CALL, wrap_up) == ("dnc_listed", "suppressed")


def test_a_wrap_up_that_follows_the_strategy_meets_its_suppressing_rule():
    plan = plan_of(attempt(1, voice=Rule("close", suppress=True)))
    assert after(VOICE, WRONG, plan=plan) == ("dnc_listed", "suppressed")


# --- retries at most -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("position", [1, 2])
def test_a_wrap_ups_retries_are_used_up_and_the_next_attempt_follows(most, position):
    """Webex's example: *Callback Requested*, five minutes, at most three."""
    wrap_up = WrapUp("later", again(5 * MINUTE, max_retry=most))
    for times in range(1, most + 1):
        assert after(VOICE, wrap_up, uses(times), position) == (position, 5, "wrap_up_next", 1)
    assert after(VOICE, wrap_up, uses(most + 1), position) == (position + 1, 0, "branch", 1)


@pytest.mark.parametrize(("outcome", "state"), [(VOICE, "connected"), (BUSY, "retries_completed")])
def test_a_wrap_ups_retries_are_used_up_at_the_last_attempt(outcome, state):
    wrap_up = WrapUp("later", again(max_retry=1))
    assert after(outcome, wrap_up, uses(2), 3) == (state, "cycles")


@pytest.mark.parametrize(
    ("counted", "reason"),
    [
        ({(0, "wrap_up:later"): 2}, "branch"),
        ({(0, "wrap_up:later"): 1, (0, "wrap_up:noise"): 9}, "wrap_up_next"),
        ({(0, "wrap_up:later"): 1, (1, "voice"): 9}, "wrap_up_next"),
        ({(1, "wrap_up:later"): 9}, "wrap_up_next"),
        ({(0, "later"): 9}, "wrap_up_next"),
        ({}, "wrap_up_next"),
    ],
)
def test_a_wrap_ups_retries_are_counted_by_its_code_over_all_attempts(counted, reason):
    wrap_up = WrapUp("later", again(max_retry=1))
    assert (
        after(
            VOICE,
            wrap_up,
            Counters(9, in_cycle=9, uses=counted),
            plan=plan_of(attempt(1), attempt(2), max_attempts=20),
        )[2]
        == reason
    )


def test_an_outcome_with_the_name_of_a_wrap_up_is_counted_apart():
    plan = plan_of(attempt(1, later=again(max_retry=1)), attempt(2), max_attempts=9)
    counters = Counters(3, uses={(1, "later"): 1, (0, f"{WRAP_UP_PREFIX}later"): 5})
    assert step(decide(plan, PHONES, 1, Outcome("later"), counters, NOW)) == (1, 30, "rule_next", 1)


# --- budgets, cycles, priorities -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counters", "expected"),
    [
        (Counters(8), (1, 5, "wrap_up_next", 1)),
        (Counters(9), ("connected", "budget")),
        (Counters(8, 10), ("connected", "uncounted_budget")),
    ],
)
def test_a_wrap_ups_retries_stay_within_the_budget(counters, expected):
    assert after(VOICE, LATER, counters) == expected


@pytest.mark.parametrize(
    ("counters", "expected"),
    [
        (Counters(1, in_cycle=1), (1, 5, "wrap_up_next", 1)),
        (Counters(2, in_cycle=2), (1, 240, "next_cycle", 2)),
        (Counters(4, cycle=2, in_cycle=2), ("connected", "cycles")),
    ],
)
def test_a_wrap_ups_retries_stay_within_the_cycles(counters, expected):
    plan = plan_of(attempt(1), cycles=2, cycle_limit=2, cycle_interval=4 * HOUR, max_attempts=9)
    assert after(VOICE, LATER, counters, plan=plan) == expected


@pytest.mark.parametrize(
    ("counters", "outcome", "expected"),
    [
        (Counters(1), BUSY, ("not_connected", "wrap_up_close")),
        (Counters(9), BUSY, ("retries_completed", "wrap_up_close")),
        (Counters(1, 10), BUSY, ("retries_completed", "wrap_up_close")),
        (Counters(9), VOICE, ("connected", "wrap_up_close")),
    ],
)
def test_the_state_of_a_contact_that_a_wrap_up_closes(counters, outcome, expected):
    assert after(outcome, SALE, counters) == expected


@pytest.mark.parametrize("priority", [None, 0, 3])
def test_a_wrap_ups_priority(priority):
    wrap_up = WrapUp("later", again(priority=priority, max_retry=1))
    for times in (1, 2):
        assert decide(PLAN, PHONES, 1, VOICE, uses(times), NOW, wrap_up).priority == priority


def test_a_wrap_up_may_lead_to_another_attempt():
    assert after(VOICE, WrapUp("mobile", go(2, HOUR))) == (2, 60, "wrap_up_next", 1)
    assert after(VOICE, WrapUp("mobile", go(7, HOUR))) == ("connected", "missing_attempt")


def test_a_wrap_up_of_an_attempt_that_the_plan_lost():
    assert decide(PLAN, PHONES, 7, BUSY, Counters(1), NOW, LATER) == Close(
        "retries_completed", "missing_attempt"
    )
    assert decide(PLAN, PHONES, 7, BUSY, Counters(1), NOW, SALE) == Close(
        "retries_completed", "wrap_up_close"
    )
    assert decide(PLAN, PHONES, 0, BUSY, Counters(1), NOW, SALE) == Close(
        "retries_completed", "wrap_up_close"
    )
