"""Do-not-contact lists at scale: numbers per second into a list, and what the scrub adds to a
claim.

`make bench NAME=dnc ARGS=1000000` (10 million without ARGS). The peer is a bare COPY of the same
rows into the same table with its indexes; the claim is that of the feeder.
"""

import io
import os
import sys
from datetime import UTC, datetime
from typing import Any

from scripts.console import say

from . import common

CLAIM = 1000
ROUNDS = 7


def make_file(first: int, count: int) -> bytes:
    """Numbers in E.164, one in each row."""
    last = first + count
    lines = ["number\n"]
    lines += [f"+4915{number:09d}\n" for number in range(first, last)]
    return "".join(lines).encode()


def measure_load(env: Any, dnc_list: Any, count: int) -> float:
    import base64

    # As the form stores an uploaded file.
    load = env["ecm.dnc.load"].create(
        {
            "list_id": dnc_list.id,
            "file": base64.b64encode(make_file(100_000_000, count)),
            "file_name": "registry.csv",
        }
    )
    env.cr.commit()
    elapsed = common.seconds(env["ecm.dnc.load"]._cron_import)
    env.invalidate_all()
    if load.state != "done" or load.loaded_count != count:
        raise SystemExit(f"{load.loaded_count} of {count} numbers were loaded: {load.error}")
    return count / elapsed


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
        say(f"Loading {count:,} numbers")
        loaded = measure_load(env, dnc_list, count)
        scrub_ms = measure_claim(env, campaign)
        say("The same rows by a bare COPY")
        copied = measure_copy(env, count)
    common.report(
        entries=count,
        numbers_per_s=round(loaded),
        copy_per_s=round(copied),
        of_copy=loaded / copied,
        scrub_ms=scrub_ms,
        load_average=os.getloadavg()[0],
    )


if __name__ == "__main__":
    main()
