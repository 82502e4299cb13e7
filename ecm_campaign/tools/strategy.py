"""The decision: which attempt follows a result, when and on which number, or in which state the
contact closes.

Plain values in, plain values out: no database, no clock, no chance. Production, dry run (S9) and
Explain (R6) call the same functions. Requirements S1, S4 (overall budget), S8 (loops), F3 (closing
states).

**State and reason.** A closing decision carries both. The reason says *why nothing follows*
(`rule_close`, `no_rule`, `budget`, …); the state says *what came of the contact*, decided in this
order:

1. the outcome suppresses → ``dnc_listed``, whatever the rules say;
2. the outcome names the state itself, as those of messages do → that one;
3. the outcome is a live voice → ``connected``, also when a rule led on but nothing could follow;
4. nothing was left to try (budget spent, last attempt of the plan made, target attempt or number
   missing) → ``retries_completed``: ECM's "all the retry attempts have been completed without any
   success";
5. otherwise (a rule closes, or no rule exists, although attempts were left) → ``not_connected``:
   ECM's "closed as per the call strategy defined".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Literal

MAX_UNCOUNTED = 10
NO_DELAY = timedelta(0)

# Actions of a rule
ATTEMPT: Literal["attempt"] = "attempt"
AGAIN: Literal["again"] = "again"
CLOSE: Literal["close"] = "close"

# Phone fall-back
FIRST: Literal["first"] = "first"
SKIP: Literal["skip"] = "skip"
NEXT_VALID: Literal["next_valid"] = "next_valid"

# Uses of a wrap-up's rule are counted under its code with this in front
WRAP_UP_PREFIX = "wrap_up:"

# Callbacks
PERSONAL: Literal["personal"] = "personal"
NORMAL: Literal["normal"] = "normal"

# Closing states (F3)
CONNECTED = "connected"
NOT_CONNECTED = "not_connected"
RETRIES_COMPLETED = "retries_completed"
DNC_LISTED = "dnc_listed"

# Reasons of a decision; stable codes, stored and shown
START = "start"
RULE_NEXT = "rule_next"
RULE_CLOSE = "rule_close"
NO_RULE = "no_rule"
WRAP_UP_NEXT = "wrap_up_next"
WRAP_UP_CLOSE = "wrap_up_close"
CALLBACK = "callback"
BRANCH = "branch"
RETRIES = "retries"
NEXT_CYCLE = "next_cycle"
LIVE_VOICE = "live_voice"
SUPPRESSED = "suppressed"
BUDGET = "budget"
CYCLES = "cycles"
UNCOUNTED_BUDGET = "uncounted_budget"
MISSING_ATTEMPT = "missing_attempt"
NO_NUMBER = "no_number"

REASONS: dict[str, str] = {
    START: "The first attempt of the strategy is due.",
    RULE_NEXT: "The strategy's rule for this outcome leads to another attempt.",
    RULE_CLOSE: "The strategy's rule for this outcome closes the contact.",
    NO_RULE: "The strategy has no rule for this outcome, which closes the contact.",
    WRAP_UP_NEXT: "The agent's wrap-up asks for another attempt.",
    WRAP_UP_CLOSE: "The agent's wrap-up closes the contact.",
    CALLBACK: "The customer asked to be called back: the callback strategy begins.",
    BRANCH: "The retries of this outcome are used up: the next attempt follows.",
    RETRIES: "The retries of this outcome are used up, after which its rule closes the contact.",
    NEXT_CYCLE: "The strategy begins again from its first attempt.",
    LIVE_VOICE: "A person was reached.",
    SUPPRESSED: "The person asked not to be contacted.",
    BUDGET: "The strategy's maximum number of attempts was made.",
    CYCLES: "Every attempt was made as often as the strategy runs through them.",
    UNCOUNTED_BUDGET: "Too many tries were made that do not count as an attempt.",
    MISSING_ATTEMPT: "The strategy has no such attempt.",
    NO_NUMBER: "The contact has no number left for the remaining attempts.",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows one outcome of one attempt, or one wrap-up (S1, S3, S6).

    :param action: ``attempt``: attempt ``next_attempt`` after ``delay``; ``again``: the same
        attempt after ``delay``; ``close``
    :param next_attempt: position, counted from 1
    :param max_retry: how often the rule leads on in one run through the strategy; then ``branch``
        follows at once, or after ``delay`` where it is on the number that was just tried. None: as
        often as the budget allows; 0: never, ``branch`` follows after ``delay``
    :param branch: position that follows when ``max_retry`` is used up; None is Webex's *Default*,
        the next in order
    :param then_close: when ``max_retry`` is used up, the contact closes instead
    :param priority: dial priority of what follows; None leaves the contact's own (Webex writes -1)
    :param other_number: the number that was just tried is no good: what follows is on another one,
        or nothing follows
    :param retain_pcb: a personal callback stays with its agent
    :param suppress: the person must not be contacted again, whatever else the rule says
    """

    action: Literal["attempt", "again", "close"]
    next_attempt: int | None = None
    delay: timedelta = NO_DELAY
    max_retry: int | None = None
    branch: int | None = None
    then_close: bool = False
    priority: int | None = None
    other_number: bool = False
    retain_pcb: bool = False
    suppress: bool = False

    def target_from(self, position: int) -> int:
        """Position that the rule of an attempt at ``position`` leads to; 0 if it names none."""
        if self.action == AGAIN:
            return position
        return self.next_attempt or 0

    def lasting_target_from(self, position: int) -> int:
        """Position that the rule may lead to over and over; 0 if it does not: where its retries are
        limited, only what follows these.
        """
        if self.action == CLOSE or (self.max_retry is not None and self.then_close):
            return 0
        if self.max_retry is None:
            return self.target_from(position)
        return self.branch or position + 1


