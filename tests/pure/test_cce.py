"""CCE's client without its databases: settings, errors of drivers, watermark, what rows tell."""

import sqlite3
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_dialer_cisco.clients import cce_config, cce_connection, cce_results, exceptions
from ecm_dialer_cisco.clients.cce_config import CceConfig, CceRestConfig
from ecm_dialer_cisco.clients.cce_database import DetailRow
from ecm_dialer_cisco.clients.cce_results import CceWatermark

CONFIG = CceConfig("logger", "aw", "obm", "secret")
NOON = datetime(2026, 7, 1, 12)


def row(key=1.0, at=NOON, **values):
    given = {
        "RecoveryKey": key,
        "DateTime": at,
        "TimeZone": -120,
        "CustomerTimeZone": None,
        "DbDateTime": at,
        "CampaignID": 5000,
        "CallResult": 10,
        "CallStatusZone1": "C",
        "Phone": "4930",
        "AccountNumber": "k-1",
        "AgentPeripheralNumber": "1001",
        "CallDuration": 61_999,
        "CallbackPhone": None,
        "CallbackDateTime": None,
        "WrapupData": "Sold ",
    }
    return DetailRow(**{**given, **values})


# settings


@pytest.mark.parametrize(
    "settings",
    [
        {"instance": "ucce;drop"},
        {"detail_table": "a.b"},
        {"list_table": "DL {campaign}"},
        {"list_table": "DL_{0}"},
        {"list_table": "DL_{date}"},
        {"table_prefix": "1_"},
        {"new_row": {"Call Status": 1}},
        {"new_row": {"CallStatus": "it's"}},
        {"side": "C"},
    ],
)
def test_names_that_would_change_a_statement_are_refused(settings):
    with pytest.raises(ValueError, match=r"name of a table|can be set|side is"):
        CceConfig("logger", "aw", "obm", "secret", **settings)


def test_databases_are_named_by_instance_and_side():
    config = CceConfig("logger", "aw", "obm", "secret", instance="rcd", side="B")
    assert config.outbound_database(config.sides[0]) == "rcd_baB"
    assert (config.configuration_database, config.history_database) == ("rcd_awdb", "rcd_hds")
    assert config.list_table_name("5000", "5001") == "DL_5000_5001"


def test_a_password_is_in_no_representation():
    assert "secret" not in repr(CONFIG)


def test_columns_are_read_and_written_alike():
    text = "CallStatusZone1 = P\nCallResult = NULL\nGMTPhone01 = -60"
    columns = cce_config.parse_columns(text)
    assert columns == {"CallStatusZone1": "P", "CallResult": None, "GMTPhone01": -60}
    assert cce_config.dump_columns(columns) == text
    with pytest.raises(ValueError, match="Column = value"):
        cce_config.parse_columns("CallStatusZone1: P")


@pytest.mark.parametrize(
    "line", ["CallStatusZone1: P", "CallResult", "= 1", "Call Status = 1", "1st = 2"]
)
def test_what_sets_no_column_is_refused(line):
    with pytest.raises(ValueError, match="Column = value"):
        cce_config.parse_columns(f"CallResult = 0\n\n{line}")


def test_a_new_contact_is_pending_and_was_never_called():
    assert CONFIG.new_row == {
        "CallStatusZone1": "P",
        "CallStatusZone2": "P",
        "CallResult": 0,
        "CallsMadeToZone1": 0,
        "CallsMadeToZone2": 0,
    }


def test_tables_may_have_no_prefix():
    assert CceConfig("logger", "aw", "obm", "secret", table_prefix="").table_prefix == ""


def test_doubt_lasts_as_long_as_what_was_sent_may_be_on_its_way():
    times = {"connect_timeout": 7, "read_timeout": 11}
    config = CceConfig("logger", "aw", "obm", "secret", **times)
    # Two logins and three statements, and as long as the last one takes.
    assert (config.leave_seconds, config.doubt_seconds) == (47, 58)
    rest = CceRestConfig("cce", "admin", "secret", queue_seconds=100, **times)
    assert rest.doubt_seconds == 118
    config = CceConfig("logger", "aw", "obm", "secret", rest=rest, **times)
    assert config.doubt_seconds == 118


def test_what_is_not_set_is_as_cisco_has_it_and_safe():
    rest = CceRestConfig("cce", "admin", "secret")
    assert rest.node_urls == ["https://cce:443"]
    # CCE gives a hundred contacts a page at most.
    assert (rest.page_rows, rest.verify_tls) == (100, True)
    assert (CONFIG.port, CONFIG.encrypt) == (1433, False)
    # Contacts that were given up after a day may have a result a week later.
    assert (CONFIG.open_horizon, CONFIG.late_horizon) == (86_400, 8 * 86_400)


