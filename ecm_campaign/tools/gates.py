"""What stands between a ready contact and its claim (requirements N2 to N4, S4, R6): plain values,
no Odoo.

A gate has read what it must know and keeps it in a *rule*. A rule judges one candidate at one
moment: it returns a verdict that stops the contact, or the candidate that passes on, which may be
narrower than the one that came: a listed number is gone, the attempt that is due is named. Nothing
is written on what came in. The feeder, Explain and the dry run ask the same rules in the same
order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Protocol
from zoneinfo import ZoneInfo

from .calling_hours import DRAIN, CallingHours
from .campaign_hours import CampaignHours
from .limits import LIFE, Limit, Try, earliest
from .pacing import Backlog
from .region_rules import NOWHERE, Place
from .strategy import (
    DNC_LISTED,
    NEXT_CYCLE,
    NO_NUMBER,
    NOT_CONNECTED,
    RETRIES_COMPLETED,
    START,
    SUPPRESSED,
    Callbacks,
    Close,
    Counters,
    NextAttempt,
    Outcome,
    Phones,
    PhonesByChannel,
    Plan,
    attempt_from,
    callback_kind,
    decide,
    spent_budget,
)

# A step of a strategy in effect: the campaign's id, the contact's callback, the position from 1.
Step = tuple[int, str | None, int]

# Limits of a number on a channel, for whoever lives in a place.
FindLimits = Callable[[str, str, Place], Sequence[Limit]]

# Why a contact is held, or closes, for what it has agreed to.
NO_CONSENT, CONSENT_WITHDRAWN = "no_consent", "consent_withdrawn"
# A contact without any legal time within the horizon is looked at again so much later.
NO_OPENING_DELAY = timedelta(days=1)
# One that the hours' end leaves no time for is looked at again so much later on the same day.
BACKLOG_DELAY = timedelta(minutes=5)


@dataclass(slots=True)
class Candidate:
    """A pending contact on its way to a claim.

    :param position: of the attempt that is due
    :param counted: tries so far that counted as an attempt; ``uncounted``: those that did not
    :param phones: five, in order; a number that must not be contacted is None
    :param added_at: naive UTC; ``due_at``: likewise, when the attempt was due, whatever has put it off
    :param cycle: run through the strategy, counted from 1
    :param callback: ``personal`` or ``normal`` when the contact asked to be called back, else None
    :param callback_since: naive UTC; ``callback_due``: likewise, when its first attempt was due
    :param is_retained: whether a rule keeps a personal callback for its agent
    :param is_drawn: whether it is the turn of its target group, whose id ``group_id`` is
    :param is_requested: whether the customer asked for this call, and none was made since
    :param campaign_id: whose contact it is
    :param is_listed: whether a do-not-contact list took a phone away
    :param attempt: what is due, named by the gate *number*
    :param region: the contact's state, as its file writes it; ``zip``: likewise its postal code
    :param has_consent: whether it has agreed to be called; ``has_withdrawn``: whether it has
        withdrawn that, and not agreed anew
    :param tries: what was tried lately, for the limits; read where a limit holds
    """

    contact_id: int
    position: int
    counted: int
    uncounted: int
    first_name: str
    last_name: str
    phones: Phones
    account_number: str | None = None
    tz: str | None = None
    region: str | None = None
    zip: str | None = None
    has_consent: bool = False
    has_withdrawn: bool = False
    list_id: int | None = None
    added_at: datetime | None = None
    due_at: datetime | None = None
    cycle: int = 1
    callback: str | None = None
    callback_since: datetime | None = None
    callback_due: datetime | None = None
    is_retained: bool = False
    is_drawn: bool = False
    is_requested: bool | None = False
    campaign_id: int = 0
    group_id: int | None = None
    is_listed: bool = False
    attempt: NextAttempt | None = None
    tries: list[Try] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """Where the contact lives and whether it has agreed, for the region rules."""
        # Most files do not say it.
        if not (self.region or self.zip or self.has_consent):
            return NOWHERE
        return Place(self.region, self.zip, self.has_consent)

    @property
    def step(self) -> Step:
        """The step that the due attempt is of."""
        assert self.attempt
        return self.campaign_id, self.callback, self.attempt.position

    @property
    def is_begun(self) -> bool:
        """Whether it was tried before, or asks to be called back."""
        return bool(self.counted or self.uncounted or self.callback)

    def get_numbers(self) -> list[str]:
        """All that may be contacted on some channel, each once, without empty ones."""
        if isinstance(self.phones, PhonesByChannel):
            phones = chain(*self.phones.by_channel.values())
            return list(filter(None, dict.fromkeys(phones)))
        # Most have one: asked several times of each contact of each claim.
        numbers = [number for number in self.phones if number]
        return list(dict.fromkeys(numbers)) if len(numbers) > 1 else numbers

    def with_attempt(self, attempt: NextAttempt) -> Candidate:
        """The same contact with the attempt that is due: a third of the time of `replace`, for each
        contact of each claim.
        """
        return _make_candidate(*_get_before_attempt(self), attempt, self.tries)


def group_by_step(candidates: Iterable[Candidate]) -> dict[Step, list[int]]:
    """Ids of the contacts whose due attempts are of one step."""
    groups: dict[Step, list[int]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.step, []).append(candidate.contact_id)
    return groups


_make_candidate: Callable[..., Candidate] = Candidate
_get_before_attempt = attrgetter(*[each.name for each in fields(Candidate)][:-2])


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before ``until`` (naive UTC); ``reason`` is a code of ``ecm.contact.block_reason``,
    ``detail`` a sentence's particulars, such as the name of a rule."""

    until: datetime
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCycle(Wait):
    """What is left of this cycle has no number: it goes on in ``cycle`` at ``position``, from
    ``until`` on.
    """

    position: int
    cycle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip(Wait):
    """The attempt that is due is not made, and counts as a try that does not count: ``decision``
    says what follows, from ``until`` on.

    :param outcome_id: id of the ``ecm.outcome`` that led there
    """

    decision: NextAttempt
    outcome_id: int | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Not until somebody acts: a list is stopped, a selection leaves the contact out.

    :param until: naive UTC; where it is known when that ends by itself
    """

    reason: str
    detail: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue(Hold):
    """Not until it is the turn of its target group, whose id ``group_id`` is."""

    group_id: int


@dataclass(frozen=True, slots=True)
class Switch:
    """Its next attempt is on another channel than the feed is for: it is due there."""

    channel: str


Verdict = Wait | Hold | Close | Switch


def find_no_limits(_number: str, _channel: str, _place: Place = NOWHERE) -> Sequence[Limit]:
    """Finds limits where neither the strategy nor a region has one."""
    return ()


class Rule(Protocol):
    """What a gate knows, as values. One that lets everybody pass may say so: ``is_idle``."""

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """Stop the candidate, or let it pass on.

        :param at: naive UTC
        """


def is_idle(rule: Rule) -> bool:
    """Whether a rule lets everybody pass as they are: nobody needs to be asked one by one."""
    return getattr(rule, "is_idle", False)


def judge_all(rules: Iterable[Rule], candidate: Candidate, at: datetime) -> Verdict | Candidate:
    """Ask rules in their order until one stops the candidate.

    :param at: naive UTC
    """
    for rule in rules:
        judged = rule.judge(candidate, at)
        if not isinstance(judged, Candidate):
            return judged
        candidate = judged
    return candidate


# -- rules of the gates, in their order -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListState:
    """A contact list.

    :param status: ``active``, ``planned``, ``stopped`` or ``expired``
    :param starts_at: naive UTC, or None; ``ends_at``: likewise
    """

    status: str
    name: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListRule:
    """Contacts of lists that are stopped wait for a restart; those of lists that are over close.

    A list's dates count to the second, whenever a sweep comes to its status.

    :param lists: those of the contacts, by id
    """

    lists: Mapping[int, ListState]

    @property
    def is_idle(self) -> bool:
        """See `is_idle`."""
        return not self.lists

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """See `Rule`."""
        found = self.lists.get(candidate.list_id or 0)
        if found is None:
            return candidate
        if found.status == "expired" or (found.ends_at and found.ends_at <= at):
            return Close("expired", "expired")
        if found.status == "stopped":
            return Hold("list_stopped", found.name)
        # A dry run looks ahead: a planned list is active from its start on.
        if found.starts_at and found.starts_at > at:
            return Hold("list_stopped", found.name, found.starts_at)
        return candidate


@dataclass(frozen=True, slots=True)
class ExpiryRule:
    """Contacts that are older than their campaign's time to live close (requirement C5).

    :param days: by campaign id; none or 0: they live for ever
    """

    days: Mapping[int, int]

    @property
    def is_idle(self) -> bool:
        """See `is_idle`."""
        return not any(self.days.values())

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """See `Rule`."""
        days = self.days.get(candidate.campaign_id)
        if not days or not candidate.added_at:
            return candidate
        end = candidate.added_at + timedelta(days=days)
        return Close("expired", "ttl") if end < at else candidate


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """Who has withdrawn consent is not contacted again. A campaign may contact nobody but who has
    agreed, and who asks to be called back (requirement N5).

    :param campaigns: ids of those that do
    """

    campaigns: Collection[int]

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """See `Rule`."""
        if candidate.has_withdrawn:
            return Close(DNC_LISTED, CONSENT_WITHDRAWN)
        if candidate.campaign_id not in self.campaigns:
            return candidate
        if candidate.has_consent or candidate.callback:
            return candidate
        return Hold(NO_CONSENT)


@dataclass(frozen=True, slots=True)
class SelectionRule:
    """What a campaign's selection leaves out is held; a fresh contact of a target group waits for
    its turn (requirement C11).

    :param chosen: ids of the contacts that match, by campaign id; campaigns without a selection
        are missing
    :param queues: the queue of each fresh contact whose campaign has target groups, by contact id
    :param with_groups: ids of these campaigns
    """

    chosen: Mapping[int, Collection[int]]
    queues: Mapping[int, Queue]
    with_groups: Collection[int] = ()

    @property
    def is_idle(self) -> bool:
        """See `is_idle`."""
        return not (self.chosen or self.with_groups)

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """See `Rule`."""
        chosen = self.chosen.get(candidate.campaign_id)
        if chosen is not None and candidate.contact_id not in chosen:
            return Hold("selection")
        # What was begun goes on as its strategy says.
        goes_on = candidate.is_begun or candidate.is_drawn
        if candidate.campaign_id not in self.with_groups or goes_on:
            return candidate
        return self.queues.get(candidate.contact_id) or Hold("selection")


@dataclass(frozen=True, slots=True)
class DncRule:
    """Hides numbers that must not be contacted on a channel, and closes the contacts of listed
    customer keys (requirements N1, N2).

    :param channels: those that a campaign contacts on, by campaign id
    :param lists: ids of the lists that count, by campaign id and channel
    :param numbers: on which lists a number stands; ``keys``: likewise customer keys
    """

    channels: Mapping[int, Sequence[str]]
    lists: Mapping[tuple[int, str], Collection[int]]
    numbers: Mapping[str, Collection[int]]
    keys: Mapping[str, Collection[int]]

    @property
    def is_idle(self) -> bool:
        """See `is_idle`."""
        return not (self.numbers or self.keys)

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """See `Rule`."""
        listed = [number for number in candidate.get_numbers() if number in self.numbers]
        on_key = self.keys.get(candidate.account_number or "", ())
        channels = self.channels[candidate.campaign_id]
        # A strategy that is not finished contacts nobody: that is for the gate *number* to say.
        if not channels or not (listed or on_key):
            return candidate

        # A list may be for one channel only: the number is left on the others.
        left, is_listed = {}, False
        for channel in channels:
            phones = tuple(get_phones(candidate.phones, channel))
            hidden = self._get_hidden(candidate, listed, on_key, channel)
            left[channel] = _hide(phones, hidden)
            if left[channel] != phones:
                is_listed = True
        has_phones = any(map(any, left.values()))
        if on_key and not has_phones:
            return Close(DNC_LISTED, SUPPRESSED)
        return replace(candidate, phones=join_channels(left), is_listed=is_listed)

    def get_lists(self, campaign_id: int, channel: str, callback: str | None) -> Collection[int]:
        """Ids of the lists that count for a contact.

        :param callback: the kind of callback that the contact asked for, if any
        """
        return self.lists.get((campaign_id, channel), ())

    def _get_hidden(
        self, candidate: Candidate, listed: list[str], on_key: Collection[int], channel: str
    ) -> set[str]:
        """Numbers that must not be contacted on a channel: all of them where the key is listed."""
        counting = set(self.get_lists(candidate.campaign_id, channel, candidate.callback))
        # A listed customer is not contacted on any number.
        if not counting.isdisjoint(on_key):
            return set(candidate.get_numbers())
        hidden = set()
        for number in listed:
            if not counting.isdisjoint(self.numbers[number]):
                hidden.add(number)
        return hidden


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What a campaign says about the next attempt and how often.

    :param zone: whose calendar days limits mean
    :param plans: by the contact's callback: None, ``personal``, ``normal``
    :param find_limits: likewise
    :param callbacks: what becomes of contacts that ask to be called back
    :param channels: those that an attempt may be on
    """

    zone: ZoneInfo
    plans: Mapping[str | None, Plan]
    find_limits: Mapping[str | None, FindLimits]
    callbacks: Callbacks | None = None

    channels: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        channels: dict[str, None] = {}
        for plan in self.plans.values():
            for attempt in plan.attempts:
                channels[attempt.channel] = None
        object.__setattr__(self, "channels", tuple(channels))

    @property
    def has_limits(self) -> bool:
        """Whether it may say that a number was tried often enough."""
        return any(find is not find_no_limits for find in self.find_limits.values())

    def skip(
        self,
        candidate: Candidate,
        reason: str,
        outcome: Outcome,
        outcome_id: int | None,
        at: datetime,
    ) -> Skip | None:
        """What follows the due attempt where it is not made: as after a result, one more try, that
        does not count.

        :param reason: why it is not made; ``outcome``: what that counts as, with its id
        :param at: naive UTC
        :return: None where nothing follows
        """
        unmade = candidate.attempt
        assert unmade
        counters = Counters(
            candidate.counted,
            candidate.uncounted + 1,
            cycle=candidate.cycle,
            callback=candidate.callback,
            number=unmade.number,
        )
        plan, moment = self.plans[candidate.callback], at.replace(tzinfo=UTC)
        choice = decide(plan, candidate.phones, unmade.position, outcome, counters, moment)
        if isinstance(choice, Close):
            return None
        until = choice.at.replace(tzinfo=None)
        return Skip(until, reason, decision=choice, outcome_id=outcome_id)