@dataclass(frozen=True, slots=True)
class PlannedAttempt:
    """One step of a plan: ``phone_index`` (1…5) on ``channel``, with the rule per outcome code."""

    position: int
    channel: str
    phone_index: int = 1
    rules: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A strategy as values (S1, S4).

    :param attempts: in order; ``position`` must count 1, 2, 3 … (``ValueError`` otherwise)
    :param max_attempts: overall budget of counted tries in the contact's life; None = what the
        attempts, their retries and the cycles add up to
    :param wrap_up_retries: how many tries the retries of wrap-ups add to a cycle, where the budget
        is not chosen
    :param max_uncounted: budget of tries whose outcome does not count, so that every path ends; 0
        is like 1, since what a try comes to is known only afterwards
    :param phone_fallback: what an attempt on an empty phone does: ``first`` takes phone 1,
        ``next_valid`` the next phone that is not empty (wrapping around), ``skip`` passes the
        attempt over. An attempt that has no number even so is passed over too: the following
        position is tried, at the same time.
    :param cycles: how often the attempts are run through
    :param cycle_interval: from the last try of a cycle to the first of the next, at least; a rule's
        delay that is longer is kept
    :param cycle_limit: counted tries in one cycle; then the next cycle begins. None: no such cap
    :param passes_limits: while a number may not be called for a limit that ends, the next attempt's
        number is called; else its contact waits
    """

    attempts: tuple[PlannedAttempt, ...]
    max_attempts: int | None = None
    wrap_up_retries: int = 0
    max_uncounted: int = MAX_UNCOUNTED
    phone_fallback: Literal["first", "skip", "next_valid"] = FIRST
    cycles: int = 1
    cycle_interval: timedelta = NO_DELAY
    cycle_limit: int | None = None
    passes_limits: bool = False
    budget: int = field(init=False)
    counts_uses: bool = field(init=False)

    def __post_init__(self) -> None:
        positions = [attempt.position for attempt in self.attempts]
        if positions != list(range(1, len(positions) + 1)):
            raise ValueError("attempts of a plan must be numbered 1, 2, 3 … in order")

        # Worked out once: both are asked for with every result.
        budget = self.max_attempts
        if budget is None:
            budget = self._add_up_tries()
        limits_retries = any(rule.max_retry is not None for _position, rule in self._each_rule())
        object.__setattr__(self, "budget", budget)
        object.__setattr__(self, "counts_uses", limits_retries)

    def get_attempt(self, position: int) -> PlannedAttempt | None:
        """The attempt at a position, counted from 1; None where there is none."""
        if 0 < position <= len(self.attempts):
            return self.attempts[position - 1]
        return None

    def _add_up_tries(self) -> int:
        """What the attempts, their retries and the cycles come to at most."""
        ahead = self._get_ways_ahead()
        in_a_cycle = len(self.attempts) + self.wrap_up_retries
        for position, rule in self._each_rule():
            if rule.action == CLOSE or not rule.max_retry:
                continue
            # A retry that leads back opens anew all ways that lead on from there.
            target = rule.target_from(position) or position
            repeated = self._get_way_ahead(ahead, target) - ahead[position] + 1
            in_a_cycle += rule.max_retry * max(1, repeated)
        return self.cycles * in_a_cycle

    def _get_ways_ahead(self) -> dict[int, int]:
        """How many attempts the longest way from each position has, itself included, without any
        limited retry.
        """
        ahead = {attempt.position: 1 for attempt in self.attempts}
        # Without loops no way is longer; in a loop, which another budget ends, it would grow on.
        for _round in self.attempts[1:]:
            for position, rule in self._each_rule():
                further = self._get_way_ahead(ahead, rule.lasting_target_from(position))
                ahead[position] = min(max(ahead[position], further + 1), len(self.attempts))
        return ahead

    def _get_way_ahead(self, ahead: Mapping[int, int], target: int) -> int:
        """How many attempts the longest way from a target has, which may be passed over."""
        longest = ahead.get(target, 0)
        attempt = self.get_attempt(target)
        while attempt and self.phone_fallback == SKIP and attempt.phone_index > 1:
            attempt = self.get_attempt(attempt.position + 1)
            longest = max(longest, ahead.get(attempt.position, 0) if attempt else 0)
        return longest

    def _each_rule(self) -> Iterator[tuple[int, Rule]]:
        """Every rule with the position of its attempt."""
        for attempt in self.attempts:
            for rule in attempt.rules.values():
                yield attempt.position, rule

    @property
    def capped(self) -> bool:
        """Whether the budget was chosen rather than derived: loops are allowed only then (S8)."""
        return self.max_attempts is not None


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What a campaign does with a contact that asks to be called back (S7).

    :param plan: takes over from its first attempt
    :param resets: daily and overall counters begin anew; a budget that is not chosen does so anyway
    :param agent_tries: tries in which the agent of a personal callback was not reached, after which
        any agent may take it; None: not by tries
    :param personal_for: how long a callback stays personal from when it is due; None: not by time
    :param delay: after which the first attempt follows, where no rule says when
    """

    plan: Plan
    resets: bool = True
    agent_tries: int | None = 1
    personal_for: timedelta | None = None
    delay: timedelta = NO_DELAY

    @property
    def begins_anew(self) -> bool:
        """Whether the counters begin anew: a budget that is not chosen is what its own attempts add
        up to.
        """
        return self.resets or not self.plan.capped


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened on a try (S5). ``suppresses``: the person must not be contacted again (DNC).

    :param asks_callback: the customer asked to be called back
    :param misses_agent: a callback's agent was not there
    :param closing_state: in which state a contact closes on it; None: as the rules above say
    """

    code: str
    counts_as_attempt: bool = True
    is_live_voice: bool = False
    suppresses: bool = False
    asks_callback: bool = False
    misses_agent: bool = False
    closing_state: str | None = None


@dataclass(frozen=True, slots=True)
class WrapUp:
    """A business outcome: what the agent says the call meant (S6).

    :param rule: what follows; None leaves it to the strategy's rule for the outcome
    :param asks_callback: the customer asked to be called back; a wrap-up with a rule overrules the
        outcome in this too
    """

    code: str
    rule: Rule | None = None
    asks_callback: bool = False


@dataclass(frozen=True, slots=True)
class Counters:
    """Tries made in the contact's life, **including** the one whose result is being decided.

    That try is in ``counted`` if its outcome counts as an attempt, else in ``uncounted``: after the
    very first call, an answering machine gives ``Counters(1, 0)``, a call the agent rejected
    ``Counters(0, 1)``.

    :param cycle: run through the strategy that the try belongs to
    :param in_cycle: counted tries in that run
    :param uses: ``{(position, outcome or wrap-up code): tries in that run on which this rule
        decided}``; wrap-ups have position 0, and a try that one decided counts for it alone
    :param callback: ``personal`` or ``normal`` when the contact is a callback
    :param callback_since: aware; when it became one
    :param callback_due: aware; when its first attempt was due; None: when it became one
    :param agent_misses: tries since then in which the agent was not reached
    :param number: that the try was made on; None: the one that the plan has for its attempt
    """

    counted: int = 0
    uncounted: int = 0
    cycle: int = 1
    in_cycle: int = 0
    uses: Mapping[tuple[int, str], int] = field(default_factory=dict)
    callback: str | None = None
    callback_since: datetime | None = None
    callback_due: datetime | None = None
    agent_misses: int = 0
    number: str | None = None


@dataclass(frozen=True, slots=True)
class NextAttempt:
    """Try attempt ``position`` on ``number`` not before ``at`` (UTC).

    :param phone_index: the phone really used, 1…5
    :param cycle: run through the strategy
    :param priority: dial priority; None leaves the contact's own
    :param callback: ``personal`` or ``normal``: the callback strategy's attempt
    :param resets: the counters begin anew
    :param retained: a rule keeps the callback for its agent
    """

    position: int
    channel: str
    phone_index: int
    number: str
    at: datetime
    reason: str
    cycle: int = 1
    priority: int | None = None
    callback: str | None = None
    resets: bool = False
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Close the contact in ``state`` (F3) because of ``reason``."""

    state: str
    reason: str


