"""The clock of a simulated system, which may be set while it runs: real systems' clocks are."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_shift = timedelta()


def jump(seconds: float) -> float:
    """Set the clock forward, or back where it is negative.

    :return: by how much it is ahead of the real one now, in seconds
    """
    global _shift
    _shift += timedelta(seconds=seconds)
    return _shift.total_seconds()


def now() -> datetime:
    """What this system's clock shows, aware UTC."""
    return true_now() + _shift


def true_now() -> datetime:
    """The real time, aware UTC: what the simulator's own record of calls is kept in."""
    return datetime.now(timezone.utc)
