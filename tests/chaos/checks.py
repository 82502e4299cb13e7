"""What must hold whatever happens, compared with the simulators' own records of calls."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scripts.console import say

from .house import Campaign, House

# Of a second that both sides round.
ROUNDING = timedelta(seconds=2)
CALLBACKS = {8, 14}
# By our codes: after these the strategy waits before it calls again.
WAITED_FOR = (
    "busy",
    "no_answer",
    "answering_machine",
    "customer_abandoned",
    "call_abandoned",
    "call_failed",
)
ATTEMPTS = """
SELECT a.key, a.contact_id, a.campaign_id, a.number, a.state, o.code, a.id
  FROM ecm_attempt a LEFT JOIN ecm_outcome o ON o.id = a.outcome_id ORDER BY a.id
"""
STORED = """
SELECT c.phone_1, count(*) FROM ecm_contact c WHERE c.phone_1 = ANY(%s) GROUP BY 1
"""
BY_STATE = "SELECT campaign_id, state, count(*) FROM ecm_contact GROUP BY 1, 2"
# Nobody is left between two states: what awaits a result has an attempt that does, and the other
# way round.
ASTRAY = """
SELECT c.phone_1, c.state, a.state FROM ecm_contact c
  LEFT JOIN ecm_attempt a ON a.id = c.current_attempt_id
 WHERE c.state = 'sent_to_dialer' AND (a.id IS NULL OR a.state NOT IN ('claimed', 'sent'))
    OR c.state = 'pending' AND a.state IN ('claimed', 'sent')
"""
# At the end: no attempt without a result, or without the mark that it has none, with its cause.
UNEXPLAINED = """
SELECT a.key, a.state, c.state, c.close_reason FROM ecm_attempt a
  JOIN ecm_contact c ON c.id = a.contact_id
 WHERE a.state IN ('claimed', 'sent')
    OR a.state = 'dangling' AND c.state = 'dangling' AND c.close_reason IS DISTINCT FROM 'no_result'
    OR a.state = 'done' AND a.outcome_id IS NULL
