"""The gates' rules: what they say of one contact at one moment, and that they write nothing on it."""

import time
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ecm_campaign.tools.calling_hours import WeeklyHours, ranges
from ecm_campaign.tools.campaign_hours import CampaignHours
from ecm_campaign.tools.gates import (
    CampaignPlan,
    Candidate,
    ConsentRule,
    DncRule,
    ExpiryRule,
    Hold,
    HoursRule,
    LimitsRule,
    ListRule,
    ListState,
    NextCycle,
    NumberRule,
    Queue,
    SelectionRule,
    Switch,
    Wait,
    find_no_limits,
    is_idle,
    judge_all,
)
from ecm_campaign.tools.limits import DAY, LIFE, Limit, Try
from ecm_campaign.tools.pacing import Backlog
from ecm_campaign.tools.region_rules import NOWHERE, Place
from ecm_campaign.tools.strategy import Callbacks, Close, Plan, PlannedAttempt

NOW = datetime(2026, 3, 2, 10, 0)  # a Monday
HOME, MOBILE = "+493023125001", "+4915112345678"
CALLS = Plan((PlannedAttempt(1, "voice", 1), PlannedAttempt(2, "voice", 2)))
BOTH = Plan((PlannedAttempt(1, "voice", 1), PlannedAttempt(2, "sms", 2)), phone_fallback="skip")


def contact(contact_id=1, home=HOME, mobile=MOBILE, **values):
    phones = (home, mobile, None, None, None)
    values = {"campaign_id": 7, "added_at": NOW - timedelta(days=3), **values}
    return Candidate(contact_id, values.pop("position", 1), 0, 0, "", "", phones, **values)


def campaign(plan=CALLS, limits=()):
    kinds = (None, "personal", "normal")
    find_limits = dict.fromkeys(kinds, lambda _number, _channel, _place: limits)
    return {7: CampaignPlan(ZoneInfo("UTC"), dict.fromkeys(kinds, plan), find_limits)}


def dnc(channels=("voice",), numbers=None, keys=None, lists=None):
    """List 1 is for calls, list 2 for messages."""
    lists = lists or {(7, "voice"): {1}, (7, "sms"): {2}}
    return DncRule({7: channels}, lists, numbers or {}, keys or {})


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (ListState("stopped", "June"), Hold("list_stopped", "June")),
        (ListState("expired", "June"), Close("expired", "expired")),
        (
            ListState("planned", "June", NOW + timedelta(hours=1)),
            Hold("list_stopped", "June", NOW + timedelta(hours=1)),
        ),
    ],
)
def test_a_list_that_is_not_active_stops_its_contacts(state, verdict):
    rule = ListRule({5: state})
    assert rule.judge(contact(list_id=5), NOW) == verdict
    other = contact(list_id=6)
    assert rule.judge(other, NOW) is other


def test_a_planned_list_lets_its_contacts_pass_from_its_start_on():
    rule = ListRule({5: ListState("planned", "June", NOW)})
    assert isinstance(rule.judge(contact(list_id=5), NOW), Candidate)
    assert isinstance(rule.judge(contact(list_id=5), NOW - timedelta(seconds=1)), Hold)


def test_a_lists_own_dates_count_before_a_sweep_comes_to_it():
    """E20: *Called until* ends at that second, whatever status is stored."""
    rule = ListRule({5: ListState("active", "June", None, NOW)})
    assert isinstance(rule.judge(contact(list_id=5), NOW - timedelta(seconds=1)), Candidate)
    assert rule.judge(contact(list_id=5), NOW) == Close("expired", "expired")
    # One that somebody stopped is stopped whenever it was to start.
    stopped = ListRule({5: ListState("stopped", "June", NOW - timedelta(days=1))})
    assert stopped.judge(contact(list_id=5), NOW) == Hold("list_stopped", "June")


def test_who_is_older_than_the_time_to_live_closes():
    rule = ExpiryRule({7: 3})
    assert isinstance(rule.judge(contact(), NOW), Candidate)
    assert rule.judge(contact(), NOW + timedelta(seconds=1)) == Close("expired", "ttl")
    assert isinstance(ExpiryRule({7: 0}).judge(contact(), NOW.replace(year=2036)), Candidate)


