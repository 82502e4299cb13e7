"""Where a number is at home, which rules hold for it, and when its contact may be called (N3)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
import pytz
from phonenumbers import PhoneNumberFormat, timezone

from ecm_campaign.tools import calling_hours as hours
from ecm_campaign.tools.calling_hours import WeeklyHours, ranges
from ecm_campaign.tools.campaign_hours import CampaignHours, Week, sort_closures
from ecm_campaign.tools.limits import Limit
from ecm_campaign.tools.number_places import country_of, zones_of
from ecm_campaign.tools.number_zones import CORRECTIONS
from ecm_campaign.tools.region_rules import RegionRule, RegionRules
from ecm_campaign.tools.time_zones import is_zone, show_the_same

BERLIN = "+493023125000"
NEW_YORK = "+12125550123"
MIAMI = "+13055550123"
LOS_ANGELES = "+13105550123"
TORONTO = "+14165550123"
AUSTRALIAN_MOBILE = "+61412345678"
INMARSAT = "+870773111632"

# Countries that `phonenumbers` puts into a zone with another clock; Western Sahara counts as Morocco.
CORRECTED = {"DZ", "LY", "MA", "NI", "PS", "SS"}

OFFICE = WeeklyHours.of([(day, 9 * 60, 20 * 60) for day in range(6)])


def every_day(start, end):
    return WeeklyHours.of([(day, start * 60, end * 60) for day in range(7)])


UNITED_STATES = RegionRule(1, "United States", "US", hours=every_day(8, 21))
FLORIDA = RegionRule(
    2,
    "Florida",
    "US",
    ("+1305", "+1786"),
    hours=every_day(8, 20),
    limits=(Limit(3, per_number=True, everywhere=True),),
)
CANADA = RegionRule(3, "Canada", "CA", channels=frozenset({"voice"}), hours=every_day(10, 18))
TEXTS = RegionRule(4, "Texts", "US", channels=frozenset({"sms"}), hours=every_day(12, 13))
RULES = RegionRules([UNITED_STATES, FLORIDA, CANADA, TEXTS])


def example_numbers():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield number, phonenumbers.format_number(number, PhoneNumberFormat.E164)


# -- places -----------------------------------------------------------------------------------------------------------


def test_places_are_those_of_phonenumbers():
    """For every country and kind of number; behind +1 the area code may know it better."""
    count = 0
    for number, e164 in example_numbers():
        zones = set(timezone.time_zones_for_number(number)) - {timezone.UNKNOWN_TIMEZONE}
        if phonenumbers.region_code_for_number(number) in CORRECTED:
            continue
        if e164.startswith("+1"):
            assert set(zones_of(e164)) <= zones, e164
        else:
            assert set(zones_of(e164)) == zones, e164
        if phonenumbers.is_valid_number(number):
            assert country_of(e164) == phonenumbers.region_code_for_number(number), e164
            count += 1
    assert count > 1000


def test_countries_of_one_clock_have_that_clock():
    """The IANA database against what we say, for every kind of number (O12)."""
    corrected = set()
    for number, e164 in example_numbers():
        country = phonenumbers.region_code_for_number(number)
        if not e164.startswith("+1") and is_of_one_clock(country):
            own = pytz.country_timezones[country][0]
            assert not zones_of(e164) or has_clock(zones_of(e164), own), e164
            library = set(timezone.time_zones_for_number(number)) - {timezone.UNKNOWN_TIMEZONE}
            if library and not has_clock(library, own):
                corrected.add(country)
    # One that the library has put right meanwhile needs no row any more.
    assert corrected == CORRECTED


def is_of_one_clock(country):
    zones = pytz.country_timezones.get(country, [])
    return bool(zones) and all(show_alike(zones[0], zone) for zone in zones)


def has_clock(zones, own):
    return any(show_alike(zone, own) for zone in zones)


def show_alike(zone, other):
    return all(show_the_same(zone, other, year) for year in (2026, 2027))


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+212520123456", "Africa/Casablanca"),
        ("+212650123456", "Africa/Casablanca"),
        ("+213551234567", "Africa/Algiers"),
        ("+218912345678", "Africa/Tripoli"),
        ("+50581234567", "America/Managua"),
        ("+211977123456", "Africa/Juba"),
    ],
)
def test_nobody_is_called_an_hour_before_or_after_their_hours(number, zone):
    at_dinner = datetime(2026, 7, 1, 20, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    office = CampaignHours("UTC", every_day(9, 20), in_contact_zone=True).for_contact(None, number)
    assert not office.opening(at_dinner.replace(tzinfo=None)).is_open
    before = at_dinner.replace(tzinfo=None) - timedelta(minutes=31)
    assert office.opening(before).is_open


def test_every_zone_of_every_beginning_is_known():
    tables = timezone.TIMEZONE_DATA, CORRECTIONS
    assert all(is_zone(zone) for table in tables for zones in table.values() for zone in zones)


def test_some_places():
    assert zones_of(BERLIN) == ("Europe/Berlin",)
    assert zones_of(LOS_ANGELES) == ("America/Los_Angeles",)
    assert zones_of("+18762101234") == ("America/Jamaica",)
    assert {"Australia/Perth", "Australia/Sydney"} < set(zones_of(AUSTRALIAN_MOBILE))
    assert "Pacific/Honolulu" in zones_of("+18005550123")
    assert (zones_of(INMARSAT), country_of(INMARSAT)) == ((), None)
    assert [country_of(number) for number in (BERLIN, NEW_YORK, TORONTO)] == ["DE", "US", "CA"]


@pytest.mark.parametrize("number", ["", "+", "+4", "0301234", "+999", "abc", "+61", "+44"])
def test_what_is_no_number_has_a_place_or_none(number):
    zones_of(number)
    country_of(number)


# -- rules ------------------------------------------------------------------------------------------------------------


def test_all_rules_that_match_hold():
    assert RULES.get_matching(NEW_YORK, "voice") == (UNITED_STATES,)
    assert RULES.get_matching(MIAMI, "voice") == (UNITED_STATES, FLORIDA)
    assert RULES.get_matching(MIAMI, "sms") == (UNITED_STATES, TEXTS, FLORIDA)
    assert RULES.get_matching(TORONTO, "voice") == (CANADA,)
    assert RULES.get_matching(TORONTO, "sms") == RULES.get_matching(BERLIN, "voice") == ()


def test_a_beginning_does_not_reach_into_another_country():
    rules = RegionRules(
        [RegionRule(1, "Fort", "US", ("+1",)), RegionRule(2, "All of +1", "", ("+1",))]
    )
    assert [rule.name for rule in rules.get_matching(NEW_YORK, "voice")] == ["Fort", "All of +1"]
    assert [rule.name for rule in rules.get_matching(TORONTO, "voice")] == ["All of +1"]


def test_limits_are_those_of_the_matching_rules():
    assert [(limit.count, limit.window) for limit in RULES.get_limits(MIAMI, "voice")] == [
        (3, timedelta(days=1))
    ]
    assert RULES.get_limits(NEW_YORK, "voice") == ()


# -- a contact's hours ------------------------------------------------------------------------------------------------


def opens(campaign, at, tz=None, number=BERLIN, channel="voice", numbers=()):
    opening = campaign.for_contact(tz, number, channel, numbers).opening(at)
    return opening.opens_at, opening.reason


def test_the_zone_is_the_contacts_then_the_numbers_then_the_campaigns():
    campaign = CampaignHours("Asia/Tokyo", OFFICE, in_contact_zone=True)
    at = datetime(2026, 3, 1, 12)  # a Sunday
    assert opens(campaign, at, "America/New_York") == (datetime(2026, 3, 2, 14), hours.HOURS)
    assert opens(campaign, at) == (datetime(2026, 3, 2, 8), hours.HOURS)
    assert opens(campaign, at, "No/Where") == (datetime(2026, 3, 2, 8), hours.HOURS)
    assert opens(campaign, at, number=INMARSAT) == (datetime(2026, 3, 2), hours.HOURS)


def test_a_number_of_several_zones_is_open_when_all_are():
    campaign = CampaignHours("UTC", OFFICE, in_contact_zone=True)
    at = datetime(2026, 7, 6, 0, 30)  # the last to reach nine is Cocos, at UTC+6:30
    assert opens(campaign, at, number=AUSTRALIAN_MOBILE) == (
        datetime(2026, 7, 6, 2, 30),
        hours.ZONE,
    )
    assert opens(campaign, at, "Australia/Sydney", AUSTRALIAN_MOBILE) == (at, None)


def test_all_numbers_or_the_one_that_is_called():
    at = datetime(2026, 3, 2, 10)
    each = CampaignHours("UTC", OFFICE, in_contact_zone=True)
    every = CampaignHours("UTC", OFFICE, in_contact_zone=True, for_all_numbers=True)
    numbers = (BERLIN, None, LOS_ANGELES, None, None)
    assert opens(each, at, numbers=numbers) == (at, None)
    assert opens(every, at, numbers=numbers) == (datetime(2026, 3, 2, 17), hours.ZONE)
    assert opens(every, at, "Europe/Berlin", numbers=numbers) == (at, None)


def test_in_the_campaigns_zone_contacts_share_its_hours():
    campaign = CampaignHours("Europe/Berlin", OFFICE)
    assert opens(campaign, datetime(2026, 3, 2, 7), number=NEW_YORK) == (
        datetime(2026, 3, 2, 8),
        hours.HOURS,
    )
    assert campaign.for_contact(None, NEW_YORK) is campaign.for_contact("Asia/Tokyo", BERLIN)


def test_region_rules_hold_where_the_person_is_in_either_mode():
    at = datetime(2026, 3, 2, 10)
    for in_contact_zone in (False, True):
        campaign = CampaignHours("Europe/Berlin", in_contact_zone=in_contact_zone, rules=RULES)
        assert opens(campaign, at, number=NEW_YORK) == (datetime(2026, 3, 2, 13), hours.REGION)
        assert opens(campaign, at, "America/Denver", NEW_YORK) == (
            datetime(2026, 3, 2, 15),
            hours.REGION,
        )
        assert opens(campaign, at, number=NEW_YORK, channel="sms") == (
            datetime(2026, 3, 2, 17),
            hours.REGION,
        )
        assert opens(campaign, at) == (at, None)


def test_the_strictest_rule_wins():
    campaign = CampaignHours("Europe/Berlin", rules=RULES)
    evening = datetime(2026, 3, 3, 1, 30)  # 20:30 in Miami
    opening = campaign.for_contact(None, MIAMI).opening(evening)
    assert (opening.reason, opening.detail) == (hours.REGION, "Florida")
    assert campaign.for_contact(None, NEW_YORK).opening(evening).is_open


def test_rules_of_every_number_hold_when_all_must_be_open():
    campaign = CampaignHours("Europe/Berlin", for_all_numbers=True, rules=RULES)
    at = datetime(2026, 3, 2, 14)
    assert opens(campaign, at, numbers=(BERLIN, NEW_YORK, TORONTO)) == (
        datetime(2026, 3, 2, 15),
        hours.REGION,
    )


def test_only_the_zones_of_the_campaigns_group_are_called_in_their_hours():
    zone_hours = (("America/New_York", every_day(12, 14)), ("Europe/Berlin", every_day(9, 10)))
    campaign = CampaignHours("Europe/Berlin", zone_hours=zone_hours, year=2026)
    at = datetime(2026, 3, 2, 10)
    assert opens(campaign, at, number=NEW_YORK) == (datetime(2026, 3, 2, 17), hours.GROUP)
    assert opens(campaign, at, "America/Detroit") == (datetime(2026, 3, 2, 17), hours.GROUP)
    assert opens(campaign, at) == (datetime(2026, 3, 3, 8), hours.GROUP)
    assert opens(campaign, at, number=LOS_ANGELES) == (None, hours.GROUP)
    assert opens(CampaignHours("UTC", zone_hours=()), at) == (None, hours.GROUP)


def test_a_zones_own_name_goes_before_one_with_the_same_clock():
    zone_hours = (("America/Detroit", every_day(12, 14)), ("America/New_York", every_day(9, 10)))
    campaign = CampaignHours("UTC", zone_hours=zone_hours, year=2026)
    at = datetime(2026, 3, 2, 10)
    assert opens(campaign, at, number=NEW_YORK) == (datetime(2026, 3, 2, 14), hours.GROUP)
    assert opens(campaign, at, "America/Detroit") == (datetime(2026, 3, 2, 17), hours.GROUP)


def test_drain_and_holidays_are_kept_in_the_contacts_zone():
    holiday = ranges([(datetime(2026, 12, 25), datetime(2026, 12, 26))])
    campaign = CampaignHours(
        "Europe/Berlin", OFFICE, holiday, in_contact_zone=True, drain_minutes=30
    )
    assert opens(campaign, datetime(2026, 12, 25, 0, 40), number=NEW_YORK) == (
        datetime(2026, 12, 26, 14),
        hours.DRAIN,  # 19:40 on Christmas Eve
    )
    assert opens(campaign, datetime(2026, 12, 25, 14), number=NEW_YORK)[1] == hours.HOLIDAY


def test_the_campaign_is_open_while_a_contact_may_be():
    spread = CampaignHours(
        "Europe/Berlin", OFFICE, in_contact_zone=True, date_end=datetime(2026, 3, 6)
    )
    at_home = CampaignHours(
        "Europe/Berlin", OFFICE, date_end=datetime(2026, 3, 6), drain_minutes=60
    )
    night = datetime(2026, 3, 3, 1)
    assert spread.for_campaign().opening(night).is_open
    assert not at_home.for_campaign().opening(night).is_open
    assert at_home.for_campaign().opening(night).closes_at == datetime(2026, 3, 3, 18)
    for campaign in (spread, at_home):
        assert campaign.for_campaign().opening(datetime(2026, 3, 6)).reason == hours.ENDED
    assert date(2026, 3, 6).weekday() == 4


def test_no_zones_drain_ends_the_campaign_for_the_others():
    """Zones close one after the other: the week ends on Sunday at 8:00 UTC, where it ends last."""
    campaign = CampaignHours("UTC", OFFICE, in_contact_zone=True, drain_minutes=60)
    monday = campaign.for_campaign().opening(datetime(2026, 3, 2))
    assert (monday.is_open, monday.closes_at) == (True, datetime(2026, 3, 8, 8))


def test_the_drain_is_what_was_asked_for():
    for drain, closes_at in ((0, datetime(2026, 3, 2, 20)), (90, datetime(2026, 3, 2, 18, 30))):
        campaign = CampaignHours("UTC", OFFICE, drain_minutes=drain)
        hours_of_contact = campaign.for_contact(None, BERLIN)
        assert hours_of_contact.opening(datetime(2026, 3, 2, 10)).closes_at == closes_at
        to_the_end = campaign.without_drain().for_contact(None, BERLIN)
        assert to_the_end.opening(datetime(2026, 3, 2, 10)).closes_at == datetime(2026, 3, 2, 20)
    plain = CampaignHours("UTC", OFFICE).for_contact(None, BERLIN)
    assert plain.opening(datetime(2026, 3, 2, 10)).closes_at == datetime(2026, 3, 2, 20)


def test_a_result_is_awaited_on_both_sides_of_the_campaigns_dates():
    campaign = CampaignHours(
        "UTC", OFFICE, in_contact_zone=True, drain_minutes=60, date_end=datetime(2026, 3, 2)
    )
    found = campaign.for_waiting().opening(datetime(2026, 3, 2, 10))
    assert (found.is_open, found.closes_at) == (True, datetime(2026, 3, 2, 20))


def test_a_rule_of_holidays_alone_closes_them_and_one_of_limits_nothing():
    new_year = ranges([(datetime(2026, 1, 1), datetime(2026, 1, 2))])
    holidays = RegionRule(1, "Holidays", "US", holidays=new_year)
    limits = RegionRule(2, "Limits", "DE", limits=(Limit(3),))
    campaign = CampaignHours("UTC", OFFICE, rules=RegionRules([holidays, limits]))
    assert opens(campaign, datetime(2026, 1, 1, 14), number=NEW_YORK) == (
        datetime(2026, 1, 2, 9),
        hours.HOLIDAY,
    )
    # Whoever has only a limit shares the hours of those without a rule.
    plain = CampaignHours("UTC", OFFICE).for_contact(None, BERLIN)
    assert campaign.for_contact(None, BERLIN) is plain


def test_what_was_asked_makes_no_other_hours_of_it():
    asked, fresh = CampaignHours("UTC", OFFICE), CampaignHours("UTC", OFFICE)
    asked.for_contact(None, BERLIN)
    assert (asked, hash(asked)) == (fresh, hash(fresh))


# -- holidays and other closed times --------------------------------------------------------------

BERLIN_ZONE = ("UTC", "Europe/Berlin")
CHRISTMAS = ranges([(datetime(2026, 12, 25), datetime(2026, 12, 26))])


def in_berlin(day, hour=0, minute=0, second=0):
    """A moment of December 2026 on Berlin's clock, as naive UTC."""
    return datetime(2026, 12, day, hour, minute, second) - timedelta(hours=1)


