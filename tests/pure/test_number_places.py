"""Where a number is at home, by its beginning (N3): what is kept of one for all that begin alike."""

import phonenumbers
import pytest

from ecm_campaign.tools import number_places
from ecm_campaign.tools.number_places import area_code_of, country_of, zones_of

SYDNEY = "+61293744000"
AUSTRALIAN_MOBILE = "+61412345678"


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(number_places, "_bound_to_place", {})
    monkeypatch.setattr(number_places, "_countries", {})


@pytest.fixture
def asked(monkeypatch):
    """The numbers that `phonenumbers` was asked about."""
    numbers, parse = [], phonenumbers.parse

    def note(text):
        numbers.append(text)
        return parse(text)

    monkeypatch.setattr(phonenumbers, "parse", note)
    return numbers


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+4915112345678", "DE"),
        ("+12125550123", "US"),
        ("+14165550123", "CA"),
        ("+18762101234", "JM"),
        # Countries that share a calling code.
        ("+74951234567", "RU"),
        ("+77172123456", "KZ"),
        ("+447781123456", "GG"),
        ("+447797123456", "JE"),
        ("+447624123456", "IM"),
        ("+442079460000", "GB"),
        ("+3906698123456", "VA"),
        ("+390667890123", "IT"),
        ("+35818123456", "AX"),
        # Networks of no country, and codes that nobody has.
        ("+870773111632", None),
        ("+80012345678", None),
        ("+9991234567", None),
        ("+2101234567", None),
        ("+", None),
    ],
)
def test_the_country_of_a_number(number, country):
    assert country_of(number) == country


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        (SYDNEY, ("Australia/Sydney",)),
        ("+12125550123", ("America/New_York",)),
        ("+18085550123", ("Pacific/Honolulu",)),
        ("+4930123456", ("Europe/Berlin",)),
        ("+213551234567", ("Africa/Algiers",)),
        ("+9991234567", ()),
        ("", ()),
    ],
)
def test_the_zones_of_a_number(number, zones):
    assert zones_of(number) == zones


def test_a_mobile_number_may_be_anywhere_in_its_country():
    zones = zones_of(AUSTRALIAN_MOBILE)
    assert {"Australia/Perth", "Australia/Sydney"} < set(zones)
    # However near its beginning is to that of a place.
    assert zones_of("+61147123456") == zones


@pytest.mark.parametrize(
    ("number", "area_code"),
    [
        ("+4930123456", "30"),
        ("+498912345678", "89"),
        ("+12125550123", "212"),
        ("+4915112345678", ""),
        ("+80012345678", ""),
        ("+", ""),
        ("+9", ""),
    ],
)
def test_the_area_code_of_a_number(number, area_code):
    assert area_code_of(number) == area_code


@pytest.mark.parametrize(("wrong", "right"), [("+12120000000", "+12125550123"),
                                              ("+447781", "+447781123456")])  # fmt: skip
def test_a_wrong_number_hides_no_country_of_those_that_begin_alike(wrong, right):
    assert country_of(wrong) is None
    assert country_of(right) is not None


@pytest.mark.parametrize("wrong", ["+61293744", "+6129374400000000000000000"])
def test_a_wrong_number_takes_no_place_from_those_that_begin_alike(wrong):
    assert {"Australia/Perth", "Australia/Sydney"} < set(zones_of(wrong))
    assert zones_of(SYDNEY) == ("Australia/Sydney",)


def test_numbers_that_begin_alike_are_asked_about_once(asked):
    for digit in range(2, 9):
        country_of(f"+1212{digit}550123")
        country_of(f"+447781123{digit}00")
        zones_of(f"+6129374{digit}000")
    assert asked == ["+12122550123", "+447781123200", "+61293742000"]


def test_countries_that_share_a_calling_code_are_told_apart_one_after_the_other():
    numbers = "+447781123456", "+447797123456", "+442079460000", "+74951234567", "+77172123456"
    assert [country_of(number) for number in numbers] == ["GG", "JE", "GB", "RU", "KZ"]


def test_in_a_country_with_one_clock_nothing_is_asked(asked):
    assert zones_of("+4930123456") == zones_of("+4915112345678") == ("Europe/Berlin",)
    assert country_of("+4930123456") == "DE"
    assert asked == []
