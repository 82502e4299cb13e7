"""What a campaign would do (requirement S9): the decisions of production in simulated time, before
anything is dialled.

Nothing is decided here. What the gates say is asked of the rules that the feeder asks, in their
order, and what follows an outcome is the function that decides on results; this module has a clock
that jumps, a line of contacts and a coin. The same values and seed give the same forecast.

The dialer (`dry_run_dialer`) makes calls one after the other at an even pace, other campaigns take
their part of it, and the campaign group's buffer bounds what is under way. Outcomes are drawn at the
assumed rates, and after a conversation what the agent says of it. Of limits over all campaigns, the
tries of other contacts that the past holds are counted, those to come are not.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import accumulate

from .campaign_hours import CampaignHours
from .dry_run_dialer import Capacity, Dialer
from .gates import Candidate, Hold, NextCycle, Rule, Skip, Verdict, Wait, judge_all
from .limits import Try
from .strategy import (
    CALLBACK,
    WRAP_UP_PREFIX,
    Callbacks,
    Close,
    Counters,
    NextAttempt,
    Outcome,
    Plan,
    WrapUp,
    decide,
)

# Reasons why somebody is still open at the end, beside those of the gates
CAPACITY = "capacity"
PLANNED = "planned"

NOTIFY_EACH = 2000
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that holds for everybody.

    :param start: aware
    :param end: aware; nothing is called from then on
    :param capacity: how many calls the dialer and its agents make
    :param outcomes: by code
    :param rates: share of each outcome, of any sum
    :param plans: by the contact's callback: None, ``personal``, ``normal``
    :param rules: of all gates, in their order
    :param hours: when the campaign as a whole may call
    :param retries_first: the campaign's order of retries and fresh contacts
    :param by_priority: whether a rule's priority changes a contact's place
    :param wrap_ups: what agents say of conversations, with the per cent of them; of the rest they
        say nothing
    """

    start: datetime
    end: datetime
    capacity: Capacity
    outcomes: Mapping[str, Outcome]
    rates: Mapping[str, float]
    plans: Mapping[str | None, Plan]
    rules: Sequence[Rule]
    hours: CampaignHours
    callbacks: Callbacks | None = None
    retries_first: bool = True
    by_priority: bool = False
    wrap_ups: Sequence[tuple[WrapUp, float]] = ()


@dataclass(slots=True)
class SimulatedContact:
    """A pending contact.

    :param candidate: as the gates see it; its counters follow what happens in the simulation
    :param due: aware
    :param rank: place in the dial order, smallest first: minus the priority (0 in other orders),
        then arrival
    :param uses: earlier tries of this run through the strategy, by position and outcome code
    """

    candidate: Candidate
    due: datetime
    rank: tuple[int, int]
    is_retry: bool = False
    uses: dict[tuple[int, str], int] = field(default_factory=dict)
    in_cycle: int = 0
    misses: int = 0
    calls: int = 0
    blocked: str | None = None
    place: int = 0


@dataclass(slots=True)
class Forecast:
    """What became of everybody.

    :param attempts: calls by hour (naive UTC) and outcome code
    :param closed: ids by state and reason
    :param uncalled: of the closed those whom nobody has called in the simulation
    :param put_off: ids of those who had to wait at least once, by reason
    :param left: ids of those who are still open at the end, by reason
    :param never_called: of the latter those whom nobody has called in the simulation
    :param last_at: moment of the last call, naive UTC
    """

    attempts: Counter[tuple[datetime, str]] = field(default_factory=Counter)
    closed: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    uncalled: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    put_off: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    left: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    never_called: int = 0
    calls: int = 0
    last_at: datetime | None = None

    def count_contacts(self) -> int:
        """How many there are, closed or left."""
        closed = sum(map(len, self.closed.values()))
        return closed + sum(map(len, self.left.values()))


