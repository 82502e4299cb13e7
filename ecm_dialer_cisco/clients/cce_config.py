"""Settings of the client of one CCE (UCCE or PCCE)."""

from __future__ import annotations

import re
from codecs import lookup
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .digits import AS_IT_IS, DigitPlan

Literal = str | int | None
"""What a column of a new contact is set to."""

NEW_ROW: dict[str, Literal] = {
    "CallStatusZone1": "P",
    "CallStatusZone2": "P",
    "CallResult": 0,
    "CallsMadeToZone1": 0,
    "CallsMadeToZone2": 0,
}
"""Columns of a pending contact beside number, name and account number. Cisco documents neither
defaults nor what its own import writes (reference §6), so a site may have to change them.
"""

WAITING_STATUSES = "ABPRSU"
"""CallStatusZone1 of contacts that the dialer will still call: active, callbacks, pending, retry,
moved to a personal callback, unknown (reference §2.2).
"""

FINISHED_STATUSES = "CMD"
"""CallStatusZone1 of contacts that are called no more: closed, maximum attempts, dialled. They are
what CCE deletes by itself at midnight, when they are five days old (reference §1.9).
"""

FILE_COLUMNS = {
    "AccountNumber": "key",
    "FirstName": "first_name",
    "LastName": "last_name",
    "Phone01": "number",
}
"""What stands in the columns of an import rule, by their names; others stay empty."""

FILE_VALUES = frozenset(FILE_COLUMNS.values())

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TEXT = re.compile(r"[\w .:/-]*")
_SECONDS_PER_DAY = 86_400


def _with_port(host: str, port: int) -> str:
    """:param host: with a port of its own, perhaps"""
    return host if re.search(r"[^:]:\d+$", host) else f"{host}:{port}"


class Side(NamedTuple):
    """A Logger with its database of Outbound Option; `name` is ``A`` or ``B``."""

    name: str
    host: str


@dataclass(frozen=True)
class CceRestConfig:
    """How to reach the Outbound REST interface; times in seconds.

    :param host_2: the second Administration & Data Server, asked when the first cannot be reached
    :param user: an administrator, as ``user@domain``
    :param queue_seconds: so long a request may stand in the queue of imports
    :param page_rows: contacts a page, of which CCE gives 100 at most
    :param personal: make agents' own callbacks over it; otherwise they are imported as all others
    """

    host: str
    user: str
    password: str = field(repr=False)
    port: int = 443
    scheme: str = "https"
    verify_tls: bool | str = True
    connect_timeout: float = 5
    read_timeout: float = 30
    get_retries: int = 2
    retry_pause: float = 0.5
    queue_seconds: float = 900
    page_rows: int = 100
    host_2: str = ""
    personal: bool = False

    @property
    def node_urls(self) -> list[str]:
        hosts = filter(None, (self.host, self.host_2))
        return [f"{self.scheme}://{_with_port(host, self.port)}" for host in hosts]

    @property
    def doubt_seconds(self) -> float:
        """So long after `push` was called what was sent may still appear."""
        one_request = self.connect_timeout + self.read_timeout
        return len(self.node_urls) * one_request + self.queue_seconds


