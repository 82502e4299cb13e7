"""Whether what has to work does (requirements R9, P4): readings of feeders, jobs and others, and what
is to be said about them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

OK, WARNING, PROBLEM, OFF = "ok", "warning", "problem", "off"
LATE, FAILING, STOPPED, ONCE = "late", "failing", "stopped", "once"


@dataclass(frozen=True)
class Reading:
    """What is known of one thing that has to work, at this moment.

    :param kind: what it is, such as ``feeder``; its threshold goes by it
    :param key: tells it from all others, and stays
    :param is_on: False where nothing is expected of it
    :param last_success_at: naive UTC, when it worked last
    :param behind: seconds that it is late with what it should have done; 0 where it is not
    :param backlog: how much waits for it; None where that is not counted
    :param backlog_is_more: `backlog` is what was counted before counting was given up
    :param rate: how much it does in an hour; None where that is not known
    :param failures: in a row
    :param is_failing: it was given up for a while, or for good
    :param is_stopped: somebody or something has switched it off, and it is missed
    :param error: its last one, for people, without secrets
    :param model, res_id: its record
    :param company_id: whose it is; None: of the whole database
    :param user_ids: whom its failure concerns, beside the administrators
    """

    kind: str
    key: str
    name: str
    model: str = ""
    res_id: int = 0
    is_on: bool = True
    last_success_at: datetime | None = None
    behind: float = 0
    backlog: int | None = None
    backlog_is_more: bool = False
    rate: float | None = None
    failures: int = 0
    is_failing: bool = False
    is_stopped: bool = False
    error: str = ""
    company_id: int | None = None
    user_ids: frozenset[int] = frozenset()


class Verdict(NamedTuple):
    """`OK`, `WARNING` (it has failed, and may be well in a moment), `PROBLEM` (somebody has to know) or
    `OFF`, and why.
    """

    state: str
    reason: str = ""


def judge(reading: Reading, late_after: float) -> Verdict:
    """
    :param late_after: so many seconds behind are too many
    """
    if reading.is_stopped:
        return Verdict(PROBLEM, STOPPED)
    if not reading.is_on:
        return Verdict(OFF)
    if reading.is_failing:
        return Verdict(PROBLEM, FAILING)
    if reading.behind > late_after:
        return Verdict(PROBLEM, LATE)
    if reading.failures or reading.error:
        return Verdict(WARNING, ONCE)
    return Verdict(OK)


class Step(NamedTuple):
    """What is done about a verdict: an incident begins, or is over."""

    begins: bool = False
    ends: bool = False


def follow(has_incident: bool, verdict: Verdict) -> Step:
    """An incident begins with a problem, is told once, and ends when all is well again. A warning
    ends none: what is only sometimes well would be told again and again.
    """
    if verdict.state == PROBLEM:
        return Step(begins=not has_incident)
    return Step(ends=has_incident and verdict.state in (OK, OFF))


def overall(verdicts: Iterable[Verdict]) -> str:
    """`PROBLEM` where there is any, else `OK`: what a monitoring system is told."""
    return PROBLEM if any(verdict.state == PROBLEM for verdict in verdicts) else OK


def seconds_late(due_at: datetime | None, now: datetime) -> float:
    """How long ago something was due; 0 where it is not due yet, or never."""
    return max(0.0, (now - due_at).total_seconds()) if due_at else 0.0
