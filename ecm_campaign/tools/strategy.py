"""The decision: which attempt follows a result, when and on which number, or in which state the contact closes.

Plain values in, plain values out: no database, no clock, no chance. Production, dry run (S9) and Explain (R6) call
the same functions. Requirements S1, S4 (overall budget), S8 (loops), F3 (closing states).

**State and reason.** A closing decision carries both. The reason says *why nothing follows* (`rule_close`, `no_rule`,
`budget`, …); the state says *what came of the contact*, decided in this order:

1. the outcome suppresses → ``dnc_listed``, whatever the rules say;
2. the outcome is a live voice → ``connected``, also when a rule led on but nothing could follow;
3. nothing was left to try (budget spent, last attempt of the plan made, target attempt or number missing)
   → ``retries_completed``: ECM's "all the retry attempts have been completed without any success";
4. otherwise (a rule closes, or no rule exists, although attempts were left) → ``not_connected``: ECM's "closed as per
   the call strategy defined".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

PHONE_COUNT = 5
MAX_UNCOUNTED = 10
MAX_DELAY = timedelta(days=366)
NO_DELAY = timedelta(0)

# Actions of a rule
ATTEMPT: Literal["attempt"] = "attempt"
CLOSE: Literal["close"] = "close"

# Phone fall-back
FIRST: Literal["first"] = "first"
SKIP: Literal["skip"] = "skip"
NEXT_VALID: Literal["next_valid"] = "next_valid"

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
LIVE_VOICE = "live_voice"
SUPPRESSED = "suppressed"
BUDGET = "budget"
UNCOUNTED_BUDGET = "uncounted_budget"
MISSING_ATTEMPT = "missing_attempt"
NO_NUMBER = "no_number"

REASONS: dict[str, str] = {
    START: "The first attempt of the strategy is due.",
    RULE_NEXT: "The strategy's rule for this outcome leads to another attempt.",
    RULE_CLOSE: "The strategy's rule for this outcome closes the contact.",
    NO_RULE: "The strategy has no rule for this outcome, which closes the contact.",
    LIVE_VOICE: "A person was reached.",
    SUPPRESSED: "The person asked not to be contacted.",
    BUDGET: "The strategy's maximum number of attempts was made.",
    UNCOUNTED_BUDGET: "Too many tries were made that do not count as an attempt.",
    MISSING_ATTEMPT: "The strategy has no such attempt.",
    NO_NUMBER: "The contact has no number left for the remaining attempts.",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows one outcome of one attempt: attempt number ``next_attempt`` (1-based) after ``delay``, or close."""

    action: Literal["attempt", "close"]
    next_attempt: int | None = None
    delay: timedelta = NO_DELAY


@dataclass(frozen=True, slots=True)
class PlannedAttempt:
    """One step of a plan: ``phone_index`` (1…5) on ``channel``, with the rule per outcome code."""

    position: int
    channel: str
    phone_index: int = 1
    rules: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A strategy as values (S1).

    :param attempts: in order; ``position`` must count 1, 2, 3 … (``ValueError`` otherwise)
    :param max_attempts: overall budget of counted tries in the contact's life; None = as many as there are attempts
    :param max_uncounted: budget of tries whose outcome does not count, so that every path ends
    :param phone_fallback: what an attempt on an empty phone does: ``first`` takes phone 1, ``next_valid`` the next
        phone that is not empty (wrapping around), ``skip`` passes the attempt over. An attempt that has no number even
        so is passed over too: the following position is tried, at the same time.
    """

    attempts: tuple[PlannedAttempt, ...]
    max_attempts: int | None = None
    max_uncounted: int = MAX_UNCOUNTED
    phone_fallback: Literal["first", "skip", "next_valid"] = FIRST
    budget: int = field(init=False)

    def __post_init__(self) -> None:
        if [attempt.position for attempt in self.attempts] != list(range(1, len(self.attempts) + 1)):
            raise ValueError("attempts of a plan must be numbered 1, 2, 3 … in order")
        object.__setattr__(self, "budget", len(self.attempts) if self.max_attempts is None else self.max_attempts)

    @property
    def capped(self) -> bool:
        """Whether the budget was chosen rather than derived: loops are allowed only then (S8)."""
        return self.max_attempts is not None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened on a try (S5). ``suppresses``: the person must not be contacted again (DNC)."""

    code: str
    counts_as_attempt: bool = True
    is_live_voice: bool = False
    suppresses: bool = False


