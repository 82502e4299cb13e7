"""Calls of a key that this process may answer without asking the database: it has counted them
already, a second's worth at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

# So long they are good for; what is left then is lost, and the limit fills up again.
SECONDS = 5.0
MOST = 20


def size_of(limit: int) -> int:
    """How many calls are counted at once.

    >>> size_of(600), size_of(60), size_of(100_000)
    (10, 1, 20)

    :param limit: calls a minute
    """
    return max(1, min(MOST, limit // 60))


class _Lease(NamedTuple):
    calls: int
    limit: int
    left: int  # in the database
    ends_at: float


class Leases:
    """:param clock: in seconds, never set back"""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._leases: dict[Hashable, _Lease] = {}
        self._lock = threading.Lock()

    def take(self, key: Hashable, limit: int) -> int | None:
        """Use one call.

        :param limit: that holds now; what was counted under another is worth nothing
        :return: calls left, None where the database has to be asked
        """
        with self._lock:
            lease = self._leases.get(key)
            if lease is None or lease.limit != limit or lease.ends_at <= self._clock():
                return None
            left = lease._replace(calls=lease.calls - 1)
            if left.calls:
                self._leases[key] = left
            else:
                del self._leases[key]
            return left.left + left.calls

    def put(self, key: Hashable, limit: int, count: int, left: int) -> None:
        """Keep calls that were counted.

        :param count: how many; :param left: what the database has beside them
        """
        if count < 1:
            return
        with self._lock:
            self._leases[key] = _Lease(count, limit, left, self._clock() + SECONDS)

    def clear(self) -> None:
        """Forget all, as a server does that ends."""
        with self._lock:
            self._leases.clear()
