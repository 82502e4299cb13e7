"""Rules with retries, branches, cycles, priorities and suppression (requirements S3, S4), as
tables.

What follows is written as ``(position, minutes from now, reason, cycle)``, or ``(state, reason)``
when it closes.
"""

import pytest

from ecm_campaign.tools.strategy import Close, Counters, Outcome, Rule, decide
from tests.pure.decisions import (
    BUSY,
    DAY,
    DO_NOT_CALL,
    FAILED,
    HALF_HOUR,
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
    used,
)

CLOSE = Rule("close")
CAP = {"max_attempts": 50}
COMPLETED = "retries_completed"


def after(plan, outcome, counters, position=1, phones=PHONES):
    return step(decide(plan, phones, position, outcome, counters, NOW))


def run(plan, outcomes, phones=PHONES, first=1):
    """A life in which these outcomes come one after the other: ``[(position, minute, cycle), …,
    end]``.

    Each call takes no time, so that only delays move the clock. The tries are counted here from
    scratch.
    """
    made, now, position, cycle = [], NOW, first, 1
    history = []
    for outcome in outcomes:
        made.append((position, (now - NOW) / MINUTE, cycle))
        history.append((cycle, position, outcome))
        here = [(where, what) for when, where, what in history if when == cycle]
        counters = Counters(
            counted=sum(what.counts_as_attempt for _, _, what in history),
            uncounted=sum(not what.counts_as_attempt for _, _, what in history),
            cycle=cycle,
            in_cycle=sum(what.counts_as_attempt for _, what in here),
            uses={(where, what.code): here.count((where, what)) for where, what in here},
        )
        choice = decide(plan, phones, position, outcome, counters, now)
        if isinstance(choice, Close):
            return [*made, choice.reason]
        position, now, cycle = choice.position, choice.at, choice.cycle
    return made


# --- the same again ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [1, 2, 3])
@pytest.mark.parametrize("delay", [0 * MINUTE, MINUTE, HALF_HOUR, DAY])
def test_again_repeats_the_attempt_after_its_delay(position, delay):
    plan = plan_of(*(attempt(number, busy=again(delay)) for number in (1, 2, 3)), **CAP)
    expected = (position, delay / MINUTE, "rule_next", 1)
    assert after(plan, BUSY, Counters(counted=1), position) == expected


def test_again_keeps_phone_and_channel_of_the_attempt():
    plan = plan_of(attempt(1), attempt(2, 3, "sms", busy=again()), **CAP)
    decision = decide(plan, PHONES, 2, BUSY, Counters(counted=2), NOW)
    assert (decision.phone_index, decision.channel, decision.number) == (3, "sms", PHONES[2])


def test_again_at_a_position_that_the_plan_lost_closes():
    assert after(plan_of(attempt(1, busy=again()), **CAP), BUSY, Counters(counted=1), 2) == (
        COMPLETED,
        "no_rule",
    )


# --- retries at most -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "rule", [again, lambda **options: go(1, **options)], ids=["again", "attempt 1"]
)
def test_a_rule_leads_on_as_often_as_its_retries_and_then_branches(most, rule):
    plan = plan_of(attempt(1, busy=rule(max_retry=most)), attempt(2, 2), **CAP)
    for uses in range(1, most + 1):
        assert after(plan, BUSY, used(1, "busy", uses)) == (1, 30, "rule_next", 1)
    for uses in (most + 1, most + 2, most + 9):
        assert after(plan, BUSY, used(1, "busy", uses)) == (2, 0, "branch", 1)


def test_without_a_maximum_a_rule_leads_on_until_the_budget_is_spent():
    plan = plan_of(attempt(1, busy=again()), max_attempts=7)
    for times in range(1, 7):
        assert after(plan, BUSY, used(1, "busy", times)) == (1, 30, "rule_next", 1)
    assert after(plan, BUSY, used(1, "busy", 7)) == (COMPLETED, "budget")