Decision = NextAttempt | Close
PhoneList = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class PhonesByChannel:
    """A contact's phones where the channel decides which of them may be used.

    A do-not-contact list may hold for calls or for messages only: who is on one can still be
    reached by the other.

    :param default: phone 1…5 in order, for channels that are not named; empty ones are None or ""
    :param by_channel: ``{channel: phone 1…5 in order}``
    """

    default: PhoneList
    by_channel: Mapping[str, PhoneList] = field(default_factory=dict)

    def on_channel(self, channel: str) -> PhoneList:
        """The phones that an attempt on a channel may use."""
        return self.by_channel.get(channel, self.default)


# A plain list of phones holds for every channel.
Phones = PhoneList | PhonesByChannel


def first_attempt(
    plan: Plan, phones: Phones, not_before: datetime | None, now: datetime
) -> Decision:
    """Decide the first attempt of a fresh contact: at once, or at ``not_before`` if that is later.

    :param phones: phone 1…5 in order, for all channels or by channel; empty or missing ones are
        None or ""
    :param not_before: aware, or None
    :param now: aware; the decision's ``at`` is in UTC
    """
    # A plan without attempts is another fault, which is told below.
    if plan.attempts and plan.budget < 1:
        return Close(RETRIES_COMPLETED, BUDGET)

    at = _utc(now)
    if not_before is not None:
        at = max(at, _utc(not_before))
    first = attempt_from(plan, phones, 1, at, START)
    return first or Close(RETRIES_COMPLETED, _missing(plan, 1))