class Simulation:
    """One run over some contacts.

    :raise ValueError: no calls an hour, or no outcome with a rate
    """

    def __init__(
        self, scenario: Scenario, contacts: Iterable[SimulatedContact], seed: int = 1
    ) -> None:
        if scenario.capacity.calls_per_hour <= 0:
            raise ValueError("a dry run needs some calls an hour")
        self.scenario = scenario
        self.random = random.Random(seed)
        self.codes = [code for code, rate in scenario.rates.items() if rate > 0]
        if not self.codes:
            raise ValueError("a dry run needs an outcome with a rate")

        # A number below the last step chooses the outcome in whose step it lies.
        self.steps = list(accumulate(scenario.rates[code] for code in self.codes))
        self.dialer = Dialer(scenario.capacity)
        self.campaign_hours = scenario.hours.for_campaign()
        self.clock = scenario.start
        self.forecast = Forecast()

        # Those who wait by when they are due, those who are ready in the dial order: by places.
        self.contacts = list(contacts)
        self.waiting: list[tuple[datetime, int]] = []
        for place, contact in enumerate(self.contacts):
            contact.place = place
            self.waiting.append((max(contact.due, scenario.start), place))
        heapify(self.waiting)
        self.ready: list[tuple[bool, tuple[int, int], int]] = []
        self.held: list[SimulatedContact] = []

    def run(self, notify: Callable[[float], None] | None = None) -> Forecast:
        """:param notify: is told now and then which share of the time has passed; what it raises
        ends the run
        """
        events = 0
        while self._go_on():
            _is_second, _rank, place = heappop(self.ready)
            self._serve(self.contacts[place])
            events += 1
            # Telling costs a transaction: not after each call.
            if notify and events % NOTIFY_EACH == 0:
                notify(self._get_progress())
        self._count_left()
        return self.forecast

    def _get_progress(self) -> float:
        """The share of the time that has passed."""
        begin, end = self.scenario.start, self.scenario.end
        return (self.clock - begin) / (end - begin)

    def _go_on(self) -> bool:
        """Move the clock to the next moment at which somebody is ready and the campaign open;
        whether there is one.
        """
        while self.clock < self.scenario.end:
            self._promote()
            # Nobody is ready: time may jump to the next who will be.
            following = self._get_next_call() if self.ready else self._get_next_due()
            if following is None:
                return False
            if following == self.clock:
                return True
            self.clock = following
        return False

    def _get_next_call(self) -> datetime | None:
        """When the next call may be made: the campaign is open, and the dialer has room."""
        opening = self._get_opening()
        return self.dialer.get_free(self.clock) if opening == self.clock else opening

    def _get_opening(self) -> datetime | None:
        """When the campaign is open next: now or later; None for never."""
        opening = self.campaign_hours.opening(_naive(self.clock))
        if opening.is_open:
            return self.clock
        if not opening.opens_at:
            return None
        return opening.opens_at.replace(tzinfo=UTC)

    def _get_next_due(self) -> datetime | None:
        return self.waiting[0][0] if self.waiting else None

    def _promote(self) -> None:
        """Have everybody ready whose time has come."""
        waiting, retries_first = self.waiting, self.scenario.retries_first
        while waiting and waiting[0][0] <= self.clock:
            _due, place = heappop(waiting)
            contact = self.contacts[place]
            # Of retries and fresh contacts, those whose turn is first sort first.
            is_second = contact.is_retry != retries_first
            heappush(self.ready, (is_second, contact.rank, place))

    def _serve(self, contact: SimulatedContact) -> None:
        """Ask the gates; who passes is called, which takes the dialer's time."""
        judged = judge_all(self.scenario.rules, contact.candidate, _naive(self.clock))
        if not isinstance(judged, Candidate):
            self._stop(contact, judged)
            return
        # Whom a gate stops costs the dialer no time.
        self._call(contact, judged)
        self.clock = self.dialer.call(self.clock)

    def _stop(self, contact: SimulatedContact, verdict: Verdict) -> None:
        """Do what a gate says with a contact."""
        if isinstance(verdict, Close):
            self._close(contact, verdict)
            return
        if isinstance(verdict, Skip):
            contact.candidate.uncounted += 1
            self._follow(contact, verdict.decision, self.clock)
            return
        if isinstance(verdict, NextCycle):
            self._begin_cycle(contact, verdict)
        until = None
        if isinstance(verdict, Wait | Hold):
            contact.blocked, until = verdict.reason, verdict.until
        # Until somebody acts, and nobody does in a simulation.
        if until is None:
            self.held.append(contact)
            return
        self.forecast.put_off[contact.blocked or ""].add(contact.candidate.contact_id)
        due = until.replace(tzinfo=UTC)
        self._put_back(contact, max(due, self.clock + SECOND))

    def _begin_cycle(self, contact: SimulatedContact, verdict: NextCycle) -> None:
        candidate = contact.candidate
        candidate.position, candidate.cycle = verdict.position, verdict.cycle
        contact.uses, contact.in_cycle = {}, 0

    def _call(self, contact: SimulatedContact, passed: Candidate) -> None:
        """:param passed: the contact as the gates let it pass, with the attempt"""
        attempt, candidate = passed.attempt, contact.candidate
        if attempt is None:
            return
        # Whose callback it is may have changed while it waited.
        candidate.callback = passed.callback
        candidate.is_requested = False
        contact.blocked = None
        code = self._draw_outcome()
        self._note_call(contact, code)

        # What follows is decided when the call is over.
        scenario = self.scenario
        outcome, moment = scenario.outcomes[code], self.clock + scenario.capacity.call_time
        wrap_up = self._draw_wrap_up() if outcome.is_live_voice else None
        choice = decide(
            self.scenario.plans[candidate.callback],
            candidate.phones,
            attempt.position,
            outcome,
            self._count(contact, attempt, outcome, wrap_up),
            moment,
            wrap_up,
            self.scenario.callbacks,
        )
        if isinstance(choice, Close):
            self._close(contact, choice)
        else:
            self._follow(contact, choice, moment)

    def _draw_outcome(self) -> str:
        """The code of an outcome, by chance and by the assumed rates."""
        mark = self.random.random() * self.steps[-1]
        return self.codes[bisect(self.steps, mark, hi=len(self.codes) - 1)]

    def _draw_wrap_up(self) -> WrapUp | None:
        """What the agent says of a conversation, by chance; None for nothing."""
        if not self.scenario.wrap_ups:
            return None
        total = sum(percent for _wrap_up, percent in self.scenario.wrap_ups)
        mark = self.random.random() * max(100.0, total)
        for wrap_up, percent in self.scenario.wrap_ups:
            mark -= percent
            if mark < 0:
                return wrap_up
        return None

    def _note_call(self, contact: SimulatedContact, code: str) -> None:
        """Count a call in its hour."""
        forecast, at = self.forecast, _naive(self.clock)
        # The graph shows hours.
        hour = at.replace(minute=0, second=0, microsecond=0)
        forecast.attempts[hour, code] += 1
        forecast.calls += 1
        forecast.last_at = at
        contact.calls += 1

    def _count(
        self,
        contact: SimulatedContact,
        attempt: NextAttempt,
        outcome: Outcome,
        wrap_up: WrapUp | None,
    ) -> Counters:
        """A contact's counters, with the try that just ended."""
        candidate = contact.candidate
        rule = wrap_up.rule if wrap_up else None
        # What does not count as an attempt is no try for the limits either.
        if outcome.counts_as_attempt:
            candidate.counted += 1
            contact.in_cycle += 1
            made = Try(
                self.clock,
                attempt.number,
                channel=attempt.channel,
                is_conversation=outcome.is_live_voice,
                is_refusal=outcome.suppresses or bool(rule and rule.suppress),
            )
            candidate.tries.append(made)
        else:
            candidate.uncounted += 1
        contact.misses += outcome.misses_agent

        # A wrap-up's rule decides in the strategy's place, wherever the call was made.
        key = (attempt.position, outcome.code)
        if wrap_up and rule:
            key = (0, WRAP_UP_PREFIX + wrap_up.code)
        contact.uses[key] = contact.uses.get(key, 0) + 1
        return Counters(
            counted=candidate.counted,
            uncounted=candidate.uncounted,
            cycle=candidate.cycle,
            in_cycle=contact.in_cycle,
            uses=contact.uses,
            callback=candidate.callback,
            callback_since=_aware(candidate.callback_since),
            callback_due=_aware(candidate.callback_due),
            agent_misses=contact.misses,
            number=attempt.number,
        )

    def _follow(self, contact: SimulatedContact, choice: NextAttempt, moment: datetime) -> None:
        """Write down the next attempt, as the engine does on the contact."""
        candidate, callbacks = contact.candidate, self.scenario.callbacks
        becomes_callback = choice.reason == CALLBACK
        # Another run through the strategy, or the callback strategy, begins to count anew.
        if becomes_callback or choice.cycle != candidate.cycle:
            contact.uses, contact.in_cycle = {}, 0
        if becomes_callback:
            contact.misses = 0
            candidate.callback_since = _naive(moment)
            candidate.callback_due = _naive(choice.at)
            candidate.is_requested = True
        if choice.resets:
            candidate.counted = candidate.uncounted = 0
        if becomes_callback and callbacks and callbacks.resets:
            candidate.tries = [_forget(made) for made in candidate.tries]

        # The place in the dial order stays, unless a rule moves it.
        if choice.priority is not None and self.scenario.by_priority:
            _priority, arrival = contact.rank
            contact.rank = (-choice.priority, arrival)
        candidate.due_at = _naive(choice.at)
        candidate.position, candidate.cycle = choice.position, choice.cycle
        candidate.callback = choice.callback or candidate.callback
        candidate.is_retained = choice.retained
        contact.is_retry = True
        self._put_back(contact, choice.at)

    def _put_back(self, contact: SimulatedContact, due: datetime) -> None:
        contact.due = due
        heappush(self.waiting, (due, contact.place))

    def _close(self, contact: SimulatedContact, close: Close) -> None:
        contact_id = contact.candidate.contact_id
        key = close.state, close.reason
        self.forecast.closed[key].append(contact_id)
        # Whom nobody has called is also told apart.
        if not contact.calls:
            self.forecast.uncalled[key].append(contact_id)

    def _count_left(self) -> None:
        """Who is still open: for want of capacity, for a reason of a gate, or because the next try
        comes later.
        """
        for contact in self.held:
            self._leave(contact, contact.blocked or CAPACITY)
        for _is_second, _rank, place in self.ready:
            contact = self.contacts[place]
            self._leave(contact, self._get_unserved_reason(contact))
        for due, place in self.waiting:
            contact = self.contacts[place]
            is_later = due >= self.scenario.end
            # Due within the time and yet not called: there were not enough calls.
            unblocked = PLANNED if is_later else self._get_unserved_reason(contact)
            self._leave(contact, contact.blocked or unblocked)

    def _get_unserved_reason(self, contact: SimulatedContact) -> str:
        """Why somebody who was due was not called: the campaign was not open from then on, else
        there were not enough calls.
        """
        due = max(contact.due, self.scenario.start)
        opening = self.campaign_hours.opening(_naive(due))
        opens_at = opening.opens_at
        if opens_at and opens_at < _naive(self.scenario.end):
            return CAPACITY
        return opening.reason or "hours"

    def _leave(self, contact: SimulatedContact, reason: str) -> None:
        self.forecast.left[reason].append(contact.candidate.contact_id)
        self.forecast.never_called += not contact.calls


def open_hours(hours: CampaignHours, start: datetime, end: datetime) -> float:
    """How many hours a campaign is open between two moments.

    :param start: naive UTC, likewise ``end``
    """
    total, at, calling = timedelta(), start, hours.for_campaign()
    while at < end:
        opening = calling.opening(at)
        opens_at = opening.opens_at
        if opens_at is None or opens_at >= end:
            break
        # One that never closes is open to the end.
        closes_at = min(opening.closes_at or end, end)
        total += closes_at - opens_at
        at = closes_at
    return total / timedelta(hours=1)


def _forget(made: Try) -> Try:
    """An own try from before a callback: limits by law go on counting it."""
    return replace(made, is_forgotten=made.is_own or made.is_forgotten)


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