def test_no_retry_at_all_branches_after_the_delay():
    plan = plan_of(attempt(1, busy=again(max_retry=0)), attempt(2), **CAP)
    assert after(plan, BUSY, used(1, "busy", 1)) == (2, 30, "branch", 1)


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ({}, (1, 30, "rule_next", 1)),
        ({(1, "no_answer"): 9}, (1, 30, "rule_next", 1)),
        ({(2, "busy"): 9}, (1, 30, "rule_next", 1)),
        ({(0, "busy"): 9}, (1, 30, "rule_next", 1)),
        ({(1, "busy"): 2, (1, "no_answer"): 9}, (1, 30, "rule_next", 1)),
        ({(1, "busy"): 3, (2, "busy"): 1}, (2, 0, "branch", 1)),
    ],
    ids=["not counted", "other outcome", "other attempt", "wrap-ups", "both, one below", "above"],
)
def test_retries_are_counted_for_the_outcome_at_the_attempt(uses, expected):
    plan = plan_of(
        attempt(1, busy=again(max_retry=2), no_answer=again(max_retry=2)), attempt(2, 2), **CAP
    )
    assert after(plan, BUSY, Counters(counted=9, in_cycle=9, uses=uses)) == expected


def test_retries_of_an_outcome_that_does_not_count_are_limited_too():
    plan = plan_of(attempt(1, call_failed=again(max_retry=1)), attempt(2, 2), **CAP)
    uses = {(1, "call_failed"): 1}
    assert after(plan, FAILED, Counters(0, 1, uses=uses)) == (1, 30, "rule_next", 1)
    uses = {(1, "call_failed"): 2}
    assert after(plan, FAILED, Counters(0, 2, uses=uses)) == (2, 0, "branch", 1)


# --- branches ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [1, 2, 3, 4])
def test_the_default_branch_is_the_next_in_order_or_the_end(position):
    rule = again(max_retry=1)
    plan = plan_of(*(attempt(number, 1 + number % 3, busy=rule) for number in (1, 2, 3, 4)), **CAP)
    expected = (position + 1, 0, "branch", 1) if position < 4 else (COMPLETED, "cycles")
    assert after(plan, BUSY, used(position, "busy", 2), position) == expected


@pytest.mark.parametrize("branch", [1, 2, 3, 4])
@pytest.mark.parametrize("position", [1, 2, 3, 4])
def test_a_named_branch_to_another_number_is_followed_at_once_wherever_it_leads(position, branch):
    rule = again(max_retry=1, branch=branch)
    plan = plan_of(*(attempt(number, 1 + number % 3, busy=rule) for number in (1, 2, 3, 4)), **CAP)
    minutes = 30 if branch % 3 == position % 3 else 0
    assert after(plan, BUSY, used(position, "busy", 2), position) == (branch, minutes, "branch", 1)


@pytest.mark.parametrize("fallback", ["first", "next_valid"])
def test_no_branch_calls_the_number_again_that_was_just_called(fallback):
    """A contact with one phone, whose attempts on phone 2 and 3 fall back to it (O5)."""
    rule = again(15 * MINUTE, max_retry=1)
    attempts = [attempt(number, number, busy=rule) for number in (1, 2, 3)]
    plan = plan_of(*attempts, phone_fallback=fallback)
    made = run(plan, [BUSY] * 9, phones=PHONES[:1])[:-1]
    assert [minute for _, minute, _ in made] == [0, 15, 30, 45, 60, 75]


@pytest.mark.parametrize(
    ("number", "channel", "minutes"),
    [(None, "voice", 0), (PHONES[1], "voice", 30), (PHONES[0], "voice", 0), (PHONES[1], "sms", 0)],
)
def test_the_number_that_was_just_called_is_the_one_that_was_really_called(
    number, channel, minutes
):
    """A gate may have taken another than the plan's; a message may follow a call at once."""
    plan = plan_of(attempt(1, busy=again(max_retry=1)), attempt(2, 2, channel), **CAP)
    counters = used(1, "busy", 2, number=number)
    assert after(plan, BUSY, counters) == (2, minutes, "branch", 1)


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [("first", (2, 1)), ("next_valid", (2, 1)), ("skip", (3, 2))],
)
def test_a_branch_to_an_attempt_without_number_obeys_the_fall_back(fallback, expected):
    plan = plan_of(
        attempt(1, busy=again(max_retry=1)),
        attempt(2, 4),
        attempt(3, 2),
        phone_fallback=fallback,
        **CAP,
    )
    decision = decide(plan, PHONES, 1, BUSY, used(1, "busy", 2), NOW)
    assert (decision.position, decision.phone_index) == expected