def decide(
    plan: Plan,
    phones: Phones,
    position: int,
    outcome: Outcome,
    counters: Counters,
    now: datetime,
    wrap_up: WrapUp | None = None,
    callbacks: Callbacks | None = None,
) -> Decision:
    """Decide what follows ``outcome`` of the try at ``position``.

    :param plan: the strategy that the try belongs to: the callback strategy for a contact that is a
        callback
    :param phones: phone 1…5 in order, for all channels or by channel; empty or missing ones are
        None or ""
    :param position: 1-based position of the attempt that was made (of `NextAttempt.position`, so
        after fall-back)
    :param counters: see `Counters`: the try in question is included
    :param now: aware; the moment from which the rule's delay runs (the end of the try, or its
        synchronisation)
    :param wrap_up: what the agent said; its rule goes before the strategy's
    :param callbacks: what becomes of a contact that asks to be called back; None: the strategy's
        rule decides
    """
    rule, source = _find_rule(plan, position, outcome, wrap_up)
    # Who must not be contacted again is told apart first: no rule, no callback may lead on.
    if outcome.suppresses or (rule is not None and rule.suppress):
        return Close(DNC_LISTED, SUPPRESSED)

    # Who is a callback already stays in the callback strategy: its rules decide. Where it has none
    # for who asks again, it begins anew.
    moment = _utc(now)
    is_new = rule is None or not counters.callback
    if callbacks and is_new and _asks_callback(outcome, wrap_up):
        return _become_callback(callbacks, phones, rule, counters, moment)

    if rule is None or rule.action == CLOSE:
        return _close(plan, position, outcome, counters, rule, source)

    # The rule leads on; where nothing can follow, a person who was reached counts as reached.
    state = CONNECTED if outcome.is_live_voice else RETRIES_COMPLETED
    state = outcome.closing_state or state
    if spent := spent_budget(plan, counters):
        return Close(state, spent)
    if rule.other_number:
        phones = _without(phones, _get_tried_number(counters, plan, phones, position))
    following = _follow(plan, phones, position, rule, source, counters, moment)
    if isinstance(following, str):
        return Close(state, following)
    return _with_callback(following, rule, counters, callbacks)


