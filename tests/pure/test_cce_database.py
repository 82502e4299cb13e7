"""The statements that CCE's databases get: in which pieces, for whom, and what of the answers counts.

SQL Server ignores case and knows wildcards, so what comes back is looked at once more.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ecm_dialer_cisco.clients import cce_database
from ecm_dialer_cisco.clients.base import PersonalCallback, PushContact
from ecm_dialer_cisco.clients.cce_config import CceConfig, CceRestConfig
from ecm_dialer_cisco.clients.cce_database import (
    AgentRow,
    CceDatabase,
    DetailRow,
    FinishedRow,
    UncalledRow,
)

NOON = datetime(2026, 7, 1, 12)


class Cursor:
    """Notes statements; answers each with its rows, by pages."""

    def __init__(self, *answers):
        self.answers, self.asked, self.pages = list(answers), [], []
        self.rowcount = 0

    def execute(self, statement, parameters=()):
        self.asked.append((statement, tuple(parameters)))
        self.rows = list(self.answers.pop(0)) if self.answers else []
        self.rowcount = len(self.rows)

    def fetchmany(self, count):
        page, self.rows = self.rows[:count], self.rows[count:]
        self.pages.append(len(page))
        return page

    def fetchone(self):
        return self.rows[0]


def make_database(**settings):
    config = CceConfig("logger", "aw", "obm", "secret", key_prefixes=("k-",), **settings)
    return CceDatabase(config, connect=None)


def contacts(count):
    return [PushContact(f"k-{number}", f"49{number}", "Jo", "Doe") for number in range(count)]


class PlainCursor(Cursor):
    """What FreeTDS can do: it ends the process where many rows are bound at once."""

    def __setattr__(self, name, value):
        assert name != "fast_executemany"
        super().__setattr__(name, value)


def test_freetds_is_never_told_to_bind_many_rows_at_once():
    cursor, agents = PlainCursor(), {"1001": AgentRow("1001", 6001, 5000)}
    database = make_database(driver="FreeTDS", personal_table="PCB")
    promise = PersonalCallback("1001", NOON)
    database.insert(cursor, "DL_1_1", contacts(3))
    personal = [replace(contact, callback=promise) for contact in contacts(2)]
    database.insert_personal(cursor, 1, personal, agents, lambda moment: moment)
    database.add_listed(cursor, {"4930", "4931"})
    assert [len(parameters) for _statement, parameters in cursor.asked] == [12, 16, 2]


# -- connections ------------------------------------------------------------------------------------


def test_each_database_is_reached_at_its_host():
    opened = []

    class Connection(Cursor):
        def cursor(self):
            return self

        def close(self):
            pass

    def connect(text, autocommit):
        opened.append((text, autocommit))
        return Connection()

    config = CceConfig("logger", "aw", "obm", "secret", instance="rcd")
    database = CceDatabase(config, connect)
    places = []
    for open_cursor in (
        database.configuration,
        database.history,
        database.outbound,
        lambda: database.outbound(writes=True),
    ):
        with open_cursor():
            text, autocommit = opened[-1]
            server = text.partition("SERVER=")[2].partition(";")[0]
            name = text.partition("DATABASE=")[2].partition(";")[0]
            places.append((server, name, autocommit))
    assert places == [
        ("aw", "rcd_awdb", True),
        ("aw", "rcd_hds", True),
        ("logger", "rcd_baA", True),
        ("logger", "rcd_baA", False),
    ]


# -- configuration ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("rest", "by_api"), [(None, "N"), (CceRestConfig("cce", "a", "b"), "Y")])
def test_campaigns_are_those_that_are_fed_the_same_way(rest, by_api):
    database = make_database(rest=rest, table_prefix="x_")
    campaign = (1, "Sales", None, 0, "Y", 3, 8, 0, 20, 0, None)
    cursor = Cursor([campaign], [(1, 2, "Agents")], [(1, 7, "Y", 1)])
    assert [each.name for each in database.campaigns(cursor)] == ["Sales"]
    assert [each.name for each in database.groups(cursor)] == ["Agents"]
    assert [each.rule_id for each in database.rules(cursor)] == [7]
    statements = [statement for statement, _parameters in cursor.asked]
    assert f"FROM x_Campaign WHERE Deleted = 'N' AND APIGenerated = '{by_api}'" in statements[0]
    assert "FROM x_Campaign_Skill_Group g JOIN x_Skill_Group s" in statements[1]
    assert f"c.APIGenerated = '{by_api}'" in statements[2]


def test_rows_are_fetched_page_by_page_until_there_are_none():
    cursor = Cursor([(1, 2, f"Group {number}") for number in range(5)])
    assert len(make_database(page_rows=2).groups(cursor)) == 5
    assert cursor.pages == [2, 2, 1, 0]


# -- dialing lists ----------------------------------------------------------------------------------


def test_a_contact_is_written_with_its_texts_and_what_a_new_one_has():
    cursor = Cursor()
    database = make_database(new_row={"CallStatusZone1": "P", "CallResult": 0, "Other": None})
    database.insert(cursor, "DL_1_2", contacts(2))
    ((statement, parameters),) = cursor.asked
    assert statement == (
        "INSERT INTO [DL_1_2] (AccountNumber, FirstName, LastName, Phone01, CallStatusZone1,"
        " CallResult, Other, ImportRuleDate) VALUES (CAST(? AS varchar(30)), CAST(? AS varchar(50)),"
        " CAST(? AS varchar(50)), CAST(? AS varchar(20)), 'P', 0, NULL, GETDATE()),"
        " (CAST(? AS varchar(30)), CAST(? AS varchar(50)), CAST(? AS varchar(50)),"
        " CAST(? AS varchar(20)), 'P', 0, NULL, GETDATE())"
    )
    assert parameters == ("k-0", "Jo", "Doe", "490", "k-1", "Jo", "Doe", "491")


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (522, [522]), (523, [522, 1]),
                                              (1045, [522, 522, 1])])  # fmt: skip
def test_no_statement_has_more_parameters_than_sql_server_takes(count, sizes):
    cursor = Cursor()
    make_database().insert(cursor, "DL", contacts(count))
    # Four parameters each, of which SQL Server takes fewer than 2,100.
    assert [len(parameters) // 4 for _statement, parameters in cursor.asked] == sizes
    told = [key for _statement, parameters in cursor.asked for key in parameters[::4]]
    assert told == [contact.key for contact in contacts(count)]


def test_no_statement_has_more_rows_than_sql_server_takes(monkeypatch):
    monkeypatch.setattr(cce_database, "ROWS_PER_STATEMENT", 2)
    cursor = Cursor()
    make_database().insert(cursor, "DL", contacts(3))
    assert [statement.count("GETDATE()") for statement, _parameters in cursor.asked] == [2, 1]


def test_only_our_contacts_are_closed_and_told():
    cursor = Cursor([], [(1, "k-1", "491"), (2, "K-2", "492"), (3, "", None), (4, "kx", "1")])
    database = make_database()
    database.close_pending(cursor, "DL")
    assert database.uncalled(cursor, "DL") == [UncalledRow(1, "k-1", "491")]
    (closing, closed), (_asking, asked) = cursor.asked
    assert closed == asked == ("k-%",)
    assert closing.startswith("UPDATE [DL] SET CallStatusZone1 = 'C', CallStatusZone2 = 'C'")
    assert closing.endswith("AND (AccountNumber LIKE CAST(? AS varchar(30)))")
    assert "CallStatusZone1 = 'P' AND COALESCE(CallResult, 0) = 0" in closing


def test_several_prefixes_are_ours():
    config = CceConfig("logger", "aw", "obm", "secret", key_prefixes=("a-", "b-"))
    database, cursor = CceDatabase(config, None), Cursor([(1, "b-1", 0), (2, "c-1", 0)])
    assert database.finished(cursor, "DL") == [FinishedRow(1, "b-1", 0)]
    ((statement, parameters),) = cursor.asked
    assert statement.count(" OR AccountNumber LIKE") == 1
    assert parameters == ("a-%", "b-%")
    assert [database.is_ours(key) for key in ("a-1", "b-", "A-1", "", None)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_finished_contacts_are_deleted_by_row_and_key():
    database, cursor = make_database(), Cursor([1, 2])
    assert database.delete_finished(cursor, "DL", {7: "k-7", 8: "k-8"}) == 2
    ((statement, parameters),) = cursor.asked
    statuses = ", ".join(f"'{status}'" for status in database._config.finished_statuses)
    assert f"CallStatusZone1 IN ({statuses})" in statement
    assert "DialingListID IN (?, ?)" in statement
    assert "AccountNumber IN (CAST(? AS varchar(30)), CAST(? AS varchar(30)))" in statement
    assert parameters == (7, 8, "k-7", "k-8")


def test_a_key_that_stands_there_twice_was_called_if_one_of_its_rows_was():
    rows = [("k-1", 1), ("k-1", 0), ("k-2", 0), ("k-2", 1), ("k-3", 1), ("k-3", 1), ("K-4", 1)]
    found = make_database().known(Cursor(rows), "DL", ["k-1", "k-2", "k-3", "k-4"])
    assert found == {"k-1": False, "k-2": False, "k-3": True}


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (500, [500]), (501, [500, 1])])
def test_keys_are_asked_for_in_pieces_and_in_order(count, sizes):
    cursor, keys = Cursor(), {f"k-{number:04d}" for number in range(count)}
    make_database().known(cursor, "DL", keys)
    assert [len(parameters) for _statement, parameters in cursor.asked] == sizes
    told = [key for _statement, parameters in cursor.asked for key in parameters]
    assert told == sorted(keys)


def test_contacts_of_a_status_are_listed_and_those_that_wait_are_counted():
    database = make_database()
    cursor = Cursor([("k-1", "Jo", None, "491", "P", 0)], [(42,)], [(NOON,)])
    (waiting,) = database.waiting(cursor, "DL", "P")
    assert (waiting.key, waiting.phone) == ("k-1", "491")
    assert cursor.asked[0][1] == ("P",)
    assert (database.count_pending(cursor, "DL"), database.now(cursor)) == (42, NOON)


# -- calls ------------------------------------------------------------------------------------------


def detail(key, at, account):
    values = dict.fromkeys(DetailRow._fields)
    return tuple(
        {**values, "RecoveryKey": key, "DbDateTime": at, "AccountNumber": account}.values()
    )


def test_calls_come_in_the_order_in_which_they_were_written_and_only_ours():
    later = NOON + timedelta(minutes=1)
    rows = [
        detail(3, later, "k-3"),
        detail(2, NOON, "k-2"),
        detail(1, NOON, "k-1"),
        detail(4, NOON, "K-4"),
        detail(5, NOON, None),
        detail(6, NOON, ""),
    ]
    database, cursor = make_database(), Cursor(rows, rows)
    found = database.details_since(cursor, NOON)
    assert [row.AccountNumber for row in found] == ["k-1", "k-2", "k-3"]
    found = database.details_for(cursor, ["k-3", "K-4"], NOON)
    assert [row.AccountNumber for row in found] == ["K-4", "k-3"]
    (_since, for_all), (_for, for_some) = cursor.asked
    assert (for_all, for_some) == ((NOON, "k-%"), (NOON, "K-4", "k-3"))
