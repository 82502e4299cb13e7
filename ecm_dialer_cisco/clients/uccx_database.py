"""Reads dialing lists and call details of UCCX's database `db_cra` (reference §2) over any DB-API
connection.

The statements run on Informix and PostgreSQL alike: ``qmark`` parameters, unquoted names, no
functions. Date-times in the database are UTC without zone. Only SELECT is ever sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from .base import CallResult
from .exceptions import DialerError, Unreachable

_logger = logging.getLogger(__name__)

CODE_TABLE = "DialingList"
"""Code table of callstatus and callresult, for DialingListHistory too (reference §2.3, §2.4)."""

PENDING, ACTIVE, CLOSED, CALLBACK, MAX_CALLS = 1, 2, 3, 4, 5
FINAL_STATUSES = frozenset({CLOSED, MAX_CALLS})
VOICE = 1
AGENT_CAMPAIGN = 1
KEYS_PER_STATEMENT = 500

_EPOCH = datetime(1970, 1, 1)
_TRUE_VALUES = (True, 1, "1", "t", "T", "true")
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
_ROWS_ABOVE = f"{_SELECT_ROWS} WHERE dialinglistid > ? AND accountnumber LIKE ?"
_ROWS_FOR = f"{_SELECT_ROWS} WHERE accountnumber IN ({{marks}})"
_KNOWN_KEYS = "SELECT accountnumber FROM {table} WHERE accountnumber IN ({marks})"
_AGENT_CAMPAIGNS = "SELECT campaignid FROM campaign WHERE campaigntype = ?"
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
    """One row of DialingList or DialingListHistory, normalised; `created_at` is naive UTC as in the
    database.
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


@dataclass(frozen=True)
class Watermark:
    """Where reading goes on: rows with a higher ``dialinglistid`` than `low` are read again.

    `awaiting_agent` has the rows above it whose call was answered but whose agent's record is
    missing, with the epoch second at which they were first seen so. As text it is JSON; an empty or
    unknown text means: from the beginning.
    """

    low: int = 0
    awaiting_agent: dict[int, int] = field(default_factory=dict)

    @classmethod
    def loads(cls, text: str) -> Watermark:
        try:
            data = json.loads(text or "{}")
            awaiting = data.get("awaiting_agent", {}).items()
            return cls(int(data.get("low", 0)), {int(key): int(seen) for key, seen in awaiting})
        except (ValueError, AttributeError, TypeError):
            _logger.warning(
                "The watermark of call results is unreadable; results are read from the beginning"
            )
            return cls()

    def dumps(self) -> str:
        data: dict[str, Any] = {"low": self.low}
        if self.awaiting_agent:
            # In order, so that an unchanged watermark is the same text.
            data["awaiting_agent"] = dict(sorted(self.awaiting_agent.items()))
        return json.dumps(data)