def attempt_from(
    plan: Plan,
    phones: Phones,
    position: int,
    at: datetime,
    reason: str,
    cycle: int = 1,
    priority: int | None = None,
) -> NextAttempt | None:
    """The attempt at ``position``, or the first one after it that has a number; None if there is
    none.

    :param at: in UTC
    """
    if position < 1:
        return None
    for attempt in plan.attempts[position - 1 :]:
        # Asked anew for each attempt: the one that is passed over may be on another channel.
        index, number = _find_number(plan, phones, attempt)
        if number:
            return NextAttempt(
                attempt.position, attempt.channel, index, number, at, reason, cycle, priority
            )
    return None


def _get_tried_number(counters: Counters, plan: Plan, phones: Phones, position: int) -> str | None:
    """The number that was just tried: the plan's where nothing else is known."""
    made = plan.get_attempt(position)
    if counters.number or made is None:
        return counters.number
    return _find_number(plan, phones, made)[1]


def _without(phones: Phones, number: str | None) -> Phones:
    """A contact's phones without a number."""
    if isinstance(phones, PhonesByChannel):
        left = {name: _drop(row, number) for name, row in phones.by_channel.items()}
        return PhonesByChannel(_drop(phones.default, number), left)
    return _drop(phones, number)


def _drop(phones: PhoneList, number: str | None) -> PhoneList:
    return [None if phone == number else phone for phone in phones]


def _find_number(plan: Plan, phones: Phones, attempt: PlannedAttempt) -> tuple[int, str | None]:
    """Which phone an attempt uses, 1…5, and its number; 0 and None if it has none."""
    if isinstance(phones, PhonesByChannel):
        phones = phones.on_channel(attempt.channel)
    index = _phone_index(plan.phone_fallback, phones, attempt.phone_index)
    return index, phones[index - 1] if index else None


def _find_rule(
    plan: Plan, position: int, outcome: Outcome, wrap_up: WrapUp | None
) -> tuple[Rule | None, str]:
    """The rule that applies and the code under which its uses are counted; a wrap-up's starts with
    ``wrap_up:``.
    """
    if wrap_up and wrap_up.rule:
        return wrap_up.rule, WRAP_UP_PREFIX + wrap_up.code
    attempt = plan.get_attempt(position)
    rule = attempt.rules.get(outcome.code) if attempt else None
    return rule, outcome.code


