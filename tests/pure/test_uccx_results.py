"""Reading results: what is final, how far the watermark rises, and that nothing is ever passed
over.
"""

import json
import sqlite3
from datetime import datetime, timedelta, timezone

import pytest

from ecm_campaign.tools import odbc
from ecm_dialer_cisco.clients.exceptions import Unreachable
from ecm_dialer_cisco.clients.uccx import UccxClient, UccxConfig
from ecm_dialer_cisco.clients.uccx_database import UccxDatabase

NOW = datetime(2026, 11, 21, 12)
LONG_AGO = NOW - timedelta(hours=3)
COLUMNS = (
    "dialinglistid integer, campaignid integer, accountnumber text, phone01 text, phone02 text, phone03 text,"
    " callstatus integer, callresult integer, lastnumberdialed integer,"
    " callsmadetophone01 integer, callsmadetophone02 integer, callsmadetophone03 integer,"
    " callbacknumber text, callbackdatetime timestamp, createdatetime timestamp, active"
)
SCHEMA = f"""
CREATE TABLE dialinglist ({COLUMNS});
CREATE TABLE dialinglisthistory ({COLUMNS});
CREATE TABLE campaign (campaignid integer, campaigntype integer, dialertype integer);
CREATE TABLE agentconnectiondetail (dialinglistid integer, startdatetime timestamp, talktime integer,
    callwrapupdata text, resourceid integer, profileid integer);
CREATE TABLE contactcalldetail (dialinglistid integer, startdatetime timestamp, connecttime integer);
CREATE TABLE resource (resourceid integer, profileid integer, resourcename text);
INSERT INTO campaign VALUES (1, 1, 3), (1, 1, 3), (2, 0, 1), (3, 1, 0);
INSERT INTO resource VALUES (7, 1, 'Ann Agent');
"""
IVR, AGENT, PREVIEW = 2, 1, 3
PENDING, ACTIVE, CLOSED, CALLBACK, MAX_CALLS = 1, 2, 3, 4, 5


class Uccx:
    """A database like db_cra's in SQLite, which also has ``qmark`` parameters, and a client that
    reads it.
    """

    def __init__(self, path, **settings):
        self.path = path
        self.now = NOW
        self.connection = self.connect()
        self.connection.executescript(SCHEMA)
        config = UccxConfig(
            ("a",), "u", "p", key_prefixes=("e-", "before-"), page_rows=2, **settings
        )
        self.client = UccxClient(
            config, clock=lambda: self.now.replace(tzinfo=timezone.utc), connect=self.connect
        )
        self.watermark = ""

    def connect(self):
        connection = sqlite3.connect(self.path, detect_types=sqlite3.PARSE_DECLTYPES)
        # Nobody needs what it holds after a crash.
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def run(self, statement, *parameters):
        self.connection.execute(statement, parameters)
        self.connection.commit()

    def add(
        self,
        key,
        status,
        result=1,
        campaign=IVR,
        created=LONG_AGO,
        table="dialinglist",
        account=None,
        active="t",
    ):
        row = (
            key,
            campaign,
            account or f"e-{key}",
            "+491",
            "+492",
            None,
            status,
            result,
            1,
            1,
            0,
            None,
            None,
            None,
            created,
            active,
        )
        self.run(f"INSERT INTO {table} VALUES ({','.join('?' * 16)})", *row)

    def set(self, key, **values):
        for name, value in values.items():
            self.run(f"UPDATE dialinglist SET {name} = ? WHERE dialinglistid = ?", value, key)

    def add_agent_record(self, key, talk=42):
        self.run("INSERT INTO agentconnectiondetail VALUES (?, ?, ?, 'Sale', 7, 1)", key, NOW, talk)

    def poll(self):
        results, self.watermark = self.client.results(self.watermark)
        return [int(result.dialer_ref) for result in results]

    @property
    def mark(self):
        return json.loads(self.watermark)

    @property
    def low(self):
        return self.mark["low"]


@pytest.fixture
def uccx(tmp_path):
    return Uccx(tmp_path / "db_cra")


def test_final_rows_of_both_tables_come_once(uccx):
    uccx.add(1, CLOSED)
    uccx.add(2, MAX_CALLS, 11)
    uccx.add(2, MAX_CALLS, 11, table="dialinglisthistory")
    uccx.add(3, CLOSED, table="dialinglisthistory")
    assert uccx.poll() == [1, 2, 3]
    assert uccx.low == 3
    assert uccx.poll() == []