@pytest.mark.parametrize("branch", [9, 0, -1])
def test_a_branch_to_a_missing_attempt_ends_the_run(branch):
    """Validation refuses such a plan; a plan that lost its attempt must still end."""
    plan = plan_of(attempt(1, busy=again(max_retry=1, branch=branch)), **CAP)
    assert after(plan, BUSY, used(1, "busy", 2)) == (COMPLETED, "cycles")


@pytest.mark.parametrize(("outcome", "state"), [(BUSY, COMPLETED), (VOICE, "connected")])
def test_where_nothing_follows_the_branch_the_outcome_decides_the_state(outcome, state):
    plan = plan_of(attempt(1, **{outcome.code: again(max_retry=1)}), **CAP)
    assert after(plan, outcome, used(1, outcome.code, 2)) == (state, "cycles")


@pytest.mark.parametrize(("outcome", "state"), [(BUSY, COMPLETED), (VOICE, "connected")])
@pytest.mark.parametrize("branch", [None, 2])
def test_a_rule_may_close_when_its_retries_are_used_up(outcome, state, branch):
    """Retry N times, then close; although attempts and cycles are left (O13)."""
    rule = again(max_retry=2, branch=branch, then_close=True)
    plan = plan_of(attempt(1, **{outcome.code: rule}), attempt(2, 2), cycles=2, **CAP)
    for uses in (1, 2):
        assert after(plan, outcome, used(1, outcome.code, uses)) == (1, 30, "rule_next", 1)
    assert after(plan, outcome, used(1, outcome.code, 3)) == (state, "retries")


# --- numbers that are no good --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phones", "expected"),
    [
        (PHONES[:1], [(1, 0, 1), "no_number"]),
        (PHONES[:2], [(1, 0, 1), (2, 0, 1), (3, 0, 1), "no_rule"]),
        ((None, PHONES[1]), [(2, 0, 1), "no_number"]),
        ((PHONES[0], PHONES[0]), [(1, 0, 1), "no_number"]),
    ],
    ids=["one phone", "two", "only the second", "one twice"],
)
@pytest.mark.parametrize("fallback", ["first", "skip", "next_valid"])
def test_a_number_that_is_no_good_is_followed_by_another_or_by_none(phones, expected, fallback):
    """Fax and invalid number, shipped with no delay (O6)."""
    bad = go(2, 0 * MINUTE, other_number=True)
    onward = go(3, 0 * MINUTE, other_number=True)
    attempts = attempt(1, busy=bad), attempt(2, 2, busy=onward), attempt(3)
    if fallback == "next_valid" and not phones[0]:
        expected = [(1, 0, 1), "no_number"]
    plan = plan_of(*attempts, phone_fallback=fallback, **CAP)
    first = 1 if phones[0] or fallback == "next_valid" else 2
    assert run(plan, [BUSY] * 9, phones, first) == expected


def test_the_next_cycle_and_the_branch_avoid_a_bad_number_too():
    rule = again(10 * MINUTE, max_retry=0, other_number=True)
    plan = plan_of(attempt(1, busy=rule), attempt(2, 2), cycles=2, cycle_interval=HOUR, **CAP)
    assert after(plan, BUSY, used(1, "busy", 1), phones=PHONES[:1]) == (COMPLETED, "no_number")
    branch = decide(plan, PHONES, 1, BUSY, used(1, "busy", 1), NOW)
    assert (branch.position, branch.number) == (2, PHONES[1])


# --- whole runs ----------------------------------------------------------------------------------------------------

