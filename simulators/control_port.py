"""The control ports of the simulators: JSON over plain HTTP on loopback."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qsl, urlsplit

_logger = logging.getLogger(__name__)


class Control(Protocol):
    """What a simulator's control port can do.

    :ivar operations: by method and path; each takes the values of the query and the body
    """

    operations: dict[tuple[str, str], Callable[[dict[str, Any]], Any]]


def serve(control: Control, port: int) -> ThreadingHTTPServer:
    """Open the control port; the caller runs the server."""
    handler = type("Handler", (_Handler,), {"control": control})
    # Loopback only: it has no password.
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    control: ClassVar[Control]

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        # Always to its end: the connection is used for the next request.
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        operations = self.control.operations
        operation = operations.get((self.command, parts.path))
        if operation is None:
            known = sorted(map(" ".join, operations))
            return self._send(404, {"error": "unknown operation", "known": known})

        try:
            values: dict[str, Any] = dict(parse_qsl(parts.query))
            if body:
                values.update(json.loads(body))
            return self._send(200, operation(values))
        except (ValueError, KeyError, TypeError) as error:
            return self._send(400, {"error": str(error)})

    do_POST = do_DELETE = do_GET  # noqa: N815

    def _send(self, status: int, answer: Any) -> None:
        payload = json.dumps(answer, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        _logger.debug(format, *args)
