"""What is wrong with a strategy (requirements S1, S8): errors forbid its use, warnings do not."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from .strategy import CLOSE, NO_DELAY, SKIP, Plan, PlannedAttempt, Rule

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
    # A budget ends every loop, as the budget of uncounted tries ends a loop through these.
    loops = {} if plan.capped else _endless_steps(plan, uncounted_outcomes)

    for attempt in plan.attempts:
        problems += _attempt_problems(attempt, channels, reachable)
        for code, rule in attempt.rules.items():
            looping = {} if code in uncounted_outcomes else loops
            problems += _rule_problems(plan, attempt.position, code, rule, looping)
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


def _rule_problems(
    plan: Plan, position: int, code: str, rule: Rule, loops: Mapping[int, Set[int]]
) -> list[Problem]:
    """What is wrong with the rule of one outcome.

    :param loops: steps of which a loop must not consist
    """
    if rule.action == CLOSE:
        return []

    problems = []
    # One that does not exist is in no loop: the first fault is told.
    for target in _named_targets(position, rule):
        details = {"next_attempt": target}
        if not 1 <= target <= len(plan.attempts):
            problems.append(Problem("missing_attempt", position, code, details=details))
        elif _closes_loop(position, rule, target, loops):
            problems.append(Problem("uncapped_loop", position, code, details=details))

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


def _closes_loop(position: int, rule: Rule, target: int, loops: Mapping[int, Set[int]]) -> bool:
    """Whether a step does not go forward and stands in a loop that nothing ends.

    Every loop has such a step, and that is the one to report.
    """
    if target > position or target not in loops.get(position, ()):
        return False
    # Another outcome may lead there over and over, this one only so often.
    if target not in _endless_targets(position, rule):
        return False
    return position in _reachable(loops, target)


def _targets(position: int, rule: Rule) -> set[int]:
    """Positions that may follow by a rule, with what follows its last retry."""
    return {rule.target_from(position)} | _endless_targets(position, rule)


def _endless_targets(position: int, rule: Rule) -> set[int]:
    """Positions that a rule may lead to over and over: where its retries are limited, only what
    follows these.
    """
    if rule.max_retry is None:
        return {rule.target_from(position)}
    if rule.then_close:
        return set()
    return {rule.branch or position + 1}


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


def _endless_steps(plan: Plan, uncounted_outcomes: Set[str]) -> Edges:
    """Steps that may be taken over and over, by outcomes that count."""
    edges: Edges = {}
    for attempt in plan.attempts:
        position = attempt.position
        following = edges[position] = set()
        for code, rule in attempt.rules.items():
            if code in uncounted_outcomes or rule.action == CLOSE:
                continue
            following |= _endless_targets(position, rule)
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
