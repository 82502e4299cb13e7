"""What validation says of retries, branches and cycles (requirements S3, S8); the rest is in
test_strategy.py.
"""

from datetime import timedelta

import pytest

from ecm_campaign.tools.strategy import NO_DELAY, Rule
from ecm_campaign.tools.strategy_check import MAX_DELAY, PROBLEMS, validate
from tests.pure.decisions import again, attempt, go, plan_of


def problems(*attempts, uncounted=(), suppressing=(), **options):
    found = validate(plan_of(*attempts, **options), {"voice"}, set(uncounted), set(suppressing))
    return [(problem.code, problem.position, problem.outcome_code) for problem in found]


LOOP = ("uncapped_loop", 1, "busy")
SECOND_LOOP = ("uncapped_loop", 2, "busy")
UNREACHED = ("unreachable_attempt", 3, None)


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        # the same again
        ([attempt(1, busy=again())], [LOOP]),
        ([attempt(1, busy=again(max_retry=0))], []),
        ([attempt(1, busy=again(max_retry=1))], []),
        ([attempt(1, busy=again(max_retry=1)), attempt(2, busy=again(max_retry=9))], []),
        ([attempt(1, busy=again(max_retry=1)), attempt(2, busy=again())], [SECOND_LOOP]),
        ([attempt(1, busy=again(), no_answer=again(max_retry=1)), attempt(2)], [LOOP]),
        # back to an attempt before
        ([attempt(1, busy=go(2)), attempt(2, busy=go(1))], [SECOND_LOOP]),
        ([attempt(1, busy=go(2)), attempt(2, busy=go(1, max_retry=1))], []),
        ([attempt(1, busy=go(2, max_retry=1)), attempt(2, busy=go(1))], [SECOND_LOOP]),
        ([attempt(1, busy=go(3)), attempt(2), attempt(3, busy=go(2, max_retry=2))], []),
        # branches are taken over and over
        ([attempt(1, busy=again(max_retry=1, branch=1))], [LOOP]),
        ([attempt(1, busy=again(max_retry=1, branch=2)), attempt(2)], []),
        (
            [attempt(1, busy=again(max_retry=1)), attempt(2, busy=again(max_retry=1, branch=1))],
            [SECOND_LOOP],
        ),
        (
            [attempt(1, busy=again(max_retry=1)), attempt(2, busy=again(max_retry=1, branch=2))],
            [SECOND_LOOP],
        ),
        (
            [attempt(1, busy=go(2, max_retry=1)), attempt(2, busy=go(1, max_retry=1, branch=1))],
            [SECOND_LOOP],
        ),
        (
            [
                attempt(1, busy=go(2)),
                attempt(2, busy=again(max_retry=1, branch=1)),
                attempt(3, busy=go(1)),
            ],
            [SECOND_LOOP, UNREACHED],
        ),
        # a rule that closes in the end takes no branch
        ([attempt(1, busy=again(max_retry=1, branch=1, then_close=True))], []),
        ([attempt(1, busy=again(max_retry=1, branch=9, then_close=True))], []),
        ([attempt(1, busy=again(branch=1, then_close=True))], [LOOP]),
        # a branch that no maximum leads to is never taken
        ([attempt(1, busy=go(2, branch=1)), attempt(2)], []),
        ([attempt(1, busy=Rule("close", branch=1))], []),
        ([attempt(1, busy=Rule("close", max_retry=3))], []),
        (
            [attempt(1, busy=Rule("close", max_retry=3)), attempt(2, busy=go(1))],
            [("unreachable_attempt", 2, None)],
        ),
        # a loop that needs a limited step ends with it
        (
            [
                attempt(1, busy=go(3)),
                attempt(2, busy=go(3, max_retry=1, branch=4)),
                attempt(3, busy=go(2)),
                attempt(4),
            ],
            [],
        ),
    ],
)
def test_loops_need_a_cap_where_no_retries_end_them(attempts, expected):
    found = problems(*attempts)
    assert found == expected
    capped = [
        problem for problem in problems(*attempts, max_attempts=20) if problem[0] == "uncapped_loop"
    ]
    assert not capped


@pytest.mark.parametrize("cycles", [1, 2, 9])
def test_cycles_are_no_loop(cycles):
    assert not problems(attempt(1, busy=again(max_retry=1)), cycles=cycles, cycle_limit=3)


