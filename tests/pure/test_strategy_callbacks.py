"""What becomes of a contact that asks to be called back (requirement S7), as tables."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ecm_campaign.tools.strategy import (
    Callbacks,
    Close,
    Counters,
    Outcome,
    Rule,
    WrapUp,
    callback_kind,
    decide,
)
from tests.pure.decisions import (
    BUSY,
    CALLBACK,
    DAY,
    DO_NOT_CALL,
    HOUR,
    MINUTE,
    MISSED,
    NOW,
    PHONES,
    VOICE,
    again,
    attempt,
    go,
    plan_of,
    step,
)

NORMAL_PLAN = plan_of(
    attempt(1, busy=go(2)), attempt(2, 2, callback=again(2 * HOUR)), attempt(3), max_attempts=3
)
CALLBACK_PLAN = plan_of(
    attempt(1, 2, callback_missed=again(10 * MINUTE), busy=again(5 * MINUTE), callback=again(HOUR)),
    attempt(2),
    max_attempts=4,
)
CALLBACKS = Callbacks(CALLBACK_PLAN)
SPENT = Counters(3, 0)


def ask(
    callbacks=CALLBACKS, counters=None, outcome=CALLBACK, position=1, phones=PHONES, wrap_up=None
):
    """What follows when the customer asks to be called back."""
    return decide(
        NORMAL_PLAN, phones, position, outcome, counters or Counters(1), NOW, wrap_up, callbacks
    )


def after(outcome, callbacks=CALLBACKS, plan=CALLBACK_PLAN, **counters):
    """What follows a try that was made on a callback."""
    counters = {"counted": 1, "callback": "personal", "callback_since": NOW - DAY, **counters}
    return decide(plan, PHONES, 1, outcome, Counters(**counters), NOW, None, callbacks)


# --- becoming one --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [1, 2, 3])
@pytest.mark.parametrize(
    "counters", [Counters(1), Counters(1, 5, cycle=3, in_cycle=1), SPENT, Counters(0, 10)]
)
def test_the_callback_strategy_begins_at_its_first_attempt_in_its_first_cycle(position, counters):
    decision = ask(position=position, counters=counters)
    minutes = 120 if position == 2 else 0
    assert step(decision) == (1, minutes, "callback", 1)
    assert (decision.number, decision.callback, decision.resets) == (PHONES[1], "personal", True)


def test_the_rule_for_the_outcome_says_when():
    """Not, however, whether: even a rule that closes hands over, since the customer asked."""
    rules = {"again": again(3 * HOUR), "attempt": go(2, 4 * HOUR), "close": Rule("close")}
    starts = {}
    for name, rule in rules.items():
        plan = plan_of(attempt(1, callback=rule), attempt(2))
        starts[name] = step(decide(plan, PHONES, 1, CALLBACK, Counters(1), NOW, None, CALLBACKS))
    assert starts == {
        "again": (1, 180, "callback", 1),
        "attempt": (1, 240, "callback", 1),
        "close": (1, 0, "callback", 1),
    }


def test_without_a_rule_the_callback_strategy_says_when():
    """Not at once: the agent has just hung up (O15)."""
    later = replace(CALLBACKS, delay=HOUR)
    assert step(ask(later)) == (1, 60, "callback", 1)
    assert step(ask(later, position=2)) == (1, 120, "callback", 1)
    at_once = plan_of(attempt(1, callback=again(0 * HOUR)))
    assert step(decide(at_once, PHONES, 1, CALLBACK, Counters(1), NOW, None, later))[1] == 0
    closing = plan_of(attempt(1, callback=Rule("close")))
    assert step(decide(closing, PHONES, 1, CALLBACK, Counters(1), NOW, None, later))[1] == 60
    wish = WrapUp("later", asks_callback=True)
    assert step(ask(later, outcome=VOICE, wrap_up=wish)) == (1, 60, "callback", 1)


def test_without_callback_strategy_the_rules_decide():
    assert step(ask(None, position=2, counters=Counters(2))) == (2, 120, "rule_next", 1)
    assert ask(None) == Close("not_connected", "no_rule")


@pytest.mark.parametrize("priority", [None, 0, 60])
def test_the_callback_has_the_rules_priority(priority):
    plan = plan_of(attempt(1, callback=again(HOUR, priority=priority)))
    assert decide(plan, PHONES, 1, CALLBACK, Counters(1), NOW, None, CALLBACKS).priority == priority


@pytest.mark.parametrize("outcome", [BUSY, VOICE, MISSED])
def test_other_outcomes_do_not_make_a_callback(outcome):
    decision = ask(outcome=outcome)
    assert isinstance(decision, Close) or (decision.callback, decision.resets) == (None, False)


def test_who_must_not_be_contacted_is_not_called_back():
    outcome = replace(DO_NOT_CALL, asks_callback=True)
    assert ask(outcome=outcome) == Close("dnc_listed", "suppressed")
    plan = plan_of(attempt(1, callback=again(suppress=True)))
    assert decide(plan, PHONES, 1, CALLBACK, Counters(1), NOW, None, CALLBACKS) == Close(
        "dnc_listed", "suppressed"
    )


@pytest.mark.parametrize(
    ("wrap_up", "askers"),
    [
        (None, {"callback"}),
        (WrapUp("later"), {"callback"}),
        (WrapUp("later", asks_callback=True), {"callback", "voice", "busy"}),
        (WrapUp("later", Rule("close"), asks_callback=True), {"callback", "voice", "busy"}),
        (WrapUp("later", again(5 * MINUTE), asks_callback=True), {"callback", "voice", "busy"}),
        (WrapUp("sale", Rule("close")), set()),
        (WrapUp("noise", again(5 * MINUTE)), set()),
    ],
)
@pytest.mark.parametrize("outcome", [CALLBACK, VOICE, BUSY], ids=lambda outcome: outcome.code)
def test_a_wrap_up_asks_in_the_outcomes_place(outcome, wrap_up, askers):
    """One with a rule overrules the outcome; one without can only add its wish."""
    decision = ask(outcome=outcome, wrap_up=wrap_up)
    assert (decision.reason == "callback") == (outcome.code in askers)


def test_a_wrap_up_says_when_the_callback_is_due():
    wrap_up = WrapUp("later", Rule("again", delay=5 * MINUTE, priority=7), asks_callback=True)
    decision = ask(outcome=VOICE, wrap_up=wrap_up)
    assert (*step(decision), decision.priority) == (1, 5, "callback", 1, 7)


# --- counters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resets", "counters", "expected"),
    [
        (True, Counters(1), (1, 0, "callback", 1)),
        (True, Counters(99, 99), (1, 0, "callback", 1)),
        (False, Counters(1), (1, 0, "callback", 1)),
        (False, Counters(3, 9), (1, 0, "callback", 1)),
        (False, Counters(4, 0), ("connected", "budget")),
        (False, Counters(5, 0), ("connected", "budget")),
        (False, Counters(1, 10), ("connected", "uncounted_budget")),
    ],
)
def test_counters_begin_anew_or_hold_for_the_callback_too(resets, counters, expected):
    """Without a reset it is the callback strategy's budget that what was tried before counts
    against.
    """
    decision = ask(replace(CALLBACKS, resets=resets), counters)
    assert step(decision) == expected
    assert getattr(decision, "resets", False) == (resets and expected[0] == 1)


@pytest.mark.parametrize("kind", ["personal", "normal"])
@pytest.mark.parametrize("resets", [True, False])
def test_counters_are_reset_only_once(kind, resets):
    """Who asks again while being a callback stays one, with the counters as they are: its rule
    decides.
    """
    decision = after(CALLBACK, replace(CALLBACKS, resets=resets), callback=kind)
    assert step(decision) == (1, 60, "rule_next", 1)
    assert not decision.resets


@pytest.mark.parametrize("kind", ["personal", "normal"])
def test_asking_again_without_a_rule_begins_anew(kind):
    """The shipped callback strategy has no rule for it, and the agent is on the line (O2, B7)."""
    plan = plan_of(attempt(1), attempt(2))
    decision = after(CALLBACK, replace(CALLBACKS, plan=plan), plan, counted=2, callback=kind)
    assert step(decision) == (1, 0, "callback", 1)
    assert (decision.callback, decision.resets) == ("personal", True)
    assert after(CALLBACK, None, plan) == Close("not_connected", "no_rule")


def test_asking_again_ends_with_a_chosen_budget_where_counters_go_on():
    plan = plan_of(attempt(1), max_attempts=3)
    callbacks = Callbacks(plan, resets=False)
    assert step(after(CALLBACK, callbacks, plan, counted=2)) == (1, 0, "callback", 1)
    assert after(CALLBACK, callbacks, plan, counted=3) == Close("connected", "budget")


@pytest.mark.parametrize("counted", [1, 2, 3, 50])
def test_a_budget_that_nobody_set_does_not_end_a_callback(counted):
    """Without a reset only a chosen cap carries over (O3)."""
    derived = Callbacks(plan_of(attempt(1), attempt(2)), resets=False)
    decision = ask(derived, Counters(counted, 1))
    assert (*step(decision), decision.resets) == (1, 0, "callback", 1, True)
    assert ask(derived, Counters(counted, 10)) == Close("connected", "uncounted_budget")


@pytest.mark.parametrize(
    ("counted", "expected"), [(3, (1, 5, "rule_next", 1)), (4, ("retries_completed", "budget"))]
)
def test_a_callbacks_tries_end_with_the_callback_strategys_budget(counted, expected):
    assert step(after(BUSY, counted=counted)) == expected


# --- without number ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "phones", "reason"),
    [
        (plan_of(attempt(1, 4), phone_fallback="skip"), PHONES, "no_number"),
        (CALLBACK_PLAN, (), "no_number"),
        (plan_of(), PHONES, "missing_attempt"),
    ],
)
def test_a_callback_that_cannot_be_made_closes_as_connected(plan, phones, reason):
    assert ask(Callbacks(plan), phones=phones) == Close("connected", reason)


# --- whose it is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tries", "misses", "expected"),
    [
        (1, 0, "personal"),
        (1, 1, "normal"),
        (1, 2, "normal"),
        (3, 2, "personal"),
        (3, 3, "normal"),
        (3, 4, "normal"),
        (0, 0, "normal"),
        (None, 99, "personal"),
    ],
)
def test_an_agent_who_is_missed_too_often_loses_the_callback(tries, misses, expected):
    callbacks = replace(CALLBACKS, agent_tries=tries)
    assert callback_kind(callbacks, "personal", misses, NOW, NOW) == expected
    assert after(MISSED, callbacks, agent_misses=misses).callback == expected


@pytest.mark.parametrize(
    ("personal_for", "age", "expected"),
    [
        (HOUR, 0 * HOUR, "personal"),
        (HOUR, HOUR - timedelta(seconds=1), "personal"),
        (HOUR, HOUR, "normal"),
        (HOUR, 2 * HOUR, "normal"),
        (7 * DAY, 6 * DAY, "personal"),
        (7 * DAY, 7 * DAY, "normal"),
        (0 * HOUR, 0 * HOUR, "normal"),
        (None, 400 * DAY, "personal"),
    ],
)
def test_a_callback_stays_personal_for_a_time(personal_for, age, expected):
    callbacks = Callbacks(CALLBACK_PLAN, agent_tries=None, personal_for=personal_for)
    assert callback_kind(callbacks, "personal", 9, NOW - age, NOW) == expected


@pytest.mark.parametrize(
    ("since", "expected"), [(59 * MINUTE - 10 * MINUTE, "personal"), (50 * MINUTE, "normal")]
)
def test_the_time_runs_to_the_next_try_and_not_to_the_last(since, expected):
    callbacks = Callbacks(CALLBACK_PLAN, agent_tries=None, personal_for=HOUR)
    decision = after(MISSED, callbacks, callback_since=NOW - since)
    assert decision.at == NOW + 10 * MINUTE
    assert decision.callback == expected


@pytest.mark.parametrize("delay", [0 * HOUR, HOUR, 2 * HOUR, 3 * DAY])
def test_a_callback_that_is_due_late_is_its_agents_from_then_on(delay):
    """Wanted in three days and kept for two hours: for two hours in three days (O14)."""
    callbacks = Callbacks(CALLBACK_PLAN, agent_tries=None, personal_for=2 * HOUR)
    wrap_up = WrapUp("later", again(delay), asks_callback=True)
    decision = ask(callbacks, outcome=VOICE, wrap_up=wrap_up)
    assert (decision.at - NOW, decision.callback) == (delay, "personal")


@pytest.mark.parametrize(("ago", "expected"), [(49 * MINUTE, "personal"), (50 * MINUTE, "normal")])
def test_the_agents_time_runs_from_the_due_time(ago, expected):
    callbacks = Callbacks(CALLBACK_PLAN, agent_tries=None, personal_for=HOUR)
    decision = after(MISSED, callbacks, callback_since=NOW - 3 * DAY, callback_due=NOW - ago)
    assert decision.callback == expected


@pytest.mark.parametrize(
    ("tries", "age"), [(1, 0 * HOUR), (None, 9 * DAY), (1, 9 * DAY), (None, 0 * HOUR), (9, HOUR)]
)
@pytest.mark.parametrize("retained", [True, False])
def test_what_is_anybodys_stays_so(tries, age, retained):
    callbacks = Callbacks(CALLBACK_PLAN, agent_tries=tries, personal_for=DAY)
    assert callback_kind(callbacks, "normal", 0, NOW - age, NOW, retained) == "normal"


@pytest.mark.parametrize("misses", [0, 1, 9])
@pytest.mark.parametrize("age", [0 * HOUR, 9 * DAY])
def test_a_rule_may_keep_it_with_its_agent(misses, age):
    callbacks = Callbacks(CALLBACK_PLAN, agent_tries=1, personal_for=DAY)
    assert callback_kind(callbacks, "personal", misses, NOW - age, NOW, retained=True) == "personal"


@pytest.mark.parametrize(("retain", "expected"), [(True, "personal"), (False, "normal")])
def test_retained_by_the_rule_of_the_outcome_or_the_wrap_up(retain, expected):
    callbacks = Callbacks(CALLBACK_PLAN, agent_tries=1, personal_for=HOUR)
    plan = plan_of(attempt(1, callback_missed=again(retain_pcb=retain)), max_attempts=9)
    assert after(MISSED, callbacks, plan, agent_misses=3).callback == expected
    wrap_up = WrapUp("later", again(DAY, retain_pcb=retain), asks_callback=True)
    assert ask(callbacks, outcome=VOICE, wrap_up=wrap_up).retained == retain


@pytest.mark.parametrize("kind", ["personal", "normal"])
@pytest.mark.parametrize("callbacks", [CALLBACKS, None])
def test_every_way_on_keeps_the_callback(kind, callbacks):
    """Also when the campaign's callback strategy was taken away meanwhile."""
    plan = plan_of(
        attempt(1, busy=again(max_retry=1), callback=go(2)),
        attempt(2, busy=again(max_retry=1)),
        cycles=2,
        max_attempts=9,
    )
    for outcome, position, uses, reason in (
        (CALLBACK, 1, {}, "rule_next"),
        (BUSY, 1, {(1, "busy"): 2}, "branch"),
        (BUSY, 2, {(2, "busy"): 2}, "next_cycle"),
    ):
        counters = Counters(2, callback=kind, callback_since=NOW, uses=uses)
        decision = decide(plan, PHONES, position, outcome, counters, NOW, None, callbacks)
        assert (decision.reason, decision.callback) == (reason, kind)


def test_without_its_time_a_callback_keeps_its_kind():
    assert after(MISSED, callback_since=None, agent_misses=9).callback == "personal"


@pytest.mark.parametrize("outcome", [Outcome("sold", is_live_voice=True), VOICE])
def test_a_callback_that_reaches_the_customer_closes_as_connected(outcome):
    assert after(outcome) == Close("connected", "live_voice")
