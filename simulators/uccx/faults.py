"""Faults that can be switched on: at the command line, and through the control port."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

DESCRIPTIONS = {
    "refuse": "nobody listens on the API's port, open connections are cut",
    "unauthorized": "401 for every request",
    "bad_request": "400 with an error body; form=camel|capital, message=… (default: POST only)",
    "unavailable": "503",
    "server_error": "500 without doing anything",
    "drop_request": "the connection is closed before anything is done",
    "hang": "wait seconds=N; then when=before: close without doing it, late: do it after all,"
    " after: it was done first",
    "slow": "wait seconds=N, then behave",
    "lose_answer": "do it, then close the connection without an answer (default: POST only)",
    "die_after_accept": "do it, commit it, then the process ends at once without an answer"
    " (default: POST only)",
    "reset_request": "the connection is reset while the request's body is read (default: POST only)",
    "reset_answer": "do it, then reset the connection in the middle of the answer",
    "drip": "answer in so small parts that it takes seconds=N in all",
    "import_stuck": "imports never finish; rows=before|after: the contacts are not there | are",
    "import_partial": "imports end with the first imported=N rows, result=SUCCESS|FAILED or empty;"
    " rest=later: the other rows follow when the fault is switched off",
    "long_talk": "calls that are answered from now on last seconds=N, of the simulated clock",
    "callbacks": "agents arrange callbacks seconds=N ahead, of the simulated clock, on number=…"
    " (default: the number that was called)",
    "late_rows": "results appear seconds=N (real) after the call has ended",
    "duplicate_rows": "finished contacts stand in DialingList and DialingListHistory at once",
}
_KINDS: dict[str, Callable[[Any], Any]] = {"times": int, "imported": int, "seconds": float}
_POST_ONLY = frozenset({"bad_request", "lose_answer", "die_after_accept", "reset_request"})


@dataclass
class Fault:
    """One fault; `times` counts down to 0 (negative: for ever); `method` and `path` (a pattern)
    restrict it.
    """

    name: str
    times: int = -1
    method: str = ""
    path: str = ""
    seconds: float = 0.0
    when: str = "before"
    form: str = ""
    message: str = ""
    rows: str = "before"
    imported: int = 0
    result: str = "SUCCESS"
    number: str = ""
    rest: str = ""

    def __post_init__(self) -> None:
        if self.name not in DESCRIPTIONS:
            known = ", ".join(DESCRIPTIONS)
            raise ValueError(f"Unknown fault {self.name!r}; known are {known}")
        # Without it they would hit the reading of campaigns first.
        if self.name in _POST_ONLY and not self.method:
            self.method = "POST"

    @property
    def is_on(self) -> bool:
        return self.times != 0

    def concerns(self, method: str, path: str) -> bool:
        """Whether it is on for such a request."""
        if not self.is_on:
            return False
        # Without a method all are meant, and without a pattern all paths.
        if self.method not in ("", method):
            return False
        return re.search(self.path, path) is not None


def parse(text: str) -> Fault:
    """Read ``hang:seconds=5,times=1`` of the command line."""
    name, _colon, settings = text.partition(":")
    values = {"name": name}
    for setting in filter(None, settings.split(",")):
        key, value = setting.split("=", 1)
        values[key] = value
    return from_values(values)


def from_values(values: dict[str, Any]) -> Fault:
    """Build a fault from JSON or text values."""
    # The command line has texts only, JSON may have either.
    typed: dict[str, Any] = {}
    for key, value in values.items():
        kind = _KINDS.get(key, str)
        typed[key] = kind(value)
    return Fault(**typed)


class Faults:
    """The faults that are on."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)
        self._lock = threading.Lock()
        # The listener opens and closes its port by it.
        self.on_change: Callable[[], None] = lambda: None

    def replace(self, faults: Iterable[Fault]) -> None:
        """Switch these on and all others off."""
        with self._lock:
            self._faults = list(faults)
        # Outside the lock: it asks which faults are on.
        self.on_change()

    def get(self, name: str) -> Fault | None:
        """The fault of that name, if it is on, without counting it down."""
        with self._lock:
            for fault in self._faults:
                if fault.name == name and fault.is_on:
                    return fault
        return None

    def take(self, method: str, path: str, names: Iterable[str]) -> Fault | None:
        """The first of these faults that concerns a request, counted down."""
        with self._lock:
            for fault in self._faults:
                if fault.name in names and fault.concerns(method, path):
                    # A negative number stands for ever.
                    if fault.times > 0:
                        fault.times -= 1
                    return fault
        return None

    def as_values(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(map(asdict, self._faults))
