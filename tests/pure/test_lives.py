"""Properties of whole lives that combine the decision with limits and calling hours (requirements
S1 to S7, N3).

A contact lives through a random plan with random outcomes. Whatever happens, budgets and limits
hold, no delay is cut short, no call is outside its hours, and every life ends.
"""

import itertools
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools.calling_hours import Constraint, WeeklyHours, calling_hours
from ecm_campaign.tools.limits import Limit, Try, earliest
from ecm_campaign.tools.strategy import (
    WRAP_UP_PREFIX,
    Callbacks,
    Close,
    Counters,
    NextAttempt,
    Outcome,
    Plan,
    PlannedAttempt,
    Rule,
    WrapUp,
    decide,
    first_attempt,
    spent_budget,
)
from ecm_campaign.tools.strategy_check import validate
from tests.pure.decisions import (
    BUSY,
    CALLBACK,
    DO_NOT_CALL,
    FAILED,
    HOUR,
    MISSED,
    NO_ANSWER,
    NOW,
    VOICE,
)
from tests.pure.examples import settings

OUTCOMES = [*[BUSY, NO_ANSWER, FAILED, MISSED] * 4, CALLBACK, CALLBACK, VOICE, DO_NOT_CALL]
CODES = ["busy", "no_answer", "call_failed", "callback_missed", "callback", "voice"]
ZONE = ZoneInfo("Europe/Berlin")
NUMBERS = ["+4915112345671", "+4915112345672", "+4915112345673"]
STATES = {"connected", "not_connected", "retries_completed", "dnc_listed"}
LONGEST_LIFE = 400

delays = st.sampled_from([timedelta(0), timedelta(minutes=5), HOUR, timedelta(days=1, seconds=1)])
retries = st.none() | st.integers(0, 3)
caps = st.none() | st.integers(1, 12)


def any_rules(_position, size):
    """Rules of a plan of so many attempts, loops and all."""
    positions = st.integers(1, size)
    options = {
        "delay": delays,
        "max_retry": retries,
        "branch": st.none() | positions,
        "then_close": st.booleans(),
        "other_number": st.booleans(),
        "retain_pcb": st.booleans(),
    }
    return st.one_of(
        st.builds(Rule, st.just("attempt"), positions, **options),
        st.builds(Rule, st.just("again"), st.none(), **options),
        st.just(Rule("close")),
    )


def onward_rules(position, size):
    """Rules whose only ways back are limited ones, and never end in a branch back."""
    onward = st.integers(position + 1, size) if position < size else st.nothing()
    limited = {"delay": delays, "max_retry": st.integers(0, 3), "branch": st.none() | onward}
    return st.one_of(
        st.just(Rule("close")),
        st.builds(Rule, st.just("attempt"), onward, delays),
        st.builds(Rule, st.just("attempt"), st.integers(1, size), **limited),
        st.builds(Rule, st.just("again"), st.none(), **limited),
    )


@st.composite
def plans(draw, cap=caps, rules_of=any_rules):
    size = draw(st.integers(1, 4))
    attempts = tuple(
        PlannedAttempt(
            position,
            "voice",
            draw(st.integers(1, 3)),
            draw(st.dictionaries(st.sampled_from(CODES), rules_of(position, size), min_size=3)),
        )
        for position in range(1, size + 1)
    )
    return Plan(
        attempts,
        max_attempts=draw(cap),
        max_uncounted=draw(st.integers(0, 5)),
        phone_fallback=draw(st.sampled_from(["first", "skip", "next_valid"])),
        cycles=draw(st.integers(1, 3)),
        cycle_interval=draw(delays),
        cycle_limit=draw(st.none() | st.integers(1, 4)),
    )


limits = st.lists(
    st.builds(
        Limit,
        st.integers(1, 5),
        st.sampled_from(["rolling", "day", "life"]),
        st.sampled_from([HOUR, timedelta(days=1), timedelta(days=7)]),
        st.booleans(),
    ),
    max_size=3,
)
WRAP_UPS = [
    *[None] * 8,
    WrapUp("noise", Rule("again", delay=HOUR, max_retry=1)),
    WrapUp("later", Rule("again", delay=HOUR), asks_callback=True),
    WrapUp("wish", asks_callback=True),
    WrapUp("plain"),
]
callbacks_of = st.none() | st.builds(
    Callbacks,
    plans(st.integers(1, 8)),
    st.booleans(),
    st.none() | st.integers(1, 3),
    st.none() | st.sampled_from([HOUR, timedelta(days=3)]),
)
contacts = st.tuples(st.sampled_from(NUMBERS), *[st.none() | st.sampled_from(NUMBERS)] * 2)
OFFICE = calling_hours(
    (Constraint((ZONE.key,), WeeklyHours.of((day, 9 * 60, 17 * 60) for day in range(5))),)
)