@dataclass(frozen=True, slots=True)
class NumberRule:
    """Names the attempt that is due and its number; what has none left closes (S1, S4).

    :param campaigns: by id
    :param channel: the one that the feed is for; none for any
    """

    campaigns: Mapping[int, CampaignPlan]
    channel: str | None = None

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """See `Rule`."""
        campaign = self.campaigns[candidate.campaign_id]
        moment = at.replace(tzinfo=UTC)
        callback = release_callback(candidate, campaign.callbacks, moment)
        if callback != candidate.callback:
            candidate = replace(candidate, callback=callback)
        chosen = choose_attempt(candidate, campaign, moment)
        if not isinstance(chosen, NextAttempt):
            return chosen
        # The attempt may have moved to another channel since the contact was planned.
        if self.channel and chosen.channel != self.channel:
            return Switch(chosen.channel)
        return candidate.with_attempt(chosen)


@dataclass(slots=True)
class HoursRule:
    """Contacts whose hours are closed wait for their next legal time (requirements N3, N4), and so
    do those whose hours would be over before their turn at the dialer comes.

    :param campaigns: calling hours by campaign id
    :param backlog: of the dialer that is fed; None where nothing waits there
    """

    campaigns: Mapping[int, CampaignHours]
    backlog: Backlog | None = None
    passed: int = field(default=0, init=False)

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """See `Rule`."""
        attempt = candidate.attempt
        if attempt is None:
            return candidate
        campaign = self.campaigns[candidate.campaign_id]
        number, channel = attempt.number, attempt.channel
        phones = get_phones(candidate.phones, channel)
        hours = campaign.for_contact(candidate.tz, number, channel, phones, candidate.place)
        opening = hours.opening(at)
        if not opening.is_open:
            # Without any legal time it is looked at again: rules and zones may change.
            until = opening.opens_at or at + NO_OPENING_DELAY
            return Wait(until, opening.reason or "hours", opening.detail)

        drain = timedelta(minutes=campaign.drain_minutes)
        if verdict := self._judge_end(hours, opening.closes_at, drain, at):
            return verdict
        self.passed += 1
        return candidate

    def _judge_end(
        self, hours: CallingHours, closes_at: datetime | None, drain: timedelta, at: datetime
    ) -> Wait | None:
        """Whether there is time enough until the hours end, which is so long after ``closes_at``
        as the campaign stops before the end.
        """
        if not closes_at or not self.backlog:
            return None
        left = closes_at + drain - at
        if self.backlog.get_wait(self.passed) <= left:
            return None
        # What is at the dialer may soon be fewer; else the next day comes.
        again = at + BACKLOG_DELAY
        if replace(self.backlog, held=0).get_wait() <= left - BACKLOG_DELAY:
            return Wait(again, DRAIN)
        return Wait(hours.opening(closes_at).opens_at or at + NO_OPENING_DELAY, DRAIN)


