"""A real Kannel of this checkout: its two boxes on free ports, and the phones at its far end.

Kannel takes messages over HTTP, as a customer's own does. Its operator is its `fake` one: what it
sends there goes to whoever is connected, and that is `Handsets`. They keep what arrives, the witness
of tests, and may write back. Delivery reports and replies come to Odoo as from any Kannel.
"""

import secrets
import socket
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from . import paths, processes
from .console import SetupError

HOST = "127.0.0.1"
USER = "campaigns"
SENDER = "ACME"
# What Odoo did not take is told again. No more calls at a time than a server without workers has
# database connections for.
CONF = """\
group = core
admin-port = {admin}
admin-interface = {host}
admin-password = {password}
admin-deny-ip = "*.*.*.*"
admin-allow-ip = {host}
smsbox-port = {boxes}
smsbox-interface = {host}
box-deny-ip = "*.*.*.*"
box-allow-ip = {host}
dlr-storage = internal
log-file = "{folder}/bearerbox.log"
log-level = 1
access-log = "{folder}/access.log"

group = smsc
smsc = fake
smsc-id = handsets
port = {operator}
our-host = {host}
connect-allow-ip = {host}

group = smsbox
bearerbox-host = {host}
sendsms-port = {sendsms}
sendsms-interface = {host}
sendsms-chars = "0123456789 +-"
max-pending-requests = 16
http-request-retry = 30
http-queue-delay = 1
log-file = "{folder}/smsbox.log"
log-level = 1
access-log = "{folder}/smsbox-access.log"

group = sendsms-user
username = {user}
password = {password}
max-messages = 10
concatenation = true

group = sms-service
keyword = default
catch-all = true
get-url = "{reply_url}"
max-messages = 0
omit-empty = true
"""


@dataclass(frozen=True)
class Received:
    """A message as it came to a phone; a long one comes in parts, each by itself."""

    sender: str
    number: str
    text: str


