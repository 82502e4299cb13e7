"""All statements that the product sends to the databases of CCE (reference §1).

T-SQL over ODBC with ``qmark`` parameters. Every column of CCE is ``varchar``, and the drivers send
wide characters: each parameter is cast, so that an index can be used. Times of the databases are
local ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from .base import PushContact
from .cce_config import CceConfig, Literal, Side
from .cce_connection import Connect, connection_string, cursor_of, translated
from .exceptions import NotFound, Rejected, Unreachable

MAX_ACCOUNT, MAX_NAME, MAX_PHONE = 30, 50, 20
# SQL Server takes 1,000 rows a VALUES and 2,100 parameters a statement (reference §4.4).
ROWS_PER_STATEMENT, PARAMETERS_PER_STATEMENT = 1000, 2090
KEYS_PER_STATEMENT = 500

_TEXTS = {"AccountNumber": MAX_ACCOUNT, "FirstName": MAX_NAME, "LastName": MAX_NAME}
_TEXTS["Phone01"] = MAX_PHONE

_CAMPAIGNS = (
    "SELECT CampaignID, CampaignName, Description, CampaignPurposeType, Enabled, MaxAttempts,"
    " HomeStartHours, HomeStartMinutes, HomeEndHours, HomeEndMinutes, TZDisplayName"
    " FROM {prefix}Campaign WHERE Deleted = 'N' AND APIGenerated = '{by_api}'"
)
_GROUPS = (
    "SELECT g.CampaignID, g.DialingMode, s.EnterpriseName FROM {prefix}Campaign_Skill_Group g"
    " JOIN {prefix}Skill_Group s ON s.SkillTargetID = g.SkillTargetID"
    " WHERE s.Deleted = 'N' ORDER BY g.CampaignID, s.EnterpriseName"
)
_RULES = (
    "SELECT r.CampaignID, r.QueryRuleID, r.QueryRuleEnabled, r.ListOrder"
    " FROM {prefix}Campaign_Query_Rule r JOIN {prefix}Campaign c ON c.CampaignID = r.CampaignID"
    " WHERE c.Deleted = 'N' AND c.APIGenerated = '{by_api}'"
    " ORDER BY r.CampaignID, r.ListOrder, r.QueryRuleID"
)
_IMPORT_RULES = (
    "SELECT i.ImportRuleID, i.ImportRuleName, i.ContactTableName, i.FilePath,"
    " i.FilePollingEnabled, i.OverwriteEnabled, i.DelimiterType"
    " FROM {prefix}Campaign_Query_Rule r"
    " JOIN {prefix}Query_Rule q ON q.QueryRuleID = r.QueryRuleID"
    " JOIN {prefix}Import_Rule i ON i.ImportRuleID = q.ImportRuleID"
    " WHERE r.CampaignID = ? AND r.QueryRuleEnabled = 'Y' AND i.Deleted = 'N'"
    " AND i.Enabled = 'Y' AND i.APIGenerated = 'N' ORDER BY r.ListOrder, r.QueryRuleID"
)
_IMPORT_COLUMNS = (
    "SELECT FieldName FROM {prefix}Import_Rule_Clause WHERE ImportRuleID = ?"
    " ORDER BY SequenceNumber"
)
# 380 begun, 385 going on (reference §1.3).
_IMPORTING = (
    "SELECT count(*) FROM {prefix}Import_Rule_Real_Time"
    " WHERE ImportRuleID = ? AND Status IN (380, 385)"
)
_IMPORTED = "SELECT AccountNumber FROM {table} WHERE AccountNumber IN ({keys})"
_WAITING = (
    "SELECT TOP 10000 AccountNumber, FirstName, LastName, Phone01, CallStatusZone1, CallResult"
    " FROM {table} WHERE CallStatusZone1 = CAST(? AS char(1)) ORDER BY DialingListID"
)
_COUNT_PENDING = "SELECT count(*) FROM {table} WHERE CallStatusZone1 = 'P'"
_NEVER_CALLED = (
    " COALESCE(CallResult, 0) = 0 AND COALESCE(CallsMadeToZone1, 0) = 0"
    " AND COALESCE(CallsMadeToZone2, 0) = 0"
)
# Contacts that are pending may be closed (reference §1.6). Unlike one that is deleted, a closed
# contact goes on to say that it was never called.
_CLOSE = (
    "UPDATE {table} SET CallStatusZone1 = 'C', CallStatusZone2 = 'C'"
    " WHERE CallStatusZone1 = 'P' AND" + _NEVER_CALLED + " AND ({ours})"
)
_CLOSED_UNCALLED = (
    "SELECT DialingListID, AccountNumber, Phone01 FROM {table}"
    " WHERE CallStatusZone1 = 'C' AND" + _NEVER_CALLED + " AND ({ours})"
)
_KEYS_IN_LIST = (
    "SELECT AccountNumber, CASE WHEN CallStatusZone1 = 'C' AND"
    + _NEVER_CALLED
    + " THEN 1 ELSE 0 END AS Uncalled FROM {table} WHERE AccountNumber IN ({keys})"
)
# Zone 2 may be closed, or was never begun: a contact with one number is through with it.
_OVER = (
    " CallStatusZone1 IN ({finished})"
    " AND COALESCE(CallStatusZone2, 'C') NOT IN ('A', 'B', 'R', 'S', 'U')"
)
_FINISHED = (
    "SELECT DialingListID, AccountNumber, CASE WHEN CallStatusZone1 = 'C' AND"
    + _NEVER_CALLED
    + " THEN 1 ELSE 0 END AS Uncalled FROM {table} WHERE"
    + _OVER
    + " AND ({ours}) ORDER BY DialingListID"
)
# By its row, its key and its state: what another has put there meanwhile stays.
_DELETE = (
    "DELETE FROM {table} WHERE"
    + _OVER
    + " AND DialingListID IN ({ids}) AND AccountNumber IN ({keys})"
)
_NOW = "SELECT GETDATE()"
_AGENTS = (
    "SELECT PeripheralNumber, {column}, PeripheralID FROM {prefix}Agent"
    " WHERE Deleted = 'N' AND PeripheralNumber IN ({logins})"
)
# What third parties must fill, and may not (reference §1.6).
_PERSONAL = (
    "INSERT INTO [{table}] (CampaignID, PeripheralID, AgentID, Phone, AccountNumber, FirstName,"
    " LastName, MaxAttempts, CallbackDateTime, CallStatus, InsertedIntoDBDateTime) VALUES {values}"
)
_PERSONAL_ROW = (
    "(CAST(? AS int), CAST(? AS int), CAST(? AS int), CAST(? AS varchar(20)),"
    " CAST(? AS varchar(32)), CAST(? AS varchar(50)), CAST(? AS varchar(50)), 1,"
    " CAST(? AS datetime), 'P', GETDATE())"
)
_PERSONAL_PARAMETERS = 8
_NEVER_MADE = " COALESCE(CallResult, 0) = 0 AND SentToDialerDateTime IS NULL"
_PERSONAL_KEYS = (
    "SELECT AccountNumber, CASE WHEN CallStatus = 'C' AND"
    + _NEVER_MADE
    + " THEN 1 ELSE 0 END AS Uncalled FROM {table} WHERE AccountNumber IN ({keys})"
)
_CLOSE_PERSONAL = (
    "UPDATE {table} SET CallStatus = 'C' WHERE CallStatus = 'P' AND"
    + _NEVER_MADE
    + " AND CampaignID = CAST(? AS int) AND ({ours})"
)
_PERSONAL_UNCALLED = (
    "SELECT PersonalCallbackListID, AccountNumber, Phone, CampaignID FROM {table}"
    " WHERE CallStatus = 'C' AND" + _NEVER_MADE + " AND ({ours})"
)
_DNC_KNOWN = "SELECT Phone FROM {table} WHERE Phone IN ({numbers})"
_DNC_ADD = "INSERT INTO {table} (Phone) VALUES {values}"
_DNC_REMOVE = "DELETE FROM {table} WHERE Phone IN ({numbers})"


class CampaignRow(NamedTuple):
    """A row of `_CAMPAIGNS`."""

    id: int
    name: str
    description: str | None
    purpose: int
    enabled: str
    max_attempts: int
    start_hours: int
    start_minutes: int
    end_hours: int
    end_minutes: int
    time_zone: str | None


class GroupRow(NamedTuple):
    """A row of `_GROUPS`."""

    campaign_id: int
    dialing_mode: int | None
    name: str


class RuleRow(NamedTuple):
    """A row of `_RULES`."""

    campaign_id: int
    rule_id: int
    enabled: str
    order: int


class ImportRow(NamedTuple):
    """A row of `_IMPORT_RULES`."""

    id: int
    name: str
    table: str
    path: str | None
    polls: str
    overwrites: str
    delimiter: str

    @property
    def file_name(self) -> str:
        """Of the file that is polled; its path is the Logger's."""
        return re.split(r"[/\\]", (self.path or "").strip())[-1]


