"""Agents' own callbacks over CCE's REST interface (reference §3.3): who calls, on whose clock, and
what failures and crashes between its requests leave behind; and what that interface counts.
"""

from collections import Counter
from datetime import timedelta

import psycopg2
import pytest

from ecm_dialer_cisco.clients.base import PersonalCallback, PushContact
from ecm_dialer_cisco.clients.exceptions import Busy, InDoubt, NotFound, Unreachable
from simulators.cce.testing import CceSimulator, running_cce

from .conftest import make_rest_client
from .promised import AGENT, BUSY, NOBODY, OTHER, VOICE, contact, now

CAMPAIGN, BY_TOOLS = "5003", "5000"


def make(cce, **settings):
    return make_rest_client(cce, **{"personal": True, **settings})


@pytest.fixture
def client(cce):
    return make(cce)


def select(cce, statement):
    with psycopg2.connect(cce.dsn) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def personal(cce, columns="accountnumber, agentid"):
    return select(
        cce, f"SELECT {columns} FROM ucce_baa.personal_callback_list ORDER BY accountnumber"
    )


def imported(cce):
    """Keys that stand in the dialing list, or wait in the queue of imports."""
    cce.wait_until(lambda: not cce.state()["imports_waiting"])
    rows = select(cce, f"SELECT accountnumber FROM ucce_baa.dl_{CAMPAIGN}_{CAMPAIGN}")
    return sorted(key for (key,) in rows)


def wait_for_results(cce, client, count):
    return cce.wait_until(lambda: found if len(found := client.results("")[0]) >= count else None)


def dialled(cce):
    return Counter(call["account_number"] for call in cce.dialled())


# verbs


def test_the_agent_who_promised_it_calls_and_others_are_imported(cce, client):
    batch = [contact("t-1"), contact("t-2", agent=OTHER), contact("t-3", agent=None)]
    receipt = client.push(CAMPAIGN, "", batch)
    assert receipt.accepted == {"t-1", "t-2", "t-3"}
    assert (receipt.failure, receipt.unsent) == (None, frozenset())
    agents = {row.key: row.agent for row in wait_for_results(cce, client, 3)}
    assert agents == {"t-1": AGENT, "t-2": OTHER, "t-3": AGENT}
    assert personal(cce) == [("t-1", 6001), ("t-2", 6002)]
    assert imported(cce) == ["t-3"]
    assert dialled(cce) == {"t-1": 1, "t-2": 1, "t-3": 1}


def test_a_batch_of_callbacks_imports_nothing(cce, client):
    cce.pause()
    assert client.push(CAMPAIGN, "", [contact("t-1")]).accepted == {"t-1"}
    assert cce.state()["imports_waiting"] == 0
    assert imported(cce) == []
    columns = "campaignid, phone, maxattempts, callstatus, firstname, lastname"
    [row] = personal(cce, columns)
    assert row[:4] == (5003, VOICE[1:], 1, "P")
    assert tuple(name.rstrip() for name in row[4:]) == ("Jo", "Doe")


def test_its_time_is_that_of_the_servers_clock(new_database):
    with running_cce(new_database(), time_zone="Asia/Kolkata") as cce:
        cce.pause()
        at = now() + timedelta(hours=2)
        batch = [contact("t-1", at=at), contact("t-2", at=now() - timedelta(1))]
        make(cce).push(CAMPAIGN, "", batch)
        (later,), (passed,) = personal(cce, "callbackdatetime")
        local = timedelta(hours=5, minutes=30)
        assert abs(later - (at + local).replace(tzinfo=None)) < timedelta(seconds=30)
        # What is a quarter of an hour late would be refused.
        assert abs(passed - (now() + local).replace(tzinfo=None)) < timedelta(seconds=30)


def test_it_is_tried_once_for_the_strategy_decides(cce, client):
    client.push(CAMPAIGN, "", [contact("t-1", BUSY)])
    [result] = wait_for_results(cce, client, 1)
    assert (result.raw_code, result.final) == ("9", True)
    assert dialled(cce) == {"t-1": 1}


