"""How many rows a file job takes at once, so that it ends in time (L1)."""

from __future__ import annotations

# Seconds that a chunk is to take: short beside a slice, long beside what each chunk costs.
AIM = 1.0
LEAST = 500
FIRST = 5_000
GROWTH = 4


class Pace:
    """The size of chunks, which follows from how long the last ones took.

    ``rows`` is that of the next one, at most ``most``; ``seconds`` is what the last one took.
    """

    def __init__(self, most: int) -> None:
        self.rows = min(FIRST, most)
        self.seconds = 0.0
        self._most = most

    def note(self, rows: int, seconds: float) -> None:
        """:param seconds: that ``rows`` rows took"""
        self.seconds = seconds
        fitting = int(rows * AIM / max(seconds, 1e-6))
        # One quick chunk does not promise that much larger ones are as quick.
        self.rows = max(min(fitting, GROWTH * self.rows, self._most), min(LEAST, self._most))

    def has_time_for_another(self, left: float) -> bool:
        """Whether another chunk will fit after the one that comes now, in these seconds."""
        return left >= 2 * self.seconds
