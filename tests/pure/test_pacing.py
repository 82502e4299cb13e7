"""How much is sent: the adaptive buffer over its life, and the division of room between campaigns."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_campaign.tools.pacing import (
    RECALL_AHEAD,
    Backlog,
    Buffer,
    Claimant,
    Pacing,
    adapt,
    next_pace,
    split,
)

NOW = datetime(2026, 3, 2, 10, 0)
WEBEX = Pacing(initial=85, increment=30, decrement=60, threshold=200, interval=timedelta(minutes=5))

pacings = st.builds(
    Pacing,
    initial=st.integers(1, 1000),
    increment=st.integers(0, 300),
    decrement=st.integers(0, 100),
    threshold=st.integers(100, 500),
)
looks = st.lists(st.tuples(st.integers(0, 2000), st.booleans()), max_size=40)


def live(pacing, levels, at=NOW, buffer=None):
    """The sizes of the buffer over a number of intervals.

    :param levels: ``(contacts at the dialer at the interval's end, whether there are more)``
    """
    sizes = []
    for at_dialer, has_more in levels:
        buffer = adapt(pacing, buffer, at_dialer, has_more, at)
        sizes.append(buffer.size)
        at += pacing.interval
    return sizes


class TestValues:
    """What stands for itself, to the number: quick, so that a slip is found first."""

    def test_unless_said_otherwise_a_group_has_the_parameters_of_webex(self):
        assert Pacing() == WEBEX

    def test_a_claimant_has_the_weight_of_a_group_and_no_priority(self):
        assert Claimant(1) == Claimant(1, weight=100, priority=0, pool=None)
        sizes = split(10, [Claimant(1), Claimant(2, pool=5)])
        assert sizes == {1: 5, 2: 5}

    def test_who_has_a_priority_goes_first(self):
        campaigns = [Claimant(1), Claimant(2, priority=1), Claimant(3, priority=1)]
        assert split(10, campaigns) == {2: 5, 3: 5}

    def test_without_room_or_claimants_nothing_is_given(self):
        assert split(0, [Claimant(1)]) == {}
        assert split(-1, [Claimant(1)]) == {}
        assert split(1, [Claimant(1)]) == {1: 1}
        assert split(1, []) == {}
        assert split(1, [Claimant(1, pool=5)], pools={5: 0}) == {}
        assert split(3, [Claimant(1, pool=5)], pools={5: 1}) == {1: 1}

    @pytest.mark.parametrize(
        ("backlog", "before", "minutes"),
        [
            (Backlog(0), 0, 1.1),
            (Backlog(0, 1), 0, 2),
            (Backlog(9, 2), 0, 6),
            (Backlog(9, 2), 10, 11),
            (Backlog(0, 0.5), 0, 2),
            (Backlog(0, 4), 0, 1.25),
        ],
    )
    def test_how_long_before_the_end_a_contact_must_be_sent(self, backlog, before, minutes):
        assert backlog.get_wait(before) == timedelta(minutes=minutes)
        if not before:
            assert backlog.get_wait() == backlog.get_wait(0)

    def test_the_first_turn_is_turn_0(self):
        pair = [Claimant(1), Claimant(2)]
        assert split(1, pair) == split(1, pair, 0) == {2: 1}
        assert split(1, pair, 1) == {1: 1}

    def test_how_much_the_last_minute_says(self):
        assert next_pace(10, 40, 5, 2) == pytest.approx(13)
        assert next_pace(0, 0, 5, 1) == 0
        assert next_pace(10, 10, 0, 1) == 10
        assert next_pace(10, 1, 0, 1) == 10
        assert next_pace(10, 1, 1, 1) == pytest.approx(7.3)


class TestBuffer:
    def test_starts_with_the_initial_number(self):
        assert adapt(WEBEX, None, 0, True, NOW) == Buffer(85, NOW)

    def test_a_hungry_dialer_gets_more_up_to_the_threshold(self):
        assert live(WEBEX, [(0, True)] * 6) == [85, 110, 135, 160, 170, 170]

    def test_a_backed_up_dialer_gets_less_down_to_one_decrement(self):
        assert live(WEBEX, [(170, True)] * 3, buffer=Buffer(170, NOW - WEBEX.interval)) == [
            119,
            68,
            34,
        ]
        assert live(WEBEX, [(170, True)] * 9)[-1] == 34

    def test_in_between_it_stays(self):
        assert live(WEBEX, [(60, True)] * 4) == [85, 85, 85, 85]

    def test_without_contacts_to_send_it_does_not_grow(self):
        assert live(WEBEX, [(0, False)] * 4) == [85, 85, 85, 85]

    def test_is_looked_at_once_per_interval(self):
        buffer = Buffer(85, NOW)
        assert adapt(WEBEX, buffer, 0, True, NOW + WEBEX.interval - timedelta(seconds=1)) is buffer
        assert adapt(WEBEX, buffer, 0, True, NOW + WEBEX.interval).size == 110

    def test_after_a_night_it_begins_anew(self):
        assert adapt(WEBEX, Buffer(34, NOW), 0, True, NOW + timedelta(hours=14)).size == 85

    def test_a_buffer_of_one_still_grows(self):
        assert live(Pacing(1, 30, 60, 300), [(0, True)] * 4) == [1, 2, 3, 3]

    @pytest.mark.parametrize(
        ("at_dialer", "size"), [(49, 125), (50, 100), (89, 100), (90, 49), (100, 49)]
    )
    def test_grows_below_a_half_and_shrinks_from_nine_tenths_on(self, at_dialer, size):
        before = Buffer(100, NOW - WEBEX.interval)
        assert adapt(WEBEX, before, at_dialer, True, NOW) == Buffer(size, NOW)

    def test_a_break_is_more_than_an_hour_beyond_the_interval(self):
        at = NOW + WEBEX.interval + timedelta(hours=1)
        assert adapt(WEBEX, Buffer(34, NOW), 0, True, at).size == 59
        assert adapt(WEBEX, Buffer(34, NOW), 0, True, at + timedelta(seconds=1)).size == 85

    def test_with_other_parameters_it_comes_into_their_bounds(self):
        before = NOW - WEBEX.interval
        assert adapt(WEBEX, Buffer(500, before), 300, True, NOW).size == 170
        assert adapt(WEBEX, Buffer(1, before), 0, False, NOW).size == 34

    @pytest.mark.parametrize(
        ("pacing", "bounds", "steps"),
        [
            (Pacing(85, 30, 60, 200), (34, 170), (25, 51)),
            (Pacing(85, 0, 0, 100), (85, 85), (0, 0)),
            (Pacing(85, 0, 100, 100), (1, 85), (0, 85)),
            (Pacing(1, 1, 1, 100), (1, 1), (1, 1)),
        ],
    )
    def test_bounds_and_steps_are_per_cent_of_the_initial_number(self, pacing, bounds, steps):
        assert (pacing.least, pacing.most) == bounds
        assert (pacing.step_up, pacing.step_down) == steps

    @pytest.mark.parametrize(
        "values",
        [
            {"initial": 0},
            {"increment": -1},
            {"decrement": 101},
            {"decrement": -1},
            {"threshold": 99},
        ],
    )
    def test_senseless_parameters_are_refused(self, values):
        with pytest.raises(ValueError, match="out of range"):
            Pacing(**values)

    @given(pacings, looks)
    def test_stays_within_its_bounds(self, pacing, levels):
        assert all(1 <= pacing.least <= size <= pacing.most for size in live(pacing, levels))

    @given(pacings, st.integers(1, 5000), st.booleans(), st.data())
    def test_a_fuller_dialer_never_gets_more(self, pacing, size, has_more, data):
        emptier = data.draw(st.integers(0, size * 2))
        fuller = data.draw(st.integers(emptier, size * 2))
        before = Buffer(size, NOW - pacing.interval)
        assert (
            adapt(pacing, before, fuller, has_more, NOW).size
            <= adapt(pacing, before, emptier, has_more, NOW).size
        )

    @given(pacings, looks)
    def test_recovers_whatever_came_before(self, pacing, levels):
        if not pacing.increment:
            return
        intervals = (pacing.most - pacing.least) // pacing.step_up + 2
        assert live(pacing, [*levels, *[(0, True)] * intervals])[-1] == pacing.most


claimants = st.lists(
    st.builds(
        Claimant,
        key=st.integers(1, 10_000),
        weight=st.integers(0, 100),
        priority=st.integers(0, 2),
        pool=st.sampled_from([None, 1, 2]),
    ),
    unique_by=lambda claimant: claimant.key,
    max_size=30,
)
pools = st.dictionaries(st.sampled_from([1, 2]), st.integers(0, 200))


class TestSplit:
    def test_weights_are_shares(self):
        assert split(10, [Claimant(1, 60), Claimant(2, 40)]) == {1: 6, 2: 4}

    def test_only_the_proportion_of_weights_counts(self):
        assert split(10, [Claimant(1, 100), Claimant(2, 100)]) == split(
            10, [Claimant(1, 50), Claimant(2, 50)]
        )

    def test_a_higher_priority_goes_first(self):
        assert split(10, [Claimant(1), Claimant(2, priority=5), Claimant(3, priority=5)]) == {
            2: 5,
            3: 5,
        }

    def test_no_weight_gets_what_the_others_leave(self):
        assert split(10, [Claimant(1, 0), Claimant(2, 1)]) == {2: 10}
        assert split(10, [Claimant(1, 0)]) == {1: 10}

    def test_a_group_gets_no_more_than_it_has_room_for(self):
        members = [Claimant(1, 75, pool=7), Claimant(2, 25, pool=7)]
        assert split(100, [*members, Claimant(3)], pools={7: 8}) == {1: 6, 2: 2, 3: 50}

    def test_a_percentage_is_of_the_group(self):
        """P10: a group takes part like one campaign at 100."""
        members = [Claimant(1, 20, pool=7), Claimant(2, 5, pool=7)]
        assert split(10, [*members, Claimant(3)]) == {1: 4, 2: 1, 3: 5}

    def test_nobody_starves_in_a_group_that_gets_one_at_a_time(self):
        members = [Claimant(key, 50, pool=7) for key in (1, 2, 3)]
        given_out = dict.fromkeys((1, 2, 3, 4), 0)
        for turn in range(3000):
            for key, part in split(1, [*members, Claimant(4)], turn).items():
                given_out[key] += part
        assert abs(given_out[4] - 1500) < 50
        assert all(abs(given_out[key] - 500) < 50 for key in (1, 2, 3))

    def test_a_full_group_makes_way(self):
        assert split(10, [Claimant(1, priority=9, pool=7), Claimant(2)], pools={7: 0}) == {2: 10}

    def test_a_group_that_is_not_named_has_no_limit(self):
        assert split(10, [Claimant(1, pool=5)], pools={7: 1}) == {1: 10}

    @pytest.mark.parametrize(("limit", "part"), [(1, 1), (4, 4), (5, 5), (6, 5)])
    def test_a_group_is_cut_only_to_what_it_has_room_for(self, limit, part):
        parts = split(10, [Claimant(1, pool=7), Claimant(2)], pools={7: limit})
        assert parts == {1: part, 2: 5}

    def test_the_highest_priority_goes_first_even_without_a_weight(self):
        assert split(10, [Claimant(1, 0, priority=1), Claimant(2)]) == {1: 10}
        assert split(10, [Claimant(1, 0), Claimant(2, 0)]) == {1: 5, 2: 5}

    def test_one_at_a_time_goes_round_by_weight(self):
        campaigns = [Claimant(1, 3), Claimant(2, 1)]
        turns = [split(1, campaigns, turn) for turn in range(400)]
        assert abs(turns.count({2: 1}) - 100) <= 3
        assert turns.count({1: 1}) + turns.count({2: 1}) == 400

    def test_no_room_nothing(self):
        assert split(0, [Claimant(1)]) == {}
        assert split(-1, [Claimant(1)]) == {}
        assert split(10, []) == {}

    @given(st.integers(0, 500), claimants, st.integers(0, 2_000_000_000), pools)
    def test_never_more_than_the_room(self, room, campaigns, turn, limits):
        parts = split(room, campaigns, turn, limits)
        assert sum(parts.values()) <= room
        assert all(part > 0 for part in parts.values())
        for pool, limit in limits.items():
            assert (
                sum(parts.get(claimant.key, 0) for claimant in campaigns if claimant.pool == pool)
                <= limit
            )

    @given(st.integers(0, 500), claimants, st.integers(0, 2_000_000_000))
    def test_without_groups_everything_is_given_out(self, room, campaigns, turn):
        assert sum(split(room, campaigns, turn).values()) == (room if campaigns else 0)

    @given(st.integers(1, 500), claimants, st.integers(0, 2_000_000_000))
    def test_nobody_is_more_than_one_away_from_its_share(self, room, campaigns, turn):
        alike = [Claimant(claimant.key, claimant.weight + 1) for claimant in campaigns]
        total = sum(claimant.weight for claimant in alike)
        parts = split(room, alike, turn)
        for claimant in alike:
            assert abs(parts.get(claimant.key, 0) - room * claimant.weight / total) <= 1 + 1e-9

    @given(st.integers(1, 50), claimants, st.integers(0, 1_000_000))
    def test_the_order_in_which_campaigns_are_given_does_not_matter(self, room, campaigns, turn):
        assert split(room, campaigns, turn) == split(room, campaigns[::-1], turn)

    @pytest.mark.parametrize("seconds", [1, 5, 60, 300])
    def test_500_campaigns_share_a_room_of_10_and_none_starves(self, seconds):
        campaigns = [Claimant(key, weight=1 + key % 5) for key in range(500)]
        total = sum(claimant.weight for claimant in campaigns)
        turns = 3000
        given_out = dict.fromkeys(range(500), 0)
        for turn in range(turns):
            for key, part in split(10, campaigns, 1_790_000_000 + turn * seconds).items():
                given_out[key] += part
        for claimant in campaigns:
            share = turns * 10 * claimant.weight / total
            assert 0.5 * share < given_out[claimant.key] < 1.5 * share


# -- before the hours end --------------------------------------------------------------------------

backlogs = st.builds(Backlog, st.integers(0, 10_000), st.floats(0, 500))


@pytest.mark.parametrize(
    ("held", "pace", "minutes", "room"),
    [
        (0, 2, 21, 40),
        (15, 2, 21, 25),
        (100, 2, 21, 0),
        (0, 2, 1, 0),
        (0, 2, 0.5, 0),
        (0, 0, 11, 100),
        (0, 0.1, 11, 10),
    ],
)
def test_room_is_what_is_called_in_the_minutes_that_are_left(held, pace, minutes, room):
    assert Backlog(held, pace).get_room(timedelta(minutes=minutes)) == room


@given(backlogs, st.timedeltas(timedelta(0), timedelta(hours=14)))
def test_whoever_the_room_lets_in_is_called_in_time(backlog, left):
    room = backlog.get_room(left)
    # A microsecond is what timedelta rounds to.
    exact = timedelta(microseconds=1)
    if room:
        assert backlog.get_wait(room - 1) <= left + exact
    assert backlog.get_wait(room) >= left - exact


@given(backlogs, st.timedeltas(timedelta(0), timedelta(hours=14)), st.integers(1, 100))
def test_less_time_and_more_waiting_never_make_room(backlog, left, more):
    fuller = Backlog(backlog.held + more, backlog.per_minute)
    assert fuller.get_room(left) <= backlog.get_room(left)
    assert backlog.get_room(left - timedelta(minutes=1)) <= backlog.get_room(left)
    assert not backlog.get_room(RECALL_AHEAD)


def test_the_pace_follows_what_is_gone():
    assert next_pace(0, 30, 100, 2) == 15, "the first look"
    assert next_pace(10, 20, 100, 1) == pytest.approx(13)
    assert next_pace(10, 0, 100, 1) == pytest.approx(7), "it stands still"
    assert next_pace(10, -5, 100, 1) == pytest.approx(7), "more came than went"


def test_one_that_ran_out_of_contacts_could_have_done_more():
    assert next_pace(10, 3, 0, 1) == 10
    assert next_pace(10, 20, 0, 1) == pytest.approx(13)


@given(st.floats(0, 500), st.integers(-100, 1000), st.integers(0, 1000), st.floats(0.1, 10))
def test_a_pace_lies_between_what_was_and_what_is_seen(pace, left, held, minutes):
    seen = max(0, left) / minutes
    assert min(pace, seen) - 1e-9 <= next_pace(pace, left, held, minutes) <= max(pace, seen) + 1e-9
