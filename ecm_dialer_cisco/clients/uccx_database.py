"""Reads dialing lists and call details of UCCX's database `db_cra` (reference §2) over any DB-API
connection.

The statements run on Informix and PostgreSQL alike: ``qmark`` parameters, unquoted names, no
functions. Date-times in the database are UTC without zone. Only SELECT is ever sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import product
from typing import Any, NamedTuple

from .exceptions import DialerError, Unreachable
from .id_ranges import Range, coarsened

_logger = logging.getLogger(__name__)

PENDING, ACTIVE, CLOSED, CALLBACK, MAX_CALLS = 1, 2, 3, 4, 5
FINAL_STATUSES = frozenset({CLOSED, MAX_CALLS})
VOICE = 1
AGENT_CAMPAIGN = 1
DIRECT_PREVIEW = 0
KEYS_PER_STATEMENT = 500
RANGES_PER_STATEMENT = 100
# Seconds by which clocks of one UCCX differ that are kept by the same time server.
_CLOCK_TOLERANCE = 60

_EPOCH = datetime(1970, 1, 1)
_NEVER = datetime.min.replace(tzinfo=timezone.utc)
_TRUE_VALUES = (True, "1", "t", "T", "true")
"""What drivers make of Informix's BOOLEAN."""


class _ListColumns(NamedTuple):
    """A row of the dialing list as the driver gives it; the fields are the columns to read."""

    dialinglistid: Any
    campaignid: Any
    accountnumber: Any
    phone01: Any
    phone02: Any
    phone03: Any
    callstatus: Any
    callresult: Any
    lastnumberdialed: Any
    callsmadetophone01: Any
    callsmadetophone02: Any
    callsmadetophone03: Any
    callbacknumber: Any
    callbackdatetime: Any
    createdatetime: Any
    active: Any


class _CallColumns(NamedTuple):
    """A row of `_CALL_DETAILS`, in the order of its columns."""

    dialinglistid: Any
    startdatetime: Any
    connecttime: Any


class _AgentColumns(NamedTuple):
    """A row of `_AGENT_DETAILS`, in the order of its columns."""

    dialinglistid: Any
    startdatetime: Any
    talktime: Any
    callwrapupdata: Any
    resourcename: Any


# The list before the history: a row that moves meanwhile is read at least once.
_TABLES = ("dialinglist", "dialinglisthistory")
_SELECT_ROWS = f"SELECT {', '.join(_ListColumns._fields)} FROM {{table}}"
_ROWS_IN = f"{_SELECT_ROWS} WHERE accountnumber LIKE ? AND ({{ranges}})"
# What has a result, is a callback, or was deleted; by the other statuses nothing is told.
_NEWS = " AND (callstatus IN (3, 4, 5) OR active = 'f')"
_ROWS_FOR = f"{_SELECT_ROWS} WHERE accountnumber IN ({{marks}})"
_CREATED_SINCE = (
    "SELECT dialinglistid, createdatetime FROM {table} WHERE campaignid = ? AND createdatetime >= ?"
)
# Of whatever campaign, and calls that nobody here has sent, too.
_NEWER_ROW = "SELECT createdatetime FROM {table} WHERE createdatetime > ?"
_NEWER_CALL = "SELECT startdatetime FROM contactcalldetail WHERE startdatetime > ?"
# What moved to the history at night is gone from the list.
_UNLISTED = (
    "SELECT accountnumber, callstatus FROM dialinglist"
    " WHERE campaignid = ? AND active = 't' AND callstatus IN (2, 3, 5)"
)
_AGENT_CAMPAIGNS = "SELECT campaignid, dialertype FROM campaign WHERE campaigntype = ?"
_AGENT_DETAILS = (
    "SELECT a.dialinglistid, a.startdatetime, a.talktime, a.callwrapupdata, r.resourcename"
    " FROM agentconnectiondetail a LEFT JOIN resource r"
    " ON r.resourceid = a.resourceid AND r.profileid = a.profileid"
    " WHERE a.startdatetime >= ? AND a.dialinglistid IN ({marks})"
)
_CALL_DETAILS = (
    "SELECT c.dialinglistid, c.startdatetime, c.connecttime FROM contactcalldetail c"
    " WHERE c.startdatetime >= ? AND c.dialinglistid IN ({marks})"
)


