"""How the simulated dialer treats a contact: retries, delays, phones, callbacks, the night, its
windows.
"""

import json
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import psycopg2
import pyodbc
import pytest

from ecm_dialer_cisco.clients.base import PushContact
from simulators.uccx import rules, scenario
from simulators.uccx.campaigns import Campaign, default_campaigns
from simulators.uccx.rules import Contact
from simulators.uccx.testing import running_simulator

from .test_uccx_contract import PREVIEW, SALES, contacts, make_client, push, wait_for_calls

NOW = datetime(2026, 11, 21, 12)
CONTACT = Contact(1, 1, "k", ("111", "222", ""), rules.PENDING, 0, (0, 0, 0), 0, (0, 0, 0))


def campaign(kind, **specifics):
    document = default_campaigns()[kind]
    wrapper = next(iter(document["typeSpecificInfo"]))
    document["typeSpecificInfo"][wrapper] = {**document["typeSpecificInfo"][wrapper], **specifics}
    return Campaign(1, document)


def call(contact, kind, result, **specifics):
    placed = rules.placed(contact, kind == 1)
    return rules.finished(
        placed, campaign(kind, **specifics), result, NOW, 1, rules.CallbackWish(600)
    )


@pytest.mark.parametrize(
    ("kind", "result", "settings", "status"),
    [
        (0, scenario.VOICE, {}, rules.CLOSED),
        (0, scenario.BUSY, {}, rules.MAX_CALLS),
        (0, scenario.BUSY, {"maxDialAttempts": "2"}, rules.RETRY_LATER),
        (0, scenario.NO_ANSWER, {"maxDialAttempts": "2", "retryNoAnswerDelay": "0"}, rules.CLOSED),
        (2, scenario.CUSTOMER_ABANDONED, {"maxDialAttempts": "2"}, rules.CLOSED),
        (2, scenario.MACHINE, {"maxDialAttempts": "3"}, rules.CLOSED),
        (0, scenario.INVALID, {}, rules.RETRY),
        (1, scenario.FAX, {}, rules.RETRY),
        (1, scenario.BUSY, {"maxDialAttempts": "2"}, rules.RETRY),
        (1, scenario.BUSY, {}, rules.MAX_CALLS),
        (1, scenario.MACHINE, {"maxDialAttempts": "2"}, rules.CLOSED),
        (1, scenario.MACHINE, {"maxDialAttempts": "2", "ansMachineRetry": "true"}, rules.RETRY),
        (1, scenario.REJECTED, {}, rules.RETRY),
        (0, scenario.CALLBACK, {}, rules.CALLBACK),
    ],
)
def test_what_a_result_leads_to(kind, result, settings, status):
    assert call(CONTACT, kind, result, **settings).status == status


def test_a_preview_is_voice_until_the_agent_says_otherwise():
    placed = rules.placed(CONTACT, True)
    assert (placed.status, placed.result) == (rules.CLOSED, scenario.VOICE)
    assert rules.placed(CONTACT, False).status == rules.ACTIVE


def test_the_next_phone_is_for_wrong_numbers_only():
    after_busy = call(CONTACT, 0, scenario.BUSY, maxDialAttempts="3")
    assert after_busy.number() == "111"
    assert (after_busy.due_at - NOW).total_seconds() == 3600
    after_invalid = call(CONTACT, 0, scenario.INVALID, maxDialAttempts="3")
    assert after_invalid.number() == "222"
    assert call(after_invalid, 0, scenario.INVALID, maxDialAttempts="3").status == rules.CLOSED


def test_a_callback_goes_to_its_number():
    contact = replace(CONTACT, status=rules.CALLBACK, callback_number="999")
    assert contact.number() == "999"


def test_the_scenario_is_decided_by_the_longest_ending():
    behaviour = scenario.load()
    assert [behaviour.result("+491219", earlier) for earlier in range(4)] == [11, 11, 1, 1]
    assert behaviour.result("+4912348", 0) == scenario.CALLBACK
    assert behaviour.result("+49199999", 0) == scenario.NEVER
    assert all(scenario.NAMES[code] for code in {behaviour.result(str(n), 0) for n in range(100)})


def test_rules_of_a_file_come_first(tmp_path):
    file = tmp_path / "scenario.json"
    file.write_text(
        json.dumps({"rules": [{"match": "^\\+4399", "results": ["busy", 15, "voice"]}]})
    )
    behaviour = scenario.load(str(file))
    assert [behaviour.result("+43994", earlier) for earlier in range(3)] == [11, 15, 1]
    assert behaviour.result("+49994", 0) == scenario.MACHINE


