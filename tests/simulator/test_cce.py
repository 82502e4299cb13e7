"""CCE's databases over SQL Server's protocol, with the unmodified drivers FreeTDS and Microsoft's: what
only CCE has, and the simulator's faithfulness to what drivers and dialer do (reference §4, §5.5).
"""

import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg2
import pyodbc
import pytest

from ecm_dialer_cisco.clients.base import PushContact
from ecm_dialer_cisco.clients.cce_connection import connection_string
from ecm_dialer_cisco.clients.cce_database import RuleRow
from ecm_dialer_cisco.clients.exceptions import Busy, NotFound, Rejected, Unreachable
from simulators.cce.testing import running_cce

from .conftest import SQL_SERVER_DRIVERS, make_cce_client, make_rest_client, require_driver

SALES, BY_API = "5000", "5003"


def contact(key, number="+4930111111"):
    return PushContact(key, number, "Jo", "Doe")


@pytest.fixture
def client(cce):
    return make_cce_client(cce)


@pytest.fixture(params=SQL_SERVER_DRIVERS)
def driver(request):
    return require_driver(request.param)


@contextmanager
def connected(cce, database="ucce_baA", autocommit=True, **settings):
    config = make_cce_client(cce, **settings).config
    text = connection_string(config, cce.host, database)
    with closing(pyodbc.connect(text, autocommit=autocommit)) as connection:
        yield connection


def rows(connection, statement, *parameters):
    return [tuple(row) for row in connection.execute(statement, *parameters).fetchall()]


def wait_for_calls(cce, count):
    cce.wait_until(lambda: len(cce.dialled()) >= count and not cce.state()["calls_in_progress"])


# the wire


def test_types_and_names_come_as_sql_server_sends_them(cce, driver):
    with connected(cce, "ucce_awdb", driver=driver) as connection:
        cursor = connection.execute(
            "SELECT CampaignID, CampaignName, Enabled, DateTimeStamp, AbandonPercent,"
            " MinimumCallDuration FROM t_Campaign WHERE CampaignID = ?",
            5000,
        )
        names = [column[0] for column in cursor.description]
        kinds = [column[1] for column in cursor.description]
        assert names[:3] == ["CampaignID", "CampaignName", "Enabled"]
        assert kinds == [int, str, str, datetime, float, int]
        assert cursor.description[1][3] == 32
        assert tuple(cursor.fetchone()) == (5000, "Outbound_Sales", "Y", None, 0.0, 0)


def test_tables_are_found_by_three_parts_in_any_case_and_as_views(cce, driver):
    with connected(cce, driver=driver) as connection:
        for name in ("[ucce_awdb].[dbo].[t_Campaign]", "UCCE_AWDB.dbo.Campaign"):
            assert connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] == 4
    with connected(cce, "ucce_awdb", driver=driver) as connection:
        assert rows(connection, "SELECT count(*) FROM Dialer_Detail") == [(0,)]


def test_text_is_compared_without_case(cce, driver, client):
    cce.pause()
    client.push(SALES, "", [contact("t-Ab")])
    with connected(cce, driver=driver) as connection:
        found = "SELECT AccountNumber FROM DL_5000_5000 WHERE AccountNumber"
        assert rows(connection, f"{found} = 'T-AB'") == [("t-Ab",)]
        assert rows(connection, f"{found} LIKE 'T-%'") == [("t-Ab",)]
    assert client.find(SALES, {"T-AB"}) == set()


