"""Callbacks on a real server and a simulated UCCX: whoever is due goes first (B3)."""

import psycopg2
import pytest

from scripts import demo
from simulators.uccx.testing import running_simulator

from .callback_crashes import COUNT, CallbackHouse
from .test_crash_points import running_house

OTHERS = 40


@pytest.fixture
def house(tmp_path):
    with running_house(CallbackHouse, running_simulator, tmp_path) as house:
        house.begin()
        yield house
        house.end()


def test_due_callbacks_go_to_the_dialer_before_other_campaigns_contacts(house):
    """The other campaign's turn would be first: it has waited longest."""
    house.simulator.pause()
    house.feed()
    callbacks = house.campaign_id
    [house.campaign_id] = house.client.call(
        "ecm.campaign", "search", [("name", "=", demo.CAMPAIGN)]
    )
    house.upload([f"+49309{number:05d}1" for number in range(OTHERS)])
    house.start()
    house.campaign_id = callbacks
    house.ask()
    house.schedule()
    house.feed()

    campaign_of = dict(house.sql("SELECT key, campaign_id FROM ecm_attempt"))
    with psycopg2.connect(house.simulator.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT accountnumber FROM dialinglist ORDER BY dialinglistid")
        campaigns = [campaign_of[key] for (key,) in cursor.fetchall()]
    assert campaigns[:COUNT] == [callbacks] * COUNT
    assert len(campaigns) == COUNT + OTHERS