@pytest.mark.parametrize("end", [(26, 0), (25, 23, 59), (25, 23, 59, 59)])
def test_whole_days_on_somebodys_clock_are_a_holiday(end):
    found = sort_closures([(in_berlin(25), in_berlin(*end))], BERLIN_ZONE)
    assert found == (CHRISTMAS, ())


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((25, 0, 1), (26, 0)),
        ((25, 8), (26, 0)),
        ((25, 0), (25, 23, 58)),
        ((25, 0), (26, 0, 1)),
        ((25, 0), (26, 12)),
        ((25, 12, 30), (25, 13, 30)),
    ],
)
def test_what_are_no_whole_days_is_closed_at_once_everywhere(start, end):
    closed = (in_berlin(*start), in_berlin(*end))
    assert sort_closures([closed], BERLIN_ZONE) == ((), ranges([closed]))
    # Nobody's clock is known: it can be no date.
    whole = (in_berlin(25), in_berlin(26))
    assert sort_closures([whole], ()) == ((), ranges([whole]))


def test_the_date_is_that_of_the_likeliest_zone():
    """In Samoa it is the day after that of American Samoa, at the same time of day."""
    day = [(datetime(2026, 12, 24, 11), datetime(2026, 12, 25, 11))]
    samoa, american = "Pacific/Apia", "Pacific/Pago_Pago"
    christmas_eve = ranges([(datetime(2026, 12, 24), datetime(2026, 12, 25))])
    assert sort_closures(day, (samoa, american)) == (CHRISTMAS, ())
    assert sort_closures(day, (american, samoa)) == (christmas_eve, ())


