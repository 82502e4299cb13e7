"""CCE's client without its databases: settings, errors of drivers, watermark, what rows tell."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecm_dialer_cisco.clients import cce_config, cce_connection, cce_results, exceptions
from ecm_dialer_cisco.clients.cce_config import CceConfig
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
    assert config.outbound_database == "rcd_baB"
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