def test_an_agent_whom_cce_does_not_know_leaves_it_to_everybody(cce, client):
    cce.pause()
    receipt = client.push(CAMPAIGN, "", [contact("t-1", agent=NOBODY), contact("t-2")])
    assert receipt.accepted == {"t-1", "t-2"}
    assert [key for key, _agent in personal(cce)] == ["t-2"]
    assert imported(cce) == ["t-1"]


def test_one_that_cce_refuses_is_imported(cce, client, caplog):
    cce.pause()
    long_name = PushContact(
        "t-1", VOICE, "Jo", "ä" * 60, callback=PersonalCallback(AGENT, now() + timedelta(days=1))
    )
    # Cut to what fits, as for others.
    assert client.push(CAMPAIGN, "", [long_name]).accepted == {"t-1"}
    assert [key for key, _agent in personal(cce)] == ["t-1"]
    cce.faults({"name": "refuse", "verb": "callback", "times": 1})
    receipt = client.push(CAMPAIGN, "", [contact("t-2"), contact("t-3")])
    assert receipt.accepted == {"t-2", "t-3"}
    assert imported(cce) == ["t-2"]
    assert "t-2" in caplog.text


def test_a_campaign_that_was_made_by_tools_gets_neither(cce, client):
    cce.pause()
    with pytest.raises(NotFound):
        client.push(BY_TOOLS, "", [contact("t-1")])
    assert personal(cce) == []


def test_without_the_setting_all_are_imported(cce):
    cce.pause()
    make(cce, personal=False).push(CAMPAIGN, "", [contact("t-1")])
    assert (personal(cce), imported(cce)) == ([], ["t-1"])


def test_they_are_found_on_whichever_page_and_when_they_are_over(cce, client):
    cce.pause()
    batch = [contact(f"t-{number:03d}") for number in range(120)]
    client.push(CAMPAIGN, "", [*batch, contact("t-other", agent=None)])
    imported(cce)
    wanted = {"t-000", "t-099", "t-100", "t-119", "t-other"}
    assert client.find(CAMPAIGN, {*wanted, "t-999"}) == wanted
    cce.resume()
    wait_for_results(cce, client, 121)
    assert client.find(CAMPAIGN, {*wanted, "t-999"}) == wanted


def test_an_interface_that_is_away_knows_nobody(cce, client):
    cce.faults({"name": "drop", "verb": "get"})
    with pytest.raises(Unreachable):
        client.find(CAMPAIGN, {"t-1"})


# failures between the requests of a push


@pytest.mark.parametrize(("fault", "kind"), [("drop", InDoubt), ("busy", Busy)])
def test_a_callback_that_fails_first_leaves_nothing(cce, client, fault, kind):
    cce.faults({"name": fault, "verb": "callback", "times": 1})
    with pytest.raises(kind):
        client.push(CAMPAIGN, "", [contact("t-1"), contact("t-2", agent=None)])
    assert (personal(cce), imported(cce)) == ([], [])
    assert client.find(CAMPAIGN, {"t-1", "t-2"}) == set()
    client.push(CAMPAIGN, "", [contact("t-1"), contact("t-2", agent=None)])
    wait_for_results(cce, client, 2)
    assert dialled(cce) == {"t-1": 1, "t-2": 1}


def test_what_was_taken_before_a_busy_import_stays_and_the_others_are_sent_again(cce, client):
    cce.faults({"name": "queue_full", "verb": "import", "times": 1})
    batch = [contact("t-1"), contact("t-2", agent=None), contact("t-3", agent=None)]
    receipt = client.push(CAMPAIGN, "", batch)
    assert (receipt.accepted, receipt.unsent) == ({"t-1"}, {"t-2", "t-3"})
    assert (receipt.refused, receipt.doubtful) == (frozenset(), frozenset())
    assert isinstance(receipt.failure, Busy)
    client.push(CAMPAIGN, "", batch[1:])
    wait_for_results(cce, client, 3)
    assert dialled(cce) == {"t-1": 1, "t-2": 1, "t-3": 1}


