"""From the first state that somebody may have installed to this one, with demo data and many rows.

The modules of that state lie here as an archive (`git archive 646d60e`, of 21 November 2026, without
tests and texts): a shallow clone has no history to take them from.
"""

import os
import tarfile
from pathlib import Path

import pytest

from scripts import databases, odoo_command, paths, templates

from .snapshot import digest, multiply, read_columns, read_counts

BASE = Path(__file__).with_name("base-2026-11-21.tar.xz")
MODULES = ("ecm_campaign", "ecm_dialer_cisco", "ecm_import_source")
TIMES = 200
# What an update writes into rows that were there: the list of wishes belongs to the only company.
CHANGED = {
    ("ecm_campaign", "write_date"),
    ("ecm_dnc_list", "company_id"),
    # The desk of agents says which of them people choose.
    ("ecm_outcome", "write_date"),
}
# Hours and limits were numbers.
OWN_RULE = """
    INSERT INTO ecm_region_rule (name, active, channel, prefixes, weekday_from, weekday_to,
           saturday_from, saturday_to, sunday_from, sunday_to, max_attempts, max_attempts_hours)
    VALUES ('Own', TRUE, 'all', '+4930', 9.5, 20, 8, 24, 0, 0, 2, 48)
"""
READ_RULE = """
    SELECT r.weekday_hours, r.saturday_hours, r.sunday_hours, l.count, l.number, l.unit
      FROM ecm_region_rule r JOIN ecm_region_rule_limit l ON l.rule_id = r.id
     WHERE r.name = 'Own'
"""


@pytest.fixture
def base(tmp_path):
    """Name of a database of the first state."""
    name = f"ecm_test_base_{os.getpid()}"
    databases.drop(name)
    databases.create(name)
    with tarfile.open(BASE) as archive:
        archive.extractall(tmp_path, filter="data")
    run_odoo(name, "-i", ",".join(MODULES), "--with-demo", f"--addons-path={addons(tmp_path)}")
    yield name
    databases.drop(name)


def addons(own):
    """The add-ons with the suite's modules from a folder."""
    folders = [folder for folder in odoo_command.addons_path() if folder != paths.ROOT]
    return ",".join(map(str, [own, *folders]))


def run_odoo(database, *arguments):
    """:return: the warnings and errors that it logged"""
    log = paths.LOGS / f"{database}.log"
    options = ("-d", database, *arguments, "--stop-after-init", "--no-http")
    templates.run_odoo(f"Odoo {arguments[0]}", log, *options)
    problems = templates.log_problems(log)
    log.unlink()
    return problems


def test_an_update_from_the_first_state_loses_nothing(base, fresh_database):
    with databases.connect(base) as cursor:
        multiply(cursor, "ecm_contact", {"current_attempt_id", "chained_from_id"}, TIMES)
        multiply(cursor, "ecm_attempt", {"contact_id"}, TIMES)
        cursor.execute(OWN_RULE)
        last_ids = read_counts(cursor)
        before = digest(cursor, last_ids)

    # Modules that came since are installed with it: a new installation has them too.
    later = ",".join(sorted(set(paths.modules()) - set(MODULES)))
    assert not run_odoo(base, "-u", "ecm_campaign", "-i", later)
    with databases.connect(base) as cursor:
        after, columns = digest(cursor, last_ids), read_columns(cursor)
        cursor.execute(READ_RULE)
        own_rule = cursor.fetchall()
    changed = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    # The moment of an update may be the very second of a row's last change.
    assert {("ecm_dnc_list", "company_id")} <= changed <= CHANGED
    assert own_rule == [("09:30–20:00", "08:00–24:00", None, 2, 48, "hours")]

    # The tables are those of a new installation, but for columns that nobody reads any more.
    with databases.connect(fresh_database()) as cursor:
        new = read_columns(cursor)
    assert {key: kind for key, kind in new.items() if columns.get(key) != kind} == {}
