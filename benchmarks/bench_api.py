"""Contacts that other systems bring, through real HTTP: by REST, by JSON-2 and by JSON-RPC, all of them
by the same verb (requirements L3, R4).

`make bench NAME=api ARGS="50000 5000"`: contacts by each way, and how many a call brings. One server
process, one client. It prints `rest_contacts_per_s` (at least 2,000), `json2_contacts_per_s`,
`rpc_contacts_per_s`, and `single_per_s` for `POST /contacts`, each contact a call. Beside that stand
two of Odoo's own routes of the same server: `bare_calls_per_s`, of one that does nothing, and
`partners_per_s`, where each call stores a partner.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import requests

from scripts import databases, templates
from scripts.odoo_server import OdooServer
from tests.e2e.rest_house import ROOT, make_campaign, make_key, make_rpc_key

from . import common

NAME = "ecm_bench_api"
TARGET = 2_000
SINGLE = 300
ENDLESS_LIMIT = 100_000


class Client:
    """Sends contacts in each way, over one connection."""

    def __init__(self, server: OdooServer) -> None:
        self.server = server
        web = server.client()
        self.campaign = make_campaign(server, "Benchmark", keeps_region_rules=False)
        self.secret = make_key(web, "Benchmark", ENDLESS_LIMIT)
        self.rpc_key = make_rpc_key(web)
        self.http = requests.Session()
        self.http.trust_env = False
        self.number = 0

    def make_contacts(self, count: int) -> list[dict[str, Any]]:
        """Contacts as they usually are, each with a number of its own."""
        contacts = []
        for _one in range(count):
            self.number += 1
            contacts.append(
                {
                    "phones": [f"+4930{10_000_000 + self.number}"],
                    "first_name": "Anna",
                    "last_name": f"Muster {self.number}",
                    "account_number": f"K{self.number}",
                    "business_parameters": {"business_parameter_1": "gold"},
                }
            )
        return contacts

    def rest(self, contacts: list[dict[str, Any]]) -> int:
        """:return: how many were stored"""
        body = {"campaign_id": self.campaign, "contacts": contacts}
        return int(self._post(f"{ROOT}/contacts/bulk", body, self.secret)["created"])

    def json2(self, contacts: list[dict[str, Any]]) -> int:
        """:return: how many were stored"""
        body = {"campaign": self.campaign, "contacts": contacts}
        answer = self._post("/json/2/ecm.contact/api_add_contacts", body, self.rpc_key)
        return int(answer["created"])

    def rpc(self, contacts: list[dict[str, Any]]) -> int:
        """:return: how many were stored"""
        arguments = [self.server.database, 2, self.rpc_key, "ecm.contact", "api_add_contacts"]
        arguments += [[self.campaign, contacts]]
        call = {"service": "object", "method": "execute_kw", "args": arguments}
        body = {"jsonrpc": "2.0", "method": "call", "params": call, "id": 1}
        return int(self._post("/jsonrpc", body)["result"]["created"])

    def single(self, contacts: list[dict[str, Any]]) -> int:
        """:return: how many were stored"""
        for contact in contacts:
            body = {"campaign_id": self.campaign, **contact}
            self._post(f"{ROOT}/contacts", body, self.secret)
        return len(contacts)

    def bare(self, count: int) -> int:
        """Ask a route that does nothing.

        :return: how often it was answered
        """
        for _one in range(count):
            self.http.get(f"{self.server.url}/web/health", timeout=300).raise_for_status()
        return count

    def partners(self, count: int) -> int:
        """:return: how many partners were stored, each by a call of Odoo's own"""
        for number in range(count):
            body = {"vals_list": [{"name": f"Muster {number}", "phone": "+493023125000"}]}
            self._post("/json/2/res.partner/create", body, self.rpc_key)
        return count

    def _post(self, path: str, body: Any, key: str = "") -> Any:
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        content = json.dumps(body).encode()
        response = self.http.post(self.server.url + path, content, headers=headers, timeout=300)
        response.raise_for_status()
        return response.json()


def measure(client: Client, send: Callable[[Any], int], total: int, size: int) -> float:
    """:return: contacts a second, from the first byte that is sent to the last that comes back"""
    parts = [client.make_contacts(size) for _start in range(0, total, size)]
    begun = time.perf_counter()
    stored = sum(map(send, parts))
    elapsed = time.perf_counter() - begun
    assert stored == sum(map(len, parts)), "Not every contact was stored."
    return stored / elapsed


def measure_calls(send: Callable[[int], int]) -> float:
    """:return: calls a second"""
    begun = time.perf_counter()
    return send(SINGLE) / (time.perf_counter() - begun)


def main() -> None:
    """Command line: contacts of each way, contacts of a call."""
    words = [int(word) for word in sys.argv[1:]]
    total = words[0] if words else 50_000
    size = words[1] if len(words) > 1 else 5_000
    templates.new_database(NAME, demo=False)
    server = OdooServer(NAME, cron_threads=0)
    try:
        server.start()
        client = Client(server)
        # What is read once is not what is measured.
        for send in (client.rest, client.json2, client.rpc, client.single):
            send(client.make_contacts(10))
        for ask in (client.bare, client.partners):
            ask(10)
        rest = measure(client, client.rest, total, size)
        json2 = measure(client, client.json2, total, size)
        rpc = measure(client, client.rpc, total, size)
        single = measure(client, client.single, SINGLE, SINGLE)
        bare, partners = measure_calls(client.bare), measure_calls(client.partners)
    finally:
        server.kill()
        databases.drop(NAME)
    common.report(
        contacts=total,
        per_call=size,
        rest_contacts_per_s=round(rest),
        json2_contacts_per_s=round(json2),
        rpc_contacts_per_s=round(rpc),
        single_per_s=round(single),
        bare_calls_per_s=round(bare),
        partners_per_s=round(partners),
        of_limit=round(rest / TARGET, 2),
    )


if __name__ == "__main__":
    main()
