"""When finished contacts are deleted: by day on a zone's clock, or by interval."""

import itertools
from datetime import datetime, timedelta

import pytest

from ecm_dialer_cisco.purge_plan import DAILY, INTERVAL, NEVER, PurgePlan

BERLIN = {"zone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("hour", "now", "following"),
    [
        (3.0, datetime(2026, 1, 10, 1, 59), datetime(2026, 1, 10, 2)),
        # At that very minute it was done.
        (3.0, datetime(2026, 1, 10, 2), datetime(2026, 1, 11, 2)),
        # Its day has begun where the clock is, not in UTC.
        (0.5, datetime(2026, 7, 9, 22, 10), datetime(2026, 7, 9, 22, 30)),
        # An hour that is left out, and one that comes twice.
        (2.5, datetime(2026, 3, 28, 20), datetime(2026, 3, 29, 1, 30)),
        (2.5, datetime(2026, 10, 24, 23), datetime(2026, 10, 25, 0, 30)),
        (2.5, datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 26, 1, 30)),
    ],
)
def test_once_a_day(hour, now, following):
    assert PurgePlan(DAILY, hour, **BERLIN).following(now) == following


def test_what_could_not_be_done_is_tried_again_soon():
    now = datetime(2026, 1, 10, 12)
    assert PurgePlan(DAILY, 3).again(now) == now + timedelta(hours=1)
    assert PurgePlan(DAILY, 12.5).again(now) == now + timedelta(minutes=30)
    assert PurgePlan(INTERVAL, hours=8).again(now) == now + timedelta(hours=1)


def test_never():
    plan = PurgePlan(NEVER)
    assert plan.following(datetime(2026, 1, 1)) is None
    assert plan.again(datetime(2026, 1, 1)) is None


def test_every_day_of_two_years_has_one():
    now, plan = datetime(2026, 1, 1), PurgePlan(DAILY, 2.25, **BERLIN)
    moments = []
    while now < datetime(2028, 1, 1):
        now = plan.following(now)
        moments.append(now)
    assert len(moments) == 731
    steps = {later - earlier for earlier, later in itertools.pairwise(moments)}
    assert steps == {timedelta(hours=hours) for hours in (23, 24, 25)}
