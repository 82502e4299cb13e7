"""Do-not-contact lists at scale: numbers per second into a list, and what the scrub adds to a
claim.

`make bench NAME=dnc ARGS=1000000` (10 million without ARGS). The peer is a bare COPY of the same
rows into the same table with its indexes; the claim is that of the feeder. `ARGS="10000000 change"`
then replaces the list by one that has every second number, and deletes it. Files are worked through
by Odoo's own cron thread, with the limits of a scheduled action.
"""

import io
import os
import sys
import time
from datetime import UTC, datetime
from typing import IO, Any

from scripts.console import say

from . import common, cron_thread

CLAIM = 1000
ROUNDS = 7
FIRST = 100_000_000


def make_file(numbers: range) -> IO[bytes]:
    """Numbers in E.164, one in each row."""
    lines = [f"+4915{number:09d}\n" for number in numbers]
    return io.BytesIO("".join(["number\n", *lines]).encode())


def measure_load(env: Any, dnc_list: Any, numbers: range, mode: str = "append") -> float:
    """Seconds from the upload of a file to its last number."""
    attachment = env["ir.attachment"]._create_from_stream("registry.csv", make_file(numbers))
    start = time.perf_counter()
    values = {"list_id": dnc_list.id, "attachment_id": attachment.id, "mode": mode}
    load = env["ecm.dnc.load"].create(values)
    common.wait_for(env, lambda: load.state in ("queued", "importing"))
    elapsed = time.perf_counter() - start
    found = load.loaded_count + load.duplicate_count
    if load.state != "done" or found != len(numbers):
        raise SystemExit(f"{found} of {len(numbers)} numbers were loaded: {load.error}")
    return elapsed


def measure_deletion(env: Any, dnc_list: Any) -> float:
    """Seconds until a list is gone with its entries."""
    start = time.perf_counter()
    dnc_list.unlink()
    common.wait_for(env, dnc_list.exists)
    return time.perf_counter() - start


def measure_copy(env: Any, count: int) -> float:
    """The same rows by a bare COPY, into the same table after it was emptied."""
    # The text is ready before the clock starts: only the writing is measured.
    text = io.BytesIO()
    env.cr.copy_expert(
        "COPY (SELECT list_id, kind, value, added_at, added_by FROM ecm_dnc_entry) TO STDOUT", text
    )
    env.cr.execute("TRUNCATE ecm_dnc_entry")
    env.cr.commit()
    text.seek(0)

    def copy() -> None:
        env.cr.copy_expert(
            "COPY ecm_dnc_entry (list_id, kind, value, added_at, added_by) FROM STDIN", text
        )
        env.cr.commit()

    return count / common.seconds(copy)


def measure_claim(env: Any, campaign: Any) -> float:
    """Milliseconds of the feed-time scrub of one claim, numbers and keys."""
    # Each round locks the same contacts anew, in a transaction that changes nothing.
    gate = env["ecm.gate.dnc"]
    now = datetime.now(UTC).replace(tzinfo=None)
    env.cr.rollback()

    def judge(rows: Any) -> None:
        rule = gate._get_rule(campaign, now)
        rule = gate._read_candidates(rule, rows, now)
        for row in rows:
            rule.judge(row, now)

    def scrub() -> float:
        wanted = {campaign.id: CLAIM}
        rows = env["ecm.engine"]._lock_ready(campaign, wanted, "voice")
        elapsed = common.seconds(lambda: judge(rows))
        env.cr.rollback()
        return elapsed

    times = [scrub() for _round in range(ROUNDS)]
    return 1000 * sorted(times)[ROUNDS // 2]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with common.odoo_environment("dnc") as env:
        dnc_list = env["ecm.dnc.list"].create({"name": "Registry", "dnc_class": "national"})
        campaign = common.create_campaign(env, "Claimed")
        # Numbers beside the loaded ones: every contact is looked up, and passes.
        values = []
        for n in range(CLAIM):
            phone = f"+4915{20_000_000 + n:09d}"
            contact = {"campaign_id": campaign.id, "phone_1": phone}
            values.append({**contact, "account_number": f"K-{n}"})
        env["ecm.contact"].create(values)
        env.cr.commit()
        numbers = range(FIRST, FIRST + count)
        figures = {}
        with cron_thread.running(env.cr.dbname):
            say(f"Loading {count:,} numbers")
            loaded = count / measure_load(env, dnc_list, numbers)
            scrub_ms = measure_claim(env, campaign)
            say("The same rows by a bare COPY")
            copied = measure_copy(env, count)
            if "change" in sys.argv:
                say("Replacing the list by every second number, and deleting it")
                figures["replace_s"] = measure_load(env, dnc_list, numbers[::2], "replace")
                figures["delete_s"] = measure_deletion(env, dnc_list)
    common.report(
        entries=count,
        numbers_per_s=round(loaded),
        copy_per_s=round(copied),
        of_copy=loaded / copied,
        scrub_ms=scrub_ms,
        **figures,
        load_average=os.getloadavg()[0],
    )


if __name__ == "__main__":
    main()