def test_a_commit_begins_the_next_transaction(cce, driver):
    insert = "INSERT INTO Do_Not_Call (Phone) VALUES (CAST(? AS varchar(20)))"
    count = "SELECT count(*) FROM Do_Not_Call"
    with (
        connected(cce, driver=driver, autocommit=False) as writer,
        connected(cce, driver=driver) as reader,
    ):
        writer.execute(insert, "1")
        assert rows(reader, count) == [(0,)]
        writer.commit()
        assert rows(reader, count) == [(1,)]
        # FreeTDS sends no begin of its own: this one is not committed by itself.
        writer.execute(insert, "2")
        assert rows(reader, count) == [(1,)]
        writer.rollback()
        writer.execute(insert, "3")
        writer.commit()
        assert rows(reader, "SELECT Phone FROM Do_Not_Call") == [("1",), ("3",)]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("SELECT 1 FROM Nothing", 208),
        ("SELECT Nothing FROM Do_Not_Call", 207),
        ("INSERT INTO Do_Not_Call (Phone) VALUES ('123456789012345678901')", 8152),
        ("INSERT INTO ucce_awdb.dbo.t_Campaign (CampaignID) VALUES (1)", 515),
        ("INSERT INTO Do_Not_Call (DoNotCallID) VALUES (1)", 544),
        ("MERGE INTO Do_Not_Call USING Do_Not_Call ON 1 = 1 WHEN MATCHED THEN DELETE", 40517),
        ("SELECT DATEADD(minute, 5, GETDATE())", 40517),
        ("EXEC xp_cmdshell 'dir'", 40517),
        ("DROP TABLE Do_Not_Call", 40517),
        ("DELETE FROM Do_Not_Call; DELETE FROM Do_Not_Call", 40517),
    ],
)
def test_errors_have_sql_servers_numbers_and_what_is_not_known_is_refused(
    cce, driver, statement, number
):
    with connected(cce, driver=driver, autocommit=False) as connection:
        connection.execute("INSERT INTO Do_Not_Call (Phone) VALUES ('1')")
        with pytest.raises(pyodbc.Error, match=rf"\({number}\)"):
            connection.execute(statement)
        # The transaction goes on.
        assert rows(connection, "SELECT Phone FROM Do_Not_Call") == [("1",)]


def test_a_login_names_a_database_that_there_is(cce, driver):
    with pytest.raises(pyodbc.Error, match=r"\(4060\)"), connected(cce, "ucce_hdsB", driver=driver):
        pass


def test_a_connection_that_is_lost_takes_its_transaction_with_it(cce, driver):
    with connected(cce, driver=driver, autocommit=False) as connection:
        connection.execute("INSERT INTO Do_Not_Call (Phone) VALUES ('1')")
        cce.faults({"name": "drop", "verb": "select", "times": 1})
        with pytest.raises(pyodbc.Error):
            connection.execute("SELECT Phone FROM Do_Not_Call")
    with connected(cce, driver=driver) as connection:
        assert rows(connection, "SELECT Phone FROM Do_Not_Call") == []


def test_values_of_all_kinds_arrive(cce, driver):
    with connected(cce, driver=driver) as connection:
        moment = datetime(2026, 11, 28, 12, 30, 15)
        statement = "SELECT CAST(? AS varchar(50)), CAST(? AS int), CAST(? AS datetime)"
        found = connection.execute(statement, "Jürgen", 2**31 - 1, moment).fetchone()
        assert tuple(found) == ("Jürgen", 2**31 - 1, moment)
        assert tuple(connection.execute(statement, None, None, None).fetchone()) == (None,) * 3
        # What the code page does not hold is lost, as in a varchar of SQL Server.
        assert connection.execute(statement, "漢字", 1, moment).fetchone()[0] == "??"


# pushing


def test_a_batch_is_written_as_a_whole_or_not_at_all(cce, client):
    cce.pause()
    batch = [contact(f"t-{n}") for n in range(700)]
    cce.faults({"name": "log_full", "verb": "insert", "times": 2})
    strict = make_cce_client(cce, rows_per_request=1000)
    with pytest.raises(Busy, match="log"):
        strict.push(SALES, "", batch)
    cce.faults()
    assert cce.state()["contacts"][SALES] == {}
    assert len(strict.push(SALES, "", batch).accepted) == 700
    assert cce.state()["contacts"][SALES] == {"P": 700}


def test_no_number_is_cut(cce, client):
    cce.pause()
    too_long = contact("t-1", "+" + "1" * 21)
    assert client.push(SALES, "", [too_long]).refused == {"t-1"}
    assert client.push(SALES, "", [contact("t-2", "1" * 20)]).accepted == {"t-2"}
    assert cce.state()["contacts"][SALES] == {"P": 1}


