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
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

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
        for connection in tuple(self._open):
            try:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError as error:
                _logger.debug("connection was already gone: %s", error)

    def handle_error(self, request: Any, client_address: Any) -> None:
        _logger.exception("request of %s failed", client_address)


class Listener:
    """The API's port, which the fault ``refuse`` closes and opens again."""

    def __init__(
        self, options: Options, api: Api, faults: Faults, tls: ssl.SSLContext | None
    ) -> None:
        self._faults = faults
        self._tls = tls
        self._handler = type(
            "Handler", (_Handler,), {"api": api, "faults": faults, "options": options}
        )
        self._address = (options.host, options.port)
        self._server: _Server | None = None
        self._lock = threading.Lock()
        faults.on_change = self.apply_refuse

    @property
    def port(self) -> int:
        return self._address[1]

    def start(self) -> None:
        """Open the port, and remember a free one that was chosen."""
        self._server = _Server(self._address, self._handler, self._tls)
        self._address = (self._address[0], self._server.server_address[1])
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="api", daemon=True
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
        """Serve a connection; a client that goes away or fails the handshake is its own business."""
        try:
            super().handle()
        except (OSError, ValueError) as error:
            _logger.debug("connection ended: %s", error)

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _serve(self) -> None:
        try:
            body = self._read_body()
            self._fail_before(body)
            status, payload, headers = self._answer(body)
            self._fail_after()
        except ConnectionDropped:
            self.close_connection = True
            return
        except Refusal as refusal:
            status, payload, headers = self._refuse(refusal)
        self._send(status, payload, headers)

    def _read_body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if length <= self.options.max_body_bytes:
            return self.rfile.read(length)
        while length > 0 and (chunk := self.rfile.read(min(length, 65536))):
            length -= len(chunk)
        raise malformed()

    def _answer(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        parts = urlsplit(self.path)
        if parts.path != "/uccx/isDBMaster":
            self._require_login()
        scheme = "http" if self.options.http else "https"
        request = Request(
            method=self.command,
            path=parts.path,
            base=f"{scheme}://{self.headers.get('Host', 'uccx')}",
            query=dict(parse_qsl(parts.query)),
            body=body,
            content_type=self.headers.get("Content-Type", "application/xml"),
        )
        return self._render(self.api.handle(request))

    def _render(self, reply: Reply) -> tuple[int, bytes, dict[str, str]]:
        if reply.root:
            payload = write_body(reply.root, reply.document, self._wants_json)
            return reply.status, payload, {"Content-Type": self._content_type, **reply.headers}
        return reply.status, reply.text.encode(), {"Content-Type": "text/plain", **reply.headers}

    @property
    def _wants_json(self) -> bool:
        return "json" in self.headers.get("Accept", "")

    @property
    def _content_type(self) -> str:
        return "application/json" if self._wants_json else "application/xml"

    def _require_login(self) -> None:
        expected = base64.b64encode(
            f"{self.options.user}:{self.options.password}".encode()
        ).decode()
        if not hmac.compare_digest(self.headers.get("Authorization", ""), f"Basic {expected}"):
            raise Refusal(401, "User is not authenticated", "Unauthorized", "401")

    def _refuse(self, refusal: Refusal) -> tuple[int, bytes, dict[str, str]]:
        headers = {"Content-Type": self._content_type}
        if refusal.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="Cisco Unified CCX"'
        return (
            refusal.status,
            error_body(refusal, self._wants_json, self.options.error_form),
            headers,
        )

    def _send(self, status: int, payload: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(payload)

    # faults

    def _fail_before(self, body: bytes) -> None:
        fault = self.faults.take(self.command, self.path, _BEFORE)
        if fault and fault.name == "hang" and fault.when == "after":
            self._answer(body)
            time.sleep(fault.seconds)
            raise ConnectionDropped
        if fault:
            getattr(self, f"_fault_{fault.name}")(fault)

    def _fail_after(self) -> None:
        fault = self.faults.take(self.command, self.path, _AFTER)
        if fault and fault.name == "die_after_accept":
            os._exit(70)
        if fault:
            raise ConnectionDropped

    def _fault_refuse(self, _fault: Fault) -> None:
        raise ConnectionDropped

    _fault_drop_request = _fault_refuse

    def _fault_unauthorized(self, _fault: Fault) -> None:
        raise Refusal(401, "User is not authenticated", "Unauthorized", "401")

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