@dataclass(slots=True)
class LimitsRule:
    """Contacts that were tried as often as allowed wait until they may be tried again (S4).

    :param campaigns: by id
    :param is_claiming: who passes is about to be tried, which counts for the others with that
        number
    """

    campaigns: Mapping[int, CampaignPlan]
    is_claiming: bool = False
    passing: dict[str, list[Try]] = field(default_factory=dict, init=False)

    @property
    def is_idle(self) -> bool:
        """See `is_idle`."""
        return not any(campaign.has_limits for campaign in self.campaigns.values())

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """See `Rule`."""
        if candidate.attempt is None:
            return candidate
        moment = at.replace(tzinfo=UTC)
        passing = self._get_passing(candidate)
        tries = _get_counting(candidate) + passing
        if verdict := self._judge(candidate, tries, moment):
            # Before the next claim the ledger has them, and another number is chosen.
            if passing and self._has_another(candidate, tries, moment):
                return Wait(at, "limit")
            return verdict

        # The ledger does not hold it yet, and another contact of this claim may have the number.
        if self.is_claiming:
            number, channel = candidate.attempt.number, candidate.attempt.channel
            made = Try(moment, number, is_own=False, channel=channel)
            self.passing.setdefault(number, []).append(made)
        return candidate

    def _has_another(self, candidate: Candidate, tries: list[Try], at: datetime) -> bool:
        """Whether the strategy goes on without a number that is at its limit (O7, O16)."""
        campaign, attempt = self.campaigns[candidate.campaign_id], candidate.attempt
        later = choose_attempt(replace(candidate, tries=tries), campaign, at)
        assert attempt
        if isinstance(later, NextAttempt):
            return later.number != attempt.number
        return isinstance(later, NextCycle)

    def _get_passing(self, candidate: Candidate) -> list[Try]:
        if not self.passing:
            return []
        found: list[Try] = []
        for number in candidate.get_numbers():
            found += self.passing.get(number, ())
        return found

    def _judge(
        self, candidate: Candidate, tries: Sequence[Try], at: datetime
    ) -> Wait | Close | None:
        campaign, attempt = self.campaigns[candidate.campaign_id], candidate.attempt
        assert attempt
        limits = get_limits(campaign, candidate, attempt.number, attempt.channel)
        if not limits:
            return None
        reached = earliest(limits, tries, attempt.number, at, campaign.zone)
        if not reached:
            return None
        # A limit that never ends again closes the contact.
        if reached.until:
            until = reached.until.replace(tzinfo=None)
            return Wait(until, "limit", reached.limit.label)
        return Close(get_closing_state(candidate), "limit")


