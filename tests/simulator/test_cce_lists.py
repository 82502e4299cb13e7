"""Agents' own callbacks and CCE's do-not-call list, over SQL Server's protocol (reference §1.6, §1.7):
who calls, on whose clock, and what a crash leaves behind.
"""

from datetime import timedelta

import psycopg2
import pytest

from ecm_dialer_cisco.clients.digits import DigitPlan, Rule
from ecm_dialer_cisco.clients.exceptions import InDoubt, Rejected, Unreachable
from simulators.cce.testing import running_cce

from .conftest import make_cce_client
from .promised import AGENT, BUSY, NOBODY, OTHER, VOICE, contact, now

SALES = "5000"


def make(cce, **settings):
    return make_cce_client(cce, **{"personal_table": "Personal_Callback_List", **settings})


@pytest.fixture
def client(cce):
    return make(cce)


def select(cce, statement, *parameters):
    with psycopg2.connect(cce.dsn) as connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def execute(cce, statement, *parameters):
    with psycopg2.connect(cce.dsn) as connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def personal(cce, columns="accountnumber, agentid, callstatus"):
    return select(
        cce, f"SELECT {columns} FROM ucce_baa.personal_callback_list ORDER BY accountnumber"
    )


def wait_for_results(cce, client, count):
    return cce.wait_until(lambda: found if len(found := client.results("")[0]) >= count else None)


# personal callbacks


def test_the_agent_who_promised_it_calls(cce, client):
    batch = [contact("t-1"), contact("t-2", agent=OTHER), contact("t-3", agent=None)]
    receipt = client.push(SALES, "", batch)
    assert receipt.accepted == {"t-1", "t-2", "t-3"}
    agents = {row.key: row.agent for row in wait_for_results(cce, client, 3)}
    assert agents == {"t-1": AGENT, "t-2": OTHER, "t-3": AGENT}
    assert [row[:2] for row in personal(cce)] == [("t-1", 6001), ("t-2", 6002)]


def test_a_row_has_what_third_parties_must_fill(cce, client):
    cce.pause()
    client.push(SALES, "", [contact("t-1")])
    columns = (
        "campaignid, peripheralid, agentid, phone, maxattempts, callstatus, callresult,"
        " firstname, lastname, insertedintodbdatetime IS NULL, senttodialerdatetime,"
        " dialinglistid"
    )
    [row] = personal(cce, columns)
    names = tuple(name.rstrip() for name in row[7:9])
    assert row[:7] == (5000, 5000, 6001, VOICE[1:], 1, "P", None)
    assert (names, *row[9:]) == (("Jo", "Doe"), False, None, None)


def test_its_time_is_that_of_the_loggers_clock(new_database):
    with running_cce(new_database(), time_zone="Asia/Kolkata") as cce:
        cce.pause()
        at = now() + timedelta(hours=2)
        make(cce).push(SALES, "", [contact("t-1", at=at), contact("t-2", at=now() - timedelta(1))])
        (later,), (passed,) = personal(cce, "callbackdatetime")
        local = timedelta(hours=5, minutes=30)
        assert abs(later - (at + local).replace(tzinfo=None)) < timedelta(seconds=30)
        # What has passed is due now: CCE gives up what is a quarter of an hour late.
        assert abs(passed - (now() + local).replace(tzinfo=None)) < timedelta(seconds=30)


def test_one_that_is_not_due_waits(cce, client):
    batch = [contact("t-1", at=now() + timedelta(hours=1)), contact("t-2")]
    client.push(SALES, "", batch)
    assert [row.key for row in wait_for_results(cce, client, 1)] == ["t-2"]
    assert {call["account_number"] for call in cce.dialled()} == {"t-2"}


def test_an_agent_whom_cce_does_not_know_leaves_it_to_everybody(cce, client):
    cce.pause()
    client.push(SALES, "", [contact("t-1", agent=NOBODY), contact("t-2")])
    assert [row[0] for row in personal(cce)] == ["t-2"]
    assert select(cce, "SELECT accountnumber FROM ucce_baa.dl_5000_5000") == [("t-1",)]


def test_agents_stand_for_themselves_by_the_column_that_is_chosen(cce):
    cce.pause()
    make(cce, agent_column="PeripheralNumber").push(SALES, "", [contact("t-1")])
    assert [row[:2] for row in personal(cce)] == [("t-1", 1001)]


def test_two_agents_with_one_login_are_told_and_nothing_is_sent(cce, client):
    twin = "INSERT INTO ucce_awdb.t_agent VALUES (6009, 6009, 5001, '1001', 'Twin', 'N', 0)"
    execute(cce, twin)
    try:
        with pytest.raises(Rejected, match="two agents with the login 1001"):
            client.push(SALES, "", [contact("t-1"), contact("t-2", agent=None)])
    finally:
        execute(cce, "DELETE FROM ucce_awdb.t_agent WHERE skilltargetid = 6009")
    assert personal(cce) == []
    assert select(cce, "SELECT count(*) FROM ucce_baa.dl_5000_5000") == [(0,)]


def test_it_is_tried_once_for_the_strategy_decides(cce, client):
    client.push(SALES, "", [contact("t-1", BUSY)])
    [result] = wait_for_results(cce, client, 1)
    assert (result.raw_code, result.final) == ("9", True)
    assert len(cce.dialled()) == 1


