"""Calls that a process may answer without asking the database (requirement R4)."""

import pytest

from ecm_rest_api.tools.leases import SECONDS, Leases, size_of


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def leases(clock):
    return Leases(clock)


@pytest.mark.parametrize(
    ("limit", "count"), [(1, 1), (119, 1), (120, 2), (600, 10), (1200, 20), (100_000, 20)]
)
def test_a_second_s_worth_and_twenty_at_most(limit, count):
    assert size_of(limit) == count


def test_each_is_used_once_and_the_rest_is_told(leases):
    leases.put("key", 600, 2, 590)
    assert [leases.take("key", 600) for _call in range(3)] == [591, 590, None]


def test_others_have_nothing_of_it(leases):
    leases.put("key", 600, 2, 590)
    assert leases.take("other", 600) is None


def test_what_was_not_used_in_time_is_lost(leases, clock):
    leases.put("key", 600, 2, 590)
    clock.now += SECONDS
    assert leases.take("key", 600) is None


def test_another_limit_is_asked_for_anew(leases):
    leases.put("key", 600, 2, 590)
    assert leases.take("key", 60) is None


def test_nothing_is_kept_of_nothing(leases):
    leases.put("key", 60, 0, 5)
    assert leases.take("key", 60) is None


def test_all_is_forgotten(leases):
    leases.put("key", 600, 2, 590)
    leases.clear()
    assert leases.take("key", 600) is None
