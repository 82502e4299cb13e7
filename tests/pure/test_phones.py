"""Phone numbers as people and spreadsheets write them (L6), and the quick way against
`phonenumbers` itself.
"""

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from ecm_campaign.tools import phones
from ecm_campaign.tools.phones import normalise
from tests.pure.examples import settings

MOBILE = "+4915112345678"


@pytest.mark.parametrize(
    "raw",
    [
        "+4915112345678",
        "+49 151 12345678",
        "+49-151-1234.5678",
        "(+49) 151 / 12345678",
        "+49 (0)151 12345678",
        "004915112345678",
        "0049 151 12345678",
        "0151 12345678",
        "0151/12345678",
        "(0151) 123 456 78",
        "4915112345678",
        "  +4915112345678\t",
        "'+4915112345678",
        "'015112345678",
        '="+4915112345678"',
        "tel:+49-151-12345678",
        "4915112345678,0",
        "4915112345678.0",
        "+4915112345678.0",
        "+49151\u00a01234\u20095678",
        "\u202a+4915112345678\u202c",
        "+49151\u20131234\u20115678",
        "\uff0b\uff14\uff19\uff11\uff15\uff11\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
        "+\u0664\u0669\u0661\u0665\u0661\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
    ],
)
def test_common_ways_to_write_a_number(raw):
    assert normalise(raw, "DE") == (MOBILE, None)


@pytest.mark.parametrize(
    ("raw", "country", "number"),
    [
        ("49 30 123456", "DE", "+4930123456"),
        ("393 1234567", "IT", "+393931234567"),
        ("55 98123 4567", "BR", "+5555981234567"),
        ("91234 56789", "IN", "+919123456789"),
        ("(212) 236-50000", "US", None),
        ("(212) 736-5000", "US", "+12127365000"),
        ("1 212 736 5000", "us", "+12127365000"),
        ("011 49 151 12345678", "US", MOBILE),
        ("00 49 151 12345678", "US", MOBILE),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("06 698 12345", "IT", "+390669812345"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("01481 720000", "GG", "+441481720000"),
        ("8 912 345-67-89", "RU", "+79123456789"),
        ("0300 1234567", "PK", "+923001234567"),
        ("050 123 4567", "AE", "+971501234567"),
        (MOBILE, None, MOBILE),
        (MOBILE, "", MOBILE),
        (MOBILE, "XX", MOBILE),
        (MOBILE, "US", MOBILE),
        ("0049 151 12345678", None, MOBILE),
        ("+800 1234 5678", "DE", "+80012345678"),
    ],
)
def test_numbers_of_other_countries(raw, country, number):
    assert normalise(raw, country)[0] == number


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        (" \t ", "empty"),
        ("'", "empty"),
        ("-", "not_a_number"),
        ("n/a", "not_a_number"),
        ("0151-FLOWERS", "not_a_number"),
        ("Müller", "not_a_number"),
        ("030 1234567,89", "not_a_number"),
        ("+49 151 +12345678", "not_a_number"),
        ("0151 12345678;0151 1234567", "several_numbers"),
        ("0151 12345678 or 030 1234567", "several_numbers"),
        ("+4915112345678, +4930123456", "several_numbers"),
        ("+", "not_a_number"),
        ("030 1234567 x12", "extension"),
        ("030 1234567 ext. 12", "extension"),
        ("030 1234567 Durchwahl 12", "extension"),
        ("030 1234567#12", "extension"),
        ("030 1234567/030 7654321", "several_numbers"),
        ("030 1234567/89", "several_numbers"),
        ("4.9151E+12", "spreadsheet_number"),
        ("4,91511234E+12", "spreadsheet_number"),
        ("5E+11", "spreadsheet_number"),
        ("1", "too_short"),
        ("030", "too_short"),
        ("12", "too_short"),
        ("+49 30", "too_short"),
        ("0151 1234567890123", "bad_length"),
        ("0199 12345678", "invalid_for_country"),
        ("+999 123456789", "invalid_for_country"),
        ("+999123456789", "invalid_for_country"),
        ("030/123", "several_numbers"),
        ("+0151 12345678", "invalid_for_country"),
        ("0" * 28, "invalid_for_country"),
        ("1" * 29, "too_long"),
        ("+49 151 1234 5678 " + "0" * 11, "too_long"),
    ],
)
def test_reasons(raw, reason):
    assert normalise(raw, "DE") == (None, reason)
    assert reason in phones.REASONS


