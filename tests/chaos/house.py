"""What chaos is made in: two Odoo servers with their real scheduled actions on one database, a UCCX
and a CCE that call nobody, and campaigns on both.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg2

from scripts import cluster, databases, demo, demo_dialers, odbc, templates
from scripts.odoo_server import OdooServer
from scripts.web_client import WebClient
from simulators.cce.testing import CceSimulator
from simulators.uccx.testing import Simulator

SERVERS, CRON_WORKERS = 2, 2
# A doubt is asked about after a longest request, which these make short. Half a minute is left out:
# it is for clocks of two servers that differ, and these have one.
TIMEOUTS = {"connect_timeout": 2, "read_timeout": 2, "import_timeout": 3}
DOUBT_SECONDS = 25
AT_DIALER, ROWS = 60, 12
SUPERVISOR = "chaos supervisor"
# Minutes that the windows of one campaign are open, and then closed.
OPEN_MINUTES, CLOSED_MINUTES = 3, 1

ACTIONS = """
INSERT INTO ir_cron_trigger (cron_id, call_at)
SELECT c.id, now() AT TIME ZONE 'UTC' FROM ir_cron c
  JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id
 WHERE c.active AND d.module LIKE 'ecm\\_%%'
   AND NOT EXISTS (SELECT FROM ir_cron_trigger t WHERE t.cron_id = c.id)
"""
# Doubts of a channel whose queue may hold them for a quarter of an hour are left to the end.
OLD_DOUBTS = """
UPDATE ecm_attempt a SET claimed_at = a.claimed_at - interval '1 hour'
  FROM ecm_dialer_campaign t JOIN ecm_dialer d ON d.id = t.dialer_id
 WHERE t.id = a.dialer_campaign_id AND a.state = 'claimed'
   AND (d.cce_delivery = 'database' OR %s)
   AND a.claimed_at < now() AT TIME ZONE 'UTC' - interval '1 second' * %s
   AND a.claimed_at > now() AT TIME ZONE 'UTC' - interval '30 minutes'
"""
# A target that failed is left alone for minutes, and chaos lasts no longer.
SHORT_PAUSES = """
UPDATE ecm_dialer_campaign SET paused_until = now() AT TIME ZONE 'UTC' + interval '2 seconds'
 WHERE paused_until > now() AT TIME ZONE 'UTC' + interval '2 seconds'
"""
SHORT_CIRCUITS = """
UPDATE ecm_dialer
   SET sending_until = LEAST(sending_until, now() AT TIME ZONE 'UTC' + interval '2 seconds'),
       results_until = LEAST(results_until, now() AT TIME ZONE 'UTC' + interval '2 seconds')
 WHERE GREATEST(sending_until, results_until)
     > now() AT TIME ZONE 'UTC' + interval '2 seconds'
"""
# Tables that know attempts by their keys, of Odoo and of the simulators.
WITH_KEYS = """
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name), quote_ident(column_name)
  FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
 WHERE table_type = 'BASE TABLE'
   AND (column_name IN ('accountnumber', 'account_number')
        OR table_name IN ('ecm_attempt', 'ecm_dialer_result') AND column_name = 'key')
