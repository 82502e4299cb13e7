"""How long the values of a contact may be, wherever they come from (L5)."""

import pytest

from ecm_campaign.tools.contact_limits import MAX_PRIORITY, find_problem, is_email

LONG_EMAIL = "x" * 242 + "@example.com"


@pytest.mark.parametrize("value", [None, False, "", 0, 5, -5, 2**31 - 1, -(2**31) + 1])
def test_a_priority_is_a_whole_number_that_the_database_takes(value):
    assert find_problem("priority", value) is None


@pytest.mark.parametrize("value", [MAX_PRIORITY + 1, -MAX_PRIORITY - 1, "5", 1.5, 1e12])
def test_what_is_no_priority(value):
    assert find_problem("priority", value) == "not_an_integer"


@pytest.mark.parametrize("name", ["first_name", "account_number", "email", "business_parameter_1"])
@pytest.mark.parametrize("value", [None, False, ""])
def test_a_value_may_be_empty(name, value):
    assert find_problem(name, value) is None


@pytest.mark.parametrize("value", [True, 7, 0.0 + 3, ["x"]])
def test_a_value_is_text(value):
    assert find_problem("last_name", value) == "no_text"


@pytest.mark.parametrize("name", ["first_name", "email", "business_parameter_1"])
def test_no_value_holds_a_zero_byte(name):
    assert find_problem(name, "a\0@b.c") == "nul"


@pytest.mark.parametrize(
    ("name", "most", "problem"),
    [
        ("first_name", 64, "shortened"),
        ("last_name", 64, "shortened"),
        ("account_number", 64, "too_long"),
        ("business_parameter_12", 255, "too_long"),
    ],
)
def test_a_text_has_the_length_of_its_column(name, most, problem):
    assert find_problem(name, "x" * most) is None
    assert find_problem(name, "x" * (most + 1)) == problem


def test_an_address_is_looked_at_without_its_blanks():
    assert find_problem("email", " a@example.com ") is None
    assert find_problem("email", "nobody") == "bad_email"
    assert find_problem("first_name", "nobody") is None


@pytest.mark.parametrize("text", ["a@example.com", LONG_EMAIL, "a+b@x.y.z"])
def test_an_email_address(text):
    assert is_email(text)


@pytest.mark.parametrize("text", ["", "a@b", "a b@example.com", "a@@example.com", f"x{LONG_EMAIL}"])
def test_what_is_no_email_address(text):
    assert not is_email(text)
