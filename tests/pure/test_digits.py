"""What a dialer is to dial for a number, and which number was meant by what it dialled (B8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_dialer_cisco.clients.digits import BadRule, DigitPlan, Rule, take_apart

BERLIN, MUNICH, VIENNA, LONDON = "+493023125001", "+498912345678", "+4315056690", "+442079460123"
NEW_YORK, TORONTO, ROME = "+12125550170", "+14165550123", "+390612345678"

GERMANY = DigitPlan(own_code="49", outside="0", trunk="0", international="00", uses_prefixes=True)
AMERICA = DigitPlan(own_code="1", outside="9", trunk="1", international="011", uses_prefixes=True)

DIALLED = [
    ("as it is", DigitPlan(), BERLIN, BERLIN),
    ("as it is", DigitPlan(), LONDON, LONDON),
    ("own country", GERMANY, BERLIN, "003023125001"),
    ("other country", GERMANY, VIENNA, "0004315056690"),
    ("own country", AMERICA, NEW_YORK, "912125550170"),
    ("same code, other country", AMERICA, TORONTO, "914165550123"),
    ("other country", AMERICA, BERLIN, "9011493023125001"),
    (
        "a zero that belongs to the number",
        DigitPlan(own_code="39", uses_prefixes=True),
        ROME,
        "0612345678",
    ),
    ("no own country", DigitPlan(international="00", uses_prefixes=True), BERLIN, "00493023125001"),
    ("our own building", DigitPlan((Rule("beginning", "493023125", strip=9),)), BERLIN, "001"),
    ("others", DigitPlan((Rule("beginning", "493023125", strip=9),)), MUNICH, MUNICH),
    ("local", DigitPlan((Rule("beginning", "4930", strip=4, prepend="0"),)), BERLIN, "023125001"),
    ("own", DigitPlan((Rule("own", prepend="0"),), own_code="49"), MUNICH, "08912345678"),
    (
        "foreign",
        DigitPlan((Rule("foreign", prepend="900"),), own_code="49"),
        LONDON,
        "900442079460123",
    ),
    ("one country", DigitPlan((Rule("country", "ca", prepend="81"),)), TORONTO, "814165550123"),
    ("not the other", DigitPlan((Rule("country", "ca", prepend="81"),)), NEW_YORK, NEW_YORK),
    (
        "a pattern",
        DigitPlan((Rule("pattern", r"\+49(30)(\d+)", replacement=r"*\1#\2"),)),
        BERLIN,
        "*30#23125001",
    ),
    (
        "a pattern for others",
        DigitPlan((Rule("pattern", r"\+49(\d+)", replacement=r"\1"), Rule("any", prepend="7"))),
        LONDON,
        "7442079460123",
    ),
    ("any", DigitPlan((Rule("any", prepend="7"),)), LONDON, "7442079460123"),
]


@pytest.mark.parametrize(("why", "plan", "number", "dialled"), DIALLED)
def test_what_is_dialled(why, plan, number, dialled):
    assert plan.dial(number).digits == dialled, why
    assert plan.dial(number).is_dialable


def test_the_first_rule_that_matches_counts_and_is_named():
    rules = Rule("beginning", "4930", 2), Rule("own", prepend="0"), Rule("any", prepend="9")
    plan = DigitPlan(rules, own_code="49")
    assert [plan.dial(number).rule for number in (BERLIN, MUNICH, LONDON)] == [0, 1, 2]


@pytest.mark.parametrize("text", ["", "123", "anonymous", "+", "+0123", "sip:x@y", "+49٣٠"])
def test_what_is_no_number_is_left_as_it_is(text):
    assert GERMANY.dial(text).digits == text


def test_what_no_dialer_takes_is_told():
    assert not DigitPlan((Rule("any", strip=20),)).dial(BERLIN).is_dialable
    assert not DigitPlan((Rule("any", prepend="p"),)).dial(BERLIN).is_dialable
    assert not DigitPlan((Rule("any", prepend="0" * 20),)).dial(BERLIN).is_dialable


@pytest.mark.parametrize(
    "values",
    [
        {"match": "pattern", "pattern": "("},
        {"match": "pattern", "pattern": r"\+(\d+)", "replacement": r"\2"},
        {"match": "pattern", "pattern": r"\+(\d+)", "replacement": r"\2\1"},
        {"match": "pattern", "pattern": r"\+(\d+)", "replacement": r"\g<1>"},
        {"match": "any", "strip": -1},
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(values):
    with pytest.raises(BadRule):
        Rule(**values)


@pytest.mark.parametrize(
    "rule",
    [
        Rule("pattern", r"\+49\d+", replacement="5"),
        # Nobody asks it for its pattern.
        Rule("any", "(", prepend="5"),
    ],
)
def test_a_rule_that_can_be_meant_is_taken(rule):
    assert rule.apply(take_apart(BERLIN), "49").startswith("5")


@pytest.mark.parametrize(("why", "plan", "number", "dialled"), DIALLED)
def test_the_number_that_was_meant_is_found_again(why, plan, number, dialled):
    # What a pattern or a stripped national number leaves out cannot be known.
    is_lost = dialled == "*30#23125001" or why == "one country"
    assert plan.read(dialled) == (dialled if is_lost else number)


PLANS = st.builds(
    DigitPlan,
    own_code=st.sampled_from(["49", "1", "44", ""]),
    outside=st.sampled_from(["", "0", "9"]),
    trunk=st.sampled_from(["", "0", "1"]),
    international=st.sampled_from(["00", "011", "+", "900"]),
    uses_prefixes=st.booleans(),
)
NUMBERS = st.sampled_from([BERLIN, MUNICH, VIENNA, LONDON, NEW_YORK, TORONTO, ROME])


@given(PLANS, NUMBERS)
def test_what_is_read_leads_to_the_same_digits(plan, number):
    dialled = plan.dial(number).digits
    assert plan.dial(plan.read(dialled)).digits == dialled


def test_numbers_are_taken_apart():
    assert take_apart(TORONTO).country == "CA"
    assert take_apart(ROME).national == "0612345678"
    assert take_apart("+999999") is None
    # A number that cannot exist is of no country.
    assert take_apart("+12120000000").country == ""