def test_a_campaign_may_contact_only_who_agreed_or_asks_to_be_called_back():
    rule = ConsentRule({7})
    assert rule.judge(contact(), NOW) == Hold("no_consent")
    for values in ({"has_consent": True}, {"callback": "normal"}, {"campaign_id": 8}):
        passing = contact(**values)
        assert rule.judge(passing, NOW) is passing


def test_who_withdrew_consent_closes_whatever_the_campaign_asks_for():
    closed = Close("dnc_listed", "consent_withdrawn")
    for campaigns in ({7}, ()):
        for callback in (None, "personal"):
            withdrawn = contact(has_withdrawn=True, callback=callback)
            assert ConsentRule(campaigns).judge(withdrawn, NOW) == closed


def test_the_selection_holds_what_it_leaves_out_and_queues_what_is_fresh():
    queue = Queue("target_group", "North", group_id=4)
    rule = SelectionRule({7: {1, 2}}, {1: queue}, {7})
    assert rule.judge(contact(1), NOW) == queue
    assert rule.judge(contact(3), NOW) == Hold("selection")
    assert rule.judge(contact(2), NOW) == Hold("selection")  # in no target group
    assert isinstance(rule.judge(contact(2, is_drawn=True), NOW), Candidate)
    assert isinstance(rule.judge(contact(2, callback="normal"), NOW), Candidate)


def test_a_listed_number_gives_way_to_another():
    judged = dnc(numbers={HOME: {1}}).judge(contact(), NOW)
    assert (judged.phones[:2], judged.is_listed) == ((None, MOBILE), True)
    passed = NumberRule(campaign(BOTH)).judge(judged, NOW)
    assert (passed.attempt.channel, passed.attempt.number) == ("sms", MOBILE)


def test_a_list_for_calls_leaves_the_messages():
    rule = dnc(("voice", "sms"), numbers={HOME: {1}, MOBILE: {1}})
    judged = rule.judge(contact(), NOW)
    assert judged.get_numbers() == [HOME, MOBILE]
    passed = NumberRule(campaign(BOTH)).judge(judged, NOW)
    assert (passed.attempt.position, passed.attempt.channel) == (2, "sms")


def test_a_listed_key_closes_where_nothing_is_left():
    rule = dnc(keys={"K-1": {1}})
    listed = Close("dnc_listed", "suppressed")
    assert rule.judge(contact(account_number="K-1"), NOW) == listed
    both = dnc(("voice", "sms"), keys={"K-1": {1}})
    assert isinstance(both.judge(contact(account_number="K-1"), NOW), Candidate)


def test_a_list_that_does_not_count_hides_nothing():
    judged = dnc(numbers={HOME: {3}}).judge(contact(), NOW)
    assert (judged.phones[0], judged.is_listed) == (HOME, False)


def test_a_campaign_without_attempts_is_no_matter_of_lists():
    candidate = contact(account_number="K-1")
    assert dnc((), numbers={HOME: {1}}, keys={"K-1": {1}}).judge(candidate, NOW) is candidate
    judged = NumberRule(campaign(Plan(()))).judge(candidate, NOW)
    assert isinstance(judged, Close)


def test_whose_numbers_are_all_listed_closes_as_listed():
    judged = dnc(numbers={HOME: {1}, MOBILE: {1}}).judge(contact(), NOW)
    assert NumberRule(campaign()).judge(judged, NOW) == Close("dnc_listed", "suppressed")


def test_an_attempt_on_another_channel_is_due_there():
    rule = NumberRule(campaign(BOTH), channel="voice")
    assert rule.judge(contact(position=2), NOW) == Switch("sms")
    assert isinstance(rule.judge(contact(position=1), NOW), Candidate)
    # phone 1 is empty: its attempt is passed over, to one on the other channel
    assert rule.judge(contact(home=None), NOW) == Switch("sms")


def test_closed_hours_wait_for_the_next_opening():
    hours = CampaignHours("UTC", WeeklyHours.of((day, 540, 600) for day in range(5)))
    passed = NumberRule(campaign()).judge(contact(), NOW)
    assert HoursRule({7: hours}).judge(passed, NOW) == Wait(datetime(2026, 3, 3, 9), "hours", "UTC")


