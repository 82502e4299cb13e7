"""The stand-in for a dialer's callback script: which way a call goes."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from simulators.ivr.script import Desk, Ivr, Server, choose_route

BOTH = {"routes": ["agent", "skill"], "agent": "anna"}


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(
    ("call", "is_free", "route"),
    [
        (BOTH, True, "agent"),
        (BOTH, False, "skill"),
        ({"routes": ["external"], "agent": None}, True, "external"),
        ({"routes": [], "agent": None}, True, "usual way"),
        ({"routes": ["agent"], "agent": "anna"}, False, "usual way"),
    ],
)
def test_the_first_route_that_takes_the_call(call, is_free, route):
    assert choose_route(call, lambda _agent: is_free) == route


def test_an_agent_talks_to_one_customer_at_a_time():
    clock = Clock()
    desk = Desk(10, clock)
    assert desk.takes("anna")
    assert not desk.takes("anna")
    assert desk.takes("berta")
    clock.now = 10
    assert desk.takes("anna")


class Handler(BaseHTTPRequestHandler):
    """A dialer's record of three calls, and an Odoo that knows one of them and fails at another."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        if self.path.startswith("/control"):
            calls = [
                {"id": 1, "callresult": 1, "accountnumber": "a/1"},
                {"id": 2, "callresult": 15, "accountnumber": "nobody"},
                {"id": 3, "callresult": 1, "accountnumber": "broken"},
            ]
            since = int(self.path.rpartition("=")[2])
            return self.answer([call for call in calls if call["id"] > since])
        if "broken" in self.path:
            return self.send_error(503)
        return self.answer({**BOTH, "callback": {"id": 7}})

    do_POST = do_GET  # noqa: N815

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


def test_each_answered_call_is_looked_up_once_and_its_arrival_noted():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    ivr = Ivr(Server(url, "secret"), url, Desk(1), poll_seconds=0.01)
    seen = threading.Event()
    ivr.start()
    while len(ivr.failures) < 1:
        seen.wait(0.01)
    ivr.stop()
    server.shutdown()
    server.server_close()

    asked = [each for each in server.asked if not each[0].startswith("/control")]
    assert asked == [
        ("/ecm/api/v1/ivr/calls/a%2F1", "Bearer secret"),
        ("/ecm/api/v1/callbacks/7/arrived", "Bearer secret"),
        ("/ecm/api/v1/ivr/calls/broken", "Bearer secret"),
    ]
    assert ivr.routes == {"agent": 1, "usual way": 1}
    assert ivr.failures[0].startswith("broken: HTTP Error 503")
