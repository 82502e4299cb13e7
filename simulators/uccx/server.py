"""HTTPS in front of the API: Basic auth, body limits, XML or JSON by Accept, and the faults of the
wire.
"""

from __future__ import annotations

import base64
import hmac
import logging
import os
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from .. import clock
from .api import Api, Request
from .faults import Fault, Faults
from .options import Options
from .wire import Refusal, Reply, error_body, malformed, write_body

_logger = logging.getLogger(__name__)

_BEFORE = (
    "refuse",
    "unauthorized",
    "bad_request",
    "unavailable",
    "server_error",
    "drop_request",
    "hang",
    "slow",
)
_AFTER = ("lose_answer", "die_after_accept")
_SENDING = ("reset_answer", "drip")
_DRIPS = 20
_POLL_SECONDS = 0.05
_CHUNK_BYTES = 65_536


class _Answer(NamedTuple):
    status: int
    payload: bytes
    headers: dict[str, str]


class ConnectionDropped(Exception):
    """The client gets no answer."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        tls: ssl.SSLContext | None,
    ):
        super().__init__(address, handler)
        self._tls = tls
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept; the TLS handshake comes later, in the connection's own thread."""
        connection, address = super().get_request()
        # A handshake here would let one slow client hold up all others.
        if self._tls:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """Close connections that are kept alive: they outlive the port."""
        for connection in tuple(self._open):
            try:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError as error:
                _logger.debug("connection was already gone: %s", error)

    def handle_error(self, request: Any, client_address: Any) -> None:
        _logger.exception("request of %s failed", client_address)


def _unauthenticated() -> Refusal:
    return Refusal(401, "User is not authenticated", "Unauthorized", "401")


class Listener:
    """The API's port, which the fault ``refuse`` closes and opens again."""

    def __init__(
        self, options: Options, api: Api, faults: Faults, tls: ssl.SSLContext | None
    ) -> None:
        self._faults = faults
        self._tls = tls
        # http.server makes a handler per connection, which finds these in its class.
        attributes = {"api": api, "faults": faults, "options": options}
        self._handler = type("Handler", (_Handler,), attributes)
        self._address = (options.host, options.port)
        self._server: _Server | None = None
        self._lock = threading.Lock()
        faults.on_change = self.apply_refuse

    @property
    def port(self) -> int:
        return self._address[1]

    def start(self) -> None:
        """Open the port, and remember a free one that was chosen."""
        server = _Server(self._address, self._handler, self._tls)
        self._server = server
        self._address = (self._address[0], server.server_address[1])
        # It looks that often whether it shall stop.
        arguments = (_POLL_SECONDS,)
        threading.Thread(
            target=server.serve_forever, args=arguments, name="api", daemon=True
        ).start()
        if self._faults.get("refuse"):
            self.stop()

    def stop(self) -> None:
        server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()
            server.cut_connections()

    def apply_refuse(self) -> None:
        """Make the port agree with the fault ``refuse``."""
        with self._lock:
            refuse = self._faults.get("refuse") is not None
            if refuse and self._server:
                self.stop()
            elif not refuse and not self._server:
                self.start()


