"""`make demo CAMPAIGN=callback`: customers ask over REST to be called back, and a simulated UCCX whose
script looks each call up calls them.
"""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.ivr.script import Desk, Ivr, Server

from . import databases, demo_dialers, odbc, rest_client
from .console import SetupError, say
from .demo_contacts import demo_rows
from .web_client import WebClient

CAMPAIGN = "Callbacks for fibre"
STRATEGY = "Three tries"
SKILLS = {"Fibre sales": "Sales_CSQ", "Fibre support": "Support_CSQ"}
# As the simulated UCCX names its agents.
AGENTS = tuple(f"agent{number:02}" for number in range(1, 9))
PROMPTS = {"Greeting": "callback_greeting.wav", "Waiting": "one_moment.wav"}
# Called again where nobody was reached.
RETRIED = (
    "busy",
    "no_answer",
    "answering_machine",
    "customer_abandoned",
    "call_abandoned",
    "call_failed",
)
# The first are due so soon after they were asked for, the others one after another.
SOON = timedelta(seconds=45)
PER_SECOND = 2
TALK_SECONDS = 1.0
# Of so many customers one moves the callback, and one does not want it any more.
MOVES, CANCELS = 10, 15
OPEN = ("scheduled", "queued", "dialing")


class CallbackPlay:
    """The demo of callbacks; it ends when every one is closed.

    :param make: of the dialer
    :param base: Odoo's address
    """

    kept_in_view: tuple[str, ...] = OPEN

    def __init__(self, database: str, contacts: int, base: str, retry_minutes: int) -> None:
        self._database, self._contacts, self._base = database, contacts, base
        self._retry_minutes = retry_minutes
        self._ivr: Ivr | None = None

    @contextmanager
    def far_side(self) -> Iterator[None]:
        """The dialer's simulator on a fresh database; its script, as soon as there is a key."""
        odbc.use()
        database = f"{self._database}_uccx"
        databases.drop(database)
        databases.create(database)
        with demo_dialers.announced("uccx", database) as announcement:
            self._control_url = announcement["control_url"]
            self._dialer = demo_dialers.MAKES["uccx"].describe(announcement, database)
            try:
                yield
            finally:
                if self._ivr:
                    self._ivr.stop()

    def start_campaign(self, client: WebClient) -> int:
        """Everything that a supervisor sets up, and what customers ask for; the campaign's id."""
        # Here, as that module chooses among the plays.
        from .demo import create_dialer

        self._dialer_id = create_dialer(client, self._dialer)
        campaign_id = create_campaign(client, self._dialer_id, self._retry_minutes)
        create_skills(client, campaign_id)
        client.call("ecm.campaign", "action_start", [campaign_id])
        say(f"Campaign: {CAMPAIGN!r} is running")
        self._start_script(client)
        scopes = ("callbacks:read", "callbacks:write")
        key = rest_client.make_key(client, "Web shop", scopes=scopes)
        Customers(self._base, key).ask(self._contacts)
        return campaign_id

    def _start_script(self, client: WebClient) -> None:
        """The script has a key of its own, as a real one should."""
        scopes = ("ivr:read", "callbacks:write")
        key = rest_client.make_key(client, "Callback script", scopes=scopes)
        server = Server(self._base, key)
        self._ivr = Ivr(server, self._control_url, Desk(TALK_SECONDS))
        self._ivr.start()

    def get_labels(self, client: WebClient) -> dict[str, str]:
        """What the table calls the states."""
        described = client.call("ecm.callback", "fields_get", ["state"], ["selection"])
        return dict(described["state"]["selection"])

    def get_tally(self, client: WebClient, campaign_id: int) -> dict[str, int]:
        """Callbacks per state."""
        tally = dict.fromkeys(self.get_labels(client), 0)
        domain = [("campaign_id", "=", campaign_id)]
        for callback in client.call("ecm.callback", "search_read", domain, ["state"]):
            tally[callback["state"]] += 1
        return tally

    def is_over(self, tally: dict[str, int]) -> bool:
        """Whether every callback is closed: one that was lost would leave the rest closed."""
        is_open = any(tally[state] for state in OPEN)
        return not is_open and sum(tally.values()) == self._contacts

    def press_buttons(self, client: WebClient, campaign_id: int) -> None:
        """Read results between the minutes of the scheduled actions. What is due is left to these:
        they keep the promises.
        """
        from .demo import press_buttons

        press_buttons(client, campaign_id, self._dialer_id)

    def tell_results(self, client: WebClient, campaign_id: int) -> None:
        """How many promises were kept, and what the script was told."""
        for line in describe_promises(client, campaign_id):
            say(line)
        if self._ivr:
            say(_describe_script(self._ivr))


