"""How long the dialer's script waits (requirement B4): the look-up of a call by its account number
over REST, among many stored callbacks, by two Odoo workers.

`make bench NAME=ivr ARGS="1000000"`: each stored callback has its contact and its attempt; one in a
thousand is at the dialer. Steady: 50 look-ups a second for so many seconds, of which some ask for
numbers that are not known. Then as many as two clients that wait for each other's answers get.
`cpu_ms` is what the workers' processors need for one.
"""

import contextlib
import http.client
import os
import random
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

from scripts.console import say
from scripts.odoo_server import OdooServer

from . import common

STEADY_RATE = 50
STEADY_SECONDS = 30
FASTEST_SECONDS = 10
CLIENTS = 8

CONTACTS = """
INSERT INTO ecm_contact (campaign_id, company_id, channel, state, phone_1, last_name, priority,
                         is_ready, is_retry, next_position, number_to_call, attempt_count,
                         uncounted_count, callback, callback_agent, business_parameters)
SELECT %(campaign)s, %(company)s, 'voice',
       CASE WHEN n %% 1000 = 0 THEN 'sent_to_dialer' ELSE 'connected' END,
       '+49151' || (20000000 + n), 'Customer ' || n, 0, FALSE, FALSE, 1,
       '+49151' || (20000000 + n), 1, 0, 'personal', 'agent' || n %% 500,
       '{"business_parameter_1": "Gold", "business_parameter_2": "2026"}'::jsonb
  FROM generate_series(1, %(count)s) AS n
"""
ATTEMPTS = """
INSERT INTO ecm_attempt (key, contact_id, campaign_id, company_id, state, channel, position, number,
                         claimed_at)
SELECT 'bench-' || id, id, campaign_id, company_id,
       CASE WHEN state = 'connected' THEN 'done' ELSE 'sent' END, 'voice', 1, phone_1,
       now() AT TIME ZONE 'UTC' - interval '1 hour'
  FROM ecm_contact WHERE campaign_id = %(campaign)s
"""
CALLBACKS = """
INSERT INTO ecm_callback (company_id, state, number, due_at, promised_at, asked_at, source, kind,
                          agent, skill_id, campaign_id, contact_id)
SELECT company_id, CASE WHEN state = 'connected' THEN 'finished' ELSE 'dialing' END, phone_1,
       now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', 'api',
       'personal', callback_agent, %(skill)s, campaign_id, id
  FROM ecm_contact WHERE campaign_id = %(campaign)s
"""


def fill(env: Any, count: int) -> list[str]:
    """Store callbacks that were made, and some that are at the dialer.

    :return: account numbers of calls, half of which go on
    """
    say(f"Storing {count:,} callbacks")
    campaign = common.create_campaign(env, "Callbacks")
    skill = env["ecm.callback.skill"].create({"name": "Sales", "campaign_id": campaign.id})
    prompts = [{"campaign_id": campaign.id, "key": f"p{n}", "prompt": f"{n}.wav"} for n in range(5)]
    env["ecm.campaign.prompt"].create(prompts)
    env.flush_all()
    values = {
        "campaign": campaign.id,
        "company": env.company.id,
        "count": count,
        "skill": skill.id,
    }
    with common.filling(env, "ecm_contact", "ecm_attempt", "ecm_callback"):
        for statement in (CONTACTS, ATTEMPTS, CALLBACKS):
            env.cr.execute(statement, values)
    env.cr.execute(
        """UPDATE ecm_contact c SET current_attempt_id = a.id FROM ecm_attempt a
            WHERE a.contact_id = c.id AND a.state = 'sent'"""
    )
    env.cr.commit()
    common.vacuum(env, "ecm_contact", "ecm_attempt", "ecm_callback")
    env.cr.execute("SELECT key FROM ecm_attempt WHERE state = 'sent' LIMIT 2000")
    keys = [key for (key,) in env.cr.fetchall()]
    env.cr.execute("SELECT key FROM ecm_attempt WHERE state = 'done' LIMIT 2000")
    return keys + [key for (key,) in env.cr.fetchall()]