def test_rows_of_others_are_ignored(uccx):
    uccx.add(1, CLOSED, account="their-1")
    uccx.add(2, CLOSED, account="E-2")
    assert uccx.poll() == []


def test_a_row_without_a_result_is_remembered_and_the_mark_rises(uccx):
    for key, status in ((1, CLOSED), (2, ACTIVE), (3, CLOSED), (4, PENDING)):
        uccx.add(key, status)
    assert uccx.poll() == [1, 3]
    assert (uccx.low, uccx.mark["waiting"]) == (4, "2,4")
    assert uccx.poll() == []
    uccx.set(2, callstatus=CLOSED)
    assert uccx.poll() == [2]
    uccx.set(4, callstatus=MAX_CALLS)
    assert uccx.poll() == [4]
    assert "waiting" not in uccx.mark


def test_nothing_but_what_waits_is_read_again(uccx, monkeypatch):
    uccx.add(1, PENDING)
    for key in range(2, 30):
        uccx.add(key, CLOSED)
    assert len(uccx.poll()) == 28
    read, asked = [], []
    monkeypatch.setattr(UccxDatabase, "details", lambda *_self: asked.append(1) or {})
    select = UccxDatabase._select

    def note(*arguments):
        rows = list(select(*arguments))
        read.extend(rows)
        return iter(rows)

    monkeypatch.setattr(UccxDatabase, "_select", note)
    assert uccx.poll() == []
    assert (read, asked) == ([], [])
    uccx.set(1, callstatus=CLOSED)
    assert uccx.poll() == [1]
    assert (len(asked), [row[0] for row in read]) == (1, [1, 1, 1, 3])


def test_what_waits_in_many_places_is_read_by_few_ranges(uccx):
    for key in range(1, 351):
        uccx.add(key, PENDING if key % 3 else CLOSED)
    assert len(uccx.poll()) == 116
    uccx.set(320, callstatus=CLOSED)
    uccx.set(2, callstatus=CLOSED)
    assert uccx.poll() == [2, 320]
    assert uccx.poll() == []


def test_a_row_that_moves_to_history_is_not_lost(uccx):
    uccx.add(1, ACTIVE)
    uccx.add(2, CLOSED)
    uccx.poll()
    uccx.run("DELETE FROM dialinglist")
    uccx.add(1, CLOSED, table="dialinglisthistory")
    assert uccx.poll() == [1]


def test_rows_that_appear_late_below_others_are_not_passed_over(uccx):
    uccx.add(5, CLOSED, created=NOW - timedelta(seconds=10))
    assert uccx.poll() == [5]
    uccx.add(4, CLOSED, created=NOW - timedelta(seconds=20))
    uccx.add(6, CLOSED, created=NOW)
    assert uccx.poll() == [4, 6]
    assert uccx.poll() == []


def test_rows_that_appear_between_those_that_were_read_are_told(uccx):
    uccx.add(5, CLOSED, created=NOW - timedelta(seconds=30))
    uccx.add(7, CLOSED, created=NOW)
    uccx.poll()
    uccx.add(6, CLOSED, created=NOW - timedelta(seconds=15))
    assert uccx.poll() == [6]


def test_what_was_told_is_not_told_again_though_more_is_read_than_was_asked_for(uccx):
    told = list(range(1, 260, 2))
    for key in told:
        uccx.add(key, CLOSED, created=NOW)
    assert uccx.poll() == told
    uccx.add(8, CLOSED, created=NOW)
    assert uccx.poll() == [8]


def test_what_lies_below_the_mark_is_no_longer_remembered_as_told(uccx):
    uccx.add(1, CLOSED)
    uccx.add(2, CLOSED, created=NOW)
    assert uccx.poll() == [1, 2]
    assert (uccx.low, uccx.mark["told"]) == (1, "2")


def test_only_what_has_something_to_tell_is_looked_up_with_its_details(uccx, monkeypatch):
    asked = []
    monkeypatch.setattr(UccxDatabase, "details", lambda *values: asked.append(values[2]) or {})
    uccx.add(1, PENDING)
    assert uccx.poll() == []
    assert asked == []
    uccx.add(2, CALLBACK, 8)
    uccx.add(3, PENDING)
    assert uccx.poll() == [2]
    assert [row.id for row in asked[0]] == [2]


