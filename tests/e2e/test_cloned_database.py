"""Two databases with the same contacts and attempts on one dialer (F6): the copy asks first."""

import pytest

from simulators.uccx.testing import running_simulator

from .rehearsal import Rehearsal


@pytest.fixture
def original(odoo_server, empty_database):
    """A campaign with two contacts that were called and two that wait."""
    with running_simulator(empty_database("uccx"), lines=50) as simulator:
        rehearsal = Rehearsal(odoo_server(cron_threads=0), simulator)
        rehearsal.upload(["+493023120011", "+493023120021"])
        rehearsal.start()
        rehearsal.feed()
        rehearsal.wait_for_calls()
        rehearsal.upload(["+493023120031", "+493023120041"])
        yield rehearsal


def read_keys(rehearsal):
    return {key for (key,) in rehearsal.sql("SELECT key FROM ecm_attempt")}


def settle(rehearsal, original):
    [wizard] = rehearsal.client.call("ecm.database.settle", "create", [{"original": original}])
    rehearsal.client.call("ecm.database.settle", "action_settle", [wizard])


def test_a_clone_does_nothing_until_somebody_says_which_one_calls(
    original, odoo_server, fresh_database
):
    clone = original.clone(odoo_server, fresh_database())
    clone.feed()
    clone.sync()
    assert clone.tally() == {"sent_to_dialer": 2, "pending": 2}
    [campaign] = clone.client.call(
        "ecm.campaign", "read", [clone.campaign_id], ["status", "status_reason"]
    )
    assert f"copied from {original.server.database}: which one calls?" in campaign["status_reason"]

    settle(clone, "goes_on")
    assert clone.run_to_the_end() == {"dangling": 2, "connected": 2}
    assert original.run_to_the_end() == {"connected": 4}
    dialled = [call["accountnumber"] for call in original.simulator.dialled()]
    assert len(dialled) == len(set(dialled)) == 6, "each call has a key of its own"
    assert len(read_keys(original) & read_keys(clone)) == 2, "only the calls before the copy"


def test_a_restored_database_takes_the_place_of_its_original(original, odoo_server, fresh_database):
    restored = original.clone(odoo_server, fresh_database())
    original.server.kill()
    settle(restored, "gone")
    assert restored.run_to_the_end() == {"connected": 4}
    dialled = [call["accountnumber"] for call in original.simulator.dialled()]
    assert len(dialled) == len(set(dialled)) == 4
    assert set(dialled) == read_keys(restored)
