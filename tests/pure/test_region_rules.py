"""Region rules: whom they are about, and when they hold (N3, S4)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools.calling_hours import WeeklyHours, ranges
from ecm_campaign.tools.campaign_hours import CampaignHours
from ecm_campaign.tools.day_windows import parse_windows
from ecm_campaign.tools.limits import CONVERSATIONS, LIFE, REFUSALS, Limit, Try, earliest
from ecm_campaign.tools.region_rules import (
    EVERYTHING,
    HOURS,
    NOTHING,
    NOWHERE,
    Place,
    RegionRule,
    RegionRules,
    choose_rules,
    parse_beginnings,
    parse_names,
)
from tests.pure.examples import settings

MIAMI, SEATTLE, TORONTO = "+13055550123", "+12065550123", "+14165550123"
PARIS = "+33199001234"
A_DAY = timedelta(days=1)


def week(*days):
    """Hours of Monday to Friday, Saturday and Sunday, as texts."""
    texts = [days[0]] * 5 + list(days[1:])
    windows = [
        (weekday, start, end)
        for weekday, text in enumerate(texts)
        for start, end in parse_windows(text)
    ]
    return WeeklyHours.of(windows)


def whole_days(*days):
    midnights = [datetime.combine(day, datetime.min.time()) for day in days]
    return ranges([(midnight, midnight + A_DAY) for midnight in midnights])


# -- whom a rule is about ---------------------------------------------------------------------------------------------

FLORIDA = RegionRule(
    1,
    "Florida",
    "US",
    prefixes=("+1305", "+1786"),
    regions=parse_names("Florida, FL"),
    zips=parse_beginnings("320-339, 341"),
)
BY_STATE = RegionRule(2, "Washington", "US", regions=parse_names("WA"))
UNITED_STATES = RegionRule(3, "United States", "US")
RULES = RegionRules([FLORIDA, BY_STATE, UNITED_STATES])

NUMBERS = (MIAMI, SEATTLE, TORONTO, PARIS)
REGIONS = (None, "", "FL", " florida ", "wa", "Ohio")
ZIPS = (None, "", "33101", "32", "34012", "98101")


@pytest.mark.parametrize(("number", "region", "code"), list(product(NUMBERS, REGIONS, ZIPS)))
def test_a_rule_is_about_its_area_codes_its_states_and_its_postal_codes(number, region, code):
    """Read off as a person would, for every combination."""
    is_american = number in (MIAMI, SEATTLE)
    expected = set()
    in_florida = (region or "").strip().lower() in ("fl", "florida") or (code or "")[:3] in {
        *map(str, range(320, 340)),
        "341",
    }
    if number == MIAMI or (is_american and in_florida):
        expected.add("Florida")
    if is_american and region == "wa":
        expected.add("Washington")
    if is_american:
        expected.add("United States")
    for rules in (RULES, RegionRules([FLORIDA, BY_STATE, UNITED_STATES])):
        found = rules.get_matching(number, "voice", Place(region, code))
        assert {rule.name for rule in found} == expected


def test_who_lives_elsewhere_keeps_the_rule_of_the_area_code():
    assert FLORIDA in RULES.get_matching(MIAMI, "voice", Place("New York", "10001"))
    assert RULES.get_matching(SEATTLE, "voice", Place("Ohio", "43004")) == (UNITED_STATES,)
    assert RULES.get_matching(SEATTLE, "voice") is RULES.get_matching(SEATTLE, "voice", NOWHERE)


def test_a_rule_about_nothing_holds_for_nobody():
    rules = RegionRules([RegionRule(1, "Nothing")])
    for number in (SEATTLE, "+870773111632", ""):
        assert rules.get_matching(number, "voice", Place("FL", "33101")) == ()


@pytest.mark.parametrize(
    "narrow", [{"prefixes": ("+1305",)}, {"regions": {"fl"}}, {"zips": ("331",)}], ids=str
)
def test_a_narrower_rule_is_not_about_the_rest_of_its_country(narrow):
    rules = RegionRules([RegionRule(1, "Miami", "US", **narrow)])
    assert rules.get_matching(SEATTLE, "voice", Place("WA", "98101")) == ()
    assert len(rules.get_matching(MIAMI, "voice", Place("FL", "33101"))) == 1


def test_numbers_that_no_beginning_tells_apart_share_their_rules():
    """Inmarsat's number is of no country; both others begin as no rule says."""
    assert RULES.get_matching(SEATTLE, "voice") is RULES.get_matching("+12125550123", "voice")
    assert RULES.get_matching("+870773111632", "voice") == ()


