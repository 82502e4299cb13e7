"""Reopen and reschedule many contacts as bulk actions, while contacts are fed, against the bare
UPDATE of the same rows in slices of the same size.

`make bench NAME=bulk ARGS="500000"`: contacts a second of each action, from the click on; the `limit`
is an UPDATE for each slice that writes the same columns of as many others, without a question asked
and with nothing kept to undo it. Meanwhile 100 contacts of another campaign are sent, and their results
applied, each half second.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from scripts.console import say

from . import common

CONTACTS = 500_000
FED = 50_000
BATCH = 100
PAUSE_SECONDS = 0.5

FILL = """
INSERT INTO ecm_contact (campaign_id, company_id, channel, state, close_reason, closed_at, phone_1,
                         phone_2, priority, is_ready, is_retry, next_position, number_to_call,
                         attempt_count, uncounted_count, added_at)
SELECT %(campaign)s, %(company)s, 'voice', %(state)s,
       CASE WHEN %(state)s <> 'pending' THEN 'retries' END,
       CASE WHEN %(state)s <> 'pending' THEN now() AT TIME ZONE 'UTC' END,
       '+49151' || (20000000 + n), '+49160' || (20000000 + n), 0, %(state)s = 'pending', FALSE, 1,
       '+49151' || (20000000 + n), 0, 0, now() AT TIME ZONE 'UTC'
  FROM generate_series(%(first)s, %(last)s) AS n