class Customers:
    """Who ask for callbacks over REST; some think of another time, some of none."""

    def __init__(self, base: str, key: str) -> None:
        self._base, self._key = base, key
        self._skills = tuple(SKILLS)

    def ask(self, count: int) -> None:
        """Ask for so many callbacks, of which a half are personal."""
        first, moved, cancelled = datetime.now(UTC) + SOON, 0, 0
        for index, row in enumerate(demo_rows(count)):
            due_at = first + timedelta(seconds=index / PER_SECOND)
            callback = self._send("POST", "/callbacks", self._prepare(index, row, due_at), 201)
            path = f"/callbacks/{callback['id']}"
            if index % CANCELS == CANCELS - 1:
                self._send("POST", f"{path}/cancel", {"reason": "Solved by itself"})
                cancelled += 1
            elif index % MOVES == MOVES - 1:
                later = due_at + timedelta(seconds=20)
                self._send("PATCH", path, {"due_at": later.isoformat(timespec="seconds")})
                moved += 1
        say(f"REST: {count} callbacks asked for, {moved} moved, {cancelled} cancelled")
        self._ask_in_vain(first)

    def _prepare(self, index: int, row: list[str], due_at: datetime) -> dict[str, Any]:
        """:param row: of the demo's contacts"""
        return {
            "number": row[0],
            "due_at": due_at.isoformat(timespec="seconds"),
            "skill": self._skills[index % 2],
            "agent": AGENTS[index // 4 % len(AGENTS)] if index % 4 < 2 else None,
            "first_name": row[3],
            "last_name": row[4],
            "account_number": row[5],
            "note": f"About {row[8]}",
        }

    def _ask_in_vain(self, first: datetime) -> None:
        """A wish that cannot be promised is answered with what can."""
        wish = {
            "number": "+493023125999",
            "due_at": (first - timedelta(days=1)).isoformat(timespec="seconds"),
            "skill": self._skills[0],
        }
        refusal = self._send("POST", "/callbacks", wish, 422)
        say(f"REST: refused ({refusal['code']}): {refusal['detail']}")

    def _send(self, method: str, path: str, body: Any, status: int = 200) -> Any:
        answer = rest_client.call(self._base, method, path, self._key, body)
        if answer.status != status:
            raise SetupError(f"{method} {path} was answered with {answer.status}: {answer.body}")
        return answer.body


def create_campaign(client: WebClient, dialer_id: int, retry_minutes: int, **values: Any) -> int:
    """A campaign for callbacks on an IVR campaign of the dialer; its id."""
    attempt = (0, 0, {"sequence": 10, "phone_index": "1"})
    strategy = {
        "name": STRATEGY,
        "kind": "callback",
        "is_capped": True,
        "max_attempts": 3,
        "attempt_ids": [attempt],
    }
    [callback_strategy_id] = client.call("ecm.strategy", "create", [strategy])
    _create_rules(client, callback_strategy_id, retry_minutes)
    domain = [("dialer_id", "=", dialer_id), ("kind", "=", "ivr")]
    dialer_campaign_id = client.call("ecm.dialer.campaign", "search", domain, limit=1)[0]
    # Nobody is called by it: contacts of this campaign are callbacks.
    named = [("module", "=", "ecm_campaign"), ("name", "=", "ecm_strategy_voice")]
    [strategy] = client.call("ir.model.data", "search_read", named, ["res_id"])
    prompts = [(0, 0, {"key": key, "prompt": prompt}) for key, prompt in PROMPTS.items()]
    campaign = {
        "name": CAMPAIGN,
        "kind": "ivr",
        "strategy_id": strategy["res_id"],
        "callback_strategy_id": callback_strategy_id,
        "dialer_campaign_id": dialer_campaign_id,
        "prompt_ids": prompts,
        "calendar_id": False,
        "keeps_region_rules": False,
        "tz": "UTC",
        **values,
    }
    return int(client.call("ecm.campaign", "create", [campaign])[0])


def _create_rules(client: WebClient, strategy_id: int, retry_minutes: int) -> None:
    """Who was not reached is tried again soon."""
    domain = [("strategy_id", "=", strategy_id)]
    [attempt_id] = client.call("ecm.strategy.attempt", "search", domain)
    outcomes = client.call("ecm.outcome", "search", [("code", "in", RETRIED)])
    rule = {"attempt_id": attempt_id, "action": "again", "delay_minutes": retry_minutes}
    rules = [{**rule, "outcome_id": outcome_id} for outcome_id in outcomes]
    client.call("ecm.strategy.rule", "create", rules)


def create_skills(client: WebClient, campaign_id: int, **values: Any) -> list[int]:
    """Skills that are open at any time, with agents; their ids."""
    agents = [{"name": name, "capacity": 0, "open_limit": 0, "tz": "UTC"} for name in AGENTS]
    agent_ids = client.call("ecm.callback.agent", "create", agents)
    skills = []
    for name, queue in SKILLS.items():
        skill = {"name": name, "queue": queue, "campaign_id": campaign_id, "tz": "UTC"}
        # Right away, and to the minute.
        terms = {"capacity": 0, "lead_minutes": 0, "early_minutes": 1, "tolerance_minutes": 1}
        skills.append({**skill, **terms, "agent_ids": [(6, 0, agent_ids)], **values})
    return list(client.call("ecm.callback.skill", "create", skills))


def describe_promises(client: WebClient, campaign_id: int) -> list[str]:
    """Promises kept on time, late, or not at all, by skill and agent: the report *Callbacks kept*."""
    names = ("skill_id", "agent_id", "kept", "late_minutes")
    domain = [("campaign_id", "=", campaign_id)]
    callbacks = client.call("ecm.callback", "search_read", domain, names, order="skill_id")
    groups: dict[str, list[dict[str, Any]]] = {"All": callbacks}
    for name in ("skill_id", "agent_id"):
        for callback in sorted(callbacks, key=lambda each: _get_label(each[name])):
            groups.setdefault(_get_label(callback[name]), []).append(callback)
    head = f"{'Promises':<16}{'on time':>9}{'late':>7}{'missed':>8}{'cancelled':>11}{'kept':>8}"
    return [head, *(_describe_group(label, group) for label, group in groups.items())]


def _get_label(value: Any) -> str:
    return str(value[1]) if value else "Any agent"


def _describe_group(label: str, callbacks: list[dict[str, Any]]) -> str:
    counts = dict.fromkeys(("on_time", "late", "missed", False), 0)
    for callback in callbacks:
        counts[callback["kept"]] += 1
    on_time, late, missed, cancelled = counts.values()
    promised = on_time + late + missed
    share = f"{on_time / promised:.0%}" if promised else "–"
    return f"{label:<16}{on_time:>9}{late:>7}{missed:>8}{cancelled:>11}{share:>8}"


def _describe_script(ivr: Ivr) -> str:
    ways = ", ".join(f"{way} {count}" for way, count in sorted(ivr.routes.items()))
    waited = statistics.median(ivr.waited_ms) if ivr.waited_ms else 0.0
    text = f"Script: {ivr.routes.total()} calls, {ways}; a look-up took {waited:.0f} ms (median)"
    return f"{text}; failed: {'; '.join(ivr.failures)}" if ivr.failures else text
