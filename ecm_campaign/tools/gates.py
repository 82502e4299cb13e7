"""What a gate says of a contact that is ready to be sent (requirements N4, R6): plain values, no
Odoo.

The feeder passes ready contacts through gates, in order; Explain passes one contact through the
same gates. A contact without a verdict passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from . import strategy as decision
from .limits import LIFE, Limit, Reached, Try, earliest
from .strategy import Close, Counters, NextAttempt, Plan

# Limits of a number.
FindLimits = Callable[[str], Sequence[Limit]]


@dataclass(slots=True)
class Candidate:
    """A ready contact on its way to a claim. Gates may take phones away; the gate *number* sets
    ``attempt``.

    :param position: of the attempt that is due
    :param counted: tries so far that counted as an attempt; ``uncounted``: those that did not
    :param phones: five, in order; a number that must not be called is None
    :param added_at: naive UTC
    :param cycle: run through the strategy, counted from 1
    :param callback: ``personal`` or ``normal`` when the contact asked to be called back, else None
    :param callback_since: naive UTC
    :param is_retained: whether a rule keeps a personal callback for its agent
    :param is_listed: whether a do-not-contact list took a phone away
    :param tries: what was tried lately, for the limits; filled where a limit holds
    """

    contact_id: int
    position: int
    counted: int
    uncounted: int
    first_name: str
    last_name: str
    phones: tuple[str | None, ...]
    account_number: str | None = None
    tz: str | None = None
    list_id: int | None = None
    added_at: datetime | None = None
    cycle: int = 1
    callback: str | None = None
    callback_since: datetime | None = None
    is_retained: bool = False
    is_listed: bool = False
    attempt: NextAttempt | None = None
    tries: list[Try] = field(default_factory=list)

    def without(self, numbers: set[str]) -> tuple[str | None, ...]:
        """The phones that are left when these numbers must not be called."""
        return tuple(None if number in numbers else number for number in self.phones)

    def copy(self) -> Candidate:
        """A candidate that gates may change while this one stays as it is."""
        return replace(self, tries=list(self.tries))


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before ``until`` (naive UTC); ``reason`` is a code of ``ecm.contact.block_reason``,
    ``detail`` a sentence's particulars, such as the name of a rule."""

    until: datetime
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not until somebody acts: a list is stopped, a selection leaves the contact out."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Queue(Hold):
    """Not until it is the turn of its target group, whose id ``group_id`` is."""

    group_id: int = 0


Verdict = Wait | Hold | Close


# -- gates that need nothing but values: the feeder, Explain and the dry run call the same -------------------------


def choose_number(
    candidate: Candidate, plan: Plan, find_limits: FindLimits, at: datetime, zone: ZoneInfo
) -> Close | None:
    """Set the attempt that is due and its number.

    :param at: in UTC
    :param zone: whose calendar days limits mean
    :return: why there is none
    """
    counters = Counters(candidate.counted, candidate.uncounted)
    if spent := decision.spent_budget(plan, counters):
        return Close(decision.RETRIES_COMPLETED, spent)
    phones = _fresh_phones(candidate, find_limits, at, zone)
    candidate.attempt = decision.attempt_from(
        plan, phones, candidate.position, at, decision.START, candidate.cycle
    )
    if candidate.attempt:
        return None
    if candidate.is_listed:
        return Close(decision.DNC_LISTED, decision.SUPPRESSED)
    return Close(
        decision.RETRIES_COMPLETED, decision.NO_NUMBER if phones == candidate.phones else "limit"
    )


def judge_limits(
    candidate: Candidate, find_limits: FindLimits, at: datetime, zone: ZoneInfo
) -> Wait | Close | None:
    """Whether a candidate's attempt was made as often as allowed, and until when (requirement S4)."""
    number = candidate.attempt.number if candidate.attempt else ""
    reached = _reached(candidate, find_limits(number), number, at, zone)
    if not reached:
        return None
    if reached.until:
        return Wait(reached.until.replace(tzinfo=None), "limit", reached.limit.label)
    return Close(decision.RETRIES_COMPLETED, "limit")


def _fresh_phones(
    candidate: Candidate, find_limits: FindLimits, at: datetime, zone: ZoneInfo
) -> tuple[str | None, ...]:
    """A candidate's phones without those that were called as often as they ever may."""

    def is_spent(number: str) -> bool:
        lasting = [
            limit for limit in find_limits(number) if limit.per_number and limit.period == LIFE
        ]
        return bool(_reached(candidate, lasting, number, at, zone))

    return candidate.without({number for number in candidate.phones if number and is_spent(number)})


def _reached(
    candidate: Candidate, limits: Sequence[Limit], number: str, at: datetime, zone: ZoneInfo
) -> Reached | None:
    return earliest(limits, candidate.tries, number, at, zone) if limits else None