@dataclass(frozen=True, slots=True)
class Counters:
    """Tries made in the contact's life, **including** the one whose result is being decided.

    That try is in ``counted`` if its outcome counts as an attempt, else in ``uncounted``: after the very first call,
    an answering machine gives ``Counters(1, 0)``, a call the agent rejected ``Counters(0, 1)``.
    """

    counted: int = 0
    uncounted: int = 0


@dataclass(frozen=True, slots=True)
class NextAttempt:
    """Try attempt ``position`` on ``number`` not before ``at`` (UTC). ``phone_index`` is the phone really used."""

    position: int
    channel: str
    phone_index: int
    number: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the contact in ``state`` (F3) because of ``reason``."""

    state: str
    reason: str


Decision = NextAttempt | Close
Phones = Sequence[str | None]


def first_attempt(plan: Plan, phones: Phones, not_before: datetime | None, now: datetime) -> Decision:
    """Decide the first attempt of a fresh contact: at once, or at ``not_before`` where that is later.

    :param phones: phone 1…5 in order; empty or missing ones are None or ""
    :param not_before: aware, or None
    :param now: aware; the decision's ``at`` is in UTC
    """
    if plan.attempts and plan.budget < 1:
        return Close(RETRIES_COMPLETED, BUDGET)
    at = _utc(now)
    if not_before is not None:
        at = max(at, _utc(not_before))
    return attempt_from(plan, phones, 1, at, START) or _not_made(plan, 1, RETRIES_COMPLETED)


def decide(plan: Plan, phones: Phones, position: int, outcome: Outcome, counters: Counters, now: datetime) -> Decision:
    """Decide what follows ``outcome`` of the try at ``position``.

    :param phones: phone 1…5 in order; empty or missing ones are None or ""
    :param position: 1-based position of the attempt that was made (of `NextAttempt.position`, so after fall-back)
    :param counters: see `Counters`: the try in question is included
    :param now: aware; the moment from which the rule's delay runs (the end of the try, or its synchronisation)
    """
    if outcome.suppresses:
        return Close(DNC_LISTED, SUPPRESSED)
    spent = _spent(plan, counters)
    rule = _rule(plan, position, outcome.code)
    if rule is None or rule.action != ATTEMPT:
        return _close(plan, position, outcome, spent, rule)
    state = CONNECTED if outcome.is_live_voice else RETRIES_COMPLETED
    if spent is not None:
        return Close(state, spent)
    target = rule.next_attempt or 0
    return attempt_from(plan, phones, target, _utc(now) + rule.delay, RULE_NEXT) or _not_made(plan, target, state)


def attempt_from(plan: Plan, phones: Phones, position: int, at: datetime, reason: str) -> NextAttempt | None:
    """The attempt at ``position``, or the first one after it that has a number; None if there is none.

    :param at: in UTC
    """
    for attempt in plan.attempts[position - 1 :] if position > 0 else ():
        index = _phone_index(plan.phone_fallback, phones, attempt.phone_index)
        if index:
            return NextAttempt(attempt.position, attempt.channel, index, phones[index - 1] or "", at, reason)
    return None


def _rule(plan: Plan, position: int, code: str) -> Rule | None:
    return plan.attempts[position - 1].rules.get(code) if 0 < position <= len(plan.attempts) else None


def _spent(plan: Plan, counters: Counters) -> str | None:
    """The budget that forbids a further try, or None."""
    if counters.counted >= plan.budget:
        return BUDGET
    return UNCOUNTED_BUDGET if counters.uncounted >= plan.max_uncounted else None


def _close(plan: Plan, position: int, outcome: Outcome, spent: str | None, rule: Rule | None) -> Close:
    if outcome.is_live_voice:
        return Close(CONNECTED, LIVE_VOICE if rule is None else RULE_CLOSE)
    nothing_left = spent is not None or not 0 < position < len(plan.attempts)
    return Close(RETRIES_COMPLETED if nothing_left else NOT_CONNECTED, NO_RULE if rule is None else RULE_CLOSE)


def _not_made(plan: Plan, position: int, state: str) -> Close:
    exists = 0 < position <= len(plan.attempts)
    return Close(state, NO_NUMBER if exists else MISSING_ATTEMPT)


def _phone_index(fallback: str, phones: Phones, index: int) -> int:
    """1-based index of the phone to use, 0 if there is none."""
    count = len(phones)
    if index <= count and phones[index - 1]:
        return index
    if fallback == FIRST:
        return 1 if count and phones[0] else 0
    if fallback == NEXT_VALID:
        order = (*range(index + 1, count + 1), *range(1, min(index, count + 1)))
        return next((candidate for candidate in order if phones[candidate - 1]), 0)
    return 0


def _utc(moment: datetime) -> datetime:
    """In UTC, since adding a delay to another zone's wall time is wrong across its DST change."""
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError("a decision needs aware datetimes")
    return moment.astimezone(UTC)


