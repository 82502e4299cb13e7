"""Odoo and CCE over SQL Server's protocol: a whole campaign, crashes, and a dialer that fails (F1,
F2, F4, F6).
"""

import os
import subprocess
import sys

import pytest

from scripts import databases, paths, processes
from scripts.odoo_server import OdooServer
from simulators.cce.testing import running_cce

from .rehearsal import CceRehearsal, RestRehearsal
from .test_campaign_life import BUSY, NO_ANSWER, VOICE, numbers


@pytest.fixture
def cce(empty_database):
    with running_cce(empty_database("cce"), lines=200) as simulator:
        yield simulator


@pytest.fixture
def rehearsal(odoo_server, cce):
    return CceRehearsal(odoo_server(cron_threads=0), cce)


def test_a_thousand_contacts_are_called_to_their_end(rehearsal):
    groups = {VOICE: 700, NO_ANSWER: 150, "09": 100, "18": 50}
    rehearsal.upload([number for end, count in groups.items() for number in numbers(count, end)])
    rehearsal.start()
    tally = rehearsal.run_to_the_end()
    # What an agent wraps up as Do Not Call is a conversation for CCE.
    assert tally == {"connected": 850, "retries_completed": 150}
    rehearsal.assert_nothing_was_called_twice()
    assert len(rehearsal.simulator.dialled()) == 700 + 3 * 150 + 2 * 100 + 50


def test_a_commit_in_doubt_is_settled_by_asking(rehearsal):
    rehearsal.upload(numbers(6, VOICE))
    rehearsal.start()
    rehearsal.simulator.pause()
    rehearsal.simulator.faults({"name": "lose_answer", "verb": "commit", "times": 1})
    rehearsal.feed()
    assert rehearsal.tally() == {"sent_to_dialer": 6}, "in doubt, so not sent again"
    assert rehearsal.simulator.state()["contacts"]["5000"] == {"P": 6}
    rehearsal.simulator.resume()
    rehearsal.let_doubts_age()
    assert rehearsal.run_to_the_end() == {"connected": 6}
    rehearsal.assert_nothing_was_called_twice()
    assert len(rehearsal.simulator.dialled()) == 6


def test_a_logger_that_dies_after_it_accepted(rehearsal):
    rehearsal.upload(numbers(10, VOICE))
    rehearsal.start()
    rehearsal.simulator.faults({"name": "die_after", "verb": "commit"})
    rehearsal.feed()
    rehearsal.simulator.wait_for_exit()
    rehearsal.let_doubts_age()
    rehearsal.feed()
    assert rehearsal.tally() == {"sent_to_dialer": 10}, "while it cannot be asked, nothing is sent"
    rehearsal.simulator.start()
    rehearsal.let_doubts_age()
    assert rehearsal.run_to_the_end() == {"connected": 10}
    rehearsal.assert_nothing_was_called_twice()


def test_refusals_lose_nothing(rehearsal):
    rehearsal.upload(numbers(6, BUSY))
    rehearsal.start()
    rehearsal.simulator.faults({"name": "deadlock", "verb": "insert"})
    rehearsal.feed()
    assert rehearsal.tally() == {"pending": 6}
    assert rehearsal.simulator.dialled() == []
    rehearsal.simulator.faults()
    rehearsal.let_doubts_age()
    due = "UPDATE ecm_contact SET next_attempt_at = now() AT TIME ZONE 'UTC'"
    rehearsal.sql(f"{due} WHERE next_attempt_at IS NOT NULL")
    assert rehearsal.run_to_the_end() == {"retries_completed": 6}
    rehearsal.assert_nothing_was_called_twice()


def test_what_is_taken_back_is_called_later_and_once(rehearsal):
    rehearsal.upload(numbers(8, VOICE))
    rehearsal.start()
    rehearsal.simulator.pause()
    rehearsal.feed()
    assert rehearsal.tally() == {"sent_to_dialer": 8}
    rehearsal.client.call("ecm.campaign", "action_purge", [rehearsal.campaign_id])
    assert rehearsal.tally() == {"pending": 8}
    rehearsal.simulator.resume()
    assert rehearsal.run_to_the_end() == {"connected": 8}
    rehearsal.assert_nothing_was_called_twice()
    assert len(rehearsal.simulator.dialled()) == 8


