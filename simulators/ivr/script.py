"""What a UCCX callback script does with a call (docs/callbacks.md): it looks up by Account Number who
takes it, and tries the routes in their order. The agent's desktop notes that the call has arrived.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ROOT = "/ecm/api/v1"
# Of DialingList: somebody answered (simulators/uccx/scenario.py).
VOICE = 1
AGENT, SKILL, EXTERNAL, USUAL = "agent", "skill", "external", "usual way"

Get = Callable[[str], Any]


@dataclass
class Desk:
    """Agents, each of whom talks to one customer at a time.

    :ivar clock: in seconds, never set back
    """

    talk_seconds: float
    clock: Callable[[], float] = time.monotonic
    busy_until: dict[str, float] = field(default_factory=dict)

    def takes(self, agent: str) -> bool:
        """Whether the agent is free; who is talks from now on."""
        now = self.clock()
        if self.busy_until.get(agent, 0.0) > now:
            return False
        self.busy_until[agent] = now + self.talk_seconds
        return True


def choose_route(call: dict[str, Any], is_free: Callable[[str], bool]) -> str:
    """The first route that takes the call: `agent` only where that one is free; a call that nobody
    knows goes the script's usual way.

    :param call: what the look-up has answered
    """
    for route in call["routes"]:
        if route != AGENT or is_free(call["agent"]):
            return str(route)
    return USUAL


class Server:
    """The REST API, with a key of the scopes ``ivr:read`` and ``callbacks:write``."""

    def __init__(self, url: str, key: str, timeout_s: float = 10) -> None:
        self._root = url.rstrip("/") + ROOT
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._timeout_s = timeout_s

    def look_up(self, account: str) -> dict[str, Any]:
        """What the API knows of a call.

        :raise OSError: no answer, or none but an error
        """
        quoted = urllib.parse.quote(account, safe="")
        return self._send("GET", f"/ivr/calls/{quoted}")

    def note_arrival(self, callback_id: int) -> None:
        """As the gadget on the agent's desktop does."""
        self._send("POST", f"/callbacks/{callback_id}/arrived")

    def _send(self, method: str, path: str) -> dict[str, Any]:
        data = b"" if method == "POST" else None
        request = urllib.request.Request(self._root + path, data, self._headers, method=method)
        with urllib.request.urlopen(request, timeout=self._timeout_s) as response:
            return dict(json.load(response))


class Ivr:
    """The script on each call that a simulated UCCX's dialer hands to it, in a thread.

    :ivar routes: how many calls went which way
    :ivar waited_ms: of each look-up
    :ivar failures: calls whose look-up failed; a script goes its usual way then
    """

    def __init__(
        self,
        server: Server,
        control_url: str,
        desk: Desk,
        poll_seconds: float = 0.1,
    ) -> None:
        self._server, self._control_url = server, control_url
        self._desk, self._poll_seconds = desk, poll_seconds
        self._since = 0
        self._stop = threading.Event()
        self.routes: Counter[str] = Counter()
        self.waited_ms: list[float] = []
        self.failures: list[str] = []

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="ivr", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            try:
                calls = self._get_calls()
            # The dialer is away for a moment.
            except OSError:
                continue
            for call in calls:
                self._since = call["id"]
                if call["callresult"] == VOICE:
                    self._answer(call["accountnumber"])

    def _get_calls(self) -> list[dict[str, Any]]:
        url = f"{self._control_url}/control/dialled?since={self._since}"
        with urllib.request.urlopen(url, timeout=10) as response:
            return list(json.load(response))

    def _answer(self, account: str) -> None:
        start = time.perf_counter()
        try:
            call = self._server.look_up(account)
            self.waited_ms.append((time.perf_counter() - start) * 1000)
            self.routes[choose_route(call, self._desk.takes)] += 1
            if call["callback"]:
                self._server.note_arrival(call["callback"]["id"])
        except (OSError, ValueError, KeyError) as error:
            self.failures.append(f"{account}: {error}")
            self.routes[USUAL] += 1
