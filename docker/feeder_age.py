"""Whether Odoo's scheduled actions run: ``python3 feeder_age.py DATABASE [SECONDS [PID]]``.

The status is 1 when the upkeep of the feeders, which is due every minute, is late by more than
SECONDS (300), and the process PID (1: a container's own) has had as long for it. The connection is
that of PGHOST, PGUSER and PGPASSWORD. A database that cannot be asked, or that runs nothing since it
is a neutralised copy, is nothing that a restart would mend.
"""

import os
import sys
from pathlib import Path

import psycopg2

LATE_BY = """
SELECT extract(epoch FROM now() AT TIME ZONE 'UTC' - cron.nextcall)
  FROM ir_cron cron
  JOIN ir_model_data data ON data.model = 'ir.cron' AND data.res_id = cron.id
 WHERE data.module = 'ecm_campaign' AND data.name = 'ir_cron_keep_feeders' AND cron.active
"""


def read_lateness(database: str) -> float:
    """By how many seconds the upkeep is late; 0 where it does not run at all."""
    connection = psycopg2.connect(dbname=database, connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute(LATE_BY)
            row = cursor.fetchone()
    finally:
        connection.close()
    return float(row[0]) if row else 0.0


def read_uptime(pid: int) -> float:
    """For how many seconds a process has run."""
    status = Path(f"/proc/{pid}/stat").read_text()
    # Behind the name, which may hold anything: the 20th value is the start, in ticks.
    values = status.rpartition(")")[2].split()
    started = int(values[19]) / os.sysconf("SC_CLK_TCK")
    since_boot, _idle = Path("/proc/uptime").read_text().split()
    return float(since_boot) - started


def main(database: str, most: str = "300", pid: str = "1") -> int:
    """:return: exit status"""
    try:
        late = read_lateness(database)
    except psycopg2.Error as error:
        print(f"The database cannot be asked: {error}")
        return 0
    # What was late when this process began is not its fault.
    waited = min(late, read_uptime(int(pid)))
    print(f"Scheduled actions are late by {max(late, 0):.0f} s")
    return 1 if waited > float(most) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