WEBEX = plan_of(
    attempt(1, busy=again(10 * MINUTE, max_retry=2), no_answer=again(60 * MINUTE, max_retry=1)),
    attempt(2, 2, busy=again(10 * MINUTE, max_retry=1), no_answer=again(60 * MINUTE, max_retry=1)),
)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([BUSY] * 9, [(1, 0, 1), (1, 10, 1), (1, 20, 1), (2, 20, 1), (2, 30, 1), "cycles"]),
        ([NO_ANSWER] * 9, [(1, 0, 1), (1, 60, 1), (2, 60, 1), (2, 120, 1), "cycles"]),
        (
            [BUSY, NO_ANSWER, BUSY, BUSY, NO_ANSWER, NO_ANSWER],
            [(1, 0, 1), (1, 10, 1), (1, 70, 1), (1, 80, 1), (2, 80, 1), (2, 140, 1), "cycles"],
        ),
        ([BUSY, VOICE], [(1, 0, 1), (1, 10, 1), "live_voice"]),
        ([BUSY, BUSY, BUSY, VOICE], [(1, 0, 1), (1, 10, 1), (1, 20, 1), (2, 20, 1), "live_voice"]),
        ([BUSY, FAILED], [(1, 0, 1), (1, 10, 1), "no_rule"]),
    ],
)
def test_runs_of_a_plan_with_retries(outcomes, expected):
    assert run(WEBEX, outcomes) == expected


TWICE = plan_of(
    attempt(1, busy=again(10 * MINUTE, max_retry=1)),
    attempt(2, 2, busy=again(10 * MINUTE, max_retry=1)),
    cycles=2,
    cycle_interval=4 * HOUR,
)


def test_retries_are_counted_anew_in_each_cycle():
    first = [(1, 0, 1), (1, 10, 1), (2, 10, 1), (2, 20, 1)]
    second = [(1, 260, 2), (1, 270, 2), (2, 270, 2), (2, 280, 2)]
    assert run(TWICE, [BUSY] * 20) == [*first, *second, "budget"]


@pytest.mark.parametrize("cycles", [1, 2, 3, 7])
def test_every_cycle_makes_as_many_tries(cycles):
    plan = plan_of(
        attempt(1, busy=again(max_retry=2)), attempt(2, busy=again(max_retry=1)), cycles=cycles
    )
    tries = run(plan, [BUSY] * 100)[:-1]
    assert len(tries) == 5 * cycles == plan.budget
    assert [cycle for _, _, cycle in tries] == [
        number for number in range(1, cycles + 1) for _ in range(5)
    ]


# --- the derived budget --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "budget"),
    [
        (plan_of(attempt(1)), 1),
        (plan_of(attempt(1), attempt(2), attempt(3)), 3),
        (plan_of(attempt(1, busy=again(max_retry=3))), 4),
        (plan_of(attempt(1, busy=again(max_retry=3), no_answer=again(max_retry=2))), 6),
        (plan_of(attempt(1, busy=go(2)), attempt(2, busy=go(1, max_retry=2))), 6),
        (
            plan_of(
                attempt(1, busy=go(2)), attempt(2, busy=go(3)), attempt(3, busy=go(1, max_retry=1))
            ),
            6,
        ),
        (plan_of(attempt(1, busy=go(2, max_retry=1)), attempt(2)), 3),
        (plan_of(attempt(1, busy=again(max_retry=0)), attempt(2)), 2),
        (plan_of(attempt(1, busy=Rule("close", max_retry=5)), attempt(2)), 2),
        (plan_of(attempt(1, busy=again(max_retry=3)), cycles=4), 16),
        (plan_of(attempt(1, busy=again(max_retry=3)), cycles=4, max_attempts=5), 5),
        (plan_of(attempt(1, busy=Rule("attempt", None, max_retry=2))), 3),
        # an unlimited way back that a limited way forward ends
        (
            plan_of(
                attempt(1, busy=go(2, max_retry=2, branch=3)), attempt(2, busy=go(1)), attempt(3)
            ),
            7,
        ),
        (plan_of(attempt(1, busy=again(max_retry=3)), cycles=4, wrap_up_retries=2), 24),
        (plan_of(attempt(1), max_attempts=1, wrap_up_retries=3), 1),
    ],
)
def test_the_derived_budget_is_what_attempts_retries_and_cycles_add_up_to(plan, budget):
    assert plan.budget == budget


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, False),
        ({"busy": again()}, False),
        ({"busy": again(max_retry=1)}, True),
        ({"busy": again(), "no_answer": again(max_retry=0)}, True),
        ({"busy": again(max_retry=2), "no_answer": go(1)}, True),
    ],
)
def test_a_plan_knows_whether_earlier_uses_matter(rules, expected):
    assert plan_of(attempt(1), attempt(2, **rules), **CAP).counts_uses == expected