def test_names_that_do_not_fit_are_cut(cce, client):
    cce.pause()
    client.push(SALES, "", [PushContact("t-1", "+49301", "J" * 80, "Dœ\nJr")])
    with connected(cce) as connection:
        found = rows(connection, "SELECT FirstName, LastName, Phone01 FROM DL_5000_5000")
    assert found == [("J" * 50, "Dœ Jr", "49301")]


def test_a_leading_plus_becomes_what_the_dialer_wants(cce):
    cce.pause()
    make_cce_client(cce, plus="900").push(SALES, "", [contact("t-1", "+49301")])
    with connected(cce) as connection:
        assert rows(connection, "SELECT Phone01 FROM DL_5000_5000") == [("90049301",)]


def test_columns_of_a_new_contact_are_configured(cce):
    cce.pause()
    columns = {"CallStatusZone1": "P", "CallResult": None, "GMTPhone01": 1380}
    make_cce_client(cce, new_row=columns).push(SALES, "", [contact("t-1")])
    asked = "SELECT CallStatusZone1, CallStatusZone2, CallResult, GMTPhone01 FROM DL_5000_5000"
    with connected(cce) as connection:
        assert rows(connection, asked) == [("P", None, None, 1380)]


def test_the_list_is_that_of_the_rule_that_is_on(cce):
    with pytest.raises(NotFound):
        make_cce_client(cce, list_table="Nothing_{campaign}").push(SALES, "", [contact("t-1")])


def test_of_two_rules_one_list_may_be_gone(cce, client):
    cce.pause()
    client.push(SALES, "", [contact("t-1"), contact("t-2")])
    # In the order of the rules: what comes behind a list that is gone is found all the same.
    gone = RuleRow(5000, 9999, "N", 0)
    client._rules = [gone, *client._read_rules()]
    assert client.find(SALES, {"t-1", "t-2", "t-3"}) == {"t-1", "t-2"}
    client.purge(SALES)
    assert client.undialled({"t-1", "t-2"}) == {"t-1", "t-2"}
    assert {each.key for each in client.results("")[0]} == {"t-1", "t-2"}


def test_campaigns_made_over_the_rest_interface_are_another_world(cce, client):
    assert "5003" not in {campaign.key for campaign in client.campaigns()}
    with pytest.raises(NotFound):
        client.push("5003", "", [contact("t-1")])


def test_campaigns_tell_their_skill_groups_and_what_waits(cce, client):
    cce.pause()
    client.push(SALES, "", [contact("t-1"), contact("t-2")])
    sales = next(campaign for campaign in client.campaigns() if campaign.key == SALES)
    assert (sales.groups, sales.pending_contacts) == (("Sales",), 2)


def test_cce_is_configured_with_its_own_tools(client):
    with pytest.raises(Rejected, match="Configuration Manager"):
        client.set_enabled(SALES, False)


def test_a_statement_that_hangs_is_given_up_and_nothing_stays(cce):
    cce.faults({"name": "hang", "verb": "insert", "seconds": 30, "times": 1})
    with pytest.raises(Unreachable):
        make_cce_client(cce, read_timeout=1).push(SALES, "", [contact("t-1")])
    assert cce.state()["contacts"][SALES] == {}


def test_a_machine_that_stood_still_sends_nothing_any_more(cce, client):
    cce.pause()
    moments = iter([0, 10_000])
    late = make_cce_client(cce)
    late._clock = lambda: datetime(2026, 1, 1) + timedelta(seconds=next(moments))
    with pytest.raises(Unreachable, match="too slowly"):
        late.push(SALES, "", [contact("t-1")])
    assert cce.state()["contacts"][SALES] == {}