def test_without_the_setting_they_stand_among_the_others(cce):
    cce.pause()
    make(cce, personal_table="").push(SALES, "", [contact("t-1")])
    assert personal(cce) == []
    assert select(cce, "SELECT accountnumber FROM ucce_baa.dl_5000_5000") == [("t-1",)]


def test_they_are_found_and_taken_back(cce, client):
    cce.pause()
    client.push(SALES, "", [contact("t-1"), contact("t-2", agent=None)])
    assert client.find(SALES, {"t-1", "t-2", "t-9"}) == {"t-1", "t-2"}
    client.purge(SALES)
    assert client.find(SALES, {"t-1", "t-2"}) == set()
    assert client.undialled({"t-1", "t-2", "t-9"}) == {"t-1", "t-2"}
    results, _mark = client.results("")
    assert {(row.key, row.undialled, row.final) for row in results} == {
        ("t-1", True, False),
        ("t-2", True, False),
    }
    cce.resume()
    client.push(SALES, "", [contact("t-3")])
    wait_for_results(cce, client, 3)
    assert [call["account_number"] for call in cce.dialled()] == ["t-3"]


def test_one_that_is_called_is_not_taken_back(cce, client):
    client.push(SALES, "", [contact("t-1")])
    wait_for_results(cce, client, 1)
    client.purge(SALES)
    assert client.undialled({"t-1"}) == set()
    assert client.find(SALES, {"t-1"}) == {"t-1"}


def test_of_another_system_nothing_is_taken_back(cce):
    cce.pause()
    other = make(cce, key_prefixes=("x-",))
    other.push(SALES, "", [contact("x-1")])
    make(cce, key_prefixes=("t-",)).purge(SALES)
    assert [row[2] for row in personal(cce)] == ["P"]


def test_a_lost_answer_is_a_doubt_and_it_is_made_once(cce, client):
    cce.pause()
    cce.faults({"name": "lose_answer", "verb": "commit", "times": 1})
    with pytest.raises(InDoubt):
        client.push(SALES, "", [contact("t-1"), contact("t-2", agent=None)])
    cce.faults()
    # Both or neither: it is one transaction.
    assert client.find(SALES, {"t-1", "t-2"}) == {"t-1", "t-2"}
    cce.resume()
    wait_for_results(cce, client, 2)
    assert sorted(call["account_number"] for call in cce.dialled()) == ["t-1", "t-2"]


def test_a_lost_request_leaves_nothing(cce, client):
    cce.faults({"name": "drop", "verb": "commit", "times": 1})
    with pytest.raises(InDoubt):
        client.push(SALES, "", [contact("t-1")])
    cce.faults()
    assert client.find(SALES, {"t-1"}) == set()
    assert personal(cce) == []


def test_a_logger_that_cannot_be_reached_gets_nothing(cce, client):
    cce.faults({"name": "drop", "verb": "login"})
    with pytest.raises(Unreachable):
        client.push(SALES, "", [contact("t-1")])
    cce.faults()
    assert personal(cce) == []


# do not call


def listed(cce):
    return [phone for (phone,) in select(cce, "SELECT phone FROM ucce_baa.do_not_call ORDER BY 1")]


def test_numbers_are_listed_once_and_taken_off(cce, client):
    client.add_listed(["+4930111", "+4930222"])
    client.add_listed(["+4930222", "+4930333"])
    assert listed(cce) == ["4930111", "4930222", "4930333"]
    assert client.find_listed(["+4930111", "+4930999"]) == {"+4930111"}
    client.remove_listed(["+4930111", "+4930999"])
    assert listed(cce) == ["4930222", "4930333"]


def test_more_numbers_than_a_statement_takes(cce, client):
    numbers = [f"+4930{number:06d}" for number in range(2500)]
    client.add_listed(numbers)
    assert len(listed(cce)) == 2500
    assert client.find_listed(numbers) == set(numbers)
    client.remove_listed(numbers)
    assert listed(cce) == []


def test_numbers_are_listed_as_they_are_dialled(cce):
    plan = DigitPlan(rules=(Rule("beginning", "49", strip=2, prepend="0"),))
    client = make(cce, digits=plan)
    client.add_listed(["+493012345678", "+43123456789"])
    assert listed(cce) == ["03012345678", "43123456789"]
    assert client.find_listed(["+493012345678", "+43123456789"]) == {
        "+493012345678",
        "+43123456789",
    }


def test_a_number_that_is_listed_is_not_called_for_anybody(cce, client):
    client.add_listed([VOICE])
    client.push(SALES, "", [contact("t-1", agent=None)])
    [result] = wait_for_results(cce, client, 1)
    assert result.raw_code == "26"
    assert cce.dialled() == []


def test_what_cannot_be_dialled_is_passed_over(cce, client):
    client.add_listed(["+4930111", "+" + "1" * 30])
    assert listed(cce) == ["4930111"]


def test_after_a_lost_answer_it_is_written_once(cce, client):
    cce.faults({"name": "lose_answer", "verb": "commit", "times": 1})
    with pytest.raises(InDoubt):
        client.add_listed(["+4930111"])
    cce.faults()
    client.add_listed(["+4930111"])
    assert listed(cce) == ["4930111"]