@dataclass(frozen=True)
class DialingRow:
    """One row of DialingList or DialingListHistory, normalised.

    :ivar callback_at: aware UTC
    :ivar created_at: naive UTC, as in the database that it is compared in
    """

    id: int
    campaign_id: int
    key: str
    phones: tuple[str, str, str]
    status: int
    result: int
    last_phone: int
    calls_made: int
    callback_number: str
    callback_at: datetime | None
    created_at: datetime | None
    active: bool

    @property
    def final(self) -> bool:
        return self.status in FINAL_STATUSES

    @property
    def reportable(self) -> bool:
        """Whether there is something to tell the engine: a result, or a callback."""
        return self.final or self.status == CALLBACK

    @property
    def withdrawn(self) -> bool:
        """Deleted with its list while no call went on: no result will ever come."""
        return not self.active and not self.final and self.status != ACTIVE

    @property
    def undialled(self) -> bool:
        """Deleted while it was still pending, without a trace of a call: it was never called.

        The status alone does not tell: when its engine restarts, UCCX turns the contacts that it
        was calling from Active to Unknown and then to Pending again (reference §2.5).
        """
        return not self.active and self.status == PENDING and not self.was_called

    @property
    def was_called(self) -> bool:
        """Whether any column tells of a call; NULL may be read as -1 (reference §2.1)."""
        return self.calls_made > 0 or self.last_phone > 0 or self.result > 0

    @property
    def wish(self) -> str:
        """When and on which number a callback is to be made, as one text."""
        at = int(self.callback_at.timestamp()) if self.callback_at else ""
        return f"{at}:{self.callback_number}"

    @property
    def number(self) -> str:
        """What was dialled last, or would be dialled first."""
        index = self.last_phone - 1 if self.last_phone in (1, 2, 3) else 0
        return self.phones[index] or self.phones[0]


@dataclass(frozen=True)
class CallDetail:
    """When a contact was called, how long, and by whom; `by_agent` tells that an agent's part has
    ended.
    """

    called_at: datetime | None = None
    duration_seconds: int = 0
    agent: str = ""
    wrap_up: str = ""
    by_agent: bool = False


