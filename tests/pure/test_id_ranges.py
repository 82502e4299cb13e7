"""Sets of ids as ranges: nothing is left out, nothing is read twice, and there are not too many."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_dialer_cisco.clients.id_ranges import (
    Range,
    coarsened,
    dump_ids,
    gaps_above,
    load_ids,
    to_ranges,
)

IDS = st.sets(st.integers(1, 60), max_size=30)


def spread(ranges, end):
    """All the ids up to one that stand in ranges, in their order."""
    return [
        each for first, last in ranges for each in range(first, (end if last is None else last) + 1)
    ]


@given(IDS)
def test_ranges_hold_the_ids_and_no_two_of_them_touch(ids):
    ranges = to_ranges(ids)
    assert spread(ranges, 0) == sorted(ids)
    for before, after in pairwise(ranges):
        assert after.first > before.last + 1


@given(st.integers(0, 60), IDS)
def test_gaps_hold_all_that_lies_above_and_is_not_known(low, ids):
    expected = [each for each in range(low + 1, 71) if each not in ids]
    gaps = gaps_above(low, ids)
    assert spread(gaps, 70) == expected
    assert gaps[-1].last is None
    assert all(last is None or first <= last for first, last in gaps)


@given(IDS, st.integers(1, 12))
def test_fewer_ranges_cover_the_same_and_no_more_than_they_must(ids, most):
    ranges = to_ranges(ids)
    covering = coarsened(ranges, most)
    assert len(covering) == min(most, len(ranges))
    covered = spread(covering, 0)
    assert ids <= set(covered)
    assert covered == sorted(set(covered))


def test_the_narrowest_gaps_are_filled():
    ranges = [Range(1, 2), Range(9, 9), Range(12, 12), Range(30, 31), Range(35, 40)]
    assert coarsened(ranges, 3) == [Range(1, 2), Range(9, 12), Range(30, 40)]
    assert coarsened(ranges, 2) == [Range(1, 12), Range(30, 40)]
    assert coarsened(ranges, 5) == ranges
    # Gaps count, not how far it is between beginnings.
    assert coarsened([Range(1, 10), Range(12, 12), Range(15, 15)], 2) == [
        Range(1, 12),
        Range(15, 15),
    ]


@given(IDS)
def test_what_was_written_down_is_read_back(ids):
    assert load_ids(dump_ids(ids)) == ids


def test_ids_are_written_as_ranges():
    assert dump_ids({4, 1, 2, 3, 9}) == "1-4,9"
    assert load_ids("") == frozenset()


@pytest.mark.parametrize("text", ["a", "1-b", "1;2", "-"])
def test_what_is_no_list_of_ids_is_refused(text):
    with pytest.raises(ValueError, match="invalid literal"):
        load_ids(text)