@pytest.mark.parametrize(("first", "second"), [(CLOSED, PENDING), (PENDING, CLOSED)])
def test_of_two_copies_of_a_row_the_one_with_a_result_counts(uccx, first, second):
    uccx.add(1, first)
    uccx.add(1, second, table="dialinglisthistory")
    assert uccx.poll() == [1]


@pytest.mark.parametrize(
    ("last", "third", "number"),
    [
        (2, "+493", "+492"),
        (3, "+493", "+493"),
        (3, None, "+491"),
        (0, "+493", "+491"),
        (4, "+493", "+491"),
    ],
)
def test_the_number_is_the_one_that_was_dialled_last(uccx, last, third, number):
    uccx.add(1, CLOSED)
    uccx.set(1, lastnumberdialed=last, phone03=third)
    (result,) = uccx.client.results("")[0]
    assert result.number == number


@pytest.mark.parametrize("active", [True, 1, "1", "t", "T", "true"])
def test_whatever_a_driver_makes_of_yes_a_contact_waits(uccx, active):
    uccx.add(1, PENDING, 0, active=active)
    uccx.poll()
    assert uccx.mark["waiting"] == "1"


@pytest.mark.parametrize("active", [False, 0, "0", "f", "F", None])
def test_whatever_a_driver_makes_of_no_a_contact_was_deleted(uccx, active):
    uccx.add(1, PENDING, 0, active=active)
    uccx.poll()
    assert "waiting" not in uccx.mark


@pytest.mark.parametrize("account", ["", " ", None])
def test_a_row_without_a_key_is_nobodys(uccx, account):
    client = UccxClient(UccxConfig(("a",), "u", "p"), connect=uccx.connect)
    uccx.add(1, CLOSED)
    uccx.run("UPDATE dialinglist SET accountnumber = ?", account)
    assert client.results("")[0] == []


def test_contacts_of_a_campaign_are_counted_in_both_tables(uccx):
    uccx.add(1, PENDING, created=NOW)
    uccx.add(1, PENDING, created=NOW, table="dialinglisthistory")
    uccx.add(2, CLOSED, created=NOW + timedelta(seconds=60), table="dialinglisthistory")
    uccx.add(3, PENDING, created=NOW + timedelta(seconds=61))
    uccx.add(4, PENDING, created=NOW - timedelta(seconds=1))
    uccx.add(5, PENDING, created=NOW, campaign=AGENT)
    database = uccx.client._database
    with database.cursor() as cursor:
        assert database.count_since(cursor, IVR, NOW, NOW) == (3, 1)


def test_rows_without_a_result_are_remembered_only_for_the_horizon(uccx):
    uccx.add(1, ACTIVE)
    uccx.add(2, CLOSED)
    uccx.poll()
    assert uccx.mark["waiting"] == "1"
    uccx.now += timedelta(days=2)
    uccx.poll()
    assert "waiting" not in uccx.mark
    uccx.set(1, callstatus=CLOSED)
    assert uccx.poll() == []
    assert [result.key for result in uccx.client.results_for(["e-1", "e-9"])] == ["e-1"]


def test_whoever_asks_by_key_is_told_of_callbacks_and_of_what_was_never_called(uccx):
    uccx.add(1, CLOSED, campaign=AGENT)
    uccx.add_agent_record(1)
    uccx.add(2, CALLBACK, 8)
    uccx.add(3, PENDING, active="f")
    uccx.set(3, **UNCALLED)
    uccx.add(4, PENDING)
    told = uccx.client.results_for(["e-1", "e-2", "e-3", "e-4"])
    assert [(result.key, result.agent, result.undialled) for result in told] == [
        ("e-1", "Ann Agent", False),
        ("e-2", "", False),
        ("e-3", "", True),
    ]


def test_rows_that_are_gone_are_forgotten(uccx):
    uccx.add(1, ACTIVE)
    uccx.add(2, ACTIVE)
    uccx.poll()
    uccx.run("DELETE FROM dialinglist WHERE dialinglistid = 1")
    uccx.now += timedelta(hours=1)
    uccx.poll()
    assert uccx.mark["waiting"] == "2"


def test_deleted_waiting_rows_are_forgotten_but_calls_in_progress_are_not(uccx):
    uccx.add(1, PENDING, 0, active="f")
    uccx.add(2, CLOSED)
    uccx.add(3, ACTIVE, active="f")
    uccx.add(4, CLOSED)
    assert uccx.poll() == [2, 4]
    assert uccx.mark["waiting"] == "3"