def test_a_number_that_was_tried_for_its_life_gives_way():
    limits = (Limit(1, LIFE, per_number=True),)
    rules = [NumberRule(campaign(CALLS, limits)), LimitsRule(campaign(CALLS, limits), True)]
    first = judge_all(rules, contact(1), NOW)
    assert first.attempt.number == HOME


TWICE = Plan(CALLS.attempts, phone_fallback="skip", cycles=2, cycle_interval=timedelta(hours=4))
TOMORROW = NextCycle(NOW + timedelta(hours=4), "cycle", position=1, cycle=2)


def test_a_later_cycle_has_a_number_that_is_fine():
    """The second phone is listed, or was tried for its life: the first is not given up (O7)."""
    rule = NumberRule(campaign(TWICE))
    at_second = contact(mobile=None, position=2, is_listed=True)
    assert rule.judge(at_second, NOW) == TOMORROW
    last = contact(mobile=None, position=2, is_listed=True, cycle=2)
    assert rule.judge(last, NOW) == Close("dnc_listed", "suppressed")
    nobody = contact(home=None, mobile=None, position=2)
    assert rule.judge(nobody, NOW) == Close("not_connected", "no_number")
    # Who was tried has completed its retries (P26).
    tried_once = replace(nobody, counted=1)
    assert rule.judge(tried_once, NOW) == Close("retries_completed", "no_number")

    tried = [Try(NOW.replace(tzinfo=UTC), MOBILE)]
    limited = NumberRule(campaign(TWICE, (Limit(1, LIFE, per_number=True),)))
    assert limited.judge(contact(position=2, tries=tried), NOW) == TOMORROW


def test_who_is_about_to_be_tried_counts_for_the_others_with_that_number():
    limits = (Limit(1, DAY, everywhere=True),)
    number, claiming = NumberRule(campaign()), LimitsRule(campaign(CALLS, limits), True)
    assert isinstance(judge_all([number, claiming], contact(1), NOW), Candidate)
    assert isinstance(judge_all([number, claiming], contact(2), NOW), Wait)
    # Explain only asks.
    asking = LimitsRule(campaign(CALLS, limits))
    assert isinstance(judge_all([number, asking], contact(1), NOW), Candidate)
    assert isinstance(judge_all([number, asking], contact(2), NOW), Candidate)


@pytest.mark.parametrize(
    ("plan", "period", "verdict"),
    [
        (CALLS, DAY, Wait(NOW + timedelta(hours=14), "limit")),
        (replace(CALLS, passes_limits=True), DAY, Wait(NOW, "limit")),
        # A number that may never be called again gives way in any case.
        (CALLS, LIFE, Wait(NOW, "limit")),
    ],
)
def test_two_contacts_of_one_claim_share_a_number(plan, period, verdict):
    """O16: whoever comes second is asked again at once where its next number is free."""
    known = campaign(plan, (Limit(1, period, per_number=True, everywhere=True),))
    rules = [NumberRule(known), LimitsRule(known, is_claiming=True)]
    assert judge_all(rules, contact(1), NOW).attempt.number == HOME
    assert judge_all(rules, contact(2), NOW) == verdict

    # So it is when the first one's try is in the ledger.
    made = [Try(NOW.replace(tzinfo=UTC), HOME, is_own=False)]
    judged = judge_all(rules, contact(2, tries=made), NOW)
    assert judged == verdict if verdict.until > NOW else judged.attempt.number == MOBILE


ONCE_A_DAY = Limit(1, DAY, per_number=True)
CALLED = [Try(NOW.replace(tzinfo=UTC), HOME)]


def judge_limited(plan, candidate, limits=(ONCE_A_DAY,)):
    known = campaign(plan, limits)
    return judge_all([NumberRule(known), LimitsRule(known)], candidate, NOW)


def test_a_number_at_its_limit_gives_way_to_the_next_where_the_strategy_says_so():
    """O16: else the contact waits, although another of its numbers is free."""
    passing = replace(CALLS, passes_limits=True)
    assert isinstance(judge_limited(CALLS, contact(tries=CALLED)), Wait)
    assert judge_limited(passing, contact(tries=CALLED)).attempt.number == MOBILE
    # Without another number it waits in any case, and so for a limit of the whole contact.
    assert isinstance(judge_limited(passing, contact(mobile=None, tries=CALLED)), Wait)
    both = [*CALLED, Try(NOW.replace(tzinfo=UTC), MOBILE)]
    assert isinstance(judge_limited(passing, contact(tries=both)), Wait)
    of_contact = (Limit(1, DAY),)
    assert isinstance(judge_limited(passing, contact(tries=CALLED), of_contact), Wait)


