"""Client of Cisco UCCX: campaigns and contacts over its REST API, results from its database.

Not tested against a real UCCX; the sources of every assumption are in ``docs`` (reference §7 lists
what is unverified).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, TypeVar

import requests

from .base import (
    CallResult,
    DialerCampaign,
    DialerClient,
    DialerContact,
    Health,
    PushContact,
    PushReceipt,
)
from .exceptions import Busy, DialerError, InDoubt, NotFound, Rejected, Unreachable
from .uccx_database import (
    CALLBACK,
    VOICE,
    CallDetail,
    DialingRow,
    UccxDatabase,
    Watermark,
    WatermarkRules,
    call_result,
)
from .uccx_http import UccxHttp, server_time
from .uccx_wire import (
    CONTACT_STATUSES,
    MAX_BODY_BYTES,
    ImportStatus,
    UnreadableAnswer,
    build_contacts,
    check_keys,
    is_sendable_number,
    parse_campaigns,
    parse_contacts,
    parse_import_statuses,
)

Parsed = TypeVar("Parsed")

CAMPAIGNS = "/adminapi/campaign"
_FIRST_POLL_SECONDS = 0.1
_LOST_POLLS = 3


@dataclass(frozen=True)
class UccxConfig:
    """How to reach one UCCX and how to treat it; times in seconds.

    :param hosts: both nodes, the preferred one first, each with an optional ``:port``
    :param verify_tls: True, False or the path of a CA file (UCCX certificates are mostly
    self-signed)
    :param import_timeout: an accepted import that is not finished after it leaves the batch in
        doubt; an unfinished import of somebody else that is older blocks no longer
    :param poll_interval: longest pause between two looks at the import status
    :param rows_per_request: largest batch (documented top 10,000; 500 is safe for redundant
    systems, reference §1.7)
    :param allow_duplicates: take a number that the campaign already has or dialled today, as every
    retry needs
    :param key_prefix: our account numbers start with it; other rows of the dialing list are ignored
    :param open_horizon: contacts without a result hold the watermark so long (use the dangling
    time)
    :param overlap: rows created so shortly before the newest one are read again
    :param detail_patience: so long an answered agent call waits for the agent's record, because
        UCCX closes a preview contact as Voice when the call is placed and corrects it when the
        agent classifies it (reference §2.5)
    :param doubt_seconds: after `InDoubt`, `find` is only trusted so much later: a request may sit
    in a server's queue
    """

    hosts: tuple[str, ...]
    user: str
    password: str = field(repr=False)
    port: int = 443
    scheme: str = "https"
    verify_tls: bool | str = True
    connect_timeout: float = 5
    read_timeout: float = 30
    import_timeout: float = 120
    poll_interval: float = 1
    rows_per_request: int = 500
    allow_duplicates: bool = True
    key_prefix: str = ""
    get_retries: int = 2
    retry_pause: float = 0.5
    overlap: float = 300
    open_horizon: float = 86_400
    with_call_details: bool = True
    detail_patience: float = 900
    page_rows: int = 2000
    doubt_seconds: float = 120


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class UccxClient(DialerClient):
    """One UCCX. Cheap to create; holds one HTTP session and opens a database connection per read.

    :param http: a session of your own, for tests; the default one ignores proxy settings
    :param clock: aware UTC
    :param connect: opens a DB-API connection with ``qmark`` parameters to `db_cra`; None where
    there is none
    :param error_text: what an error of that connection says, without secrets
    """

    def __init__(
        self,
        config: UccxConfig,
        http: requests.Session | None = None,
        clock: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], None] = time.sleep,
        connect: Callable[[], Any] | None = None,
        error_text: Callable[[Exception], str] = str,
    ) -> None:
        if not config.hosts:
            raise ValueError("A UCCX needs at least one host")
        self.config = config
        self._clock = clock
        self._sleep = sleep
        self._http = self._new_http(http)
        self._database = (
            UccxDatabase(connect, config.page_rows, config.with_call_details, error_text)
            if connect
            else None
        )
        self._rules = WatermarkRules(config.overlap, config.open_horizon)

    def _new_http(self, session: requests.Session | None) -> UccxHttp:
        config = self.config
        return UccxHttp(
            hosts=config.hosts,
            port=config.port,
            scheme=config.scheme,
            credentials=(config.user, config.password),
            verify=config.verify_tls,
            timeouts=(config.connect_timeout, config.read_timeout),
            retries=config.get_retries,
            retry_pause=config.retry_pause,
            session=session,
            sleep=self._sleep,
        )

    # campaigns

    def campaigns(self) -> list[DialerCampaign]:
        return self._read(CAMPAIGNS, parse_campaigns)

    def set_enabled(self, campaign_key: str, enabled: bool) -> None:
        path = f"{CAMPAIGNS}/{_path_id(campaign_key)}/state/{'enable' if enabled else 'disable'}"
        self._http.on_any_node(lambda node: self._http.change(node, "PUT", path))

    # contacts

    def push(
        self, campaign_key: str, campaign_name: str, contacts: Sequence[PushContact]
    ) -> PushReceipt:
        """Send one batch in one request and wait until its import has ended (reference §1.6).

        :raise ValueError: more contacts than `rows_per_request`, or unusable keys: a mistake of the
        caller
        :raise InDoubt: the batch may have been accepted; ask `find` after `config.doubt_seconds`
        :raise DialerError: any other one: nothing of the batch is at the dialer
        """
        if len(contacts) > self.config.rows_per_request:
            raise ValueError(f"At most {self.config.rows_per_request} contacts fit in one request")
        check_keys([contact.key for contact in contacts])
        sendable = [contact for contact in contacts if is_sendable_number(contact.number)]
        unusable = frozenset(contact.key for contact in contacts) - {
            contact.key for contact in sendable
        }
        if not sendable:
            return PushReceipt(frozenset(), unusable)
        receipt = self._http.on_any_node(
            lambda node: self._push_to(node, campaign_key, campaign_name, sendable)
        )
        return PushReceipt(receipt.accepted, receipt.refused | unusable)

    def _push_to(
        self, node: str, campaign_key: str, campaign_name: str, contacts: list[PushContact]
    ) -> PushReceipt:
        campaign_path = f"{CAMPAIGNS}/{_path_id(campaign_key)}"
        body = build_contacts(
            f"{node}{campaign_path}", campaign_name, contacts, self.config.allow_duplicates
        )
        if len(body) > MAX_BODY_BYTES:
            raise Rejected(
                "The batch exceeds the 3 MB that UCCX takes: lower the rows per request.",
                "too_large",
            )
        before = self._require_no_import(node, campaign_path, self.config.import_timeout)
        self._http.change(node, "POST", f"{campaign_path}/contacts", body)
        status = self._await_import(node, campaign_path, before)
        keys = frozenset(contact.key for contact in contacts)
        if status.succeeded and status.imported >= len(keys):
            return PushReceipt(keys, frozenset())
        return self._split_receipt(campaign_key, keys)

    def _require_no_import(self, node: str, campaign_path: str, patience: float = math.inf) -> int:
        """Refuse to go on beside a running import; return the start of the last manual one, to tell
        ours from it.

        :param patience: seconds after which an unfinished import is taken for a leftover
        """
        statuses, now_ms = self._import_statuses(node, campaign_path)
        if any(status.running_at(now_ms, patience) for status in statuses):
            raise Busy("UCCX is still importing other contacts into this campaign.")
        return _last_manual_start(statuses)

    def _import_statuses(self, node: str, campaign_path: str) -> tuple[list[ImportStatus], int]:
        response = self._http.get(node, f"{campaign_path}/contacts/status")
        now = server_time(response, self._clock())
        return _parsed(response, parse_import_statuses), int(now.timestamp() * 1000)

    def _await_import(self, node: str, campaign_path: str, before: int) -> ImportStatus:
        """Look until the import that follows the one started at `before` has ended.

        Whatever goes wrong from here on is a doubt: the contacts are on their way.
        """
        deadline = self._clock().timestamp() + self.config.import_timeout
        pause, lost = _FIRST_POLL_SECONDS, 0
        while self._clock().timestamp() < deadline and lost < _LOST_POLLS:
            self._sleep(min(pause, self.config.poll_interval))
            pause *= 2
            try:
                statuses, _now = self._import_statuses(node, campaign_path)
            except DialerError:
                lost += 1
                continue
            if ended := _ended_after(statuses, before):
                return ended
        raise InDoubt("UCCX took the contacts, but their import did not finish in time.")

    def _split_receipt(self, campaign_key: str, keys: frozenset[str]) -> PushReceipt:
        """Ask which contacts of a partly failed import arrived."""
        try:
            accepted = frozenset(self.find(campaign_key, keys))
        except InDoubt:
            raise
        except DialerError as error:
            raise InDoubt(
                f"UCCX took only a part of the contacts, and it is not known which: {error}"
            ) from error
        return PushReceipt(accepted, keys - accepted)

    def find(self, campaign_key: str, keys: Collection[str]) -> set[str]:
        """Return the keys that UCCX knows, waiting, dialled, deleted or moved to history.

        :raise Busy: an import is unfinished, however old, so an absent key may still appear
        :raise InDoubt: without a database only waiting contacts can be listed, and some keys are
        not among them
        """
        wanted = set(keys)
        campaign_path = f"{CAMPAIGNS}/{_path_id(campaign_key)}"
        with suppress(
            NotFound
        ):  # the campaign was deleted: no import can run, what was dialled is still recorded
            self._http.on_any_node(lambda node: self._require_no_import(node, campaign_path))
        return (
            self._database.known(wanted)
            if self._database
            else self._find_waiting(campaign_key, wanted)
        )

    def _find_waiting(self, campaign_key: str, wanted: set[str]) -> set[str]:
        found: set[str] = set()
        for status in CONTACT_STATUSES:
            if wanted - found:
                found.update(contact.key for contact in self.contacts(campaign_key, status))
        if wanted - found:
            raise InDoubt(
                "Without a connection to its database UCCX does not tell which contacts were already called.",
                known=frozenset(wanted & found),
            )
        return wanted

    def contacts(self, campaign_key: str, status: str = "") -> list[DialerContact]:
        """List waiting contacts (at most 10,000); `status` is one of `CONTACT_STATUSES`, empty
        means pending.
        """
        path = f"{CAMPAIGNS}/{_path_id(campaign_key)}/contacts"
        return self._read(path, parse_contacts, {"q": status} if status else None)

    def purge(self, campaign_key: str) -> None:
        path = f"{CAMPAIGNS}/{_path_id(campaign_key)}/contacts"
        self._http.on_any_node(lambda node: self._http.change(node, "DELETE", path))

    # results

    def results(self, watermark: str) -> tuple[list[CallResult], str]:
        """Read final results, and callbacks as non-final ones, of rows that may have changed since
        the watermark.

        Answered agent calls whose agent's record is missing are held back for
        `config.detail_patience`.
        """
        mark = Watermark.loads(watermark)
        now = self._clock()
        database = self._require_database()
        with database.cursor() as cursor:
            rows = database.rows_above(cursor, mark.low, self.config.key_prefix)
            telling = _telling(rows)
            details = database.details(cursor, telling) if telling else {}
            agent_campaigns = (
                database.agent_campaigns(cursor) if details is not None and telling else set()
            )
            rows = _read_again(cursor, database, rows, details, agent_campaigns)
        telling = _telling(rows)
        second = int(now.timestamp())
        without_agent = [row.id for row in telling if _awaits_agent(row, details, agent_campaigns)]
        first_seen = {key: mark.held.get(key, second) for key in without_agent}
        held = {
            key for key, seen in first_seen.items() if second - seen < self.config.detail_patience
        }
        waiting = held | {row.id for row in rows if not row.final and not row.withdrawn}
        low = self._rules.next_low(rows, mark.low, waiting, now.replace(tzinfo=None))
        results = [
            call_result(row, (details or {}).get(row.id), row.final)
            for row in telling
            if row.id not in held
        ]
        return results, Watermark(
            low, {key: seen for key, seen in first_seen.items() if key > low}
        ).dumps()

    def results_for(self, keys: Collection[str]) -> list[CallResult]:
        database = self._require_database()
        with database.cursor() as cursor:
            telling = _telling(database.rows_for(cursor, keys))
            details = (database.details(cursor, telling) if telling else None) or {}
        return [call_result(row, details.get(row.id), row.final) for row in telling]

    def undialled(self, keys: Collection[str]) -> set[str]:
        database = self._require_database()
        with database.cursor() as cursor:
            rows = database.rows_for(cursor, keys)
        # One key that stands there twice was called if one of its rows was.
        called = {row.key for row in rows if not row.undialled}
        return {row.key for row in rows} - called

    def _require_database(self) -> UccxDatabase:
        if self._database is None:
            raise Unreachable(
                "Call results need a connection to the database of UCCX, and none is configured."
            )
        return self._database

    # health

    def health(self) -> Health:
        """Test the REST API and the database on the node that answers."""
        node, interface = self._check_interface()
        database = self._check_database()
        failures = " ".join(message for message in (interface, database) if message)
        return Health(
            ok=not failures,
            message=failures or "UCCX answers, and its call results can be read.",
            node=node,
            interface_ok=not interface,
            results_ok=not database,
        )

    def _check_interface(self) -> tuple[str, str]:
        def probe(node: str) -> str:
            _parsed(self._http.get(node, CAMPAIGNS), parse_campaigns)
            return node.partition("://")[2]

        try:
            return self._http.on_any_node(probe), ""
        except DialerError as error:
            return "", str(error)

    def _check_database(self) -> str:
        try:
            self._require_database().known([""])
        except DialerError as error:
            return str(error)
        return ""

    def _read(
        self, path: str, parse: Callable[[bytes], Parsed], params: dict[str, str] | None = None
    ) -> Parsed:
        return self._http.on_any_node(
            lambda node: _parsed(self._http.get(node, path, params), parse)
        )


def _parsed(response: requests.Response, parse: Callable[[bytes], Parsed]) -> Parsed:
    try:
        return parse(response.content)
    except UnreadableAnswer as error:
        raise Unreachable(
            f"What answers at {response.url} is not the UCCX interface ({error})."
        ) from error


def _path_id(campaign_key: str) -> str:
    """Campaign ids are numbers (reference §1.5); anything else must not reach the path."""
    if not campaign_key.isdecimal():
        raise ValueError(f"{campaign_key!r} is not the id of a UCCX campaign")
    return campaign_key


def _last_manual_start(statuses: Sequence[ImportStatus]) -> int:
    """Imports over REST are MANUAL ones; a status without a type is taken for one."""
    return max(
        (status.started_at_ms for status in statuses if status.import_type in ("MANUAL", "")),
        default=0,
    )


def _ended_after(statuses: Sequence[ImportStatus], before: int) -> ImportStatus | None:
    """The manual import that replaced the one started at `before`, if it has ended."""
    for status in statuses:
        is_new = status.import_type in ("MANUAL", "") and status.started_at_ms != before
        if is_new and status.started_at_ms and status.finished:
            return status
    return None


def _telling(rows: Sequence[DialingRow]) -> list[DialingRow]:
    """Rows that say something: results and callbacks."""
    return [row for row in rows if row.final or row.status == CALLBACK]


def _read_again(
    cursor: Any,
    database: UccxDatabase,
    rows: Sequence[DialingRow],
    details: dict[int, CallDetail] | None,
    agent_campaigns: set[int],
) -> list[DialingRow]:
    """Read answered agent calls once more, now that their agents' records are known to exist.

    UCCX corrects Voice when the agent classifies the call (reference §2.5): a row that was read
    before its agent's record may still say Voice.
    """
    answered = [
        row.key
        for row in rows
        if row.final
        and row.result == VOICE
        and row.campaign_id in agent_campaigns
        and row.id in (details or {})
    ]
    fresh = {row.id: row for row in database.rows_for(cursor, answered)} if answered else {}
    return [fresh.get(row.id, row) for row in rows]


def _awaits_agent(
    row: DialingRow, details: dict[int, CallDetail] | None, agent_campaigns: set[int]
) -> bool:
    if details is None or row.campaign_id not in agent_campaigns:
        return False
    detail = details.get(row.id)
    return row.final and row.result == VOICE and not (detail and detail.by_agent)
