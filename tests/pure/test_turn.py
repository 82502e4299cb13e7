"""A turn ends when its time is up, and says so where work was left."""

from ecm_campaign.tools.turn import Turn


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_a_turn_goes_on_until_its_time_is_up():
    clock = Clock()
    turn = Turn(10, clock)
    clock.now += 9.9
    assert turn.goes_on()
    assert not turn.is_cut
    clock.now += 0.1
    assert not turn.goes_on()
    assert turn.is_cut


def test_a_turn_that_was_never_asked_was_not_cut():
    clock = Clock()
    turn = Turn(10, clock)
    clock.now += 60
    assert not turn.is_cut
