"""Ten dialers on two Odoo servers, of which one hangs: it must delay no other.

`make bench NAME=side_by_side ARGS="10 240"`: how many dialers, each a simulator of its own, and how
many seconds are watched, first while all answer, then while one takes 60 s for every request. The
servers run their scheduled actions in two threads each. `delay_s` is by how much the longest time
between two feeds of another dialer has grown. Nothing else may run on this checkout's PostgreSQL:
what wakes the workers of one database wakes those of all.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts import cluster, databases, demo, demo_dialers, templates
from scripts.console import say
from scripts.odoo_server import OdooServer
from scripts.web_client import WebClient
from simulators.uccx.testing import Simulator

from . import common

SERVERS, THREADS = 2, 2
HANG_SECONDS = 60
# Odoo waits for the answer: the worst that a dialer can do.
READ_TIMEOUT = HANG_SECONDS + 30
CONTACTS, AT_DIALER = 200, 20
# Room for all to be fed once, also on a busy machine; then the turns begin together.
WARM_UP_SECONDS = 300
SETTLE_SECONDS = 90
SAMPLE_SECONDS = 0.5

FEEDS = """
SELECT target.dialer_id, target.last_feed_at
  FROM ecm_dialer_campaign target
  JOIN ecm_campaign campaign ON campaign.dialer_campaign_id = target.id
"""


@contextmanager
def fresh_database(name: str, has_odoo: bool = False) -> Iterator[str]:
    """A database that is dropped afterwards."""
    database = f"ecm_bench_{name}_{os.getpid()}"
    if has_odoo:
        templates.new_database(database, demo=False)
    else:
        databases.create(database)
    try:
        yield database
    finally:
        databases.drop(database)


@contextmanager
def simulator(number: int) -> Iterator[Simulator]:
    """A UCCX that calls a few people at a time."""
    with fresh_database(f"uccx{number}") as database:
        dsn = cluster.load().uri(database)
        process = Simulator(dsn, clock_factor=60, tick_seconds=0.5, import_seconds=0.2, lines=2)
        process.start()
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def server(database: str) -> Iterator[OdooServer]:
    """A server with its scheduled actions."""
    # As odoo.conf.example has it: by default Odoo restarts when one run takes two minutes.
    options = ("--limit-time-real-cron=1800",)
    process = OdooServer(database, cron_threads=THREADS, options=options)
    try:
        yield process.start()
    finally:
        process.kill()


def create_dialer(client: WebClient, uccx: Simulator, strategy_id: int, number: int) -> int:
    """A dialer with a running campaign and its contacts."""
    account = demo_dialers.Account(uccx.host, uccx.port, uccx.user, uccx.password)
    certificate = Path(uccx.ca_file).read_text()
    reached = demo_dialers.uccx_values(account, certificate, uccx.odbc_connection_string())
    dialer_id = demo.create_dialer(client, reached)
    values = {
        "name": f"UCCX {number}",
        "read_timeout": READ_TIMEOUT,
        "contacts_at_dialer": AT_DIALER,
    }
    client.call("ecm.dialer", "write", [dialer_id], values)

    campaign_id = demo.create_campaign(client, dialer_id, strategy_id)
    client.call("ecm.campaign", "write", [campaign_id], {"name": f"Campaign {number}"})
    contacts = []
    for place in range(CONTACTS):
        phone = f"+4930231{number:02d}{place:04d}"
        contacts.append({"campaign_id": campaign_id, "phone_1": phone})
    client.call("ecm.contact", "create", contacts)
    client.call("ecm.campaign", "action_start", [campaign_id])
    return dialer_id


class Watch:
    """When dialers are fed, as their targets note it, in seconds of the database's clock."""

    def __init__(self, database: str, dialer_ids: list[int]) -> None:
        self.database, self.dialer_ids = database, dialer_ids

    def read(self) -> dict[int, float]:
        """The last feed of each dialer that was fed."""
        with databases.connect(self.database) as cursor:
            cursor.execute(FEEDS)
            found = dict(cursor.fetchall())
        last = {}
        for dialer_id in self.dialer_ids:
            if moment := found.get(dialer_id):
                last[dialer_id] = moment.timestamp()
        return last

    def wait_until_all_were_fed(self) -> None:
        """:raise SystemExit: some never were"""
        deadline = time.monotonic() + WARM_UP_SECONDS
        while len(self.read()) < len(self.dialer_ids):
            if time.monotonic() > deadline:
                raise SystemExit(f"Only {len(self.read())} dialers were fed")
            time.sleep(1)

    def longest_gap(self, seconds: float) -> float:
        """The longest time between two feeds of a dialer, within so many seconds from now."""
        start, before = time.monotonic(), self.read()
        seen = dict.fromkeys(self.dialer_ids, start)
        longest = 0.0
        while time.monotonic() < start + seconds:
            time.sleep(SAMPLE_SECONDS)
            now, last = time.monotonic(), self.read()
            for dialer_id, moment in last.items():
                if moment != before[dialer_id]:
                    # Between feeds, as far as both are seen.
                    longest = max(longest, moment - before[dialer_id])
                    seen[dialer_id] = now
            before = last
        # Who was not fed again waits still.
        waiting = time.monotonic() - min(seen.values())
        return max(longest, waiting)


def main() -> None:
    """Watch the same dialers twice."""
    count, window = [int(word) for word in sys.argv[1:3]] or [10, 240]
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database("side_by_side", has_odoo=True))
        simulators = []
        for number in range(count):
            simulators.append(stack.enter_context(simulator(number)))
        # The first server has the buttons pressed; both run scheduled actions from their start.
        servers = [stack.enter_context(server(database)) for _number in range(SERVERS)]
        client = servers[0].client()
        strategy_id = demo.create_strategy(client, retry_minutes=1)
        dialer_ids = []
        for number, uccx in enumerate(simulators):
            dialer_ids.append(create_dialer(client, uccx, strategy_id, number))

        *others, _hanging = dialer_ids
        watch = Watch(database, others)
        watch.wait_until_all_were_fed()
        time.sleep(SETTLE_SECONDS)
        say(f"All answer: watching {window} s")
        calm = watch.longest_gap(window)

        simulators[-1].faults({"name": "hang", "seconds": HANG_SECONDS})
        say(f"One hangs: watching {window} s")
        hanging = watch.longest_gap(window)
    common.report(
        dialers=count,
        servers=SERVERS,
        cron_threads=THREADS,
        window_s=window,
        hang_s=HANG_SECONDS,
        gap_s=[round(calm, 1), round(hanging, 1)],
        delay_s=max(0.0, hanging - calm),
    )


if __name__ == "__main__":
    main()