# -- the number -----------------------------------------------------------------------------------


def release_callback(candidate: Candidate, callbacks: Callbacks | None, at: datetime) -> str | None:
    """Whose callback a contact is: one whose time with its agent passed while it waited is
    anybody's (requirement S7).

    :param at: in UTC
    """
    callback = candidate.callback
    since = candidate.callback_due or candidate.callback_since
    if not (callback and since and callbacks and callbacks.personal_for is not None):
        return callback
    due_at, is_retained = since.replace(tzinfo=UTC), candidate.is_retained
    return callback_kind(callbacks, callback, 0, due_at, at, is_retained)


def choose_attempt(
    candidate: Candidate, campaign: CampaignPlan, at: datetime
) -> NextAttempt | NextCycle | Close:
    """The attempt that is due and its number, or why there is none now.

    :param at: in UTC
    """
    plan = campaign.plans[candidate.callback]
    counters = Counters(candidate.counted, candidate.uncounted)
    if spent := spent_budget(plan, counters):
        return Close(RETRIES_COMPLETED, spent)
    fresh = _get_fresh_phones(candidate, campaign, at)
    position, cycle = candidate.position, candidate.cycle
    attempt = attempt_from(plan, fresh, position, at, START, cycle)
    if attempt:
        return _pass_limits(candidate, campaign, at) or attempt

    # As after a result: the attempts before may have a number that is fine.
    if candidate.cycle < plan.cycles:
        first = attempt_from(plan, fresh, 1, at + plan.cycle_interval, NEXT_CYCLE)
        if first:
            until = first.at.replace(tzinfo=None)
            following = candidate.cycle + 1
            return NextCycle(until, "cycle", position=first.position, cycle=following)

    # The strictest of what took its numbers away is the reason.
    if candidate.is_listed:
        return Close(DNC_LISTED, SUPPRESSED)
    reason = NO_NUMBER if fresh == candidate.phones else "limit"
    return Close(get_closing_state(candidate), reason)


