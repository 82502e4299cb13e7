"""Whether a callback can be promised (requirement B2): six checks, each with codes of its own.
Values only; moments are naive UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from .slots import slot_of

# 1: the number
INVALID_NUMBER = "invalid_number"
# 2: the date
INVALID_TIME = "invalid_time"
# 3: the past
IN_THE_PAST = "in_the_past"
# 4: the skill's hours
SKILL_CLOSED = "skill_closed"
# 5: the rules of all callbacks
TOO_SOON = "too_soon"
TOO_FAR = "too_far"
OUTSIDE_HOURS = "outside_calling_hours"
AGENT_AWAY = "agent_away"
SLOT_FULL = "slot_full"
AGENT_FULL = "agent_full"
AGENT_LIMIT = "agent_limit"
# 6: holidays
HOLIDAY = "holiday"
# Beside them: who must not be called, and who is called already.
DO_NOT_CONTACT = "do_not_contact"
ALREADY_OPEN = "already_open"

CODES = (
    INVALID_NUMBER,
    INVALID_TIME,
    IN_THE_PAST,
    SKILL_CLOSED,
    TOO_SOON,
    TOO_FAR,
    OUTSIDE_HOURS,
    AGENT_AWAY,
    SLOT_FULL,
    AGENT_FULL,
    AGENT_LIMIT,
    HOLIDAY,
    DO_NOT_CONTACT,
    ALREADY_OPEN,
)
# Another time may do: free slots are offered.
ABOUT_TIME = (
    INVALID_TIME,
    IN_THE_PAST,
    SKILL_CLOSED,
    TOO_SOON,
    TOO_FAR,
    OUTSIDE_HOURS,
    AGENT_AWAY,
    SLOT_FULL,
    AGENT_FULL,
    HOLIDAY,
)


class Opening(Protocol):
    """What calling hours say about a moment."""

    @property
    def is_open(self) -> bool:
        """Whether it is open then."""

    @property
    def reason(self) -> str | None:
        """Why it is closed; ``holiday`` for a holiday."""


class Hours(Protocol):
    """``tools.calling_hours.CallingHours`` of ``ecm_campaign``."""

    def opening(self, at: datetime) -> Opening:
        """Whether it is open."""


@dataclass(frozen=True, slots=True)
class Places:
    """How many callbacks somebody takes at once.

    :param minutes: length of a slot
    :param zone: IANA name of the clock that slots are counted on
    :param capacity: callbacks in a slot at most; 0: any number
    :param taken: how many are promised, by the slot's beginning
    """

    minutes: int
    zone: str
    capacity: int = 0
    taken: Mapping[datetime, int] = field(default_factory=dict)

    def slot_of(self, at: datetime) -> datetime:
        """Beginning of the slot that a moment lies in."""
        return slot_of(at, self.minutes, self.zone)

    def has_room(self, at: datetime) -> bool:
        """Whether the slot of a moment takes one more."""
        return not self.capacity or self.taken.get(self.slot_of(at), 0) < self.capacity


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of a callback of a skill, and of an agent where it is personal.

    :param now: the moment of the request
    :param hours: of the skill, with its holidays
    :param calling_hours: when the callback campaign may call this customer
    :param places: of the skill
    :param lead: so long before its time a callback is asked for, at least
    :param horizon: no later than so long from now
    :param agent_hours: when the agent works; None: as the skill
    :param agent_places: of the agent; None where the callback is anybody's
    :param agent_open: callbacks that are promised of the agent already
    :param agent_limit: how many at most; 0: any number
    """

    now: datetime
    hours: Hours
    calling_hours: Hours
    places: Places
    lead: timedelta = timedelta(0)
    horizon: timedelta = timedelta(days=30)
    agent_hours: Hours | None = None
    agent_places: Places | None = None
    agent_open: int = 0
    agent_limit: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for.

    :param number: E.164; None for what is no number
    :param at: when; None for what is no moment
    """

    number: str | None
    at: datetime | None


def find_problem(request: Request, terms: Terms) -> str | None:
    """The first of the six checks that a request does not pass.

    :return: one of `CODES`; None for a request that can be promised
    """
    if not request.number:
        return INVALID_NUMBER
    if request.at is None:
        return INVALID_TIME
    return find_time_problem(request.at, terms)


def find_time_problem(at: datetime, terms: Terms) -> str | None:
    """Likewise, of the moment alone: checks 3 to 6.

    A holiday is told apart from hours that are over, since another word is due for it.
    """
    if at < terms.now:
        return IN_THE_PAST
    opening = terms.hours.opening(at)
    if not opening.is_open:
        return HOLIDAY if opening.reason == HOLIDAY else SKILL_CLOSED
    return _find_rule_problem(at, terms) or _find_agent_problem(at, terms)


def _find_rule_problem(at: datetime, terms: Terms) -> str | None:
    """The rules of all callbacks: lead time, horizon, hours of the law, capacity."""
    if at < terms.now + terms.lead:
        return TOO_SOON
    if at >= terms.now + terms.horizon:
        return TOO_FAR
    opening = terms.calling_hours.opening(at)
    if not opening.is_open:
        return HOLIDAY if opening.reason == HOLIDAY else OUTSIDE_HOURS
    return None if terms.places.has_room(at) else SLOT_FULL


def _find_agent_problem(at: datetime, terms: Terms) -> str | None:
    """Whether the agent of a personal callback works then, and has room."""
    places = terms.agent_places
    if places is None:
        return None
    if terms.agent_hours and not terms.agent_hours.opening(at).is_open:
        return AGENT_AWAY
    if terms.agent_limit and terms.agent_open >= terms.agent_limit:
        return AGENT_LIMIT
    return None if places.has_room(at) else AGENT_FULL
