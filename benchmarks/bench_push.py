"""Contacts to the dialer, from their claim to *accepted*, by the dialer's scheduled action: to UCCX, to
CCE's database and to CCE's REST interface.

`make bench NAME=push ARGS="20000 500 3"`: contacts for each mode, rows a request carries, and rounds,
each with a dialer of its own; a mode's figures are those of its middle round. The dialers are
simulators that call nobody, at their own pace: an import takes UCCX 0.2 s, and CCE takes one from its
queue of 30 every 0.2 s. `…_per_s` is what the scheduled action sends, run through ir.cron until all
stand in the dialer's list; `…_limit_per_s` is the same client in a bare loop, with the same payload
and nothing stored, half of it before and half after. `of_limit` is the lowest of the modes.
"""

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from scripts import cluster, databases, demo_dialers, odbc
from scripts.console import say
from simulators.cce.testing import CceSimulator
from simulators.uccx.testing import Simulator

from . import common

MOST_SECONDS = 900
# What the simulators do where nobody says otherwise; in tests they are faster.
PACE = 0.2
# Ready to be sent, with what a request carries of each.
FILL = """
INSERT INTO ecm_contact (campaign_id, company_id, channel, state, phone_1, priority, first_name,
                         last_name, is_ready, is_retry, next_position, number_to_call,
                         attempt_count, uncounted_count, added_at, cycle)
SELECT %(campaign)s, %(company)s, 'voice', 'pending', '+49151' || (20000000 + n), 0, 'Anna',
       'Contact ' || n, TRUE, FALSE, 1, '+49151' || (20000000 + n),
       0, 0, now() AT TIME ZONE 'UTC', 1
  FROM generate_series(1, %(count)s) AS n
"""
SENT = "SELECT count(*) FROM ecm_attempt WHERE state = 'sent' AND dialer_campaign_id = %s"


class Mode(NamedTuple):
    """A way to a dialer.

    :ivar options: of its simulator
    :ivar key: of the campaign that is sent to
    :ivar values: of the dialer record
    """

    name: str
    simulator: Any
    options: dict[str, float]
    key: str
    values: Callable[[Any], dict[str, Any]]


class Round(NamedTuple):
    """Contacts a second: by the scheduled action, and by the bare loop."""

    per_second: float
    limit: float

    @property
    def of_limit(self) -> float:
        return self.per_second / self.limit


def _account(simulator: Any) -> demo_dialers.Account:
    return demo_dialers.Account(simulator.host, simulator.port, simulator.user, simulator.password)


def _uccx_values(uccx: Any) -> dict[str, Any]:
    certificate = Path(uccx.ca_file).read_text()
    return demo_dialers.uccx_values(_account(uccx), certificate, uccx.odbc_connection_string())


def _cce_values(cce: Any) -> dict[str, Any]:
    return demo_dialers.cce_values(_account(cce))


def _rest_values(cce: Any) -> dict[str, Any]:
    user = "administrator@example.com"
    api = demo_dialers.Account(cce.host, cce.rest_port, user, cce.password)
    return demo_dialers.rest_values(_account(cce), api, Path(cce.ca_file).read_text())


MODES = (
    Mode("uccx", Simulator, {"import_seconds": PACE}, "1", _uccx_values),
    Mode("cce_database", CceSimulator, {}, "5000", _cce_values),
    Mode("cce_rest", CceSimulator, {}, "5003", _rest_values),
)


@contextmanager
def running(mode: Mode) -> Iterator[Any]:
    """The mode's simulator, calling nobody."""
    database = f"ecm_bench_push_{mode.name}_{os.getpid()}"
    databases.create(database)
    try:
        dsn = cluster.load().uri(database)
        simulator = mode.simulator(dsn, tick_seconds=PACE, **mode.options).start()
        try:
            simulator.pause()
            yield simulator
        finally:
            simulator.stop()
    finally:
        databases.drop(database)


