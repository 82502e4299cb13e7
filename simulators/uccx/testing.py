"""Start a simulator for a test: a real process on free ports, with everything a client needs to
talk to it.

>>> dsn = "host=/tmp/pg dbname=db_cra"
>>> with running_simulator(dsn, clock_factor=600) as uccx:  # doctest: +SKIP
...     uccx.faults({"name": "lose_answer", "times": 1})
...     uccx.wait_until(lambda: len(uccx.dialled()) == 10)
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg2.extensions

from .certificate import temporary_folder
from .database import STANDBY

_ROOT = Path(__file__).resolve().parents[2]
_ODBC_NAMES = {
    "host": "SERVER",
    "port": "PORT",
    "dbname": "DATABASE",
    "user": "UID",
    "password": "PWD",
}
_FAST = {"clock_factor": 600, "tick_seconds": 0.02}


class Simulator:
    """One simulator process; `start` after `kill` keeps ports, certificate, database and so all
    contacts.
    """

    module = "simulators.uccx"

    def __init__(self, dsn: str, **options: Any) -> None:
        self.dsn = dsn
        folder = temporary_folder()
        self._options: dict[str, Any] = {
            "port": 0,
            "control_port": 0,
            "password": "simulator secret",
            **_FAST,
            **self._defaults(folder),
            **options,
        }
        self.log_file = folder / "simulator.log"
        self._process: subprocess.Popen[str] | None = None
        # Known as soon as the process serves.
        self.url = self.control_url = self.ca_file = ""
        self.announcement: dict[str, str] = {}

    def _defaults(self, folder: Path) -> dict[str, Any]:
        """Options of this kind of simulator."""
        certificate = str(folder / "uccx.pem")
        return {"user": "uccxadmin", "certificate": certificate, "import_seconds": 0.02}

    @property
    def user(self) -> str:
        return str(self._options["user"])

    @property
    def password(self) -> str:
        return str(self._options["password"])

    @property
    def host(self) -> str:
        return self.url.partition("://")[2].rpartition(":")[0]

    @property
    def port(self) -> int:
        return int(self._options["port"])

    @property
    def control_port(self) -> int:
        return int(self._options["control_port"])

    # process

    def start(self, timeout: float = 30) -> Simulator:
        """Start the process and wait until it serves."""
        with self.log_file.open("a") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=_ROOT,
                env=self._environment(),
            )

        ready = self.announcement = json.loads(self._first_line(timeout))
        self.url = ready["url"]
        self.control_url = ready["control_url"]
        self.ca_file = ready.get("ca_file", "")
        # The next start takes the same ports: clients go on with what they know.
        self._options["port"] = port_of(self.url)
        self._options["control_port"] = port_of(self.control_url)
        return self

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", self.module, "--dsn", self.dsn]
        for name, value in self._options.items():
            flag = name.replace("_", "-")
            if isinstance(value, bool):
                command.append(f"--{flag}" if value else f"--no-{flag}")
            elif isinstance(value, list | tuple):
                for item in value:
                    command += [f"--{flag}", str(item)]
            else:
                command += [f"--{flag}", str(value)]
        return command

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"}

    def _first_line(self, timeout: float) -> str:
        process = self._running()
        lines: queue.Queue[str] = queue.Queue()

        def read_line() -> None:
            if process.stdout:
                lines.put(process.stdout.readline())

        # In a thread, because reading from a pipe knows no time-out.
        threading.Thread(target=read_line).start()
        with contextlib.suppress(queue.Empty):
            if line := lines.get(timeout=timeout):
                return line
        raise RuntimeError(f"The simulator did not start:\n{self.log_file.read_text()}")

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("The simulator was not started")
        return self._process

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self._running().kill()
        self.wait_for_exit()

    def stop(self) -> None:
        """End the process in order."""
        self._running().terminate()
        self.wait_for_exit()

    def wait_for_exit(self, timeout: float = 15) -> int:
        """Wait until the process has ended; its exit status (70 after ``die_after_accept``)."""
        process = self._running()
        status = process.wait(timeout)
        if process.stdout:
            process.stdout.close()
        return status

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    # control

    def control(self, method: str, path: str, values: dict[str, Any] | None = None) -> Any:
        """Ask the control port, e.g. ``control("POST", "midnight")``."""
        body = None
        if values is not None:
            body = json.dumps(values).encode()

        url = f"{self.control_url}/control/{path}"
        request = urllib.request.Request(url, data=body, method=method)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())

    def faults(self, *faults: dict[str, Any] | str) -> None:
        """Switch exactly these faults on; none switches all off."""
        items = []
        for fault in faults:
            item = {"name": fault} if isinstance(fault, str) else fault
            items.append(item)
        self.control("POST", "faults", {"faults": items})

    def dialled(self, since: int = 0) -> list[dict[str, Any]]:
        """Every call that was placed, in order: id, dialled_at, accountnumber, phone, campaignid,
        callresult …
        """
        return list(self.control("GET", f"dialled?since={since}"))

    def state(self) -> dict[str, Any]:
        return dict(self.control("GET", "state"))

    def midnight(self) -> None:
        self.control("POST", "midnight")

    def fail_over(self) -> None:
        """Let UCCX's engine restart: contacts in a call become Unknown, then Pending again."""
        self.control("POST", "engine-failover")

    def replicate(self) -> None:
        """Let the standby node catch up; it stays behind until the next time."""
        self.control("POST", "replicate")

    def set_hours(
        self,
        campaigns: Mapping[int, tuple[str, str]] | None = None,
        dialing_range: tuple[str, str] | None = None,
        zones: Mapping[str, str] | None = None,
    ) -> None:
        """Say when UCCX calls; what is not given stays.

        :param campaigns: a campaign's own hours ``(HH:MM, HH:MM)`` by its id, on the server's clock
        :param dialing_range: Customer Dialing Time Range, on the customers' clocks
        :param zones: zone of numbers by what they begin with; others are in the server's
        """
        given = {"campaigns": campaigns, "range": dialing_range, "zones": zones}
        values = {name: value for name, value in given.items() if value is not None}
        self.control("POST", "hours", values)

    def jump(self, seconds: float) -> None:
        """Set the dialer's clock forward, or back where it is negative; a new process has the real
        time again.
        """
        self.control("POST", "clock", {"seconds": seconds})

    def pause(self) -> None:
        """Stop placing calls; imports go on."""
        self.control("POST", "pause")

    def resume(self) -> None:
        self.control("POST", "resume")

    def reset(self) -> None:
        """Forget contacts, calls and faults; begin with the default campaigns."""
        self.control("POST", "reset")

    def wait_until(
        self, condition: Callable[[], Any], timeout: float = 60, pause: float = 0.02
    ) -> Any:
        """Look again and again until the condition holds; returns its value."""
        deadline = time.monotonic() + timeout
        while not (value := condition()):
            if time.monotonic() > deadline:
                state = self.state() if self.is_running else "ended"
                raise AssertionError(f"Not within {timeout} s; state: {state}")
            time.sleep(pause)
        return value

    # results

    def odbc_connection_string(
        self, driver: str = "PostgreSQL Unicode", standby: bool = False
    ) -> str:
        """How the product reads the tables: psqlODBC in place of the Informix driver.

        :param standby: those of the standby node, see `replicate`
        """
        settings = [f"DRIVER={{{driver}}}"]
        for key, value in psycopg2.extensions.parse_dsn(self.dsn).items():
            # What else libpq knows, psqlODBC does not.
            if name := _ODBC_NAMES.get(key):
                quoted = _quoted(str(value))
                settings.append(f"{name}={quoted}")
        if standby:
            # psqlODBC hands it to libpq.
            settings.append(f"pqopt={{options='-c search_path={STANDBY}'}}")
        settings += ["BoolsAsChar=0", "ReadOnly=1", ""]
        return ";".join(settings)


def _quoted(value: str) -> str:
    """Braces only where they are needed: psqlODBC takes them for a part of a port."""
    if not set(value) & set(";{}"):
        return value
    doubled = value.replace("}", "}}")
    return f"{{{doubled}}}"


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@contextlib.contextmanager
def running_simulator(dsn: str, **options: Any) -> Iterator[Simulator]:
    """A simulator for the time of a test; `options` are those of the command line, in Python's
    spelling.

    Without options it is fast: a clock factor of 600 and rounds of 20 ms.
    """
    simulator = Simulator(dsn, **options).start()
    try:
        yield simulator
    finally:
        # A test may have ended it by a fault.
        if simulator.is_running:
            simulator.stop()
