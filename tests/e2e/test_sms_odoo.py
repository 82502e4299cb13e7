"""Messages through Odoo's paid service (M1): its own API class, its uuids and its delivery reports,
with a stand-in for the service; nothing leaves this machine.
"""

import json
import os
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts import databases, demo_sms, templates
from scripts.odoo_server import OdooServer

from .stage import Stage


class Service(ThreadingHTTPServer):
    """Odoo's paid service, as far as its API is known from Odoo's source: it takes messages, and
    reports of them where it is told to.

    :param credits: of how many messages
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: dict[str, tuple[str, str]] = {}
        self.credits, self.webhook = 1000, ""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, params: dict) -> list[dict]:
        """What ``/api/sms/3/send`` answers."""
        self.webhook, results = params["webhook_url"], []
        for message in params["messages"]:
            for addressed in message["numbers"]:
                state = "processing" if self.credits > 0 else "insufficient_credit"
                if state == "processing":
                    self.credits -= 1
                    assert addressed["uuid"] not in self.taken
                    self.taken[addressed["uuid"]] = addressed["number"], message["content"]
                results.append({"uuid": addressed["uuid"], "state": state})
        return results

    def report(self, status: str, uuids: list[str]) -> None:
        """Tell Odoo what became of messages, many in one call."""
        params = {"message_statuses": [{"sms_status": status, "uuids": uuids}]}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.webhook, body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["result"] == "OK"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        """A call of Odoo's."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/api/sms/3/send", self.path
        said = {"jsonrpc": "2.0", "id": body["id"], "result": self.server.take(body["params"])}
        answer = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


class OdooHouse(Stage):
    """A server whose paid service is the stand-in."""

    def __init__(self, server: OdooServer, service: Service) -> None:
        super().__init__(server)
        self.service = service
        for key, value in (("sms.endpoint", service.url), ("web.base.url", server.url)):
            self.client.call("ir.config_parameter", "set_param", key, value)
        values = {"name": "Odoo", "preset": "odoo", "is_enabled": True}
        [self.gateway_id] = self.client.call("ecm.sms.gateway", "create", [values])
        self.campaign_id = demo_sms.create_campaign(self.client, self.gateway_id)

    def turn(self) -> None:
        """One turn of the gateway."""
        self.run(f"ecm_sms.ir_cron_ecm_sms_gateway_{self.gateway_id}")

    def count_messages(self) -> dict[str, int]:
        """Messages of the campaign by state."""
        return dict(self.sql("SELECT state, count(*) FROM ecm_sms_message GROUP BY state"))


@pytest.fixture
def house():
    name, service = f"ecm_e2e_sms_odoo_{os.getpid()}", Service()
    templates.new_database(name, demo=False)
    server = OdooServer(name, cron_threads=0)
    server.log.unlink(missing_ok=True)
    try:
        yield OdooHouse(server.start(), service)
    finally:
        server.kill()
        service.shutdown()
        service.server_close()
        databases.drop(name)


def test_a_campaign_through_odoos_paid_service(house):
    """Credits end amid the campaign; who got nothing gets it when there are some, and once."""
    numbers = [f"+493023125{n:03d}" for n in range(250)]
    house.upload(numbers)
    house.start()
    house.service.credits = 120
    house.turn()
    assert house.tally() == {"sms_sent": 120, "pending": 130}
    [gateway] = house.client.call("ecm.sms.gateway", "read", [house.gateway_id], ["last_error"])
    assert "enough credits" in gateway["last_error"]

    house.service.credits = 1000
    house.client.call("ecm.sms.gateway", "action_try_now", [house.gateway_id])
    house.turn()
    assert house.tally() == {"sms_sent": 250}
    assert sorted(number for number, _text in house.service.taken.values()) == numbers

    uuids = list(house.service.taken)
    house.service.report("sent", uuids)
    house.service.report("delivered", uuids[:200])
    house.service.report("not_delivered", uuids[200:])
    house.turn()
    assert house.count_messages() == {"delivered": 200, "failed": 50}
    assert house.tally()["sms_sent"] == 200
    lines = house.server.log_text().splitlines()
    assert [line for line in lines if " ERROR " in line or " CRITICAL " in line] == []