# connections


def test_each_driver_is_spoken_to_in_its_words():
    freetds = cce_connection.connection_string(CONFIG, "aw", "ucce_hds")
    assert "DRIVER={FreeTDS};SERVER=aw;PORT=1433;" in freetds
    assert "Encryption=request;" in freetds
    microsoft = CceConfig("l", "aw", "u", "a}b;c", driver="ODBC Driver 18 for SQL Server", port=2)
    text = cce_connection.connection_string(microsoft, "aw", "ucce_hds")
    assert "SERVER=aw,2;Encrypt=no;" in text
    assert text.endswith("PWD={a}}b;c};")


def test_a_password_that_freetds_cannot_be_given_is_named_and_not_shown():
    config = CceConfig("l", "aw", "u", "hush}")
    with pytest.raises(exceptions.Unauthorized, match="closing brace") as raised:
        cce_connection.connection_string(config, "aw", "ucce_hds")
    assert "hush" not in str(raised.value)


def test_no_driver_is_told_by_what_to_install():
    assert cce_connection.choose_driver(["PostgreSQL Unicode"]) == ""
    config = CceConfig("l", "aw", "u", "p", driver="")
    with pytest.raises(exceptions.Unreachable, match="tdsodbc"):
        cce_connection.connection_string(config, "aw", "ucce_hds")


def test_the_newest_driver_of_microsoft_is_taken_or_freetds():
    names = [f"ODBC Driver {number} for SQL Server" for number in (9, 18, 17)]
    assert cce_connection.choose_driver(["FreeTDS", *names]) == names[1]
    assert cce_connection.choose_driver(["PostgreSQL", "freetds", "FreeTDS"]) == "freetds"


def test_encryption_is_required_where_it_is_wished():
    freetds = CceConfig("l", "aw", "u", "p", encrypt=True)
    assert "Encryption=require;" in cce_connection.connection_string(freetds, "aw", "d")
    microsoft = CceConfig("l", "aw", "u", "p", encrypt=True, driver="ODBC Driver 18")
    assert ";Encrypt=yes;" in cce_connection.connection_string(microsoft, "aw", "d")


@pytest.mark.parametrize("writes", [True, False])
def test_only_what_writes_is_a_transaction(writes):
    opened = []

    def connect(text, is_each_alone):
        opened.append((text, is_each_alone))
        return sqlite3.connect(":memory:")

    with cce_connection.cursor_of(connect, "DRIVER=x", "hds", str, writes) as cursor:
        assert cursor.execute("SELECT 1").fetchone() == (1,)
    assert opened == [("DRIVER=x", not writes)]


NUMBERS = [
    *((number, "Unauthorized") for number in (229, 230, 262, 300, 916, 4060, 4064)),
    *((number, "Unauthorized") for number in (18452, 18456, 18470, 18486, 18487, 18488)),
    *((number, "NotFound") for number in (208, 2812)),
    *((number, "Busy") for number in (701, 1105, 1204, 1205, 1222, 8645, 9002)),
    (2627, "Rejected"),
]


@pytest.mark.parametrize(("number", "expected"), NUMBERS)
def test_numbers_of_sql_server_go_before_the_state(number, expected):
    error = Exception("42000", f"[42000] text ({number}) (SQLExecDirectW)")
    told = cce_connection.translated(error, "hds", "text")
    assert type(told).__name__ == expected
    if expected != "Busy":
        assert told.code == str(number)


class ErrorWithState(Exception):
    def __init__(self, state):
        super().__init__("text")
        self.state = state


@pytest.mark.parametrize(
    ("error", "expected", "code"),
    [
        (Exception("22001", "no number"), "Rejected", "22001"),
        (Exception("40001", "no number"), "Busy", None),
        (ErrorWithState("23000"), "Rejected", "23000"),
        (Exception("22001 is no state by itself"), "Unreachable", None),
        (Exception(22001), "Unreachable", None),
        (Exception(), "Unreachable", None),
    ],
)
def test_the_state_tells_where_there_is_no_number(error, expected, code):
    told = cce_connection.translated(error, "hds", "text")
    assert (type(told).__name__, getattr(told, "code", None)) == (expected, code)


