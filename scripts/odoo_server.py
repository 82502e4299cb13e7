"""An Odoo server process on a port of its own, as the demo, the benchmarks and the end-to-end tests
use it.
"""

import os
import re
import subprocess
import time
import urllib.error
import urllib.request

from . import odoo_command, paths, processes
from .web_client import WebClient

_PROBLEM = re.compile(" (WARNING|ERROR|CRITICAL) ")


class OdooServer:
    """One server on one database; `start()` returns when it answers."""

    def __init__(
        self,
        database: str,
        *,
        port: int | None = None,
        cron_threads: int = 2,
        workers: int = 0,
        options: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        self.database = database
        self.port = port or processes.free_port()
        self.cron_threads = cron_threads
        self.workers = workers
        self.options = options
        # Odoo finds rtlcss there, without which Arabic is written from the left.
        path = os.pathsep.join((str(paths.NODE_TOOLS), os.environ.get("PATH", "")))
        self.environment = {"PATH": path, **(environment or {})}
        self.log = paths.LOGS / f"odoo-{database}-{self.port}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the web client."""
        return f"http://localhost:{self.port}"

    def start(self, timeout_s: float = 120) -> "OdooServer":
        """Start the process and wait until the database answers."""
        deadline = time.monotonic() + timeout_s
        self.process = processes.start(self._command(), self.log, self.environment)
        self._wait_until_ready(deadline)
        return self

    def stop(self) -> None:
        """End the server as an administrator does."""
        if self.process:
            processes.stop(self.process)

    def kill(self) -> None:
        """End the server as a power cut does."""
        if self.process:
            processes.kill(self.process)

    def client(self, login: str = "admin", password: str = "admin") -> WebClient:
        """A logged-in session."""
        client = WebClient(self.url)
        client.login(self.database, login, password)
        return client

    def log_text(self) -> str:
        """Everything the server has written so far, over all its starts."""
        return self.log.read_text(errors="replace") if self.log.is_file() else ""

    def find_problems(self) -> list[str]:
        """Lines of the log that an operator would have to look at, until the first stop: of the work
        that it cuts off then, Odoo warns.
        """
        served, _stopped, _rest = self.log.read_text().partition("Initiating shutdown")
        return [line for line in served.splitlines() if _PROBLEM.search(line)]

    def _command(self) -> list[str]:
        return odoo_command.command(
            *("-d", self.database),
            f"--db-filter=^{self.database}$",
            f"--http-port={self.port}",
            f"--gevent-port={processes.free_port()}",
            f"--workers={self.workers}",
            f"--max-cron-threads={self.cron_threads}",
            *self.options,
        )

    def _wait_until_ready(self, deadline: float) -> None:
        while not self._is_ready():
            if self.process is None or self.process.poll() is not None:
                raise RuntimeError(self._describe("stopped while starting"))
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(self._describe("does not answer"))
            time.sleep(0.2)

    def _describe(self, problem: str) -> str:
        return f"Odoo {problem}, see {self.log}:\n{processes.tail(self.log)}"

    def _is_ready(self) -> bool:
        # This page needs the database and all modules; others answer before they are loaded.
        page = f"http://127.0.0.1:{self.port}/web/login"
        try:
            with urllib.request.urlopen(page, timeout=30) as response:
                return bool(response.status == 200)
        except (OSError, urllib.error.URLError):
            return False