@dataclass
class Step:
    """One try of a life and what followed it."""

    plan: Plan
    attempt: NextAttempt
    called: datetime
    ended: datetime
    outcome: Outcome
    wrap_up: WrapUp | None
    counters: Counters
    decision: NextAttempt | Close | None = None

    @property
    def rule(self):
        """The rule that decided."""
        if self.wrap_up and self.wrap_up.rule:
            return self.wrap_up.rule
        return self.plan.attempts[self.attempt.position - 1].rules.get(self.outcome.code)

    @property
    def source(self):
        """What the uses of its rule are counted by."""
        if self.wrap_up and self.wrap_up.rule:
            return 0, f"{WRAP_UP_PREFIX}{self.wrap_up.code}"
        return self.attempt.position, self.outcome.code


def live(plan, phones, outcomes, callbacks=None, life_limits=(), hours=None):
    """One contact's life as a list of steps; the last one's decision is a `Close`, or None where a
    limit ended it.

    :param outcomes: yields ``(outcome, wrap-up or None, minutes that the call takes)``
    """
    steps, ledger, now, since = [], [], NOW, None
    decision = first_attempt(plan, phones, None, NOW)
    counters = Counters()
    while isinstance(decision, NextAttempt):
        assert len(steps) < LONGEST_LIFE, "a life must end"
        if decision.reason == "callback":
            plan, since = callbacks.plan, now
            start = Counters() if decision.resets else counters
            counters = replace(
                start,
                cycle=1,
                in_cycle=0,
                uses={},
                agent_misses=0,
                callback_since=since,
                callback_due=decision.at,
            )
        moment = find_moment(decision, max(now, decision.at), life_limits, ledger, hours)
        if moment is None:
            break
        outcome, wrap_up, minutes = next(outcomes)
        now = moment + timedelta(minutes=minutes)
        counters = count(counters, decision, outcome, wrap_up)
        if outcome.counts_as_attempt:
            ledger.append(Try(moment, decision.number))
        steps.append(Step(plan, decision, moment, now, outcome, wrap_up, counters))
        arguments = (plan, phones, decision.position, outcome, counters, now, wrap_up, callbacks)
        decision = decide(*arguments)
        assert decision == decide(*arguments), "the same again gives the same"
        steps[-1].decision = decision
    if steps and isinstance(decision, NextAttempt):
        steps[-1].decision = None
    return steps


def find_moment(attempt, moment, life_limits, ledger, hours):
    """The first moment that hours and limits allow, or None."""
    while True:
        before = moment
        if hours:
            moment = hours.opening(moment.replace(tzinfo=None)).opens_at.replace(tzinfo=UTC)
        if reached := earliest(life_limits, ledger, attempt.number, moment, ZONE):
            if reached.until is None:
                return None
            moment = reached.until
        if moment == before:
            return moment


def count(counters, attempt, outcome, wrap_up):
    """Counters with one more try."""
    is_new_cycle = attempt.cycle != counters.cycle
    uses = Counter({} if is_new_cycle else counters.uses)
    if wrap_up and wrap_up.rule:
        uses[0, f"{WRAP_UP_PREFIX}{wrap_up.code}"] += 1
    else:
        uses[attempt.position, outcome.code] += 1
    counts = outcome.counts_as_attempt
    return replace(
        counters,
        counted=counters.counted + counts,
        uncounted=counters.uncounted + (not counts),
        cycle=attempt.cycle,
        in_cycle=(0 if is_new_cycle else counters.in_cycle) + counts,
        uses=uses,
        callback=attempt.callback,
        agent_misses=counters.agent_misses + outcome.misses_agent,
        number=attempt.number,
    )


def by_chance(random, choices, with_wrap_ups=True):
    """Endless outcomes."""
    while True:
        yield (
            random.choice(choices),
            random.choice(WRAP_UPS) if with_wrap_ups else None,
            random.choice([0, 1, 7]),
        )


@settings(max_examples=300)
@given(plans(), contacts, callbacks_of, limits, st.booleans(), st.randoms(use_true_random=False))
def test_whole_lives(plan, phones, callbacks, life_limits, in_hours, random):
    steps = live(
        plan,
        phones,
        by_chance(random, OUTCOMES),
        callbacks,
        life_limits,
        OFFICE if in_hours else None,
    )
    assert_budgets_hold(steps)
    assert_delays_hold(steps)
    assert_limits_hold(steps, life_limits)
    assert_callbacks_are_handed_over_on_request(steps)
    if in_hours:
        local = [step.called.astimezone(ZONE) for step in steps]
        assert all(moment.weekday() < 5 and 9 <= moment.hour < 17 for moment in local)
    if steps and steps[-1].decision:
        assert steps[-1].decision.state in STATES
    for step in steps:
        assert step.attempt.number in phones


