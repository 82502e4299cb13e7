"""`make demo`: a campaign of 1,000 contacts, from the file to the last closed contact, before your
eyes.

HTTP_PORT chooses Odoo's port (8069), DB the database (ecm_demo, made anew), CONTACTS how many there
are (1000), DIALER which make calls them (uccx, or cce). RETRY_MINUTES is how long the strategy waits
before it calls again (1). CAMPAIGN=sms sends messages instead, through a real Kannel;
CAMPAIGN=callback has customers ask for callbacks over REST (200 where CONTACTS says nothing);
CAMPAIGN=crm launches leads and writes back what came of them (200 likewise). With
SERVE=0 the program ends when every contact is closed, or has its message, with exit code 0, or after
TIMEOUT seconds (1800), with another.

The scheduled actions run every minute, as in production. For people who watch, the demo presses the
buttons *Send now* and *Read results now* between their runs.
"""

import itertools
import os
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from . import databases, demo_dialers, odbc, processes, templates
from .console import SetupError, fail, say
from .demo_callbacks import CallbackPlay
from .demo_contacts import PARAMETER_COLUMNS, demo_file
from .demo_sms import SmsPlay
from .demo_table import Table
from .demo_upload import prepare_definitions, upload_contacts, wait_for_import
from .odoo_server import OdooServer
from .web_client import RpcError, WebClient

POLL_SECONDS = 2.0
BUTTON_SECONDS = 6.0

# With how many contacts where nobody says so.
CAMPAIGNS = {"voice": 1000, "sms": 1000, "callback": 200, "crm": 200}
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
    campaign: str
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
        campaign = _known("CAMPAIGN", value("CAMPAIGN") or "voice", tuple(CAMPAIGNS))
        return cls(
            database=value("DB") or "ecm_demo",
            campaign=campaign,
            dialer=_known("DIALER", value("DIALER") or "uccx", tuple(demo_dialers.MAKES)),
            port=int(value("HTTP_PORT") or 8069),
            contacts=int(value("CONTACTS") or CAMPAIGNS[campaign]),
            serve=value("SERVE") != "0",
            timeout_s=float(value("TIMEOUT") or 1800),
            retry_minutes=int(value("RETRY_MINUTES") or "1"),
        )

    @property
    def dialer_database(self) -> str:
        """Database of the simulator's tables."""
        return f"{self.database}_{self.dialer}"


def _known(name: str, value: str, values: tuple[str, ...]) -> str:
    if value not in values:
        raise SetupError(f"{name} is one of {', '.join(values)}, and not {value}.")
    return value


def check_port(port: int) -> None:
    """Stop early when Odoo could not listen."""
    if not processes.is_port_free(port):
        raise SetupError(
            f"Port {port} is taken by another program. Choose one: make demo HTTP_PORT=8070"
        )


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
    values = {
        "name": CAMPAIGN,
        "kind": "agent",
        "strategy_id": strategy_id,
        "dialer_campaign_id": dialer_campaign_id,
        "calendar_id": False,
        "keeps_region_rules": False,
        "tz": "UTC",
        "parameters_definition": prepare_definitions(PARAMETER_COLUMNS),
    }
    return int(client.call("ecm.campaign", "create", [values])[0])


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


class Play(Protocol):
    """A campaign from its file to its end, and whatever it needs at its far side."""

    kept_in_view: tuple[str, ...]

    def far_side(self) -> AbstractContextManager[None]:
        """What answers on the other side, while the demo runs."""

    def start_campaign(self, client: WebClient) -> int:
        """Everything that people do to get a campaign going; its id."""

    def get_labels(self, client: WebClient) -> dict[str, str]:
        """What the table calls the states."""

    def get_tally(self, client: WebClient, campaign_id: int) -> dict[str, int]:
        """Contacts per state."""

    def is_over(self, tally: dict[str, int]) -> bool:
        """Whether there is nothing more to wait for."""

    def press_buttons(self, client: WebClient, campaign_id: int) -> None:
        """What people press who do not want to wait for a minute."""

    def tell_results(self, client: WebClient, campaign_id: int) -> None:
        """What is worth telling beside the table, at the end."""


