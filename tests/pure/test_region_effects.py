"""What region rules are about, and what they would have stopped (N3, S4)."""

from datetime import datetime, timedelta

import pytest

from ecm_campaign.tools.calling_hours import WeeklyHours
from ecm_campaign.tools.limits import CONVERSATIONS, REFUSALS, Limit
from ecm_campaign.tools.region_effects import Effect, Group, Made, count_effects
from ecm_campaign.tools.region_rules import HOURS, NOWHERE, Place, RegionRule

PARIS, LYON = "+33199001234", "+33472001234"
MIAMI, SEATTLE = "+13055550123", "+12065550123"
A_DAY = timedelta(days=1)
FLORIDA = RegionRule(1, "Florida", "US", prefixes=("+1305",), regions=frozenset({"fl"}))
FRANCE = RegionRule(
    7,
    "France",
    "FR",
    channels=frozenset({"voice"}),
    hours=WeeklyHours.of(
        (day, *window) for day in range(5) for window in ((600, 780), (840, 1200))
    ),
    limits=(
        Limit(4, window=timedelta(days=30), everywhere=True, is_legal=True),
        Limit(1, window=timedelta(days=60), everywhere=True, is_legal=True, counted=REFUSALS),
    ),
    consent=HOURS,
)
IN_PARIS = ("Europe/Paris",)


def made_at(days, hour=10, number=PARIS, contact=1, refusal=False):
    at = datetime(2026, 3, 2, hour) + days * A_DAY
    return Made(contact, number, "voice", at, IN_PARIS, NOWHERE, refusal, refusal)


def effects_of(attempts, groups=(), rules=(FRANCE,), channels=("voice",)):
    return count_effects(rules, groups, attempts, channels)


def test_attempts_outside_the_hours_are_counted():
    attempts = [made_at(0), made_at(0, 12, contact=2), made_at(5, contact=3)]
    # 13:00 in Paris is between the two windows, and the third is on a Saturday.
    assert effects_of(attempts) == {7: Effect(0, 3, 2, 0, 2)}


def test_attempts_over_a_limit_are_counted_once_each():
    month = [made_at(days) for days in (0, 1, 2, 3, 4)]
    assert effects_of(month)[7].over_limits == 1
    # 60 days of rest, on the contact's other number too.
    refused = [made_at(0, refusal=True), made_at(1, number=LYON), made_at(70)]
    assert effects_of(refused)[7] == Effect(0, 3, 0, 1, 1)


def test_another_contact_with_the_number_counts_and_with_another_does_not():
    attempts = [made_at(0, refusal=True), made_at(1, contact=2), made_at(2, number=LYON, contact=3)]
    assert effects_of(attempts)[7].over_limits == 1


def test_contacts_are_counted_once_whatever_the_channels():
    groups = [Group(PARIS, NOWHERE, 4), Group(MIAMI, NOWHERE, 2), Group(SEATTLE, Place("FL"), 3)]
    found = effects_of([], groups, (FRANCE, FLORIDA), ("voice", "sms"))
    assert {rule_id: effect.contacts for rule_id, effect in found.items()} == {7: 4, 1: 5}
    assert not effects_of([], groups, (FRANCE,), ("sms",))


@pytest.mark.parametrize(
    ("limit", "channel", "values", "over"),
    [
        (Limit(1), "voice", {}, 1),
        (Limit(1, channels=frozenset({"sms"})), "sms", {}, 1),
        (Limit(1, channels=frozenset({"sms"})), "voice", {}, 0),
        (Limit(1, counted=CONVERSATIONS), "voice", {"is_conversation": True}, 1),
        (Limit(1, counted=CONVERSATIONS), "voice", {}, 0),
        (Limit(1, counted=REFUSALS), "voice", {"is_conversation": True, "is_refusal": True}, 1),
        (Limit(1, counted=REFUSALS), "voice", {"is_conversation": True}, 0),
        (Limit(1, counted=REFUSALS), "voice", {}, 0),
    ],
)
def test_an_attempt_counts_as_what_it_was(limit, channel, values, over):
    rule = RegionRule(7, "France", "FR", limits=(limit,))
    at = datetime(2026, 3, 2, 10)
    attempts = [
        Made(1, PARIS, channel, at + later, IN_PARIS, **values) for later in (0 * A_DAY, A_DAY / 2)
    ]
    assert effects_of(attempts, rules=(rule,)) == {7: Effect(0, 2, 0, over, over)}


def test_a_rule_without_limits_stops_by_its_hours_alone():
    rule = RegionRule(7, "France", "FR", hours=FRANCE.hours)
    assert effects_of([made_at(0), made_at(0, 12)], rules=(rule,)) == {7: Effect(0, 2, 1, 0, 1)}


def test_an_attempt_that_a_rule_stops_twice_is_one():
    twice = [made_at(0, refusal=True), made_at(1, 12)]
    assert effects_of(twice)[7] == Effect(0, 2, 1, 1, 1)