def test_an_empty_time_closes_nothing():
    assert sort_closures([(in_berlin(25), in_berlin(25))], BERLIN_ZONE) == ((), ())


# -- a channel's own hours ------------------------------------------------------------------------

MONDAY = datetime(2026, 3, 2)
EVENING = Week(every_day(18, 22), ranges([(datetime(2026, 3, 3), datetime(2026, 3, 4))]))
TWO_WEEKS = CampaignHours(
    "UTC", every_day(9, 17), by_channel=(("sms", EVENING),), channels=("voice", "sms")
)


def at(hour, day=2):
    return datetime(2026, 3, day, hour)


def test_a_channel_may_have_hours_of_its_own():
    for channel, opens, closes in (("voice", 9, 17), ("sms", 18, 22)):
        for found in (
            TWO_WEEKS.for_campaign(channel).opening(MONDAY),
            TWO_WEEKS.for_contact(None, BERLIN, channel).opening(MONDAY),
        ):
            assert (found.opens_at, found.closes_at) == (at(opens), at(closes))


def test_holidays_are_those_of_the_channels_hours():
    assert TWO_WEEKS.for_campaign("sms").opening(at(23)).opens_at == at(18, day=4)
    assert TWO_WEEKS.for_campaign("voice").opening(at(23)).opens_at == at(9, day=3)