@dataclass(frozen=True)
class WatermarkRules:
    """How far the low-water mark may rise, in seconds.

    :param overlap: rows created so shortly before the newest one may have neighbours not yet
        visible
    :param open_horizon: older rows without a result hold the mark no longer (they are looked for by
        key)
    :param clock_skew: largest expected difference between our clock and the database's
    """

    overlap: float = 300
    open_horizon: float = 86_400
    clock_skew: float = 3_600

    def next_low(
        self, rows: Collection[DialingRow], low: int, waiting: Collection[int], now: datetime
    ) -> int:
        """The highest id below which nothing can change or appear any more.

        :param waiting: ids of rows without a final result
        :param now: naive UTC
        """
        if not rows:
            return low
        newest = max((row.created_at for row in rows if row.created_at), default=now)
        blocking = [row.id for row in rows if self._blocks(row, row.id in waiting, newest, now)]
        highest = min(blocking) - 1 if blocking else max(row.id for row in rows)
        # It never sinks: what lies below was handed over already.
        return max(low, highest)

    def _blocks(self, row: DialingRow, waits: bool, newest: datetime, now: datetime) -> bool:
        created = row.created_at or now
        if waits and created > now - timedelta(seconds=self.open_horizon):
            return True

        # A transaction that began earlier may still commit a lower id than the newest. Once our
        # own clock, too, is that much further, nobody can be that late.
        is_near_newest = created > newest - timedelta(seconds=self.overlap)
        is_recent = created > now - timedelta(seconds=self.overlap + self.clock_skew)
        return is_near_newest and is_recent


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

    def rows_above(self, cursor: Any, low: int, prefix: str) -> list[DialingRow]:
        """Our rows of both tables, ordered by id; one that moves meanwhile is read at least once."""
        rows: dict[int, DialingRow] = {}
        for table in _TABLES:
            statement = _ROWS_ABOVE.format(table=table)
            for columns in self._select(cursor, statement, (low, f"{prefix}%")):
                row = _dialing_row(columns)
                # LIKE knows wildcards, and a database may ignore case: it is no more than a filter.
                if row.key and row.key.startswith(prefix):
                    _keep_latest(rows, row)
        return [rows[key] for key in sorted(rows)]

    def rows_for(self, cursor: Any, keys: Collection[str]) -> list[DialingRow]:
        """Rows of both tables with these account numbers, ordered by id."""
        rows: dict[int, DialingRow] = {}
        for columns in self._select_keys(cursor, _ROWS_FOR, keys):
            _keep_latest(rows, _dialing_row(columns))
        return [rows[key] for key in sorted(rows)]

    def known(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that stand in one of the tables, deleted ones included."""
        with self.cursor() as cursor:
            rows = list(self._select_keys(cursor, _KNOWN_KEYS, keys))
        return {_text(row[0]) for row in rows} & set(keys)

    def agent_campaigns(self, cursor: Any) -> set[int]:
        """Ids of the agent campaigns (Campaign.campaigntype, reference §2.6)."""
        rows = self._select(cursor, _AGENT_CAMPAIGNS, (AGENT_CAMPAIGN,))
        return {int(row[0]) for row in rows}

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
        since = min((row.created_at for row in rows if row.created_at), default=_EPOCH)
        for ids in _chunks([row.id for row in rows]):
            marks, parameters = _marks(ids), (since, *ids)
            for call in self._select(cursor, _CALL_DETAILS.format(marks=marks), parameters):
                detail = CallDetail(_aware(call[1]), int(call[2] or 0))
                _keep_later(found, int(call[0]), detail)
            for agent in self._select(cursor, _AGENT_DETAILS.format(marks=marks), parameters):
                _keep_later(found, int(agent[0]), _agent_detail(_AgentColumns(*agent)))
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
            for chunk in _chunks(sorted(keys)):
                filled = statement.format(table=table, marks=_marks(chunk))
                yield from self._select(cursor, filled, chunk)

    def _select(
        self, cursor: Any, statement: str, parameters: Sequence[Any]
    ) -> Iterator[Sequence[Any]]:
        cursor.execute(statement, tuple(parameters))
        while page := cursor.fetchmany(self._page_rows):
            yield from page


def call_result(row: DialingRow, detail: CallDetail | None, final: bool) -> CallResult:
    """The engine's view of a row."""
    detail = detail or CallDetail()
    # Number and time of a callback that is over may still stand in its row.
    is_callback = row.status == CALLBACK
    return CallResult(
        key=row.key,
        dialer_campaign_key=str(row.campaign_id),
        dialer_ref=str(row.id),
        final=final,
        table=CODE_TABLE,
        raw_status=str(row.status),
        raw_code=str(row.result),
        number=row.number,
        called_at=detail.called_at,
        agent=detail.agent,
        duration_seconds=detail.duration_seconds,
        wrap_up=detail.wrap_up,
        callback_at=_aware(row.callback_at) if is_callback else None,
        callback_number=row.callback_number if is_callback else "",
    )


def _is_refusal(error: Exception) -> bool:
    """SQLSTATE class 42: no such table, no permission (Informix -206 and -272 too)."""
    # psycopg has it as an attribute, ODBC as the first argument.
    attribute = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    state = attribute or (error.args or ("",))[0]
    return str(state).startswith("42")


def _keep_latest(rows: dict[int, DialingRow], row: DialingRow) -> None:
    """A row in both tables counts once; a final one wins over the copy read earlier."""
    if row.id not in rows or row.final:
        rows[row.id] = row


def _keep_later(found: dict[int, CallDetail], key: int, detail: CallDetail) -> None:
    """Of several calls the last one counts, and an agent's record over the system's of the same
    contact.
    """
    known = found.get(key)
    if known is None or _precedence(detail) >= _precedence(known):
        found[key] = detail


def _precedence(detail: CallDetail) -> tuple[bool, datetime]:
    called_at = detail.called_at or datetime.min.replace(tzinfo=timezone.utc)
    return detail.by_agent, called_at


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
        columns.callsmadetophone01,
        columns.callsmadetophone02,
        columns.callsmadetophone03,
    )
    return DialingRow(
        id=int(columns.dialinglistid),
        campaign_id=_number(columns.campaignid),
        key=_text(columns.accountnumber),
        phones=phones,
        status=_number(columns.callstatus),
        result=_number(columns.callresult),
        last_phone=_number(columns.lastnumberdialed),
        calls_made=sum(max(0, _number(count)) for count in calls),
        callback_number=_text(columns.callbacknumber),
        callback_at=columns.callbackdatetime,
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