def _asks_callback(outcome: Outcome, wrap_up: WrapUp | None) -> bool:
    """Whether the customer asked to be called back: the agent knows better than the dialer."""
    if wrap_up and (wrap_up.rule or wrap_up.asks_callback):
        return wrap_up.asks_callback
    return outcome.asks_callback


def _follow(
    plan: Plan,
    phones: Phones,
    position: int,
    rule: Rule,
    source: str,
    counters: Counters,
    now: datetime,
) -> NextAttempt | str:
    """The attempt that a rule leads to, or the reason why there is none."""
    # A full cycle goes before the rule, whose attempt would be one too many in it.
    if plan.cycle_limit is not None and counters.in_cycle >= plan.cycle_limit:
        return _next_cycle(plan, phones, rule, counters, now)

    # A wrap-up means the same wherever the call was made, so its uses are counted together.
    is_wrap_up = source.startswith(WRAP_UP_PREFIX)
    counted_at = 0 if is_wrap_up else position
    uses = counters.uses.get((counted_at, source), 1)
    if rule.max_retry is not None and uses > rule.max_retry:
        return _branch(plan, phones, position, rule, counters, now)

    target = rule.target_from(position)
    reason = WRAP_UP_NEXT if is_wrap_up else RULE_NEXT
    at = now + rule.delay
    following = attempt_from(
        plan, phones, target, at, reason, cycle=counters.cycle, priority=rule.priority
    )
    if following:
        return following

    # What is left of this cycle has no number; the attempts before it may have one in the next.
    if counters.cycle < plan.cycles and plan.get_attempt(target):
        return _next_cycle(plan, phones, rule, counters, now)
    return _missing(plan, target)


def _branch(
    plan: Plan, phones: Phones, position: int, rule: Rule, counters: Counters, now: datetime
) -> NextAttempt | str:
    """A rule's retries are used up: on at once, to its branch or to the next in order, else to the
    next cycle; or the reason why nothing follows.

    A rule without any retry leads there after its delay.
    """
    if rule.then_close:
        return RETRIES
    target = rule.branch or position + 1
    following = attempt_from(
        plan, phones, target, now, BRANCH, cycle=counters.cycle, priority=rule.priority
    )
    if following is None:
        return _next_cycle(plan, phones, rule, counters, now)

    # Whatever leads back to the number that was just called, nobody is called twice in a row.
    made = plan.get_attempt(position)
    is_the_same = False
    if made is not None and following.channel == made.channel and not rule.other_number:
        is_the_same = following.number == _get_tried_number(counters, plan, phones, position)
    if not rule.max_retry or is_the_same:
        return replace(following, at=now + rule.delay)
    return following


def _next_cycle(
    plan: Plan, phones: Phones, rule: Rule, counters: Counters, now: datetime
) -> NextAttempt | str:
    """The first attempt of the next run through the strategy, or the reason why there is none."""
    if counters.cycle >= plan.cycles:
        return CYCLES
    at = now + max(plan.cycle_interval, rule.delay)
    first = attempt_from(
        plan, phones, 1, at, NEXT_CYCLE, cycle=counters.cycle + 1, priority=rule.priority
    )
    return first or NO_NUMBER


def _become_callback(
    callbacks: Callbacks, phones: Phones, rule: Rule | None, counters: Counters, now: datetime
) -> Decision:
    """Hand over to the callback strategy. A budget that is spent ends it, unless the counters begin
    anew.
    """
    plan = callbacks.plan
    resets = callbacks.begins_anew
    earlier = replace(counters, counted=0) if resets else counters
    if not callbacks.resets and (spent := spent_budget(plan, earlier)):
        return Close(CONNECTED, spent)

    # The rule does not lead on here, but says how long the customer wants to be left alone.
    delay = callbacks.delay
    if rule and (rule.delay or rule.action != CLOSE):
        delay = rule.delay
    priority = rule.priority if rule else None
    first = attempt_from(plan, phones, 1, now + delay, CALLBACK, priority=priority)
    if first is None:
        return Close(CONNECTED, _missing(plan, 1))

    # However long the customer wants to wait, the agent's time begins then.
    retained = bool(rule and rule.retain_pcb)
    kind = callback_kind(callbacks, PERSONAL, 0, first.at, first.at, retained)
    return replace(first, callback=kind, resets=resets, retained=retained)


