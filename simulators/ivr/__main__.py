"""Command line: `ECM_API_KEY=… python -m simulators.ivr --control-url … --server-url …`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading

from .script import Desk, Ivr, Server


def main() -> None:
    """Answer calls until Ctrl-C, then tell how many went which way."""
    parser = argparse.ArgumentParser(prog="python -m simulators.ivr", description=__doc__)
    parser.add_argument("--control-url", required=True, help="control port of simulators.uccx")
    parser.add_argument("--server-url", required=True, help="Odoo's address")
    parser.add_argument("--talk-seconds", type=float, default=1.0, help="how long agents talk")
    options = parser.parse_args()
    # In the environment: command lines are everybody's to see.
    server = Server(options.server_url, os.environ["ECM_API_KEY"])
    ivr = Ivr(server, options.control_url, Desk(options.talk_seconds))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_signal: stop.set())
    ivr.start()
    stop.wait()
    ivr.stop()
    print(json.dumps({"routes": ivr.routes, "failures": ivr.failures}), flush=True)


if __name__ == "__main__":
    main()