def test_a_cycle_limit_is_no_cap_for_a_loop_that_does_not_count():
    assert problems(attempt(1, busy=again()), cycles=2, cycle_limit=3) == [LOOP]


@pytest.mark.parametrize("rule", [again(), again(max_retry=1, branch=1), go(1)])
def test_outcomes_that_do_not_count_may_loop(rule):
    assert not problems(attempt(1, busy=rule), uncounted={"busy"})
    assert problems(attempt(1, busy=rule), uncounted={"other"}) == [LOOP]


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        (go(3), [3]),
        (go(0), [0]),
        (go(None), [0]),
        (go(-1), [-1]),
        (go(2), []),
        (again(), []),
        (again(branch=3), [3]),
        (again(branch=0), [0]),
        (again(branch=-2), [-2]),
        (again(branch=2), []),
        (go(3, branch=4), [3, 4]),
        (go(2, branch=1), []),
        (Rule("close", branch=9), []),
        (Rule("close", 9), []),
    ],
)
def test_attempts_that_a_rule_names_must_exist(rule, missing):
    found = validate(plan_of(attempt(1, busy=rule), attempt(2), max_attempts=9), {"voice"})
    errors = [problem for problem in found if problem.severity == "error"]
    assert [(problem.code, problem.details["next_attempt"]) for problem in errors] == [
        ("missing_attempt", target) for target in missing
    ]


@pytest.mark.parametrize(
    ("attempts", "unreached"),
    [
        ([attempt(1), attempt(2)], [2]),
        ([attempt(1, busy=again()), attempt(2)], [2]),
        ([attempt(1, busy=again(max_retry=1)), attempt(2)], []),
        ([attempt(1, busy=again(max_retry=1, branch=3)), attempt(2), attempt(3)], [2]),
        ([attempt(1, busy=again(branch=3)), attempt(2), attempt(3)], [2, 3]),
        ([attempt(1, busy=go(3, max_retry=1)), attempt(2), attempt(3)], []),
        ([attempt(1, busy=go(3, max_retry=1, branch=3)), attempt(2), attempt(3)], [2]),
        ([attempt(1, busy=go(2)), attempt(2, busy=go(4)), attempt(3), attempt(4)], [3]),
        ([attempt(1, busy=Rule("close", max_retry=1)), attempt(2)], [2]),
    ],
)
def test_attempts_that_nothing_leads_to_are_named(attempts, unreached):
    found = problems(*attempts, max_attempts=9)
    assert found == [("unreachable_attempt", position, None) for position in unreached]


@pytest.mark.parametrize("fallback", ["first", "next_valid", "skip"])
def test_an_attempt_behind_a_phone_that_may_be_empty_is_reached_by_skipping(fallback):
    found = problems(attempt(1, 2), attempt(2, 3), attempt(3), phone_fallback=fallback)
    expected = (
        [] if fallback == "skip" else [("unreachable_attempt", number, None) for number in (2, 3)]
    )
    assert found == expected


def test_a_loop_may_need_the_attempts_that_are_skipped():
    """1 leads to 2, which may be passed over to 3, which leads back: without cap, 2 and 3 could
    alternate for ever.
    """
    attempts = (attempt(1, busy=go(2)), attempt(2, 2), attempt(3, busy=go(2)))
    assert problems(*attempts, phone_fallback="first") == [("unreachable_attempt", 3, None)]
    assert problems(*attempts, phone_fallback="skip") == [("uncapped_loop", 3, "busy")]
    assert not problems(*attempts, phone_fallback="skip", max_attempts=9)


def test_a_loop_that_only_some_contacts_have():
    """Without phone 2 the way back from 3 leads to 3 itself (O9); nothing counts, nobody waits.

    Phone 1 is always there, but a do-not-contact list may hide it.
    """
    back = go(2, NO_DELAY)
    attempts = attempt(1, busy=go(2)), attempt(2, 2), attempt(3, 3, busy=back)
    instant = ("instant_loop", 3, "busy")
    for fallback in ("first", "next_valid", "skip"):
        expected = [instant] if fallback != "next_valid" else []
        found = problems(*attempts, uncounted={"busy"}, phone_fallback=fallback)
        assert [problem for problem in found if problem != UNREACHED] == expected
    waiting = attempt(1, busy=go(2)), attempt(2, 2), attempt(3, 3, busy=go(2))
    assert not problems(*waiting, uncounted={"busy"}, phone_fallback="skip")


