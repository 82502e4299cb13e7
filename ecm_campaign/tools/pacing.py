"""How much is sent: the adaptive buffer of a campaign group, and the shares of campaigns
(requirements C6, C7).

Pure functions: no Odoo, no clock, no chance.

**The buffer** is how many contacts of a group the dialer may hold. It is looked at once per
interval, before the dialer is fed again, and compared with what the dialer still holds. The sources
do not say when a dialer is *hungry* or *backed up*; here it is

* hungry, when it holds less than half of the buffer although more could be sent: the buffer grows
  by *increment*;
* backed up, when it still holds nine tenths of the buffer or more, so that next to nothing was
  dialled: the buffer shrinks by *decrement*;
* content in between: the buffer stays.

Both steps are per cent of the initial number, as the upper threshold is. The buffer never grows
above the threshold and never shrinks below what one decrement leaves of the initial number, at
least 1: so it recovers as soon as the dialer dials again. After a break (a night) it starts with
the initial number.

**Shares.** `split` divides room between campaigns that have something to send. The highest priority
goes first; within a priority each gets its weight's part. What does not come out even goes round
with ``turn``, so that over many turns each campaign gets its part, however small: none with a
weight starves. A group takes part like one campaign, and its campaigns divide what it gets.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

# Parts of the buffer that the dialer holds: it grows below the one, it shrinks from the other on.
GROW_BELOW = 0.5
SHRINK_FROM = 0.9
# A group that was not looked at for so much longer than its interval begins anew.
BREAK = timedelta(hours=1)
GOLDEN = (math.sqrt(5) - 1) / 2
# So long before the hours end nothing is sent any more, and what waits at a dialer is taken back:
# turns come every minute, and a request takes its time.
RECALL_AHEAD = timedelta(minutes=1)
# Contacts a minute of a dialer that was not measured yet: about ten lines.
DEFAULT_PACE = 10.0
LEAST_PACE = 1.0
# How much the last minute changes what was measured before.
PACE_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Pacing:
    """Webex's contact parameters of a group. Increment, decrement and threshold in per cent of
    ``initial``.

    :raise ValueError: a value that makes no sense
    """

    initial: int = 85
    increment: int = 30
    decrement: int = 60
    threshold: int = 200
    interval: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        # The initial number itself must lie within the bounds that follow from these.
        bounds_fit = self.initial >= 1 and self.threshold >= 100
        steps_fit = self.increment >= 0 and 0 <= self.decrement <= 100
        if not bounds_fit or not steps_fit:
            raise ValueError("contact parameters out of range")

    @property
    def most(self) -> int:
        """The largest buffer."""
        return self._per_cent(self.threshold)

    @property
    def least(self) -> int:
        """The smallest buffer."""
        left = self._per_cent(100 - self.decrement)
        return max(1, left)

    @property
    def step_up(self) -> int:
        """At least 1 where anything is set, so that a small buffer grows too."""
        return self._step(self.increment)

    @property
    def step_down(self) -> int:
        """At least 1 where anything is set."""
        return self._step(self.decrement)

    def _step(self, share: int) -> int:
        if not share:
            return 0
        return max(1, self._per_cent(share))

    def _per_cent(self, share: int) -> int:
        return self.initial * share // 100


@dataclass(frozen=True, slots=True)
class Buffer:
    """How many contacts the dialer may hold, and when that was last looked at."""

    size: int
    at: datetime


def adapt(
    pacing: Pacing, buffer: Buffer | None, at_dialer: int, has_more: bool, now: datetime
) -> Buffer:
    """The buffer from now on.

    :param buffer: as it was; None for a group that was never fed
    :param at_dialer: contacts of the group at the dialer now, before it is fed again
    :param has_more: whether the group has contacts that could be sent
    :param now: of the same kind (naive or aware) as ``buffer.at``
    :return: the same object while its interval has not passed
    """
    if buffer is None:
        return Buffer(pacing.initial, now)
    since_look = now - buffer.at
    if since_look > pacing.interval + BREAK:
        return Buffer(pacing.initial, now)
    if since_look < pacing.interval:
        return buffer

    size = buffer.size
    if has_more and at_dialer < size * GROW_BELOW:
        size += pacing.step_up
    elif at_dialer >= size * SHRINK_FROM:
        size -= pacing.step_down
    # The parameters may have changed since the buffer was looked at.
    size = max(size, pacing.least)
    return Buffer(min(size, pacing.most), now)


# A pool takes part as one claimant whose weight is this; its members divide what it gets.
POOL_WEIGHT = 100
# How the ruler inside a pool moves on: not as the one outside, or some members would never be met.
INNER_STEP = math.sqrt(2) % 1

_Key = TypeVar("_Key", int, tuple[bool, int])


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a dialer holds, and how fast it contacts them: so nothing is sent that would still wait
    there when the hours end (requirement C4).

    :param held: contacts that wait there
    :param per_minute: as `next_pace` has measured it, 0 for not known
    """

    held: int
    per_minute: float = 0.0

    @property
    def pace(self) -> float:
        """Contacts a minute to reckon with: one that stands still for a while goes on later."""
        return max(self.per_minute or DEFAULT_PACE, LEAST_PACE)

    def get_wait(self, before: int = 0) -> timedelta:
        """How long before the hours end a contact must be sent.

        :param before: how many others are sent before it
        """
        minutes = (self.held + before + 1) / self.pace
        return RECALL_AHEAD + timedelta(minutes=minutes)

    def get_room(self, left: timedelta) -> int:
        """How many more contacts are contacted in time.

        :param left: time until the hours end
        """
        minutes = (left - RECALL_AHEAD) / timedelta(minutes=1)
        return max(0, math.floor(minutes * self.pace) - self.held)


