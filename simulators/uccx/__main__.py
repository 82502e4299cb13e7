"""Start the simulator: ``python -m simulators.uccx --help``."""

from __future__ import annotations

import json
import logging
import signal
import threading
from pathlib import Path

from .. import control_port
from . import certificate, control, faults, scenario
from .api import Api
from .campaigns import CampaignStore, default_campaigns
from .contacts import ContactStore
from .database import Database
from .engine import Engine
from .options import Options, parse_options
from .server import Listener

_POLL_SECONDS = 0.05
"""How often a server looks whether it shall stop."""


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; the first line of output tells where, as JSON."""
    options = parse_options(None, scenario.table())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run(options)


def run(options: Options) -> None:
    """Put the parts together and wait for the end."""
    database = Database(options.dsn)
    database.create_tables()
    switches = faults.Faults(map(faults.parse, options.fault))
    campaigns = CampaignStore(options)
    contacts = ContactStore(options, switches)
    behaviour = scenario.load(options.scenario)
    engine = Engine(options, database, campaigns, contacts, behaviour, switches)

    # Also what a reset begins with.
    def seed() -> None:
        seed_campaigns(database, campaigns, options.tries)

    seed()
    api = Api(options, database, campaigns, contacts)
    operations = control.Control(options, database, engine, switches, seed)
    pem = None if options.http else certificate.ensure(options.certificate)
    serve(options, engine, api, operations, switches, pem)


def serve(
    options: Options,
    engine: Engine,
    api: Api,
    operations: control.Control,
    switches: faults.Faults,
    pem: Path | None,
) -> None:
    """Open both ports, tell where they are, and close them at a signal."""
    tls = certificate.server_context(pem) if pem else None
    listener = Listener(options, api, switches, tls)
    control_server = control_port.serve(operations, options.control_port)

    # The dialer first: its restart of what an earlier process left must not meet new contacts.
    engine.start()
    listener.start()
    arguments = (_POLL_SECONDS,)
    threading.Thread(
        target=control_server.serve_forever, args=arguments, name="control", daemon=True
    ).start()

    # Whoever started it waits for this line.
    ca_file = str(pem.with_suffix(".crt")) if pem else ""
    _announce(options, listener.port, control_server.server_address[1], ca_file)
    _wait_for_signal()
    listener.stop()
    engine.stop()


def seed_campaigns(database: Database, campaigns: CampaignStore, tries: int) -> None:
    """Create the default campaigns in an empty database."""
    with database.transaction() as cursor:
        if not campaigns.all(cursor):
            for document in default_campaigns(tries):
                campaigns.create(cursor, document)


def _announce(options: Options, port: int, control_port: int, ca_file: str) -> None:
    scheme = "http" if options.http else "https"
    ready = {
        "url": f"{scheme}://{options.host}:{port}",
        "control_url": f"http://127.0.0.1:{control_port}",
        "ca_file": ca_file,
        "user": options.user,
    }
    print(json.dumps(ready), flush=True)


def _wait_for_signal() -> None:
    stop = threading.Event()

    def end(_number: int, _frame: object) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    stop.wait()


if __name__ == "__main__":
    main()