def test_an_answered_agent_call_waits_for_the_agents_record(uccx):
    uccx.add(1, CLOSED, campaign=AGENT)
    uccx.add(2, CLOSED, 4, campaign=AGENT)
    uccx.add(3, CLOSED, campaign=IVR)
    assert uccx.poll() == [2, 3]
    uccx.set(1, callstatus=6, callresult=11)
    assert uccx.poll() == []
    uccx.set(1, callstatus=CLOSED, callresult=1)
    assert uccx.poll() == []
    uccx.add_agent_record(1)
    assert uccx.poll() == [1]
    assert "waiting" not in uccx.mark


def test_what_the_agent_says_between_the_two_readings_counts(uccx, monkeypatch):
    uccx.add(1, CLOSED, result=1, campaign=AGENT)
    read_details = UccxDatabase.details

    def classify_then_read(database, cursor, rows):
        uccx.set(1, callresult=11, callstatus=MAX_CALLS)
        uccx.add_agent_record(1)
        return read_details(database, cursor, rows)

    monkeypatch.setattr(UccxDatabase, "details", classify_then_read)
    [result], _watermark = uccx.client.results("")
    assert (result.raw_code, result.agent) == ("11", "Ann Agent")


def test_it_does_not_wait_for_ever(uccx):
    uccx.add(1, CLOSED, campaign=AGENT)
    assert uccx.poll() == []
    uccx.now += timedelta(minutes=15)
    assert uccx.poll() == [1]
    assert "awaiting_agent" not in uccx.mark
    assert uccx.poll() == []


def test_a_preview_is_waited_for_for_hours(uccx):
    uccx.add(1, CLOSED, campaign=PREVIEW)
    assert uccx.poll() == []
    uccx.now += timedelta(hours=3)
    assert uccx.poll() == []
    uccx.set(1, callresult=5)
    uccx.add_agent_record(1)
    assert [result.raw_code for result in uccx.client.results(uccx.watermark)[0]] == ["5"]
    uccx.set(1, callresult=1)
    uccx.run("DELETE FROM agentconnectiondetail")
    uccx.now += timedelta(hours=2)
    assert uccx.poll() == [1]


@pytest.mark.parametrize("code", [1, 5])
def test_what_the_agent_says_after_all_patience_is_told_once_more(uccx, code):
    uccx.add(1, CLOSED, campaign=PREVIEW, created=NOW)
    uccx.poll()
    uccx.now += timedelta(hours=5)
    (told,), uccx.watermark = uccx.client.results(uccx.watermark)
    assert not told.corrects
    uccx.now += timedelta(hours=1)
    assert uccx.poll() == []
    uccx.set(1, callresult=code)
    uccx.add_agent_record(1)
    uccx.now += timedelta(hours=1)
    (told,), uccx.watermark = uccx.client.results(uccx.watermark)
    assert (told.raw_code, told.agent, told.wrap_up) == (str(code), "Ann Agent", "Sale")
    assert told.corrects
    uccx.now += timedelta(hours=1)
    assert uccx.poll() == []


def test_what_was_told_without_an_agent_is_not_waited_for_for_ever(uccx):
    uccx.add(1, CLOSED, campaign=AGENT, created=NOW)
    uccx.poll()
    uccx.now += timedelta(hours=1)
    assert uccx.poll() == [1]
    assert uccx.mark["unattended"] == "1"
    for _hour in range(5):
        uccx.now += timedelta(hours=1)
        assert uccx.poll() == []
    uccx.now += timedelta(days=1)
    assert uccx.poll() == []
    assert "unattended" not in uccx.mark


def test_an_answered_call_of_a_contact_that_waited_for_days_is_told(uccx):
    uccx.add(1, PENDING, campaign=AGENT, created=NOW - timedelta(hours=23))
    uccx.poll()
    uccx.set(1, callstatus=CLOSED)
    uccx.now += timedelta(minutes=50)
    assert uccx.poll() == []
    # Its day is over, and its agent may still be talking.
    uccx.now += timedelta(minutes=12)
    assert uccx.poll() == []
    uccx.now += timedelta(minutes=4)
    assert uccx.poll() == [1]


