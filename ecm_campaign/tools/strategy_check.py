"""What is wrong with a strategy (requirements S1, S8): errors forbid its use, warnings do not."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from .strategy import AGAIN, CLOSE, NO_DELAY, SKIP, Plan, PlannedAttempt, Rule

PHONE_COUNT = 5
MAX_DELAY = timedelta(days=366)

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
        return {"position": self.position, "outcome": self.outcome_code, **self.details}


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
    problems = [Problem("bad_budget")] if plan.budget < 1 else []
    reachable = _reachable(_edges(plan, skipping=plan.phone_fallback == SKIP), 1)
    loops = {} if plan.capped else _edges(plan, ignored=uncounted_outcomes, endless=True)
    for attempt in plan.attempts:
        problems += _attempt_problems(attempt, channels, reachable)
        for code, rule in attempt.rules.items():
            harmless = code in uncounted_outcomes
            problems += _rule_problems(
                plan, attempt.position, code, rule, {} if harmless else loops
            )
            if code in suppressing_outcomes:
                problems.append(Problem("unused_rule", attempt.position, code, severity="warning"))
    return problems


def _attempt_problems(
    attempt: PlannedAttempt, channels: Set[str], reachable: Set[int]
) -> list[Problem]:
    problems = []
    position = attempt.position
    if attempt.channel not in channels:
        problems.append(Problem("unknown_channel", position, details={"channel": attempt.channel}))
    if not 1 <= attempt.phone_index <= PHONE_COUNT:
        problems.append(
            Problem("bad_phone_index", position, details={"phone_index": attempt.phone_index})
        )
    if position not in reachable:
        problems.append(Problem("unreachable_attempt", position, severity="warning"))
    return problems


def _rule_problems(
    plan: Plan, position: int, code: str, rule: Rule, loops: Mapping[int, Set[int]]
) -> list[Problem]:
    problems = []
    for target in _named_targets(position, rule):
        details = {"next_attempt": target}
        if not 1 <= target <= len(plan.attempts):
            problems.append(Problem("missing_attempt", position, code, details=details))
        elif _closes_loop(plan, position, rule, target, loops):
            problems.append(Problem("uncapped_loop", position, code, details=details))
    if rule.action != CLOSE and not NO_DELAY <= rule.delay <= MAX_DELAY:
        problems.append(
            Problem(
                "delay_out_of_range", position, code, details={"next_attempt": rule.next_attempt}
            )
        )
    return problems


def _named_targets(position: int, rule: Rule) -> list[int]:
    """Positions that a rule names, each once."""
    if rule.action == CLOSE:
        return []
    target = position if rule.action == AGAIN else rule.next_attempt or 0
    return [target] if rule.branch in (None, target) else [target, rule.branch]


def _closes_loop(
    plan: Plan, position: int, rule: Rule, target: int, loops: Mapping[int, Set[int]]
) -> bool:
    """Whether a step does not go forward and stands in a loop that nothing ends: every loop has
    such a step, and that is the one to report."""
    if target > position or target not in loops.get(position, ()):
        return False
    return target in _endless_targets(plan, position, rule) and position in _reachable(
        loops, target
    )


def _targets(plan: Plan, position: int, rule: Rule) -> set[int]:
    """Positions that may follow by a rule."""
    target = position if rule.action == AGAIN else rule.next_attempt or 0
    return {target} | (
        _endless_targets(plan, position, rule) if rule.max_retry is not None else set()
    )


def _endless_targets(plan: Plan, position: int, rule: Rule) -> set[int]:
    """Positions that a rule may lead to over and over: where its retries are limited, only what
    follows these.
    """
    if rule.max_retry is None:
        return _targets(plan, position, rule)
    return {rule.branch or position + 1}


def _edges(
    plan: Plan, ignored: Set[str] = frozenset(), skipping: bool = False, endless: bool = False
) -> dict[int, set[int]]:
    """Positions that may follow each position.

    :param skipping: with the passing over of an attempt without number
    :param endless: only steps that may be taken over and over
    """
    follow = _endless_targets if endless else _targets
    edges = {
        attempt.position: {
            target
            for code, rule in attempt.rules.items()
            if code not in ignored and rule.action != CLOSE
            for target in follow(plan, attempt.position, rule)
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
