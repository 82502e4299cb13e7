"""`make demo`: a campaign of 1,000 contacts, from the file to the last closed contact, before your
eyes.

HTTP_PORT chooses Odoo's port (8069), DB the database (ecm_demo, made anew), CONTACTS how many there
are (1000). RETRY_MINUTES is how long the strategy waits before it calls again (1). With SERVE=0 the
program ends when every contact is closed, with exit code 0, or after TIMEOUT seconds (1800), with
another.

The scheduled actions run every minute, as in production. For people who watch, the demo presses the
buttons *Send now* and *Read results now* between their runs.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import cluster, databases, odbc, paths, processes, templates
from .console import SetupError, fail, say
from .demo_contacts import PARAMETER_COLUMNS, demo_file
from .odoo_server import OdooServer
from .web_client import RpcError, WebClient

UCCX_USER = "uccxadmin"
UCCX_PASSWORD = "cisco-simulator"
# A minute of ringing and talking lasts a second.
CLOCK_FACTOR = 60
POLL_SECONDS = 2.0
BUTTON_SECONDS = 6.0
TABLE_SECONDS = 10.0

CAMPAIGN = "Fibre renewals, autumn"
STRATEGY = "Three calls, minutes apart"
# Called again after RETRY_MINUTES. Real strategies wait for hours: this one is for watching.
RETRIED = (
    "busy",
    "no_answer",
    "answering_machine",
    "customer_abandoned",
    "call_abandoned",
    "call_failed",
)
RETRIED_AT_ONCE = ("invalid_number", "fax")


@dataclass(frozen=True)
class Settings:
    """What the person chose."""

    database: str
    port: int
    contacts: int
    serve: bool
    timeout_s: float
    retry_minutes: int

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the variables; make passes empty ones where they are not set."""
        value = os.environ.get
        return cls(
            database=value("DB") or "ecm_demo",
            port=int(value("HTTP_PORT") or 8069),
            contacts=int(value("CONTACTS") or 1000),
            serve=value("SERVE") != "0",
            timeout_s=float(value("TIMEOUT") or 1800),
            retry_minutes=int(value("RETRY_MINUTES") or "1"),
        )

    @property
    def uccx_database(self) -> str:
        """Database of the simulator's tables."""
        return f"{self.database}_uccx"


@dataclass(frozen=True)
class Simulator:
    """A running UCCX simulator, and how Odoo reaches it."""

    host: str
    port: int
    certificate: str
    results_connection: str


def check_port(port: int) -> None:
    """Stop early when Odoo could not listen."""
    if not processes.is_port_free(port):
        raise SetupError(
            f"Port {port} is taken by another program. Choose one: make demo HTTP_PORT=8070"
        )


def prepare_databases(settings: Settings) -> None:
    """Fresh databases for Odoo and the simulator."""
    templates.new_database(settings.database, demo=True)
    databases.drop(settings.uccx_database)
    databases.create(settings.uccx_database)


@contextmanager
def running_simulator(database: str) -> Iterator[Simulator]:
    """The UCCX simulator as a process of its own."""
    log = paths.LOGS / f"{database}.log"
    log.unlink(missing_ok=True)
    options = ["--port=0", "--control-port=0", f"--clock-factor={CLOCK_FACTOR}"]
    account = [f"--user={UCCX_USER}", f"--password={UCCX_PASSWORD}"]
    # By default the simulator makes a certificate in a temporary folder, which would be left
    # behind.
    certificate = f"--certificate={paths.BUILD / 'demo-uccx.pem'}"
    dsn = cluster.load().uri(database)
    command = [
        sys.executable,
        "-m",
        "simulators.uccx",
        f"--dsn={dsn}",
        *options,
        *account,
        certificate,
    ]
    process = processes.start(
        command, log, {"PYTHONPATH": str(paths.ROOT), "PYTHONUNBUFFERED": "1"}
    )
    try:
        yield _simulator(_read_announcement(process, log), database)
    finally:
        processes.stop(process)