class UccxDatabase:
    """All statements that the product sends to `db_cra`.

    :param connect: opens a DB-API connection; one is opened per read and closed after it
    :param page_rows: rows fetched at once
    :param with_details: read AgentConnectionDetail, Resource and ContactCallDetail too
    :param error_text: what a driver's error says, without secrets
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        page_rows: int = 2000,
        with_details: bool = True,
        error_text: Callable[[Exception], str] = str,
    ) -> None:
        self._connect = connect
        self._page_rows = page_rows
        self._with_details = with_details
        self._error_text = error_text
        self._refusal_logged = False

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """A cursor on a fresh connection; whatever the driver raises becomes `Unreachable`."""
        try:
            with closing(self._connect()) as connection, closing(connection.cursor()) as cursor:
                yield cursor
        except DialerError:
            raise
        # Each driver has exception classes of its own; they are translated, not swallowed.
        except Exception as error:
            raise Unreachable(
                f"The database of UCCX cannot be read: {self._error_text(error)}"
            ) from error

    def rows_in(
        self,
        cursor: Any,
        ranges: Sequence[Range],
        prefixes: Collection[str],
        only_news: bool = False,
    ) -> list[DialingRow]:
        """Our rows of both tables in these ranges, and perhaps others between them, ordered by id;
        one that moves meanwhile comes at least once.

        :param only_news: leave out those that have nothing to tell
        """
        if not ranges:
            return []
        condition, bounds = _in_ranges(coarsened(ranges, RANGES_PER_STATEMENT))
        rows: dict[int, DialingRow] = {}
        for table, prefix in product(_TABLES, prefixes):
            statement = _ROWS_IN.format(table=table, ranges=condition)
            statement += _NEWS if only_news else ""
            for columns in self._select(cursor, statement, (f"{prefix}%", *bounds)):
                row = _dialing_row(columns)
                # LIKE knows wildcards, and a database may ignore case: it is no more than a filter.
                if row.key and row.key.startswith(prefix):
                    _keep_latest(rows, row)
        return _by_id(rows)

    def rows_for(self, cursor: Any, keys: Collection[str]) -> list[DialingRow]:
        """Rows of both tables with these account numbers, ordered by id."""
        rows: dict[int, DialingRow] = {}
        for columns in self._select_keys(cursor, _ROWS_FOR, keys):
            row = _dialing_row(columns)
            _keep_latest(rows, row)
        return _by_id(rows)

    def known(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that stand in one of the tables, but for what was deleted before it was
        called.
        """
        with self.cursor() as cursor:
            return self.known_to(cursor, keys)

    def known_to(self, cursor: Any, keys: Collection[str]) -> set[str]:
        """`known`, on a connection that something else was read on."""
        rows = self.rows_for(cursor, keys)
        found = {row.key for row in rows if not row.undialled}
        # A database that ignores case finds more than was asked for.
        return found & set(keys)

    def count_since(
        self, cursor: Any, campaign_id: int, since: datetime, now: datetime
    ) -> tuple[int, int]:
        """How many contacts of a campaign were created from a moment on, whoever sent them, and how
        many of these will be created only later, by the clock that the moments are of.

        :param since: naive UTC
        :param now: naive UTC
        """
        created: dict[int, datetime] = {}
        for table in _TABLES:
            statement = _CREATED_SINCE.format(table=table)
            for row_id, created_at in self._select(cursor, statement, (campaign_id, since)):
                # One that moves meanwhile stands in both.
                created[int(row_id)] = created_at
        latest = now + timedelta(seconds=_CLOCK_TOLERANCE)
        ahead = [created_at for created_at in created.values() if created_at > latest]
        return len(created), len(ahead)

    def is_newer(self, cursor: Any, since: datetime, now: datetime) -> bool:
        """Whether the database shows a contact or a call of after a moment, and so all contacts of
        before it. After a no some databases take nothing more on this connection.

        :param since: naive UTC, by UCCX's clock
        :param now: naive UTC, likewise
        """
        statements = [_NEWER_ROW.format(table=table) for table in _TABLES]
        if any(self._has_newer(cursor, each, since, now) for each in statements):
            return True
        # Last, as it may be refused.
        return self._has_newer_call(cursor, since, now)

    def _has_newer_call(self, cursor: Any, since: datetime, now: datetime) -> bool:
        """No where the user may not read calls, or shall not."""
        if not self._with_details:
            return False
        try:
            return self._has_newer(cursor, _NEWER_CALL, since, now)
        # As for call details: only refusals are tolerated.
        except Exception as error:
            if not _is_refusal(error):
                raise
            self._log_refusal(error)
            return False

    def _has_newer(self, cursor: Any, statement: str, since: datetime, now: datetime) -> bool:
        # Rows of tomorrow come from another clock, by which older ones look new.
        latest = now + timedelta(seconds=_CLOCK_TOLERANCE)
        if any(self._select(cursor, statement, (latest,))):
            return False
        return any(self._select(cursor, statement, (since,)))

    def unlisted(self, campaign_id: int) -> tuple[set[str], set[str]]:
        """Keys of contacts that the interface does not list: who is being called, and who is called
        no more and still stands in the list; whoever sent them.
        """
        called: set[str] = set()
        finished: set[str] = set()
        with self.cursor() as cursor:
            for key, status in self._select(cursor, _UNLISTED, (campaign_id,)):
                keys = finished if _number(status) in FINAL_STATUSES else called
                keys.add(_text(key))
        return called, finished

    def agent_campaigns(self, cursor: Any) -> dict[int, bool]:
        """Ids of the agent campaigns (Campaign.campaigntype, reference §2.6), and whether agents
        see a preview before the call.
        """
        # Every edit of a campaign leaves a row; the kind stays.
        found = {}
        for key, kind in self._select(cursor, _AGENT_CAMPAIGNS, (AGENT_CAMPAIGN,)):
            found[int(key)] = kind == DIRECT_PREVIEW
        return found

    def details(self, cursor: Any, rows: Sequence[DialingRow]) -> dict[int, CallDetail] | None:
        """Call details by dialinglistid; None where they are switched off or the user may not read
        them.
        """
        if not self._with_details:
            return None
        try:
            return self._read_details(cursor, rows)
        # Sorted by SQLSTATE right below; only refusals are tolerated.
        except Exception as error:
            if not _is_refusal(error):
                raise
            self._log_refusal(error)
            return None

    def _read_details(self, cursor: Any, rows: Sequence[DialingRow]) -> dict[int, CallDetail]:
        found: dict[int, CallDetail] = {}
        # No call is older than its contact: without a date these large tables would be read whole.
        created = [row.created_at for row in rows if row.created_at]
        since = min(created, default=_EPOCH)

        for ids in _chunks([row.id for row in rows]):
            marks = _marks(ids)
            parameters = (since, *ids)

            statement = _CALL_DETAILS.format(marks=marks)
            for values in self._select(cursor, statement, parameters):
                call = _CallColumns(*values)
                _keep_later(found, int(call.dialinglistid), _call_detail(call))

            statement = _AGENT_DETAILS.format(marks=marks)
            for values in self._select(cursor, statement, parameters):
                agent = _AgentColumns(*values)
                _keep_later(found, int(agent.dialinglistid), _agent_detail(agent))
        return found

    def _log_refusal(self, error: Exception) -> None:
        """Once per client: results come every minute."""
        if not self._refusal_logged:
            _logger.warning(
                "Call results come without agent and duration: %s", self._error_text(error)
            )
            self._refusal_logged = True

    def _select_keys(
        self, cursor: Any, statement: str, keys: Collection[str]
    ) -> Iterator[Sequence[Any]]:
        """Rows of both tables, in statements that are not too long."""
        for table in _TABLES:
            # In order, so that the same keys make the same statement.
            for chunk in _chunks(sorted(keys)):
                marks = _marks(chunk)
                filled = statement.format(table=table, marks=marks)
                yield from self._select(cursor, filled, chunk)

    def _select(
        self, cursor: Any, statement: str, parameters: Sequence[Any]
    ) -> Iterator[Sequence[Any]]:
        # By pages: the first reading has all rows that there are.
        cursor.execute(statement, tuple(parameters))
        while page := cursor.fetchmany(self._page_rows):
            yield from page