ERRORS = [
    ("42000", "Login failed for user 'obm'. (18456) (SQLDriverConnect)", "Unauthorized"),
    ("28000", "[Microsoft]Login failed. (18456) (SQLDriverConnect)", "Unauthorized"),
    ("42000", "The SELECT permission was denied. (229) (SQLExecDirectW)", "Unauthorized"),
    ("42S02", "Invalid object name 'DL_1_1'. (208) (SQLExecDirectW)", "NotFound"),
    ("22001", "String or binary data would be truncated. (8152) (SQLExecDirectW)", "Rejected"),
    ("42000", "Invalid column name 'x'. (207) (SQLExecDirectW)", "Rejected"),
    ("23000", "Cannot insert the value NULL. (515) (SQLExecDirectW)", "Rejected"),
    ("40001", "deadlock victim. (1205) (SQLExecDirectW)", "Busy"),
    ("42000", "The transaction log is full. (9002) (SQLExecDirectW)", "Busy"),
    ("08S01", "Unable to connect (20009) (SQLDriverConnect)", "Unreachable"),
    ("HYT00", "Login timeout expired (0) (SQLDriverConnect)", "Unreachable"),
    ("HY000", "The driver did not supply an error!", "Unreachable"),
    ("01000", "Unexpected EOF from the server (20017) (SQLExecDirectW)", "Unreachable"),
]


@pytest.mark.parametrize(("state", "text", "expected"), ERRORS)
def test_errors_of_drivers_say_whether_it_is_worth_trying_again(state, text, expected):
    error = Exception(state, f"[{state}] [FreeTDS][SQL Server]{text}")
    told = cce_connection.translated(error, "ucce_baA", text)
    assert type(told).__name__ == expected
    assert "ucce_baA" in str(told)


# what rows tell


def test_a_row_becomes_a_result():
    [result] = cce_results.tell([row()], (), CONFIG)
    assert (result.final, result.raw_code, result.table) == (True, "10", "Dialer_Detail")
    assert result.called_at == datetime(2026, 7, 1, 10, tzinfo=timezone.utc)
    assert (result.duration_seconds, result.agent, result.wrap_up) == (61, "1001", "Sold")
    assert (result.dialer_campaign_key, result.dialer_ref) == ("5000", "1")


def test_a_row_may_leave_out_what_nobody_needs():
    left_out = ("CampaignID", "CallResult", "Phone", "AgentPeripheralNumber", "WrapupData")
    [result] = cce_results.tell([row(**dict.fromkeys(left_out), CallDuration=None)], (), CONFIG)
    told = (result.dialer_campaign_key, result.raw_code, result.number, result.agent)
    assert (*told, result.wrap_up, result.duration_seconds) == ("", "", "", "", "", 0)
    assert (result.key, result.callback_number, result.raw_status) == ("k-1", "", "C")
    [nobody] = cce_results.tell([row(AccountNumber=None)], (), CONFIG)
    assert nobody.key == ""


def test_what_is_left_of_a_callback_is_not_told_of_another_call():
    [result] = cce_results.tell([row(CallbackPhone="49", CallbackDateTime=NOON)], (), CONFIG)
    assert (result.callback_number, result.callback_at) == ("", None)


@pytest.mark.parametrize(("code", "is_told"), [(14, True), (15, True), (16, False), (10, False)])
def test_callbacks_are_told_by_their_codes(code, is_told):
    rows = [row(CallStatusZone1="B", CallResult=code)]
    assert bool(cce_results.tell(rows, (), CONFIG)) is is_told
    [ended] = cce_results.tell([row(CallResult=code, CallbackPhone=" 49 ")], (), CONFIG)
    assert ended.callback_number == ("49" if is_told else "")


def test_a_time_without_a_zone_is_taken_for_utc():
    assert cce_results.to_utc(NOON, None) == NOON.replace(tzinfo=timezone.utc)
    assert cce_results.to_utc(None, 60) is None


@pytest.mark.parametrize("status", "ARPU")
def test_calls_of_which_more_follow_tell_nothing(status):
    assert cce_results.tell([row(CallStatusZone1=status, CallResult=9)], (), CONFIG) == []


@pytest.mark.parametrize("status", ["C", "M", "D", "F", "J", "L", "X", "?", "", None])
def test_other_letters_are_an_end(status):
    [result] = cce_results.tell([row(CallStatusZone1=status)], (), CONFIG)
    assert result.final


