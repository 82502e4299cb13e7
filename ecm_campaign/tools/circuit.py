"""A circuit breaker (requirement F8): what fails again and again is left alone for a while, longer
each time; then one try decides whether it goes on.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

CLOSED, OPEN, TRYING = "closed", "open", "trying"

# Seconds that something that failed is left alone: doubled with each failure in a row.
FIRST_PAUSE = 5
LONGEST_PAUSE = 900
# Where only a person can mend it, asking again soon helps nobody, and may lock an account.
PERSON_PAUSE = 300
# So much longer by chance, so that servers and targets do not come back all at once.
JITTER = 0.5


class Circuit(NamedTuple):
    """Failures in a row, and until when (naive UTC) it is left alone because of them."""

    failures: int = 0
    until: datetime | None = None


class Limits(NamedTuple):
    """After how many failures in a row a circuit opens, and how many seconds it is open at most."""

    threshold: int = 3
    longest: float = LONGEST_PAUSE


def pause_seconds(failures: int, longest: float = LONGEST_PAUSE) -> float:
    """How long to wait after so many failures in a row.

    >>> [pause_seconds(failures) for failures in (1, 2, 3, 8, 9, 500)]
    [5.0, 10.0, 20.0, 640.0, 900, 900]
    """
    doublings = min(failures - 1, 20)
    return min(FIRST_PAUSE * float(2**doublings), longest)


def fail(
    circuit: Circuit, now: datetime, limits: Limits, chance: float, needs_person: bool = False
) -> Circuit:
    """The circuit after one more failure.

    :param chance: between 0 and 1, how much of `JITTER` is added
    :param needs_person: nothing mends it but somebody's action: it opens at once, and for longer
    """
    failures, longest = circuit.failures + 1, limits.longest
    if needs_person:
        failures = max(failures, limits.threshold)
    seconds = pause_seconds(failures, longest)
    if needs_person:
        seconds = max(seconds, min(PERSON_PAUSE, longest))
    seconds *= 1 + JITTER * chance
    return Circuit(failures, now + timedelta(seconds=seconds))


def state_of(circuit: Circuit, now: datetime, limits: Limits) -> str:
    """`CLOSED`: it works, or failed a few times; `OPEN`: nothing is tried; `TRYING`: the next try
    decides.
    """
    if circuit.failures < limits.threshold:
        return CLOSED
    is_over = circuit.until is None or circuit.until <= now
    return TRYING if is_over else OPEN


def worst(states: list[str]) -> str:
    """The state that people should see of several.

    >>> worst([CLOSED, TRYING]), worst([])
    ('trying', 'closed')
    """
    return next((state for state in (OPEN, TRYING) if state in states), CLOSED)
