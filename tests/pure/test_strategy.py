"""The decision: table of every shipped outcome, phone fall-back, validation, and properties over
whole lives.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools import strategy, strategy_check
from ecm_campaign.tools.strategy import (
    Close,
    Counters,
    NextAttempt,
    Outcome,
    Plan,
    PlannedAttempt,
    Rule,
    decide,
    first_attempt,
)
from ecm_campaign.tools.strategy_check import validate
from tests.pure.examples import settings

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
PHONES = ("+4915112345671", "+4915112345672", None, "+4915112345674", "")
CHANNELS = {"voice", "sms"}
CLOSE = Rule("close")

OUTCOMES = {
    outcome.code: outcome
    for outcome in (
        Outcome("voice", is_live_voice=True),
        Outcome("answering_machine"),
        Outcome("no_answer"),
        Outcome("busy"),
        Outcome("invalid_number"),
        Outcome("fax"),
        Outcome("do_not_call", is_live_voice=True, suppresses=True),
        Outcome("wrong_number", is_live_voice=True),
        Outcome("wrong_person", is_live_voice=True),
        Outcome("callback", is_live_voice=True),
        Outcome("agent_rejected", counts_as_attempt=False),
        Outcome("agent_closed"),
        Outcome("agent_no_answer", counts_as_attempt=False),
        Outcome("callback_failed"),
        Outcome("callback_missed"),
        Outcome("call_abandoned"),
        Outcome("call_failed", counts_as_attempt=False),
        Outcome("customer_abandoned"),
        Outcome("dialer_rejected"),
        Outcome("unknown"),
    )
}
CODES = sorted(OUTCOMES)
OTHERS = [code for code in CODES if code != "do_not_call"]
FRUITLESS = [code for code in OTHERS if not OUTCOMES[code].is_live_voice]
LIVE = [code for code in OTHERS if OUTCOMES[code].is_live_voice]


def attempt(position, channel="voice", phone_index=1, **rules):
    return PlannedAttempt(position, channel, phone_index, rules)


def go(position, delay=HALF_HOUR):
    return Rule("attempt", position, delay)


def plan_of(*attempts, **options):
    return Plan(tuple(attempts), **options)


def counters_after(tries, outcome):
    """Counters when ``tries`` tries of this outcome were made."""
    return Counters(tries, 0) if outcome.counts_as_attempt else Counters(0, tries)


def result(plan, code, position=1, counters=None, phones=PHONES, now=NOW):
    outcome = OUTCOMES[code]
    return decide(plan, phones, position, outcome, counters or counters_after(1, outcome), now)


# --- every shipped outcome -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", OTHERS)
def test_rule_leads_every_outcome_to_its_attempt_after_its_delay(code):
    plan = plan_of(attempt(1, **{code: go(3)}), attempt(2), attempt(3, "sms", 2))
    assert result(plan, code) == NextAttempt(
        3, "sms", 2, PHONES[1], NOW + HALF_HOUR, strategy.RULE_NEXT
    )


@pytest.mark.parametrize("code", FRUITLESS)
def test_fruitless_outcome_without_rule_closes_as_not_connected_while_attempts_are_left(code):
    assert result(plan_of(attempt(1), attempt(2)), code) == Close("not_connected", "no_rule")


@pytest.mark.parametrize("code", FRUITLESS)
def test_closing_rule_closes_as_not_connected_while_attempts_are_left(code):
    assert result(plan_of(attempt(1, **{code: CLOSE}), attempt(2)), code) == Close(
        "not_connected", "rule_close"
    )


@pytest.mark.parametrize("code", FRUITLESS)
@pytest.mark.parametrize(("rules", "reason"), [((), "no_rule"), ((CLOSE,), "rule_close")])
def test_last_attempt_without_success_completes_the_retries(code, rules, reason):
    last = attempt(2, **dict.fromkeys([code][: len(rules)], CLOSE))
    plan = plan_of(attempt(1, **{code: go(2)}), last)
    assert result(plan, code, 2, counters_after(2, OUTCOMES[code])) == Close(
        "retries_completed", reason
    )


@pytest.mark.parametrize("code", LIVE)
@pytest.mark.parametrize("position", [1, 2])
def test_live_voice_without_rule_closes_as_connected(code, position):
    plan = plan_of(attempt(1), attempt(2))
    assert result(plan, code, position, Counters(position, 0)) == Close("connected", "live_voice")


@pytest.mark.parametrize("code", LIVE)
def test_live_voice_with_closing_rule_closes_as_connected(code):
    assert result(plan_of(attempt(1, **{code: CLOSE}), attempt(2)), code) == Close(
        "connected", "rule_close"
    )


@pytest.mark.parametrize("code", LIVE)
@pytest.mark.parametrize(
    ("rule", "options", "reason"),
    [
        (go(1), {"max_attempts": 1}, "budget"),
        (go(9), {"max_attempts": 9}, "missing_attempt"),
        (go(2), {"phone_fallback": "skip"}, "no_number"),
    ],
)
def test_live_voice_stays_connected_when_its_rule_cannot_be_followed(code, rule, options, reason):
    plan = plan_of(attempt(1, **{code: rule}), attempt(2, phone_index=3), **options)
    assert result(plan, code) == Close("connected", reason)


@pytest.mark.parametrize("rules", [{}, {"do_not_call": CLOSE}, {"do_not_call": go(2)}])
def test_suppressing_outcome_closes_as_dnc_listed_whatever_the_rule(rules):
    assert result(plan_of(attempt(1, **rules), attempt(2)), "do_not_call") == Close(
        "dnc_listed", "suppressed"
    )


@pytest.mark.parametrize("code", FRUITLESS)
def test_budget_forbids_the_attempt_a_rule_leads_to(code):
    plan = plan_of(attempt(1, **{code: go(1)}), attempt(2), max_attempts=2)
    assert isinstance(result(plan, code, counters=Counters(1, 0)), NextAttempt)
    assert result(plan, code, counters=Counters(2, 0)) == Close("retries_completed", "budget")


@pytest.mark.parametrize("code", FRUITLESS)
def test_budget_of_uncounted_tries_forbids_the_attempt_a_rule_leads_to(code):
    plan = plan_of(attempt(1, **{code: go(1)}), max_uncounted=3)
    assert isinstance(result(plan, code, counters=Counters(0, 2)), NextAttempt)
    assert result(plan, code, counters=Counters(0, 3)) == Close(
        "retries_completed", "uncounted_budget"
    )


def test_closing_with_a_spent_budget_completes_the_retries_even_if_positions_are_left():
    plan = plan_of(attempt(1, busy=go(1)), attempt(2), max_attempts=3)
    assert result(plan, "no_answer", counters=Counters(3, 0)) == Close(
        "retries_completed", "no_rule"
    )


def test_rule_to_a_missing_attempt_completes_the_retries():
    for target in (None, 0, -1, 3):
        plan = plan_of(attempt(1, busy=Rule("attempt", target)), attempt(2))
        assert result(plan, "busy") == Close("retries_completed", "missing_attempt")


@pytest.mark.parametrize("position", [-1, 0, 3])
def test_result_of_an_attempt_that_the_plan_no_longer_has_closes(position):
    plan = plan_of(attempt(1, busy=go(2)), attempt(2, busy=go(1)), max_attempts=9)
    assert result(plan, "busy", position) == Close("retries_completed", "no_rule")


def test_default_budget_is_the_number_of_attempts():
    plan = plan_of(attempt(1), attempt(2), attempt(3))
    assert (plan.budget, plan.capped) == (3, False)
    capped = plan_of(attempt(1), max_attempts=7)
    assert (capped.budget, capped.capped) == (7, True)


def test_documented_example_of_ecm():
    """BUSY → attempt 2 after 30 minutes; NO_ANSWER → close."""
    plan = plan_of(attempt(1, busy=go(2), no_answer=CLOSE), attempt(2, phone_index=2))
    assert result(plan, "busy") == NextAttempt(
        2, "voice", 2, PHONES[1], NOW + HALF_HOUR, "rule_next"
    )
    assert result(plan, "no_answer") == Close("not_connected", "rule_close")


def test_plan_with_gaps_in_its_numbers_is_refused():
    with pytest.raises(ValueError, match="numbered"):
        plan_of(attempt(1), attempt(3))


# --- first attempt ---------------------------------------------------------------------------------------------------


def test_first_attempt_is_due_now():
    assert first_attempt(plan_of(attempt(1)), PHONES, None, NOW) == NextAttempt(
        1, "voice", 1, PHONES[0], NOW, strategy.START
    )


@pytest.mark.parametrize(
    ("hours", "expected"), [(-1, NOW), (0, NOW), (5, NOW + timedelta(hours=5))]
)
def test_first_attempt_waits_for_not_before(hours, expected):
    assert (
        first_attempt(plan_of(attempt(1)), PHONES, NOW + timedelta(hours=hours), NOW).at == expected
    )


def test_first_attempt_of_an_empty_plan_closes():
    assert first_attempt(plan_of(), PHONES, None, NOW) == Close(
        "retries_completed", "missing_attempt"
    )


def test_first_attempt_without_budget_closes():
    assert first_attempt(plan_of(attempt(1), max_attempts=0), PHONES, None, NOW) == Close(
        "retries_completed", "budget"
    )


def test_first_attempt_without_any_number_closes():
    for phones in ((), (None,), ("", None, "")):
        assert first_attempt(plan_of(attempt(1)), phones, None, NOW) == Close(
            "retries_completed", "no_number"
        )


# --- time ------------------------------------------------------------------------------------------------------------


def test_delay_is_real_time_across_a_change_of_clocks():
    before_spring = datetime(2026, 3, 29, 1, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    plan = plan_of(attempt(1, busy=go(1, timedelta(hours=1))), max_attempts=2)
    at = result(plan, "busy", now=before_spring).at
    assert at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert at.tzinfo is UTC


def test_naive_time_is_refused():
    plan = plan_of(attempt(1, busy=go(1)), max_attempts=2)
    with pytest.raises(ValueError, match="aware"):
        result(plan, "busy", now=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="aware"):
        first_attempt(plan, PHONES, NOW.replace(tzinfo=None), NOW)


# --- phone fall-back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fallback", "phone_index", "used"),
    [
        ("first", 1, 1),
        ("first", 2, 2),
        ("first", 3, 1),
        ("first", 5, 1),
        ("next_valid", 2, 2),
        ("next_valid", 3, 4),
        ("next_valid", 5, 1),
        ("skip", 4, 4),
    ],
)
def test_empty_phone_falls_back(fallback, phone_index, used):
    plan = plan_of(attempt(1, phone_index=phone_index), phone_fallback=fallback)
    decision = first_attempt(plan, PHONES, None, NOW)
    assert (decision.phone_index, decision.number) == (used, PHONES[used - 1])


def test_next_valid_phone_is_looked_for_up_to_the_last_before_the_first():
    plan = plan_of(attempt(1, phone_index=2), phone_fallback="next_valid")
    assert first_attempt(plan, (PHONES[0], None, None, None, PHONES[1]), None, NOW).phone_index == 5


def test_short_tuple_of_phones_is_like_empty_phones():
    plan = plan_of(attempt(1, phone_index=4), phone_fallback="next_valid")
    assert first_attempt(plan, PHONES[:2], None, NOW).phone_index == 1
    assert first_attempt(plan, (None, None), None, NOW) == Close("retries_completed", "no_number")


def test_skip_passes_over_attempts_without_number_with_the_same_delay():
    plan = plan_of(
        attempt(1, busy=go(2)),
        attempt(2, phone_index=3),
        attempt(3, phone_index=5),
        attempt(4, "sms", 4),
        phone_fallback="skip",
    )
    assert result(plan, "busy") == NextAttempt(4, "sms", 4, PHONES[3], NOW + HALF_HOUR, "rule_next")


def test_skip_completes_the_retries_when_no_attempt_has_a_number():
    plan = plan_of(
        attempt(1, busy=go(2)),
        attempt(2, phone_index=3),
        attempt(3, phone_index=5),
        phone_fallback="skip",
    )
    assert result(plan, "busy") == Close("retries_completed", "no_number")


def test_attempt_is_passed_over_when_phone_one_is_empty_too():
    plan = plan_of(attempt(1, phone_index=3), attempt(2, phone_index=2))
    assert first_attempt(plan, (None, "+4915112345672"), None, NOW).position == 2


def test_attempt_from_a_position_passes_over_what_has_no_number():
    plan = plan_of(attempt(1, phone_index=3), attempt(2, "sms", 4), phone_fallback="skip")
    assert strategy.attempt_from(plan, PHONES, 1, NOW, "busy") == NextAttempt(
        2, "sms", 4, PHONES[3], NOW, "busy"
    )
    assert strategy.attempt_from(plan, PHONES, 3, NOW, "busy") is None


# --- validation ------------------------------------------------------------------------------------------------------


def codes(plan, channels=CHANNELS, **options):
    return [
        (problem.code, problem.position, problem.outcome_code)
        for problem in validate(plan, channels, **options)
    ]


def test_sound_plan_has_no_problems():
    assert not codes(plan_of(attempt(1, busy=go(2), no_answer=CLOSE), attempt(2, "sms", 5)))


def test_sms_attempt_is_refused_until_the_sms_channel_exists():
    plan = plan_of(attempt(1, busy=go(2)), attempt(2, "sms"))
    assert codes(plan, {"voice"}) == [("unknown_channel", 2, None)]
    assert not codes(plan, {"voice", "sms"})


def test_plan_without_attempts_is_refused():
    assert codes(plan_of()) == [("no_attempts", None, None)]


def test_rule_to_a_missing_attempt_is_refused():
    assert codes(plan_of(attempt(1, busy=go(2)))) == [("missing_attempt", 1, "busy")]
    assert codes(plan_of(attempt(1, busy=Rule("attempt")))) == [("missing_attempt", 1, "busy")]


def test_loop_is_refused_unless_capped():
    attempts = (
        attempt(1, busy=go(2)),
        attempt(2, busy=go(3), fax=CLOSE),
        attempt(3, no_answer=go(1)),
    )
    assert codes(plan_of(*attempts)) == [("uncapped_loop", 3, "no_answer")]
    assert not codes(plan_of(*attempts, max_attempts=5))


def test_attempt_that_repeats_itself_is_a_loop():
    assert codes(plan_of(attempt(1, busy=go(1)))) == [("uncapped_loop", 1, "busy")]


def test_loop_through_an_outcome_that_does_not_count_is_allowed():
    plan = plan_of(attempt(1, call_failed=go(1), busy=go(2)), attempt(2, busy=go(1)))
    assert codes(plan, uncounted_outcomes={"call_failed"}) == [("uncapped_loop", 2, "busy")]


def test_loop_that_closes_only_through_an_outcome_that_does_not_count_is_allowed():
    plan = plan_of(attempt(1, call_failed=go(2)), attempt(2, busy=go(1)))
    assert not codes(plan, uncounted_outcomes={"call_failed"})
    assert codes(plan) == [("uncapped_loop", 2, "busy")]


def test_only_the_counting_outcome_of_two_on_the_same_loop_is_reported():
    plan = plan_of(attempt(1, call_failed=go(1), busy=go(1)))
    assert codes(plan, uncounted_outcomes={"call_failed"}) == [("uncapped_loop", 1, "busy")]


def test_step_back_that_closes_no_circle_is_allowed():
    assert not codes(plan_of(attempt(1, busy=go(3)), attempt(2), attempt(3, busy=go(2))))


def test_unreachable_attempt_is_a_warning():
    plan = plan_of(attempt(1, busy=go(3)), attempt(2, busy=go(3)), attempt(3))
    assert codes(plan) == [("unreachable_attempt", 2, None)]
    assert [problem.severity for problem in validate(plan, CHANNELS)] == ["warning"]


def test_attempt_behind_one_that_may_be_passed_over_is_reachable():
    attempts = (attempt(1, phone_index=2), attempt(2, phone_index=1), attempt(3))
    assert codes(plan_of(*attempts, phone_fallback="skip")) == [("unreachable_attempt", 3, None)]


@pytest.mark.parametrize("delay", [timedelta(seconds=-1), timedelta(days=367)])
def test_impossible_delay_is_refused(delay):
    assert codes(plan_of(attempt(1, busy=go(2, delay)), attempt(2))) == [
        ("delay_out_of_range", 1, "busy")
    ]


@pytest.mark.parametrize("phone_index", [0, 6])
def test_impossible_phone_is_refused(phone_index):
    assert codes(plan_of(attempt(1, phone_index=phone_index))) == [("bad_phone_index", 1, None)]


def test_budget_below_one_is_refused():
    assert codes(plan_of(attempt(1), max_attempts=0)) == [("bad_budget", None, None)]


def test_every_problem_has_a_sentence():
    plan = plan_of(attempt(1, "fax", 9, busy=go(7, timedelta(-1)), fax=go(1)), attempt(2))
    problems = [*validate(plan, CHANNELS), *validate(plan_of(), CHANNELS)]
    problems += validate(plan_of(attempt(1), max_attempts=0), CHANNELS)
    problems += validate(plan_of(attempt(1, busy=CLOSE)), CHANNELS, suppressing_outcomes={"busy"})
    at_once = go(1, timedelta(0))
    problems += validate(plan_of(attempt(1, busy=at_once), max_attempts=2), CHANNELS)
    assert {problem.code for problem in problems} == set(strategy_check.PROBLEMS)
    for problem in problems:
        assert "%(" not in strategy_check.PROBLEMS[problem.code] % problem.parameters


# --- properties over whole lives -------------------------------------------------------------------------------------

delays = st.timedeltas(timedelta(0), timedelta(days=3))


@st.composite
def plans(draw):
    """Plans with loops, missing targets and every fall-back, with and without a cap."""
    size = draw(st.integers(1, 5))
    rules = st.one_of(
        st.just(CLOSE),
        st.builds(Rule, st.just("attempt"), st.integers(1, size + draw(st.integers(0, 1))), delays),
    )
    attempts = tuple(
        PlannedAttempt(
            position + 1,
            draw(st.sampled_from(["voice", "sms"])),
            draw(st.integers(1, 5)),
            draw(st.dictionaries(st.sampled_from(CODES), rules, min_size=2, max_size=len(CODES))),
        )
        for position in range(size)
    )
    return Plan(
        attempts,
        max_attempts=draw(st.none() | st.integers(1, 12)),
        max_uncounted=draw(st.integers(1, 6)),
        phone_fallback=draw(st.sampled_from(["first", "skip", "next_valid"])),
    )


numbers = st.sampled_from(["+4915112345671", "+4915112345672", "+4915112345673"])
contacts = st.tuples(numbers, *[st.none() | numbers] * 4)


def live(plan, phones, outcomes):
    """One contact's life: (attempt, outcome, counters, decision) per try, until it closes."""
    decision, counters, now, tries = first_attempt(plan, phones, None, NOW), Counters(), NOW, []
    while isinstance(decision, NextAttempt):
        now = max(now, decision.at)
        outcome = OUTCOMES[next(outcomes)]
        counters = Counters(
            counters.counted + outcome.counts_as_attempt,
            counters.uncounted + (not outcome.counts_as_attempt),
        )
        made, decision = decision, decide(plan, phones, decision.position, outcome, counters, now)
        tries.append((made, outcome, counters, decision))
        assert len(tries) <= plan.budget + plan.max_uncounted, "a life must end"
    return tries


