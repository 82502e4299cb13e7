"""Faults that can be switched on: at the command line, and through the control port."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

DESCRIPTIONS = {
    "drop": "the connection is closed in place of what was asked; what was not committed is lost",
    "lose_answer": "it is done, then the connection is closed without an answer",
    "die": "the process ends in place of what was asked",
    "die_after": "it is done, then the process ends without an answer",
    "deadlock": "error 1205: the statement lost a deadlock",
    "log_full": "error 9002: the transaction log is full",
    "hang": "wait seconds=N before it is done, unless the client gives up",
    "busy": "HTTP 503 (REST)",
    "refuse": "HTTP 400 (REST)",
    "queue_full": "HTTP 503: 30 imports wait (REST)",
    "no_import": "files are not imported, and wait",
    "late_rows": "calls are written to the history seconds=N (real) after they have ended",
}
_KINDS = {"times": int, "seconds": float}


@dataclass
class Fault:
    """One fault; `times` counts down to 0 (negative: for ever); `verb` restricts it to login,
    select, insert, update, delete or commit, or over REST to get, put, import,
    callback or delete.
    """

    name: str
    times: int = -1
    verb: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in DESCRIPTIONS:
            known = ", ".join(DESCRIPTIONS)
            raise ValueError(f"Unknown fault {self.name!r}; known are {known}")


def parse(text: str) -> Fault:
    """Read ``hang:seconds=5,verb=insert`` of the command line."""
    name, _colon, settings = text.partition(":")
    values: dict[str, Any] = {"name": name}
    for setting in filter(None, settings.split(",")):
        key, value = setting.split("=", 1)
        values[key] = value
    return from_values(values)


def from_values(values: dict[str, Any]) -> Fault:
    """Build a fault from JSON or text values."""
    typed: dict[str, Any] = {}
    for key, value in values.items():
        kind: Any = _KINDS.get(key, str)
        typed[key] = kind(value)
    return Fault(**typed)


class Faults:
    """The faults that are on."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)
        self._lock = threading.Lock()

    def replace(self, faults: Iterable[Fault]) -> None:
        """Switch these on and all others off."""
        with self._lock:
            self._faults = list(faults)

    def get(self, name: str) -> Fault | None:
        """The fault of that name, if it is on, without counting it down."""
        with self._lock:
            return next((each for each in self._faults if each.name == name and each.times), None)

    def take(self, verb: str, names: Iterable[str]) -> Fault | None:
        """The first of these faults that concerns a verb, counted down."""
        with self._lock:
            for fault in self._faults:
                if fault.name in names and fault.times and fault.verb in ("", verb):
                    fault.times -= fault.times > 0
                    return fault
        return None

    def as_values(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(map(asdict, self._faults))
