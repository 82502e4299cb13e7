"""Many calls of the REST API, each with another path, while Odoo's caches are cleared: nothing may grow
(OCA/rest-framework issues 484 and 514).

`make bench NAME=soak ARGS="100000 500"`: calls, and after how many of them the caches are cleared. It
prints by how many threads, open files and megabytes the server has grown since the first 600 calls,
every tenth of the way, and `calls_per_s` of three clients against one process.
"""

import sys
import time

from scripts import databases, templates
from scripts.console import say
from scripts.odoo_server import OdooServer
from scripts.rest_client import make_key
from tests.e2e.soak import Size, Soak

from . import common

NAME = "ecm_bench_soak"
ENDLESS_LIMIT = 100_000


def main() -> None:
    """Command line: number of calls, calls between two cleared caches."""
    words = [int(word) for word in sys.argv[1:]]
    calls = words[0] if words else 100_000
    clear_every = words[1] if len(words) > 1 else 500
    templates.new_database(NAME, demo=True)
    server = OdooServer(NAME, cron_threads=0)
    try:
        server.start()
        client = server.client()
        soak = Soak(server, make_key(client, "Soak", ENDLESS_LIMIT), client)
        begun = time.monotonic()
        grown = soak.run(calls, clear_every, _tell)
        elapsed = time.monotonic() - begun
    finally:
        server.kill()
        databases.drop(NAME)
    common.report(
        calls=calls,
        caches_cleared=soak.cleared,
        grown_threads=grown.threads,
        grown_files=grown.files,
        grown_megabytes=grown.megabytes,
        calls_per_s=round(calls / elapsed),
    )


def _tell(calls: int, grown: Size) -> None:
    say(f"   {calls:>8,} calls: {grown}")


if __name__ == "__main__":
    main()