def test_outcomes_only_count_unless_said_otherwise():
    assert Outcome("x") == Outcome("x", True, False, False, False, False)


def test_the_derived_budget_does_not_cut_retries_that_go_back():
    plan = plan_of(attempt(1, busy=go(2, HOUR)), attempt(2, 2, busy=go(1, HOUR, max_retry=2)))
    positions = [made[0] for made in run(plan, [BUSY] * 20)[:-1]]
    assert positions == [1, 2, 1, 2, 1, 2]


def test_the_derived_budget_lets_a_way_back_end_by_itself():
    """1 leads to 2 twice, which leads back, then to 3 (O8)."""
    forward = go(2, HOUR, max_retry=2, branch=3)
    plan = plan_of(attempt(1, busy=forward), attempt(2, 2, busy=go(1)), attempt(3, 3))
    assert [made[0] for made in run(plan, [BUSY] * 20)[:-1]] == [1, 2, 1, 2, 1, 3]


@pytest.mark.parametrize(
    ("first", "back", "retries", "positions"),
    [
        (3, 2, 2, [1, 3, 4, 3, 4, 3, 4]),
        (2, 1, 3, [1, 3, 4] * 4),
        (2, 2, 2, [1, 3, 4, 3, 4, 3, 4]),
    ],
)
def test_the_derived_budget_does_not_cut_retries_past_an_empty_phone(
    first, back, retries, positions
):
    """2 leads on nowhere; without its phone, 3 and 4 follow, which leads back."""
    plan = plan_of(
        attempt(1, busy=go(first)),
        attempt(2, 2),
        attempt(3, busy=go(4)),
        attempt(4, busy=go(back, max_retry=retries, then_close=True)),
        phone_fallback="skip",
    )
    phones = (PHONES[0], None, None, None, None)
    assert [made[0] for made in run(plan, [BUSY] * 20, phones)[:-1]] == positions


def test_the_last_attempt_may_be_skipped_too():
    plan = plan_of(attempt(1, busy=go(2, max_retry=1)), attempt(2, 2), phone_fallback="skip")
    assert plan.budget == 3


# --- cycles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [0 * MINUTE, HOUR, 4 * HOUR, 30 * DAY])
def test_the_next_cycle_begins_after_its_interval_from_the_first_attempt(interval):
    rule = again(0 * MINUTE, max_retry=1)
    plan = plan_of(attempt(1), attempt(2, 2, busy=rule), cycles=3, cycle_interval=interval, **CAP)
    for cycle in (1, 2):
        expected = (1, interval / MINUTE, "next_cycle", cycle + 1)
        assert after(plan, BUSY, used(2, "busy", 2, cycle=cycle), 2) == expected
    assert after(plan, BUSY, used(2, "busy", 2, cycle=3), 2) == (COMPLETED, "cycles")


@pytest.mark.parametrize(
    ("interval", "delay", "minutes"),
    [
        (0 * MINUTE, HALF_HOUR, 30),
        (HOUR, HALF_HOUR, 60),
        (HALF_HOUR, HOUR, 60),
        (HOUR, 0 * MINUTE, 60),
    ],
)
def test_a_new_cycle_does_not_shorten_the_rules_delay(interval, delay, minutes):
    """Else a plan of one attempt would call the same number twice in a row (complaint e3)."""
    plan = plan_of(
        attempt(1, busy=again(delay, max_retry=1)), cycles=2, cycle_interval=interval, **CAP
    )
    assert after(plan, BUSY, used(1, "busy", 2)) == (1, minutes, "next_cycle", 2)


@pytest.mark.parametrize("cycle", [2, 3, 9])
def test_a_rule_stays_in_its_cycle(cycle):
    plan = plan_of(attempt(1, busy=go(2)), attempt(2), cycles=9, **CAP)
    assert after(plan, BUSY, Counters(5, cycle=cycle, in_cycle=1)) == (2, 30, "rule_next", cycle)