def test_a_campaign_runs_to_its_end_over_rest(odoo_server, cce):
    rehearsal = RestRehearsal(odoo_server(cron_threads=0), cce)
    rehearsal.upload([*numbers(40, VOICE), *numbers(10, BUSY)])
    rehearsal.start()
    rehearsal.simulator.faults({"name": "lose_answer", "verb": "import", "times": 1})
    rehearsal.feed()
    rehearsal.let_doubts_age()
    assert rehearsal.run_to_the_end() == {"connected": 40, "retries_completed": 10}
    rehearsal.assert_nothing_was_called_twice()
    assert len(rehearsal.simulator.dialled()) == 40 + 3 * 10


def test_a_logger_that_dies_and_its_other_side_that_takes_over(odoo_server, empty_database):
    dsn = empty_database("cce")
    with running_cce(dsn) as a, running_cce(dsn, host="127.0.0.2", port=a.port, side="B") as b:
        rehearsal = CceRehearsal(odoo_server(cron_threads=0), a)
        servers = {"host_2": b.host, "cce_reporting_host_2": b.host}
        rehearsal.client.call("ecm.dialer", "write", [rehearsal.dialer_id], servers)
        rehearsal.upload(numbers(6, VOICE))
        rehearsal.start()
        a.pause()
        rehearsal.feed()
        a.kill()
        rehearsal.upload([f"+4940{n:06d}1" for n in range(10)])

        # Side B dials from now on. It is written to when side A was silent three times.
        b.take_over()
        rehearsal.simulator = b
        for _turn in range(3):
            rehearsal.let_doubts_age()
            rehearsal.feed()
        rehearsal.let_doubts_age()
        rehearsal.feed()
        b.wait_until(lambda: len(b.dialled()) == 10)
        rehearsal.sync()
        assert rehearsal.tally() == {"connected": 10, "sent_to_dialer": 6}

        # Side A is back and calls nobody: what waits there is taken back, and called by side B.
        a.start()
        rehearsal.client.call("ecm.campaign", "action_purge", [rehearsal.campaign_id])
        assert rehearsal.tally() == {"connected": 10, "pending": 6}
        assert rehearsal.run_to_the_end() == {"connected": 16}
        rehearsal.assert_nothing_was_called_twice()
        assert len(b.dialled()) == 16


def test_a_campaign_runs_to_its_end_over_import_files(odoo_server, empty_database, tmp_path):
    folder = tmp_path / "import"
    folder.mkdir()
    environment = {"ECM_CCE_IMPORT": str(folder)}
    with running_cce(empty_database("cce"), import_folder=str(folder)) as cce:
        rehearsal = CceRehearsal(odoo_server(cron_threads=0, environment=environment), cce)
        values = {"cce_delivery": "file", "cce_import_folder": "env:ECM_CCE_IMPORT"}
        rehearsal.client.call("ecm.dialer", "write", [rehearsal.dialer_id], values)
        rehearsal.upload([*numbers(40, VOICE), *numbers(10, BUSY)])
        rehearsal.start()
        # The first file waits for so long that it is in doubt.
        cce.faults({"name": "no_import"})
        rehearsal.feed()
        assert rehearsal.tally() == {"sent_to_dialer": 50}
        rehearsal.let_doubts_age()
        rehearsal.feed()
        cce.faults()
        cce.wait_until(lambda: len(cce.dialled()) == 50)
        rehearsal.let_doubts_age()
        assert rehearsal.run_to_the_end() == {"connected": 40, "retries_completed": 10}
        rehearsal.assert_nothing_was_called_twice()
        assert len(cce.dialled()) == 40 + 3 * 10


def test_the_demo_runs_on_a_cce(request):
    database = f"ecm_e2e_demo_cce_{os.getpid()}"
    request.addfinalizer(lambda: [databases.drop(database), databases.drop(f"{database}_cce")])
    settings = {"DB": database, "DIALER": "cce", "CONTACTS": "60", "RETRY_MINUTES": "0"}
    settings |= {"SERVE": "0", "TIMEOUT": "900", "HTTP_PORT": str(processes.free_port())}
    command = [sys.executable, "-m", "scripts.demo"]
    result = subprocess.run(
        command,
        cwd=paths.ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1].split() == ["Total", "60"]
    assert not OdooServer(database, port=int(settings["HTTP_PORT"])).find_problems()