def test_whether_any_rule_says_how_often():
    assert not RULES.has_limits
    assert not RegionRules([]).has_limits
    assert RegionRules([BY_STATE, RegionRule(4, "Limits", "US", limits=(Limit(3),))]).has_limits


@pytest.mark.parametrize(
    ("text", "names"),
    [(None, set()), ("", set()), (" , ", set()), ("Florida; FL\n Fla", {"florida", "fl", "fla"})],
)
def test_names_of_states(text, names):
    assert parse_names(text) == names


@pytest.mark.parametrize(
    ("text", "beginnings"),
    [
        ("320-322, 341", ("320", "321", "322", "341")),
        ("060–061", ("060", "061")),
        ("0, 1", ("0", "1")),
        ("SW1A", ("SW1A",)),
        ("", ()),
        (None, ()),
    ],
)
def test_beginnings_of_postal_codes(text, beginnings):
    assert parse_beginnings(text) == beginnings


@pytest.mark.parametrize("text", ["339-320", "32-339", "AB1-AB9", "10000-99999"])
def test_what_are_no_beginnings_is_named(text):
    with pytest.raises(ValueError, match=text):
        parse_beginnings(text)


# -- when a rule holds ------------------------------------------------------------------------------------------------

OPEN, CLOSED_DAYS = week("10-13, 14-20", "", ""), whole_days(date(2026, 3, 3))
ONCE = Limit(1, label="rule")
PURPOSES = ("", "marketing", "debt")
CONSENTS = (NOTHING, HOURS, EVERYTHING)
DAYS = (
    date(2026, 2, 27),
    date(2026, 2, 28),
    date(2026, 3, 1),
    date(2026, 3, 31),
    date(2026, 4, 1),
    date(2026, 4, 2),
)


@pytest.mark.parametrize(
    ("purpose", "consent", "campaign", "has_consent", "day"),
    list(product(PURPOSES, CONSENTS, ("marketing", "debt", "service"), (False, True), DAYS)),
)
def test_what_of_a_rule_holds_for_a_campaign(purpose, consent, campaign, has_consent, day):
    rule = RegionRule(
        1,
        "Rule",
        "FR",
        hours=OPEN,
        holidays=CLOSED_DAYS,
        limits=(ONCE,),
        purpose=purpose,
        consent=consent,
        since=date(2026, 3, 1),
        until=date(2026, 3, 31),
    )
    chosen = choose_rules([rule], day, campaign, has_consent)
    # One day more at both ends: it begins somewhere while it is still the day before in UTC.
    in_force = date(2026, 2, 28) <= day <= date(2026, 4, 1)
    is_lifted = has_consent and consent == EVERYTHING
    if not in_force or purpose not in ("", campaign) or is_lifted:
        assert not chosen
        return
    (held,) = chosen
    assert held.limits == (ONCE,)
    has_hours = not (has_consent and consent == HOURS)
    assert (held.hours, held.holidays) == ((OPEN, CLOSED_DAYS) if has_hours else (None, ()))


def test_a_rule_without_dates_holds_on_every_day():
    rule = RegionRule(1, "Rule", "FR")
    assert all(rule.is_in_force(day) for day in (date.min + A_DAY, date(2026, 1, 1), date.max))


# -- hours and holidays -----------------------------------------------------------------------------------------------

FRANCE = RegionRule(
    7,
    "France",
    "FR",
    channels=frozenset({"voice"}),
    hours=OPEN,
    holidays=whole_days(date(2026, 4, 6)),
    limits=(
        Limit(4, window=timedelta(days=30), everywhere=True, is_legal=True),
        Limit(1, window=timedelta(days=60), everywhere=True, is_legal=True, counted=REFUSALS),
    ),
    consent=HOURS,
)


def test_france_is_open_twice_a_day_and_closed_on_its_holiday():
    """Every minute of two weeks over Easter and the change of the clock, against the clock."""
    campaign = CampaignHours("UTC", rules=RegionRules([FRANCE]))
    moment, end = datetime(2026, 3, 27), datetime(2026, 4, 10)
    zone = ZoneInfo("Europe/Paris")
    hours = campaign.for_contact(None, PARIS)
    while moment < end:
        local = moment.replace(tzinfo=UTC).astimezone(zone)
        is_open = (
            local.weekday() < 5
            and (10 <= local.hour < 13 or 14 <= local.hour < 20)
            and local.date() != date(2026, 4, 6)
        )
        assert hours.opening(moment).is_open == is_open, moment
        moment += timedelta(minutes=1)