@dataclass(frozen=True)
class CceConfig:
    """How to reach the databases of one CCE and how to treat them; times in seconds.

    :param outbound_host: the Logger (Rogger) with the Outbound Option database; of a pair, the side
        whose Campaign Manager is active
    :param other_host: the Logger of the other side, where Outbound Option has one
    :param reporting_host: the Administration & Data Server (AW-HDS): configuration and results
    :param reporting_host_2: a second one, asked when the first cannot be reached
    :param instance: what the names of the databases begin with
    :param side: of the Outbound Option database, ``A`` or ``B``
    :param driver: name of the installed ODBC driver (`cce_connection.choose_driver`)
    :param encrypt: require TLS for the whole session; Cisco's databases offer it as an option only
    :param list_table: the table that contacts are written to; `{campaign}` and `{rule}` are the ids
    :param table_prefix: of the configuration tables (Cisco's handbook names them without it)
    :param detail_table: one row per call, in the historical database
    :param new_row: columns of a new contact, see `NEW_ROW`
    :param waiting_statuses: letters of a call after which the dialer calls again by itself
    :param finished_statuses: letters of contacts that a purge may delete
    :param plus: what a leading ``+`` becomes: the dialer takes digits, ``*`` and ``#``
    :param key_prefixes: our account numbers start with one of them; other rows are ignored
    :param switch_overlap: the same after another server was asked than before: each writes them down
        at times of its own
    :param side_patience: so long it is waited for a side that cannot be asked; after that what may
        have been sent there counts as sent
    :param import_folder: where import rules look for files, as an address of fsspec
    :param import_timeout: so long a file may wait until it is imported
    :param poll_interval: longest pause between two looks
    :param file_columns: what stands in an import rule's columns, see `FILE_COLUMNS`
    :param file_encoding: code page of files; CCE's columns are of one byte a character
    :param overlap: rows written so shortly before the newest one are read again
    :param open_horizon: results are awaited so long; without a watermark reading begins there
    :param late_horizon: results of contacts that were given up are looked for so much longer
    :param personal_table: where personal callbacks are written, on the side that contacts are
        written to; empty: they stand among the others
    :param agent_column: column of Agent whose value stands for an agent there
    :param dnc_table: numbers that CCE itself must not call
    :param rest: send over the REST interface, to campaigns that were made over it
    :param look_interval: so often it is looked which contacts were taken back and never called
    :param digits: what is dialled for a number, before `plus`
    """

    outbound_host: str
    reporting_host: str
    user: str
    password: str = field(repr=False)
    instance: str = "ucce"
    side: str = "A"
    port: int = 1433
    driver: str = "FreeTDS"
    encrypt: bool = False
    connect_timeout: float = 5
    read_timeout: float = 30
    rows_per_request: int = 500
    list_table: str = "DL_{campaign}_{rule}"
    table_prefix: str = "t_"
    detail_table: str = "t_Dialer_Detail"
    new_row: Mapping[str, Literal] = field(default_factory=lambda: dict(NEW_ROW))
    waiting_statuses: str = WAITING_STATUSES
    finished_statuses: str = FINISHED_STATUSES
    plus: str = ""
    key_prefixes: tuple[str, ...] = ("",)
    overlap: float = 300
    switch_overlap: float = 3_600
    side_patience: float = 3_600
    open_horizon: float = _SECONDS_PER_DAY
    late_horizon: float = 8 * _SECONDS_PER_DAY
    look_interval: float = 3_600
    page_rows: int = 2000
    digits: DigitPlan = AS_IT_IS
    rest: CceRestConfig | None = None
    import_folder: str = ""
    import_timeout: float = 120
    poll_interval: float = 2
    file_columns: Mapping[str, str] = field(default_factory=lambda: dict(FILE_COLUMNS))
    file_encoding: str = "cp1252"
    other_host: str = ""
    reporting_host_2: str = ""
    personal_table: str = ""
    agent_column: str = "SkillTargetID"
    dnc_table: str = "Do_Not_Call"

    def __post_init__(self) -> None:
        names = [self.instance, self.detail_table, self.list_table_name("1", "1"), *self.new_row]
        names += [self.dnc_table, self.agent_column]
        names += filter(None, (self.table_prefix, self.personal_table))
        for name in names:
            # They become part of statements, where no parameter can stand.
            if not _IDENTIFIER.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a table or column")
        for value in self.new_row.values():
            if isinstance(value, str) and not _TEXT.fullmatch(value):
                raise ValueError(f"{value!r} is not what a column can be set to")
        self._check_file()
        if not re.fullmatch(r"[A-Z]+", self.finished_statuses, re.ASCII):
            raise ValueError(f"{self.finished_statuses!r} are not letters of finished contacts")
        if both := set(self.finished_statuses) & set(self.waiting_statuses):
            raise ValueError(f"Contacts with {''.join(sorted(both))!r} are still called")
        if self.side not in ("A", "B"):
            raise ValueError("The side is A or B")

    def _check_file(self) -> None:
        if unknown := set(self.file_columns.values()) - FILE_VALUES:
            known = ", ".join(sorted(FILE_VALUES))
            raise ValueError(f"{sorted(unknown)[0]!r} is none of what a file can hold: {known}")
        # Without these nobody is called, or nobody's result is known.
        if not {"key", "number"} <= set(self.file_columns.values()):
            raise ValueError("A file needs a column for key and one for number")
        try:
            lookup(self.file_encoding)
        except LookupError as error:
            raise ValueError(f"{self.file_encoding!r} is not the name of a code page") from error

    @property
    def sides(self) -> list[Side]:
        """The side that contacts are written to, then the other one, if there is one."""
        sides = [Side(self.side, self.outbound_host)]
        if self.other_host:
            sides.append(Side("B" if self.side == "A" else "A", self.other_host))
        return sides

    def outbound_database(self, side: Side) -> str:
        """Database of Outbound Option on a side's Logger."""
        return f"{self.instance}_ba{side.name}"

    @property
    def configuration_database(self) -> str:
        return f"{self.instance}_awdb"

    @property
    def history_database(self) -> str:
        return f"{self.instance}_hds"

    def list_table_name(self, campaign: str, rule: str) -> str:
        """The table of one campaign and query rule.

        :raise ValueError: the name holds another placeholder
        """
        try:
            return self.list_table.format(campaign=campaign, rule=rule)
        except (IndexError, KeyError) as error:
            raise ValueError(f"{self.list_table!r} is not the name of a table") from error

    @property
    def leave_seconds(self) -> float:
        """So long after `push` was called its commit may still leave."""
        # Two logins, and as many statements as are waited for one after the other.
        return 2 * self.connect_timeout + 3 * self.read_timeout

    @property
    def doubt_seconds(self) -> float:
        """So long after `push` was called `find` may not know yet what was sent."""
        if self.rest:
            # Callbacks leave one after the other, before the import.
            before = self.leave_seconds if self.rest.personal else 0
            return before + self.rest.doubt_seconds
        waiting = self.import_timeout if self.import_folder else 0
        return self.leave_seconds + self.read_timeout + waiting


