"""How often a person may be tried (requirement S4): caps and rolling windows over one ledger of
tries.

The ledger is the history of attempts itself, over all channels: there is no counter that could
drift. Production, dry run and Explain ask the same function for the earliest moment that every
limit allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

DAY: Literal["day"] = "day"
LIFE: Literal["life"] = "life"
ROLLING: Literal["rolling"] = "rolling"

# What a limit may count: every try, those in which a person was spoken to, and those in which the
# person said no.
TRIES: Literal["tries"] = "tries"
CONVERSATIONS: Literal["conversations"] = "conversations"
REFUSALS: Literal["refusals"] = "refusals"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` tries in a period.

    :param period: ``rolling``: any ``window``; ``day``: a calendar day of the zone that `earliest`
        is given; ``life``: for ever
    :param window: length of a rolling window (24 hours, 7, 15, 30 days)
    :param per_number: count each number by itself, else all numbers of the contact together
    :param everywhere: count the tries of all campaigns on these numbers, else those of this contact
    :param is_legal: it holds by law, not by choice: nothing makes it begin anew
    :param exempts_requests: the one call that a customer asked for is made all the same
    :param label: whose limit this is, for people
    :param channels: count the tries on these channels, None: on all
    :param counted: all tries, or only conversations or refusals: one of these in a window is a rest
        after it
    """

    count: int
    period: Literal["rolling", "day", "life"] = ROLLING
    window: timedelta = timedelta(days=1)
    per_number: bool = False
    everywhere: bool = False
    is_legal: bool = False
    exempts_requests: bool = False
    label: str = ""
    channels: frozenset[str] | None = None
    counted: Literal["tries", "conversations", "refusals"] = TRIES


@dataclass(frozen=True, slots=True)
class Try:
    """A try that counts.

    :param at: aware; when the number was called
    :param is_own: whether it was made on this contact, and not on the same number elsewhere
    :param is_forgotten: limits began anew after it, but for those that hold by law
    :param is_conversation: whether a person was spoken to
    :param is_refusal: whether that person said no
    """

    at: datetime
    number: str
    is_own: bool = True
    is_forgotten: bool = False
    channel: str = "voice"
    is_conversation: bool = False
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit is reached: not before ``until`` (UTC), or never when that is None."""

    limit: Limit
    until: datetime | None


def earliest(
    limits: Iterable[Limit], tries: Sequence[Try], number: str, at: datetime, zone: ZoneInfo
) -> Reached | None:
    """The earliest moment from ``at`` on at which ``number`` may be tried, with the limit that
    defers it most.

    A window of 24 hours with one call at 11:01 allows the next at 11:01 of the next day, not before
    (VICIdial's reading).

    :param tries: what was tried so far, in any order
    :param at: aware
    :param zone: whose calendar days the period ``day`` means
    :return: None when it may be tried at ``at``
    """
    applied = []
    for limit in limits:
        moments = sorted(_counted(limit, tries, number))
        applied.append((limit, moments))

    # Where one limit ends another may have begun: ask all until none defers any more.
    moment = at.astimezone(UTC)
    deferring, moved = None, True
    while moved:
        moved = False
        for limit, moments in applied:
            until = _next(limit, moments, moment, zone)
            if until is None:
                return Reached(limit, None)
            if until > moment:
                moment, deferring, moved = until, limit, True
    return Reached(deferring, moment) if deferring else None


def used(limit: Limit, tries: Sequence[Try], number: str, at: datetime, zone: ZoneInfo) -> int:
    """How many tries a limit counts at ``at``, for people who want to know how near it is."""
    moments = _counted(limit, tries, number)
    if limit.period == LIFE:
        return len(moments)
    if limit.period == DAY:
        day = at.astimezone(zone).date()
        return _count_on(day, moments, zone)
    return len(_later_than(at - limit.window, moments))


def _counted(limit: Limit, tries: Iterable[Try], number: str) -> list[datetime]:
    """Moments of the tries that a limit counts."""
    return [made.at.astimezone(UTC) for made in tries if _counts(limit, made, number)]


def _counts(limit: Limit, made: Try, number: str) -> bool:
    """Whether a limit counts a try where ``number`` is to be tried."""
    if not (made.is_own or limit.everywhere):
        return False
    # The law does not begin anew with a callback.
    if made.is_forgotten and not limit.is_legal:
        return False
    if limit.channels is not None and made.channel not in limit.channels:
        return False
    if limit.counted == CONVERSATIONS and not made.is_conversation:
        return False
    if limit.counted == REFUSALS and not made.is_refusal:
        return False
    if limit.per_number:
        return made.number == number
    return True


def _next(
    limit: Limit, moments: Sequence[datetime], moment: datetime, zone: ZoneInfo
) -> datetime | None:
    """The earliest moment from ``moment`` on that one limit allows; None for never."""
    if len(moments) < limit.count:
        return moment
    # In a life nothing is forgotten, and a limit of 0 allows nothing at any time.
    if limit.period == LIFE or limit.count < 1:
        return None
    if limit.period == DAY:
        return _next_day(limit.count, moments, moment, zone)
    return _next_window(limit, moments, moment)


def _next_window(limit: Limit, moments: Sequence[datetime], moment: datetime) -> datetime:
    """Move on until fewer than ``count`` tries are younger than the window."""
    while True:
        recent = _later_than(moment - limit.window, moments)
        if len(recent) < limit.count:
            return moment
        # Allowed again when all but count - 1 of these have left the window.
        moment = recent[-limit.count] + limit.window


def _next_day(
    count: int, moments: Sequence[datetime], moment: datetime, zone: ZoneInfo
) -> datetime:
    """Move on to the first day of the zone that holds fewer than ``count`` tries."""
    while True:
        day = moment.astimezone(zone).date()
        if _count_on(day, moments, zone) < count:
            return moment
        next_day = day + timedelta(days=1)
        midnight = datetime.combine(next_day, time(), zone)
        # Where clocks change at midnight, the day may begin later, or its first hour come twice.
        at_least = moment + timedelta(seconds=1)
        moment = max(midnight.astimezone(UTC), at_least)


def _count_on(day: date, moments: Iterable[datetime], zone: ZoneInfo) -> int:
    """How many moments lie on a day of the zone."""
    return sum(made.astimezone(zone).date() == day for made in moments)


def _later_than(since: datetime, moments: Iterable[datetime]) -> list[datetime]:
    return [moment for moment in moments if moment > since]