@pytest.mark.parametrize("consent", CONSENTS)
def test_consent_of_one_contact_lifts_what_consent_of_all_lifts(consent):
    rule = replace(FRANCE, consent=consent)
    rules = RegionRules([rule])
    agreed = rules.get_matching(PARIS, "voice", Place(has_consent=True))
    of_all = choose_rules([rule], date(2026, 3, 2), "marketing", has_consent=True)
    assert [(each.hours, each.holidays, each.limits) for each in agreed] == [
        (each.hours, each.holidays, each.limits) for each in of_all
    ]
    # Whoever has not agreed keeps all of it, before and after.
    assert rules.get_matching(PARIS, "voice") == (rule,)
    sunday = datetime(2026, 3, 29, 12)
    hours = CampaignHours("UTC", rules=rules)
    is_open = hours.for_contact(None, PARIS, place=Place(has_consent=True)).opening(sunday).is_open
    assert is_open == (consent != NOTHING)
    assert not hours.for_contact(None, PARIS).opening(sunday).is_open
    # It is found by where people live as well.
    somewhere = Place("Bretagne", None, has_consent=True)
    assert len(rules.get_matching(PARIS, "voice", somewhere)) == len(of_all)


def test_the_rule_is_named_for_its_holiday():
    campaign = CampaignHours("UTC", rules=RegionRules([FRANCE]))
    opening = campaign.for_contact(None, PARIS).opening(datetime(2026, 4, 6, 10))
    assert (opening.reason, opening.detail) == ("holiday", "France")
    assert opening.opens_at == datetime(2026, 4, 7, 8)


def test_a_rule_of_holidays_alone_closes_them():
    rule = RegionRule(1, "Holidays", "FR", holidays=whole_days(date(2026, 4, 6)))
    hours = CampaignHours("UTC", rules=RegionRules([rule])).for_contact(None, PARIS)
    assert not hours.opening(datetime(2026, 4, 6, 10)).is_open
    assert hours.opening(datetime(2026, 4, 6, 22)).is_open


# -- limits -----------------------------------------------------------------------------------------------------------

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
KINDS = ("", CONVERSATIONS, REFUSALS)


def make_try(days, kind=""):
    return Try(
        START + days * A_DAY,
        PARIS,
        is_conversation=kind in (CONVERSATIONS, REFUSALS),
        is_refusal=kind == REFUSALS,
    )


def test_after_a_refusal_nobody_calls_for_sixty_days():
    tries = [make_try(0), make_try(1, REFUSALS)]
    reached = earliest(FRANCE.limits, tries, PARIS, START + 2 * A_DAY, ZoneInfo("UTC"))
    assert reached.until == START + 61 * A_DAY


def test_after_a_conversation_nobody_calls_for_seven_days():
    rest = Limit(1, window=7 * A_DAY, counted=CONVERSATIONS)
    assert not earliest([rest], [make_try(0)], PARIS, START, ZoneInfo("UTC"))
    reached = earliest([rest], [make_try(0, CONVERSATIONS)], PARIS, START, ZoneInfo("UTC"))
    assert reached.until == START + 7 * A_DAY


def test_after_a_refusal_for_ever():
    never = Limit(1, period=LIFE, counted=REFUSALS)
    assert earliest([never], [make_try(0, REFUSALS)], PARIS, START, ZoneInfo("UTC")).until is None
    assert not earliest([never], [make_try(0, CONVERSATIONS)], PARIS, START, ZoneInfo("UTC"))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(KINDS)), max_size=8),
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(1, 48), st.sampled_from(("tries", *KINDS[1:]))),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 200),
)
def test_several_limits_at_once_against_asking_hour_by_hour(made, given_limits, at):
    """The first hour in which every window holds fewer than its limit allows."""
    tries = [
        Try(
            START + timedelta(hours=hour), PARIS, True, False, "voice", kind != "", kind == REFUSALS
        )
        for hour, kind in made
    ]
    limits = [
        Limit(count, window=timedelta(hours=hours), counted=counted)
        for count, hours, counted in given_limits
    ]

    def is_allowed(moment):
        for limit in limits:
            counting = [
                one
                for one in tries
                if moment - limit.window < one.at
                and (limit.counted != CONVERSATIONS or one.is_conversation)
                and (limit.counted != REFUSALS or one.is_refusal)
            ]
            if len(counting) >= limit.count:
                return False
        return True

    moment = expected = START + timedelta(hours=at)
    while not is_allowed(expected):
        expected += timedelta(hours=1)
    reached = earliest(limits, tries, PARIS, moment, ZoneInfo("UTC"))
    assert (reached.until if reached else moment) == expected