def next_pace(pace: float, left: int, held: int, minutes: float) -> float:
    """The measured pace from now on.

    :param pace: contacts a minute as measured so far, 0 for not known
    :param left: how many left the dialer since the last look
    :param held: how many it holds now
    :param minutes: since the last look
    """
    seen = max(0, left) / minutes
    # One that has run out of contacts could have done more.
    if not held and seen <= pace:
        return pace
    if not pace:
        return seen
    return pace + PACE_WEIGHT * (seen - pace)


@dataclass(frozen=True, slots=True)
class Claimant:
    """A campaign that has something to send.

    :param weight: its part relative to the others' of its pool, or of those without a pool; 0 gets
        only what they leave
    :param priority: higher goes first
    :param pool: key of the group that it belongs to, None for none
    """

    key: int
    weight: int = 100
    priority: int = 0
    pool: int | None = None


def split(
    room: int, claimants: Sequence[Claimant], turn: int = 0, pools: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Divide room between claimants, each taken to want as much as it can get.

    Whoever then has less to send is left out of the next call, which divides what is left: so
    unused parts flow to the others.

    :param room: how many contacts in all
    :param turn: a number that changes from call to call; moves on who gets what does not come out
        even
    :param pools: ``{pool: room}``, the most that claimants of a pool get together; a pool not named
        has no limit
    :return: ``{key: part}``, parts that are 0 left out; never more than ``room`` in all
    """
    if room <= 0:
        return {}
    limits = pools or {}
    able = [claimant for claimant in claimants if _has_room(claimant, limits)]
    if not able:
        return {}

    units = _get_units(_first_in_line(able))
    weights = {}
    for unit, members in units.items():
        is_pooled, key = unit
        weights[unit] = POOL_WEIGHT if is_pooled else members[key]

    # What a pool has no room for is not given to others here: the next call divides it.
    parts: dict[int, int] = {}
    for unit, part in _divide(room, weights, turn).items():
        is_pooled, key = unit
        share = min(part, limits.get(key, part)) if is_pooled else part
        if share:
            parts |= _divide(share, units[unit], turn, INNER_STEP)
    return parts


def _has_room(claimant: Claimant, pools: Mapping[int, int]) -> bool:
    """Whether a claimant's pool, if it has one that is limited, lets it have anything."""
    if claimant.pool is None or claimant.pool not in pools:
        return True
    return pools[claimant.pool] > 0


def _first_in_line(claimants: Sequence[Claimant]) -> list[Claimant]:
    """Those of the highest priority; of these, those with a weight where there are any."""
    highest = max(claimant.priority for claimant in claimants)
    weighted: list[Claimant] = []
    others: list[Claimant] = []
    for claimant in claimants:
        if claimant.priority == highest:
            kind = weighted if claimant.weight > 0 else others
            kind.append(claimant)
    return weighted or others


def _divide(
    room: int, weights: Mapping[_Key, int], turn: int, step: float = GOLDEN
) -> dict[_Key, int]:
    """Whole parts in proportion to the weights that add up to ``room``.

    A ruler with ``room`` marks, moved on by the golden ratio each turn, is laid along the weights:
    a part is the number of marks on it, its exact share rounded up or down, and over the turns the
    share itself.
    """
    total = sum(weights.values())
    offset = (turn * step) % 1
    # In an order that does not depend on how the campaigns were found.
    parts = {}
    end = marks_before = 0
    for key, weight in sorted(weights.items()):
        end += weight
        marks = math.floor(room * end / total + offset)
        # The last one ends where the ruler does, wherever that was moved to.
        marks = room if end == total else min(room, marks)
        if marks > marks_before:
            parts[key] = marks - marks_before
            marks_before = marks
    return parts


def _get_units(claimants: Iterable[Claimant]) -> dict[tuple[bool, int], dict[int, int]]:
    """Pools, and claimants without one, which take part alike; each with the weights inside it.

    Those without a weight are first only among themselves: there they are alike.
    """
    units: dict[tuple[bool, int], dict[int, int]] = {}
    for claimant in claimants:
        is_pooled = claimant.pool is not None
        key = claimant.pool if claimant.pool is not None else claimant.key
        units.setdefault((is_pooled, key), {})[claimant.key] = claimant.weight or POOL_WEIGHT
    return units