def test_details_of_agent_and_ivr_calls(uccx):
    uccx.add(1, CLOSED, campaign=AGENT)
    uccx.add_agent_record(1)
    uccx.run("INSERT INTO contactcalldetail VALUES (1, ?, 99), (2, ?, 17)", NOW, NOW)
    uccx.add(2, CLOSED)
    agent, ivr = uccx.client.results("")[0]
    assert (agent.agent, agent.duration_seconds, agent.wrap_up) == ("Ann Agent", 42, "Sale")
    assert (ivr.agent, ivr.duration_seconds) == ("", 17)
    assert agent.called_at == ivr.called_at == NOW.replace(tzinfo=timezone.utc)


def test_details_are_looked_for_since_the_oldest_contact_that_says_its_age(uccx):
    uccx.add(1, CLOSED, campaign=AGENT, created=NOW - timedelta(hours=1))
    uccx.add(2, CLOSED, created=NOW + timedelta(hours=1))
    uccx.add(3, CLOSED, created=None)
    uccx.add_agent_record(1)
    agents = [result.agent for result in uccx.client.results("")[0]]
    assert agents == ["Ann Agent", "", ""]


def test_a_call_without_details_has_no_length(uccx):
    uccx.add(1, CLOSED)
    (result,) = uccx.client.results("")[0]
    assert (result.duration_seconds, result.called_at, result.agent) == (0, None, "")


def test_what_is_left_of_a_callback_that_is_over_is_not_told(uccx):
    uccx.add(1, CLOSED)
    uccx.set(1, callbackdatetime=NOW, callbacknumber="+499")
    (result,) = uccx.client.results("")[0]
    assert (result.callback_at, result.callback_number) == (None, "")


def test_the_result_names_number_codes_and_code_table(uccx):
    uccx.add(1, MAX_CALLS, 15)
    uccx.set(1, lastnumberdialed=2)
    (result,) = uccx.client.results("")[0]
    assert (result.key, result.dialer_campaign_key, result.dialer_ref) == ("e-1", "2", "1")
    assert (result.table, result.raw_status, result.raw_code, result.final) == (
        "DialingList",
        "5",
        "15",
        True,
    )
    assert result.number == "+492"


def test_callbacks_are_told_and_not_final(uccx):
    uccx.add(1, CALLBACK, 8)
    uccx.set(1, callbackdatetime=NOW, callbacknumber="+499")
    (result,) = uccx.client.results("")[0]
    assert (result.final, result.callback_number) == (False, "+499")
    assert result.callback_at == NOW.replace(tzinfo=timezone.utc)


def test_a_callback_is_told_once_and_when_it_is_moved(uccx):
    uccx.add(1, CALLBACK, 8)
    uccx.set(1, callbackdatetime=NOW, callbacknumber="+499")
    assert uccx.poll() == [1]
    assert uccx.poll() == []
    uccx.set(1, callbackdatetime=NOW + timedelta(days=1))
    uccx.add_agent_record(1)
    (moved,), uccx.watermark = uccx.client.results(uccx.watermark)
    assert (moved.dialer_ref, moved.agent) == ("1", "Ann Agent")
    assert uccx.poll() == []
    uccx.set(1, callstatus=CLOSED, callresult=1)
    assert uccx.poll() == [1]


def test_a_callback_is_remembered_until_after_its_time(uccx):
    uccx.add(1, CALLBACK, 8)
    uccx.set(1, callbackdatetime=NOW + timedelta(days=7), callbacknumber="+499")
    assert uccx.poll() == [1]
    uccx.now += timedelta(days=7, hours=12)
    assert uccx.poll() == []
    uccx.set(1, callstatus=CLOSED, callresult=1)
    assert uccx.poll() == [1]


def test_a_callback_that_was_deleted_at_the_dialer_is_ours_to_make(uccx):
    uccx.add(1, CALLBACK, 8)
    uccx.set(1, callbackdatetime=NOW, callbacknumber="+499")
    uccx.poll()
    uccx.set(1, active="f")
    (told,), _watermark = uccx.client.results(uccx.watermark)
    assert (told.final, told.raw_code, told.callback_number) == (True, "8", "+499")


class OdbcError(Exception):
    """The state is the first argument."""


class PsycopgError(Exception):
    sqlstate = "42501"


class OldPsycopgError(Exception):
    pgcode = "42501"


def refuse_details(uccx, error):
    def read(*_arguments):
        raise error

    uccx.client._database._read_details = read