def get_closing_state(candidate: Candidate) -> str:
    """The state of a contact that nothing can be tried on: who was never tried has completed no
    retries.
    """
    return RETRIES_COMPLETED if candidate.is_begun else NOT_CONNECTED


def _pass_limits(candidate: Candidate, campaign: CampaignPlan, at: datetime) -> NextAttempt | None:
    """The first attempt on a number that may be called now, where the strategy does not wait for
    those that may not; None where there is none.
    """
    plan = campaign.plans[candidate.callback]
    if not plan.passes_limits:
        return None
    free = _get_fresh_phones(candidate, campaign, at, _get_per_number)
    return attempt_from(plan, free, candidate.position, at, START, candidate.cycle)


def get_limits(
    campaign: CampaignPlan, candidate: Candidate, number: str, channel: str
) -> Sequence[Limit]:
    """Limits that hold for an attempt on a number of a candidate."""
    limits = campaign.find_limits[candidate.callback](number, channel, candidate.place)
    if not candidate.is_requested:
        return limits
    # The customer wants this one call: where a rule says so, it does not count it.
    return [limit for limit in limits if not limit.exempts_requests]


def _get_lasting(limits: Sequence[Limit]) -> list[Limit]:
    """Limits of a number by itself that hold for ever."""
    return [limit for limit in _get_per_number(limits) if limit.period == LIFE]


