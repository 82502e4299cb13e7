"""Whether UCCX's database shows something newer than what was sent, and whom its interface does not
list.
"""

from datetime import timedelta

import pytest

from ecm_dialer_cisco.clients.exceptions import Unreachable
from ecm_dialer_cisco.clients.uccx_database import UccxDatabase

from .test_uccx_results import ACTIVE, CLOSED, LONG_AGO, MAX_CALLS, NOW, Uccx

SENT = NOW - timedelta(minutes=20)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def uccx(tmp_path):
    return Uccx(tmp_path / "db_cra")


def database(uccx, **options):
    return UccxDatabase(uccx.connect, **options)


def is_newer(uccx, **options):
    reader = database(uccx, **options)
    with reader.cursor() as cursor:
        return reader.is_newer(cursor, SENT, NOW)


def call(uccx, at):
    uccx.run("INSERT INTO contactcalldetail VALUES (99, ?, 10)", at)


def test_an_empty_database_shows_nothing_newer(uccx):
    assert not is_newer(uccx)


@pytest.mark.parametrize("table", ["dialinglist", "dialinglisthistory"])
def test_a_later_contact_of_anybody_is_newer(uccx, table):
    uccx.add(1, CLOSED, created=LONG_AGO)
    assert not is_newer(uccx)
    uccx.add(2, CLOSED, created=SENT + SECOND, table=table, account="their-1")
    assert is_newer(uccx)


def test_one_of_that_very_moment_is_not(uccx):
    uccx.add(1, CLOSED, created=SENT)
    assert not is_newer(uccx)


@pytest.mark.parametrize(("ahead", "is_believed"), [(60, True), (61, False)])
def test_rows_of_tomorrow_come_from_another_clock(uccx, ahead, is_believed):
    uccx.add(1, CLOSED, created=NOW + ahead * SECOND)
    assert is_newer(uccx) is is_believed


def test_a_later_call_is_newer_where_calls_may_be_read(uccx):
    call(uccx, SENT - MINUTE)
    assert not is_newer(uccx)
    call(uccx, SENT + MINUTE)
    assert is_newer(uccx)
    assert not is_newer(uccx, with_details=False)


def test_who_may_not_read_calls_is_told_nothing_by_them(uccx, monkeypatch):
    call(uccx, SENT + MINUTE)
    select = UccxDatabase._select

    def refuse(self, cursor, statement, parameters):
        if "contactcalldetail" in statement:
            raise error
        return select(self, cursor, statement, parameters)

    monkeypatch.setattr(UccxDatabase, "_select", refuse)
    error = Exception("42501", "no permission")
    assert not is_newer(uccx)
    error = Exception("08S01", "connection lost")
    with pytest.raises(Unreachable):
        is_newer(uccx)


def test_whom_the_interface_does_not_list(uccx):
    uccx.add(1, ACTIVE)
    uccx.add(2, CLOSED)
    uccx.add(3, MAX_CALLS, account="their-3")
    uccx.add(4, CLOSED, active="f")
    uccx.add(5, CLOSED, campaign=9)
    called, finished = database(uccx).unlisted(2)
    assert (called, finished) == ({"e-1"}, {"e-2", "their-3"})


def test_details_are_read_unless_it_is_told_not_to(uccx):
    uccx.add(1, CLOSED)
    uccx.add_agent_record(1)
    reader = database(uccx)
    with reader.cursor() as cursor:
        [row] = reader.rows_for(cursor, ["e-1"])
        [detail] = reader.details(cursor, [row]).values()
        assert detail.by_agent
        assert database(uccx, with_details=False).details(cursor, [row]) is None


def test_an_agents_record_stands_whatever_the_system_writes_later(uccx):
    uccx.add(1, CLOSED)
    for connected in (5, 6):
        uccx.run("INSERT INTO contactcalldetail VALUES (1, ?, ?)", NOW, connected)
    uccx.add_agent_record(1, talk=42)
    uccx.run("INSERT INTO agentconnectiondetail VALUES (1, ?, 7, '', 8, 1)", LONG_AGO)
    reader = database(uccx)
    with reader.cursor() as cursor:
        details = reader.details(cursor, reader.rows_for(cursor, ["e-1"]))
    assert details[1].duration_seconds == 42