def test_a_second_side_has_identities_of_its_own(new_database):
    with running_cce(new_database(), side="B") as cce:
        cce.pause()
        make_cce_client(cce, side="B").push(SALES, "", [contact("t-1")])
        with connected(cce, "ucce_baB") as connection:
            [(row_id,)] = rows(connection, "SELECT DialingListID FROM DL_5000_5000")
        assert row_id == -(2**31)


# results


ENDINGS = {
    "4": "12",
    "5": "8",
    "6": "9",
    "7": "7",
    "08": "11",
    "28": "21",
    "38": "16",
    "58": "27",
    "68": "23",
    "78": "24",
}


def test_results_by_the_last_digits_of_the_number(cce, client):
    batch = [contact(f"t-{ending}", f"+49301234500{ending}") for ending in ENDINGS]
    client.push(SALES, "", batch)
    cce.wait_until(lambda: cce.state()["history"] == len(batch))
    results, _mark = client.results("")
    assert {result.key[2:]: result.raw_code for result in results} == ENDINGS
    assert {result.raw_status for result in results} == {"C", "M"}
    assert all(result.final for result in results)


def test_a_wrap_up_and_its_agent_are_told(cce, client):
    client.push(SALES, "", [contact("t-1", "+493018")])
    cce.wait_until(lambda: cce.state()["history"])
    [result] = client.results("")[0]
    assert (result.raw_code, result.wrap_up, result.agent) == ("10", "Do Not Call", "1001")
    assert result.duration_seconds == 60


def test_a_callback_has_its_time_number_and_agent(cce, client):
    client.push(SALES, "", [contact("t-1", "+4930111148")])
    cce.wait_until(lambda: cce.state()["history"])
    promise = client.results("")[0][0]
    assert (promise.raw_code, promise.raw_status, promise.final) == ("14", "B", False)
    assert promise.callback_number == "4930111148"
    assert promise.agent == "1001"
    assert timedelta(0) < promise.callback_at - promise.called_at < timedelta(minutes=2)


def test_numbers_on_cces_own_list_are_not_called(cce, client):
    with connected(cce) as connection:
        connection.execute("INSERT INTO Do_Not_Call (Phone) VALUES ('49301')")
    client.push(SALES, "", [contact("t-1", "+49301")])
    cce.wait_until(lambda: cce.state()["history"])
    [result] = client.results("")[0]
    assert (result.raw_code, result.final) == ("26", True)
    assert cce.dialled() == []


def test_the_dialer_calls_again_by_itself_as_often_as_its_attempts_say(new_database):
    with running_cce(new_database(), tries=2, retry_seconds=60) as cce:
        client = make_cce_client(cce)
        assert {campaign.max_attempts for campaign in client.campaigns()} == {2}
        client.push(SALES, "", [contact("t-1", "+49306")])
        wait_for_calls(cce, 2)
        cce.wait_until(lambda: cce.state()["history"] == 2)
        # Only the last call ends it.
        assert [result.raw_status for result in client.results("")[0]] == ["M"]


def test_after_a_restart_contacts_are_unknown_and_then_pending_again(cce, client):
    client.push(SALES, "", [contact("t-1", "+493099999")])
    cce.wait_until(lambda: len(cce.dialled()) == 1)
    cce.restart()
    assert client.undialled({"t-1"}) == set()
    cce.wait_until(lambda: len(cce.dialled()) == 2)


def test_results_outlive_the_nightly_purge_of_the_lists(cce, client):
    client.push(SALES, "", [contact("t-1")])
    cce.wait_until(lambda: cce.state()["history"])
    with connected(cce) as connection:
        connection.execute(
            "UPDATE DL_5000_5000 SET ImportRuleDate = CAST(? AS datetime)", datetime(2026, 1, 1)
        )
    cce.control("POST", "midnight")
    assert cce.state()["contacts"][SALES] == {}
    assert client.find(SALES, {"t-1"}) == {"t-1"}
    assert [result.key for result in client.results_for(["t-1"])] == ["t-1"]


