"""Start the simulator: ``python -m simulators.cce --help``."""

from __future__ import annotations

import json
import logging
import signal
import socketserver
import threading
from typing import ClassVar

import psycopg2

from .. import control_port
from ..uccx import certificate, scenario
from . import campaigns, control, faults, rest, schema
from .dialer import Dialer
from .options import Options, parse_options
from .session import Session
from .tds import ConnectionEnded

_logger = logging.getLogger(__name__)
_POLL_SECONDS = 0.05


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


class _Connection(socketserver.BaseRequestHandler):
    options: ClassVar[Options]
    faults: ClassVar[faults.Faults]

    def handle(self) -> None:
        """Serve one client; one that goes away is no error here."""
        try:
            Session(self.request, self.options, self.faults).run()
        except (ConnectionEnded, OSError) as error:
            _logger.debug("connection ended: %s", error)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; the first line of output tells where, as JSON."""
    options = parse_options(None, scenario.table())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run(options)


def run(options: Options) -> None:
    """Put the parts together and wait for the end."""
    prepare(options)
    switches = faults.Faults(map(faults.parse, options.fault))
    dialer = Dialer(options, switches)
    operations = control.Control(options, dialer, switches)
    control_server = control_port.serve(operations, options.control_port)
    pem = None if options.http else certificate.ensure(options.certificate)
    tls = certificate.server_context(pem) if pem else None
    rest_server = rest.serve(rest.Rest(options, dialer), options, switches, tls)
    handler = type("Connection", (_Connection,), {"options": options, "faults": switches})
    server = _Server((options.host, options.port), handler)

    dialer.start()
    servers = {"sql": server, "rest": rest_server, "control": control_server}
    for name, each in servers.items():
        arguments = (_POLL_SECONDS,)
        threading.Thread(target=each.serve_forever, args=arguments, name=name, daemon=True).start()
    # Whoever started it waits for this line.
    ready = {
        "url": f"tds://{options.host}:{server.server_address[1]}",
        "rest_url": f"{'https' if tls else 'http'}://{options.host}:{rest_server.server_address[1]}",
        "ca_file": str(pem.with_suffix(".crt")) if pem else "",
        "control_url": f"http://127.0.0.1:{control_server.server_address[1]}",
        "user": options.user,
    }
    print(json.dumps(ready), flush=True)
    _wait_for_signal()
    server.shutdown()
    dialer.stop()


def prepare(options: Options) -> None:
    """Tables and the example campaigns, where there are none."""
    connection = psycopg2.connect(options.dsn)
    try:
        with connection, connection.cursor() as cursor:
            schema.create(cursor, options)
            campaigns.seed(cursor, options)
    finally:
        connection.close()


def _wait_for_signal() -> None:
    stop = threading.Event()

    def end(_number: int, _frame: object) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    stop.wait()


if __name__ == "__main__":
    main()
