"""What people type to find a contact (U6)."""

import fnmatch

import pytest

from ecm_campaign.tools.contact_search import parse_query

BERLIN = "+493023125000"
DALLAS = "+12145550143"


def finds(text: str, stored: str, country: str | None = "DE") -> bool:
    """Whether all that was typed is a part of one stored number."""
    query = parse_query(text, country)
    assert not query.words
    for number in query.numbers:
        globs = [pattern.replace("%", "*") for pattern in number.patterns]
        if not any(fnmatch.fnmatchcase(stored, glob) for glob in globs):
            return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        BERLIN,
        "+49 30 23125000",
        "0049 30 2312 5000",
        "030 23125000",
        "(030) 2312-5000",
        "030/23125000",
        "030 2312",
        "3023125000",
        "30 2312 5000",
        "5000",
        "2312 50",
    ],
)
def test_a_number_is_found_however_it_is_written(text):
    assert finds(text, BERLIN)
    assert not finds(text, DALLAS)


def test_a_number_without_its_country_code_is_found_in_any_country():
    assert finds("(214) 555-0143", DALLAS, "US")
    assert finds("214 555 0143", DALLAS, "DE")


def test_last_digits_that_begin_with_a_zero_are_no_area_code():
    assert finds("0143", DALLAS)
    assert not finds("0143", "+12145551143")


def test_without_a_country_a_short_area_code_is_a_part_only():
    assert not finds("030", BERLIN, None)
    assert finds("030", BERLIN, "de")


def test_words_and_numbers_are_told_apart():
    query = parse_query("  Ada  0202 555 0143 Lovelace +49 30", "DE")
    assert query.words == ("Ada", "Lovelace")
    assert [number.text for number in query.numbers] == ["0202 555 0143", "+49 30"]


@pytest.mark.parametrize("text", ["K-10023", "ada99@example.com", "O'Neil", "--", "+"])
def test_what_has_other_characters_is_a_word(text):
    assert parse_query(text, "DE") == ((text,), ())


def test_nothing_asks_for_nothing():
    assert parse_query("  ", "DE") == ((), ())


@pytest.mark.parametrize(
    ("text", "country", "patterns"),
    [
        ("+49 (30)", "DE", ("+4930%",)),
        ("0049 30", "DE", ("%004930%", "+4930%")),
        ("00", "DE", ("%00%", "+%")),
        ("123", "DE", ("%123%",)),
        # Six digits tell enough of a number wherever they stand in it.
        ("0123456", "DE", ("%0123456%", "%123456%")),
        ("012345", "DE", ("%012345%", "+4912345%")),
        ("01", "DE", ("%01%", "+491%")),
        ("01", None, ("%01%",)),
        ("01", "XX", ("%01%",)),
        ("0", "DE", ("%0%",)),
    ],
)
def test_patterns_of_what_was_typed(text, country, patterns):
    ((_text, found),) = parse_query(text, country).numbers
    assert found == patterns


def test_a_plus_or_a_word_begins_another_number():
    numbers = parse_query("030 1 +49 2 Ada 3 4", "DE").numbers
    assert [number.text for number in numbers] == ["030 1", "+49 2", "3 4"]