@pytest.mark.parametrize("phone", [1, 2, 3, 4, 5])
def test_a_loop_is_found_on_whichever_phone_it_is(phone):
    """Where other contacts have no such phone, the attempt is passed over."""
    assert problems(attempt(1, phone, busy=again()), phone_fallback="skip") == [LOOP]


def test_a_loop_that_needs_the_first_phone_is_found_where_no_attempt_names_it():
    """Without phone 3, attempt 2 falls back on phone 1, which every contact has."""
    attempts = attempt(1, 2, busy=go(2)), attempt(2, 3, busy=go(2, NO_DELAY))
    assert problems(*attempts, max_attempts=9) == [("instant_loop", 2, "busy")]
    ways = attempt(1, 2, busy=again(max_retry=1)), attempt(2, 3, busy=again(max_retry=1, branch=1))
    assert ("instant_loop", 2, "busy") in problems(*ways, max_attempts=9)


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([attempt(1, busy=again(NO_DELAY))], [("instant_loop", 1, "busy")]),
        ([attempt(1, busy=again(NO_DELAY, max_retry=3))], []),
        ([attempt(1, busy=again())], []),
        ([attempt(1, busy=go(2, NO_DELAY)), attempt(2, 2, busy=go(1))], []),
        (
            [attempt(1, busy=go(2, NO_DELAY)), attempt(2, 2, busy=go(1, NO_DELAY))],
            [("instant_loop", 2, "busy")],
        ),
        # once the retries are used up, two numbers would be called in turns
        (
            [attempt(1, busy=again(max_retry=1)), attempt(2, 2, busy=again(max_retry=1, branch=1))],
            [("instant_loop", 2, "busy")],
        ),
        ([attempt(1, busy=again(max_retry=1)), attempt(2, busy=again(max_retry=1, branch=1))], []),
    ],
)
def test_a_loop_without_a_delay_is_pointed_out_though_it_is_capped(attempts, expected):
    assert problems(*attempts, max_attempts=20) == expected
    found = validate(plan_of(*attempts, max_attempts=20), {"voice"})
    assert all(problem.severity == "warning" for problem in found)


@pytest.mark.parametrize(
    ("delay", "is_fine"),
    [
        (timedelta(0), True),
        (timedelta(seconds=1), True),
        (MAX_DELAY, True),
        (MAX_DELAY + timedelta(seconds=1), False),
        (timedelta(seconds=-1), False),
    ],
)
@pytest.mark.parametrize("rule", [go(2), again(), Rule("close")], ids=lambda rule: rule.action)
def test_delays_have_bounds_where_they_matter(rule, delay, is_fine):
    rule = Rule(rule.action, rule.next_attempt, delay)
    found = [code for code, *_ in problems(attempt(1, busy=rule), attempt(2), max_attempts=9)]
    assert ("delay_out_of_range" not in found) == (is_fine or rule.action == "close")


@pytest.mark.parametrize(
    ("suppressing", "expected"),
    [(set(), []), ({"busy"}, [("unused_rule", 1, "busy")]), ({"no_answer"}, [])],
)
def test_rules_of_outcomes_that_suppress_are_never_used(suppressing, expected):
    assert problems(attempt(1, busy=Rule("close")), suppressing=suppressing) == expected
    found = validate(plan_of(attempt(1, busy=Rule("close"))), {"voice"}, set(), suppressing)
    assert all(problem.severity == "warning" for problem in found)


@pytest.mark.parametrize(
    ("phone", "is_fine"), [(-1, False), (0, False), (1, True), (5, True), (6, False)]
)
def test_phones_are_one_to_five(phone, is_fine):
    assert problems(attempt(1, phone)) == ([] if is_fine else [("bad_phone_index", 1, None)])


@pytest.mark.parametrize(("budget", "is_fine"), [(-1, False), (0, False), (1, True), (100, True)])
def test_a_budget_allows_an_attempt(budget, is_fine):
    assert problems(attempt(1), max_attempts=budget) == (
        [] if is_fine else [("bad_budget", None, None)]
    )


def test_problems_of_named_attempts_read_as_sentences():
    found = validate(plan_of(attempt(1, busy=again(branch=7))), {"voice"})
    texts = [PROBLEMS[problem.code] % problem.parameters for problem in found]
    assert texts == [
        "Attempt 1, outcome “busy” leads back to attempt 1. Set a maximum number of attempts to allow this loop.",
        "Attempt 1, outcome “busy”: attempt 7 does not exist.",
    ]
