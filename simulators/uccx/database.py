"""Tables of the simulator in PostgreSQL: those of `db_cra` (reference §2) and, prefixed ``sim_``,
its own.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
import psycopg2.extensions
import psycopg2.extras

Connection = psycopg2.extensions.connection
Cursor = psycopg2.extensions.cursor

LIST_COLUMNS = """
    recordid integer {null}, dialinglistid integer {null}, profileid integer {null},
    campaignid integer, createdatetime timestamp(0), accountnumber varchar(25),
    firstname varchar(50) {null}, lastname varchar(50) {null},
    phone01 varchar(28) {null}, phone02 varchar(28), phone03 varchar(28),
    gmtzonephone01 smallint {null}, gmtzonephone02 smallint {null}, gmtzonephone03 smallint {null},
    dstphone01 smallint {null}, dstphone02 smallint {null}, dstphone03 smallint {null},
    callbacknumber varchar(28), callbackdatetime timestamp(0),
    callstatus smallint {null}, callresult smallint {null},
    callresult01 smallint, callresult02 smallint, callresult03 smallint,
    lastnumberdialed smallint {null}, callsmadetophone01 smallint {null},
    callsmadetophone02 smallint {null}, callsmadetophone03 smallint {null},
    retry boolean {null}, active boolean {null}, dateinactive timestamp(0),
    nummissedcallback smallint {null}
"""
"""Columns of both lists (reference §2.2); those of the history may be NULL."""

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS dialinglist (
    {LIST_COLUMNS.format(null="NOT NULL")}, PRIMARY KEY (dialinglistid)
);
CREATE TABLE IF NOT EXISTS dialinglisthistory (
    {LIST_COLUMNS.format(null="")}, PRIMARY KEY (dialinglistid)
);
CREATE INDEX IF NOT EXISTS dialinglist_waiting
    ON dialinglist (campaignid, callstatus, dialinglistid)
    WHERE active AND callstatus IN (1, 4, 6, 8);
CREATE INDEX IF NOT EXISTS dialinglist_account ON dialinglist (accountnumber);
CREATE INDEX IF NOT EXISTS dialinglist_phone ON dialinglist (campaignid, phone01);
CREATE INDEX IF NOT EXISTS dialinglisthistory_account ON dialinglisthistory (accountnumber);
CREATE SEQUENCE IF NOT EXISTS sim_id AS integer START 1001;
CREATE TABLE IF NOT EXISTS campaign (
    recordid integer PRIMARY KEY, campaignid integer NOT NULL,
    profileid integer NOT NULL DEFAULT 1, createdatetime timestamp(0) NOT NULL,
    campaignname varchar(40), enabled smallint, description varchar(50),
    starttime integer, endtime integer, cachesize integer, maxattempts smallint,
    ansmachineretry smallint, callbacktimelimit smallint, missedcallbackaction smallint,
    active boolean NOT NULL, dateinactive timestamp(0),
    dialertype smallint, campaigntype smallint
);
CREATE TABLE IF NOT EXISTS contactcalldetail (
    sessionid numeric(18, 0) NOT NULL, sessionseqnum smallint NOT NULL,
    nodeid smallint NOT NULL, profileid integer NOT NULL,
    contacttype smallint, contactdisposition smallint,
    startdatetime timestamp(3), enddatetime timestamp(3), gmtoffset smallint,
    callednumber varchar(30), connecttime integer, accountnumber varchar(40),
    campaignid integer, callresult smallint, dialinglistid integer,
    PRIMARY KEY (sessionid, sessionseqnum, nodeid, profileid)
);
CREATE INDEX IF NOT EXISTS contactcalldetail_list ON contactcalldetail (dialinglistid);
CREATE TABLE IF NOT EXISTS agentconnectiondetail (
    sessionid numeric(18, 0) NOT NULL, sessionseqnum smallint NOT NULL,
    nodeid smallint NOT NULL, profileid integer NOT NULL, resourceid integer NOT NULL,
    startdatetime timestamp(3) NOT NULL, qindex smallint NOT NULL DEFAULT 0,
    enddatetime timestamp(3), gmtoffset smallint, ringtime smallint, talktime smallint,
    holdtime smallint, worktime smallint, callwrapupdata varchar(40), callresult smallint,
    dialinglistid integer, rna boolean,
    PRIMARY KEY (sessionid, sessionseqnum, nodeid, profileid, resourceid, qindex)
);
CREATE INDEX IF NOT EXISTS agentconnectiondetail_list ON agentconnectiondetail (dialinglistid);
CREATE TABLE IF NOT EXISTS resource (
    resourceid integer NOT NULL, profileid integer NOT NULL, resourceloginid varchar(50),
    resourcename varchar(50), resourcetype smallint, active boolean, extension varchar(50),
    PRIMARY KEY (resourceid, profileid)
);
CREATE TABLE IF NOT EXISTS sim_campaign (campaignid integer PRIMARY KEY, document json NOT NULL);
CREATE TABLE IF NOT EXISTS sim_import (
    id serial PRIMARY KEY, campaignid integer NOT NULL, state text NOT NULL,
    started_ms bigint NOT NULL, rows json NOT NULL, allow_duplicates boolean NOT NULL,
    imported integer NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS sim_import_campaign ON sim_import (campaignid, id);
CREATE INDEX IF NOT EXISTS sim_import_running ON sim_import (id) WHERE rows::text <> '[]';
CREATE TABLE IF NOT EXISTS sim_general (document json NOT NULL);
CREATE TABLE IF NOT EXISTS sim_area_code (areacode text PRIMARY KEY, zone text NOT NULL);
CREATE TABLE IF NOT EXISTS sim_contact (
    dialinglistid integer PRIMARY KEY, due_at timestamp, shown integer NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS sim_dialled (
    id serial PRIMARY KEY, dialled_at timestamp(3) NOT NULL, dialinglistid integer NOT NULL,
    campaignid integer NOT NULL, accountnumber text NOT NULL, phone text NOT NULL,
    callresult smallint NOT NULL
);
CREATE INDEX IF NOT EXISTS sim_dialled_phone ON sim_dialled (phone);
CREATE INDEX IF NOT EXISTS sim_dialled_account ON sim_dialled (accountnumber);
"""