def _read_announcement(process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("{"):
                return dict(json.loads(line))
        time.sleep(0.1)
    raise SetupError(f"The UCCX simulator did not start, see {log}:\n{processes.tail(log)}")


def _simulator(announcement: dict[str, str], database: str) -> Simulator:
    host, _, port = announcement["url"].partition("://")[2].rpartition(":")
    certificate = Path(announcement["ca_file"]).read_text()
    server = (
        f"SERVER={cluster.HOST};PORT={cluster.load().port};DATABASE={database};UID={cluster.ROLE}"
    )
    return Simulator(
        host,
        int(port),
        certificate,
        f"DRIVER={{PostgreSQL Unicode}};{server};BoolsAsChar=0;ReadOnly=1",
    )


def create_dialer(client: WebClient, simulator: Simulator) -> int:
    """A dialer record that points at the simulator, tested and with its campaigns fetched."""
    values = {
        "name": "UCCX simulator",
        "host": simulator.host,
        "port": simulator.port,
        "tls_mode": "certificate",
        "tls_certificate": simulator.certificate,
        "user": UCCX_USER,
        "password": UCCX_PASSWORD,
        "results_connection": simulator.results_connection,
        "results_password": cluster.PASSWORD,
        "is_enabled": True,
    }
    [dialer_id] = client.call("ecm.dialer", "create", [values])
    answer = client.call("ecm.dialer", "action_test_connection", [dialer_id])["params"]
    if answer["type"] != "success":
        raise SetupError(f"Test connection: {answer['message']}")
    say(f"Dialer: {answer['message']}")
    answer = client.call("ecm.dialer", "action_fetch_campaigns", [dialer_id])["params"]
    say(f"Dialer: {answer['message']}")
    return int(dialer_id)


def create_strategy(client: WebClient, retry_minutes: int) -> int:
    """Three calls, on phone 1, phone 2 and phone 1 again."""
    delays = {**dict.fromkeys(RETRIED, retry_minutes), **dict.fromkeys(RETRIED_AT_ONCE, 0)}
    attempts = [
        (0, 0, {"sequence": 10 * position, "phone_index": phone})
        for position, phone in enumerate("121", 1)
    ]
    values = {"name": STRATEGY, "kind": "advanced", "attempt_ids": attempts}
    [strategy_id] = client.call("ecm.strategy", "create", [values])
    found = client.call("ecm.outcome", "search_read", [("code", "in", list(delays))], ["code"])
    outcomes = {outcome["code"]: outcome["id"] for outcome in found}
    domain = [("strategy_id", "=", strategy_id)]
    attempt_ids = client.call("ecm.strategy.attempt", "search", domain, order="sequence")
    rules = [
        {
            "attempt_id": attempt,
            "outcome_id": outcomes[code],
            "next_attempt_id": following,
            "delay_minutes": minutes,
        }
        for attempt, following in itertools.pairwise(attempt_ids)
        for code, minutes in delays.items()
    ]
    client.call("ecm.strategy.rule", "create", rules)
    return int(strategy_id)


def create_campaign(client: WebClient, dialer_id: int, strategy_id: int) -> int:
    """A campaign that may call at any time, on the first agent campaign of the dialer."""
    domain = [
        ("dialer_id", "=", dialer_id),
        ("kind", "=", "agent"),
        ("dialing_mode", "!=", "preview"),
    ]
    dialer_campaign_id = client.call("ecm.dialer.campaign", "search", domain, limit=1)[0]
    labels = enumerate(PARAMETER_COLUMNS, 1)
    values = {
        "name": CAMPAIGN,
        "kind": "agent",
        "strategy_id": strategy_id,
        "dialer_campaign_id": dialer_campaign_id,
        "calendar_id": False,
        "keeps_region_rules": False,
        "tz": "UTC",
        "parameters_definition": [
            {"name": f"business_parameter_{number}", "type": "char", "string": label}
            for number, label in labels
        ],
    }
    return int(client.call("ecm.campaign", "create", [values])[0])


def upload_contacts(client: WebClient, campaign_id: int, content: bytes) -> int:
    """Upload a file as the web client's wizard does: choose it, let the columns be found, import."""
    columns: dict[str, Any] = {"fields": {name: {} for name in ("position", "header", "target")}}
    names = ("list_name", "layout", "delimiter", "encoding", "duplicate_policy")
    form = {
        **{name: {} for name in names},
        "attachment_id": {},
        "campaign_id": {},
        "country_id": {},
        "column_ids": columns,
    }
    context = {"default_campaign_id": campaign_id}
    model = "ecm.contact.upload"
    values = client.call(model, "onchange", [], {}, [], form, context=context)["value"]
    values["attachment_id"] = client.upload("/ecm/upload", "fibre-renewals.csv", content)["id"]
    values |= client.call(model, "onchange", [], values, ["attachment_id"], form, context=context)[
        "value"
    ]
    [saved] = client.call(model, "web_save", [], values, {}, context=context)
    return int(client.call(model, "action_import", [saved["id"]])["res_id"])


def wait_for_import(client: WebClient, list_id: int, expected: int) -> None:
    """Wait until the scheduled action has read the file."""
    deadline = time.monotonic() + 300
    fields = ["state", "error", "uploaded_count", "failed_count", "duplicate_count"]
    while True:
        [record] = client.call("ecm.contact.list", "read", [list_id], fields)
        if record["state"] not in ("draft", "queued", "importing") or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    counts = [f"{record[f'{what}_count']} {what}" for what in ("uploaded", "failed", "duplicate")]
    say(f"Import: {', '.join(counts)}")
    if record["state"] != "done" or record["uploaded_count"] != expected:
        raise SetupError(
            f"The import ended as {record['state']}: {record['error'] or 'not every contact was stored'}"
        )


class Table:
    """Contacts per state: in place on a terminal, else printed every few seconds."""

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.live = sys.stdout.isatty()
        self.lines_on_screen = 0
        self.printed_at = 0.0
        self.printed: dict[str, int] = {}
        self.started_at = time.monotonic()

    def show(self, tally: dict[str, int]) -> None:
        """Show the counts of now."""
        if self.live:
            lines = self.lines(tally)
            up = f"\033[{self.lines_on_screen}A\033[J" if self.lines_on_screen else ""
            print(up + "\n".join(lines), flush=True)
            self.lines_on_screen = len(lines)
        elif tally != self.printed and time.monotonic() - self.printed_at >= TABLE_SECONDS:
            self.printed_at, self.printed = time.monotonic(), tally
            states = ", ".join(
                f"{self.labels[state]} {count}" for state, count in tally.items() if count
            )
            say(f"{self._clock()}  {states}")

    def lines(self, tally: dict[str, int]) -> list[str]:
        """The table: a line per state that occurs, with a bar, and the total."""
        total = sum(tally.values())
        shown = {
            state: count
            for state, count in tally.items()
            if count or state in ("pending", "sent_to_dialer")
        }
        rows = [
            f"{self.labels[state]:<22}{count:>6,}  {_bar(count, total)}"
            for state, count in shown.items()
        ]
        return [f"{'State':<22}{'':>6}  {self._clock()}", *rows, f"{'Total':<22}{total:>6,}"]

    def _clock(self) -> str:
        seconds = int(time.monotonic() - self.started_at)
        return f"{seconds // 60:02}:{seconds % 60:02}"


def _bar(count: int, total: int, width: int = 40) -> str:
    return "█" * (-(-count * width // total) if total else 0)


def watch(client: WebClient, campaign_id: int, dialer_id: int, settings: Settings) -> bool:
    """Show contacts per state until all are closed; False when time is up."""
    selection = client.call("ecm.contact", "fields_get", ["state"], ["selection"])["state"][
        "selection"
    ]
    table = Table(dict(selection))
    deadline = time.monotonic() + settings.timeout_s
    pressed_at = 0.0
    while True:
        tally = client.call("ecm.campaign", "get_state_tally", [campaign_id])
        fields = ["closed_count", "contact_count", "status_reason"]
        [campaign] = client.call("ecm.campaign", "read", [campaign_id], fields)
        table.show(tally)
        closed = campaign["closed_count"] == campaign["contact_count"] == settings.contacts
        if closed or time.monotonic() > deadline:
            _show_end(table, tally, campaign, closed)
            return bool(closed)
        if time.monotonic() - pressed_at > BUTTON_SECONDS:
            press_buttons(client, campaign_id, dialer_id)
            pressed_at = time.monotonic()
        time.sleep(POLL_SECONDS)


def press_buttons(client: WebClient, campaign_id: int, dialer_id: int) -> None:
    """Read results and send contacts now. What a button answers to a person is no failure of the
    demo.
    """
    for model, button, record_id in (
        ("ecm.dialer", "action_sync_results", dialer_id),
        ("ecm.campaign", "action_feed_now", campaign_id),
    ):
        try:
            client.call(model, button, [record_id])
        except RpcError as error:
            if error.name != "odoo.exceptions.UserError":
                raise
            say(f"{button}: {error}")


def _show_end(table: Table, tally: dict[str, int], campaign: dict[str, Any], closed: bool) -> None:
    open_contacts = campaign["contact_count"] - campaign["closed_count"]
    if not closed:
        say(
            f"Time is up: {open_contacts} contacts are still open. {campaign['status_reason'] or ''}"
        )
    if not table.live:
        say("\n".join(table.lines(tally)))


def run(settings: Settings) -> bool:
    """The whole demo; whether every contact was closed."""
    check_port(settings.port)
    odbc.use()
    prepare_databases(settings)
    server = OdooServer(settings.database, port=settings.port, cron_threads=3)
    server.log.unlink(missing_ok=True)
    with running_simulator(settings.uccx_database) as simulator:
        try:
            say("Starting Odoo")
            client = server.start().client()
            say(f"Odoo: {server.url}/odoo, login admin, password admin")
            dialer_id = create_dialer(client, simulator)
            campaign_id = start_campaign(client, dialer_id, settings)
            say(f"Watch it: {server.url}/odoo/outbound-campaigns/{campaign_id}")
            closed = watch(client, campaign_id, dialer_id, settings)
            if settings.serve:
                say(f"{server.url}/odoo goes on until Ctrl-C; login admin, password admin")
                _wait_for_end(server)
            return closed
        finally:
            server.stop()


def start_campaign(client: WebClient, dialer_id: int, settings: Settings) -> int:
    """Everything that a supervisor does to get a campaign going; its id."""
    campaign_id = create_campaign(
        client, dialer_id, create_strategy(client, settings.retry_minutes)
    )
    list_id = upload_contacts(client, campaign_id, demo_file(settings.contacts))
    wait_for_import(client, list_id, settings.contacts)
    client.call("ecm.campaign", "action_start", [campaign_id])
    say(f"Campaign: {CAMPAIGN!r} is running")
    return campaign_id


def _wait_for_end(server: OdooServer) -> None:
    while server.process and server.process.poll() is None:
        time.sleep(1)
    raise SetupError(f"Odoo stopped, see {server.log}:\n{processes.tail(server.log)}")


def _exit(_signal: int, _frame: object) -> None:
    raise SystemExit(143)


def main() -> None:
    """Command line. Odoo and the simulator end with this program, however it ends."""
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        closed = run(Settings.from_environment())
    except KeyboardInterrupt:
        say("\nEnded.")
        return
    except (SetupError, RuntimeError, TimeoutError) as error:
        fail(str(error))
    except RpcError as error:
        fail(f"Odoo: {error}\n{error.debug}")
    raise SystemExit(0 if closed else 1)


if __name__ == "__main__":
    main()
