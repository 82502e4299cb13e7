"""Export many contacts as XLSX with ten columns.

`make bench NAME=export ARGS="1000000"`: rows a second from the scheduled action's beginning to the
file that can be downloaded, and how many megabytes the process took at most, beyond what it had
before: its peak is reset when the export begins. `export_rows_per_cpu_s` is by the time that this
process had a core, whoever else was at work.
"""

import sys
import time
from pathlib import Path
from typing import Any

from scripts.console import say

from . import common

ROWS = 1_000_000
COLUMNS = (
    "campaign_id",
    "account_number",
    "first_name",
    "last_name",
    "phone_1",
    "state",
    "attempt_count",
    "last_attempt_at",
    "last_outcome_id",
    "next_attempt_at",
)

FILL = """
INSERT INTO ecm_contact (campaign_id, company_id, channel, state, phone_1, first_name, last_name,
                         account_number, priority, is_ready, is_retry, next_position,
                         number_to_call, attempt_count, uncounted_count, added_at, last_attempt_at,
                         next_attempt_at, last_outcome_id)
SELECT %(campaign)s, %(company)s, 'voice', 'pending', '+49151' || (20000000 + n),
       'Anna' || n %% 100, 'Schmidt-' || n %% 1000, 'C-' || n, 0, FALSE, FALSE, 2,
       '+49151' || (20000000 + n), n %% 5, 0, now() AT TIME ZONE 'UTC',
       now() AT TIME ZONE 'UTC' - n %% 1000 * interval '1 minute',
       now() AT TIME ZONE 'UTC' + n %% 1000 * interval '1 minute', %(outcome)s
  FROM generate_series(1, %(count)s) AS n
"""


def fill(env: Any, count: int) -> None:
    """Store contacts, and let PostgreSQL look at them as autovacuum does."""
    say(f"Storing {count:,} contacts")
    campaign = common.create_campaign(env, "Exported")
    parameters = {
        "campaign": campaign.id,
        "company": env.company.id,
        "count": count,
        "outcome": env["ecm.outcome"].search([("code", "=", "busy")]).id,
    }
    with common.filling(env, "ecm_contact"):
        env.cr.execute(FILL, parameters)
    env.cr.commit()
    common.vacuum(env, "ecm_contact")


def get_megabytes(name: str) -> float:
    """:param name: of a line of the process's status, such as ``VmHWM``, the peak"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"This system tells nothing of {name}")


def measure(env: Any, domain: list[Any], count: int) -> dict[str, Any]:
    """:param domain: of the contacts that are exported
    :param count: how many these are
    :return: the figures
    """
    exports = env["ecm.export"].with_user(env.ref("base.user_admin"))
    values = {"model": "ecm.contact", "file_format": "xlsx", "columns": list(COLUMNS)}
    job = exports._ask_for({**values, "source": "Bench"}, domain).sudo()
    env.cr.commit()
    # Peaks from now on.
    Path("/proc/self/clear_refs").write_text("5")
    before = get_megabytes("VmRSS")
    begun_at = time.process_time()
    taken = common.seconds(env["ecm.export"]._cron_run)
    at_work = time.process_time() - begun_at
    peak = get_megabytes("VmHWM")
    if job.state != "done" or sum(job.file_ids.mapped("row_count")) != count:
        raise SystemExit(f"{job.state}: {job.error}, {job.processed_count} of {count}")
    return {
        "rows": count,
        "files": len(job.file_ids),
        "file_mb": sum(job.file_ids.mapped("file_size")) / 1e6,
        "export_rows_per_s": round(count / taken),
        "export_rows_per_cpu_s": round(count / at_work),
        "export_memory_mb": round(peak - before, 1),
        "process_mb": round(peak, 1),
    }


def main() -> None:
    count = int(sys.argv[1]) if sys.argv[1:] else ROWS
    with common.odoo_environment("export") as env:
        fill(env, count)
        figures = measure(env, [], count)
    common.report(**figures)


if __name__ == "__main__":
    main()