@pytest.mark.parametrize(("fault", "arrived"), [("lose_answer", True), ("drop", False)])
def test_a_lost_answer_to_the_import_is_a_doubt_of_the_others_alone(cce, client, fault, arrived):
    cce.faults({"name": fault, "verb": "import", "times": 1})
    batch = [contact("t-1"), contact("t-2", agent=None)]
    receipt = client.push(CAMPAIGN, "", batch)
    assert (receipt.accepted, receipt.unsent) == ({"t-1"}, frozenset())
    assert isinstance(receipt.failure, InDoubt)
    expected = {"t-1", "t-2"} if arrived else {"t-1"}
    cce.wait_until(lambda: client.find(CAMPAIGN, {"t-1", "t-2"}) == expected)
    if not arrived:
        client.push(CAMPAIGN, "", batch[1:])
    wait_for_results(cce, client, 2)
    assert dialled(cce) == {"t-1": 1, "t-2": 1}


def test_a_lost_answer_to_a_callback_is_a_doubt_and_it_is_made_once(cce, client):
    cce.pause()
    client.push(CAMPAIGN, "", [contact("t-0")])
    cce.faults({"name": "lose_answer", "verb": "callback", "times": 1})
    with pytest.raises(InDoubt):
        client.push(CAMPAIGN, "", [contact("t-1"), contact("t-2"), contact("t-3", agent=None)])
    # What would have come after it was not sent.
    assert client.find(CAMPAIGN, {"t-1", "t-2", "t-3"}) == {"t-1"}
    client.push(CAMPAIGN, "", [contact("t-2"), contact("t-3", agent=None)])
    cce.resume()
    wait_for_results(cce, client, 4)
    assert dialled(cce) == dict.fromkeys(("t-0", "t-1", "t-2", "t-3"), 1)


@pytest.mark.parametrize("fault", ["die", "die_after"])
def test_a_dialer_that_dies_at_a_callback_calls_once_what_it_had_taken(new_database, fault):
    cce = CceSimulator(new_database(), fault=[f"{fault}:verb=callback,times=1"])
    cce.start()
    try:
        client = make(cce)
        with pytest.raises(InDoubt):
            client.push(CAMPAIGN, "", [contact("t-1"), contact("t-2", agent=None)])
        assert cce.wait_for_exit() == 70
        cce._options.pop("fault")
        cce.start()
        known = {"t-1"} if fault == "die_after" else set()
        assert client.find(CAMPAIGN, {"t-1", "t-2"}) == known
        left = [
            each for each in (contact("t-1"), contact("t-2", agent=None)) if each.key not in known
        ]
        client.push(CAMPAIGN, "", left)
        wait_for_results(cce, client, 2)
        assert dialled(cce) == {"t-1": 1, "t-2": 1}
    finally:
        if cce.is_running:
            cce.stop()


# figures


def test_what_the_interface_counts(cce, client):
    client.push(CAMPAIGN, "", [contact("t-1", BUSY, None), contact("t-2", agent=None)])
    wait_for_results(cce, client, 2)
    cce.pause()
    client.push(CAMPAIGN, "", [contact("t-3", agent=None), contact("t-4")])
    imported(cce)
    figures = client.figures(CAMPAIGN)
    assert (figures.records, figures.closed, figures.open) == (3, 2, 1)
    assert (figures.attempts, figures.voice, figures.busy) == (2, 1, 1)
    assert (figures.abandoned, figures.callbacks, figures.personal_callbacks) == (0, 0, 1)
    with pytest.raises(NotFound):
        client.figures(BY_TOOLS)
    cce.faults({"name": "busy", "verb": "get"})
    with pytest.raises(Busy):
        client.figures(CAMPAIGN)