@pytest.mark.parametrize("cycle", [2, 3, 9])
def test_a_branch_stays_in_its_cycle(cycle):
    plan = plan_of(attempt(1, busy=again(max_retry=1)), attempt(2, 2), cycles=9, **CAP)
    assert after(plan, BUSY, used(1, "busy", 2, cycle=cycle)) == (2, 0, "branch", cycle)


@pytest.mark.parametrize("outcome", [BUSY, NO_ANSWER])
def test_a_closing_outcome_closes_whatever_cycles_are_left(outcome):
    plan = plan_of(attempt(1, busy=CLOSE), cycles=5, **CAP)
    reason = "rule_close" if outcome is BUSY else "no_rule"
    assert after(plan, outcome, Counters(1)) == ("not_connected", reason)
    assert after(plan, outcome, Counters(5, cycle=5)) == (COMPLETED, reason)


def test_attempts_are_left_while_cycles_are_left():
    """State 4 of the module's docstring: closing by a rule is *not connected* as long as something
    was left.
    """
    plan = plan_of(attempt(1), attempt(2), cycles=2, **CAP)
    assert [
        after(plan, BUSY, Counters(1, cycle=cycle), position)
        for cycle in (1, 2)
        for position in (1, 2)
    ] == [
        ("not_connected", "no_rule"),
        ("not_connected", "no_rule"),
        ("not_connected", "no_rule"),
        (COMPLETED, "no_rule"),
    ]


@pytest.mark.parametrize(
    ("phones", "cycle", "expected"),
    [
        (PHONES, 1, (3, 30, "rule_next", 1)),
        (PHONES[:2], 1, (1, 60, "next_cycle", 2)),
        (PHONES[:2], 2, (COMPLETED, "no_number")),
        ((), 1, (COMPLETED, "no_number")),
    ],
    ids=["number there", "none in this run", "none in the last run", "none at all"],
)
def test_a_run_without_further_number_is_over(phones, cycle, expected):
    plan = plan_of(
        attempt(1),
        attempt(2, busy=go(3)),
        attempt(3, 3),
        phone_fallback="skip",
        cycles=2,
        cycle_interval=HOUR,
        **CAP,
    )
    assert after(plan, BUSY, Counters(2, cycle=cycle), 2, phones) == expected


def test_a_missing_attempt_is_no_reason_for_a_new_cycle():
    for target in (None, 0, -1, 7):
        plan = plan_of(attempt(1, busy=go(target)), cycles=3, **CAP)
        assert after(plan, BUSY, Counters(1)) == (COMPLETED, "missing_attempt")


# --- cycle limit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 5])
@pytest.mark.parametrize(
    "rule", [again(), go(2), go(1, max_retry=9)], ids=["again", "attempt 2", "limited"]
)
def test_the_cycle_limit_begins_the_next_cycle_instead(limit, rule):
    plan = plan_of(
        attempt(1, busy=rule), attempt(2), cycles=2, cycle_interval=HOUR, cycle_limit=limit, **CAP
    )
    below, reached = Counters(limit - 1, in_cycle=limit - 1), Counters(limit, in_cycle=limit)
    assert after(plan, BUSY, below)[2] == "rule_next"
    assert after(plan, BUSY, reached) == (1, 60, "next_cycle", 2)


def test_the_cycle_limit_of_the_last_cycle_ends_it():
    plan = plan_of(attempt(1, busy=again()), cycles=2, cycle_limit=3, **CAP)
    assert after(plan, BUSY, Counters(6, cycle=2, in_cycle=3)) == (COMPLETED, "cycles")
    assert after(plan, BUSY, Counters(5, cycle=2, in_cycle=2)) == (1, 30, "rule_next", 2)


def test_the_cycle_limit_counts_only_what_counts():
    plan = plan_of(attempt(1, call_failed=again()), cycles=2, cycle_limit=2, **CAP)
    assert after(plan, FAILED, Counters(1, 5, in_cycle=1)) == (1, 30, "rule_next", 1)