@pytest.mark.parametrize(
    "error", [OdbcError("42000", "-272"), PsycopgError("-272"), OldPsycopgError("-272")]
)
def test_missing_rights_on_details_cost_only_the_details(tmp_path, caplog, error):
    uccx = Uccx(tmp_path / "db_cra")
    uccx.add(1, CLOSED, campaign=AGENT)
    refuse_details(uccx, error)
    assert uccx.poll() == [1]
    uccx.poll()
    assert len([record for record in caplog.records if "without agent" in record.message]) == 1


def test_a_lost_connection_while_reading_details_is_no_missing_right(uccx):
    uccx.add(1, CLOSED, campaign=AGENT)
    uccx.run("DROP TABLE agentconnectiondetail")
    with pytest.raises(Unreachable):
        uccx.poll()


@pytest.mark.parametrize(
    ("error", "text"), [(OdbcError(), "read: $"), (OdbcError("08S01", "gone"), "gone")]
)
def test_what_is_no_refusal_of_details_is_an_error(uccx, error, text):
    uccx.add(1, CLOSED)
    refuse_details(uccx, error)
    with pytest.raises(Unreachable, match=text):
        uccx.poll()


def test_details_can_be_switched_off(tmp_path):
    uccx = Uccx(tmp_path / "db_cra", with_call_details=False)
    uccx.run("DROP TABLE agentconnectiondetail")
    uccx.add(1, CLOSED, campaign=AGENT)
    assert uccx.poll() == [1]


@pytest.mark.parametrize("watermark", ["x", "[]", '{"low": null}', '{"awaiting_agent": 1}', "5"])
def test_an_unreadable_watermark_begins_at_the_beginning(uccx, watermark):
    uccx.add(1, CLOSED)
    results, _watermark = uccx.client.results(watermark)
    assert len(results) == 1


def test_keys_of_a_prefix_that_was_renewed_stay_ours(uccx):
    uccx.add(1, CLOSED, account="before-1")
    uccx.add(2, CLOSED, account="other-1")
    uccx.add(3, CLOSED)
    assert uccx.poll() == [1, 3]


def test_many_keys_are_asked_in_pieces(uccx):
    uccx.add(1, CLOSED, account="e-1999")
    assert uccx.client._database.known({f"e-{number}" for number in range(2000)}) == {"e-1999"}


def test_results_need_a_database():
    with pytest.raises(Unreachable, match="none is configured"):
        UccxClient(UccxConfig(("a",), "u", "p")).results("")


def test_database_errors_hide_secrets(uccx):
    def connect():
        raise OSError("DSN=x;UID=u;PWD={s3}}cret};HOST=h failed")

    client = UccxClient(UccxConfig(("a",), "u", "p"), connect=connect, error_text=odbc.error_text)
    with pytest.raises(Unreachable) as raised:
        client.results("")
    assert "s3" not in str(raised.value)
    assert odbc.mask_secrets("pwd=abc;Password = d;X=1") == "pwd=***;Password=***;X=1"


UNCALLED = {
    "callresult": 0,
    "lastnumberdialed": 0,
    "callsmadetophone01": 0,
    "callsmadetophone02": 0,
    "callsmadetophone03": 0,
}


@pytest.mark.parametrize("column", UNCALLED)
def test_a_deleted_contact_with_any_trace_of_a_call_was_dialled(uccx, column):
    uccx.add(1, PENDING, active="f")
    uccx.set(1, **UNCALLED)
    assert uccx.client.undialled({"e-1"}) == {"e-1"}
    uccx.set(1, **{column: 1})
    assert uccx.client.undialled({"e-1"}) == set()


def test_results_tell_what_was_deleted_before_it_was_called(uccx):
    uccx.add(1, PENDING)
    uccx.set(1, **UNCALLED)
    assert uccx.poll() == []
    uccx.set(1, active="f")
    (told,), _watermark = uccx.client.results(uccx.watermark)
    assert (told.key, told.undialled, told.final) == ("e-1", True, False)
    assert uccx.client._database.known({"e-1"}) == set()


@pytest.mark.parametrize("absent", [None, -1])
def test_columns_without_a_value_tell_of_no_call(uccx, absent):
    uccx.add(1, PENDING, active="f")
    uccx.set(1, **dict.fromkeys(UNCALLED, absent))
    assert uccx.client.undialled({"e-1"}) == {"e-1"}


def test_a_key_that_was_called_once_is_not_undialled(uccx):
    uccx.add(1, PENDING, active="f")
    uccx.set(1, **UNCALLED)
    uccx.add(2, CLOSED, account="e-1")
    assert uccx.client.undialled({"e-1"}) == set()