class VoicePlay:
    """The demo of calls, which a simulated dialer makes."""

    kept_in_view: tuple[str, ...] = ("pending", "sent_to_dialer")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._dialer: dict[str, Any] = {}
        self._dialer_id = 0

    @contextmanager
    def far_side(self) -> Iterator[None]:
        """The dialer's simulator, on a fresh database."""
        odbc.use()
        database = self.settings.dialer_database
        databases.drop(database)
        databases.create(database)
        with demo_dialers.running(self.settings.dialer, database) as self._dialer:
            yield

    def start_campaign(self, client: WebClient) -> int:
        """Everything that a supervisor does to get a campaign going; its id."""
        settings = self.settings
        self._dialer_id = create_dialer(client, self._dialer)
        strategy_id = create_strategy(client, settings.retry_minutes)
        campaign_id = create_campaign(client, self._dialer_id, strategy_id)
        list_id = upload_contacts(client, campaign_id, demo_file(settings.contacts))
        wait_for_import(client, list_id, settings.contacts)
        client.call("ecm.campaign", "action_start", [campaign_id])
        say(f"Campaign: {CAMPAIGN!r} is running")
        return campaign_id

    def get_labels(self, client: WebClient) -> dict[str, str]:
        """What the table calls the states."""
        described = client.call("ecm.contact", "fields_get", ["state"], ["selection"])
        return dict(described["state"]["selection"])

    def get_tally(self, client: WebClient, campaign_id: int) -> dict[str, int]:
        """Contacts per state."""
        return dict(client.call("ecm.campaign", "get_state_tally", [campaign_id]))

    def is_over(self, tally: dict[str, int]) -> bool:
        """Whether every contact is closed: one that was lost would leave the rest closed."""
        is_open = any(tally.get(state) for state in self.kept_in_view)
        return not is_open and sum(tally.values()) == self.settings.contacts

    def press_buttons(self, client: WebClient, campaign_id: int) -> None:
        """Read results and send contacts between the minutes of the scheduled actions."""
        press_buttons(client, campaign_id, self._dialer_id)

    def tell_results(self, client: WebClient, campaign_id: int) -> None:
        """The table says all."""


def watch(client: WebClient, play: Play, campaign_id: int, timeout_s: float) -> bool:
    """Show contacts per state until the play is over; False when time is up."""
    table = Table(play.get_labels(client), play.kept_in_view)
    deadline, pressed_at = time.monotonic() + timeout_s, 0.0
    while True:
        tally = play.get_tally(client, campaign_id)
        table.show(tally)
        is_over = play.is_over(tally)
        if is_over or time.monotonic() > deadline:
            _show_end(client, campaign_id, table, tally, is_over)
            return is_over
        # For people who watch.
        if time.monotonic() - pressed_at > BUTTON_SECONDS:
            play.press_buttons(client, campaign_id)
            pressed_at = time.monotonic()
        time.sleep(POLL_SECONDS)


def _show_end(
    client: WebClient, campaign_id: int, table: Table, tally: dict[str, int], is_over: bool
) -> None:
    if not is_over:
        [campaign] = client.call("ecm.campaign", "read", [campaign_id], ["status_reason"])
        say(f"Time is up: contacts are still open. {campaign['status_reason'] or ''}")
    if not table.live:
        say("\n".join(table.lines(tally)))


def run(settings: Settings) -> bool:
    """The whole demo; whether it came to its end."""
    # Before minutes of preparation.
    check_port(settings.port)
    # A copy of the template: seconds, where an installation takes a minute.
    templates.new_database(settings.database, demo=True)
    server = OdooServer(settings.database, port=settings.port, cron_threads=3)
    server.log.unlink(missing_ok=True)
    play = _choose_play(settings, server)
    with play.far_side():
        try:
            say("Starting Odoo")
            client = server.start().client()
            say(f"Odoo: {server.url}/odoo, login admin, password admin")
            campaign_id = play.start_campaign(client)
            say(f"Watch it: {server.url}/odoo/outbound-campaigns/{campaign_id}")
            is_over = watch(client, play, campaign_id, settings.timeout_s)
            play.tell_results(client, campaign_id)
            # Everything is there to look at, with a far side that goes on answering.
            if settings.serve:
                say(f"{server.url}/odoo goes on until Ctrl-C; login admin, password admin")
                _wait_for_end(server)
            return is_over
        finally:
            server.stop()


def _choose_play(settings: Settings, server: OdooServer) -> Play:
    if settings.campaign == "voice":
        return VoicePlay(settings)
    if settings.campaign == "crm":
        # It is a play of calls: it needs what stands here.
        from .demo_crm import CrmPlay

        return CrmPlay(settings)
    if settings.campaign == "callback":
        return CallbackPlay(
            settings.database, settings.contacts, server.url, settings.retry_minutes
        )
    return SmsPlay(settings.database, settings.contacts, server.url)


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
