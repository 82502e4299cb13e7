"""Public holidays of countries and their regions (C4)."""

from datetime import date

from ecm_campaign.tools.public_holidays import Region, get_countries, get_holidays, get_regions


def names_of(*arguments):
    return {holiday.day: holiday.name for holiday in get_holidays(*arguments)}


def test_countries_are_known_by_their_two_letters():
    countries = get_countries()
    assert {"DE", "US", "IN"} <= countries
    assert {len(code) for code in countries} == {2}


def test_regions_have_the_name_that_people_use_and_stand_in_its_order():
    regions = get_regions("DE")
    assert Region("BY", "Bayern") in regions
    names = [region.name for region in regions]
    assert names == sorted(names)
    assert len(regions) == 17


def test_what_is_no_country_has_no_regions_and_no_holidays():
    assert get_regions("ZZ") == []
    assert get_holidays("ZZ", None, 2026, 2026) == []


def test_holidays_of_a_country_are_those_of_all_its_regions():
    of_all = names_of("DE", None, 2026, 2026)
    assert date(2026, 10, 3) in of_all
    assert date(2026, 1, 6) not in of_all
    assert date(2026, 1, 6) in names_of("DE", "BY", 2026, 2026)
    assert names_of("DE", "", 2026, 2026) == of_all


def test_the_last_year_counts_and_the_next_does_not():
    days = [holiday.day for holiday in get_holidays("DE", None, 2026, 2027)]
    assert {day.year for day in days} == {2026, 2027}
    assert days == sorted(days)


def test_a_holiday_that_is_moved_out_of_the_years_is_none_of_them():
    # New Year's Day 2022 was a Saturday: it was observed on the Friday before.
    days = [holiday.day for holiday in get_holidays("US", None, 2022, 2022)]
    assert {day.year for day in days} == {2022}


def test_names_are_in_the_language_that_is_asked_for():
    unity = date(2026, 10, 3)
    assert names_of("DE", None, 2026, 2026, "en_US")[unity] == "German Unity Day"
    assert names_of("DE", None, 2026, 2026, "de_DE")[unity] == "Tag der Deutschen Einheit"
    assert names_of("DE", None, 2026, 2026, "ja_JP")[unity] == "German Unity Day"