def test_the_call_that_a_customer_asked_for_passes_a_cap_that_says_so():
    """O1: for that one call; a rule that does not say so holds."""
    asked = contact(tries=CALLED, callback="normal", is_requested=True)
    made = contact(tries=CALLED, callback="normal")
    exempting = (replace(ONCE_A_DAY, is_legal=True, exempts_requests=True),)
    assert judge_limited(CALLS, asked, exempting).attempt.number == HOME
    assert isinstance(judge_limited(CALLS, made, exempting), Wait)
    assert isinstance(judge_limited(CALLS, asked, (replace(ONCE_A_DAY, is_legal=True),)), Wait)


def test_tries_of_others_on_a_listed_number_do_not_count():
    """A dry run has read them before it knows what is listed."""
    limits = (Limit(1, DAY, everywhere=True),)
    tries = [Try(NOW.replace(tzinfo=UTC), HOME, is_own=False)]
    rules = [NumberRule(campaign(CALLS, limits)), LimitsRule(campaign(CALLS, limits))]
    listed = dnc(numbers={HOME: {1}})
    assert judge_all([listed, *rules], contact(tries=tries), NOW).attempt.number == MOBILE
    assert isinstance(judge_all(rules, contact(tries=tries), NOW), Wait)


def test_judging_writes_nothing_on_the_candidate():
    rules = [
        ListRule({}),
        ExpiryRule({}),
        SelectionRule({}, {}),
        dnc(numbers={HOME: {1}}),
        NumberRule(campaign(BOTH)),
        HoursRule({7: CampaignHours("UTC")}),
        LimitsRule(campaign()),
    ]
    candidate = contact()
    before = deepcopy(candidate)
    assert judge_all(rules, candidate, NOW).attempt
    assert candidate == before


def test_hours_of_all_numbers_are_those_that_the_channel_may_use():
    """New York is closed; for calls its number is listed, for messages it is not."""
    hours = CampaignHours(
        "UTC",
        WeeklyHours.of([(day, 540, 1200) for day in range(7)]),
        in_contact_zone=True,
        for_all_numbers=True,
    )
    listed = dnc(("voice", "sms"), numbers={"+12125550123": {1}})
    judged = listed.judge(contact(mobile="+12125550123"), NOW)
    rule = HoursRule({7: hours})
    calls = NumberRule(campaign(BOTH), channel="voice").judge(judged, NOW)
    assert rule.judge(calls, NOW) is calls
    texts = NumberRule(campaign(BOTH), channel="sms").judge(replace(judged, position=2), NOW)
    assert isinstance(rule.judge(texts, NOW), Wait)


def closing_at_20(backlog, **values):
    hours = CampaignHours("UTC", WeeklyHours.of([(day, 540, 1200) for day in range(7)]), **values)
    return HoursRule({7: hours}, backlog)


def at(hour, minute):
    return datetime(2026, 3, 2, hour, minute)


@pytest.mark.parametrize(
    ("backlog", "moment", "verdict"),
    [
        (None, at(19, 59), None),
        (Backlog(0, 1), at(19, 58), None),
        (Backlog(0, 1), at(19, 59), Wait(datetime(2026, 3, 3, 9), "drain")),
        (Backlog(60, 1), at(18, 30), None),
        (Backlog(60, 1), at(19, 0), Wait(at(19, 5), "drain")),
        (Backlog(60, 1), at(19, 54), Wait(datetime(2026, 3, 3, 9), "drain")),
        (Backlog(60, 60), at(19, 54), None),
    ],
)
def test_who_would_still_wait_at_the_dialer_when_the_hours_end_waits_here(backlog, moment, verdict):
    passed = NumberRule(campaign()).judge(contact(), NOW)
    judged = closing_at_20(backlog).judge(passed, moment)
    assert judged == (verdict or passed)


