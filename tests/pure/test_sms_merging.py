"""Merge fields by their names, and links whose clicks are counted (M4)."""

import pytest

from ecm_sms.tools.links import find_links, read_id, replace_links, sign_links, write_id
from ecm_sms.tools.merging import fold, read_body, translate, without_names
from ecm_sms.tools.segments import find_foreign

NAMES = {
    "first name": "first_name",
    "vorname": "first_name",
    "order number": "business_parameter_1",
    "due on / at": "business_parameter_2",
}
VALUES = {"first_name": "Ann", "business_parameter_1": "A-7", "business_parameter_2": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", "Hello"),
        ("Hello {{ First name }}!", "Hello Ann!"),
        ("{{first NAME}} {{  Order   number }}", "Ann A-7"),
        ("{{ Vorname }}", "Ann"),
        ("{{ first_name }} {{ object.business_parameter_1 }}", "Ann A-7"),
        ("{{ Due on / at }}", ""),
        ("{{ Due on / at ||| soon }}.", "soon."),
        ("{{ First name ||| there }}", "Ann"),
        ("{ First name }", "{ First name }"),
    ],
)
def test_names_are_filled_in(text, expected):
    body = read_body(text, NAMES)
    assert body.fill(VALUES) == expected
    assert not body.unknown + body.foreign


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "none"), (False, "none"), ("", "none"), (0, "0"), ("0", "0")]
)
def test_a_default_stands_in_place_of_an_empty_value(value, expected):
    body = read_body("{{ First name ||| none }}", NAMES)
    assert body.fill({"first_name": value}) == expected
    assert body.get_sources() == {"first_name"}
    assert body.fill({}) == "none"


def test_a_text_without_names_has_no_fields():
    body = read_body("Hello {{ Order nr }}", NAMES)
    assert (body.get_sources(), body.fill({})) == (set(), "Hello ")
    assert read_body("a{{ Order nr ||| b }}c", NAMES).fill({}) == "ac"


@pytest.mark.parametrize(
    "said", ["object.email", "xobject.first_name", "object.first_name.x", "email"]
)
def test_other_fields_are_none_of_ours(said):
    assert read_body(f"{{{{ {said} }}}}", NAMES).get_sources() == set()


def test_a_default_is_kept_for_odoo():
    text = "{{ Vorname ||| you }}{{ Vorname }}{{ nr ||| x }}"
    expected = "{{ F ||| you }}{{ F }}{{ nr ||| x }}"
    assert translate(text, NAMES, {"first_name": "F"}) == expected


def test_a_value_is_not_looked_at_again():
    body = read_body("{{ First name }}", NAMES)
    assert body.fill({"first_name": "{{ Order number }}"}) == "{{ Order number }}"


def test_what_is_no_field_is_named():
    body = read_body("{{ Order nr }} {{ object.env.user.name }} {{ 1 + 1 }}", NAMES)
    assert body.unknown == ("Order nr",)
    assert body.foreign == ("object.env.user.name", "1 + 1")


def test_names_become_what_odoo_computes():
    expressions = {"first_name": "object.first_name", "business_parameter_1": "object.x['1']"}
    text = "{{ First name ||| you }} {{ len(object.email) }} {{ Order number }}"
    expected = "{{ object.first_name ||| you }} {{ len(object.email) }} {{ object.x['1'] }}"
    assert translate(text, NAMES, expressions) == expected


@pytest.mark.parametrize("said", ["Order number", "Größe", "Due on / at", "رقم الطلب", "Nr."])
def test_names_compute_nothing(said):
    assert without_names(f"a{{{{ {said} }}}}b") == "ab"


@pytest.mark.parametrize(
    "said", ["object.env", "f()", "x[0]", "1", "a + b", "a.b", "'x'", "__import__", "a := 1"]
)
def test_expressions_are_no_names(said):
    text = f"{{{{ {said} }}}}"
    assert without_names(text) == text


def test_names_are_compared_without_case_and_spaces():
    assert fold("  Order \n NUMBER ") == "order number"


def test_characters_that_make_it_unicode():
    assert find_foreign("Ça va? ê €10 😀 ê") == ("ê", "😀")
    assert find_foreign("plain [text]") == ()


# -- links ----------------------------------------------------------------------------------------


def test_links_that_are_the_same_for_everybody():
    text = (
        "See https://acme.example/a?b=1, https://acme.example/a?b=1 or (http://x.example/y). "
        "Yours: https://acme.example/o/{{ Order number }}"
    )
    assert find_links(text) == ["https://acme.example/a?b=1", "http://x.example/y"]


def test_the_longest_link_goes_first():
    shortened = {"https://a.example": "S1", "https://a.example/more": "S2"}
    text = "https://a.example/more https://a.example."
    assert replace_links(text, shortened) == "S2 S1."
    # A full stop may belong to a link, or end a sentence.
    shortened = {"https://a.example/v1": "S1", "https://a.example/v1.2": "S2"}
    assert replace_links("https://a.example/v1.2 https://a.example/v1.", shortened) == "S2 S1."


def test_each_contact_has_a_link_of_its_own():
    text = "o.example/r/ab o.example/r/abc"
    signed = sign_links(text, ["o.example/r/ab", "o.example/r/abc"], 36)
    assert signed == "o.example/r/ab/e/10 o.example/r/abc/e/10"


@pytest.mark.parametrize("number", [1, 35, 36, 12345, 2**31 - 1])
def test_ids_are_read_as_they_were_written(number):
    assert read_id(write_id(number)) == number


@pytest.mark.parametrize("written", ["", "-1", "A", "1 ", "x" * 8, "é"])
def test_what_is_no_id_is_none(written):
    assert read_id(written) is None


def test_short_links_within_others_stay():
    text = "o.example/r/ab o.example/r/ab/c o.example/r/ab. o.example/r/abc"
    assert sign_links(text, ["o.example/r/ab"], 35) == (
        "o.example/r/ab/e/z o.example/r/ab/c o.example/r/ab/e/z. o.example/r/abc"
    )


def test_a_link_is_replaced_as_it_stands():
    assert replace_links("https://a.example/x?y=1", {"https://a.example/x?y=1": r"S\1"}) == r"S\1"
    # One that goes on is another one.
    longer = "https://a.example/x https://a.example/xy https://a.example/x#a"
    assert replace_links(longer, {"https://a.example/x": "S"}) == (
        "S https://a.example/xy https://a.example/x#a"
    )


def test_ids_are_short():
    assert [write_id(number) for number in (0, 35, 36, 36**2 - 1, 36**2)] == [
        "0",
        "z",
        "10",
        "zz",
        "100",
    ]
    assert read_id("zzzzzzz") == 36**7 - 1
