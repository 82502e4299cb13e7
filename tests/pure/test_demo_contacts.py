"""The demo's file is what its upload expects."""

import phonenumbers

from ecm_campaign.tools.contact_rows import guess_map
from scripts.demo_contacts import COLUMNS, PARAMETER_COLUMNS, demo_file, demo_rows

ROWS = list(demo_rows(1000))


def test_the_file_is_the_same_every_time():
    assert demo_file(50) == demo_file(50)


def test_first_numbers_are_valid_and_different():
    numbers = [phonenumbers.parse(row[0]) for row in ROWS]
    assert all(map(phonenumbers.is_valid_number, numbers))
    assert len({(number.country_code, number.national_number) for number in numbers}) == 1000


def test_every_outcome_of_the_simulator_occurs():
    assert {row[0][-1] for row in ROWS} == set("0123456789")


def test_no_contact_stays_at_the_dialer_for_ever():
    digits = ("".join(filter(str.isdigit, phone)) for row in ROWS for phone in row[:3])
    assert not any(number.endswith("99999") for number in digits)


def test_columns_are_recognised():
    targets = guess_map(COLUMNS).targets
    assert [targets[index] for index in range(7)] == [
        *("phone_1", "phone_2", "phone_3"),
        *("first_name", "last_name", "account_number", "email"),
    ]
    parameters = [targets[COLUMNS.index(name)] for name in PARAMETER_COLUMNS]
    assert parameters == [f"business_parameter_{number}" for number in range(1, 13)]
