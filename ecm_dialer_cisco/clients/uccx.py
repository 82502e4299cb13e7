"""Client of Cisco UCCX: campaigns and contacts over its REST API, results from its database.

Not tested against a real UCCX; the sources of every assumption are in ``docs`` (reference §7 lists
what is unverified).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from math import inf
from typing import Any, TypeVar

import requests

from .base import (
    CALLBACKS,
    CALLED_AGAIN,
    MANY,
    OTHERS,
    CallResult,
    DialerCampaign,
    DialerClient,
    DialerContact,
    DialingPrefixes,
    DialingRange,
    Health,
    Holding,
    PushContact,
    PushReceipt,
    check_keys,
    in_digits,
    in_numbers,
)
from .exceptions import Busy, DialerError, InDoubt, NotFound, Rejected, Unreachable
from .uccx_config import UccxConfig
from .uccx_database import UccxDatabase
from .uccx_http import UccxHttp, server_time
from .uccx_results import read_keys, read_results
from .uccx_watermark import Watermark
from .uccx_wire import (
    CONTACT_STATUSES,
    MAX_BODY_BYTES,
    MOST_LISTED,
    ImportStatus,
    UnreadableAnswer,
    build_contacts,
    is_sendable_number,
    parse_campaigns,
    parse_contacts,
    parse_dialing_prefixes,
    parse_dialing_range,
    parse_import_statuses,
    parse_max_attempts,
    with_single_attempt,
)

Parsed = TypeVar("Parsed")

CAMPAIGNS = "/adminapi/campaign"
_FIRST_POLL_SECONDS = 0.1
_LOST_POLLS = 3


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
        self.config = config
        self._clock = clock
        self._sleep = sleep
        self._http = UccxHttp(config, http, sleep)

        # Without a database contacts can be pushed all the same; only results cannot be read.
        self._database: UccxDatabase | None = None
        if connect:
            self._database = UccxDatabase(
                connect, config.page_rows, config.with_call_details, error_text
            )

    # campaigns

    def campaigns(self) -> list[DialerCampaign]:
        # The list leaves out what is specific to a kind, such as UCCX's own tries.
        return [self._with_tries(campaign) for campaign in self._read(CAMPAIGNS, parse_campaigns)]

    def _with_tries(self, campaign: DialerCampaign) -> DialerCampaign:
        # One that was deleted since, or whose id is none, is as the list tells.
        with suppress(NotFound, ValueError):
            tries = self._read(_campaign_path(campaign.key), parse_max_attempts)
            return replace(campaign, max_attempts=tries)
        return campaign

    def dialing_range(self) -> DialingRange | None:
        """Read the Customer Dialing Time Range (reference §1.8)."""
        return self._read(self.config.general_path, parse_dialing_range)

    def dialing_prefixes(self) -> DialingPrefixes | None:
        """Read the prefixes of the general configuration (reference §1.8)."""
        return self._read(self.config.general_path, parse_dialing_prefixes)

    def set_enabled(self, campaign_key: str, enabled: bool) -> None:
        state = "enable" if enabled else "disable"
        path = f"{_campaign_path(campaign_key)}/state/{state}"
        self._change("PUT", path)

    def set_single_attempt(self, campaign_key: str) -> None:
        path = _campaign_path(campaign_key)

        def change_on(node: str) -> None:
            # UCCX takes whole campaigns only, and has no stamp that tells of another's change.
            body = _parsed(self._http.get(node, path), with_single_attempt)
            self._http.change(node, "PUT", path, body)

        self._http.on_any_node(change_on)

    # contacts

    def push(
        self, campaign_key: str, campaign_name: str, contacts: Sequence[PushContact]
    ) -> PushReceipt:
        """Send one batch in one request and wait until its import has ended (reference §1.6).

        :raise ValueError: more contacts than `rows_per_request`, or unusable keys: a mistake of the
        caller
        :raise InDoubt: the batch may have been accepted; ask `find` when `config.doubt_seconds` have
        passed since the call
        :raise DialerError: any other one: nothing of the batch is at the dialer
        """
        if len(contacts) > self.config.rows_per_request:
            raise ValueError(f"At most {self.config.rows_per_request} contacts fit in one request")
        check_keys([contact.key for contact in contacts])

        # UCCX leaves out rows that it cannot take without a word: they are sorted out before.
        dialled = in_digits(contacts, self.config.digits)
        sendable = [contact for contact in dialled if is_sendable_number(contact.number)]
        unusable = _keys(contacts) - _keys(sendable)
        if not sendable:
            return PushReceipt(frozenset(), unusable)

        leave_by = self._clock() + timedelta(seconds=self.config.leave_seconds)
        receipt = self._http.on_any_node(
            lambda node: self._push_to(node, campaign_key, campaign_name, sendable, leave_by)
        )
        return replace(receipt, refused=receipt.refused | unusable)

    def _push_to(
        self,
        node: str,
        campaign_key: str,
        campaign_name: str,
        contacts: list[PushContact],
        leave_by: datetime,
    ) -> PushReceipt:
        campaign_path = _campaign_path(campaign_key)
        body = build_contacts(
            f"{node}{campaign_path}", campaign_name, contacts, self.config.allow_duplicates
        )
        if len(body) > MAX_BODY_BYTES:
            raise Rejected(
                "The batch exceeds the 3 MB that UCCX takes: lower the rows per request.",
                "too_large",
            )

        # The answer to a POST names no import: ours is the one that was not there before.
        before = self._require_no_import(node, campaign_path, self.config.import_timeout)
        # A machine that stood still may wake up when somebody else has settled this batch already.
        if self._clock() > leave_by:
            raise Unreachable("UCCX answered too slowly: the contacts were not sent.")
        self._post(node, campaign_path, body)
        status = self._await_import(node, campaign_path, before)

        # UCCX tells how many contacts it took, not which.
        keys = _keys(contacts)
        if status.succeeded and status.imported >= len(keys):
            return PushReceipt(keys, frozenset())
        return self._split_receipt(campaign_key, keys, status)

    def _require_no_import(self, node: str, campaign_path: str, patience: float) -> int:
        """Refuse to go on beside a running import; return the start of the last manual one, to tell
        ours from it.

        :param patience: seconds after which an unfinished import is taken for a leftover
        :raise Busy: another import is running
        """
        statuses, now_ms = self._import_statuses(node, campaign_path)
        self._check_no_import(statuses, now_ms, patience)
        return _last_manual_start(statuses)

    def _check_no_import(
        self, statuses: Sequence[ImportStatus], now_ms: int, patience: float
    ) -> None:
        """:raise Busy: another import is running"""
        for status in statuses:
            # One that says nothing of itself for so long will not say more.
            longest = patience if status.result else min(patience, self.config.doubt_seconds)
            if status.running_at(now_ms, longest):
                raise Busy(_describe_import(status, now_ms, longest))

    def _post(self, node: str, campaign_path: str, body: bytes) -> None:
        """
        :raise Busy: refused because an import runs in another campaign
        :raise DialerError: any other failure
        """
        try:
            self._http.change(node, "POST", f"{campaign_path}/contacts", body)
        except Rejected as error:
            # Cisco says that one import runs at a time, and not how another one is refused: the
            # documented answer to *is one running?* tells it.
            if type(error) is Rejected and self._is_importing(node):
                raise Busy("UCCX is still importing other contacts.") from error
            raise

    def _is_importing(self, node: str) -> bool:
        """Whether an import runs in any campaign; no where UCCX does not tell."""
        try:
            campaigns = _parsed(self._http.get(node, CAMPAIGNS), parse_campaigns)
            for campaign in campaigns:
                path = _campaign_path(campaign.key)
                self._require_no_import(node, path, self.config.import_timeout)
        except Busy:
            return True
        except DialerError:
            return False
        return False

    def _import_statuses(self, node: str, campaign_path: str) -> tuple[list[ImportStatus], int]:
        response = self._http.get(node, f"{campaign_path}/contacts/status")
        statuses = _parsed(response, parse_import_statuses)
        # Starts of imports are on the server's clock, so their age is, too.
        now = server_time(response, self._clock())
        now_ms = int(now.timestamp() * 1000)
        return statuses, now_ms

    def _await_import(self, node: str, campaign_path: str, before: int) -> ImportStatus:
        """Look until the import that follows the one started at `before` has ended.

        Whatever goes wrong from here on is a doubt: the contacts are on their way.
        """
        deadline = self._clock().timestamp() + self.config.import_timeout
        pause, lost_answers = _FIRST_POLL_SECONDS, 0
        while self._clock().timestamp() < deadline and lost_answers < _LOST_POLLS:
            # Small imports are done at once, large ones take minutes: the pauses grow, slowly enough
            # that little of the last one is waited in vain.
            self._sleep(min(pause, self.config.poll_interval))
            pause *= 1.5
            try:
                statuses, _now = self._import_statuses(node, campaign_path)
            except DialerError:
                lost_answers += 1
                continue
            if ended := _ended_after(statuses, before):
                return ended
        raise InDoubt("UCCX took the contacts, but their import did not finish in time.")

    def _split_receipt(
        self, campaign_key: str, keys: frozenset[str], status: ImportStatus
    ) -> PushReceipt:
        """Ask which contacts of a partly failed import arrived."""
        try:
            accepted = self._find_arrived(campaign_key, keys)
        # It knows a part of them, which the next handler would lose.
        except InDoubt:
            raise
        except DialerError as error:
            raise InDoubt(
                f"UCCX took only a part of the contacts, and it is not known which: {error}"
            ) from error
        missing = keys - accepted
        # The database may be behind, until it shows as many as UCCX says that it took.
        if status.succeeded and len(accepted) >= status.imported:
            return PushReceipt(accepted, missing)
        # What UCCX does after a failure is documented nowhere: it may go on all the same.
        return PushReceipt(accepted, frozenset(), missing)

    def _find_arrived(self, campaign_key: str, keys: frozenset[str]) -> frozenset[str]:
        """Those of the keys that can be seen already."""
        if self._database is None:
            return frozenset(self._find_waiting(campaign_key, set(keys)))
        return frozenset(self._database.known(keys))

    def find(
        self, campaign_key: str, keys: Collection[str], sent_at: datetime | None = None
    ) -> set[str]:
        """Return the keys that UCCX knows, waiting, dialled or moved to history, and those that it
        may still show: nobody is sent a second time on a guess.

        :param sent_at: when the last of them may have been sent, aware UTC; None: long ago
        :raise Busy: an import is unfinished, or the database does not show yet what was sent, so an
        absent key may still appear. After `config.stuck_import`, `config.longest_lag` and
        `config.longest_silence` what may have come and is not shown counts as known.
        :raise InDoubt: without a database only waiting contacts can be listed, and some keys are
        not among them
        """
        wanted = set(keys)
        campaign_path = _campaign_path(campaign_key)
        last, now_ms = None, int(self._clock().timestamp() * 1000)
        # Of a deleted campaign no import can run, and what was dialled is still recorded.
        with suppress(NotFound):
            last, now_ms = self._http.on_any_node(
                lambda node: self._ask_last_import(node, campaign_path)
            )
        if self._database is None:
            return self._find_waiting(campaign_key, wanted)

        known = self._database.known(wanted)
        if known == wanted:
            return known
        if last and (last.succeeded or not last.finished):
            shows_all = partial(self._shows_import, campaign_key, last, now_ms)
        else:
            age = self._get_age(sent_at)
            # The interface is never behind: who is seen there first tells that the database is.
            if self._is_waiting(campaign_key, wanted - known):
                return wanted
            shows_all = partial(self._shows_newer, age, now_ms)
        # They are looked for once more where all is shown: the database may have caught up
        # meanwhile, and that of the other node, on another connection, may not.
        with self._database.cursor() as cursor:
            return self._database.known_to(cursor, wanted) if shows_all(cursor) else wanted

    def _get_age(self, sent_at: datetime | None) -> float:
        """:return: how many seconds ago a send was, by our clock: those of UCCX's nodes and of its
        database may be others
        :raise Busy: the database may be behind by so much
        """
        age = (self._clock() - sent_at).total_seconds() if sent_at else inf
        if age < self.config.doubt_seconds + self.config.longest_lag:
            raise Busy(
                "UCCX does not tell how much of what was sent last it took,"
                " and its results database may not show all of it yet."
            )
        return age

    def _is_waiting(self, campaign_key: str, keys: set[str]) -> bool:
        """Whether one of them is seen over the interface."""
        # Of a deleted campaign nobody waits.
        with suppress(NotFound):
            for status in CONTACT_STATUSES:
                if keys & _keys(self.contacts(campaign_key, status)):
                    return True
        return False

    def _shows_newer(self, age: float, now_ms: int, cursor: Any) -> bool:
        """Whether what the database does not know never came, where no import tells how much did:
        it failed, or UCCX has forgotten it since (its engine was restarted).

        :param age: of the send, in seconds
        :return: False where that cannot be told any more
        :raise Busy: it is behind, or nothing has happened at UCCX since
        """
        # What was sent long ago was followed by whatever is there.
        if age == inf:
            return True
        now = _naive(now_ms)
        since_arrival = timedelta(seconds=age - self.config.doubt_seconds)
        if self._require_database().is_newer(cursor, now - since_arrival, now):
            return True
        config = self.config
        if age < config.doubt_seconds + config.longest_lag + config.longest_silence:
            raise Busy(
                "UCCX does not tell how much of what was sent last it took, and its results"
                " database shows nothing newer: it may be behind. Check that the node whose"
                " database is read gets what the other one writes."
            )
        return False

    def _ask_last_import(self, node: str, campaign_path: str) -> tuple[ImportStatus | None, int]:
        """:return: the last import over REST, if there was one, and what time it is there
        :raise Busy: one is running
        """
        statuses, now_ms = self._import_statuses(node, campaign_path)
        self._check_no_import(statuses, now_ms, self.config.stuck_import)
        manual = [each for each in statuses if each.is_manual and not each.is_none]
        return max(manual, key=lambda each: each.started_at_ms, default=None), now_ms

    def _shows_import(
        self, campaign_key: str, last: ImportStatus, now_ms: int, cursor: Any
    ) -> bool:
        """Whether what the database does not know never came: it may be a standby, which is behind.

        :return: False where that cannot be told any more
        :raise Busy: it is behind, and may soon be no longer
        """
        # It was given up, and may end all the same.
        if not last.finished:
            return False
        shown, ahead = self._require_database().count_since(
            cursor, int(campaign_key), _naive(last.started_at_ms), _naive(now_ms)
        )
        # Rows of tomorrow come from another clock, by which older ones look new.
        if shown >= last.imported and not ahead:
            return True
        if now_ms - last.started_at_ms < self.config.longest_lag * 1000:
            raise Busy("The results database of UCCX does not show yet what was sent last.")
        return False

    def _find_waiting(self, campaign_key: str, wanted: set[str]) -> set[str]:
        missing = set(wanted)
        for status in CONTACT_STATUSES:
            # Each list may be long: the rest is not asked for when all were found.
            if missing:
                missing -= _keys(self.contacts(campaign_key, status))
        if missing:
            raise InDoubt(
                "Without a connection to its database UCCX does not tell"
                " which contacts were already called.",
                known=frozenset(wanted - missing),
            )
        return wanted

    def contacts(self, campaign_key: str, status: str = "") -> list[DialerContact]:
        """List waiting contacts (at most 10,000); `status` is one of `CONTACT_STATUSES`, empty
        means pending.
        """
        # Unlike `results` it needs no database, but tells of waiting contacts only.
        path = f"{_campaign_path(campaign_key)}/contacts"
        params = {"q": status} if status else None
        return self._read(path, parse_contacts, params)

    def purge(self, campaign_key: str) -> None:
        path = f"{_campaign_path(campaign_key)}/contacts"
        self._change("DELETE", path)

    def holding(self, campaign_key: str) -> Holding:
        """As the interface lists who waits, and the database who is finished."""
        path = _campaign_path(campaign_key)
        self._http.on_any_node(lambda node: self._ask_last_import(node, path))
        listed = {
            status: self.contacts(campaign_key, status)
            for status in CONTACT_STATUSES
            if status != "MAX_CALLS"
        }
        keys = {status: _keys(found) for status, found in listed.items()}
        called, finished = self._require_database().unlisted(int(campaign_key))
        everybody = finished.union(called, *keys.values())

        obstacle = ""
        if any(len(found) >= MOST_LISTED for found in listed.values()):
            obstacle = MANY
        elif not all(key.startswith(self.config.key_prefixes) for key in everybody):
            obstacle = OTHERS
        elif keys["CALLBACK"]:
            obstacle = CALLBACKS
        elif keys["RETRY"] | keys["RETRIES_WITH_DELAY"] | keys["UNKNOWN"]:
            obstacle = CALLED_AGAIN
        return Holding(keys["PENDING"], frozenset(finished), obstacle)

    # results

    def results(self, watermark: str) -> tuple[list[CallResult], str]:
        """Read final results, callbacks as non-final ones, and what was deleted before it was
        called, as far as the watermark says that they are new.

        Answered agent calls whose agent's record is missing are held back for
        `config.detail_patience`, previews for `config.preview_patience`; what the agent makes of
        one after that is told once more.
        """
        database = self._require_database()
        mark = Watermark.loads(watermark)
        results, following = read_results(database, mark, self.config, self._clock())
        return in_numbers(results, self.config.digits), following.dumps()

    def results_for(self, keys: Collection[str]) -> list[CallResult]:
        return in_numbers(read_keys(self._require_database(), keys), self.config.digits)

    def undialled(self, keys: Collection[str]) -> set[str]:
        database = self._require_database()
        with database.cursor() as cursor:
            rows = database.rows_for(cursor, keys)

        known: set[str] = set()
        called: set[str] = set()
        for row in rows:
            known.add(row.key)
            if not row.undialled:
                called.add(row.key)
        # A key that stands there twice was called if one of its rows was.
        return known - called

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
        failures = " ".join(filter(None, (interface, database)))
        return Health(
            ok=not failures,
            message=failures or "UCCX answers, and its call results can be read.",
            node=node,
            interface_ok=not interface,
            results_ok=not database,
        )

    def _check_interface(self) -> tuple[str, str]:
        def probe(node: str) -> str:
            # Read to the end: a login page answers with 200, too.
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

    def _change(self, method: str, path: str) -> None:
        def change_on(node: str) -> None:
            self._http.change(node, method, path)

        self._http.on_any_node(change_on)

    def _read(
        self, path: str, parse: Callable[[bytes], Parsed], params: dict[str, str] | None = None
    ) -> Parsed:
        def read_from(node: str) -> Parsed:
            response = self._http.get(node, path, params)
            return _parsed(response, parse)

        return self._http.on_any_node(read_from)


def _parsed(response: requests.Response, parse: Callable[[bytes], Parsed]) -> Parsed:
    try:
        return parse(response.content)
    except UnreadableAnswer as error:
        raise Unreachable(
            f"What answers at {response.url} is not the UCCX interface ({error})."
        ) from error


def _naive(milliseconds: int) -> datetime:
    """A moment of UCCX's in whole seconds, naive UTC as in its database."""
    return datetime.fromtimestamp(milliseconds // 1000, timezone.utc).replace(tzinfo=None)


def _campaign_path(campaign_key: str) -> str:
    """Campaign ids are numbers (reference §1.5); anything else must not reach the path."""
    if not campaign_key.isdecimal():
        raise ValueError(f"{campaign_key!r} is not the id of a UCCX campaign")
    return f"{CAMPAIGNS}/{campaign_key}"


def _last_manual_start(statuses: Sequence[ImportStatus]) -> int:
    """When the last import over REST began; 0 if there was none."""
    starts = [status.started_at_ms for status in statuses if status.is_manual]
    return max(starts, default=0)


def _describe_import(status: ImportStatus, now_ms: int, longest: float) -> str:
    """What keeps others waiting and when it does so no longer, as a sentence."""
    minutes = max(1, round((now_ms - status.started_at_ms) / 60_000))
    return (
        f"UCCX is still importing other contacts into this campaign, for {minutes} min now. After "
        f"{max(1, round(longest / 60))} min the import counts as given up, and sending goes on."
    )


def _ended_after(statuses: Sequence[ImportStatus], before: int) -> ImportStatus | None:
    """The manual import that replaced the one started at `before`, if it has ended."""
    for status in statuses:
        # Without a start it cannot be told from the one before.
        is_new = status.started_at_ms not in (0, before)
        if status.is_manual and is_new and status.finished:
            return status
    return None


def _keys(contacts: Iterable[PushContact | DialerContact]) -> frozenset[str]:
    return frozenset(contact.key for contact in contacts)
