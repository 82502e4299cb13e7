"""The dialer of a dry run (requirement S9): how much time calls take, what other campaigns take of
it, and how many calls a campaign group lets be under way.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from .pacing import Buffer, Pacing, adapt

A_MINUTE = timedelta(minutes=1)
# Somebody who gets nothing as long as others have contacts is called all the same, now and then.
MOST_TAKEN = 0.99


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the dialer can do.

    :param calls_per_hour: of this campaign and those that share the dialer with it
    :param call_time: from a call's start to its result
    :param taken: the part of the calls that other campaigns take, from 0 to 1
    :param others_calls: how many they make until they are through; then all calls are ours
    :param pacing: of the campaign's group; none where it has no group
    :param part: the campaign's part of the group's buffer
    :param scale: how many calls each simulated call stands for
    """

    calls_per_hour: float
    call_time: timedelta
    taken: float = 0.0
    others_calls: float = 0.0
    pacing: Pacing | None = None
    part: float = 1.0
    scale: float = 1.0


class Dialer:
    """Makes calls one after the other, at an even pace, and remembers those under way."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self.pace = timedelta(hours=1) / capacity.calls_per_hour
        taken = min(capacity.taken, MOST_TAKEN)
        # For each call of ours so many are made by others, as long as they have contacts.
        self._others_each = taken / (1 - taken)
        self._others_left = capacity.others_calls
        self._under_way: deque[datetime] = deque()
        self._last_minute: deque[datetime] = deque()
        self._buffer: Buffer | None = None

    def get_free(self, now: datetime) -> datetime:
        """When the next call may be made: now; where the group's buffer is full, when one of those
        under way has ended; where what it was filled with is called, in a minute.
        """
        pacing = self.capacity.pacing
        if pacing is None:
            return now
        while self._under_way and self._under_way[0] <= now:
            self._under_way.popleft()
        while self._last_minute and self._last_minute[0] <= now - A_MINUTE:
            self._last_minute.popleft()

        scale = self.capacity.scale / max(self.capacity.part, 0.01)
        under_way, made = len(self._under_way) * scale, len(self._last_minute) * scale
        size = self._buffer.size if self._buffer else pacing.initial
        # The dialer is filled up once a minute, and holds what it has not called since.
        held = round(max(under_way, size - made))
        self._buffer = adapt(pacing, self._buffer, held, True, now)
        free = now
        if self._under_way and under_way + scale > self._buffer.size:
            free = self._under_way[0]
        if self._last_minute and made + scale > self._buffer.size:
            free = max(free, self._last_minute[0] + A_MINUTE)
        return free

    def call(self, now: datetime) -> datetime:
        """Make a call.

        :return: when the dialer is free for the next one
        """
        if self.capacity.pacing:
            self._under_way.append(now + self.capacity.call_time)
            self._last_minute.append(now)
        others = min(self._others_left, self._others_each)
        self._others_left -= others
        return now + self.pace * (1 + others)