"""


@dataclass(frozen=True)
class Call:
    """A call as a simulator has noted it.

    :ivar row: of the dialing list
    :ivar result: the dialer's own code
    """

    dialer: str
    row: int
    key: str
    phone: str
    at: datetime
    result: int | None


@dataclass
class Ledger:
    """What was done, to compare with what is there.

    :ivar uploads: numbers of each file that Odoo has taken, by their campaign
    :ivar restarts: when each dialer's engine was restarted: it calls again by itself then
    :ivar suppressed: numbers with the id of the last attempt when they were listed
    """

    uploads: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    unsure: set[str] = field(default_factory=set)
    restarts: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    suppressed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Findings:
    """What was found wrong, as sentences, by what it means."""

    lost: list[str]
    doubled: list[str]
    other: list[str]

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.other)

    def lines(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.other]


class Checks:
    """Compares Odoo's database with the ledger and with the simulators."""

    def __init__(self, house: House, ledger: Ledger) -> None:
        self._house, self._ledger = house, ledger
        self._calls: list[Call] = []
        self._last = {"uccx": 0, "cce": 0}

    def run(self, is_over: bool = False) -> Findings:
        """:param is_over: everybody was called who will be, and all results are read"""
        # The calls first: an attempt is in our history before it can be called.
        calls = self._read_calls()
        attempts = self._house.sql(ATTEMPTS)
        by_key = {key: rest for key, *rest in attempts}
        lost, doubled, other = [], [], []
        for call in calls:
            if call.key not in by_key:
                lost.append(f"{call.phone} was called as {call.key}, of which nothing is known")
            elif by_key[call.key][2].lstrip("+") != call.phone.lstrip("+"):
                other.append(f"{call.phone} was called as {call.key}, which is another's")
        doubled += self._find_doubled(calls)
        other += self._find_too_early(calls, by_key)
        other += self._find_out_of_hours(calls, by_key)
        other += self._find_suppressed(attempts)
        lost += self._find_astray()
        if is_over:
            lost += self._find_missing()
            for key, state, of_contact, reason in self._house.sql(UNEXPLAINED):
                lost.append(f"{key} is {state}, its contact {of_contact}: {reason}")
                # The databases are gone after the run.
                for line in self._house.find_everywhere(key):
                    say(f"    {line}")
        return Findings(lost, doubled, other)

    # -- calls ------------------------------------------------------------------------------------

    def _read_calls(self) -> list[Call]:
        for dialer in self._last:
            simulator = getattr(self._house, dialer)
            if not simulator.is_running:
                continue
            for row in _read_dialled(simulator, self._last[dialer]):
                self._last[dialer] = max(self._last[dialer], row["id"])
                self._calls.append(_read_call(dialer, row))
        return self._calls

    def _find_doubled(self, calls: list[Call]) -> list[str]:
        """An attempt that stands in two rows was sent twice; one row that was called twice was
        called by the dialer itself, which does so after a restart, and for a callback.
        """
        by_key: dict[str, list[Call]] = defaultdict(list)
        for call in calls:
            by_key[call.key].append(call)
        found = []
        for key, own in by_key.items():
            if len({call.row for call in own}) > 1:
                found.append(f"{own[0].phone} was sent twice as {key}")
            for earlier, later in itertools.pairwise(own):
                if not (earlier.result in CALLBACKS or self._was_restarted(earlier, later)):
                    found.append(f"{later.phone} was called twice as {key}")
        return found

    def _was_restarted(self, earlier: Call, later: Call) -> bool:
        restarts = self._ledger.restarts[earlier.dialer]
        return any(earlier.at - ROUNDING <= moment <= later.at + ROUNDING for moment in restarts)

    def _find_too_early(self, calls: list[Call], by_key: dict[str, Any]) -> list[str]:
        """No two attempts of a contact are nearer than the strategy says."""
        delay = timedelta(minutes=self._house.retry_minutes)
        last: dict[int, Call] = {}
        found = []
        for call in sorted(calls, key=lambda call: call.at):
            if call.key not in by_key:
                continue
            contact = by_key[call.key][0]
            before = last.get(contact)
            last[contact] = call
            if before is None or before.key == call.key:
                continue
            code = by_key[before.key][4]
            if code in WAITED_FOR and call.at - before.at < delay - ROUNDING:
                found.append(f"{call.phone} was called again after {call.at - before.at}")
        return found

    def _find_out_of_hours(self, calls: list[Call], by_key: dict[str, Any]) -> list[str]:
        windows = {each.id: each.windows for each in self._house.campaigns if each.windows}
        found = []
        for call in calls:
            own = windows.get(by_key[call.key][1]) if call.key in by_key else None
            # Callbacks were asked for by the customer: the dialer makes them at their time.
            is_callback = call.phone.endswith("48")
            if own and not is_callback and not _is_within(call.at, own):
                found.append(f"{call.phone} was called at {call.at}, out of hours")
        return found

    # -- contacts ---------------------------------------------------------------------------------

    def _find_suppressed(self, attempts: list[tuple[Any, ...]]) -> list[str]:
        found = []
        for _key, _contact, _campaign, number, _state, _code, attempt_id in attempts:
            before = self._ledger.suppressed.get(number)
            if before is not None and attempt_id > before:
                found.append(f"{number} was sent although it is on a do-not-contact list")
        return found

    def _find_astray(self) -> list[str]:
        return [
            f"{phone} is {state}, and its attempt {of_attempt}"
            for phone, state, of_attempt in self._house.sql(ASTRAY)
        ]

    def _find_missing(self) -> list[str]:
        """Everybody of a file that was taken is there once; the states add up to all."""
        found = []
        for numbers in self._ledger.uploads.values():
            stored = dict(self._house.sql(STORED, list(numbers)))
            for number in sorted(numbers):
                count = stored.get(number, 0)
                if count > 1 or not (count or number in self._ledger.unsure):
                    found.append(f"{number} was loaded, and is stored {count} times")
        counted: Counter[int] = Counter()
        for campaign_id, _state, count in self._house.sql(BY_STATE):
            counted[campaign_id] += count
        for campaign in self._house.campaigns:
            found += self._compare_tally(campaign, counted[campaign.id])
        return found

    def _compare_tally(self, campaign: Campaign, count: int) -> list[str]:
        tally = self._house.admin.call("ecm.campaign", "get_state_tally", [campaign.id])
        told = sum(tally.values())
        return [f"{campaign.name}: {count} contacts, {told} by state"] if told != count else []


def _read_dialled(simulator: Any, after: int) -> list[dict[str, Any]]:
    """Again where its own database was away: the first request to find out fails."""
    for _try in range(5):
        with contextlib.suppress(OSError):
            return list(simulator.dialled(after))
        time.sleep(1)
    return list(simulator.dialled(after))


def _read_call(dialer: str, row: dict[str, Any]) -> Call:
    is_uccx = dialer == "uccx"
    return Call(
        dialer,
        row["dialinglistid" if is_uccx else "dialing_list_id"],
        row["accountnumber" if is_uccx else "account_number"],
        row["phone"],
        datetime.fromisoformat(row["dialled_at"]),
        row["callresult" if is_uccx else "call_result"],
    )


def _is_within(moment: datetime, windows: list[tuple[datetime, datetime]]) -> bool:
    return any(start - ROUNDING <= moment <= end + ROUNDING for start, end in windows)
