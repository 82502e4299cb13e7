"""`make demo`: a campaign of 1,000 contacts, from the file to the last closed contact, before your
eyes.

HTTP_PORT chooses Odoo's port (8069), DB the database (ecm_demo, made anew), CONTACTS how many there
are (1000), DIALER which make calls them (uccx, or cce). RETRY_MINUTES is how long the strategy waits
before it calls again (1). With SERVE=0 the program ends when every contact is closed, with exit code
0, or after TIMEOUT seconds (1800), with another.

The scheduled actions run every minute, as in production. For people who watch, the demo presses the
buttons *Send now* and *Read results now* between their runs.
"""

import itertools
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

from . import databases, demo_dialers, odbc, processes, templates
from .console import SetupError, fail, say
from .demo_contacts import PARAMETER_COLUMNS, demo_file
from .odoo_server import OdooServer
from .web_client import RpcError, WebClient

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

# Fields of the upload's form, as the web client's view asks for them.
UPLOAD_FORM: dict[str, Any] = {
    "list_name": {},
    "layout": {},
    "delimiter": {},
    "encoding": {},
    "duplicate_policy": {},
    "attachment_id": {},
    "campaign_id": {},
    "country_id": {},
    "column_ids": {"fields": {"position": {}, "header": {}, "target": {}}},
}


@dataclass(frozen=True)
class Settings:
    """What the person chose."""

    database: str
    dialer: str
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
            dialer=_known_dialer(value("DIALER") or "uccx"),
            port=int(value("HTTP_PORT") or 8069),
            contacts=int(value("CONTACTS") or 1000),
            serve=value("SERVE") != "0",
            timeout_s=float(value("TIMEOUT") or 1800),
            retry_minutes=int(value("RETRY_MINUTES") or "1"),
        )

    @property
    def dialer_database(self) -> str:
        """Database of the simulator's tables."""
        return f"{self.database}_{self.dialer}"


def _known_dialer(name: str) -> str:
    if name not in demo_dialers.MAKES:
        raise SetupError(f"DIALER is one of {', '.join(demo_dialers.MAKES)}, and not {name}.")
    return name


def check_port(port: int) -> None:
    """Stop early when Odoo could not listen."""
    if not processes.is_port_free(port):
        raise SetupError(
            f"Port {port} is taken by another program. Choose one: make demo HTTP_PORT=8070"
        )


def prepare_databases(settings: Settings) -> None:
    """Fresh databases for Odoo and the simulator."""
    # A copy of the template: seconds, where an installation takes a minute.
    templates.new_database(settings.database, demo=True)
    databases.drop(settings.dialer_database)
    databases.create(settings.dialer_database)


def create_dialer(client: WebClient, values: dict[str, Any]) -> int:
    """A dialer record that points at the simulator, tested and with its campaigns fetched."""
    [dialer_id] = client.call("ecm.dialer", "create", [values])
    # The buttons that a person would press, in that order.
    answer = client.call("ecm.dialer", "action_test_connection", [dialer_id])["params"]
    if answer["type"] != "success":
        raise SetupError(f"Test connection: {answer['message']}")
    say(f"Dialer: {answer['message']}")
    answer = client.call("ecm.dialer", "action_fetch_campaigns", [dialer_id])["params"]
    say(f"Dialer: {answer['message']}")
    return int(dialer_id)


def create_strategy(client: WebClient, retry_minutes: int) -> int:
    """Three calls, on phone 1, phone 2 and phone 1 again."""
    attempts = []
    for position, phone in enumerate("121", 1):
        attempts.append((0, 0, {"sequence": 10 * position, "phone_index": phone}))
    values = {"name": STRATEGY, "kind": "advanced", "attempt_ids": attempts}
    [strategy_id] = client.call("ecm.strategy", "create", [values])

    # A rule names the attempts it leads from and to, which have ids only now.
    domain = [("strategy_id", "=", strategy_id)]
    attempt_ids = client.call("ecm.strategy.attempt", "search", domain, order="sequence")
    delays = _find_delays(client, retry_minutes)
    rules = []
    for attempt, following in itertools.pairwise(attempt_ids):
        rules += _prepare_rules(attempt, following, delays)
    client.call("ecm.strategy.rule", "create", rules)
    return int(strategy_id)


