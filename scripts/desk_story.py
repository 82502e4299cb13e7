"""An agent's day in the demo, told before the pictures of the desk are taken (`make screenshots`)."""

import json
import re
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from . import databases
from .web_client import WebClient

CAMPAIGN = "Service check before summer"
LOGIN, PASSWORD = "a.berg", "a.berg.demo"
# Names of choices are those of the demo, which is not translated.
ENGLISH = {"lang": "en_US"}
GADGET = "/ecm_callback/static/tests/finesse/desk.html"


@dataclass(frozen=True)
class Call:
    """What an agent says of a call."""

    said: str  # name of a wrap-up or outcome
    seconds: int = 0
    note: str = ""


LATER = "Call back later"
CALLS = (
    Call(LATER, 95, "In the kitchen until two. Wants to hear what the contract costs."),
    Call("Check booked", 214, "Thursday at 10, by the back door."),
    Call("No answer"),
    Call("Check booked", 187),
    Call(LATER, 64, "The owner is back tomorrow."),
    Call("Not interested", 41, "Has a service of the maker."),
)


def hire_agent(client: WebClient, language: str) -> None:
    """Make the demo's agent a.berg somebody who logs in, and takes cards of the demo's team.

    :param client: of an administrator
    :param language: as ``de_DE``; empty for English
    """
    group = client.call(
        "ir.model.data",
        "search_read",
        [("module", "=", "ecm_campaign"), ("name", "=", "ecm_campaign_group_agent")],
        ["res_id"],
    )
    values = {
        "name": "Anna Berg",
        "login": LOGIN,
        "password": PASSWORD,
        "tz": "Europe/Berlin",
        "group_ids": [(4, group[0]["res_id"])],
    }
    if language:
        values["lang"] = language
    user_id = client.call("res.users", "create", values)
    campaign = _find_campaign(client)
    client.call("ecm.team", "write", campaign["agent_team_id"][:1], {"user_ids": [(4, user_id)]})
    agents = client.call("ecm.callback.agent", "search", [("name", "=", LOGIN)])
    client.call("ecm.callback.agent", "write", agents, {"user_id": user_id})


def work_cards(client: WebClient, agent: WebClient, database: str) -> None:
    """Start the campaign that is called by hand, and have the agent work some of its cards."""
    client.call("ecm.campaign", "action_start", [_find_campaign(client)["id"]])
    worked = []
    for call in CALLS:
        card = agent.call("ecm.card", "request_card", context=ENGLISH)["card"]
        agent.call("ecm.card", "call", [card["id"]])
        agent.call("ecm.card", "wrap_up", [card["id"]], _find_choice(card, call.said), **_say(call))
        worked.append((card["id"], call.seconds))
    _let_time_pass(database, worked)


def take_card(agent: WebClient) -> None:
    """The callback that is due comes first."""
    agent.call("ecm.card", "request_card")


def call_customer(agent: WebClient) -> None:
    """Call whose card is in hand."""
    card = agent.call("ecm.card", "get_desk")["card"]
    agent.call("ecm.card", "call", [card["id"]])


def open_gadget(client: WebClient) -> str:
    """The address of a page that has what Finesse has for gadgets, with the key of a desktop."""
    agents = client.call("ecm.callback.agent", "search", [("name", "=", LOGIN)])
    told = client.call("ecm.callback.agent", "action_make_desktop_code", agents)
    code = re.split(r"[\s,،]", told["params"]["message"])[0]
    request = urllib.request.Request(
        f"{client.url}/ecm/api/v1/callbacks/desktop",
        json.dumps({"agent": LOGIN, "code": code}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        key = json.load(response)["key"]
    return f"{client.url}{GADGET}?agent={LOGIN}&key={key}"


def _find_campaign(client: WebClient) -> dict[str, Any]:
    found = client.call("ecm.campaign", "search_read", [("name", "=", CAMPAIGN)], ["agent_team_id"])
    if not found:
        raise LookupError(f"the demo has no {CAMPAIGN}")
    return dict(found[0])


def _find_choice(card: dict[str, Any], name: str) -> str:
    for choice in card["choices"]:
        if choice["name"] == name:
            return str(choice["code"])
    raise LookupError(f"nobody may say {name}")


def _say(call: Call) -> dict[str, Any]:
    said: dict[str, Any] = {"note": call.note}
    if call.said == LATER:
        said["callback_at"] = _tomorrow()
    return said


def _tomorrow() -> str:
    """Ten o'clock, as the desk sends it."""
    return f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}T10:00"


def _let_time_pass(database: str, worked: list[tuple[int, int]]) -> None:
    """Calls have lasted as long as people talk, and the first customer's callback is due: what no
    picture waits for.
    """
    first, _seconds = worked[0]
    with databases.connect(database) as cursor:
        cursor.executemany(
            "UPDATE ecm_card SET duration_seconds = %s WHERE id = %s",
            [(seconds, card_id) for card_id, seconds in worked],
        )
        cursor.execute(
            """UPDATE ecm_attempt a SET duration_seconds = k.duration_seconds
                 FROM ecm_card k WHERE k.attempt_id = a.id"""
        )
        cursor.execute(
            """UPDATE ecm_contact c
                  SET next_attempt_at = now() AT TIME ZONE 'UTC' - interval '5 minutes',
                      callback_due = now() AT TIME ZONE 'UTC' - interval '5 minutes'
                 FROM ecm_card k WHERE k.contact_id = c.id AND k.id = %s""",
            [first],
        )
