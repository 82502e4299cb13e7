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
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from . import dialing_list, rules, scenario
from .campaigns import Campaign, CampaignStore
from .contacts import ContactStore
from .database import Database, insert_many
from .dialing_hours import HoursStore
from .dialing_list import CallRecord, Room
from .faults import Faults
from .options import Options, utc_now
from .rules import Contact
from .scenario import Scenario

_logger = logging.getLogger(__name__)

_UTC = ZoneInfo("UTC")
_PREVIEW_CALL, _IVR_CALL, _AGENT_CALL = 6, 7, 8
# The empty one: some agents choose none.
_WRAP_UPS = ("Sale", "Call again", "No interest", "Wrong moment", "")
_AGENTS = 20
# Of a conversation's length.
_TALK_SHARES = {scenario.MACHINE: 0.2, scenario.FAX: 0.1}


class _Agent(NamedTuple):
    """A row of Resource; the fields are its columns."""

    resourceid: int
    profileid: int
    resourceloginid: str
    resourcename: str
    resourcetype: int
    active: bool
    extension: str


@dataclass(frozen=True, order=True)
class Call:
    """A call (or a preview on an agent's screen) in progress; `ends_at` is on the monotonic
    clock.
    """

    ends_at: float
    serial: int
    contact: Contact = field(compare=False)
    campaign: Campaign = field(compare=False)
    number: str = field(compare=False)
    result: int = field(compare=False)
    started_at: datetime = field(compare=False)
    ring_seconds: float = field(compare=False)
    talk_seconds: float = field(compare=False)

    @property
    def is_dialled(self) -> bool:
        """Whether a phone rang; in a preview the agent may decide against it."""
        return self.result not in scenario.BY_AGENT_BEFORE_CALL

    @property
    def has_agent(self) -> bool:
        """Whether an agent took part; a preview has one even when nobody answers."""
        if self.campaign.is_preview:
            return True
        return self.campaign.by_agents and self.result in scenario.BY_AGENT_IN_CALL


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
        self._hours = HoursStore(options)
        # A heap, by the moment of its end; calls without one stand apart.
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
            # It goes on after a lost database connection: the next round tries again.
            except Exception:
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
            agents = list(map(_agent, range(1, _AGENTS + 1)))
            insert_many(cursor, "resource", agents)

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
            in_call = {call.contact.id for call in self._all_calls()}
            dialing_list.midnight(cursor, in_call)

    def reset(self) -> None:
        """Forget all contacts and calls, and begin with the default campaigns."""
        with self._lock:
            self._calls.clear()
            self._endless.clear()
            self._database.clear()
            self.paused = False
        # Agents went with everything else; a restart brings them back.
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
            # Only after the commit: a round that failed is repeated with the same calls.
            self._forget(over)
            self._remember(placed)

    def _run_midnight_if_due(self) -> None:
        now = utc_now()
        if now >= self._next_midnight:
            self._next_midnight = self._midnight_after(now)
            self.midnight()

    def _midnight_after(self, now: datetime) -> datetime:
        """When the nightly job is due next; `now` and the answer are naive UTC."""
        if self._options.midnight_every:
            return now + timedelta(seconds=self._options.midnight_every)
        # Its day may have 23 or 25 hours: the date goes on, not the time.
        server_zone = ZoneInfo(self._options.time_zone)
        local_now = now.replace(tzinfo=_UTC).astimezone(server_zone)
        tomorrow = local_now + timedelta(days=1)
        midnight = tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight.astimezone(_UTC).replace(tzinfo=None)

    def _over(self) -> list[Call]:
        now = time.monotonic()
        return [call for call in self._calls if call.ends_at <= now]

    def _forget(self, over: Sequence[Call]) -> None:
        gone = _serials(over)
        self._calls = [call for call in self._calls if call.serial not in gone]
        heapq.heapify(self._calls)

    def _remember(self, calls: Sequence[Call]) -> None:
        for call in calls:
            if call.result == scenario.NEVER:
                self._endless.append(call)
            else:
                heapq.heappush(self._calls, call)

    # ending

    def _end_calls(self, cursor: Any, over: Sequence[Call]) -> None:
        if not over:
            return
        now = utc_now()
        contacts: list[Contact] = []
        records: list[CallRecord] = []
        for call in over:
            contacts.append(self._ended(call, now))
            # A preview that the agent declined was no call: it leaves no record.
            if call.is_dialled:
                records.append(self._record(call, now))
        dialing_list.save(cursor, contacts)
        dialing_list.record_details(cursor, records)

        if self._faults.get("duplicate_rows"):
            final = [contact.id for contact in contacts if contact.final]
            dialing_list.copy_to_history(cursor, final)

    def _ended(self, call: Call, now: datetime) -> Contact:
        options = self._options
        contact = call.contact
        if not call.is_dialled:
            # The n-th outcome counts previews, too, and only calls are in the record of calls.
            contact = replace(contact, shown=contact.shown + 1)
        if call.result == scenario.AGENT_CLOSED:
            return replace(contact, status=rules.CLOSED, result=call.result)
        # What an agent arranges instead of the usual.
        arranged = self._faults.get("callbacks")
        callback = rules.CallbackWish(arranged.seconds, arranged.number) if arranged else None
        return rules.finished(
            contact,
            call.campaign,
            call.result,
            now,
            options.clock_factor,
            callback or rules.CallbackWish(options.callback_seconds),
        )

    def _record(self, call: Call, now: datetime) -> CallRecord:
        share = scenario.fraction(call.number, "agent")
        resource_id, wrap_up = 0, ""
        # Always the same agent and wrap-up for a number, so that two runs can be compared.
        if call.has_agent:
            resource_id = 1 + int(share * _AGENTS) % _AGENTS
        if call.result == scenario.VOICE:
            wrap_up = _WRAP_UPS[int(share * 997) % len(_WRAP_UPS)]

        return CallRecord(
            contact=call.contact,
            number=call.number,
            contact_type=_contact_type(call.campaign),
            result=call.result,
            started_at=call.started_at,
            ended_at=now,
            ring_seconds=round(call.ring_seconds),
            talk_seconds=round(call.talk_seconds),
            resource_id=resource_id,
            wrap_up=wrap_up,
        )

    # placing

    def _place_calls(self, cursor: Any, over: Sequence[Call]) -> list[Call]:
        campaigns: dict[int, Campaign] = {}
        for campaign in self._campaigns.all(cursor):
            if campaign.enabled:
                campaigns[campaign.id] = campaign
        contacts = self._next_contacts(cursor, campaigns, over)
        if not contacts:
            return []

        # How often a number was called decides what happens this time.
        numbers = {contact.number() for contact in contacts}
        counts = dialing_list.dial_counts(cursor, numbers)
        calls: list[Call] = []
        dialled: list[tuple[Contact, str, int]] = []
        for contact in contacts:
            call = self._new_call(contact, campaigns[contact.campaign_id], counts)
            calls.append(call)
            if call.is_dialled:
                dialled.append((call.contact, call.number, call.result))
        dialing_list.save(cursor, [call.contact for call in calls])
        dialing_list.record_dialled(cursor, dialled)
        return calls

    def _next_contacts(
        self, cursor: Any, campaigns: dict[int, Campaign], over: Sequence[Call]
    ) -> list[Contact]:
        # Calls that end in this round make room for others.
        gone = _serials(over)
        lines_in_use: Counter[int] = Counter()
        in_call: set[int] = set()
        for call in self._all_calls():
            in_call.add(call.contact.id)
            if call.serial not in gone:
                lines_in_use[call.campaign.id] += 1

        moment = self._hours.read(cursor, utc_now())
        rooms = []
        for key, campaign in campaigns.items():
            free = self._options.lines - lines_in_use[key]
            if free > 0:
                is_open = moment.is_campaign_open(campaign)
                rooms.append(Room(key, free, campaign.is_preview, is_open))
        if not rooms:
            return []

        # A contact whose call ends in this round comes again in the next one at the earliest.
        contacts = dialing_list.next_contacts(cursor, rooms, moment.areas())
        return [contact for contact in contacts if contact.id not in in_call]

    def _new_call(self, contact: Contact, campaign: Campaign, counts: dict[str, int]) -> Call:
        number = contact.number()
        earlier = counts.get(number, 0)
        # Two contacts of one round may have the same number.
        counts[number] = earlier + 1
        result = _possible(self._scenario.result(number, earlier + contact.shown), campaign)

        if result in scenario.BY_AGENT_BEFORE_CALL:
            contact = replace(contact, status=rules.ACTIVE)
        else:
            contact = rules.placed(contact, campaign.is_preview)

        ring, talk = self._durations(number, campaign, result)
        seconds = self._options.real(ring + talk)
        if late := self._faults.get("late_rows"):
            seconds += late.seconds
        self._serial += 1
        return Call(
            ends_at=time.monotonic() + seconds,
            serial=self._serial,
            contact=contact,
            campaign=campaign,
            number=number,
            result=result,
            started_at=utc_now(),
            ring_seconds=ring,
            talk_seconds=talk,
        )

    def _durations(self, number: str, campaign: Campaign, result: int) -> tuple[float, float]:
        """Seconds of ringing and talking, the same for a number each time."""
        # From half of the average to half as much again.
        ring_factor = 0.5 + scenario.fraction(number, "ring")
        ring = self._options.ring_seconds * ring_factor
        # Nobody answers: UCCX gives up after its own time.
        if result == scenario.NO_ANSWER:
            ring = campaign.number("noAnswerRingLimit", 15)

        talk_factor = 0.5 + scenario.fraction(number, "talk")
        talk = self._options.talk_seconds * talk_factor
        if long_talk := self._faults.get("long_talk"):
            talk = long_talk.seconds
        return ring, talk * _talk_share(result)


def _agent(number: int) -> _Agent:
    return _Agent(
        resourceid=number,
        profileid=1,
        resourceloginid=f"agent{number:02}",
        resourcename=f"Agent {number:02}",
        resourcetype=1,
        active=True,
        extension=str(2000 + number),
    )


def _contact_type(campaign: Campaign) -> int:
    """ContactCallDetail.contactType (reference §2.7)."""
    if campaign.is_preview:
        return _PREVIEW_CALL
    return _AGENT_CALL if campaign.by_agents else _IVR_CALL


def _talk_share(result: int) -> float:
    """How much of a conversation a call has: a machine's greeting is short."""
    if result in scenario.BY_AGENT_IN_CALL:
        return 1.0
    return _TALK_SHARES.get(result, 0.0)


def _serials(calls: Sequence[Call]) -> set[int]:
    return {call.serial for call in calls}


def _possible(result: int, campaign: Campaign) -> int:
    """Results that need an agent are Voice in IVR campaigns, those that need a preview everywhere
    but there.
    """
    if result in scenario.BY_AGENT_BEFORE_CALL and not campaign.is_preview:
        return scenario.VOICE
    if result in scenario.BY_AGENT_IN_CALL and not campaign.by_agents:
        return scenario.VOICE
    return result
