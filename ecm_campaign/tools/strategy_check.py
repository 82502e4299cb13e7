"""What is wrong with a strategy (requirements S1, S8): errors forbid its use, warnings do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Literal, NamedTuple

from .strategy import (
    CLOSE,
    NO_DELAY,
    SKIP,
    START,
    NextAttempt,
    PhoneList,
    Plan,
    PlannedAttempt,
    Rule,
    attempt_from,
)

PHONE_COUNT = 5
MAX_DELAY = timedelta(days=366)

PROBLEMS: dict[str, str] = {
    "no_attempts": "The strategy has no attempts.",
    "bad_budget": "The maximum number of attempts must be at least 1.",
    "unknown_channel": (
        "Attempt %(position)s uses the channel “%(channel)s”, which is not available."
    ),
    "bad_phone_index": (
        "Attempt %(position)s uses phone %(phone_index)s; phones are numbered 1 to 5."
    ),
    "missing_attempt": (
        "Attempt %(position)s, outcome “%(outcome)s”: attempt %(next_attempt)s does not exist."
    ),
    "delay_out_of_range": (
        "Attempt %(position)s, outcome “%(outcome)s”: the delay must be between 0 and 366 days."
    ),
    "uncapped_loop": (
        "Attempt %(position)s, outcome “%(outcome)s” leads back to attempt %(next_attempt)s. "
        "Set a maximum number of attempts to allow this loop."
    ),
    "instant_loop": (
        "Attempt %(position)s, outcome “%(outcome)s” leads back to attempt %(next_attempt)s without "
        "a delay: numbers may be called over and over within a minute. Give it a delay, or limit "
        "its retries."
    ),
    "unreachable_attempt": "No rule leads to attempt %(position)s.",
    "unused_rule": "Attempt %(position)s, outcome “%(outcome)s”: this rule is never used.",
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
        """What the sentence of ``PROBLEMS`` is filled with."""
        return {"position": self.position, "outcome": self.outcome_code, **self.details}


# Positions that may follow each position.
Edges = dict[int, set[int]]

# A rule's position, the code of its outcome and the position that it names.
_Named = tuple[int, str, int]

# The decision asks for a moment; for loops any will do.
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class Step(NamedTuple):
    """A step that a rule may take over and over, for a contact that has some phones.

    ``landing`` is the position that it really leads to: attempts without a number are passed over.
    """

    named: _Named
    landing: int
    is_at_once: bool


class Loops(NamedTuple):
    """Rules that close a loop, by what is wrong with it."""

    endless: Set[_Named]
    instant: Set[_Named]


def validate(
    plan: Plan,
    channels: Set[str],
    uncounted_outcomes: Set[str] = frozenset(),
    suppressing_outcomes: Set[str] = frozenset(),
) -> list[Problem]:
    """Find what is wrong with a plan (S1, S8), errors and warnings in the order of its attempts.

    :param channels: codes of the registered channels; an attempt on another one is refused
    :param uncounted_outcomes: outcome codes that do not count as an attempt; a loop through one of
        them is allowed because `Plan.max_uncounted` ends it
    :param suppressing_outcomes: outcome codes that close a contact as DNC Listed, whatever their
        rule says
    """
    if not plan.attempts:
        return [Problem("no_attempts")]

    problems = []
    if plan.budget < 1:
        problems.append(Problem("bad_budget"))
    reachable = _reachable(_possible_steps(plan), 1)
    loops = _find_loops(plan, uncounted_outcomes)

    for attempt in plan.attempts:
        problems += _attempt_problems(attempt, channels, reachable)
        for code, rule in attempt.rules.items():
            problems += _rule_problems(plan, attempt.position, code, rule, loops)
            if code in suppressing_outcomes:
                problems.append(Problem("unused_rule", attempt.position, code, severity="warning"))
    return problems


def _attempt_problems(
    attempt: PlannedAttempt, channels: Set[str], reachable: Set[int]
) -> list[Problem]:
    """What is wrong with an attempt, its rules aside."""
    position = attempt.position
    problems = []
    if attempt.channel not in channels:
        problems.append(Problem("unknown_channel", position, details={"channel": attempt.channel}))
    if not 1 <= attempt.phone_index <= PHONE_COUNT:
        details = {"phone_index": attempt.phone_index}
        problems.append(Problem("bad_phone_index", position, details=details))
    if position not in reachable:
        problems.append(Problem("unreachable_attempt", position, severity="warning"))
    return problems


def _rule_problems(plan: Plan, position: int, code: str, rule: Rule, loops: Loops) -> list[Problem]:
    """What is wrong with the rule of one outcome."""
    if rule.action == CLOSE:
        return []

    problems = []
    # One that does not exist is in no loop: the first fault is told.
    for target in _named_targets(position, rule):
        details = {"next_attempt": target}
        if not 1 <= target <= len(plan.attempts):
            problems.append(Problem("missing_attempt", position, code, details=details))
        elif (position, code, target) in loops.endless:
            problems.append(Problem("uncapped_loop", position, code, details=details))
        elif (position, code, target) in loops.instant:
            problems.append(Problem("instant_loop", position, code, "warning", details))

    if not NO_DELAY <= rule.delay <= MAX_DELAY:
        following = {"next_attempt": rule.next_attempt}
        problems.append(Problem("delay_out_of_range", position, code, details=following))
    return problems


def _named_targets(position: int, rule: Rule) -> list[int]:
    """Positions that a rule which leads on names, each once."""
    target = rule.target_from(position)
    if rule.then_close or rule.branch is None or rule.branch == target:
        return [target]
    return [target, rule.branch]


# -- loops ----------------------------------------------------------------------------------------


def _find_loops(plan: Plan, uncounted_outcomes: Set[str]) -> Loops:
    """Loops that nothing ends, and loops in which nobody waits, whichever phones a contact has."""
    endless: set[_Named] = set()
    instant: set[_Named] = set()
    for phones in _possible_phones(plan):
        steps = list(_endless_steps(plan, phones))
        instant |= _closing(step for step in steps if step.is_at_once)
        # A budget ends every loop, as the budget of uncounted tries ends a loop through these.
        if not plan.capped:
            endless |= _closing(step for step in steps if step.named[1] not in uncounted_outcomes)
    return Loops(endless, instant)


def _possible_phones(plan: Plan) -> Iterator[PhoneList]:
    """Phones of contacts that the plan treats differently: one row for each set that is filled."""
    named = sorted({1} | {attempt.phone_index for attempt in plan.attempts})
    places = range(1, PHONE_COUNT + 1)
    used = [index for index in named if index in places]
    for size in range(len(used), 0, -1):
        for filled in combinations(used, size):
            yield [str(index) if index in filled else None for index in places]


def _endless_steps(plan: Plan, phones: PhoneList) -> Iterator[Step]:
    """Steps that may be taken over and over by a contact with these phones."""
    for attempt in plan.attempts:
        made = _land(plan, phones, attempt.position)
        if made is None or made.position != attempt.position:
            continue
        for code, rule in attempt.rules.items():
            yield from _steps_of_rule(plan, phones, made, code, rule)


def _steps_of_rule(
    plan: Plan, phones: PhoneList, made: NextAttempt, code: str, rule: Rule
) -> Iterator[Step]:
    if rule.action == CLOSE:
        return
    target = rule.lasting_target_from(made.position)
    following = _land(plan, phones, target)
    if following is None:
        return
    # What follows used-up retries waits only on the number that was just called.
    is_branch = bool(rule.max_retry) and following.number != made.number
    is_at_once = is_branch or rule.delay == NO_DELAY
    yield Step((made.position, code, target), following.position, is_at_once)


def _land(plan: Plan, phones: PhoneList, position: int) -> NextAttempt | None:
    """The attempt that is made where one at a position is due."""
    return attempt_from(plan, phones, position, _ANY_TIME, START)


def _closing(steps: Iterable[Step]) -> set[_Named]:
    """Which of some steps close a loop of them: every loop has one that does not go forward, and
    that is the one to report.
    """
    steps = list(steps)
    edges: Edges = {}
    for step in steps:
        edges.setdefault(step.named[0], set()).add(step.landing)

    closing = set()
    for step in steps:
        position = step.named[0]
        if step.landing <= position and position in _reachable(edges, step.landing):
            closing.add(step.named)
    return closing


# -- steps ----------------------------------------------------------------------------------------


def _targets(position: int, rule: Rule) -> set[int]:
    """Positions that may follow by a rule, with what follows its last retry."""
    return {rule.target_from(position), rule.lasting_target_from(position)}


def _possible_steps(plan: Plan) -> Edges:
    """Steps that may be taken at all."""
    edges: Edges = {}
    for attempt in plan.attempts:
        position = attempt.position
        following = edges[position] = set()
        for rule in attempt.rules.values():
            if rule.action != CLOSE:
                following |= _targets(position, rule)
        # Without its phone an attempt is passed over; every contact has phone 1.
        if plan.phone_fallback == SKIP and attempt.phone_index > 1:
            following.add(position + 1)
    return edges


def _reachable(edges: Mapping[int, Set[int]], start: int) -> set[int]:
    """Positions to which steps lead from ``start``, with itself."""
    found: set[int] = set()
    waiting = [start]
    while waiting:
        position = waiting.pop()
        if position not in found:
            found.add(position)
            waiting.extend(edges.get(position, ()))
    return found