def test_uccx_itself_retries_after_the_delay(new_database):
    with running_simulator(new_database(), tries=3) as uccx:
        client = make_client(uccx)
        assert {campaign.max_attempts for campaign in client.campaigns()} == {3}
        push(client, [PushContact("t-1", "+4930123409")])
        uccx.wait_until(lambda: uccx.state()["contacts"]["1"].get("8"))
        assert [item.raw_code for item in client.contacts(SALES, "RETRIES_WITH_DELAY")] == ["11"]
        uccx.midnight()
        wait_for_calls(uccx, 2)
        assert [call["callresult"] for call in uccx.dialled()] == [11, 1]


def test_an_agent_arranges_a_callback_that_uccx_makes_itself(uccx, client):
    uccx.faults({"name": "callbacks", "seconds": 1200, "number": "+4930999991"})
    push(client, [PushContact("t-1", "+4930111148")])
    uccx.wait_until(lambda: uccx.state()["contacts"]["1"].get("4"))
    with psycopg2.connect(uccx.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT callresult, callbacknumber FROM dialinglist")
        assert cursor.fetchall() == [(8, "+4930999991")]
    wait_for_calls(uccx, 2)
    assert [call["phone"] for call in uccx.dialled()] == ["+4930111148", "+4930999991"]


def test_a_preview_may_last_an_hour(uccx, client):
    uccx.faults({"name": "long_talk", "seconds": 3600})
    push(client, [PushContact("t-1", "+49301111118")], PREVIEW)
    uccx.wait_until(lambda: uccx.state()["contacts"].get("2", {}).get("3"))
    assert codes(uccx) == [1]
    # The simulated hour is over after six seconds, and the agent has said what it was.
    uccx.wait_until(lambda: not uccx.state()["calls_in_progress"])
    assert codes(uccx) == [5]


def codes(uccx):
    """callresult of every contact."""
    with psycopg2.connect(uccx.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT callresult FROM dialinglist")
        return [code for (code,) in cursor.fetchall()]


def test_a_standby_node_stays_behind_until_it_catches_up(uccx, client):
    uccx.replicate()
    push(client, contacts(2))
    wait_for_calls(uccx, 2)
    assert count_on_standby(uccx) == 0
    uccx.replicate()
    assert count_on_standby(uccx) == 2


def count_on_standby(uccx):
    connection = pyodbc.connect(uccx.odbc_connection_string(standby=True), autocommit=True)
    with closing(connection):
        return connection.execute("SELECT count(*) FROM dialinglist").fetchone()[0]


def test_unknown_contacts_are_called_again_after_the_night(new_database):
    with running_simulator(new_database(), clock_factor=1) as uccx:
        push(make_client(uccx), contacts(2))
        uccx.wait_until(lambda: len(uccx.dialled()) == 2)
        uccx.control("POST", "engine-restart")
        assert uccx.state()["contacts"]["1"] == {"7": 2}
        uccx.midnight()
        uccx.wait_until(lambda: len(uccx.dialled()) == 4)


def test_closed_windows_and_lines_hold_calls_back(new_database):
    with running_simulator(new_database(), clock_factor=1, lines=3) as uccx:
        client = make_client(uccx)
        push(client, contacts(10))
        uccx.wait_until(lambda: len(uccx.dialled()) == 3)
        push(client, contacts(2, start=20), PREVIEW)
        uccx.wait_until(lambda: len(uccx.dialled()) == 5)
        assert uccx.state()["calls_in_progress"] == 5
        assert uccx.state()["contacts"]["1"] == {"1": 7, "2": 3}


def test_contacts_are_called_in_the_order_of_their_import(new_database):
    with running_simulator(new_database(), lines=1) as uccx:
        client = make_client(uccx)
        push(client, contacts(8))
        wait_for_calls(uccx, 8)
        assert [call["accountnumber"] for call in uccx.dialled()] == [
            f"t-{number}" for number in range(8)
        ]


def test_a_thousand_contacts_within_a_minute(new_database):
    with running_simulator(new_database(), clock_factor=60, tick_seconds=0.2, lines=50) as uccx:
        client = make_client(uccx, rows_per_request=1000, read_timeout=10, import_timeout=20)
        assert len(push(client, contacts(1000, ending="")).accepted) == 1000
        uccx.wait_until(
            lambda: len({call["phone"] for call in uccx.dialled()}) == 1000, timeout=50, pause=0.5
        )


def test_help_explains_the_scenario():
    command = [sys.executable, "-m", "simulators.uccx", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "busy, busy, then voice" in text
    assert "--clock-factor" in text
