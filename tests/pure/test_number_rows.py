"""Rows of a file of phone numbers to E.164, for do-not-contact lists (N1)."""

import pytest

from ecm_campaign.tools.contact_file import BadRow
from ecm_campaign.tools.number_rows import parse_numbers
from ecm_campaign.tools.pace import Pace

A, B = "+4915112345678", "+4930123456"


def parse(*rows, header=("phone",), country="DE", most=100):
    return list(parse_numbers(enumerate(rows, 1), header, country, Pace(most)))


def numbers_of(*rows, **values):
    (chunk,) = parse(*rows, **values)
    return chunk.numbers


def test_numbers_come_in_chunks_and_the_last_one_says_how_far():
    first, second = parse([A], ["x"], [B], most=2)
    assert (first.numbers, first.valid, first.processed, first.last_line) == ([A], 1, 2, 2)
    assert (second.numbers, second.valid, second.processed, second.last_line) == ([B], 1, 1, 3)


def test_a_number_that_stands_there_twice_is_one():
    (chunk,) = parse([A], ["0151 12345678"], [B])
    assert (chunk.numbers, chunk.valid, chunk.processed) == ([A, B], 3, 3)


def test_columns_that_are_called_phone_count_and_no_others():
    rows = ["+4930999999", "", A], ["+4930999999", B, A], ["+4930999999"]
    assert numbers_of(*rows, header=("account number", "phone", "phone 2")) == [A, B]


def test_cells_that_a_row_does_not_have_hold_no_number():
    header = ("phone", "phone 2", "phone 3")
    assert numbers_of(["", A], [B], [], header=header) == [A, B]


def test_the_first_number_of_a_row_counts_where_no_column_is_named():
    assert numbers_of(["x", A, B], [], header=("a", "b", "c")) == [A]


def test_a_row_of_one_cell_holds_its_number_where_the_first_column_is_one():
    assert numbers_of([A], header=("phone", "phone 2")) == [A]


@pytest.mark.parametrize("country", [None, "DE"])
def test_a_number_without_its_country_needs_one(country):
    expected = [A] if country else []
    assert numbers_of(["0151 12345678"], country=country) == expected


def test_a_row_that_could_not_be_read_has_no_number():
    (chunk,) = parse(BadRow("field_too_long", "x"), [A])
    assert (chunk.numbers, chunk.processed) == ([A], 2)