_TABLES = (
    "dialinglist, dialinglisthistory, campaign, contactcalldetail, agentconnectiondetail, resource,"
    " sim_campaign, sim_import, sim_contact, sim_dialled, sim_general, sim_area_code"
)
# What the product reads: a standby node has copies of these.
_REPLICATED = (
    "dialinglist",
    "dialinglisthistory",
    "campaign",
    "contactcalldetail",
    "agentconnectiondetail",
    "resource",
)
STANDBY = "standby"
_MAX_CONNECTIONS = 4
_TABLES_LOCK = 8443


class Database:
    """A few connections shared by the threads; every use is one transaction."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        # None stands for a connection that is opened when it is needed; the last one used comes
        # first, so that a quiet simulator holds one only.
        self._idle: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        for _index in range(_MAX_CONNECTIONS):
            self._idle.put(None)

    @contextmanager
    def transaction(self, factory: type[Cursor] = Cursor) -> Iterator[Any]:
        """A cursor; commits at the end, rolls back on any error.

        :param factory: decides what rows are, tuples if nothing else is said
        """
        connection = self._idle.get()
        try:
            connection = connection or psycopg2.connect(self._dsn)
            with connection, connection.cursor(cursor_factory=factory) as cursor:
                yield cursor
        finally:
            # A lost connection stays lost, whatever tells of it first: the next transaction opens
            # another one.
            is_lost = connection is None or connection.closed
            if is_lost:
                self._close_idle()
            self._idle.put(None if is_lost else connection)

    def _close_idle(self) -> None:
        """What has ended one connection has mostly ended the others: none fails on its own."""
        count = 0
        with suppress(queue.Empty):
            while True:
                if connection := self._idle.get_nowait():
                    connection.close()
                count += 1
        for _index in range(count):
            self._idle.put(None)

    def create_tables(self) -> None:
        """Create what is absent; what an earlier run left stays."""
        with self.transaction() as cursor:
            cursor.execute("SET LOCAL client_min_messages = warning")
            # IF NOT EXISTS fails where two processes create the same table at once.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_TABLES_LOCK,))
            cursor.execute(SCHEMA)

    def replicate(self) -> None:
        """Bring the standby node's tables, in a schema of their own, to what the others hold now;
        until the next time they stay behind.
        """
        with self.transaction() as cursor:
            # One moment for all tables, as a replica has.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SET LOCAL client_min_messages = warning")
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {STANDBY}")
            for table in _REPLICATED:
                cursor.execute(f"DROP TABLE IF EXISTS {STANDBY}.{table}")
                cursor.execute(f"CREATE TABLE {STANDBY}.{table} AS TABLE public.{table}")

    def clear(self) -> None:
        """Forget everything, the record of calls included."""
        with self.transaction() as cursor:
            cursor.execute(f"TRUNCATE {_TABLES} RESTART IDENTITY")


def new_ids(cursor: Any, count: int) -> list[int]:
    """So many ids that no row of any table has."""
    cursor.execute("SELECT nextval('sim_id') FROM generate_series(1, %s)", (count,))
    return [row[0] for row in cursor.fetchall()]


def insert_many(cursor: Any, table: str, rows: Sequence[Any]) -> None:
    """Insert rows with few round trips.

    :param rows: named tuples of one type, whose fields are the columns
    """
    if rows:
        # A thousand rows in one statement; columns that are not named get their defaults.
        columns = ", ".join(rows[0]._fields)
        statement = f"INSERT INTO {table} ({columns}) VALUES %s"
        psycopg2.extras.execute_values(cursor, statement, rows, page_size=1000)
