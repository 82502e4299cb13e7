"""No more messages a second than a gateway wants (requirement M1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Spaces out what several threads send.

    :param rate: a second at most, 0 for no limit
    """

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._clock, self._sleep = clock, sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next message may leave."""
        with self._lock:
            now = self._clock()
            at = max(now, self._next)
            self._next = at + self._gap
        self._sleep(at - now)
