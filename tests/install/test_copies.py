"""A database that was backed up and restored by the guide, beside its original, both running (Y5)."""

import copy

import pytest

from scripts import databases, demo, paths
from simulators.uccx.testing import running_simulator
from tests.e2e.rehearsal import Rehearsal

from .machine import Machine
from .pages import commands

CALLED = ["+493023120011", "+493023120021"]
WAITING = ["+493023120031", "+493023120041"]
CRONS = 2


@pytest.fixture
def original(odoo_server, empty_database):
    """A running server: two contacts are at the dialer, two wait."""
    with running_simulator(empty_database("uccx"), lines=50) as simulator:
        simulator.pause()
        rehearsal = Rehearsal(odoo_server(cron_threads=CRONS), simulator)
        upload(rehearsal, CALLED)
        rehearsal.start()
        simulator.wait_until(lambda: rehearsal.tally() == {"sent_to_dialer": 2}, timeout=300)
        yield rehearsal


@pytest.fixture
def machine(tmp_path, original):
    """Where the guide's commands find this checkout's files of Odoo."""
    server = Machine(tmp_path, original.server.database)
    folder = server.path("/var/lib/odoo")
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(paths.DATA_DIR)
    name = f"{server.database}_test"
    databases.drop(name)
    yield server
    databases.drop(name)


def upload(rehearsal, numbers):
    """A file that the scheduled action of the server reads by itself."""
    content = "\n".join(["phone", *numbers]).encode()
    list_id = demo.upload_contacts(rehearsal.client, rehearsal.campaign_id, content)
    demo.wait_for_import(rehearsal.client, list_id, len(numbers))


def work_until(rehearsal, tally):
    """Beside the scheduled actions somebody presses their buttons, who would wait for minutes."""

    def is_reached():
        demo.press_buttons(rehearsal.client, rehearsal.campaign_id, rehearsal.dialer_id)
        return rehearsal.tally() == tally

    rehearsal.simulator.wait_until(is_reached, timeout=600, pause=1)


def test_a_restored_copy_leaves_the_calls_to_its_original(original, machine, odoo_server):
    for heading in ("## Backup", "## Restore"):
        for line in commands("docs/operations/backup.md", heading):
            machine.run(line)
    restored = copy.copy(original)
    restored.server = odoo_server(database=f"{machine.database}_test", cron_threads=CRONS)
    restored.client = restored.server.client()

    # The original goes on to its end, while the copy's own scheduled actions run.
    upload(original, WAITING)
    original.simulator.resume()
    work_until(original, {"connected": 4})
    text = "Nothing is sent and no results are read"
    original.simulator.wait_until(lambda: text in restored.server.log_text(), timeout=300)
    assert restored.tally() == {"sent_to_dialer": 2}
    [campaign] = restored.client.call(
        "ecm.campaign", "read", [restored.campaign_id], ["status_reason"]
    )
    assert f"copied from {machine.database}: which one calls?" in campaign["status_reason"]

    # An administrator says that both call: what was at the dialer was the original's.
    wizard = restored.client.call("ecm.database.settle", "create", [{"original": "goes_on"}])
    restored.client.call("ecm.database.settle", "action_settle", wizard)
    upload(restored, WAITING)
    work_until(restored, {"dangling": 2, "connected": 2})
    dialled = [call["accountnumber"] for call in original.simulator.dialled()]
    assert len(dialled) == len(set(dialled)) == 6
