"""Start a simulator of CCE for a test: a real process on free ports."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..uccx.testing import Simulator


class CceSimulator(Simulator):
    """One simulator process; `start` after `kill` keeps ports, databases and so all contacts."""

    module = "simulators.cce"

    def _defaults(self, folder: Path) -> dict[str, Any]:
        # What is buffered is written at once: nobody waits for 20 calls.
        return {"user": "obm", "flush_seconds": 0}

    def restart(self) -> None:
        """Let the Campaign Manager restart: contacts in a call become Unknown, then Pending."""
        self.control("POST", "restart")


@contextlib.contextmanager
def running_cce(dsn: str, **options: Any) -> Iterator[CceSimulator]:
    """A simulator for the time of a test; `options` are those of the command line, in Python's
    spelling.
    """
    simulator = CceSimulator(dsn, **options)
    simulator.start()
    try:
        yield simulator
    finally:
        # A test may have ended it by a fault.
        if simulator.is_running:
            simulator.stop()
