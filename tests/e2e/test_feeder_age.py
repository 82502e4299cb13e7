"""The health check of the container that runs the scheduled actions (X5)."""

import os
import subprocess
import sys

import pytest

from scripts import cluster, databases, paths

SCRIPT = paths.ROOT / "docker" / "feeder_age.py"
UPKEEP = """
UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + %s * interval '1 second', active = %s
 WHERE id = (SELECT res_id FROM ir_model_data WHERE name = 'ir_cron_keep_feeders')
"""


@pytest.fixture
def check(fresh_database):
    """Run the check when the upkeep is due in so many seconds; its status."""
    database = fresh_database()

    def run(due_in, *arguments, active=True, name=database):
        with databases.connect(database) as cursor:
            cursor.execute(UPKEEP, [due_in, active])
        connection = {
            "PGHOST": cluster.HOST,
            "PGPORT": str(cluster.load().port),
            "PGUSER": cluster.ROLE,
            "PGPASSWORD": cluster.PASSWORD,
        }
        command = [sys.executable, SCRIPT, name, *arguments]
        environment = {**os.environ, **connection}
        return subprocess.run(command, env=environment, check=False).returncode

    return run


def test_what_is_late_for_minutes_is_told(check):
    # The first process has run since the machine was started.
    assert check(30, "0") == 0
    assert check(-3600, "0") == 1
    assert check(-200) == 0, "a worker may be busy for a while"


def test_a_process_that_has_just_begun_is_given_time(check):
    with subprocess.Popen(["sleep", "600"]) as young:
        status = check(-3600, "300", str(young.pid))
        young.kill()
    assert status == 0


def test_what_no_restart_would_mend_is_no_fault(check):
    assert check(-3600, "0", active=False) == 0
    assert check(-3600, "0", name="no_such_database") == 0
