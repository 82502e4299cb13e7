"""The REST API as another system calls it: a key, and JSON over HTTP. Standard library only."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from .web_client import WebClient

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
    scopes: tuple[str, ...] = (),
) -> str:
    """Make a key as an administrator does, who is asked for the password.

    :param scopes: codes; all where none is named
    :return: the secret
    """
    chosen = [("code", "in", list(scopes))] if scopes else []
    values = {
        "name": name,
        "user_id": user_id,
        "scope_ids": [[6, 0, client.call("ecm.api.scope", "search", chosen)]],
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
