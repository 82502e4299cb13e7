"""The dry run: it repeats, keeps every rule that production keeps, and its figures add up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools.calling_hours import WeeklyHours
from ecm_campaign.tools.campaign_hours import CampaignHours
from ecm_campaign.tools.dry_run import (
    CAPACITY,
    PLANNED,
    Scenario,
    SimulatedContact,
    Simulation,
    open_hours,
)
from ecm_campaign.tools.dry_run_dialer import Capacity
from ecm_campaign.tools.gates import (
    CampaignPlan,
    Candidate,
    ExpiryRule,
    HoursRule,
    LimitsRule,
    NumberRule,
)
from ecm_campaign.tools.limits import DAY, Limit
from ecm_campaign.tools.pacing import Pacing
from ecm_campaign.tools.strategy import Callbacks, Outcome, Plan, PlannedAttempt, Rule, WrapUp
from tests.pure.examples import settings

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday
ZONE = ZoneInfo("UTC")
NINE_TO_FIVE = WeeklyHours.of((day, 9 * 60, 17 * 60) for day in range(5))
OUTCOMES = {
    outcome.code: outcome
    for outcome in (
        Outcome("voice", is_live_voice=True),
        Outcome("busy"),
        Outcome("call_failed", counts_as_attempt=False),
        Outcome("do_not_call", suppresses=True),
        Outcome("callback", is_live_voice=True, asks_callback=True),
    )
}
AGAIN = {
    "busy": Rule("again", delay=timedelta(minutes=20)),
    "call_failed": Rule("again", delay=timedelta(minutes=5)),
}
# A callback strategy that closes for whoever asks again
ENDS = {"callback": Rule("close")}


def plan(budget=3, **options):
    attempts = PlannedAttempt(1, "voice", 1, AGAIN), PlannedAttempt(2, "voice", 2, AGAIN)
    return Plan(attempts, max_attempts=budget, max_uncounted=4, **options)


def world(days=7, per_hour=30.0, limits=(), hours=None, ttl_days=0, **changes):
    own = changes.pop("plan", None) or plan()
    values = {
        "start": START,
        "end": START + timedelta(days=days),
        "capacity": Capacity(per_hour, timedelta(minutes=3), **changes.pop("capacity", {})),
        "outcomes": OUTCOMES,
        "rates": {"voice": 25, "busy": 60, "call_failed": 15},
        "plans": {None: own, "personal": own, "normal": own},
        "hours": hours or CampaignHours("UTC", NINE_TO_FIVE),
        **changes,
    }
    find_limits = dict.fromkeys(values["plans"], lambda _number, _channel, _place: limits)
    campaigns = {0: CampaignPlan(ZONE, values["plans"], find_limits, values.get("callbacks"))}
    rules = [
        ExpiryRule({0: ttl_days}),
        NumberRule(campaigns),
        HoursRule({0: values["hours"]}),
        LimitsRule(campaigns),
    ]
    return Scenario(rules=rules, **values)


def person(number, added_at=None, **changes):
    phones = (f"+4930231250{number:02d}", None, None, None, None)
    candidate = Candidate(number, 1, 0, 0, "", "", phones, added_at=added_at)
    return SimulatedContact(candidate, **{"due": START, "rank": (0, number), **changes})


def run(count, seed=1, **changes):
    return Simulation(world(**changes), [person(number) for number in range(count)], seed).run()


def all_ids(groups):
    return sorted(contact_id for ids in groups.values() for contact_id in ids)


def test_the_same_seed_gives_the_same_forecast_and_another_one_another():
    assert run(60).attempts == run(60).attempts
    assert run(60).attempts != run(60, seed=2).attempts


def test_the_pace_is_kept_and_what_does_not_fit_rolls_on_in_dial_order():
    forecast = run(100, per_hour=10, rates={"voice": 1})
    by_hour = {}
    for (hour, _code), count in forecast.attempts.items():
        by_hour[hour] = by_hour.get(hour, 0) + count
    assert sorted(by_hour)[0] == datetime(2026, 3, 2, 9)
    assert set(by_hour.values()) == {10}
    assert forecast.closed["connected", "live_voice"] == list(range(100))
    # eight hours of ten calls on Monday, the rest on Tuesday
    assert forecast.last_at == datetime(2026, 3, 3, 10, 54)


def count_by_hour(forecast):
    counts = {}
    for (hour, _code), count in sorted(forecast.attempts.items()):
        counts[hour.hour] = counts.get(hour.hour, 0) + count
    return counts


def test_other_campaigns_take_their_part_until_they_are_through():
    others = {"taken": 0.75, "others_calls": 60}
    forecast = run(100, per_hour=20, days=1, rates={"voice": 1}, capacity=others)
    # Five an hour for four hours, in which the others make fifteen each; then all twenty.
    assert count_by_hour(forecast) == {9: 5, 10: 5, 11: 5, 12: 5, 13: 20, 14: 20, 15: 20, 16: 20}
    # Who is given nothing waits, and is called all the same.
    starved = {"taken": 1.0, "others_calls": 10**6}
    assert 0 < run(100, per_hour=200, days=1, capacity=starved).calls < 20


@pytest.mark.parametrize(("part", "scale", "an_hour"), [(1, 1, 20), (0.5, 1, 10), (1, 5, 4)])
def test_a_groups_buffer_bounds_what_is_under_way(part, scale, an_hour):
    """Ten calls at a time that take half an hour each are twenty an hour, whatever the dialer does."""
    fixed = Pacing(initial=10, increment=0, decrement=0, threshold=100)
    changes = {"pacing": fixed, "part": part, "scale": scale}
    scenario = replace(
        world(days=1, rates={"voice": 1}),
        capacity=Capacity(1000, timedelta(minutes=30), **changes),
    )
    forecast = Simulation(scenario, [person(number) for number in range(99)]).run()
    counts = count_by_hour(forecast)
    assert all(abs(count - an_hour) <= an_hour / 2 for count in list(counts.values())[:-1])
    assert counts[9] == an_hour


def test_a_groups_buffer_grows_while_the_dialer_is_hungry():
    growing = Pacing(initial=10, increment=100, decrement=0, threshold=400)
    scenario = replace(
        world(days=1, rates={"voice": 1}),
        capacity=Capacity(3000, timedelta(seconds=20), pacing=growing),
    )
    forecast = Simulation(scenario, [person(number) for number in range(99)]).run()
    bounded = replace(scenario.capacity, pacing=replace(growing, increment=0))
    slower = Simulation(
        replace(scenario, capacity=bounded), [person(number) for number in range(99)]
    ).run()
    assert slower.last_at == datetime(2026, 3, 2, 9, 9, 9, 600000), "ten a minute"
    assert forecast.last_at < datetime(2026, 3, 2, 9, 8), "twenty from the fifth minute on"


RETRY = WrapUp("again", Rule("again", delay=timedelta(hours=1), max_retry=1, then_close=True))
REFUSED = WrapUp("never", Rule("close", suppress=True))
SAID_NOTHING_NEW = WrapUp("sold")


def test_what_agents_say_of_conversations_goes_before_the_strategy():
    only_voice = {"rates": {"voice": 1}, "per_hour": 60}
    forecast = run(20, wrap_ups=[(RETRY, 100)], **only_voice)
    # Once more, and then its retries are used up, on whatever step.
    assert forecast.calls == 40
    assert set(forecast.closed) == {("connected", "retries")}
    assert set(run(20, wrap_ups=[(REFUSED, 100)], **only_voice).closed) == {
        ("dnc_listed", "suppressed")
    }
    follows = run(20, wrap_ups=[(SAID_NOTHING_NEW, 100)], **only_voice)
    assert follows.closed == run(20, **only_voice).closed


def test_of_some_conversations_agents_say_nothing():
    forecast = run(60, wrap_ups=[(REFUSED, 30), (RETRY, 10)], rates={"voice": 1}, per_hour=60)
    refused = len(forecast.closed["dnc_listed", "suppressed"])
    assert 5 < refused < 35
    assert 60 < forecast.calls < 80
    # Nobody talks to whoever does not answer.
    assert ("dnc_listed", "suppressed") not in run(
        30, wrap_ups=[(REFUSED, 100)], rates={"busy": 1}
    ).closed


def test_what_is_left_says_why():
    forecast = run(100, per_hour=1, days=1, rates={"voice": 1})
    assert (forecast.calls, len(forecast.left[CAPACITY]), forecast.never_called) == (8, 92, 92)
    late = Simulation(world(), [person(1, due=START + timedelta(days=30))]).run()
    assert late.left == {PLANNED: [1]}
    never = Simulation(world(hours=CampaignHours("UTC", WeeklyHours(()))), [person(1)]).run()
    assert (never.calls, never.left) == (0, {"hours": [1]})


def test_limits_put_off_and_closed_ones_are_not_called_again():
    forecast = run(5, limits=(Limit(1, DAY, label="One a day"),), rates={"busy": 1})
    days = {}
    for (hour, _code), count in forecast.attempts.items():
        days[hour.date()] = days.get(hour.date(), 0) + count
    assert set(days.values()) == {5}
    assert forecast.put_off == {"limit": set(range(5))}
    assert all_ids(forecast.closed) == list(range(5))


@pytest.mark.parametrize(
    ("hours", "reason"),
    [
        (CampaignHours("UTC", WeeklyHours.of(())), "hours"),
        (CampaignHours("UTC", NINE_TO_FIVE, date_end=START.replace(tzinfo=None)), "ended"),
        (CampaignHours("UTC", NINE_TO_FIVE), CAPACITY),
    ],
)
def test_who_is_left_is_told_why(hours, reason):
    """U7: a campaign that is closed on all days has not too few calls."""
    contacts = [person(number) for number in range(1, 4)]
    scenario = world(days=1, per_hour=0.2, hours=hours, rates={"voice": 1})
    forecast = Simulation(scenario, contacts).run()
    assert set(forecast.left) == {reason}


def test_time_to_live_ends_in_between():
    expiring = person(1, added_at=START.replace(tzinfo=None) - timedelta(hours=21))
    setting = world(rates={"busy": 1}, plan=plan(50), ttl_days=1)
    forecast = Simulation(setting, [expiring]).run()
    assert forecast.closed == {("expired", "ttl"): [1]}
    assert forecast.last_at < datetime(2026, 3, 2, 11)


def test_time_to_live_ends_at_the_same_moment_as_in_production():
    """One rule for both: who is exactly as old as that is called, a second later no more (O11)."""
    for seconds, calls in ((0, 1), (1, 0)):
        at_nine = START + timedelta(hours=1)
        added = (at_nine - timedelta(days=1, seconds=seconds)).replace(tzinfo=None)
        forecast = Simulation(world(ttl_days=1, rates={"voice": 1}), [person(1, added)]).run()
        assert forecast.calls == calls


def test_who_has_no_number_left_in_a_cycle_is_called_in_the_next():
    again = plan(6, phone_fallback="skip", cycles=2, cycle_interval=timedelta(hours=2))
    at_second = person(1)
    at_second.candidate.position = 2
    forecast = Simulation(world(plan=again, rates={"voice": 1}), [at_second]).run()
    assert (forecast.calls, at_second.candidate.cycle) == (1, 2)
    assert forecast.last_at == datetime(2026, 3, 2, 11)


def test_a_callback_follows_its_own_plan():
    callback_plan = Plan((PlannedAttempt(1, "voice", 1, ENDS),), max_attempts=1)
    plans = {None: plan(), "personal": callback_plan, "normal": callback_plan}
    people = [person(number) for number in range(20)]
    forecast = Simulation(
        world(rates={"callback": 1}, plans=plans, callbacks=Callbacks(callback_plan)), people
    ).run()
    assert forecast.calls == 40
    assert {each.candidate.callback for each in people} == {"personal"}


@pytest.mark.parametrize(("is_legal", "calls"), [(True, 1), (False, 2)])
def test_a_callback_does_not_make_a_limit_by_law_begin_anew(is_legal, calls):
    callback_plan = Plan((PlannedAttempt(1, "voice", 1, ENDS),), max_attempts=1)
    plans = {None: plan(), "personal": callback_plan, "normal": callback_plan}
    values = {"plans": plans, "callbacks": Callbacks(callback_plan), "rates": {"callback": 1}}
    limits = (Limit(1, per_number=True, everywhere=True, is_legal=is_legal),)
    forecast = Simulation(world(days=1, limits=limits, **values), [person(1)]).run()
    assert forecast.calls == calls


def test_a_callback_that_waits_too_long_is_anybodys():
    callback_plan = Plan((PlannedAttempt(1, "voice", 1),), max_attempts=1)
    plans = {None: plan(), "personal": callback_plan, "normal": callback_plan}
    callbacks = Callbacks(callback_plan, personal_for=timedelta(hours=4))
    waiting = person(1, due=START + timedelta(hours=5))
    waiting.candidate.callback, waiting.candidate.callback_since = (
        "personal",
        START.replace(tzinfo=None),
    )
    Simulation(world(rates={"busy": 1}, plans=plans, callbacks=callbacks), [waiting]).run()
    assert waiting.candidate.callback == "normal"


def test_retries_go_before_or_after_fresh_contacts():
    def first(retries_first):
        people = [person(1), person(2, is_retry=True)]
        forecast = Simulation(world(retries_first=retries_first, rates={"voice": 1}), people).run()
        return forecast.closed["connected", "live_voice"][0]

    assert (first(True), first(False)) == (2, 1)


def test_whoever_listens_can_end_it():
    class Cancelled(Exception):
        pass

    def cancel(share):
        assert 0 <= share <= 1
        raise Cancelled

    with pytest.raises(Cancelled):
        Simulation(world(per_hour=5000), [person(number) for number in range(3000)]).run(cancel)


@pytest.mark.parametrize("changes", [{"per_hour": 0}, {"rates": {"voice": 0}}])
def test_senseless_assumptions_are_refused(changes):
    with pytest.raises(ValueError, match="needs"):
        run(1, **changes)


def test_open_hours():
    hours = CampaignHours("UTC", NINE_TO_FIVE)
    assert open_hours(hours, datetime(2026, 3, 2), datetime(2026, 3, 9)) == 40
    assert open_hours(CampaignHours("UTC"), datetime(2026, 3, 2), datetime(2026, 3, 3)) == 24


@settings(max_examples=60)
@given(
    count=st.integers(1, 40),
    budget=st.integers(1, 6),
    per_hour=st.floats(0.5, 200),
    days=st.integers(1, 20),
    cap=st.none() | st.integers(1, 3),
    seed=st.integers(0, 1000),
    rates=st.fixed_dictionaries({code: st.integers(0, 5) for code in OUTCOMES}).filter(
        lambda rates: any(rates.values())
    ),
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
)
def test_no_rule_is_broken_and_everybody_is_counted_once(
    count, budget, per_hour, days, cap, seed, rates, zone
):
    hours = CampaignHours(zone, NINE_TO_FIVE)
    limits = (Limit(cap, DAY),) if cap else ()
    people = [person(number) for number in range(count)]
    setting = world(days, per_hour, limits, hours, plan=plan(budget), rates=rates)
    forecast = Simulation(setting, people, seed).run()
    assert sorted(all_ids(forecast.closed) + all_ids(forecast.left)) == list(range(count))
    assert sum(forecast.attempts.values()) == forecast.calls == sum(each.calls for each in people)
    for each in people:
        assert each.candidate.counted <= budget
        assert each.candidate.uncounted <= 4
        moments = [made.at for made in each.candidate.tries]
        assert moments == sorted(moments)
        for moment in moments:
            assert setting.start <= moment < setting.end
            local = moment.astimezone(ZoneInfo(zone))
            assert local.weekday() < 5
            assert 9 <= local.hour < 17
        if cap:
            by_day = [moment.date() for moment in moments]
            assert max(map(by_day.count, by_day), default=0) <= cap
    per_clock_hour = {}
    for (hour, _code), calls in forecast.attempts.items():
        per_clock_hour[hour] = per_clock_hour.get(hour, 0) + calls
    assert max(per_clock_hour.values(), default=0) <= per_hour + 1
