"""Client of Cisco CCE in database mode: contacts are written to a campaign's dialing list, results
are read from Dialer_Detail.

Cisco documents no insert into a dialing list: it is for sites without Outbound High Availability
that accept it. Not tested against a real CCE; what is unverified can be configured (`CceConfig`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import chain
from typing import Any

from .base import (
    CallResult,
    DialerCampaign,
    DialerClient,
    DialerContact,
    FinishedContact,
    Health,
    PushContact,
    PushReceipt,
    check_keys,
    in_digits,
    in_numbers,
)
from .cce_config import CceConfig, Side
from .cce_connection import Connect
from .cce_database import (
    KEYS_PER_STATEMENT,
    MAX_NAME,
    MAX_PHONE,
    AgentRow,
    CampaignRow,
    CceDatabase,
    GroupRow,
    RuleRow,
)
from .cce_results import CODE_TABLE, CceWatermark, tell
from .exceptions import Busy, DialerError, InDoubt, NotFound, Rejected, Unreachable

_KINDS = {1: "agent", 2: "ivr"}
_DIALING_MODES = {1: "predictive", 3: "preview", 5: "progressive", 7: "preview"}
_PHONE = re.compile(rf"[0-9*#]{{1,{MAX_PHONE}}}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


class CceClient(DialerClient):
    """One CCE. Cheap to create; opens a connection per verb and closes it after it.

    :param connect: opens a DB-API connection from a connection string
    :param error_text: what an error of a connection says, without secrets
    :param clock: aware UTC
    """

    def __init__(
        self,
        config: CceConfig,
        connect: Connect,
        error_text: Callable[[Exception], str] = str,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.config = config
        self._clock = clock
        self._database = CceDatabase(config, connect, error_text)
        self._rules: list[RuleRow] | None = None

    # campaigns

    def campaigns(self) -> list[DialerCampaign]:
        with self._database.configuration() as cursor:
            rows = self._database.campaigns(cursor)
            groups = self._database.groups(cursor)
            self._rules = self._database.rules(cursor)
        pending = self._count_pending(rows)
        return [describe_campaign(row, groups, pending.get(row.id, 0)) for row in rows]

    def _count_pending(self, campaigns: Iterable[CampaignRow]) -> dict[int, int]:
        """What waits on the dialer, by campaign; empty where it cannot be counted, which keeps
        nobody from choosing a campaign.
        """
        counts: dict[int, int] = {}
        with suppress(DialerError), self._database.outbound() as cursor:
            for campaign in campaigns:
                tables = self._tables(str(campaign.id))
                waiting = [self._database.count_pending(cursor, table) for table in tables]
                counts[campaign.id] = sum(waiting)
        return counts

    def set_enabled(self, campaign_key: str, enabled: bool) -> None:
        """
        :raise Rejected: CCE takes changes of its configuration from its own tools only
        """
        raise Rejected(
            "CCE takes no changes of a campaign over its databases: enable or disable it in Cisco's"
            " Configuration Manager, then fetch the campaigns.",
            "405",
        )

    def set_single_attempt(self, campaign_key: str) -> None:
        """
        :raise Rejected: CCE takes changes of its configuration from its own tools only
        """
        raise Rejected(
            "CCE takes no changes of a campaign over its databases: set Maximum attempts to 1 in"
            " Cisco's Configuration Manager, then fetch the campaigns.",
            "405",
        )

    # contacts

    def push(
        self, campaign_key: str, campaign_name: str, contacts: Sequence[PushContact]
    ) -> PushReceipt:
        """Write one batch in one transaction: it is there as a whole or not at all.

        :raise ValueError: more contacts than `rows_per_request`, or unusable keys: a mistake of the
            caller
        :raise InDoubt: the answer to the commit was lost; ask `find` when `config.doubt_seconds`
            have passed since the call
        :raise DialerError: any other one: nothing of the batch is at the dialer
        """
        self._check_batch(contacts)
        sendable = self._prepare(contacts)
        keys = frozenset(contact.key for contact in sendable)
        arrived = self._send(campaign_key, sendable) if sendable else keys
        refused = frozenset(contact.key for contact in contacts) - keys
        return PushReceipt(arrived, refused, keys - arrived)

    def _check_batch(self, contacts: Sequence[PushContact]) -> None:
        """
        :raise ValueError: a mistake of the caller
        """
        if len(contacts) > self.config.rows_per_request:
            raise ValueError(f"At most {self.config.rows_per_request} contacts fit in one request")
        check_keys([contact.key for contact in contacts])

    def _leave_by(self) -> datetime:
        return self._clock() + timedelta(seconds=self.config.leave_seconds)

    def _send(self, campaign_key: str, sendable: Sequence[PushContact]) -> frozenset[str]:
        """Write contacts that the dialer can call.

        :return: keys of those that are there; of the others nobody knows
        """
        leave_by = self._leave_by()
        table = self._table_for_new(campaign_key)
        agents = self._agents_of(sendable)
        personal = [row for row in sendable if row.callback and row.callback.agent in agents]
        # An agent whom CCE does not know calls nobody: then it is everybody's.
        others = [row for row in sendable if row not in personal] if personal else sendable
        with self._database.outbound(writes=True) as cursor:
            self._database.insert(cursor, table, others)
            if personal:
                to_local = self._local_clock(cursor)
                campaign = int(campaign_key)
                self._database.insert_personal(cursor, campaign, personal, agents, to_local)
            # A machine that stood still may wake up when somebody else has settled this batch.
            if self._clock() > leave_by:
                raise Unreachable("CCE answered too slowly: the contacts were not sent.")
            self._commit(cursor, "the contacts were written")
        return frozenset(contact.key for contact in sendable)

    def _keeps_personal(self) -> bool:
        """Whether agents' own callbacks have a list of their own."""
        return bool(self.config.personal_table)

    def _agents_of(self, contacts: Sequence[PushContact]) -> dict[str, AgentRow]:
        """Agents of personal callbacks, where these have a list of their own."""
        logins = {contact.callback.agent for contact in contacts if contact.callback}
        if not (logins and self._keeps_personal()):
            return {}
        with self._database.configuration() as cursor:
            return self._database.agents(cursor, logins)

    def _local_clock(self, cursor: Any) -> Callable[[datetime], datetime]:
        """What turns moments into those of the Logger's clock, which CCE keeps personal callbacks
        by; what has passed is due now.

        :param cursor: on a database of a server whose clock shows the same time
        """
        now, local = self._clock(), self._database.now(cursor)

        def to_local(moment: datetime) -> datetime:
            return max(local, local + (moment - now)).replace(microsecond=0)

        return to_local

    def _prepare(self, contacts: Sequence[PushContact]) -> list[PushContact]:
        """Contacts as CCE takes them, without those whose number it could not dial: a column cuts
        what is too long, and another number would be called.
        """
        prepared = []
        for contact in in_digits(contacts, self.config.digits):
            number = self._as_dialled(contact.number)
            if _PHONE.fullmatch(number):
                names = _clean(contact.first_name), _clean(contact.last_name)
                callback = contact.callback
                prepared.append(PushContact(contact.key, number, *names, callback=callback))
        return prepared

    def _as_dialled(self, number: str) -> str:
        """:param number: in the dialer's digits, perhaps with a plus"""
        return self.config.plus + number[1:] if number.startswith("+") else number

    def _commit(self, cursor: Any, what: str) -> None:
        """Whatever goes wrong from here on is a doubt."""
        try:
            cursor.commit()
        # FreeTDS does not even tell a lost connection from others (reference §4.5).
        except Exception as error:
            raise InDoubt(f"The answer of CCE was lost: perhaps {what}.") from error

    def find(
        self, campaign_key: str, keys: Collection[str], sent_at: datetime | None = None
    ) -> set[str]:
        """Return the keys that CCE knows: in the campaign's dialing lists, or called lately; and
        those that a side may have that could not be asked for `config.side_patience`.

        :param sent_at: what was committed is seen at once, so it matters only then
        :raise Busy: a side cannot be asked, which may know the others
        """
        wanted = set(keys)
        tables: list[str] = []
        # Of a deleted campaign the lists are gone, and what was dialled is still recorded.
        with suppress(NotFound):
            tables = self._tables(campaign_key)
        known, is_complete = self._known(tables, wanted)
        found = {key for key, uncalled in known.items() if not uncalled}
        wanted -= known.keys()
        if wanted:
            called = self._called(wanted)
            found, wanted = found | called, wanted - called
        if is_complete or not wanted:
            return found
        if sent_at and (self._clock() - sent_at).total_seconds() < self.config.side_patience:
            raise Busy("A side of CCE cannot be asked, which may have what was sent last.")
        return found | wanted

    def _known(
        self, tables: Collection[str], keys: Collection[str]
    ) -> tuple[dict[str, bool], bool]:
        """Those of the keys that stand in one of the lists, and whether each was closed before it
        was ever called; and whether all sides could be asked.
        """
        found: dict[str, bool] = {}
        is_complete = True
        lists = bool(tables or self.config.personal_table)
        for side in self.config.sides if lists and keys else ():
            try:
                for key, uncalled in self._known_on(side, tables, keys):
                    found[key] = uncalled and found.get(key, True)
            except Unreachable:
                # What it cannot tell is no reason to do without the one that is written to.
                if side == self.config.sides[0]:
                    raise
                is_complete = False
        return found, is_complete

    def _known_on(
        self, side: Side, tables: Collection[str], keys: Collection[str]
    ) -> list[tuple[str, bool]]:
        found: list[tuple[str, bool]] = []
        with self._database.outbound(side=side) as cursor:
            for table in tables:
                with self._database.unless_gone():
                    found += self._database.known(cursor, table, keys).items()
            if self.config.personal_table:
                found += self._database.known_personal(cursor, keys).items()
        return found

    def _called(self, keys: Collection[str]) -> set[str]:
        with self._database.history() as cursor:
            since = self._late_begin(cursor)
            rows = self._database.details_for(cursor, keys, since)
        return {row.AccountNumber or "" for row in rows}

    def _late_begin(self, cursor: Any) -> datetime:
        """From when on old results are looked for: the history may hold years."""
        late = self.config.open_horizon + self.config.late_horizon
        return self._database.now(cursor) - timedelta(seconds=late)

    def contacts(self, campaign_key: str, status: str = "") -> list[DialerContact]:
        """List waiting contacts (at most 10,000 a list); `status` is a letter of CallStatusZone1,
        empty means pending.
        """
        found: list[DialerContact] = []
        with self._database.outbound() as cursor:
            for table in self._tables(campaign_key):
                for row in self._database.waiting(cursor, table, status or "P"):
                    names = row.first_name or "", row.last_name or ""
                    state = row.status or "", str(row.result or "")
                    found.append(DialerContact(row.key or "", row.phone or "", *names, *state))
        return found

    def purge(self, campaign_key: str) -> None:
        """Close our contacts of a campaign that were never called, as Cisco allows for pending
        ones; what is being called, is to be called again, or is another system's, stays.
        """
        for side in self.config.sides:
            try:
                self._close_pending(campaign_key, side)
            except Unreachable:
                # What it holds is not back: `undialled` tells of nobody until it can be asked.
                if side == self.config.sides[0]:
                    raise

    def _close_pending(self, campaign_key: str, side: Side) -> None:
        with self._database.outbound(writes=True, side=side) as cursor:
            for table in self._tables(campaign_key):
                with self._database.unless_gone():
                    self._database.close_pending(cursor, table)
            if self.config.personal_table:
                self._database.close_personal(cursor, int(campaign_key))
            self._commit(cursor, "the contacts were taken back")

    deletes_finished = True

    def finished(self, campaign_key: str) -> list[FinishedContact]:
        # What the other side has is deleted when contacts are written there again.
        found = []
        with self._database.outbound() as cursor:
            for table in self._tables(campaign_key):
                for row in self._database.finished(cursor, table):
                    ref = f"{table}:{row.id}"
                    found.append(FinishedContact(row.key, ref, bool(row.uncalled)))
        return found

    def delete_finished(self, campaign_key: str, contacts: Sequence[FinishedContact]) -> int:
        count = 0
        # The tables are asked for again: what was handed back here is no name for a statement.
        for table in self._tables(campaign_key):
            rows = {}
            for contact in contacts:
                name, _colon, row_id = contact.ref.rpartition(":")
                if name == table:
                    rows[int(row_id)] = contact.key
            for chunk in _chunks(rows):
                count += self._delete_finished(table, chunk)
        return count

    def _delete_finished(self, table: str, rows: Mapping[int, str]) -> int:
        with self._database.outbound(writes=True) as cursor:
            count = self._database.delete_finished(cursor, table, rows)
            self._commit(cursor, "finished contacts were deleted")
        return count

    def undialled(self, keys: Collection[str]) -> set[str]:
        known, is_complete = self._known(self._all_tables(), set(keys))
        # The other side may call them.
        if not is_complete:
            return set()
        return {key for key, uncalled in known.items() if uncalled}

    def check_side(self, side: Side) -> None:
        """
        :raise Unreachable: this side's Logger cannot be reached
        """
        with self._database.outbound(side=side) as cursor:
            self._database.now(cursor)

    # do not call

    def find_listed(self, numbers: Collection[str]) -> set[str]:
        """Those of some numbers, E.164, that CCE itself must not call: exactly these digits."""
        dialled = self._dialled(numbers)
        with self._database.outbound() as cursor:
            found = self._database.listed(cursor, dialled)
        return set(chain.from_iterable(dialled[digits] for digits in found & dialled.keys()))

    def add_listed(self, numbers: Collection[str]) -> None:
        """Have CCE call these numbers no more, whoever has sent them; repeating it is harmless.

        :raise InDoubt: the answer to the commit was lost
        """
        dialled = self._dialled(numbers)
        with self._database.outbound(writes=True) as cursor:
            new = dialled.keys() - self._database.listed(cursor, dialled)
            self._database.add_listed(cursor, new)
            self._commit(cursor, "the numbers were listed")

    def remove_listed(self, numbers: Collection[str]) -> None:
        """Let CCE call these numbers again; repeating it is harmless.

        :raise InDoubt: the answer to the commit was lost
        """
        with self._database.outbound(writes=True) as cursor:
            self._database.remove_listed(cursor, self._dialled(numbers))
            self._commit(cursor, "the numbers were taken off the list")

    def _dialled(self, numbers: Collection[str]) -> dict[str, list[str]]:
        """Numbers by the digits that are dialled for them, without those that CCE could not dial."""
        found: dict[str, list[str]] = {}
        contacts = [PushContact(number, number) for number in sorted(numbers)]
        for contact in in_digits(contacts, self.config.digits):
            digits = self._as_dialled(contact.number)
            if _PHONE.fullmatch(digits):
                found.setdefault(digits, []).append(contact.key)
        return found

    # lists

    def _table_for_new(self, campaign_key: str) -> str:
        """The dialing list of the query rule that the campaign uses first.

        :raise NotFound: it has none that is enabled
        """
        for rule in self._read_rules():
            if str(rule.campaign_id) == campaign_key and rule.enabled == "Y":
                return self._table_of(rule)
        raise NotFound("This campaign of CCE is gone, or none of its query rules is enabled.")

    def _tables(self, campaign_key: str) -> list[str]:
        """All dialing lists of a campaign: a query rule that is off now may have been on before."""
        rules = [rule for rule in self._read_rules() if str(rule.campaign_id) == campaign_key]
        return [self._table_of(rule) for rule in rules]

    def _all_tables(self) -> list[str]:
        return [self._table_of(rule) for rule in self._read_rules()]

    def _table_of(self, rule: RuleRow) -> str:
        return self.config.list_table_name(str(rule.campaign_id), str(rule.rule_id))

    def _read_rules(self) -> list[RuleRow]:
        # Once a client, which lives for one turn.
        if self._rules is None:
            with self._database.configuration() as cursor:
                self._rules = self._database.rules(cursor)
        return self._rules

    # results

    def results(self, watermark: str) -> tuple[list[CallResult], str]:
        """Read what was written since the watermark: ends of contacts, callbacks as non-final
        ones, and now and then what was taken back before it was called.
        """
        mark = CceWatermark.loads(watermark)
        results, following = self._read_since(mark)

        # The lists are looked at seldom: it slows the dialer (reference §1.9).
        second = int(self._clock().timestamp())
        if second - mark.looked_at >= self.config.look_interval:
            results += self._taken_back()
            following = replace(following, looked_at=second)
        return results, following.dumps()

    def _read_since(self, mark: CceWatermark) -> tuple[list[CallResult], CceWatermark]:
        """Calls that were written since a watermark, and the next one."""
        with self._database.history() as cursor:
            host, now = self._database.reporting_host, self._database.now(cursor)
            begin = mark.begin(now, self.config, host)
            rows = self._database.details_since(cursor, begin)
        following = mark.following(rows, now, self.config, host)
        return in_numbers(tell(rows, mark.told, self.config), self.config.digits), following

    def _taken_back(self) -> list[CallResult]:
        """Contacts that were closed before they were ever called: a purge whose answer was lost."""
        results: list[CallResult] = []
        with self._database.outbound() as cursor:
            for rule in self._read_rules():
                # Of two rules' lists one may be gone already.
                with self._database.unless_gone():
                    for row in self._database.uncalled(cursor, self._table_of(rule)):
                        campaign = str(rule.campaign_id)
                        results.append(_undialled(campaign, row.key, row.id, row.phone))
            if self.config.personal_table:
                for made in self._database.uncalled_personal(cursor):
                    campaign = str(made.campaign_id or "")
                    results.append(_undialled(campaign, made.key, made.id, made.phone))
        if len(self.config.sides) > 1:
            # The other side may have them, and call them.
            certain = self.undialled({result.key for result in results})
            results = [result for result in results if result.key in certain]
        return results

    def results_for(self, keys: Collection[str]) -> list[CallResult]:
        with self._database.history() as cursor:
            rows = self._database.details_for(cursor, keys, self._late_begin(cursor))
        return in_numbers(tell(rows, (), self.config), self.config.digits)

    # health

    def health(self) -> Health:
        """Test the three databases."""
        interface = self._failure_of(self._check_lists)
        results = self._failure_of(self._check_history)
        failures = " ".join(filter(None, (interface, results)))
        return Health(
            ok=not failures,
            message=failures or "CCE answers, and its call results can be read.",
            node=f"{self.config.outbound_host}, {self.config.reporting_host}",
            interface_ok=not interface,
            results_ok=not results,
        )

    def _check_lists(self) -> None:
        tables = self._all_tables()
        with self._database.outbound() as cursor:
            for table in tables[:1]:
                self._database.known(cursor, table, [""])

    def _check_history(self) -> None:
        with self._database.history() as cursor:
            self._database.details_since(cursor, self._database.now(cursor))

    def _failure_of(self, check: Callable[[], None]) -> str:
        try:
            check()
        except DialerError as error:
            return str(error)
        return ""