class WaitingRow(NamedTuple):
    """A row of `_WAITING`."""

    key: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    status: str | None
    result: int | None


class UncalledRow(NamedTuple):
    """A row of `_CLOSED_UNCALLED`."""

    id: int
    key: str
    phone: str | None


class FinishedRow(NamedTuple):
    """A row of `_FINISHED`."""

    id: int
    key: str
    uncalled: int


class AgentRow(NamedTuple):
    """A row of `_AGENTS`; `id` is of the column that stands for an agent in personal callbacks."""

    login: str
    id: int
    peripheral_id: int


class PersonalRow(NamedTuple):
    """A row of `_PERSONAL_UNCALLED`."""

    id: int
    key: str
    phone: str | None
    campaign_id: int | None


class DetailRow(NamedTuple):
    """A row of Dialer_Detail: one call. The fields are the columns to read."""

    RecoveryKey: float
    DateTime: datetime
    TimeZone: int | None
    CustomerTimeZone: int | None
    DbDateTime: datetime
    CampaignID: int | None
    CallResult: int | None
    CallStatusZone1: str | None
    Phone: str | None
    AccountNumber: str | None
    AgentPeripheralNumber: str | None
    CallDuration: int | None
    CallbackPhone: str | None
    CallbackDateTime: datetime | None
    WrapupData: str | None


