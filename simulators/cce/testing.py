"""Start a simulator of CCE for a test: a real process on free ports."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..uccx.testing import Simulator, port_of


class CceSimulator(Simulator):
    """One simulator process; `start` after `kill` keeps ports, databases and so all contacts."""

    module = "simulators.cce"
    rest_port = 0

    def _defaults(self, folder: Path) -> dict[str, Any]:
        # What is buffered is written at once: nobody waits for 20 calls.
        certificate = str(folder / "cce.pem")
        return {"user": "obm", "flush_seconds": 0, "rest_port": 0, "certificate": certificate}

    def start(self, timeout: float = 30) -> CceSimulator:
        super().start(timeout)
        # The next start takes the same port.
        self._options["rest_port"] = self.rest_port = port_of(self.announcement["rest_url"])
        return self

    def restart(self) -> None:
        """Let the Campaign Manager restart: contacts in a call become Unknown, then Pending."""
        self.control("POST", "restart")

    def take_over(self) -> None:
        """Let this side's Campaign Manager dial; of two sides on one database the first one does."""
        self.control("POST", "takeover")


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