def _find_delays(client: WebClient, retry_minutes: int) -> dict[int, int]:
    """Minutes until the next call, by the id of the outcome."""
    delays = dict.fromkeys(RETRIED, retry_minutes)
    delays |= dict.fromkeys(RETRIED_AT_ONCE, 0)
    domain = [("code", "in", list(delays))]
    outcomes = client.call("ecm.outcome", "search_read", domain, ["code"])
    return {outcome["id"]: delays[outcome["code"]] for outcome in outcomes}


def _prepare_rules(attempt: int, following: int, delays: dict[int, int]) -> list[dict[str, int]]:
    rules = []
    for outcome, minutes in delays.items():
        rule = {"attempt_id": attempt, "outcome_id": outcome, "next_attempt_id": following}
        rules.append({**rule, "delay_minutes": minutes})
    return rules


def create_campaign(client: WebClient, dialer_id: int, strategy_id: int) -> int:
    """A campaign that may call at any time, on the first agent campaign of the dialer."""
    domain = [
        ("dialer_id", "=", dialer_id),
        ("kind", "=", "agent"),
        ("dialing_mode", "!=", "preview"),
    ]
    dialer_campaign_id = client.call("ecm.dialer.campaign", "search", domain, limit=1)[0]
    # One definition for each column of the file that is none of the contact's own.
    definitions = []
    for number, label in enumerate(PARAMETER_COLUMNS, 1):
        name = f"business_parameter_{number}"
        definitions.append({"name": name, "type": "char", "string": label})
    values = {
        "name": CAMPAIGN,
        "kind": "agent",
        "strategy_id": strategy_id,
        "dialer_campaign_id": dialer_campaign_id,
        "calendar_id": False,
        "keeps_region_rules": False,
        "tz": "UTC",
        "parameters_definition": definitions,
    }
    return int(client.call("ecm.campaign", "create", [values])[0])


def upload_contacts(client: WebClient, campaign_id: int, content: bytes) -> int:
    """Upload a file as the web client's wizard does: choose it, let the columns be found, import."""
    context = {"default_campaign_id": campaign_id}
    model = "ecm.contact.upload"
    answer = client.call(model, "onchange", [], {}, [], UPLOAD_FORM, context=context)
    values = answer["value"]

    # The file goes over a route of its own; the form learns its id, and looks into it.
    file = client.upload("/ecm/upload", "fibre-renewals.csv", content)
    values["attachment_id"] = file["id"]
    changed = ["attachment_id"]
    answer = client.call(model, "onchange", [], values, changed, UPLOAD_FORM, context=context)
    values |= answer["value"]

    [saved] = client.call(model, "web_save", [], values, {}, context=context)
    action = client.call(model, "action_import", [saved["id"]])
    return int(action["res_id"])


def wait_for_import(client: WebClient, list_id: int, expected: int) -> None:
    """Wait until the scheduled action has read the file."""
    deadline = time.monotonic() + 300
    fields = ["state", "error", "uploaded_count", "failed_count", "duplicate_count"]
    while True:
        [record] = client.call("ecm.contact.list", "read", [list_id], fields)
        state = record["state"]
        is_waiting = state in ("draft", "queued", "importing")
        if not is_waiting or time.monotonic() > deadline:
            break
        time.sleep(0.5)

    uploaded = record["uploaded_count"]
    failed = record["failed_count"]
    duplicate = record["duplicate_count"]
    say(f"Import: {uploaded} uploaded, {failed} failed, {duplicate} duplicate")
    # A made-up file has nothing to reject: the demo would not show what it promises.
    if state != "done" or uploaded != expected:
        reason = record["error"] or "not every contact was stored"
        raise SetupError(f"The import ended as {state}: {reason}")


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
            self._draw(tally)
        elif tally != self.printed and self._is_due():
            self._print(tally)

    def _draw(self, tally: dict[str, int]) -> None:
        """Write the table over the one before."""
        lines = self.lines(tally)
        up = f"\033[{self.lines_on_screen}A\033[J" if self.lines_on_screen else ""
        text = "\n".join(lines)
        print(up + text, flush=True)
        self.lines_on_screen = len(lines)

    def _is_due(self) -> bool:
        return time.monotonic() - self.printed_at >= TABLE_SECONDS

    def _print(self, tally: dict[str, int]) -> None:
        self.printed_at = time.monotonic()
        self.printed = tally
        states = []
        for state, count in tally.items():
            if count:
                states.append(f"{self.labels[state]} {count}")
        say(f"{self._clock()}  {', '.join(states)}")

    def lines(self, tally: dict[str, int]) -> list[str]:
        """The table: a line per state that occurs, with a bar, and the total."""
        total = sum(tally.values())
        rows = []
        for state, count in tally.items():
            # These two stay in view when they are empty: every contact passes through them.
            if count or state in ("pending", "sent_to_dialer"):
                bar = _bar(count, total)
                rows.append(f"{self.labels[state]:<22}{count:>6,}  {bar}")
        head = f"{'State':<22}{'':>6}  {self._clock()}"
        foot = f"{'Total':<22}{total:>6,}"
        return [head, *rows, foot]

    def _clock(self) -> str:
        elapsed = time.monotonic() - self.started_at
        minutes, seconds = divmod(int(elapsed), 60)
        return f"{minutes:02}:{seconds:02}"