def test_the_time_that_a_campaign_stops_before_the_end_is_the_dialers():
    passed = NumberRule(campaign()).judge(contact(), NOW)
    rule = closing_at_20(Backlog(20, 1), drain_minutes=30)
    assert rule.judge(passed, at(19, 29)) is passed


def test_those_before_it_in_the_same_claim_wait_there_too():
    passed = NumberRule(campaign()).judge(contact(), NOW)
    rule = closing_at_20(Backlog(0, 1))
    verdicts = [rule.judge(passed, at(19, 57)) for _turn in range(3)]
    late = Wait(datetime(2026, 3, 3, 9), "drain")
    assert verdicts == [passed, passed, late]


# -- what each rule says to the letter ------------------------------------------------------------


@pytest.fixture
def tokyo(monkeypatch):
    """A server whose own clock is not in UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_who_is_stopped_is_asked_no_further():
    class Never:
        def judge(self, candidate, at):
            raise AssertionError

    stopped = ListRule({5: ListState("stopped", "June")})
    assert judge_all([stopped, Never()], contact(list_id=5), NOW) == Hold("list_stopped", "June")


def test_a_selection_without_target_groups_holds_what_it_leaves_out():
    rule = SelectionRule({7: {1}}, {})
    assert isinstance(rule.judge(contact(1), NOW), Candidate)
    assert rule.judge(contact(2), NOW) == Hold("selection")
    # Nothing is chosen where a selection finds nobody; without a selection, everybody.
    assert SelectionRule({7: ()}, {}).judge(contact(1), NOW) == Hold("selection")
    assert isinstance(SelectionRule({8: ()}, {}).judge(contact(1), NOW), Candidate)


@pytest.mark.parametrize("begun", ["counted", "uncounted", "callback", "is_drawn"])
def test_what_was_begun_does_not_queue_again(begun):
    queue = Queue("target_group", "North", group_id=4)
    rule = SelectionRule({}, {1: queue}, {7})
    assert rule.judge(contact(1), NOW) == queue
    value = "personal" if begun == "callback" else 1
    candidate = replace(contact(1), **{begun: value})
    assert rule.judge(candidate, NOW) is candidate


def test_who_came_at_no_known_time_does_not_expire():
    candidate = contact(added_at=None)
    assert ExpiryRule({7: 3}).judge(candidate, NOW) is candidate


@pytest.mark.parametrize(
    ("region", "code", "place"),
    [
        ("Florida", None, Place("Florida", None)),
        (None, "33101", Place(None, "33101")),
        ("Florida", "33101", Place("Florida", "33101")),
        (None, None, NOWHERE),
    ],
)
def test_where_a_contact_lives_is_what_its_file_says(region, code, place):
    assert contact(region=region, zip=code).place == place


def test_why_it_is_closed_is_said_as_it_is():
    always = WeeklyHours.of([(day, 0, 1440) for day in range(7)])
    holiday = ranges([(datetime(2026, 3, 2), datetime(2026, 3, 3))])
    hours = CampaignHours("UTC", always, holiday)
    passed = NumberRule(campaign()).judge(contact(), NOW)
    judged = HoursRule({7: hours}).judge(passed, NOW)
    assert judged == Wait(datetime(2026, 3, 3), "holiday", "UTC")


def test_without_any_opening_it_is_looked_at_again_the_next_day():
    hours = CampaignHours("UTC", WeeklyHours.of([]))
    passed = NumberRule(campaign()).judge(contact(), NOW)
    judged = HoursRule({7: hours}).judge(passed, NOW)
    assert (judged.until, judged.reason) == (NOW + timedelta(days=1), "hours")


def test_without_an_attempt_neither_hours_nor_limits_are_asked():
    candidate = contact()
    closed = HoursRule({7: CampaignHours("UTC", WeeklyHours.of([]))})
    assert closed.judge(candidate, NOW) is candidate
    assert LimitsRule(campaign(CALLS, (Limit(0),))).judge(candidate, NOW) is candidate


def test_moments_are_utc_whatever_the_servers_clock_shows(tokyo):
    limit = Limit(1, "rolling", timedelta(hours=2), label="Twice")
    earlier = [Try(NOW.replace(tzinfo=UTC) - timedelta(hours=1), HOME)]
    passed = judge_limited(CALLS, contact(), (limit,))
    assert passed.attempt.at == NOW.replace(tzinfo=UTC)
    judged = judge_limited(CALLS, contact(tries=earlier), (limit,))
    assert judged == Wait(NOW + timedelta(hours=1), "limit", "Twice")


def test_a_limit_that_never_ends_closes():
    for_life = (Limit(1, LIFE),)
    assert judge_limited(CALLS, contact(tries=CALLED), for_life) == Close("not_connected", "limit")
    tried = replace(contact(tries=CALLED), counted=1)
    assert judge_limited(CALLS, tried, for_life) == Close("retries_completed", "limit")


def test_a_try_on_another_contact_is_not_its_own():
    limits = (Limit(1, DAY),)
    known = campaign(CALLS, limits)
    rules = [NumberRule(known), LimitsRule(known, is_claiming=True)]
    assert isinstance(judge_all(rules, contact(1), NOW), Candidate)
    assert isinstance(judge_all(rules, contact(2), NOW), Candidate)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("values", "for_hours", "expected"),
    [
        ({"callback": "personal", "callback_since": NOW - HOUR}, 1, "normal"),
        ({"callback": "personal", "callback_since": NOW - HOUR}, 2, "personal"),
        # From when it was due, which is later than when it was asked for.
        (
            {
                "callback": "personal",
                "callback_since": NOW - 9 * HOUR,
                "callback_due": NOW - HOUR,
            },
            2,
            "personal",
        ),
        (
            {"callback": "personal", "callback_since": NOW, "callback_due": NOW - 2 * HOUR},
            2,
            "normal",
        ),
        (
            {"callback": "personal", "callback_since": NOW - 9 * HOUR, "is_retained": True},
            1,
            "personal",
        ),
        ({"callback": "personal", "callback_since": NOW - 9 * HOUR}, None, "personal"),
        ({"callback": "personal"}, 1, "personal"),
        ({"callback": "normal", "callback_since": NOW - 9 * HOUR}, 1, "normal"),
        ({"callback_since": NOW - 9 * HOUR}, 1, None),
    ],
)
def test_a_callback_is_anybodys_when_its_time_with_the_agent_is_over(values, for_hours, expected):
    personal_for = None if for_hours is None else for_hours * HOUR
    known = replace(campaign()[7], callbacks=Callbacks(CALLS, personal_for=personal_for))
    candidate = contact(**values)
    assert NumberRule({7: known}).judge(candidate, NOW).callback == expected
    # Where a campaign has no callback strategy, whose it is stays.
    assert NumberRule(campaign()).judge(candidate, NOW).callback == candidate.callback


def test_a_budget_that_is_spent_closes():
    once = replace(CALLS, max_attempts=1)
    tried = replace(contact(), counted=1)
    judged = NumberRule(campaign(once)).judge(tried, NOW)
    assert (type(judged), judged.state) == (Close, "retries_completed")


LIMITED = {7: campaign(limits=(Limit(count=3),))[7]}
UNLIMITED = {7: CampaignPlan(ZoneInfo("UTC"), {None: CALLS}, {None: find_no_limits})}


@pytest.mark.parametrize(
    ("idle", "at_work"),
    [
        (ListRule({}), ListRule({5: ListState("stopped", "June")})),
        (ExpiryRule({7: 0, 8: 0}), ExpiryRule({7: 0, 8: 30})),
        (SelectionRule({}, {}), SelectionRule({7: {1}}, {})),
        (SelectionRule({}, {}), SelectionRule({}, {}, {7})),
        (dnc(), dnc(numbers={HOME: {1}})),
        (dnc(), dnc(keys={"A-1": {1}})),
        (LimitsRule(UNLIMITED, is_claiming=True), LimitsRule(LIMITED)),
    ],
)
def test_a_rule_that_stops_nobody_says_so(idle, at_work):
    somebody = NumberRule(UNLIMITED).judge(contact(list_id=5), NOW)
    assert is_idle(idle)
    assert idle.judge(somebody, NOW) is somebody
    assert not is_idle(at_work)


def test_who_says_nothing_of_it_is_asked():
    assert not is_idle(NumberRule(UNLIMITED))
    assert not is_idle(ConsentRule(()))
