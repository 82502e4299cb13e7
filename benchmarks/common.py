"""What the benchmarks share: a database of their own, the suite inside this process, a dialer that
takes everything.
"""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from scripts import databases, odoo_command, paths, templates
from scripts.console import say


@contextmanager
def odoo_environment(name: str, modules: str = "") -> Iterator[Any]:
    """The superuser's environment in a fresh database that is dropped afterwards; every commit is
    real.

    :param modules: further modules to install, separated by commas
    """
    database = f"ecm_bench_{name}_{os.getpid()}"
    say(f"Preparing database {database}")
    templates.new_database(database, demo=False)
    try:
        if modules:
            log = paths.LOGS / f"bench-{name}.log"
            templates.change_modules(f"Installing {modules}", log, database, "-i", modules)
        yield from _environment(database)
    finally:
        databases.drop(database)


def _environment(database: str) -> Iterator[Any]:
    import odoo.api
    from odoo.modules.registry import Registry
    from odoo.tools import config

    # Odoo in this process: what is measured has no server and no network in between.
    config.parse_config(["-c", str(odoo_command.write_conf()), "-d", database, "--log-level=error"])
    registry = Registry(database)
    with registry.cursor() as cursor:
        yield odoo.api.Environment(cursor, odoo.api.SUPERUSER_ID, {"tracking_disable": True})
    registry.close() if hasattr(registry, "close") else None
    import odoo.sql_db

    odoo.sql_db.close_db(database)


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    # The clock that never jumps.
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run_scheduled_action(env: Any, action: Any) -> None:
    """One run of a scheduled action as Odoo's scheduler runs it: its row is locked, it has a cursor
    of its own, and what it reports of its progress counts.
    """
    env.cr.commit()
    actions = env.registry["ir.cron"]
    with env.registry.cursor() as cursor:
        job = actions._acquire_one_job(cursor, action.id, include_not_ready=True)
        actions._process_job(cursor, job)
        cursor.commit()


def wait_for(env: Any, is_going_on: Callable[[], Any]) -> None:
    """Commit, and look at the database until another thread has done its work."""
    # The cron thread is told by this commit, as by the one of a web request.
    env.cr.commit()
    env.invalidate_all()
    while is_going_on():
        time.sleep(0.2)
        env.cr.rollback()
        env.invalidate_all()


@contextmanager
def filling(env: Any, *tables: str) -> Iterator[None]:
    """Fill tables fast: their foreign keys are checked, their indexes built, and their results
    counted when all rows are there.
    """
    env.cr.execute(
        """SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
             FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])""",
        [list(tables)],
    )
    foreign_keys = env.cr.fetchall()
    env.cr.execute(
        """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
            WHERE i.indrelid = ANY(%s::regclass[])
              AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)""",
        [list(tables)],
    )
    indexes = env.cr.fetchall()
    for table, name, _definition in foreign_keys:
        env.cr.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _definition in indexes:
        env.cr.execute(f"DROP INDEX {name}")
    # The triggers that count results would look each contact up, without an index.
    for table in tables:
        env.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")

    yield

    for table in tables:
        env.cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    for _name, definition in indexes:
        env.cr.execute(definition)
    for table, name, definition in foreign_keys:
        env.cr.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    env["ecm.results.count"]._count_anew()


def vacuum(env: Any, *tables: str) -> None:
    """Let PostgreSQL look at tables as autovacuum does; outside any transaction."""
    # PostgreSQL refuses VACUUM within a transaction.
    env.cr._cnx.autocommit = True
    try:
        for table in tables:
            env.cr.execute(f"VACUUM ANALYZE {table}")
    finally:
        env.cr._cnx.autocommit = False


def median_seconds(work: Callable[[], Any], rounds: int) -> float:
    """The median of several calls."""
    times = [seconds(work) for _round in range(rounds)]
    return statistics.median(times)


def report(**figures: Any) -> None:
    """The result as one JSON line, the last that a benchmark prints."""
    rounded = {}
    for name, value in figures.items():
        is_float = isinstance(value, float)
        rounded[name] = round(value, 3) if is_float else value
    print(json.dumps(rounded))


def create_campaign(env: Any, name: str, target: Any = None, **values: Any) -> Any:
    """A campaign that may call at any time."""
    return env["ecm.campaign"].create(
        {
            "name": name,
            "strategy_id": env.ref("ecm_campaign.ecm_strategy_voice").id,
            "calendar_id": False,
            "keeps_region_rules": False,
            "tz": "UTC",
            "dialer_campaign_id": target.id if target else False,
            **values,
        }
    )


def create_targets(env: Any, count: int, contacts_at_dialer: int) -> list[Any]:
    """Cisco campaigns on a dialer whose client takes everything at once: the network is not what is
    measured.
    """
    dialer = env["ecm.dialer"].create(
        {
            "name": "Null",
            "host": "null.invalid",
            "is_enabled": True,
            "contacts_at_dialer": contacts_at_dialer,
        }
    )
    accept_everything(env)
    shared = {"dialer_id": dialer.id, "kind": "agent", "is_enabled": True}
    values = []
    for number in range(1, count + 1):
        values.append({**shared, "key": str(number), "name": f"Null {number}"})
    return list(env["ecm.dialer.campaign"].create(values))


def accept_everything(env: Any) -> None:
    """Dialers of this process take every contact."""
    env.registry["ecm.dialer"]._get_client = lambda _dialer, **_kinds: NullClient()


class NullClient:
    """Accepts every contact, and has nothing to tell."""

    def push(self, _key: str, _name: str, contacts: Any) -> Any:
        from odoo.addons.ecm_dialer_cisco.clients.base import PushReceipt

        return PushReceipt(frozenset(contact.key for contact in contacts), frozenset())

    def results(self, watermark: str) -> Any:
        return [], watermark

    def campaigns(self) -> Any:
        from odoo.addons.ecm_dialer_cisco.clients.exceptions import DialerError

        # The mirror stays as it is, and nothing is logged as an error.
        raise DialerError("not asked")
