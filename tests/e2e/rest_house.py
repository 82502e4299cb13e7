"""The REST API on a real Odoo server, as another system calls it."""

import json
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from scripts.odoo_server import OdooServer
from scripts.web_client import WebClient

ROOT = "/ecm/api/v1"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: Any


def make_key(
    client: WebClient,
    name: str,
    rate_limit: int = 100_000,
    user_id: int = 2,
    password: str = "admin",
) -> str:
    """Make a key with every scope as an administrator does, who is asked for the password.

    :return: the secret
    """
    scopes = client.call("ecm.api.scope", "search", [])
    values = {
        "name": name,
        "user_id": user_id,
        "scope_ids": [[6, 0, scopes]],
        "rate_limit": rate_limit,
    }
    wizard = client.call("ecm.api.key.create", "create", [values])
    action = client.call("ecm.api.key.create", "action_create", wizard)
    if action["res_model"] == "res.users.identitycheck":
        context = {"password": password}
        action = client.call(
            "res.users.identitycheck", "run_check", [action["res_id"]], context=context
        )
    return str(action["context"]["default_key"])


def call(
    url: str,
    method: str,
    path: str,
    secret: str = "",
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One call; an answer is no exception, whatever its status."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + ROOT + path, data, method=method)
    request.add_header("Content-Type", "application/json")
    if secret:
        request.add_header("Authorization", f"Bearer {secret}")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return _read(response)
    except urllib.error.HTTPError as error:
        return _read(error)


def _read(response: Any) -> Answer:
    content = response.read()
    return Answer(response.status, dict(response.headers), json.loads(content or b"null"))


def side_by_side(*work: Any) -> list[Any]:
    """Run functions at the same time.

    :return: what each of them returned
    """
    results: list[Any] = [None] * len(work)

    def run(index: int) -> None:
        results[index] = work[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def make_campaign(server: OdooServer, name: str, **values: Any) -> int:
    """A campaign that contacts can be added to; it is not running."""
    client = server.client()
    [strategy] = client.call("ecm.strategy", "search", [], limit=1)
    values = {"name": name, "strategy_id": strategy, "tz": "UTC", **values}
    [campaign] = client.call("ecm.campaign", "create", [values])
    return int(campaign)