@settings(max_examples=500)
@given(plans(), contacts, st.randoms(use_true_random=False))
def test_every_life_ends_within_its_budget_and_never_early(plan, phones, random):
    tries = live(plan, phones, iter(lambda: random.choice(CODES), None))
    for made, outcome, counters, decision in tries:
        assert made.number in phones
        assert made.number == phones[made.phone_index - 1]
        assert counters.counted <= plan.budget
        assert counters.uncounted <= plan.max_uncounted
        if isinstance(decision, NextAttempt):
            rule = plan.attempts[made.position - 1].rules[outcome.code]
            assert decision.at == made.at + rule.delay
            assert decision.position >= rule.next_attempt
            assert decision.channel == plan.attempts[decision.position - 1].channel
    if tries:
        assert tries[-1][3].state in {
            "connected",
            "not_connected",
            "retries_completed",
            "dnc_listed",
        }


@settings(max_examples=300)
@given(
    plans(),
    contacts,
    st.integers(-1, 7),
    st.sampled_from(CODES),
    st.integers(0, 13),
    st.integers(0, 7),
    st.datetimes(),
)
def test_decision_is_deterministic_and_its_state_agrees_with_the_outcome(
    plan, phones, position, code, counted, uncounted, now
):
    now = now.replace(year=2026, tzinfo=UTC)
    outcome, counters = OUTCOMES[code], Counters(counted, uncounted)
    decision = decide(plan, phones, position, outcome, counters, now)
    assert decision == decide(plan, phones, position, outcome, counters, now)
    assert decision.reason in strategy.REASONS
    if isinstance(decision, NextAttempt):
        assert decision.at >= now
        assert decision.number in phones
        assert decision.number
        assert counted < plan.budget
    else:
        assert (decision.state == "dnc_listed") == outcome.suppresses
        assert (decision.state == "connected") == (outcome.is_live_voice and not outcome.suppresses)


@settings(max_examples=300)
@given(plans(), contacts, st.randoms(use_true_random=False))
def test_a_plan_accepted_without_cap_repeats_no_attempt(plan, phones, random):
    """Without a cap and without uncounted outcomes an accepted plan visits each attempt at most
    once.
    """
    counted = [code for code in CODES if OUTCOMES[code].counts_as_attempt]
    if plan.capped or plan.phone_fallback == "skip":
        return
    if any(problem.severity == "error" for problem in validate(plan, CHANNELS)):
        return
    made = [
        step[0].position for step in live(plan, phones, iter(lambda: random.choice(counted), None))
    ]
    assert len(made) == len(set(made))
