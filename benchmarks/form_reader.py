"""Reads one form again and again, as somebody at work does, from a process of its own; prints how
long that took.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.odoo_server import OdooServer
from scripts.web_client import WebClient

PAUSE_S = 0.05


@contextmanager
def reading(database: str, model: str, record_id: int) -> Iterator[dict[str, float]]:
    """Read a form through a server on the database for as long as the block runs.

    :return: filled at its end with ``form_read_p50_ms``, ``form_read_p95_ms`` and ``form_reads``
    """
    # No scheduled actions there: the import runs in the caller's process.
    server = OdooServer(database, cron_threads=0)
    figures: dict[str, float] = {}
    try:
        server.start()
        command = [
            sys.executable,
            "-m",
            "benchmarks.form_reader",
            server.url,
            database,
            model,
            str(record_id),
        ]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
            assert reader.stdout is not None
            reader.stdout.readline()
            yield figures
            answer, _errors = reader.communicate()
        figures.update(json.loads(answer))
    finally:
        server.stop()


def main() -> None:
    """Say when the form was read once; end when standard input does."""
    url, database, model, text = sys.argv[1:]
    record_id = int(text)
    client = WebClient(url)
    client.login(database)
    read_form(client, model, record_id)
    print("ready", flush=True)

    # The other side closes our standard input when its work is done.
    ended = threading.Event()
    waiting = threading.Thread(target=_wait_for_end, args=(ended,), daemon=True)
    waiting.start()
    latencies = []
    while not ended.wait(PAUSE_S):
        start = time.perf_counter()
        read_form(client, model, record_id)
        seconds = time.perf_counter() - start
        latencies.append(1000 * seconds)
    figures = _summarise(latencies)
    print(json.dumps(figures))


def _summarise(latencies: list[float]) -> dict[str, float]:
    cuts = [0.0] * 19
    # Quantiles of one value do not exist.
    if len(latencies) > 1:
        cuts = statistics.quantiles(latencies, n=20)
    return {
        "form_read_p50_ms": cuts[9],
        "form_read_p95_ms": cuts[18],
        "form_reads": len(latencies),
    }


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def read_form(client: WebClient, model: str, record_id: int) -> None:
    """A simple form: some fields and a linked record's name."""
    specification: dict[str, dict[str, Any]] = {
        "display_name": {},
        "company_id": {"fields": {"display_name": {}}},
        "tz": {},
        "is_running": {},
    }
    client.call(model, "web_read", [record_id], specification=specification)


if __name__ == "__main__":
    main()