def _chunks(rows: Mapping[int, str]) -> Iterator[dict[int, str]]:
    """Parts of so many rows as one statement takes."""
    items = list(rows.items())
    for start in range(0, len(items), KEYS_PER_STATEMENT):
        yield dict(items[start : start + KEYS_PER_STATEMENT])


def describe_campaign(row: CampaignRow, groups: Iterable[GroupRow], pending: int) -> DialerCampaign:
    own = [group for group in groups if group.campaign_id == row.id]
    modes = [
        _DIALING_MODES[mode] for group in own if (mode := group.dialing_mode) in _DIALING_MODES
    ]
    return DialerCampaign(
        key=str(row.id),
        name=row.name,
        kind=_KINDS.get(row.purpose, "agent"),
        dialing_mode=modes[0] if modes else "",
        enabled=row.enabled == "Y",
        start_time=f"{row.start_hours:02}:{row.start_minutes:02}",
        end_time=f"{row.end_hours:02}:{row.end_minutes:02}",
        time_zone=row.time_zone or "",
        pending_contacts=pending,
        description=row.description or "",
        max_attempts=row.max_attempts,
        groups=tuple(group.name for group in own),
    )


def _undialled(campaign_key: str, key: str, row_id: int, number: str | None) -> CallResult:
    return CallResult(
        key=key,
        dialer_campaign_key=campaign_key,
        dialer_ref=str(row_id),
        final=False,
        table=CODE_TABLE,
        raw_status="C",
        raw_code="0",
        number=number or "",
        undialled=True,
    )


def _clean(name: str) -> str:
    """A name without control characters; what does not fit is cut, here and by the database, which
    counts the bytes of its code page.
    """
    return " ".join(_CONTROL.sub(" ", name).split())[:MAX_NAME]