"""


@dataclass
class Campaign:
    """A campaign and the numbers that only it has.

    :ivar dialer: ``uccx`` or ``cce``
    :ivar windows: when it may call, naive UTC; None for always
    """

    id: int
    name: str
    digit: int
    dialer: str
    windows: list[tuple[datetime, datetime]] | None = None
    serial: itertools.count[int] = field(default_factory=itertools.count)

    def numbers(self, endings: list[str]) -> list[str]:
        """New numbers in Berlin, one with each ending."""
        found = []
        for ending in endings:
            serial = next(self.serial)
            found.append(f"+49302{self.digit}{serial:0{6 - len(ending)}d}{ending}")
        return found

    def is_own(self, number: str) -> bool:
        return number.lstrip("+").startswith(f"49302{self.digit}")


class House:
    """Everything that runs; `close` ends it."""

    def __init__(self, folder: Path, retry_minutes: int, with_rest: bool) -> None:
        odbc.use()
        self.folder = folder
        self.retry_minutes = retry_minutes
        self.name = f"ecm_chaos_{os.getpid()}"
        self._ends = contextlib.ExitStack()
        self._stop = threading.Event()
        self.watch = threading.Lock()
        self.campaigns: list[Campaign] = []
        self._with_rest = with_rest

    def open(self) -> House:
        """Start it all, with campaigns that run and have no contacts yet."""
        templates.new_database(self.name, demo=False)
        self._ends.callback(databases.drop, self.name)
        self.uccx = self._start_simulator("uccx", Simulator, import_seconds=0.2)
        self.cce = self._start_simulator("cce", CceSimulator)
        self.servers = [self._start_server(number) for number in range(SERVERS)]
        self.admin = self.servers[0].client()
        self._create_all()
        for work in (self._tick, self._keep_servers):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()
        return self

    def close(self) -> None:
        self._stop.set()
        with self.watch:
            self._ends.close()

    def _start_simulator(self, kind: str, make: Any, **options: Any) -> Any:
        database = f"{self.name}_{kind}"
        databases.drop(database)
        databases.create(database)
        self._ends.callback(databases.drop, database)
        # A minute of talking lasts a second.
        process = make(
            cluster.load().uri(database),
            clock_factor=60,
            tick_seconds=0.1,
            lines=25,
            **options,
        ).start()
        self._ends.callback(lambda: process.is_running and process.kill())
        return process

    def _start_server(self, number: int) -> OdooServer:
        server = OdooServer(
            self.name,
            cron_threads=CRON_WORKERS,
            workers=1,
            options=("--limit-time-real-cron=1800",),
            environment={"ECM_CRASH_POINTS": str(self.order_of(number))},
        )
        server.log.unlink(missing_ok=True)
        self._ends.callback(server.kill)
        return server.start()

    def order_of(self, number: int) -> Path:
        """The file by which processes of a server are told where to die."""
        return self.folder / f"order-{number}"

    # -- what is set up ---------------------------------------------------------------------------

    def _create_all(self) -> None:
        certificate = Path(self.uccx.ca_file).read_text()
        account = self._account(self.uccx)
        connection = self.uccx.odbc_connection_string()
        uccx = self._create_dialer(demo_dialers.uccx_values(account, certificate, connection))
        cce = self._create_dialer(demo_dialers.cce_values(self._account(self.cce)))
        self.dialer_ids = [uccx, cce]
        strategies = [
            demo.create_strategy(self.admin, self.retry_minutes),
            self._create_limited_strategy(),
        ]
        self._create_campaign("By UCCX", 1, "uccx", uccx, "1", strategies[1])
        windows = self._create_campaign("In windows", 2, "uccx", uccx, "3", strategies[0])
        self._create_campaign("By CCE", 3, "cce", cce, "5000", strategies[0])
        if self._with_rest:
            rest = self._create_dialer(self._rest_values())
            self.dialer_ids.append(rest)
            self._create_campaign("By CCE over REST", 4, "cce", rest, "5003", strategies[0])
        self._open_in_windows(windows)
        self._create_supervisor()
        for campaign in self.campaigns:
            self.admin.call("ecm.campaign", "action_start", [campaign.id])

    def _account(self, simulator: Any) -> demo_dialers.Account:
        return demo_dialers.Account(
            simulator.host, simulator.port, simulator.user, simulator.password
        )

    def _rest_values(self) -> dict[str, Any]:
        api = demo_dialers.Account(
            self.cce.host, self.cce.rest_port, "administrator@example.com", self.cce.password
        )
        certificate = Path(self.cce.ca_file).read_text()
        values = demo_dialers.rest_values(self._account(self.cce), api, certificate)
        return {**values, "name": "CCE simulator by REST"}

    def _create_dialer(self, values: dict[str, Any]) -> int:
        dialer_id = demo.create_dialer(self.admin, values)
        limits = {**TIMEOUTS, "contacts_at_dialer": AT_DIALER, "rows_per_request": ROWS}
        self.admin.call("ecm.dialer", "write", [dialer_id], limits)
        return dialer_id

    def _create_limited_strategy(self) -> int:
        """One whose limit counts all campaigns: claims take turns then."""
        strategy_id = demo.create_strategy(self.admin, self.retry_minutes)
        self.admin.call("ecm.strategy", "write", [strategy_id], {"name": "With a limit"})
        values = {"strategy_id": strategy_id, "count": 50, "period": "24h"}
        values |= {"subject": "number", "scope": "all"}
        self.admin.call("ecm.strategy.limit", "create", [values])
        return strategy_id

    def _create_campaign(
        self, name: str, digit: int, dialer: str, dialer_id: int, key: str, strategy_id: int
    ) -> Campaign:
        [target] = self.admin.call(
            "ecm.dialer.campaign",
            "search_read",
            [("dialer_id", "=", dialer_id), ("key", "=", key)],
            ["kind"],
        )
        values = {
            "name": name,
            "kind": target["kind"],
            "strategy_id": strategy_id,
            "dialer_campaign_id": target["id"],
            "calendar_id": False,
            "keeps_region_rules": False,
            "tz": "UTC",
        }
        [campaign_id] = self.admin.call("ecm.campaign", "create", [values])
        campaign = Campaign(int(campaign_id), name, digit, dialer)
        self.campaigns.append(campaign)
        return campaign

    def _open_in_windows(self, campaign: Campaign) -> None:
        """Real windows, minutes long: what stands at the dialer comes back as each of them ends."""
        now = utc_now().replace(second=0, microsecond=0)
        midnight = now.replace(hour=0, minute=0) + timedelta(days=1)
        campaign.windows = []
        lines: list[tuple[Any, ...]] = [(5, 0, 0)]
        start = now
        while start < min(now + timedelta(hours=2), midnight):
            end = min(start + timedelta(minutes=OPEN_MINUTES), midnight)
            campaign.windows.append((start, end))
            lines.append((0, 0, _attendance(start, end, midnight)))
            start = end + timedelta(minutes=CLOSED_MINUTES)
        values = {"name": "Minutes", "tz": "UTC", "attendance_ids": lines}
        [calendar_id] = self.admin.call("resource.calendar", "create", [values])
        self.admin.call("ecm.campaign", "write", [campaign.id], {"calendar_id": calendar_id})

    def _create_supervisor(self) -> None:
        group = self.admin.call(
            "ir.model.data",
            "search_read",
            [("module", "=", "ecm_campaign"), ("name", "=", "ecm_campaign_group_supervisor")],
            ["res_id"],
        )[0]["res_id"]
        values = {"name": SUPERVISOR, "login": SUPERVISOR, "password": SUPERVISOR}
        # For what follows from the roles of a user in other modules there is no need.
        self.admin.call("res.users", "create", [{**values, "group_ids": [(4, group)]}])

    # -- while it runs ----------------------------------------------------------------------------

    def supervisor(self, number: int) -> WebClient:
        """A session at a server, as somebody who runs campaigns."""
        return self.servers[number].client(SUPERVISOR, SUPERVISOR)

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """A look into Odoo's database, again while PostgreSQL is away."""
        return self._query(self.name, statement, parameters)

    def uccx_sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The same in the tables of UCCX."""
        return self._query(f"{self.name}_uccx", statement, parameters)

    def find_everywhere(self, key: str) -> list[str]:
        """What Odoo and the dialers have of an attempt: rows as JSON, with their tables."""
        found = []
        for database in (self.name, f"{self.name}_uccx", f"{self.name}_cce"):
            for table, column in self._query(database, WITH_KEYS, ()):
                rows = f"SELECT to_jsonb(t)::text FROM {table} t WHERE lower({column}) = lower(%s)"
                for (row,) in self._query(database, rows, (key,)):
                    found.append(f"{table}: {row}")
        return found

    def _query(
        self, database: str, statement: str, parameters: tuple[Any, ...], patience: float = 30
    ) -> list[tuple[Any, ...]]:
        deadline = time.monotonic() + patience
        while True:
            try:
                with databases.connect(database) as cursor:
                    cursor.execute(statement, parameters)
                    return list(cursor.fetchall()) if cursor.description else []
            except psycopg2.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def settle_old_doubts(self, over_rest: bool = False) -> None:
        """Let pass the time after which sends that were never confirmed are asked about: none of
        them can be under way any more.
        """
        self.sql(OLD_DOUBTS, over_rest, DOUBT_SECONDS)

    def _keep_servers(self) -> None:
        """Start servers that have ended, as systemd does: Odoo 19 ends itself where PostgreSQL is
        away at the moment at which it replaces a worker.
        """
        while not self._stop.wait(1):
            for server in self.servers:
                with self.watch:
                    is_over = server.process and server.process.poll() is not None
                    if is_over and not self._stop.is_set():
                        with contextlib.suppress(RuntimeError, TimeoutError):
                            server.start(timeout_s=60)

    def _tick(self) -> None:
        """Have the scheduled actions run every second rather than every minute."""
        while not self._stop.wait(1):
            with contextlib.suppress(psycopg2.Error):
                for statement in (SHORT_PAUSES, SHORT_CIRCUITS, ACTIONS):
                    self.sql(statement)
                self.settle_old_doubts()
                # The servers listen in this database for what is to do in theirs.
                with databases.connect() as cursor:
                    cursor.execute("SELECT pg_notify('cron_trigger', %s)", (self.name,))


def _attendance(start: datetime, end: datetime, midnight: datetime) -> dict[str, Any]:
    until = 24.0 if end == midnight else end.hour + end.minute / 60
    return {
        "name": "x",
        "dayofweek": str(start.weekday()),
        "hour_from": start.hour + start.minute / 60,
        "hour_to": until,
    }


def utc_now() -> datetime:
    """Naive UTC."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


@contextlib.contextmanager
def running(folder: Path, retry_minutes: int, with_rest: bool) -> Iterator[House]:
    """A house for the time of a run."""
    house = House(folder, retry_minutes, with_rest)
    try:
        yield house.open()
    finally:
        house.close()