# --- validation ------------------------------------------------------------------------------------------------------

PROBLEMS: dict[str, str] = {
    "no_attempts": "The strategy has no attempts.",
    "bad_budget": "The maximum number of attempts must be at least 1.",
    "unknown_channel": "Attempt %(position)s uses the channel “%(channel)s”, which is not available.",
    "bad_phone_index": "Attempt %(position)s uses phone %(phone_index)s; phones are numbered 1 to 5.",
    "missing_attempt": "Attempt %(position)s, outcome “%(outcome)s”: attempt %(next_attempt)s does not exist.",
    "delay_out_of_range": "Attempt %(position)s, outcome “%(outcome)s”: the delay must be between 0 and 366 days.",
    "uncapped_loop": (
        "Attempt %(position)s, outcome “%(outcome)s” leads back to attempt %(next_attempt)s. "
        "Set a maximum number of attempts to allow this loop."
    ),
    "unreachable_attempt": "No rule leads to attempt %(position)s.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a plan: an ``error`` forbids its use, a ``warning`` does not.

    ``PROBLEMS[code] % parameters`` is the English sentence.
    """

    code: str
    position: int | None = None
    outcome_code: str | None = None
    severity: Literal["error", "warning"] = "error"
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, object]:
        return {"position": self.position, "outcome": self.outcome_code, **self.details}


def validate(plan: Plan, channels: Set[str], uncounted_outcomes: Set[str] = frozenset()) -> list[Problem]:
    """Find what is wrong with a plan (S1, S8), errors and warnings in the order of its attempts.

    :param channels: codes of the registered channels; an attempt on another one is refused
    :param uncounted_outcomes: outcome codes that do not count as an attempt; a loop through one of them is allowed
        because `Plan.max_uncounted` ends it
    """
    if not plan.attempts:
        return [Problem("no_attempts")]
    problems = [Problem("bad_budget")] if plan.budget < 1 else []
    reachable = _reachable(_edges(plan, skipping=plan.phone_fallback == SKIP), 1)
    loops = {} if plan.capped else _edges(plan, ignored=uncounted_outcomes)
    for attempt in plan.attempts:
        problems += _attempt_problems(attempt, channels, reachable)
        for code, rule in attempt.rules.items():
            if rule.action == ATTEMPT:
                harmless = code in uncounted_outcomes
                problems += _rule_problems(plan, attempt.position, code, rule, {} if harmless else loops)
    return problems


def _attempt_problems(attempt: PlannedAttempt, channels: Set[str], reachable: Set[int]) -> list[Problem]:
    problems = []
    position = attempt.position
    if attempt.channel not in channels:
        problems.append(Problem("unknown_channel", position, details={"channel": attempt.channel}))
    if not 1 <= attempt.phone_index <= PHONE_COUNT:
        problems.append(Problem("bad_phone_index", position, details={"phone_index": attempt.phone_index}))
    if position not in reachable:
        problems.append(Problem("unreachable_attempt", position, severity="warning"))
    return problems


def _rule_problems(plan: Plan, position: int, code: str, rule: Rule, loops: Mapping[int, Set[int]]) -> list[Problem]:
    problems = []
    target = rule.next_attempt or 0
    details = {"next_attempt": target}
    if not 1 <= target <= len(plan.attempts):
        problems.append(Problem("missing_attempt", position, code, details=details))
    elif target <= position and target in loops.get(position, ()) and position in _reachable(loops, target):
        # every loop has a step that does not go forward: that step is the one to report
        problems.append(Problem("uncapped_loop", position, code, details=details))
    if not NO_DELAY <= rule.delay <= MAX_DELAY:
        problems.append(Problem("delay_out_of_range", position, code, details=details))
    return problems


def _edges(plan: Plan, ignored: Set[str] = frozenset(), skipping: bool = False) -> dict[int, set[int]]:
    """Positions that may follow each position; ``skipping`` adds the passing over of an attempt without number."""
    edges = {
        attempt.position: {
            rule.next_attempt or 0
            for code, rule in attempt.rules.items()
            if rule.action == ATTEMPT and code not in ignored
        }
        for attempt in plan.attempts
    }
    if skipping:
        for attempt in plan.attempts:
            if attempt.phone_index > 1:
                edges[attempt.position].add(attempt.position + 1)
    return edges


def _reachable(edges: Mapping[int, Set[int]], start: int) -> set[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        position = waiting.pop()
        if position not in found:
            found.add(position)
            waiting.extend(edges.get(position, ()))
    return found
