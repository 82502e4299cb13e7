"""How many rows a file job takes at once (L1)."""

import pytest

from ecm_campaign.tools.pace import AIM, FIRST, GROWTH, LEAST, Pace


def test_the_first_chunk_is_a_small_one():
    assert Pace(100_000).rows == FIRST
    assert Pace(20).rows == 20


@pytest.mark.parametrize(
    ("rows", "seconds", "following"),
    [
        (FIRST, 2 * AIM, FIRST // 2),
        (FIRST, AIM / 2, 2 * FIRST),
        # One quick chunk does not promise that much larger ones are as quick.
        (FIRST, AIM / 100, GROWTH * FIRST),
        (FIRST, 0, GROWTH * FIRST),
        (FIRST, 1000 * AIM, LEAST),
    ],
)
def test_the_next_chunk_takes_as_long_as_it_should(rows, seconds, following):
    pace = Pace(1_000_000)
    pace.note(rows, seconds)
    assert (pace.rows, pace.seconds) == (following, seconds)


def test_no_chunk_is_larger_than_it_may_be():
    pace = Pace(8_000)
    pace.note(5_000, AIM / 10)
    assert pace.rows == 8_000
    little = Pace(300)
    little.note(300, 1000 * AIM)
    assert little.rows == 300


def test_another_chunk_is_begun_where_two_would_fit():
    pace = Pace(100)
    assert pace.has_time_for_another(0)
    pace.note(100, 3)
    assert pace.has_time_for_another(6)
    assert not pace.has_time_for_another(5.9)