def _bar(count: int, total: int, width: int = 40) -> str:
    if not total:
        return ""
    # Rounded up: one of many is seen, too.
    length = -(-count * width // total)
    return "█" * length


def watch(client: WebClient, campaign_id: int, dialer_id: int, settings: Settings) -> bool:
    """Show contacts per state until all are closed; False when time is up."""
    described = client.call("ecm.contact", "fields_get", ["state"], ["selection"])
    table = Table(dict(described["state"]["selection"]))
    deadline = time.monotonic() + settings.timeout_s
    pressed_at = 0.0
    while True:
        tally = client.call("ecm.campaign", "get_state_tally", [campaign_id])
        fields = ["closed_count", "contact_count", "status_reason"]
        [campaign] = client.call("ecm.campaign", "read", [campaign_id], fields)
        table.show(tally)
        # Both counts: a contact that was lost would leave the rest closed.
        counts = {campaign["closed_count"], campaign["contact_count"]}
        closed = counts == {settings.contacts}
        if closed or time.monotonic() > deadline:
            _show_end(table, tally, campaign, closed)
            return closed
        # Between the minutes of the scheduled actions, for people who watch.
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
        # "There is nothing to send" is such an answer.
        try:
            client.call(model, button, [record_id])
        except RpcError as error:
            if error.name != "odoo.exceptions.UserError":
                raise
            say(f"{button}: {error}")


def _show_end(table: Table, tally: dict[str, int], campaign: dict[str, Any], closed: bool) -> None:
    if not closed:
        open_count = campaign["contact_count"] - campaign["closed_count"]
        reason = campaign["status_reason"] or ""
        say(f"Time is up: {open_count} contacts are still open. {reason}")
    if not table.live:
        say("\n".join(table.lines(tally)))


def run(settings: Settings) -> bool:
    """The whole demo; whether every contact was closed."""
    # Before minutes of preparation.
    check_port(settings.port)
    odbc.use()
    prepare_databases(settings)

    server = OdooServer(settings.database, port=settings.port, cron_threads=3)
    server.log.unlink(missing_ok=True)
    with demo_dialers.running(settings.dialer, settings.dialer_database) as dialer:
        try:
            say("Starting Odoo")
            client = server.start().client()
            say(f"Odoo: {server.url}/odoo, login admin, password admin")
            dialer_id = create_dialer(client, dialer)
            campaign_id = start_campaign(client, dialer_id, settings)
            say(f"Watch it: {server.url}/odoo/outbound-campaigns/{campaign_id}")
            closed = watch(client, campaign_id, dialer_id, settings)
            # Everything is there to look at, with a dialer that goes on answering.
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
    end = processes.tail(server.log)
    raise SetupError(f"Odoo stopped, see {server.log}:\n{end}")


def _exit(_signal: int, _frame: object) -> None:
    raise SystemExit(143)


def main() -> None:
    """Command line. Odoo and the simulator end with this program, however it ends."""
    # Without this a SIGTERM would leave no time to stop Odoo and the simulator.
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