def assert_budgets_hold(steps):
    """Overall, failed tries, cycles, tries in a cycle and uses of a rule; counted here from the
    history.
    """
    used = Counter()
    for step in steps:
        plan, counters = step.plan, step.counters
        assert counters.counted <= plan.budget
        assert counters.uncounted <= max(plan.max_uncounted, 1)
        assert 1 <= step.attempt.cycle <= plan.cycles
        assert plan.cycle_limit is None or counters.in_cycle <= plan.cycle_limit
        if getattr(step.decision, "reason", "") in ("rule_next", "wrap_up_next"):
            key = id(plan), bool(step.attempt.callback), step.attempt.cycle, step.source
            used[key] += 1
            assert step.rule.max_retry is None or used[key] <= step.rule.max_retry


def assert_delays_hold(steps):
    """No delay is cut short, neither by the decision nor by what comes after it (complaint e3)."""
    for step, following in itertools.pairwise(steps):
        wait = following.called - step.ended
        assert following.called >= step.decision.at
        is_the_same = following.attempt.number == step.attempt.number
        if step.decision.reason != "branch" or is_the_same:
            assert wait >= (step.rule.delay if step.rule else timedelta(0))
        if step.rule and step.rule.other_number and step.decision.reason != "callback":
            assert not is_the_same
        if step.decision.reason == "next_cycle":
            assert wait >= step.plan.cycle_interval


def assert_limits_hold(steps, life_limits):
    """Every try that counts, held against all before it."""
    counted = [step for step in steps if step.outcome.counts_as_attempt]
    for step in steps:
        for limit in life_limits:
            number = step.attempt.number if limit.per_number else None
            earlier = [
                other.called
                for other in counted
                if other.called <= step.called
                and other is not step
                and number in (None, other.attempt.number)
            ]
            earlier = (
                earlier
                if step in counted
                else [called for called in earlier if called < step.called]
            )
            if limit.period == "rolling":
                earlier = [called for called in earlier if called > step.called - limit.window]
            elif limit.period == "day":
                today = step.called.astimezone(ZONE).date()
                earlier = [called for called in earlier if called.astimezone(ZONE).date() == today]
            assert len(earlier) < limit.count


def assert_callbacks_are_handed_over_on_request(steps):
    """Once a callback, always one; once anybody's, always anybody's, until the customer asks anew;
    counters begin anew only then.
    """
    rank = {None: 0, "personal": 1, "normal": 2}
    for step, following in itertools.pairwise(steps):
        is_request = following.attempt.reason == "callback"
        least = "personal" if is_request else step.attempt.callback
        assert rank[following.attempt.callback] >= rank[least]
        assert is_request or not following.attempt.resets
        if is_request:
            assert step.rule is None or not step.attempt.callback


@settings(max_examples=300)
@given(plans(st.none(), onward_rules), contacts, st.integers(0, 10**6))
def test_plans_without_a_cap_end_by_themselves(plan, phones, seed):
    """The derived budget of an accepted plan says what its attempts, retries and cycles add up to,
    and cuts nothing.
    """
    plan = replace(plan, phone_fallback="first")
    assert not get_errors(plan)
    assert_the_budget_cuts_nothing(plan, phones, seed)


@settings(max_examples=300)
@given(plans(st.none()), contacts, st.integers(0, 10**6))
def test_the_derived_budget_of_any_accepted_plan_cuts_nothing(plan, phones, seed):
    """Also of those with ways back that something else ends (O8)."""
    if not get_errors(plan):
        assert_the_budget_cuts_nothing(plan, phones, seed)


def get_errors(plan):
    return [problem for problem in validate(plan, {"voice"}) if problem.severity == "error"]


def assert_the_budget_cuts_nothing(plan, phones, seed):
    outcomes = [BUSY, NO_ANSWER, MISSED]
    positions = [
        [
            step.attempt.position
            for step in live(each, phones, by_chance(Random(seed), outcomes, with_wrap_ups=False))
        ]
        for each in (plan, replace(plan, max_attempts=plan.budget + 20))
    ]
    assert positions[0] == positions[1]


@settings(max_examples=150)
@given(plans(), contacts, callbacks_of, st.randoms(use_true_random=False))
def test_a_decision_does_not_depend_on_the_order_in_which_uses_were_counted(
    plan, phones, callbacks, random
):
    for step in live(plan, phones, by_chance(random, OUTCOMES), callbacks):
        uses = list(step.counters.uses.items())
        random.shuffle(uses)
        counters = replace(step.counters, uses=dict(uses))
        again = decide(
            step.plan,
            phones,
            step.attempt.position,
            step.outcome,
            counters,
            step.ended,
            step.wrap_up,
            callbacks,
        )
        assert again == step.decision


@settings(max_examples=150)
@given(
    plans(),
    contacts,
    callbacks_of,
    st.sampled_from(OUTCOMES),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_a_spent_budget_is_never_followed_by_a_try(
    plan, phones, callbacks, outcome, counted, uncounted
):
    counters = Counters(counted, uncounted)
    decision = decide(plan, phones, 1, outcome, counters, NOW, None, callbacks)
    if spent_budget(plan, counters) and isinstance(decision, NextAttempt):
        assert decision.reason == "callback"
        assert decision.resets or not spent_budget(callbacks.plan, counters)
