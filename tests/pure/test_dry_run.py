"""The dry run: it repeats, keeps every rule that production keeps, and its figures add up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools import dry_run
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
    Hold,
    HoursRule,
    LimitsRule,
    NumberRule,
    Skip,
    Switch,
    Wait,
)
from ecm_campaign.tools.limits import DAY, Limit, Try
from ecm_campaign.tools.pacing import Pacing
from ecm_campaign.tools.strategy import (
    Callbacks,
    NextAttempt,
    Outcome,
    Plan,
    PlannedAttempt,
    Rule,
    WrapUp,
)
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


class SkipsTheFirst:
    """A gate that passes over the first attempt, as one does whose message would come too late."""

    def judge(self, candidate, at):
        if candidate.attempt.position != 1:
            return candidate
        later = at + timedelta(hours=2)
        phone, aware = candidate.phones[0], later.replace(tzinfo=UTC)
        return Skip(later, "late", decision=NextAttempt(2, "voice", 1, phone, aware, "rule_next"))


def test_an_attempt_that_is_skipped_is_not_made_and_counts_as_a_try_that_does_not_count():
    skipped, scenario = person(1), world(rates={"voice": 1}, plan=plan(phone_fallback="first"))
    scenario.rules.append(SkipsTheFirst())
    forecast = Simulation(scenario, [skipped]).run()
    candidate = skipped.candidate
    assert (forecast.calls, candidate.counted, candidate.uncounted) == (1, 1, 1)
    assert forecast.last_at == datetime(2026, 3, 2, 11)


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


class Says:
    """A gate that stops everybody with what a function makes of the moment, until that is None."""

    def __init__(self, decide):
        self.decide, self.moments = decide, []

    def judge(self, candidate, at):
        self.moments.append(at)
        return self.decide(at) or candidate


def run_behind(gate, people=None, **changes):
    """A forecast of one contact or several behind one more gate."""
    scenario = world(**{"rates": {"voice": 1}, **changes})
    scenario = replace(scenario, rules=[gate, *scenario.rules])
    simulation = Simulation(scenario, people or [person(1)])
    return simulation.run()


NINE = datetime(2026, 3, 2, 9)


def test_a_gate_whose_wait_is_over_is_asked_again_a_second_later():
    answers = [Wait(NINE, "limit"), Wait(NINE, "limit"), None]
    gate = Says(lambda _at: answers.pop(0))
    forecast = run_behind(gate)
    assert gate.moments == [NINE + timedelta(seconds=second) for second in range(3)]
    assert (forecast.calls, forecast.put_off) == (1, {"limit": {1}})


def test_who_is_held_is_left_with_the_reason_and_never_called():
    forecast = run_behind(Says(lambda _at: Hold("list")))
    assert (forecast.left, forecast.never_called, forecast.put_off) == ({"list": [1]}, 1, {})
    # Until it ends by itself.
    until = Says(lambda at: Hold("list", until=NINE + timedelta(hours=1)) if at.hour < 10 else None)
    forecast = run_behind(until)
    assert (forecast.calls, forecast.last_at) == (1, NINE + timedelta(hours=1))


def test_who_goes_on_on_another_channel_is_not_called():
    forecast = run_behind(Says(lambda _at: Switch("sms")))
    assert (forecast.left, forecast.never_called) == ({CAPACITY: [1]}, 1)


def test_of_the_closed_those_are_told_apart_whom_nobody_has_called():
    old = START.replace(tzinfo=None) - timedelta(days=3)
    people = [person(1, old), person(2, START.replace(tzinfo=None))]
    forecast = Simulation(world(ttl_days=1, rates={"voice": 1}), people).run()
    assert forecast.closed == {("expired", "ttl"): [1], ("connected", "live_voice"): [2]}
    assert forecast.uncalled == {("expired", "ttl"): [1]}


def test_who_waits_for_a_limit_at_the_end_is_left_for_it():
    forecast = run(1, days=1, limits=(Limit(1, 7 * DAY),), rates={"busy": 1})
    assert (forecast.calls, forecast.left, forecast.never_called) == (1, {"limit": [0]}, 0)


@pytest.mark.parametrize(("before", "reason"), [(0, PLANNED), (1, "hours")])
def test_who_is_due_at_the_end_is_planned_for_later(before, reason):
    due = START + timedelta(days=1, seconds=-before)
    forecast = Simulation(world(days=1), [person(1, due=due)]).run()
    assert forecast.left == {reason: [1]}


def test_each_cycle_counts_its_retries_anew():
    once = {"busy": Rule("again", delay=timedelta(minutes=20), max_retry=1)}
    attempts = PlannedAttempt(1, "voice", 1, once), PlannedAttempt(2, "voice", 1, once)
    contact = person(1)
    own = Plan(attempts, max_attempts=50, cycles=3, cycle_interval=timedelta(hours=1))
    forecast = Simulation(world(plan=own, rates={"busy": 1}), [contact]).run()
    # Each attempt once more, in each of three cycles.
    assert (forecast.calls, contact.candidate.cycle) == (12, 3)


def test_a_cycle_ends_with_its_last_counted_try():
    contact = person(1)
    own = plan(50, cycles=3, cycle_interval=timedelta(hours=1), cycle_limit=2)
    forecast = Simulation(world(plan=own, rates={"busy": 1}), [contact]).run()
    assert (forecast.calls, contact.candidate.cycle) == (6, 3)


@pytest.mark.parametrize(("wrap_up", "is_refusal"), [(RETRY, False), (REFUSED, True)])
def test_only_who_refuses_has_refused(wrap_up, is_refusal):
    contact = person(1)
    scenario = world(rates={"voice": 1}, wrap_ups=[(wrap_up, 100)])
    Simulation(scenario, [contact]).run()
    assert {made.is_refusal for made in contact.candidate.tries} == {is_refusal}


def test_an_attempt_on_another_number_leaves_the_one_that_was_tried():
    other = {"busy": Rule("attempt", 2, other_number=True)}
    attempts = PlannedAttempt(1, "voice", 2, other), PlannedAttempt(2, "voice", 1, AGAIN)
    own = Plan(attempts, max_attempts=2, phone_fallback="first")
    # Its second phone is empty, so the first one is tried: there is no other.
    forecast = Simulation(world(plan=own, rates={"busy": 1}), [person(1)]).run()
    assert forecast.calls == 1


def test_who_asked_to_be_called_back_is_on_request_until_then():
    callback_plan = Plan((PlannedAttempt(1, "voice", 1, ENDS),), max_attempts=1)
    later = Plan((PlannedAttempt(1, "voice", 1, {"callback": Rule("close")}),), max_attempts=1)
    plans = {None: plan(), "personal": callback_plan, "normal": later}
    values = {"plans": plans, "callbacks": Callbacks(callback_plan), "rates": {"callback": 1}}
    contact = person(1, due=START + timedelta(hours=8, minutes=59), misses=5)
    forecast = Simulation(world(days=1, **values), [contact]).run()
    assert (forecast.calls, contact.candidate.is_requested) == (1, True)
    # Tries in which its agent was not reached are counted from then on.
    assert contact.misses == 0
    contact = person(1)
    forecast = Simulation(world(days=1, **values), [contact]).run()
    assert (forecast.calls, contact.candidate.is_requested) == (2, False)


@pytest.mark.parametrize(("by_priority", "rank"), [(True, (-7, 1)), (False, (0, 1))])
def test_a_rules_priority_moves_a_contact_where_the_dial_order_goes_by_it(by_priority, rank):
    urgent = {"busy": Rule("again", delay=timedelta(minutes=5), priority=7)}
    own = Plan((PlannedAttempt(1, "voice", 1, urgent),), max_attempts=2)
    contact = person(1)
    Simulation(world(plan=own, by_priority=by_priority, rates={"busy": 1}), [contact]).run()
    assert contact.rank == rank
    # A rule without one leaves the place.
    contact = person(1)
    Simulation(world(by_priority=True, rates={"busy": 1}), [contact]).run()
    assert contact.rank == (0, 1)


def test_whoever_listens_is_told_after_every_so_many_calls(monkeypatch):
    monkeypatch.setattr(dry_run, "NOTIFY_EACH", 10)
    people = [person(number) for number in range(25)]
    told = []
    Simulation(world(per_hour=60, rates={"voice": 1}), people).run(told.append)
    # One hour before nine, and a minute for each call.
    hours = [timedelta(hours=1, minutes=minutes) / timedelta(days=7) for minutes in (10, 20)]
    assert told == pytest.approx(hours)


def test_who_asked_for_nothing_is_no_callback():
    contact = person(1, misses=2)
    forecast = Simulation(world(plan=plan(3), rates={"busy": 1}), [contact]).run()
    # As often as the budget allows.
    assert (forecast.calls, contact.misses) == (3, 2)
    candidate = contact.candidate
    assert (candidate.callback_since, candidate.callback_due) == (None, None)
    assert not candidate.is_requested


def test_a_callback_is_anybodys_once_its_agents_time_is_over_by_the_next_try():
    later = {"busy": Rule("again", delay=timedelta(hours=1))}
    callback_plan = Plan((PlannedAttempt(1, "voice", 1, later),), max_attempts=5)
    plans = {None: plan(), "personal": callback_plan, "normal": callback_plan}
    callbacks = Callbacks(callback_plan, personal_for=timedelta(hours=4))
    for hours, expected in ((3.5, "normal"), (2, "personal")):
        contact = person(1)
        contact.candidate.callback = "personal"
        since = NINE - timedelta(hours=hours)
        contact.candidate.callback_since = since
        # It ends before that try.
        scenario = world(days=1.5 / 24, rates={"busy": 1}, plans=plans, callbacks=callbacks)
        assert Simulation(scenario, [contact]).run().calls == 1
        assert contact.candidate.callback == expected


def test_another_number_is_another_than_the_one_that_was_called():
    first, second = "+4930231250001", "+4930231250002"
    other = {"busy": Rule("attempt", 1, delay=timedelta(minutes=5), other_number=True)}
    attempts = (PlannedAttempt(1, "voice", 1, other),)
    own = Plan(attempts, max_attempts=3, phone_fallback="next_valid", passes_limits=True)
    contact = person(1)
    contact.candidate.phones = (first, second, None, None, None)
    contact.candidate.tries.append(Try(START, first))
    contact.candidate.counted = 1
    limits = (Limit(1, DAY, per_number=True),)
    scenario = world(plan=own, limits=limits, rates={"busy": 1})
    Simulation(scenario, [contact]).run()
    # The first one has had its call of the day, so the second is called in its place.
    assert [made.number for made in contact.candidate.tries] == [first, second, first]


def test_a_campaign_that_opens_when_all_ends_had_no_time():
    forecast = Simulation(world(days=1 / 24), [person(1)]).run()
    assert forecast.left == {"hours": [1]}
    forecast = Simulation(world(days=1 / 24 + 0.001, per_hour=1), [person(1), person(2)]).run()
    assert (forecast.calls, forecast.left) == (1, {CAPACITY: [2]})
