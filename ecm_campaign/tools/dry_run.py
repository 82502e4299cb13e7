"""What a campaign would do (requirement S9): the decisions of production in simulated time, before
anything is dialled.

Nothing is decided here. What the gates say is asked of the rules that the feeder asks, in their
order, and what follows an outcome is the function that decides on results; this module has a clock
that jumps, a line of people and a coin. The same values and seed give the same forecast.

The dialer makes calls one after the other at an even pace. Outcomes are drawn at the assumed rates,
wrap-ups are not. Of limits over all campaigns, the tries of other contacts that the past holds are
counted, those to come are not.
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
from .gates import Candidate, Hold, NextCycle, Rule, Verdict, Wait, judge_all
from .limits import Try
from .strategy import CALLBACK, Callbacks, Close, Counters, NextAttempt, Outcome, Plan, decide

# Reasons why somebody is still open at the end, beside those of the gates
CAPACITY = "capacity"
PLANNED = "planned"

NOTIFY_EACH = 2000
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class World:
    """All that holds for everybody.

    :param start: aware
    :param end: aware; nothing is called from then on
    :param calls_per_hour: how many calls the dialer and its agents make
    :param call_time: from a call's start to its result
    :param outcomes: by code
    :param rates: share of each outcome, of any sum
    :param plans: by the contact's callback: None, ``personal``, ``normal``
    :param rules: of all gates, in their order
    :param hours: when the campaign as a whole may call
    :param retries_first: the campaign's order of retries and fresh contacts
    :param by_priority: whether a rule's priority changes a contact's place
    """

    start: datetime
    end: datetime
    calls_per_hour: float
    call_time: timedelta
    outcomes: Mapping[str, Outcome]
    rates: Mapping[str, float]
    plans: Mapping[str | None, Plan]
    rules: Sequence[Rule]
    hours: CampaignHours
    callbacks: Callbacks | None = None
    retries_first: bool = True
    by_priority: bool = False


@dataclass(slots=True)
class Person:
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


class Simulation:
    """One run over some people.

    :raise ValueError: no calls an hour, or no outcome with a rate
    """

    def __init__(self, world: World, people: Iterable[Person], seed: int = 1) -> None:
        if world.calls_per_hour <= 0:
            raise ValueError("a dry run needs some calls an hour")
        self.world = world
        self.codes = [code for code, rate in world.rates.items() if rate > 0]
        self.steps = list(accumulate(world.rates[code] for code in self.codes))
        if not self.codes:
            raise ValueError("a dry run needs an outcome with a rate")
        self.random = random.Random(seed)
        self.pace = timedelta(hours=1) / world.calls_per_hour
        self.people = list(people)
        self.clock = world.start
        for place, person in enumerate(self.people):
            person.place = place
        self.waiting = [
            (max(person.due, world.start), place) for place, person in enumerate(self.people)
        ]
        heapify(self.waiting)
        self.ready: list[tuple[bool, tuple[int, int], int]] = []
        self.held: list[Person] = []
        self.forecast = Forecast()
        self.campaign_hours = world.hours.for_campaign()

    def run(self, notify: Callable[[float], None] | None = None) -> Forecast:
        """:param notify: is told now and then which share of the time has passed; what it raises
        ends the run
        """
        events = 0
        while self._go_on():
            person = self.people[heappop(self.ready)[2]]
            self._serve(person)
            events += 1
            if notify and events % NOTIFY_EACH == 0:
                notify((self.clock - self.world.start) / (self.world.end - self.world.start))
        self._count_left()
        return self.forecast

    def _go_on(self) -> bool:
        """Move the clock to the next moment at which somebody is ready and the campaign open;
        whether there is one.
        """
        while self.clock < self.world.end:
            self._promote()
            following = self._get_opening() if self.ready else self._get_next_due()
            if following is None:
                return False
            if following == self.clock:
                return True
            self.clock = following
        return False

    def _get_opening(self) -> datetime | None:
        """When the campaign is open next: now or later; None for never."""
        opening = self.campaign_hours.opening(_naive(self.clock))
        if opening.is_open:
            return self.clock
        return opening.opens_at and opening.opens_at.replace(tzinfo=UTC)

    def _get_next_due(self) -> datetime | None:
        return self.waiting[0][0] if self.waiting else None

    def _promote(self) -> None:
        while self.waiting and self.waiting[0][0] <= self.clock:
            place = heappop(self.waiting)[1]
            person = self.people[place]
            heappush(self.ready, (person.is_retry != self.world.retries_first, person.rank, place))

    def _serve(self, person: Person) -> None:
        """Ask the gates; who passes is called, which takes the dialer's time."""
        judged = judge_all(self.world.rules, person.candidate, _naive(self.clock))
        if isinstance(judged, Candidate):
            self._call(person, judged)
            self.clock += self.pace
        else:
            self._stop(person, judged)

    def _stop(self, person: Person, verdict: Verdict) -> None:
        """Do what a gate says with a person."""
        if isinstance(verdict, Close):
            self._close(person, verdict)
            return
        if isinstance(verdict, NextCycle):
            self._begin_cycle(person, verdict)
        if isinstance(verdict, Wait | Hold):
            person.blocked = verdict.reason
        until = verdict.until if isinstance(verdict, Wait | Hold) else None
        # Until somebody acts, and nobody does in a simulation.
        if until is None:
            self.held.append(person)
            return
        self.forecast.put_off[person.blocked or ""].add(person.candidate.contact_id)
        self._put_back(person, max(until.replace(tzinfo=UTC), self.clock + SECOND))

    def _begin_cycle(self, person: Person, verdict: NextCycle) -> None:
        person.candidate.position, person.candidate.cycle = verdict.position, verdict.cycle
        person.uses, person.in_cycle = {}, 0

    def _call(self, person: Person, passed: Candidate) -> None:
        """:param passed: the person as the gates let it pass, with the attempt"""
        attempt = passed.attempt
        if attempt is None:
            return
        # Whose callback it is may have changed while it waited.
        person.candidate.callback = passed.callback
        person.blocked = None
        code = self._draw_outcome()
        self._note_call(person, code)
        outcome, moment = self.world.outcomes[code], self.clock + self.world.call_time
        choice = decide(
            self.world.plans[person.candidate.callback],
            person.candidate.phones,
            attempt.position,
            outcome,
            self._count(person, attempt, outcome),
            moment,
            None,
            self.world.callbacks,
        )
        if isinstance(choice, Close):
            self._close(person, choice)
        else:
            self._follow(person, choice, moment)

    def _draw_outcome(self) -> str:
        """The code of an outcome, by chance and by the assumed rates."""
        mark = self.random.random() * self.steps[-1]
        return self.codes[bisect(self.steps, mark, hi=len(self.codes) - 1)]

    def _note_call(self, person: Person, code: str) -> None:
        """Count a call in its hour."""
        at = _naive(self.clock)
        hour = at.replace(minute=0, second=0, microsecond=0)
        self.forecast.attempts[hour, code] += 1
        self.forecast.calls += 1
        self.forecast.last_at = at
        person.calls += 1

    def _count(self, person: Person, attempt: NextAttempt, outcome: Outcome) -> Counters:
        """A person's counters, with the try that just ended."""
        candidate = person.candidate
        if outcome.counts_as_attempt:
            candidate.counted += 1
            person.in_cycle += 1
            made = Try(self.clock, attempt.number, channel=attempt.channel)
            candidate.tries.append(made)
        else:
            candidate.uncounted += 1
        person.misses += outcome.misses_agent
        key = attempt.position, outcome.code
        person.uses[key] = person.uses.get(key, 0) + 1
        return Counters(
            counted=candidate.counted,
            uncounted=candidate.uncounted,
            cycle=candidate.cycle,
            in_cycle=person.in_cycle,
            uses=person.uses,
            callback=candidate.callback,
            callback_since=candidate.callback_since
            and candidate.callback_since.replace(tzinfo=UTC),
            agent_misses=person.misses,
            number=attempt.number,
        )

    def _follow(self, person: Person, choice: NextAttempt, moment: datetime) -> None:
        """Write down the next attempt, as the engine does on the contact."""
        candidate = person.candidate
        becomes_callback = choice.reason == CALLBACK
        if becomes_callback or choice.cycle != candidate.cycle:
            person.uses, person.in_cycle = {}, 0
        if becomes_callback:
            person.misses = 0
            candidate.callback_since = _naive(moment)
        if choice.resets:
            candidate.counted = candidate.uncounted = 0
        if becomes_callback and self.world.callbacks and self.world.callbacks.resets:
            candidate.tries = [_forget(made) for made in candidate.tries]
        if choice.priority is not None and self.world.by_priority:
            person.rank = (-choice.priority, person.rank[1])
        candidate.position, candidate.cycle = choice.position, choice.cycle
        candidate.callback = choice.callback or candidate.callback
        candidate.is_retained = choice.retained
        person.is_retry = True
        self._put_back(person, choice.at)

    def _put_back(self, person: Person, due: datetime) -> None:
        person.due = due
        heappush(self.waiting, (due, person.place))

    def _close(self, person: Person, close: Close) -> None:
        key = close.state, close.reason
        self.forecast.closed[key].append(person.candidate.contact_id)
        if not person.calls:
            self.forecast.uncalled[key].append(person.candidate.contact_id)

    def _count_left(self) -> None:
        """Who is still open: for want of capacity, for a reason of a gate, or because the next try
        comes later.
        """
        for person in self.held:
            self._leave(person, person.blocked or CAPACITY)
        for _stratum, _rank, place in self.ready:
            self._leave(self.people[place], CAPACITY)
        for due, place in self.waiting:
            person = self.people[place]
            self._leave(person, person.blocked or (PLANNED if due >= self.world.end else CAPACITY))

    def _leave(self, person: Person, reason: str) -> None:
        self.forecast.left[reason].append(person.candidate.contact_id)
        self.forecast.never_called += not person.calls


def open_hours(hours: CampaignHours, start: datetime, end: datetime) -> float:
    """How many hours a campaign is open between two moments.

    :param start: naive UTC, likewise ``end``
    """
    total, at, calling = timedelta(), start, hours.for_campaign()
    while at < end:
        opening = calling.opening(at)
        if opening.opens_at is None or opening.opens_at >= end:
            break
        closes = min(opening.closes_at or end, end)
        total += closes - opening.opens_at
        at = closes
    return total / timedelta(hours=1)


def _forget(made: Try) -> Try:
    """An own try from before a callback: limits by law go on counting it."""
    return replace(made, is_forgotten=made.is_own or made.is_forgotten)


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)