def make_key(env: Any) -> str:
    """:return: the secret of a key that scripts use"""
    scope = env["ecm.api.scope"].search([("code", "=", "ivr:read")])
    _key, secret = env["ecm.api.key"]._make(
        {
            "name": "Script",
            "user_id": env.ref("base.user_admin").id,
            "company_id": env.company.id,
            "scope_ids": [(6, 0, scope.ids)],
            "rate_limit": 100_000,
        },
        False,
    )
    env.cr.commit()
    return str(secret)


class Script:
    """One of the dialer's scripts: it keeps its connection, as an application server does."""

    def __init__(self, port: int, secret: str, database: str) -> None:
        # As docs/api.md says: else Odoo asks PostgreSQL for its databases at each call.
        self._headers = {"Authorization": f"Bearer {secret}", "X-Odoo-Database": database}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def look_up(self, key: str) -> float:
        """:return: seconds until the answer was there"""
        start = time.perf_counter()
        self._connection.request("GET", f"/ecm/api/v1/ivr/calls/{key}", headers=self._headers)
        response = self._connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"Answered {response.status}")
        return time.perf_counter() - start


def ask_steadily(scripts: list[Script], keys: list[str], seconds: float) -> list[float]:
    """So many look-ups a second, whatever the answers take.

    :return: how long each took from when it was due
    """
    begin, times, lock = time.perf_counter() + 0.2, [], threading.Lock()
    total = int(seconds * STEADY_RATE)

    def work(place: int) -> None:
        chooser = random.Random(place)
        for number in range(place, total, len(scripts)):
            due = begin + number / STEADY_RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            key = "unknown" if number % 20 == 0 else chooser.choice(keys)
            scripts[place].look_up(key)
            with lock:
                times.append(time.perf_counter() - due)

    _run_all(work, len(scripts))
    return times


def ask_as_fast_as_it_goes(scripts: list[Script], keys: list[str], seconds: float) -> float:
    """:return: look-ups a second"""
    counts = [0] * len(scripts)
    end = time.perf_counter() + seconds

    def work(place: int) -> None:
        chooser = random.Random(place)
        while time.perf_counter() < end:
            scripts[place].look_up(chooser.choice(keys))
            counts[place] += 1

    _run_all(work, len(scripts))
    return sum(counts) / seconds


def read_cpu_seconds(server: OdooServer) -> float:
    """What the server's processes have used of processors until now."""
    assert server.process
    group, ticks = os.getpgid(server.process.pid), 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # After the name, which may hold anything: state, parent, group, …, utime, stime.
            values = file.read_text().rpartition(")")[2].split()
            if int(values[2]) == group:
                ticks += int(values[11]) + int(values[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _run_all(work: Any, count: int) -> None:
    threads = [threading.Thread(target=work, args=[place]) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    count = int(next(iter(sys.argv[1:]), 1_000_000))
    with common.odoo_environment("ivr") as env:
        keys, secret = fill(env, count), make_key(env)
        server = OdooServer(env.cr.dbname, workers=2, cron_threads=0).start()
        try:
            name = env.cr.dbname
            scripts = [Script(server.port, secret, name) for _client in range(CLIENTS)]
            ask_steadily(scripts, keys, 3)
            before = read_cpu_seconds(server)
            times = ask_steadily(scripts, keys, STEADY_SECONDS)
            cpu_ms = (read_cpu_seconds(server) - before) / len(times) * 1000
            fastest = ask_as_fast_as_it_goes(scripts[:2], keys, FASTEST_SECONDS)
        finally:
            server.stop()
    parts = statistics.quantiles(times, n=100)
    common.report(
        callbacks=count,
        lookups=len(times),
        p50_ms=parts[49] * 1000,
        p95_ms=parts[94] * 1000,
        p99_ms=parts[98] * 1000,
        requests_per_s=fastest,
        cpu_ms=cpu_ms,
    )


if __name__ == "__main__":
    main()