"""
# The same columns as the actions write, of the same rows.
BARE = {
    "reopen": """
        UPDATE ecm_contact
           SET bulk_id = 0, state = 'pending', added_at = now(), is_ready = TRUE,
               next_attempt_at = now(), resume_at = NULL, block_reason = NULL, block_detail = NULL,
               closed_at = NULL, close_reason = NULL, withdraw_reason = NULL,
               current_attempt_id = NULL, next_position = 1, cycle = 1, is_retry = FALSE,
               channel = 'voice', number_to_call = phone_1, attempt_count = 0, uncounted_count = 0,
               callback = NULL
         WHERE id = ANY(%s) AND state = 'retries_completed'
    """,
    "reschedule": """
        UPDATE ecm_contact
           SET bulk_id = 0, is_ready = FALSE, next_attempt_at = now() + interval '1 day',
               resume_at = NULL, block_reason = NULL, block_detail = NULL
         WHERE id = ANY(%s) AND state = 'pending'
    """,
}


def fill(env: Any, campaign: Any, first: int, count: int, state: str) -> None:
    """Store contacts, and let PostgreSQL look at them as autovacuum does."""
    say(f"Storing {count:,} contacts in {campaign.name}")
    parameters = {
        "campaign": campaign.id,
        "company": env.company.id,
        "state": state,
        "first": first,
        "last": first + count - 1,
    }
    with common.filling(env, "ecm_contact"):
        env.cr.execute(FILL, parameters)
    env.cr.commit()
    common.vacuum(env, "ecm_contact")


def measure_bare(env: Any, campaign: Any, action: str) -> float:
    """Seconds of the statements by themselves."""
    from odoo.addons.ecm_campaign.models.contact.ecm_bulk_action import SLICE

    env.cr.execute("SELECT id FROM ecm_contact WHERE campaign_id = %s ORDER BY id", [campaign.id])
    ids = [contact_id for (contact_id,) in env.cr.fetchall()]

    def write() -> None:
        for start in range(0, len(ids), SLICE):
            env.cr.execute(BARE[action], [ids[start : start + SLICE]])
            env.cr.commit()

    # What earlier rows left behind is not measured, for the action neither.
    env.cr.commit()
    common.vacuum(env, "ecm_contact")
    return common.seconds(write)


def measure_action(env: Any, campaign: Any, action: str, **choices: Any) -> float:
    """Seconds of the bulk action, from the click to its end."""
    jobs = env["ecm.bulk.action"]
    state = "retries_completed" if action == "reopen" else "pending"
    domain = [("campaign_id", "=", campaign.id), ("state", "=", state)]
    values = {"action": action, "company_id": env.company.id, "source": "Bench", **choices}

    def run() -> None:
        jobs._ask_for(values, domain)
        env.cr.commit()
        jobs._cron_run()

    env.cr.commit()
    common.vacuum(env, "ecm_contact")
    taken = common.seconds(run)
    job = jobs.search([], limit=1)
    if job.state != "done" or job.changed_count != job.total_count:
        raise SystemExit(f"{action}: {job.state}, {job.changed_count} of {job.total_count}")
    return taken


@contextmanager
def feeding(database: str, campaign_id: int) -> Iterator[Callable[[], int]]:
    """A process that feeds meanwhile.

    :return: what tells how many contacts it has sent
    """
    command = [sys.executable, "-m", "benchmarks.bench_bulk", "--feed", database, str(campaign_id)]
    feeder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert feeder.stdin
    assert feeder.stdout
    sent: list[int] = []
    # It says that it is there, and then a line for each tick.
    feeder.stdout.readline()
    reader = threading.Thread(target=lambda: sent.extend(map(int, feeder.stdout or ())))
    reader.start()
    try:
        yield lambda: sum(sent)
    finally:
        feeder.stdin.close()
        reader.join()
        feeder.wait()
    if feeder.returncode:
        raise SystemExit("The feed failed")


def make_room(env: Any) -> None:
    """The dialer has reached everybody that it got."""
    from odoo.addons.ecm_campaign.tools.results import Result

    env.cr.execute("SELECT key FROM ecm_attempt WHERE state = 'sent'")
    results = [Result(key, "voice", "1") for (key,) in env.cr.fetchall()]
    env["ecm.engine"]._apply_results(results)
    env.cr.commit()


def feed(database: str, campaign_id: int) -> None:
    """What the other process does, until its input ends."""
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    for env in common._environment(database):
        common.accept_everything(env)
        target = env["ecm.campaign"].browse(campaign_id).dialer_campaign_id
        print("ready", flush=True)
        while not ended.wait(PAUSE_SECONDS):
            print(env["ecm.engine"]._feed_target(target) or 0, flush=True)
            make_room(env)


def main() -> None:
    if sys.argv[1:2] == ["--feed"]:
        feed(sys.argv[2], int(sys.argv[3]))
        # The waiting thread holds its input: nothing is left to do.
        os._exit(0)
    count = int(sys.argv[1]) if sys.argv[1:] else CONTACTS
    figures: dict[str, Any] = {"contacts": count}
    with common.odoo_environment("bulk") as env:
        (target,) = common.create_targets(env, 1, BATCH)
        running = common.create_campaign(env, "Fed", target, is_running=True)
        bare, changed = (common.create_campaign(env, name) for name in ("Bare", "Changed"))
        fill(env, running, 0, FED, "pending")
        for campaign in (bare, changed):
            fill(env, campaign, FED, count, "retries_completed")
        measure_all(env, bare, changed, running, figures)
    common.report(**figures)


def measure_all(env: Any, bare: Any, changed: Any, running: Any, figures: dict[str, Any]) -> None:
    """Each action by itself, and its limit right before."""
    from odoo import fields

    tomorrow = fields.Datetime.add(fields.Datetime.now(), days=1)
    choices = {"reopen": {}, "reschedule": {"start_at": tomorrow}}
    count = figures["contacts"]
    for action, values in choices.items():
        with feeding(env.cr.dbname, running.id) as get_sent:
            limit = measure_bare(env, bare, action)
            sent_before = get_sent()
            taken = measure_action(env, changed, action, **values)
            sent = get_sent() - sent_before
        say(f"{action}: {taken:.1f} s, bare {limit:.1f} s, {sent} sent meanwhile")
        figures[f"{action}_contacts_per_s"] = round(count / taken)
        figures[f"{action}_limit_per_s"] = round(count / limit)
        figures[f"{action}_of_limit"] = limit / taken
        figures[f"{action}_fed"] = sent
    figures["of_limit"] = min(figures["reopen_of_limit"], figures["reschedule_of_limit"])


if __name__ == "__main__":
    main()