@pytest.mark.parametrize("status", "BS")
def test_a_callback_that_the_dialer_makes_is_no_end(status):
    values = {"CallResult": 14, "CallStatusZone1": status, "CallbackPhone": "49"}
    asked = row(CallbackDateTime=NOON, CustomerTimeZone=300, **values)
    [result] = cce_results.tell([asked], (), CONFIG)
    assert (result.final, result.callback_number, result.agent) == (False, "49", "1001")
    assert result.callback_at == datetime(2026, 7, 1, 17, tzinfo=timezone.utc)


def test_a_callback_that_nobody_makes_is_an_end_with_its_time():
    [result] = cce_results.tell([row(CallResult=14, CallbackDateTime=NOON)], (), CONFIG)
    assert result.final
    assert result.callback_at == datetime(2026, 7, 1, 10, tzinfo=timezone.utc)


def test_what_was_told_is_told_no_more():
    rows = [row(1), row(2), row(2), row(3)]
    told = cce_results.tell(rows, {1}, CONFIG)
    assert [result.dialer_ref for result in told] == ["2", "3"]


# the watermark


class History:
    """Dialer_Detail, and a reader of it."""

    def __init__(self):
        self.rows, self.told, self.watermark = [], [], ""

    def write(self, key, at):
        self.rows.append(row(float(key), at))

    def read(self, now):
        mark = CceWatermark.loads(self.watermark)
        since = mark.begin(now, CONFIG)
        found = [each for each in self.rows if each.DbDateTime >= since]
        for result in cce_results.tell(found, mark.told, CONFIG):
            self.told.append(int(result.dialer_ref))
        self.watermark = mark.following(found, now, CONFIG).dumps()


def test_a_mark_is_read_as_it_was_written():
    for mark in (CceWatermark(), CceWatermark(NOON, frozenset({3, 4}), 17)):
        assert CceWatermark.loads(mark.dumps()) == mark
    assert CceWatermark.loads("") == CceWatermark()
    assert CceWatermark().dumps() == '{"looked_at": 0}'


@pytest.mark.parametrize("text", ['{"at": 5}', '{"told": 5}', '{"looked_at": null}', "[]"])
def test_a_mark_that_cannot_be_read_is_none(text, caplog):
    assert CceWatermark.loads(text) == CceWatermark()
    assert "unreadable" in caplog.text


def test_the_mark_is_at_the_newest_row_and_knows_those_that_are_read_again():
    ages = (301, 300, 0)
    rows = [row(float(key), NOON - timedelta(seconds=age)) for key, age in enumerate(ages)]
    mark = CceWatermark(NOON - timedelta(hours=1), looked_at=9)
    assert mark.following(rows, NOON, CONFIG) == CceWatermark(NOON, frozenset({1, 2}), 9)
    # It never sinks.
    assert CceWatermark(NOON).following(rows[:2], NOON, CONFIG).at == NOON
    # Where nothing was written yet, what is written from now on comes after the beginning.
    assert CceWatermark().following([], NOON, CONFIG).at == NOON - timedelta(days=1)


def test_rows_that_become_visible_late_are_read():
    history = History()
    history.write(2, NOON)
    history.read(NOON)
    history.write(1, NOON - timedelta(seconds=200))
    history.read(NOON + timedelta(seconds=10))
    assert history.told == [2, 1]


def test_no_row_is_lost_when_the_clock_is_set_back():
    history = History()
    history.write(1, datetime(2026, 10, 25, 2, 59, 50))
    history.read(datetime(2026, 10, 25, 2, 59, 55))
    # A second later it is two again.
    history.write(2, datetime(2026, 10, 25, 2, 0, 30))
    history.read(datetime(2026, 10, 25, 2, 0, 40))
    history.write(3, datetime(2026, 10, 25, 2, 20))
    history.read(datetime(2026, 10, 25, 2, 20, 5))
    assert set(history.told) == {1, 2, 3}
    history.write(4, datetime(2026, 10, 25, 3, 10))
    history.read(datetime(2026, 10, 25, 3, 10, 5))
    assert history.told.count(4) == 1


def test_without_a_watermark_reading_begins_where_results_are_awaited_from():
    assert CceWatermark().begin(NOON, CONFIG) == NOON - timedelta(days=1)
    assert CceWatermark.loads("no json").begin(NOON, CONFIG) == NOON - timedelta(days=1)


@given(st.lists(st.tuples(st.integers(0, 90), st.booleans()), max_size=60))
def test_every_row_is_told_once_whatever_the_pauses(steps):
    history, now, key = History(), NOON, 0
    for pause, reads in steps:
        now += timedelta(seconds=pause)
        key += 1
        history.write(key, now)
        if reads:
            history.read(now)
    history.read(now)
    assert sorted(history.told) == list(range(1, key + 1))
