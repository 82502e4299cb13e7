"""Records of the CRM as rows of a contact file (R1)."""

from datetime import date, datetime

import pytest

from ecm_crm_bridge.tools.cells import (
    MAX_PARAMETER,
    Layout,
    drop_repeated,
    make_text,
    pick_first,
    split_name,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Main St. 1\nBerlin", "Main St. 1 Berlin"),
        ("a\0b", "ab"),
        (None, ""),
        (False, ""),
        (True, "Yes"),
        (0, "0"),
        (0.0, "0"),
        (1200.0, "1200"),
        (12.5, "12.5"),
        (1e6, "1000000"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 9, 30), "2026-03-01 09:30:00+00:00"),
    ],
)
def test_a_value_is_one_line_of_text(value, text):
    assert make_text(value) == text


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Anna Berg", ("Anna", "Berg")),
        ("Anna Maria Berg", ("Anna Maria", "Berg")),
        ("Berg, Anna", ("Anna", "Berg")),
        ("Berg", ("", "Berg")),
        ("Berg,", ("", "Berg,")),
        ("", ("", "")),
    ],
)
def test_a_name_is_split(name, parts):
    assert split_name(name) == parts


def test_the_first_text_that_is_not_empty_counts():
    assert pick_first(["", "a", "b"]) == "a"
    assert pick_first(["", ""]) == ""


def test_a_number_stands_once_however_it_is_written():
    assert drop_repeated(["+49 30 1", "(+49)301", "", "2"]) == ["+49 30 1", "", "", "2"]


def test_a_row_has_names_apart_and_parameters_of_a_length_that_is_stored():
    layout = Layout(("full_name", "business_parameter_1", "phone_1", "phone_2", "account_number"))
    assert layout.columns == [
        "first_name",
        "last_name",
        "business_parameter_1",
        "phone_1",
        "phone_2",
        "account_number",
    ]
    long = "x" * 300
    row = layout.tidy(["Anna Berg", long, "030 1", "0301", long])
    assert row[:2] == ["Anna", "Berg"]
    assert len(row[2]) == MAX_PARAMETER
    assert row[3:5] == ["030 1", ""]
    # A key that was cut would be another one: the import rejects the row.
    assert row[5] == long