def parse_columns(text: str) -> dict[str, Literal]:
    """Columns and what they are set to, one a line.

    >>> parse_columns("CallStatusZone1 = P\\nCallResult = NULL\\nGMTPhone01 = 60")
    {'CallStatusZone1': 'P', 'CallResult': None, 'GMTPhone01': 60}

    :raise ValueError: a line is something else
    """
    columns: dict[str, Literal] = {}
    for line in filter(str.strip, text.splitlines()):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not _IDENTIFIER.fullmatch(name):
            raise ValueError(f"{line.strip()!r} is not of the form Column = value")
        columns[name] = _literal(value)
    return columns


def parse_file_columns(text: str) -> dict[str, str]:
    """Columns of an import rule and what a file has in them, one a line.

    >>> parse_file_columns("Account = key\nPhone01 = number")
    {'Account': 'key', 'Phone01': 'number'}

    :raise ValueError: a line is something else
    """
    return {name: str(value) for name, value in parse_columns(text).items()}


def _literal(value: str) -> Literal:
    if value.upper() == "NULL":
        return None
    return int(value) if re.fullmatch(r"-?\d+", value) else value


def dump_columns(columns: Mapping[str, Literal]) -> str:
    """Undo `parse_columns`."""
    lines = []
    for name, value in columns.items():
        lines.append(f"{name} = {'NULL' if value is None else value}")
    return "\n".join(lines)
