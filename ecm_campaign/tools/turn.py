"""A share of a worker's time: whoever has more to do goes on in the next one."""

import time
from collections.abc import Callable

# So long works one thing before others that wait for the same worker.
TURN_SECONDS = 10.0


class Turn:
    """So many seconds, after which others have theirs.

    :param clock: in seconds, never set back
    """

    def __init__(
        self, seconds: float = TURN_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._ends_at = clock() + seconds
        self.is_cut = False

    def goes_on(self) -> bool:
        """Whether there is time for more work. Asked where more work may be left: `is_cut` then
        says that the next turn should come soon.
        """
        if self._clock() < self._ends_at:
            return True
        self.is_cut = True
        return False