def _get_per_number(limits: Sequence[Limit]) -> list[Limit]:
    """Limits of a number by itself."""
    return [limit for limit in limits if limit.per_number]


def _get_fresh_phones(
    candidate: Candidate,
    campaign: CampaignPlan,
    at: datetime,
    select: Callable[[Sequence[Limit]], list[Limit]] = _get_lasting,
) -> Phones:
    """A candidate's phones without those that were tried as often as they may: ever, or as
    ``select`` has it.
    """
    # Asked of each contact of each claim.
    if campaign.find_limits[candidate.callback] is find_no_limits:
        return candidate.phones
    tries, zone = candidate.tries, campaign.zone
    spent: set[tuple[str, str]] = set()
    for number in candidate.get_numbers():
        for channel in campaign.channels:
            # A limit that ends lets the contact wait; one that does not takes the number away.
            selected = select(get_limits(campaign, candidate, number, channel))
            if selected and earliest(selected, tries, number, at, zone):
                spent.add((number, channel))
    if not spent:
        return candidate.phones
    return _without(candidate.phones, spent, campaign.channels)


def _without(phones: Phones, spent: Collection[tuple[str, str]], channels: Iterable[str]) -> Phones:
    """Phones without the numbers that are spent on a channel."""
    left = {}
    for channel in channels:
        hidden = {number for number, used_on in spent if used_on == channel}
        left[channel] = _hide(get_phones(phones, channel), hidden)
    return join_channels(left)


def _hide(phones: Sequence[str | None], hidden: Collection[str]) -> tuple[str | None, ...]:
    """Phones in their places, without the numbers that must not be used."""
    return tuple(None if number in hidden else number for number in phones)


def get_phones(phones: Phones, channel: str) -> Sequence[str | None]:
    """The phones that may be used on a channel."""
    return phones.on_channel(channel) if isinstance(phones, PhonesByChannel) else phones


def join_channels(phones: Mapping[str, tuple[str | None, ...]]) -> Phones:
    """One row of phones where all channels have the same, which is nearly always."""
    rows = list(dict.fromkeys(phones.values()))
    if len(rows) == 1:
        return rows[0]
    return PhonesByChannel(rows[0], phones)


def _get_counting(candidate: Candidate) -> list[Try]:
    """Own tries, and those of others on numbers that this contact may still be contacted on."""
    if not candidate.tries:
        return []
    numbers = set(candidate.get_numbers())
    return [made for made in candidate.tries if made.is_own or made.number in numbers]
