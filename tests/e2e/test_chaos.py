"""A few minutes of `make chaos` in one: faults of each family, on two servers that work."""

import random

import pytest

from tests.chaos import house
from tests.chaos.director import Director
from tests.chaos.faults import Faults, crash_points

POINTS = ("feed.sent", "feed.claimed", "purge.deleted", "results.applied", "file.stored")


@pytest.fixture
def place(tmp_path):
    with house.running(tmp_path, retry_minutes=0, with_rest=False) as made:
        yield made


def test_nobody_is_lost_or_called_twice_in_chaos(place):
    director = Director(place, seed=11, crowd_pause=3)
    director.begin()
    faults = Faults(place, director.ledger, director.draw)
    of_uccx = {fault.name: fault for fault in faults.of_uccx()}
    of_cce = {fault.name: fault for fault in faults.of_cce()}
    director.play(
        [
            *(faults.kill_at(point) for point in POINTS),
            of_uccx["UCCX reset_answer POST"],
            of_cce["CCE lose_answer commit"],
            *(fault for fault in faults.of_uccx() if fault.kind.startswith("dialer killed after")),
            *(fault for fault in faults.all(with_cluster=False) if fault.name == "all"),
        ]
    )
    is_well = director.finish()
    assert is_well, "\n".join(director.table())
    assert director.missed == []
    assert director.summary() == "9 faults, 9 survived, 0 lost, 0 doubled"


def test_every_crash_point_takes_part(tmp_path):
    assert set(POINTS) < set(crash_points())
    empty = house.House(tmp_path, retry_minutes=0, with_rest=False)
    empty.servers = []
    drawn = Faults(empty, None, random.Random(1)).all(with_cluster=True)
    assert {fault.name for fault in drawn} > set(crash_points())
