"""Many calls of the REST API, each with another path, while caches are cleared: what of the server
grows?
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.odoo_server import OdooServer
from scripts.web_client import WebClient

from .rest_house import ROOT

CLIENTS = 3
# As many calls first: what is loaded and cached once is no growth.
WARM_UP = 600


@dataclass(frozen=True)
class Size:
    """Of a server's process."""

    threads: int
    files: int
    megabytes: float

    def __sub__(self, other: "Size") -> "Size":
        return Size(
            self.threads - other.threads,
            self.files - other.files,
            round(self.megabytes - other.megabytes, 1),
        )


def measure(process_id: int) -> Size:
    """The size of a process now (Linux)."""
    folder = Path(f"/proc/{process_id}")
    values = {}
    for line in (folder / "status").read_text().splitlines():
        name, _colon, value = line.partition(":")
        values[name] = value.split()[0] if value.split() else ""
    files = len(list((folder / "fd").iterdir()))
    return Size(int(values["Threads"]), files, int(values["VmRSS"]) / 1024)


class Soak:
    """Calls of one server; ``cleared`` counts how often its caches were."""

    def __init__(self, server: OdooServer, secret: str, client: WebClient) -> None:
        self.server = server
        self.secret = secret
        self.client = client
        self.cleared = 0
        self.failures: list[str] = []
        assert server.process
        self.process_id = server.process.pid

    def run(
        self, calls: int, clear_every: int, tell: Callable[[int, Size], None] | None = None
    ) -> Size:
        """:return: by how much the server has grown since the warm-up
        :param tell: is told of the size every tenth of the calls
        """
        self._call_side_by_side(range(WARM_UP), clear_every)
        before = measure(self.process_id)
        step = max(1, calls // 10)
        for part in range(1, 11):
            end = WARM_UP + part * step
            self._call_side_by_side(range(end - step, end), clear_every)
            if tell:
                tell(part * step, measure(self.process_id) - before)
        assert not self.failures, self.failures[:3]
        assert self.cleared >= calls // clear_every
        return measure(self.process_id) - before

    def _call_side_by_side(self, numbers: range, clear_every: int) -> None:
        # Whoever is free takes the next one.
        queue = iter(numbers)
        threads = [
            threading.Thread(target=self._work, args=(queue, clear_every))
            for _number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, numbers: Iterator[int], clear_every: int) -> None:
        for number in numbers:
            if number % clear_every == 0:
                self._clear_caches(number)
            self._call(number)

    def _clear_caches(self, number: int) -> None:
        """A parameter that changes empties Odoo's caches on all servers."""
        arguments = ["ecm_rest_api.soak", str(number)]
        self.client.call("ir.config_parameter", "set_param", *arguments)
        self.cleared += 1

    def _call(self, number: int) -> None:
        """A contact that is there or not, or a list; each path once."""
        paths = (f"/contacts/{number + 1}", f"/contacts?account_number=K{number}", "/whoami")
        connection = http.client.HTTPConnection("localhost", self.server.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.secret}"}
        connection.request("GET", ROOT + paths[number % 3], headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status not in (200, 404):
            self.failures.append(f"{response.status} {body[:300]!r}")
        json.loads(body)