def _is_refusal(error: Exception) -> bool:
    """SQLSTATE class 42: no such table, no permission (Informix -206 and -272 too)."""
    # psycopg and JDBC have it as an attribute, ODBC as the first argument.
    first = error.args[0] if error.args else ""
    names = ("sqlstate", "pgcode", "state")
    state = next(filter(None, (getattr(error, name, None) for name in names)), first)
    return str(state).startswith("42")


def _in_ranges(ranges: Sequence[Range]) -> tuple[str, list[int]]:
    """A condition on ids, and its parameters."""
    parts: list[str] = []
    bounds: list[int] = []
    for first, last in ranges:
        if last is None:
            parts.append("dialinglistid >= ?")
            bounds.append(first)
        else:
            parts.append("dialinglistid BETWEEN ? AND ?")
            bounds += (first, last)
    return " OR ".join(parts), bounds


def _keep_latest(rows: dict[int, DialingRow], row: DialingRow) -> None:
    """A row in both tables counts once; a final one wins over the copy read earlier."""
    if row.id not in rows or row.final:
        rows[row.id] = row


def _by_id(rows: dict[int, DialingRow]) -> list[DialingRow]:
    return [rows[key] for key in sorted(rows)]


def _keep_later(found: dict[int, CallDetail], key: int, detail: CallDetail) -> None:
    """Of several calls the last one counts, and an agent's record over the system's of the same
    contact.
    """
    known = found.get(key)
    if known is None:
        found[key] = detail
    else:
        # Of two at the same moment the one read later.
        found[key] = max(detail, known, key=_precedence)


def _precedence(detail: CallDetail) -> tuple[bool, datetime]:
    # A record without a time is older than any other.
    called_at = detail.called_at or _NEVER
    return detail.by_agent, called_at


def _call_detail(columns: _CallColumns) -> CallDetail:
    return CallDetail(
        called_at=_aware(columns.startdatetime),
        duration_seconds=_number(columns.connecttime),
    )


def _agent_detail(columns: _AgentColumns) -> CallDetail:
    return CallDetail(
        called_at=_aware(columns.startdatetime),
        duration_seconds=_number(columns.talktime),
        agent=_text(columns.resourcename),
        wrap_up=_text(columns.callwrapupdata),
        by_agent=True,
    )


def _dialing_row(values: Sequence[Any]) -> DialingRow:
    columns = _ListColumns(*values)
    phones = (_text(columns.phone01), _text(columns.phone02), _text(columns.phone03))
    # One column per phone; -1 stands for NULL in some tables (reference §2.1).
    calls = (
        _number(columns.callsmadetophone01),
        _number(columns.callsmadetophone02),
        _number(columns.callsmadetophone03),
    )
    return DialingRow(
        id=int(columns.dialinglistid),
        campaign_id=_number(columns.campaignid),
        key=_text(columns.accountnumber),
        phones=phones,
        status=_number(columns.callstatus),
        result=_number(columns.callresult),
        last_phone=_number(columns.lastnumberdialed),
        calls_made=sum(count for count in calls if count > 0),
        callback_number=_text(columns.callbacknumber),
        callback_at=_aware(columns.callbackdatetime),
        created_at=columns.createdatetime,
        active=columns.active in _TRUE_VALUES,
    )


def _number(value: Any) -> int:
    return int(value or 0)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _aware(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=timezone.utc)


def _marks(values: Collection[Any]) -> str:
    return ",".join("?" * len(values))


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), KEYS_PER_STATEMENT):
        yield values[start : start + KEYS_PER_STATEMENT]