def test_times_are_those_of_the_controller(new_database):
    with running_cce(new_database(), time_zone="America/New_York") as cce:
        client = make_cce_client(cce)
        before = datetime.now(ZoneInfo("UTC")) - timedelta(seconds=5)
        client.push(SALES, "", [contact("t-1")])
        cce.wait_until(lambda: cce.state()["history"])
        [result] = client.results("")[0]
        assert before < result.called_at < before + timedelta(minutes=5)


def test_nobody_elses_rows_are_told_or_taken_back(cce, client):
    cce.pause()
    with connected(cce) as connection:
        connection.execute(
            "INSERT INTO DL_5000_5000 (AccountNumber, Phone01, CallStatusZone1)"
            " VALUES ('other', '4930', 'P')"
        )
    client.push(SALES, "", [contact("t-1")])
    client.purge(SALES)
    assert cce.state()["contacts"][SALES] == {"C": 1, "P": 1}
    cce.resume()
    cce.wait_until(lambda: cce.state()["history"] == 1)
    assert [result.key for result in client.results("")[0]] == ["t-1"]


# the REST interface


def test_campaigns_made_by_tools_are_not_there_over_rest(cce):
    client = make_rest_client(cce)
    assert {campaign.key for campaign in client.campaigns()} == {BY_API}
    with pytest.raises(NotFound):
        client.push(SALES, "", [contact("t-1")])


def test_a_campaign_is_switched_over_rest(cce):
    client = make_rest_client(cce)
    client.set_enabled(BY_API, False)
    try:
        assert not client.campaigns()[0].enabled
    finally:
        client.set_enabled(BY_API, True)
    assert client.campaigns()[0].enabled


def test_campaigns_tell_over_rest_what_is_open(cce):
    client = make_rest_client(cce)
    client.push(BY_API, "", [contact("t-1")])
    wait_for_calls(cce, 1)
    cce.pause()
    client.push(BY_API, "", [contact("t-2"), contact("t-3")])
    cce.wait_until(lambda: client.campaigns()[0].pending_contacts == 2)
    # Where it is not told, campaigns are listed all the same.
    cce.faults({"name": "drop", "verb": "get"})
    [campaign] = client.campaigns()
    assert (campaign.key, campaign.pending_contacts) == (BY_API, 0)


def push_one_by_one(client, count):
    for number in range(count):
        client.push(BY_API, "", [contact(f"t-{number}")])


def test_the_thirty_first_import_waits(cce):
    cce.pause()
    client = make_rest_client(cce)
    with psycopg2.connect(cce.dsn) as connection, connection.cursor() as cursor:
        # The dialer takes one a round: nobody is faster than the lock.
        cursor.execute("LOCK TABLE ucce_baa.dl_5003_5003 IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Busy, match="503"):
            push_one_by_one(client, 32)
    cce.wait_until(lambda: client.find(BY_API, {"t-0", "t-29"}) == {"t-0", "t-29"})


def test_a_list_of_many_pages_is_read_to_its_end(cce):
    cce.pause()
    client = make_rest_client(cce)
    batch = [contact(f"t-{n}") for n in range(250)]
    client.push(BY_API, "", batch)
    keys = {each.key for each in batch}
    cce.wait_until(lambda: client.find(BY_API, keys | {"t-x"}) == keys)


def test_names_cannot_break_out_of_an_import(cce):
    cce.pause()
    client = make_rest_client(cce)
    client.push(BY_API, "", [PushContact("t-1", "+49301", "A,]]></fileContent>B", 'Q"|&é')])
    cce.wait_until(lambda: client.contacts(BY_API))
    [found] = client.contacts(BY_API)
    assert found.first_name.split() == ["A", "/fileContent", "B"]
    assert found.last_name.split() == ["Q", "&é"]


def test_over_rest_nothing_is_taken_back(cce):
    client = make_rest_client(cce)
    with pytest.raises(Rejected, match="nothing is taken back"):
        client.purge(BY_API)
    assert client.undialled({"t-1"}) == set()


def test_help_tells_every_option():
    command = [sys.executable, "-m", "simulators.cce", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "busy, busy, then voice" in text
    assert "--clock-factor" in text