class _Handler(BaseHTTPRequestHandler):
    api: ClassVar[Api]
    faults: ClassVar[Faults]
    options: ClassVar[Options]

    protocol_version = "HTTP/1.1"
    server_version = "Apache-Coyote/1.1 (simulator)"
    disable_nagle_algorithm = True
    timeout = 75

    def handle(self) -> None:
        """Serve a connection; one that goes away or fails the handshake is no error here."""
        try:
            super().handle()
        except (OSError, ValueError) as error:
            _logger.debug("connection ended: %s", error)

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _serve(self) -> None:
        try:
            self._send(self._find_answer())
        except ConnectionDropped:
            self.close_connection = True

    def _find_answer(self) -> _Answer:
        try:
            body = self._read_body()
            self._fail_before(body)
            answer = self._answer(body)
            self._fail_after()
        except Refusal as refusal:
            return self._refuse(refusal)
        return answer

    def _read_body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if self.faults.take(self.command, self.path, ("reset_request",)):
            self.rfile.read(length // 2)
            self._reset()
        if length <= self.options.max_body_bytes:
            return self.rfile.read(length)
        # Read all the same: a client that still sends would not see the answer.
        while length > 0:
            chunk = self.rfile.read(min(length, _CHUNK_BYTES))
            if not chunk:
                break
            length -= len(chunk)
        raise malformed()

    def _answer(self, body: bytes) -> _Answer:
        parts = urlsplit(self.path)
        # Cisco limits it to certain addresses instead (reference §2.1).
        if parts.path != "/uccx/isDBMaster":
            self._require_login()

        # Links in answers begin with the name that the client used.
        scheme = "http" if self.options.http else "https"
        host = self.headers.get("Host", "uccx")
        request = Request(
            method=self.command,
            path=parts.path,
            base=f"{scheme}://{host}",
            query=dict(parse_qsl(parts.query)),
            body=body,
            content_type=self.headers.get("Content-Type", "application/xml"),
        )
        reply = self.api.handle(request)
        return self._render(reply)

    def _render(self, reply: Reply) -> _Answer:
        headers = {"Content-Type": "text/plain"}
        payload = reply.text.encode()
        if reply.root:
            headers["Content-Type"] = self._content_type
            payload = write_body(reply.root, reply.document, self._wants_json)
        headers.update(reply.headers)
        return _Answer(reply.status, payload, headers)

    @property
    def _wants_json(self) -> bool:
        return "json" in self.headers.get("Accept", "")

    @property
    def _content_type(self) -> str:
        return "application/json" if self._wants_json else "application/xml"

    def _require_login(self) -> None:
        credentials = f"{self.options.user}:{self.options.password}"
        encoded = base64.b64encode(credentials.encode()).decode()
        given = self.headers.get("Authorization", "")
        # As slow for a password that is nearly right as for any other.
        if not hmac.compare_digest(given, f"Basic {encoded}"):
            raise _unauthenticated()

    def _refuse(self, refusal: Refusal) -> _Answer:
        headers = {"Content-Type": self._content_type}
        if refusal.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="Cisco Unified CCX"'
        payload = error_body(refusal, self._wants_json, self.options.error_form)
        return _Answer(refusal.status, payload, headers)

    def _send(self, answer: _Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.payload)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        fault = self.faults.take(self.command, self.path, _SENDING)
        if fault is None:
            self.wfile.write(answer.payload)
        elif fault.name == "drip":
            self._drip(answer.payload, fault.seconds)
        else:
            self.wfile.write(answer.payload[: len(answer.payload) // 2])
            self._reset()

    def _drip(self, payload: bytes, seconds: float) -> None:
        size = max(1, len(payload) // _DRIPS)
        for start in range(0, len(payload), size):
            time.sleep(seconds / _DRIPS)
            self.wfile.write(payload[start : start + size])

    def _reset(self) -> None:
        """End the connection as a router that was switched off does: without a word of TLS."""
        # No time to linger: the kernel sends RST.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Out of the hands of TLS and of the files on it, which would say good-bye.
        os.close(self.connection.detach())
        raise ConnectionDropped

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header Date, by the clock of UCCX."""
        return super().date_time_string(timestamp or clock.now().timestamp())

    # faults

    def _fail_before(self, body: bytes) -> None:
        fault = self.faults.take(self.command, self.path, _BEFORE)
        if fault is None:
            return
        # The one fault of these that does what was asked, before it fails.
        if fault.name == "hang" and fault.when == "after":
            self._answer(body)
            time.sleep(fault.seconds)
            raise ConnectionDropped
        fail = getattr(self, f"_fault_{fault.name}")
        fail(fault)

    def _fail_after(self) -> None:
        fault = self.faults.take(self.command, self.path, _AFTER)
        if fault is None:
            return
        # At once, as a power cut: nothing is closed or flushed.
        if fault.name == "die_after_accept":
            os._exit(70)
        raise ConnectionDropped

    def _fault_refuse(self, _fault: Fault) -> None:
        raise ConnectionDropped

    _fault_drop_request = _fault_refuse

    def _fault_unauthorized(self, _fault: Fault) -> None:
        raise _unauthenticated()

    def _fault_bad_request(self, fault: Fault) -> None:
        message = fault.message or "Contacts cannot be imported"
        raise Refusal(400, message, "simulated fault", "InvalidInput", fault.form)

    def _fault_unavailable(self, _fault: Fault) -> None:
        raise Refusal(503, "The server is temporarily overloaded", "Service Unavailable", "503")

    def _fault_server_error(self, _fault: Fault) -> None:
        raise Refusal(500, "Internal server error", "simulated fault", "500")

    def _fault_slow(self, fault: Fault) -> None:
        time.sleep(fault.seconds)

    def _fault_hang(self, fault: Fault) -> None:
        time.sleep(fault.seconds)
        if fault.when != "late":
            raise ConnectionDropped

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        if self.options.verbose:
            _logger.info("%s %s", self.address_string(), format % args)
