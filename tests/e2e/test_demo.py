"""The demo, with few contacts, ends with every contact closed."""

import os
import re
import socket
import subprocess
import sys

import pytest

from scripts import databases, paths, processes
from scripts.odoo_server import OdooServer

CONTACTS = 60
DATABASE = f"ecm_e2e_demo_{os.getpid()}"


@pytest.fixture
def environment():
    """Settings of a demo that takes nothing away from one that somebody watches."""
    settings = {
        "DB": DATABASE,
        "CONTACTS": str(CONTACTS),
        "SERVE": "0",
        "TIMEOUT": "900",
        "RETRY_MINUTES": "0",
    }
    yield {**os.environ, **settings, "HTTP_PORT": str(processes.free_port())}
    databases.drop(DATABASE)
    databases.drop(f"{DATABASE}_uccx")


def run_demo(environment):
    command = [sys.executable, "-m", "scripts.demo"]
    return subprocess.run(
        command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False
    )


def find_problems(environment):
    return OdooServer(DATABASE, port=int(environment["HTTP_PORT"])).find_problems()


def test_the_demo_closes_every_contact(environment):
    result = run_demo(environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1].split() == ["Total", str(CONTACTS)]
    assert not find_problems(environment)


def test_the_demo_of_messages_closes_or_reaches_every_contact(environment):
    """Each message arrives on a phone behind a real Kannel; whoever replies is closed."""
    environment |= {"CAMPAIGN": "sms", "TIMEOUT": "300"}
    result = run_demo(environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1].split() == ["Total", str(CONTACTS)]
    counts = read_counts(result.stdout)
    assert set(counts) <= {"SMS Sent, delivered", "SMS Responded", "DNC Listed"}
    assert sum(counts.values()) == CONTACTS
    with databases.connect(DATABASE) as cursor:
        # The demo data has messages of its own.
        cursor.execute(
            "SELECT count(*), count(DISTINCT number) FROM ecm_sms_message"
            " WHERE campaign_id = (SELECT max(id) FROM ecm_campaign)"
        )
        assert cursor.fetchone() == (CONTACTS, CONTACTS)
    assert not find_problems(environment)


def test_the_demo_of_callbacks_keeps_every_promise(environment):
    """Asked for over REST, called by the dialer when due, looked up by its script, given to agents."""
    environment |= {"CAMPAIGN": "callback", "TIMEOUT": "400"}
    result = run_demo(environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not find_problems(environment)

    # By states, by promises, and by calls: each says the same.
    table, _, promised = result.stdout.partition("\nPromises ")
    counts = read_counts(table)
    assert set(counts) == {"Finished", "Not reached", "Cancelled"}
    assert sum(counts.values()) == CONTACTS
    promises = dict(re.findall(r"^(All|Fibre \w+) +(\d.*)$", promised, re.MULTILINE))
    on_time, late, missed, cancelled, _share = promises["All"].split()
    assert (int(missed), int(cancelled)) == (0, counts["Cancelled"])
    assert int(on_time) + int(late) == CONTACTS - counts["Cancelled"]
    assert len(promises) == 3
    [routes] = re.findall(r"^Script: (\d+) calls, agent (\d+), skill (\d+);", promised, re.M)
    assert int(routes[0]) == counts["Finished"]
    assert "failed:" not in promised

    with databases.connect(DATABASE) as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT number), count(acknowledged_at)"
            " FROM ecm_callback WHERE campaign_id = (SELECT max(id) FROM ecm_campaign)"
        )
        assert cursor.fetchone() == (CONTACTS, CONTACTS, counts["Finished"])
        cursor.execute(
            "SELECT max(attempt_count) FROM ecm_contact"
            " WHERE campaign_id = (SELECT max(id) FROM ecm_campaign)"
        )
        assert cursor.fetchone()[0] == 3, "as many calls as the callback strategy says"


def test_the_demo_of_leads_writes_every_result_on_its_lead(environment):
    """Leads are launched and called; stages, activities and notes say what came of them (R1, R2)."""
    environment |= {"CAMPAIGN": "crm", "TIMEOUT": "400"}
    result = run_demo(environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not find_problems(environment)
    shown = result.stdout
    assert f"Preview: {CONTACTS + 5} leads, {CONTACTS} will be contacted, 3 without" in shown
    assert f"Launch: {CONTACTS} contacts, 3 without a number, 2 known already" in shown
    assert f"Launched again: 0 contacts, {CONTACTS + 2} in the campaign already" in shown

    before, after = re.findall(r"leads by stage: (.*)", shown)
    assert before == f"New {CONTACTS + 5}"
    counts = read_counts(shown.partition("\nState")[2])
    # Whoever was reached is in the next stage; the others are where they were.
    assert f"Qualified {counts['Connected']}" in after
    assert f"New {CONTACTS + 5 - counts['Connected']}" in after
    assert "activities 0, notes of the campaign 0" in shown
    [(activities, notes)] = re.findall(
        r"After: activities (\d+), notes of the campaign (\d+)", shown
    )
    assert int(activities) >= counts["Connected"]
    assert int(notes) >= CONTACTS

    with databases.connect(DATABASE) as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT lead_id), max(attempt_count) FROM ecm_contact"
            " WHERE campaign_id = (SELECT max(id) FROM ecm_campaign)"
        )
        assert cursor.fetchone()[:2] == (CONTACTS, CONTACTS), "nobody is called twice"


def read_counts(shown):
    """Contacts by state in the demo's last table, without those states that nobody is in."""
    rows = re.findall(r"^([A-Z][A-Za-z ,]*?) +(\d+)\b", shown, re.MULTILINE)
    heads = ("State", "Total")
    return {label: int(count) for label, count in rows if int(count) and label not in heads}


def test_a_taken_port_is_a_clear_error(environment):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        environment["HTTP_PORT"] = str(port)
        result = run_demo(environment)
    assert result.returncode == 1
    assert f"Port {port} is taken" in result.stderr
    assert "HTTP_PORT=" in result.stderr