class Handsets:
    """The phones of everybody: a thread at the far end of Kannel's `fake` operator.

    :param answer: what somebody writes back to the first message, None for nothing
    :param keeps: whether what came is kept; else it is only counted
    """

    def __init__(
        self,
        port: int,
        answer: Callable[[Received], str | None] | None = None,
        keeps: bool = True,
    ) -> None:
        self.answer, self.keeps = answer, keeps
        self.received: list[Received] = []
        self.count = 0
        self._known: set[str] = set()
        self._socket = socket.create_connection((HOST, port), timeout=10)
        self._socket.settimeout(None)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def write(self, number: str, text: str, to: str = SENDER) -> None:
        """Somebody writes a message."""
        # URL-encoded UTF-16 takes whatever people write, also line breaks.
        content = quote(text.encode("utf-16-be"), safe="")
        with self._lock:
            self._socket.sendall(f"{number} {to} ucs2 {content}\n".encode())

    def count_by_number(self) -> Counter[str]:
        """How many messages each number has got."""
        return Counter(message.number for message in list(self.received))

    def close(self) -> None:
        """Switch the phones off: what comes for them waits at Kannel."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def _listen(self) -> None:
        rest = b""
        # An end of the connection is the end of Kannel, or ours.
        while chunk := self._receive():
            *lines, rest = (rest + chunk).split(b"\n")
            self.count += len(lines)
            if self.keeps:
                for line in lines:
                    self._take(line)

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except OSError:
            return b""

    def _take(self, line: bytes) -> None:
        message = read_line(line)
        if message is None:
            # The text before had a line break.
            last = self.received[-1]
            text = f"{last.text}\n{line.decode('utf-8', 'replace')}"
            self.received[-1] = replace(last, text=text)
            return
        self.received.append(message)
        is_first = message.number not in self._known
        self._known.add(message.number)
        said = self.answer(message) if self.answer and is_first else None
        if said is not None:
            self.write(message.number, said, message.sender)


def read_line(line: bytes) -> Received | None:
    """A line of the `fake` operator: from, to, how it is written, and the text; None where it goes
    on with the text of the line before.
    """
    words = line.split(b" ", 3)
    if len(words) < 4 or words[2] not in (b"text", b"data", b"ucs-2", b"udh"):
        return None
    sender, number, kind, content = words
    text = content.decode("utf-8", "replace")
    if kind == b"ucs-2":
        text = _decode(content).decode("utf-16-be", "replace")
    elif kind == b"udh":
        # A part of a long message: its head, " data ", and the text.
        text = _decode(content.rpartition(b" data ")[2]).decode("utf-8", "replace")
    return Received(sender.decode(), number.decode(), text)


def _decode(content: bytes) -> bytes:
    return unquote_to_bytes(content.replace(b"+", b" "))


class Kannel:
    """Both boxes; `start()` returns when messages are taken.

    :param name: of the folder with its configuration and logs
    """

    def __init__(self, name: str) -> None:
        self.folder = paths.BUILD / "kannel" / name
        self.password = secrets.token_hex(8)
        self.ports = {
            each: processes.free_port() for each in ("admin", "boxes", "operator", "sendsms")
        }
        self._boxes: list[subprocess.Popen[bytes]] = []
        self._reply_url = ""

    @property
    def sendsms_url(self) -> str:
        """Where messages are sent."""
        return f"http://{HOST}:{self.ports['sendsms']}/cgi-bin/sendsms"

    @property
    def operator_port(self) -> int:
        """Where the phones connect."""
        return self.ports["operator"]

    def start(self, reply_url: str, timeout_s: float = 30) -> "Kannel":
        """Start both boxes.

        :param reply_url: of the gateway, with the names that Kannel fills in behind it
        """
        self._reply_url = f"{reply_url}?from=%p&text=%b&id=%I&charset=%C"
        self._write_conf()
        deadline = time.monotonic() + timeout_s
        self._start_box("bearerbox")
        self._wait_until(lambda: "Status:" in self._ask_status(), deadline)
        self._start_box("smsbox")
        self._wait_until(lambda: "smsbox" in self._ask_status(), deadline)
        return self

    def stop(self) -> None:
        """End both boxes as an administrator does."""
        for box in reversed(self._boxes):
            processes.stop(box)
        self._boxes.clear()

    def kill(self) -> None:
        """End both as a power cut does."""
        for box in self._boxes:
            processes.kill(box)
        self._boxes.clear()

    def gateway_values(self, **values: Any) -> dict[str, Any]:
        """Values of a gateway record that sends through it."""
        return {
            "name": "Kannel",
            "preset": "kannel",
            "url": self.sendsms_url,
            "user": USER,
            "password": self.password,
            "sender": SENDER,
            "is_enabled": True,
            **values,
        }

    def count_sent(self) -> Counter[str]:
        """How often Kannel's own record says that it has sent something to each number."""
        log = self.folder / "access.log"
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        sent = Counter[str]()
        for line in lines:
            if " Sent SMS " in line:
                sent[line.partition("[to:")[2].partition("]")[0]] += 1
        return sent

    def _write_conf(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for log in self.folder.glob("*.log"):
            log.unlink()
        values = {"host": HOST, "user": USER, "password": self.password, "folder": self.folder}
        text = CONF.format(**values, **self.ports, reply_url=self._reply_url)
        (self.folder / "kannel.conf").write_text(text)

    def _start_box(self, name: str) -> None:
        program = Path("/usr/sbin") / name
        if not program.is_file():
            raise SetupError(f"{program} is not installed: run make setup.")
        command = [str(program), str(self.folder / "kannel.conf")]
        self._boxes.append(processes.start(command, self.folder / f"{name}-output.log"))

    def _ask_status(self) -> str:
        url = f"http://{HOST}:{self.ports['admin']}/status.txt?password={self.password}"
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return str(response.read().decode())
        except OSError:
            return ""

    def _wait_until(self, is_ready: Callable[[], bool], deadline: float) -> None:
        while not is_ready():
            if time.monotonic() > deadline or self._boxes[-1].poll() is not None:
                self.kill()
                log = self.folder / "bearerbox-output.log"
                raise SetupError(f"Kannel did not start, see {self.folder}:\n{processes.tail(log)}")
            time.sleep(0.1)