class Benchmark:
    """A dialer with a campaign whose contacts are ready.

    :param count: contacts
    :param rows: that a request carries
    """

    def __init__(self, env: Any, mode: Mode, simulator: Any, count: int, rows: int) -> None:
        self.env, self.simulator, self.count, self.rows = env, simulator, count, rows
        most = {"rows_per_request": rows, "contacts_at_dialer": 3 * count}
        most |= {"max_contacts_per_campaign": 3 * count}
        self.dialer = env["ecm.dialer"].create({**mode.values(simulator), **most})
        self.dialer.action_fetch_campaigns()
        targets = self.dialer.dialer_campaign_ids
        self.target = targets.filtered(lambda target: target.key == mode.key)
        self.campaign = common.create_campaign(env, f"{mode.name} {self.dialer.id}", self.target)
        env.cr.execute(
            FILL, {"campaign": self.campaign.id, "company": env.company.id, "count": count}
        )
        env.cr.commit()
        common.vacuum(env, "ecm_contact", "ecm_attempt")
        self._sent_bare = 0

    def send_bare(self, count: int) -> None:
        """The same payload by the same client, one request after the other."""
        from odoo.addons.ecm_dialer_cisco.clients.base import PushContact

        client = self.dialer._get_client()
        while count:
            contacts = []
            for _row in range(min(count, self.rows)):
                self._sent_bare += 1
                number = f"+49152{20_000_000 + self._sent_bare}"
                names = "Anna", f"Contact {self._sent_bare}"
                contacts.append(PushContact(f"bare0000-{self._sent_bare:x}", number, *names))
            self._push(client, contacts)
            count -= len(contacts)
        self._wait_for_queue()

    def _push(self, client: Any, contacts: list[Any]) -> None:
        """One request, again while the dialer's queue is full."""
        from odoo.addons.ecm_dialer_cisco.clients.exceptions import Busy

        while True:
            try:
                receipt = client.push(self.target.key, self.target.name, contacts)
            except Busy:
                time.sleep(PACE)
                continue
            if len(receipt.accepted) != len(contacts):
                raise SystemExit(f"{len(receipt.accepted)} of {len(contacts)} were accepted")
            return

    def _wait_for_queue(self) -> None:
        """Until what CCE has queued stands in its list."""
        while self.simulator.state().get("imports_waiting"):
            time.sleep(PACE / 4)

    def send_all(self) -> None:
        """The scheduled action, until nothing is left."""
        deadline = time.monotonic() + MOST_SECONDS
        while time.monotonic() < deadline:
            common.run_scheduled_action(self.env, self.dialer.sudo().cron_id)
            self.env.cr.execute(SENT, [self.target.id])
            [sent] = self.env.cr.fetchone()
            if sent == self.count:
                return self._wait_for_queue()
            # A full queue is left alone for seconds.
            time.sleep(PACE)
        self.env.invalidate_all()
        raise SystemExit(f"{sent} contacts were sent; {self.target.last_error}")

    def measure(self) -> Round:
        # A server's worker has run the action a minute ago, and found nothing to send then. What
        # loading the suite has left is swept once in its life, not in every batch.
        common.run_scheduled_action(self.env, self.dialer.sudo().cron_id)
        gc.collect()
        half = self.count // 2
        bare = common.seconds(lambda: self.send_bare(half))
        self.campaign.is_running = True
        elapsed = common.seconds(self.send_all)
        self.campaign.is_running = False
        self.env.cr.commit()
        bare += common.seconds(lambda: self.send_bare(half))
        return Round(self.count / elapsed, 2 * half / bare)


def measure_round(env: Any, mode: Mode, count: int, rows: int) -> Round:
    """One round, with a simulator and a dialer of its own."""
    with running(mode) as simulator:
        benchmark = Benchmark(env, mode, simulator, count, rows)
        measured = benchmark.measure()
        benchmark.dialer.is_enabled = False
        env.cr.commit()
    say(f"{mode.name}: {measured.of_limit:.3f} of {measured.limit:,.0f}/s")
    return measured


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    defaults = (20_000, 500, 3)
    count, rows, rounds = *given, *defaults[len(given) :]
    odbc.use()
    figures: dict[str, Any] = {}
    ratios = []
    with common.odoo_environment("push") as env:
        # One round may differ from the next by a sixth: machines do not run evenly.
        for mode in MODES:
            measured = [measure_round(env, mode, count, rows) for _round in range(rounds)]
            middle = sorted(measured, key=attrgetter("of_limit"))[rounds // 2]
            figures[f"{mode.name}_per_s"] = round(middle.per_second)
            figures[f"{mode.name}_limit_per_s"] = round(middle.limit)
            figures[f"{mode.name}_of_limit"] = middle.of_limit
            ratios.append(middle.of_limit)
    common.report(
        contacts=count,
        rows_per_request=rows,
        rounds=rounds,
        **figures,
        of_limit=min(ratios),
        load_average=os.getloadavg()[0],
    )


if __name__ == "__main__":
    main()
