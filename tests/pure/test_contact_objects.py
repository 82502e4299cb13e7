"""Contacts as other systems write them, as rows of a file (L3, L5)."""

import pytest

from ecm_campaign.tools import contact_objects, contact_rows
from ecm_campaign.tools.contact_file import BadRow
from ecm_campaign.tools.contact_objects import COLUMNS, COLUMNS_OF, make_rows, name_field


def read(contact):
    [(line, row)] = make_rows([contact])
    assert line == 1
    return row


def test_every_value_has_its_cell():
    row = read(
        {
            "phones": ["+493023125001", "+493023125002"],
            "first_name": "Anna",
            "priority": -3,
            "email": None,
            "last_name": "Åse",
            "business_parameters": {"business_parameter_12": "gold"},
        }
    )
    assert len(row) == len(COLUMNS.targets)
    filled = {name: row[place] for name, place in COLUMNS_OF.items() if row[place]}
    assert filled == {
        "phone_1": "+493023125001",
        "phone_2": "+493023125002",
        "first_name": "Anna",
        "last_name": "Åse",
        "priority": "-3",
        "business_parameter_12": "gold",
    }


@pytest.mark.parametrize(
    ("contact", "code", "field"),
    [
        ("x", "not_an_object", ""),
        (None, "not_an_object", ""),
        ({"phone_1": "x"}, "unknown_field", "phone_1"),
        ({}, "too_many_phones", "phones"),
        ({"phones": "x"}, "too_many_phones", "phones"),
        ({"phones": ["1"] * 6}, "too_many_phones", "phones"),
        ({"phones": ["1", 2]}, "not_text", "phones.1"),
        ({"phones": ["1"], "first_name": 5}, "not_text", "first_name"),
        ({"phones": ["1"], "priority": True}, "not_text", "priority"),
        ({"phones": ["1"], "priority": 1.5}, "not_text", "priority"),
        ({"phones": ["1"], "business_parameters": [1]}, "not_text", "business_parameters"),
        (
            {"phones": ["1"], "business_parameters": {"x": "y"}},
            "unknown_field",
            "business_parameters",
        ),
        ({"phones": ["1"], "last_name": "\ud800"}, "not_text", ""),
        ({"phones": []}, "empty", "phones.0"),
        ({"phones": ["  "]}, "empty", "phones.0"),
    ],
)
def test_what_is_no_contact(contact, code, field):
    assert read(contact) == BadRow(code, field)


def test_rows_are_checked_like_those_of_a_file():
    contacts = [{"phones": ["030 23125001"]}, {"phones": ["1"]}, "x", {"phones": []}]
    options = contact_rows.ParseOptions(country="DE")
    [chunk] = contact_rows.parse_rows(make_rows(contacts), COLUMNS, options)
    assert [contact[:2] for contact in chunk.contacts] == [(1, "+493023125001")]
    assert [reject.line for reject in chunk.rejects] == [2, 3, 4]
    assert chunk.processed == 4


def test_fields_are_called_as_in_the_request():
    assert name_field("phone_5") == "phones.4"
    assert name_field("business_parameter_3") == "business_parameters.business_parameter_3"
    assert name_field("email", "nobody") == "email"
    assert name_field("row", "phones.1") == "phones.1"


def test_every_code_has_a_sentence():
    assert set(contact_objects.REASONS) == {
        "not_an_object",
        "unknown_field",
        "not_text",
        "too_many_phones",
    }
