"""Scripts with placeholders and moments on the customer's clock (requirements R7, R10)."""

from datetime import datetime

import pytest

from ecm_agent.tools.moments import from_clock, to_clock
from ecm_agent.tools.script import fill_script, fold

NAMES = {"first name": "first_name", "prénom": "first_name", "machine": "business_parameter_1"}


def fill(html, **values):
    return fill_script(html, NAMES, values)


def test_a_name_stands_for_its_value():
    assert fill("<p>Hi {{ First  name }}!</p>", first_name="Ida") == "<p>Hi Ida!</p>"
    assert fill("{{Machine}}", business_parameter_1=12) == "12"


def test_a_value_is_no_html():
    assert fill("{{ First name }}", first_name="<img onerror=x>") == "&lt;img onerror=x&gt;"


def test_an_empty_value_leaves_a_blank():
    assert fill("Hi {{ First name }}!", first_name=False) == "Hi !"
    assert fill("{{ Machine }}", business_parameter_1=0) == "0"


def test_what_is_no_field_stays():
    assert fill("{{ Colour }} {{ object.env }}") == "{{ Colour }} {{ object.env }}"


def test_marks_of_the_editor_are_passed_over():
    assert fill("{{ <b>First</b> name }}", first_name="Ida") == "Ida"
    assert fill("{{&nbsp;Pr&eacute;nom }}", first_name="Ida") == "Ida"


def test_a_value_with_braces_is_not_filled_again():
    assert fill("{{ First name }}", first_name="{{ Machine }}") == "{{ Machine }}"


def test_names_are_compared_without_blanks_and_capitals():
    assert fold("  First\u00a0 NAME ") == "first name"


def test_a_moment_on_the_customers_clock():
    assert from_clock("2026-07-01T14:30", "Europe/Berlin") == datetime(2026, 7, 1, 12, 30)
    assert to_clock(datetime(2026, 7, 1, 12, 30), "Europe/Berlin") == "2026-07-01T14:30"


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-07-01T14:30Z", "2026-03-29T02:30", "2026-07-01T25:00"]
)
def test_what_is_no_moment(text):
    with pytest.raises(ValueError, match=r".+"):
        from_clock(text, "Europe/Berlin")
