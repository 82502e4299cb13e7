"""The dialer: takes contacts off the lists, lets calls ring and talk, writes the results. It calls
nobody.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from . import dialing_list, rules, scenario
from .campaigns import Campaign, CampaignStore
from .contacts import ContactStore
from .database import Database, insert_many
from .dialing_list import CallRecord
from .faults import Faults
from .options import Options, utc_now
from .rules import Contact
from .scenario import Scenario

_logger = logging.getLogger(__name__)

_CALL_TYPES = {"preview": 6, "ivr": 7, "agent": 8}
_WRAP_UPS = ("Sale", "Call again", "No interest", "Wrong moment", "")
_AGENTS = 20
_TALK_SHARES = {scenario.MACHINE: 0.2, scenario.FAX: 0.1}


@dataclass(frozen=True, order=True)
class Call:
    """A call (or a preview on an agent's screen) in progress; `ends_at` is on the monotonic clock."""

    ends_at: float
    serial: int
    contact: Contact = field(compare=False)
    campaign: Campaign = field(compare=False)
    number: str = field(compare=False)
    result: int = field(compare=False)
    started_at: datetime = field(compare=False)
    ring_seconds: float = field(compare=False)
    talk_seconds: float = field(compare=False)


class Engine:
    """All calls of the simulator, in one thread; `tick` is one round."""

    def __init__(
        self,
        options: Options,
        database: Database,
        campaigns: CampaignStore,
        contacts: ContactStore,
        behaviour: Scenario,
        faults: Faults,
    ) -> None:
        self._options = options
        self._database = database
        self._campaigns = campaigns
        self._contacts = contacts
        self._scenario = behaviour
        self._faults = faults
        self._calls: list[Call] = []
        self._endless: list[Call] = []
        self._serial = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._next_midnight = self._midnight_after(utc_now())
        self.paused = False

    # life

    def start(self) -> None:
        """Begin as UCCX's engine does: what was Active becomes Unknown."""
        self.restart()
        self._thread = threading.Thread(target=self._run, name="dialer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.wait(self._options.tick_seconds):
            try:
                self.tick()
            except Exception:  # the dialer goes on after a lost database connection
                _logger.exception("a round of the dialer failed")

    def restart(self) -> None:
        """Lose all calls in progress."""
        with self._lock, self._database.transaction() as cursor:
            dialing_list.active_to_unknown(cursor)
            self._ensure_agents(cursor)
            self._calls.clear()
            self._endless.clear()

    def _ensure_agents(self, cursor: Any) -> None:
        cursor.execute("SELECT 1 FROM resource LIMIT 1")
        if not cursor.fetchone():
            rows = [
                (n, 1, f"agent{n:02}", f"Agent {n:02}", 1, True, str(2000 + n))
                for n in range(1, _AGENTS + 1)
            ]
            columns = "resourceid, profileid, resourceloginid, resourcename, resourcetype, active, extension"
            insert_many(cursor, "resource", columns, rows)

    def come_online(self) -> None:
        """Unknown contacts become Pending again: UCCX itself will call them once more."""
        with self._database.transaction() as cursor:
            dialing_list.unknown_to_pending(cursor)

    def fail_over(self) -> None:
        """Restart and come online, as UCCX does by itself: contacts that were being called wait
        again as Pending, with the calls that were made in their other columns.
        """
        self.restart()
        self.come_online()

    def midnight(self) -> None:
        """Run the nightly job now."""
        with self._lock, self._database.transaction() as cursor:
            dialing_list.midnight(cursor, [call.contact.id for call in self._all_calls()])

    def reset(self) -> None:
        """Forget all contacts and calls, and begin with the default campaigns."""
        with self._lock:
            self._calls.clear()
            self._endless.clear()
            self._database.clear()
            self.paused = False
        self.restart()

    def calls_in_progress(self) -> int:
        return len(self._calls) + len(self._endless)

    def _all_calls(self) -> list[Call]:
        return self._calls + self._endless

    # one round

    def tick(self) -> None:
        """Carry out imports, end calls that are over, place new ones: one transaction."""
        self._run_midnight_if_due()
        with self._lock:
            over = self._over()
            with self._database.transaction() as cursor:
                self._contacts.run_imports(cursor)
                self._end_calls(cursor, over)
                placed = [] if self.paused else self._place_calls(cursor, over)
            self._forget(over)
            self._remember(placed)

    def _run_midnight_if_due(self) -> None:
        now = utc_now()
        if now >= self._next_midnight:
            self._next_midnight = self._midnight_after(now)
            self.midnight()

    def _midnight_after(self, now: datetime) -> datetime:
        if self._options.midnight_every:
            return now + timedelta(seconds=self._options.midnight_every)
        local = now.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(self._options.time_zone))
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def _over(self) -> list[Call]:
        now = time.monotonic()
        return [call for call in self._calls if call.ends_at <= now]

    def _forget(self, over: list[Call]) -> None:
        gone = {call.serial for call in over}
        self._calls = [call for call in self._calls if call.serial not in gone]
        heapq.heapify(self._calls)

    def _remember(self, calls: Sequence[Call]) -> None:
        for call in calls:
            if call.result == scenario.NEVER:
                self._endless.append(call)
            else:
                heapq.heappush(self._calls, call)

    # ending

    def _end_calls(self, cursor: Any, over: list[Call]) -> None:
        if not over:
            return
        now = utc_now()
        contacts = [self._ended(call, now) for call in over]
        dialing_list.save(cursor, contacts)
        dialing_list.record_details(
            cursor, [self._record(call, now) for call in over if _is_dialled(call)]
        )
        if self._faults.get("duplicate_rows"):
            dialing_list.copy_to_history(
                cursor, [contact.id for contact in contacts if contact.final]
            )

    def _ended(self, call: Call, now: datetime) -> Contact:
        options = self._options
        contact = (
            call.contact
            if _is_dialled(call)
            else replace(call.contact, shown=call.contact.shown + 1)
        )
        if call.result == scenario.AGENT_CLOSED:
            return replace(contact, status=rules.CLOSED, result=call.result)
        return rules.finished(
            contact, call.campaign, call.result, now, options.clock_factor, options.callback_seconds
        )

    def _record(self, call: Call, now: datetime) -> CallRecord:
        campaign = call.campaign
        with_agent = campaign.is_preview or (
            campaign.by_agents and call.result in scenario.BY_AGENT_IN_CALL
        )
        share = scenario.fraction(call.number, "agent")
        return CallRecord(
            contact=call.contact,
            number=call.number,
            contact_type=_CALL_TYPES[
                "preview" if campaign.is_preview else "agent" if campaign.by_agents else "ivr"
            ],
            result=call.result,
            started_at=call.started_at,
            ended_at=now,
            ring_seconds=round(call.ring_seconds),
            talk_seconds=round(call.talk_seconds),
            resource_id=1 + int(share * _AGENTS) % _AGENTS if with_agent else 0,
            wrap_up=_WRAP_UPS[int(share * 997) % len(_WRAP_UPS)]
            if call.result == scenario.VOICE
            else "",
        )

    # placing

    def _place_calls(self, cursor: Any, over: list[Call]) -> list[Call]:
        campaigns = {item.id: item for item in self._campaigns.all(cursor) if item.enabled}
        contacts = self._next_contacts(cursor, campaigns, over)
        if not contacts:
            return []
        counts = dialing_list.dial_counts(cursor, {contact.number() for contact in contacts})
        calls = [
            self._new_call(contact, campaigns[contact.campaign_id], counts) for contact in contacts
        ]
        dialing_list.save(cursor, [call.contact for call in calls])
        dialled = [(call.contact, call.number, call.result) for call in calls if _is_dialled(call)]
        dialing_list.record_dialled(cursor, dialled)
        return calls

    def _next_contacts(
        self, cursor: Any, campaigns: dict[int, Campaign], over: list[Call]
    ) -> list[Contact]:
        gone = {call.serial for call in over}
        busy = Counter(
            call.contact.campaign_id for call in self._all_calls() if call.serial not in gone
        )
        rooms = [
            (key, self._options.lines - busy[key])
            for key in campaigns
            if busy[key] < self._options.lines
        ]
        if not rooms:
            return []
        now = utc_now()
        previews = {key for key, campaign in campaigns.items() if campaign.is_preview}
        open_ids = {
            key for key, campaign in campaigns.items() if campaign.may_dial_at(now, self._options)
        }
        contacts = dialing_list.next_contacts(cursor, rooms, previews, open_ids)
        in_call = {call.contact.id for call in self._all_calls()}
        return [contact for contact in contacts if contact.id not in in_call]

    def _new_call(self, contact: Contact, campaign: Campaign, counts: dict[str, int]) -> Call:
        number = contact.number()
        result = _possible(
            self._scenario.result(number, counts.get(number, 0) + contact.shown), campaign
        )
        counts[number] = counts.get(number, 0) + 1
        if result in scenario.BY_AGENT_BEFORE_CALL:
            contact = replace(contact, status=rules.ACTIVE)
        else:
            contact = rules.placed(contact, campaign.is_preview)
        ring, talk = self._durations(number, campaign, result)
        late = self._faults.get("late_rows")
        delay = self._options.real(ring + talk) + (late.seconds if late else 0)
        self._serial += 1
        return Call(
            time.monotonic() + delay,
            self._serial,
            contact,
            campaign,
            number,
            result,
            utc_now(),
            ring,
            talk,
        )

    def _durations(self, number: str, campaign: Campaign, result: int) -> tuple[float, float]:
        """Seconds of ringing and talking, the same for a number each time."""
        ring = self._options.ring_seconds * (0.5 + scenario.fraction(number, "ring"))
        if result == scenario.NO_ANSWER:
            ring = campaign.number("noAnswerRingLimit", 15)
        share = 1.0 if result in scenario.BY_AGENT_IN_CALL else _TALK_SHARES.get(result, 0.0)
        return ring, share * self._options.talk_seconds * (0.5 + scenario.fraction(number, "talk"))


def _is_dialled(call: Call) -> bool:
    return call.result not in scenario.BY_AGENT_BEFORE_CALL


def _possible(result: int, campaign: Campaign) -> int:
    """Results that need an agent are Voice in IVR campaigns, those that need a preview everywhere
    but there.
    """
    if result in scenario.BY_AGENT_BEFORE_CALL and not campaign.is_preview:
        return scenario.VOICE
    if result in scenario.BY_AGENT_IN_CALL and not campaign.by_agents:
        return scenario.VOICE
    return result