@pytest.mark.parametrize(
    ("cycles", "limit", "tries"), [(1, 2, 2), (2, 2, 4), (3, 1, 3), (2, 9, 18)]
)
def test_runs_with_a_cycle_limit(cycles, limit, tries):
    plan = plan_of(attempt(1, busy=again()), cycles=cycles, cycle_limit=limit, **CAP)
    made = run(plan, [BUSY] * 60)
    assert (len(made) - 1, made[-1]) == (tries, "cycles")


# --- budgets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [1, 2, 3, 8])
@pytest.mark.parametrize(
    "rule",
    [again(), again(max_retry=9), go(2), go(1), again(max_retry=1, branch=2)],
    ids=lambda rule: rule.action,
)
def test_no_path_exceeds_the_overall_budget(budget, rule):
    """Retries of distinct outcomes share one budget (complaint e2)."""
    attempts = [attempt(number, busy=rule, no_answer=rule) for number in (1, 2)]
    plan = plan_of(*attempts, max_attempts=budget, cycles=9)
    for mix in ([BUSY] * 30, [NO_ANSWER] * 30, [BUSY, NO_ANSWER] * 15):
        assert len(run(plan, mix)) - 1 == budget


@pytest.mark.parametrize(
    ("most", "uncounted", "expected"),
    [
        (0, 0, (2, 30, "rule_next", 1)),
        (0, 1, (COMPLETED, "uncounted_budget")),
        (1, 0, (2, 30, "rule_next", 1)),
        (1, 1, (COMPLETED, "uncounted_budget")),
        (2, 1, (2, 30, "rule_next", 1)),
        (2, 2, (COMPLETED, "uncounted_budget")),
        (2, 3, (COMPLETED, "uncounted_budget")),
    ],
)
def test_tries_that_do_not_count_have_a_budget_of_their_own(most, uncounted, expected):
    plan = plan_of(attempt(1, busy=go(2)), attempt(2), max_uncounted=most, **CAP)
    assert after(plan, BUSY, Counters(1, uncounted)) == expected


def test_the_overall_budget_is_named_when_both_are_spent():
    plan = plan_of(attempt(1, busy=again()), max_attempts=2, max_uncounted=2)
    assert after(plan, BUSY, Counters(2, 2)) == (COMPLETED, "budget")


# --- priority and suppression --------------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", [None, 0, 1, 50])
@pytest.mark.parametrize(
    "uses", [1, 2, 3], ids=["by the rule", "by the branch", "by the next cycle"]
)
def test_what_follows_has_the_rules_priority(priority, uses):
    rule = again(max_retry=1, priority=priority)
    plan = plan_of(attempt(1, busy=rule), attempt(2, busy=rule), cycles=2, **CAP)
    counters = used(2 if uses == 3 else 1, "busy", min(uses, 2))
    decision = decide(plan, PHONES, 2 if uses == 3 else 1, BUSY, counters, NOW)
    assert decision.reason == ["rule_next", "branch", "next_cycle"][uses - 1]
    assert decision.priority == priority


@pytest.mark.parametrize("action", ["attempt", "again", "close"])
@pytest.mark.parametrize("outcome", [BUSY, FAILED, VOICE])
@pytest.mark.parametrize(
    "counters", [Counters(1), Counters(99, 99)], ids=["budget left", "budget spent"]
)
def test_a_suppressing_rule_lists_the_contact_whatever_else_it_says(action, outcome, counters):
    plan = plan_of(attempt(1, **{outcome.code: Rule(action, 1, suppress=True)}), max_attempts=5)
    assert after(plan, outcome, counters) == ("dnc_listed", "suppressed")


def test_a_suppressing_rule_holds_for_its_outcome_only():
    plan = plan_of(attempt(1, busy=Rule("close", suppress=True), no_answer=again()), max_attempts=5)
    assert after(plan, NO_ANSWER, Counters(1)) == (1, 30, "rule_next", 1)


def test_a_suppressing_outcome_goes_before_every_rule():
    plan = plan_of(attempt(1, do_not_call=again(max_retry=5)), **CAP)
    assert after(plan, DO_NOT_CALL, used(1, "do_not_call", 1)) == ("dnc_listed", "suppressed")