def callback_kind(
    callbacks: Callbacks,
    kind: str,
    agent_misses: int,
    since: datetime,
    at: datetime,
    retained: bool = False,
) -> str:
    """Whether a callback is still its agent's at ``at`` (S7): ``personal`` or ``normal``.

    What is normal stays so.

    :param agent_misses: tries in which the agent was not reached
    :param since: aware; when the callback was due
    :param retained: the rule says that it stays personal
    """
    if kind != PERSONAL or retained:
        return kind
    if callbacks.agent_tries is not None and agent_misses >= callbacks.agent_tries:
        return NORMAL
    if callbacks.personal_for is None:
        return PERSONAL
    age = at - _utc(since)
    return NORMAL if age >= callbacks.personal_for else PERSONAL


def _with_callback(
    following: NextAttempt, rule: Rule, counters: Counters, callbacks: Callbacks | None
) -> NextAttempt:
    """A contact that is a callback stays one; a personal one may be anybody's from now on."""
    if not counters.callback:
        return following
    kind = counters.callback
    # The agent's time or tries may be over by the next attempt.
    retained = rule.retain_pcb
    since = counters.callback_due or counters.callback_since
    if callbacks and since:
        misses = counters.agent_misses
        kind = callback_kind(callbacks, kind, misses, since, following.at, retained)
    return replace(following, callback=kind, retained=retained)


def spent_budget(plan: Plan, counters: Counters) -> str | None:
    """The budget that forbids a further try, ``budget`` or ``uncounted_budget``, or None."""
    if counters.counted >= plan.budget:
        return BUDGET
    if counters.uncounted >= max(plan.max_uncounted, 1):
        return UNCOUNTED_BUDGET
    return None


def _close(
    plan: Plan, position: int, outcome: Outcome, counters: Counters, rule: Rule | None, source: str
) -> Close:
    """How a contact closes whose rule closes it, or for which there is no rule."""
    if rule is None:
        reason = LIVE_VOICE if outcome.is_live_voice else NO_RULE
    else:
        reason = WRAP_UP_CLOSE if source.startswith(WRAP_UP_PREFIX) else RULE_CLOSE
    if outcome.closing_state:
        return Close(outcome.closing_state, reason)
    if outcome.is_live_voice:
        return Close(CONNECTED, reason)
    state = NOT_CONNECTED if _has_more(plan, position, counters) else RETRIES_COMPLETED
    return Close(state, reason)


def _has_more(plan: Plan, position: int, counters: Counters) -> bool:
    """Whether something was left to try after the attempt at ``position``."""
    if not plan.get_attempt(position):
        return False
    if spent_budget(plan, counters):
        return False
    return position < len(plan.attempts) or counters.cycle < plan.cycles


def _missing(plan: Plan, position: int) -> str:
    """Why no attempt from a position on can be made."""
    return NO_NUMBER if plan.get_attempt(position) else MISSING_ATTEMPT


def _phone_index(fallback: str, phones: PhoneList, index: int) -> int:
    """1-based index of the phone to use, 0 if there is none."""
    if index <= len(phones) and phones[index - 1]:
        return index
    if fallback == FIRST:
        return 1 if phones and phones[0] else 0
    if fallback == NEXT_VALID:
        return _next_phone(phones, index)
    return 0


def _next_phone(phones: PhoneList, index: int) -> int:
    """Index of the first phone after ``index`` that is not empty, wrapping around; 0 if none is."""
    count = len(phones)
    after = range(index + 1, count + 1)
    before = range(1, min(index, count + 1))
    for candidate in chain(after, before):
        if phones[candidate - 1]:
            return candidate
    return 0


def _utc(moment: datetime) -> datetime:
    """In UTC, since adding a delay to another zone's wall time is wrong across its DST change."""
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError("a decision needs aware datetimes")
    return moment.astimezone(UTC)
