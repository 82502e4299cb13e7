"""Messages that would come too late (requirement M4): values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LATE, STALE = "sms_late", "sms_stale"


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a campaign was stopped, naive UTC."""

    since: datetime
    until: datetime


def find_end(due_at: datetime | None, good_for: timedelta | None) -> datetime | None:
    """When a message is of no use any more; None for never.

    :param due_at: when it was due, naive UTC
    :param good_for: how long it is good for after that; none for ever
    """
    return due_at + good_for if due_at and good_for else None


def find_lateness(
    added_at: datetime | None,
    due_at: datetime | None,
    good_for: timedelta | None,
    pause: Pause | None,
    at: datetime,
) -> str | None:
    """Why a message is not sent any more: ``LATE``, ``STALE`` or None.

    :param added_at: when its contact came, naive UTC
    :param due_at: when it was due, likewise
    :param good_for: see `find_end`
    :param pause: the last one of a campaign that does not send what is from before it
    :param at: the moment asked
    """
    end = find_end(due_at, good_for)
    if end and at >= end:
        return LATE
    if not (pause and added_at and due_at):
        return None
    # Who was added while it was stopped is new.
    is_stale = added_at < pause.since and due_at < pause.until
    return STALE if is_stale else None