def test_a_campaign_is_open_while_a_channel_of_it_is():
    hours_of_campaign = TWO_WEEKS.for_campaign()
    assert hours_of_campaign.opening(at(10)) == (True, at(10), at(17), None, "")
    assert hours_of_campaign.opening(at(17)).opens_at == at(18)
    assert hours_of_campaign.opening(at(22)) == (False, at(9, 3), at(17, 3), "hours", "UTC")


def test_hours_that_follow_each_other_are_one_opening():
    week = Week(every_day(17, 20))
    campaign = CampaignHours(
        "UTC", every_day(9, 17), by_channel=(("sms", week),), channels=("voice", "sms")
    )
    assert campaign.for_campaign().opening(at(10)).closes_at == at(20)
    always = replace(campaign, by_channel=(("sms", Week(every_day(17, 9))),))
    assert always.for_campaign().opening(at(10)).closes_at is None


def test_a_campaign_of_messages_alone_has_their_hours():
    messages = replace(TWO_WEEKS, channels=("sms",))
    assert messages.for_campaign().opening(MONDAY).opens_at == at(18)
    assert replace(messages, channels=()).for_campaign().opening(MONDAY).opens_at == at(9)


def test_region_rules_of_messages_hold_within_their_hours():
    campaign = replace(TWO_WEEKS, rules=RULES)
    texts = campaign.for_contact(None, NEW_YORK, "sms")
    # From 12 to 13 in New York it is 17 to 18 in UTC, when ours have not begun.
    assert texts.opening(MONDAY).opens_at is None
    early = replace(campaign, by_channel=(("sms", Week(every_day(17, 20))),))
    assert early.for_contact(None, NEW_YORK, "sms").opening(MONDAY)[1:3] == (at(17), at(18))
