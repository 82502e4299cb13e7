"""Results over JDBC are those over ODBC, value by value; PostgreSQL's driver reads the simulator's
tables in place of IBM's.
"""

import threading
from datetime import datetime
from functools import partial

import psycopg2.extensions
import pytest

from ecm_campaign.tools import jdbc, odbc
from ecm_dialer_cisco.clients.base import PushContact
from ecm_dialer_cisco.clients.exceptions import Unreachable
from ecm_dialer_cisco.clients.failover import AnyOf
from ecm_dialer_cisco.clients.uccx import UccxClient

from .conftest import make_client

SAMPLE = """
SELECT campaignid, campaignname, active, createdatetime, starttime, description, 1.25::numeric(18, 2)
  FROM campaign WHERE campaignid >= ? ORDER BY campaignid
"""


@pytest.fixture
def connect(uccx):
    """Open a JDBC connection to the simulator's tables, or with something else of the address."""
    place = psycopg2.extensions.parse_dsn(uccx.dsn)

    def open_connection(**other):
        given = {**place, **other}
        url = f"jdbc:postgresql://{given['host']}:{given['port']}/{given['dbname']}"
        return jdbc.connect(url, given["user"], given["password"], 10)

    return open_connection


def over_jdbc(client, connect):
    return UccxClient(client.config, connect=connect, error_text=odbc.error_text)


def test_results_are_the_same_over_jdbc(uccx, client, connect):
    contacts = []
    for number, ending in enumerate(("1", "2", "6", "5", "48", "18", "07")):
        contacts.append(PushContact(f"t-{number}", f"49302312{number}{ending}", "Ünal", "Ø"))
    client.push("1", "Outbound Sales", contacts)
    uccx.wait_until(lambda: len(uccx.dialled()) >= len(contacts))
    # Who wanted to be called back must not be called between one reading and the next.
    uccx.pause()
    uccx.wait_until(lambda: not uccx.state()["calls_in_progress"])

    other = over_jdbc(client, connect)
    keys = [contact.key for contact in contacts]
    told = other.results_for(keys)
    assert told == client.results_for(keys)
    assert len({result.raw_code for result in told}) > 3
    assert any(result.agent and result.called_at for result in told)
    assert other.results("")[0] == client.results("")[0]
    assert other.undialled(set(keys)) == client.undialled(set(keys)) == set()


def test_values_are_of_the_same_types(uccx, connect):
    rows = {}
    opened = {"jdbc": connect(), "odbc": odbc.connect(uccx.odbc_connection_string())}
    for name, connection in opened.items():
        cursor = connection.cursor()
        cursor.execute(SAMPLE, (1,))
        rows[name] = [tuple(row) for row in cursor.fetchmany(10)]
        connection.close()
    assert rows["jdbc"] == rows["odbc"]
    kinds = {name: [type(value) for value in found[0]] for name, found in rows.items()}
    assert kinds["jdbc"] == kinds["odbc"]


@pytest.mark.parametrize(
    "moment",
    [
        # Neither is in every zone: the one is left out when clocks go forward, the other comes twice.
        datetime(2026, 3, 29, 2, 30, 0, 123000),
        datetime(2026, 10, 25, 2, 30),
        datetime(1970, 1, 1),
    ],
)
def test_times_are_on_no_zones_clock(connect, moment):
    cursor = connect().cursor()
    cursor.execute("SELECT ?::timestamp, (?::timestamp)::text", (moment, moment))
    [(read, text)] = cursor.fetchmany(2)
    assert read == moment
    assert datetime.fromisoformat(text) == moment


def test_every_worker_thread_may_read(connect):
    found = []

    def read():
        cursor = connect().cursor()
        cursor.execute("SELECT count(*) FROM campaign", ())
        found.extend(cursor.fetchmany(1))

    for _thread in range(3):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    assert found == [(4,)] * 3


@pytest.mark.parametrize(
    ("other", "state"),
    [({"dbname": "nowhere"}, "3D000"), ({"port": "1"}, "08001"), ({"user": "nobody"}, "28000")],
)
def test_what_cannot_be_reached_says_why(uccx, connect, other, state):
    with pytest.raises(odbc.DatabaseError, match="The database cannot be reached") as caught:
        connect(**other)
    assert caught.value.state == state
    client = over_jdbc(make_client(uccx), partial(connect, **other))
    with pytest.raises(Unreachable, match="cannot be reached"):
        client.results("")


def test_tables_that_may_not_be_read_are_told_by_their_state(connect):
    cursor = connect().cursor()
    with pytest.raises(odbc.DatabaseError) as caught:
        cursor.execute("SELECT * FROM agentconnectiondetails", ())
    assert caught.value.state == "42P01"


def test_a_missing_driver_is_named(connect):
    connect().close()
    with pytest.raises(odbc.DatabaseError, match=r"no JDBC driver com\.informix\.jdbc\.IfxDriver"):
        jdbc.connect("jdbc:informix-sqli://uccx1:1504/db_cra:INFORMIXSERVER=x", "a", "b")


def test_when_the_first_node_is_gone_the_second_one_tells(uccx, client, connect):
    client.push("1", "Outbound Sales", [PushContact("t-1", "4930231111")])
    uccx.wait_until(lambda: uccx.dialled() and not uccx.state()["calls_in_progress"])
    either = AnyOf([partial(connect, port="1"), connect], odbc.DatabaseError)
    told = over_jdbc(client, either).results_for(["t-1"])
    assert told == client.results_for(["t-1"])
    assert [result.key for result in told] == ["t-1"]
