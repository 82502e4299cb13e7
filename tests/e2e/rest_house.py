"""The REST API on a real Odoo server, as another system calls it."""

import threading
from typing import Any

from scripts.odoo_server import OdooServer
from scripts.rest_client import ROOT, Answer, call, make_key
from scripts.web_client import WebClient

__all__ = ["ROOT", "Answer", "call", "make_campaign", "make_key", "make_rpc_key", "side_by_side"]


def make_rpc_key(client: WebClient, password: str = "admin") -> str:
    """Make a key for Odoo's own RPC, as its user does in the preferences.

    :return: the secret
    """
    wizard = client.call(
        "res.users.apikeys.description", "create", [{"name": "RPC", "duration": "30"}]
    )
    action = client.call("res.users.apikeys.description", "make_key", wizard)
    if action["res_model"] == "res.users.identitycheck":
        context = {"password": password}
        action = client.call(
            "res.users.identitycheck", "run_check", [action["res_id"]], context=context
        )
    return str(action["context"]["default_key"])


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