@pytest.mark.parametrize("country", [None, "", "XX", "Germany"])
def test_national_number_needs_a_known_country(country):
    assert normalise("0151 12345678", country) == (None, "no_country")
    assert not phones.is_country(country)


def test_known_country():
    assert phones.is_country("DE")
    assert phones.is_country("de")


def test_four_digits_behind_a_slash_are_a_number():
    assert normalise("030/1234", "DE") == ("+49301234", None)


def test_twenty_eight_characters_are_allowed():
    raw = "+49  151  1234  56 7 8".ljust(27, "-") + " "
    assert normalise(raw, "DE") == (MOBILE, None)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [((13, 13), None), ((8, 16), None), ((14, 16), "too_short"), ((8, 12), "bad_length")],
)
def test_length_of_the_phone_mode(limits, reason):
    assert normalise(MOBILE, "DE", *limits)[1] == reason


# --- the quick way says what phonenumbers says -----------------------------------------------------------------------

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]


def examples(country):
    found = (phonenumbers.example_number_for_type(country, kind) for kind in KINDS)
    return [number for number in found if number is not None]


def written(number):
    """A number as E.164 digits and as dialled at home."""
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return [
        international,
        "00" + international[1:],
        international[1:],
        "".join(filter(str.isdigit, national)),
    ]


def check(digits, country):
    quick = phones._quick(digits, country)
    assert quick is None or quick == phones._thorough(digits, country)[0], (digits, country)
    return quick


@pytest.mark.parametrize("country", COUNTRIES)
def test_quick_way_agrees_on_the_example_numbers_of(country):
    for number in examples(country):
        for digits in written(number):
            for start in ("", "0", "1", "8", "00", number.country_code):
                check(f"{start}{digits.lstrip('+')}", country)
            check(digits, country)


def test_most_examples_take_the_quick_way():
    numbers = [number for country in COUNTRIES for number in examples(country)]
    quick = sum(phones._quick(written(number)[0], None) is not None for number in numbers)
    assert quick / len(numbers) > 0.95


@st.composite
def near_numbers(draw):
    """An example number of a country with some digits changed, cut or doubled, and a country to
    dial from.
    """
    country = draw(st.sampled_from(COUNTRIES))
    digits = list(
        draw(st.sampled_from([form for number in examples(country) for form in written(number)]))
    )
    for _change in range(draw(st.integers(0, 4))):
        place = draw(st.integers(1, len(digits) - 1))
        digits[place : place + draw(st.integers(0, 1))] = draw(st.sampled_from(["", *"0123456789"]))
        if len(digits) < 3:
            break
    home = draw(st.one_of(st.just(country), st.sampled_from(COUNTRIES)))
    return "".join(digits), home


@settings(max_examples=2000)
@given(near_numbers())
@example(("+390612345678", "IT"))
@example(("+07123456789", "RU"))
def test_quick_way_agrees_on_numbers_near_valid_ones(case):
    check(*case)


@settings(max_examples=1000)
@given(st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True), st.sampled_from(COUNTRIES))
def test_quick_way_agrees_on_any_digits(digits, country):
    check(digits, country)


@settings(max_examples=500)
@given(st.text(max_size=40), st.sampled_from(["DE", "US", None, "XX"]))
def test_any_text_gets_a_verdict(raw, country):
    number, reason = normalise(raw, country)
    assert (number is None) != (reason is None)
    if number is not None:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number, None))
        assert normalise(number, country) == (number, None)
    else:
        assert reason in phones.REASONS


@settings(max_examples=1000)
@given(st.lists(near_numbers(), min_size=1, max_size=8))
@example([("+390612345678", "IT"), ("+39061234567\n+390612345678", "IT")])
def test_many_at_once_are_accepted_as_one_by_one(cases):
    texts = [number for number, _home in cases]
    accepted = phones.accept_all(texts)
    for text in texts:
        if text in accepted:
            assert normalise(text, None) == (text, None)


@pytest.mark.parametrize("country", ["DE", "AT", "FR", "IN", "PL"])
def test_what_one_country_dials_is_accepted_at_once(country):
    written_out = [written(number)[0] for number in examples(country)]
    numbers = [number for number in written_out if normalise(number, None)[0] == number]
    assert phones.accept_all([numbers[0], "nonsense", *numbers]) == set(numbers)