_DETAILS = f"SELECT {', '.join(DetailRow._fields)} FROM {{table}} WHERE DbDateTime >= "
_DETAILS_SINCE = _DETAILS + "CAST(? AS datetime) AND ({ours})"
_DETAILS_FOR = _DETAILS + "CAST(? AS datetime) AND AccountNumber IN ({keys})"


class CceDatabase:
    """The databases of one CCE: Outbound Option's on the Logger, configuration and history on the
    Administration & Data Server.

    :param connect: opens a connection; one is opened per verb and closed after it
    :param error_text: what a driver's error says, without secrets
    """

    def __init__(
        self,
        config: CceConfig,
        connect: Connect,
        error_text: Callable[[Exception], str] = str,
    ) -> None:
        self._config = config
        self._connect = connect
        self._error_text = error_text
        hosts = config.reporting_host, config.reporting_host_2
        self._reporting_hosts = list(filter(None, hosts))

    # connections

    @property
    def reporting_host(self) -> str:
        """The Administration & Data Server that was asked last."""
        return self._reporting_hosts[0]

    def configuration(self) -> AbstractContextManager[Any]:
        """A cursor that reads campaigns, rules and skill groups."""
        return self._reporting(self._config.configuration_database)

    def history(self) -> AbstractContextManager[Any]:
        """A cursor that reads calls."""
        return self._reporting(self._config.history_database)

    def _reporting(self, database: str) -> AbstractContextManager[Any]:
        """On the server that worked last; only where it cannot be reached, on the other one."""
        # A missing driver is told at once, as for any other connection.
        text = connection_string(self._config, self.reporting_host, database)

        def connect(_text: str, autocommit: bool) -> Any:
            return self._connect_any(database, autocommit)

        return cursor_of(connect, text, database, self._error_text, writes=False)

    def _connect_any(self, database: str, autocommit: bool) -> Any:
        first: Exception | None = None
        # A copy, because the one that answers moves to the front.
        for host in tuple(self._reporting_hosts):
            text = connection_string(self._config, host, database)
            try:
                connection = self._connect(text, autocommit)
            # Each driver has exception classes of its own.
            except Exception as error:
                kind = translated(error, database, self._error_text(error))
                if not isinstance(kind, Unreachable):
                    raise
                first = first or error
                continue
            self._reporting_hosts.remove(host)
            self._reporting_hosts.insert(0, host)
            return connection
        raise first or Unreachable("No Administration & Data Server is configured.")

    def outbound(
        self, writes: bool = False, side: Side | None = None
    ) -> AbstractContextManager[Any]:
        """A cursor on the dialing lists.

        :param writes: in a transaction
        :param side: the one that contacts are written to, by default
        """
        config = self._config
        side = side or config.sides[0]
        database = config.outbound_database(side)
        text = connection_string(config, side.host, database)
        return cursor_of(self._connect, text, database, self._error_text, writes)

    @contextmanager
    def unless_gone(self) -> Iterator[None]:
        """Pass over a table that is not there: its rule was deleted, or this side never had it."""
        try:
            yield
        # What the driver raises is translated where its connection ends, which is too late.
        except Exception as error:
            if not isinstance(translated(error, "", self._error_text(error)), NotFound):
                raise

    # configuration

    def campaigns(self, cursor: Any) -> list[CampaignRow]:
        """Campaigns that are fed this way."""
        return [CampaignRow(*row) for row in self._configured(cursor, _CAMPAIGNS)]

    def groups(self, cursor: Any) -> list[GroupRow]:
        """Skill groups of all campaigns."""
        return [GroupRow(*row) for row in self._configured(cursor, _GROUPS)]

    def rules(self, cursor: Any) -> list[RuleRow]:
        """Query rules of all campaigns, in the order in which they are used."""
        return [RuleRow(*row) for row in self._configured(cursor, _RULES)]

    def import_rules(self, cursor: Any, campaign: int) -> list[ImportRow]:
        """Import rules of a campaign made by tools, in the order in which they are used."""
        statement = _IMPORT_RULES.format(prefix=self._config.table_prefix)
        return [ImportRow(*row) for row in self._select(cursor, statement, (campaign,))]

    def import_columns(self, cursor: Any, rule: int) -> list[str]:
        """Columns of an import rule's file, in their order."""
        statement = _IMPORT_COLUMNS.format(prefix=self._config.table_prefix)
        return [str(name) for (name,) in self._select(cursor, statement, (rule,))]

    def is_importing(self, cursor: Any, rule: int) -> bool:
        """Whether an import of this rule goes on."""
        cursor.execute(_IMPORTING.format(prefix=self._config.table_prefix), (rule,))
        return bool(cursor.fetchone()[0])

    def imported(self, cursor: Any, table: str, keys: Collection[str]) -> set[str]:
        """Those of the keys that stand in a contact table, which an administrator has named."""
        if not re.fullmatch(r"\w+", table, re.ASCII):
            raise Rejected(f"{table!r} is no name of a contact table that can be read.", "208")
        statement = _IMPORTED.replace("{table}", f"[{table}]")
        wanted = set(keys)
        return {key for (key,) in self._select_keys(cursor, statement, keys) if key in wanted}

    def _configured(self, cursor: Any, statement: str) -> Iterator[Sequence[Any]]:
        # Campaigns made over the REST interface and those made by tools are two worlds.
        by_api = "Y" if self._config.rest else "N"
        filled = statement.format(prefix=self._config.table_prefix, by_api=by_api)
        return self._select(cursor, filled, ())

    # dialing lists

    def insert(self, cursor: Any, table: str, contacts: Sequence[PushContact]) -> None:
        """Write pending contacts, in as few statements as SQL Server takes."""
        columns, marks = self._new_row()
        most = min(ROWS_PER_STATEMENT, PARAMETERS_PER_STATEMENT // len(_TEXTS))
        for start in range(0, len(contacts), most):
            chunk = contacts[start : start + most]
            values = ", ".join([marks] * len(chunk))
            parameters: list[str] = []
            for contact in chunk:
                parameters += (contact.key, contact.first_name, contact.last_name, contact.number)
            cursor.execute(f"INSERT INTO [{table}] ({columns}) VALUES {values}", parameters)

    def _new_row(self) -> tuple[str, str]:
        """Names of the columns of a new contact, and one row of values for VALUES."""
        columns, values = [], []
        for name, length in _TEXTS.items():
            columns.append(name)
            values.append(f"CAST(? AS varchar({length}))")
        for name, value in {**self._config.new_row, "ImportRuleDate": None}.items():
            columns.append(name)
            values.append("GETDATE()" if name == "ImportRuleDate" else _sql_literal(value))
        return ", ".join(columns), f"({', '.join(values)})"

    # personal callbacks

    def agents(self, cursor: Any, logins: Collection[str]) -> dict[str, AgentRow]:
        """Agents by their logins; who is not there is missing."""
        found: dict[str, AgentRow] = {}
        ordered = sorted(logins)
        for start in range(0, len(ordered), KEYS_PER_STATEMENT):
            chunk = ordered[start : start + KEYS_PER_STATEMENT]
            statement = _AGENTS.format(
                column=self._config.agent_column,
                prefix=self._config.table_prefix,
                logins=", ".join(["CAST(? AS varchar(32))"] * len(chunk)),
            )
            for login, agent_id, peripheral_id in self._select(cursor, statement, chunk):
                # Which of two peripherals' agents is meant, nobody has said.
                if login in found:
                    raise Rejected(f"CCE has two agents with the login {login}.", "agent")
                found[str(login)] = AgentRow(str(login), int(agent_id), int(peripheral_id))
        return found

    def insert_personal(
        self,
        cursor: Any,
        campaign: int,
        contacts: Sequence[PushContact],
        agents: Mapping[str, AgentRow],
        to_local: Callable[[datetime], datetime],
    ) -> None:
        """Write personal callbacks, each of them for one try: the strategy decides on more.

        :param to_local: a moment on the Logger's clock
        """
        most = PARAMETERS_PER_STATEMENT // _PERSONAL_PARAMETERS
        for start in range(0, len(contacts), most):
            chunk = contacts[start : start + most]
            parameters: list[Any] = []
            for contact in chunk:
                assert contact.callback
                agent = agents[contact.callback.agent]
                parameters += (campaign, agent.peripheral_id, agent.id, contact.number)
                parameters += (contact.key, contact.first_name, contact.last_name)
                parameters.append(to_local(contact.callback.at))
            values = ", ".join([_PERSONAL_ROW] * len(chunk))
            statement = _PERSONAL.format(table=self._config.personal_table, values=values)
            cursor.execute(statement, parameters)

    def known_personal(self, cursor: Any, keys: Collection[str]) -> dict[str, bool]:
        """As `known`, of personal callbacks."""
        return self._known(cursor, _PERSONAL_KEYS, self._config.personal_table, keys)

    def close_personal(self, cursor: Any, campaign: int) -> None:
        """Close our personal callbacks of a campaign that were never made."""
        ours, parameters = self._ours()
        statement = _CLOSE_PERSONAL.format(table=f"[{self._config.personal_table}]", ours=ours)
        cursor.execute(statement, (campaign, *parameters))

    def uncalled_personal(self, cursor: Any) -> list[PersonalRow]:
        """Our personal callbacks that were closed before they were ever made."""
        ours, parameters = self._ours()
        statement = _PERSONAL_UNCALLED.format(table=f"[{self._config.personal_table}]", ours=ours)
        rows = map(PersonalRow._make, self._select(cursor, statement, parameters))
        return [row for row in rows if self.is_ours(row.key)]

    # do not call

    def listed(self, cursor: Any, numbers: Collection[str]) -> set[str]:
        """Those of the numbers that CCE's own list holds."""
        found: set[str] = set()
        for statement, chunk in self._for_numbers(_DNC_KNOWN, numbers):
            found.update(str(row[0]) for row in self._select(cursor, statement, chunk))
        return found

    def add_listed(self, cursor: Any, numbers: Collection[str]) -> None:
        """Write numbers that are not there into CCE's own list."""
        ordered = sorted(numbers)
        for start in range(0, len(ordered), ROWS_PER_STATEMENT):
            chunk = ordered[start : start + ROWS_PER_STATEMENT]
            values = ", ".join([f"(CAST(? AS varchar({MAX_PHONE})))"] * len(chunk))
            table = f"[{self._config.dnc_table}]"
            cursor.execute(_DNC_ADD.format(table=table, values=values), chunk)

    def remove_listed(self, cursor: Any, numbers: Collection[str]) -> None:
        """Delete numbers from CCE's own list."""
        for statement, chunk in self._for_numbers(_DNC_REMOVE, numbers):
            cursor.execute(statement, chunk)

    def _for_numbers(
        self, statement: str, numbers: Collection[str]
    ) -> Iterator[tuple[str, list[str]]]:
        ordered = sorted(numbers)
        for start in range(0, len(ordered), KEYS_PER_STATEMENT):
            chunk = ordered[start : start + KEYS_PER_STATEMENT]
            marks = ", ".join([f"CAST(? AS varchar({MAX_PHONE}))"] * len(chunk))
            yield statement.format(table=f"[{self._config.dnc_table}]", numbers=marks), chunk

    def close_pending(self, cursor: Any, table: str) -> None:
        """Close our contacts that were never called."""
        ours, parameters = self._ours()
        cursor.execute(_CLOSE.format(table=f"[{table}]", ours=ours), parameters)

    def uncalled(self, cursor: Any, table: str) -> list[UncalledRow]:
        """Our contacts that were closed before they were ever called."""
        ours, parameters = self._ours()
        statement = _CLOSED_UNCALLED.format(table=f"[{table}]", ours=ours)
        rows = map(UncalledRow._make, self._select(cursor, statement, parameters))
        return [row for row in rows if self.is_ours(row.key)]

    def finished(self, cursor: Any, table: str) -> list[FinishedRow]:
        """Our contacts that are called no more."""
        ours, parameters = self._ours()
        statement = _FINISHED.format(table=f"[{table}]", ours=ours, finished=self._finished())
        rows = map(FinishedRow._make, self._select(cursor, statement, parameters))
        return [row for row in rows if self.is_ours(row.key)]

    def delete_finished(self, cursor: Any, table: str, rows: Mapping[int, str]) -> int:
        """Delete such contacts, no more than `KEYS_PER_STATEMENT`.

        :param rows: account numbers by DialingListID
        :return: how many were deleted
        """
        statement = _DELETE.format(
            table=f"[{table}]",
            finished=self._finished(),
            ids=", ".join("?" * len(rows)),
            keys=", ".join([f"CAST(? AS varchar({MAX_ACCOUNT}))"] * len(rows)),
        )
        cursor.execute(statement, (*rows, *rows.values()))
        return int(cursor.rowcount)

    def _finished(self) -> str:
        return ", ".join(map(_sql_literal, self._config.finished_statuses))

    def known(self, cursor: Any, table: str, keys: Collection[str]) -> dict[str, bool]:
        """Those of the keys that stand in a list, and whether each was closed before it was ever
        called.
        """
        return self._known(cursor, _KEYS_IN_LIST, table, keys)

    def _known(
        self, cursor: Any, statement: str, table: str, keys: Collection[str]
    ) -> dict[str, bool]:
        found: dict[str, bool] = {}
        statement = statement.replace("{table}", f"[{table}]")
        for key, uncalled in self._select_keys(cursor, statement, keys):
            # One that stands there twice was called if one of its rows was.
            found[str(key)] = bool(uncalled) and found.get(str(key), True)
        # SQL Server ignores case, and finds more than was asked for.
        wanted = set(keys)
        return {key: uncalled for key, uncalled in found.items() if key in wanted}

    def waiting(self, cursor: Any, table: str, status: str) -> list[WaitingRow]:
        """Contacts of one status, at most 10,000."""
        statement = _WAITING.format(table=f"[{table}]")
        return [WaitingRow(*row) for row in self._select(cursor, statement, (status,))]

    def count_pending(self, cursor: Any, table: str) -> int:
        """How many contacts wait for their first call, whoever sent them."""
        cursor.execute(_COUNT_PENDING.format(table=f"[{table}]"))
        return int(cursor.fetchone()[0])

    # calls

    def now(self, cursor: Any) -> datetime:
        """What time it is there: naive, on the clock that DbDateTime is of."""
        cursor.execute(_NOW)
        moment: datetime = cursor.fetchone()[0]
        return moment

    def details_since(self, cursor: Any, since: datetime) -> list[DetailRow]:
        """Our calls that were written from a moment on (index on DbDateTime), in that order.

        :param since: naive, on the database's clock
        """
        ours, parameters = self._ours()
        statement = _DETAILS_SINCE.format(table=self._config.detail_table, ours=ours)
        rows = self._select(cursor, statement, (since, *parameters))
        return _in_order(map(DetailRow._make, rows), self.is_ours)

    def details_for(self, cursor: Any, keys: Collection[str], since: datetime) -> list[DetailRow]:
        """Calls of these keys that were written from a moment on, in that order."""
        wanted = set(keys)
        statement = _DETAILS_FOR.replace("{table}", self._config.detail_table)
        rows = self._select_keys(cursor, statement, keys, (since,))
        return _in_order(map(DetailRow._make, rows), wanted.__contains__)

    # parts

    def is_ours(self, key: str) -> bool:
        return bool(key) and key.startswith(self._config.key_prefixes)

    def _ours(self) -> tuple[str, list[str]]:
        """A condition on account numbers, no more than a filter: LIKE ignores case and knows
        wildcards.
        """
        prefixes = self._config.key_prefixes
        condition = " OR ".join(["AccountNumber LIKE CAST(? AS varchar(30))"] * len(prefixes))
        return condition, [f"{prefix}%" for prefix in prefixes]

    def _select_keys(
        self, cursor: Any, statement: str, keys: Collection[str], before: Sequence[Any] = ()
    ) -> Iterator[Sequence[Any]]:
        """Rows of some keys, in statements that are not too long."""
        # In order, so that the same keys make the same statement.
        ordered = sorted(keys)
        for start in range(0, len(ordered), KEYS_PER_STATEMENT):
            chunk = ordered[start : start + KEYS_PER_STATEMENT]
            marks = ", ".join([f"CAST(? AS varchar({MAX_ACCOUNT}))"] * len(chunk))
            filled = statement.replace("{keys}", marks)
            yield from self._select(cursor, filled, (*before, *chunk))

    def _select(
        self, cursor: Any, statement: str, parameters: Sequence[Any]
    ) -> Iterator[Sequence[Any]]:
        # By pages: the first reading has all rows that there are.
        cursor.execute(statement, tuple(parameters))
        while page := cursor.fetchmany(self._config.page_rows):
            yield from page


def _sql_literal(value: Literal) -> str:
    """As part of a statement; `CceConfig` has looked at it."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else f"'{value}'"


def _in_order(rows: Iterable[DetailRow], is_wanted: Callable[[str], bool]) -> list[DetailRow]:
    """Rows as they were written, without those that the database found by mistake."""
    wanted = [row for row in rows if row.AccountNumber and is_wanted(row.AccountNumber)]
    return sorted(wanted, key=lambda row: (row.DbDateTime, row.RecoveryKey))
