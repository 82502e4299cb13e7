"""The client of a gateway without a network: the request of each message, what a lost connection
means, when nothing more begins. Against a real server it is tested in `test_sms_gateway`.
"""

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from ecm_sms.clients import http_gateway
from ecm_sms.clients.answers import ANSWER_SIZE, Answer
from ecm_sms.clients.http_gateway import HttpGateway, Message, Question
from ecm_sms.clients.settings import GatewaySettings

URL = "https://gateway.example/send"
HELLO = Message("k1", "+4930231250", "Hello")


class Response:
    def __init__(self, *chunks, status=200):
        self.chunks, self.status, self.sizes, self.is_closed = list(chunks), status, [], False

    def read1(self, size):
        self.sizes.append(size)
        return self.chunks.pop(0) if self.chunks else b""

    def close(self):
        self.is_closed = True


class Pool:
    """Answers each request with the next of its answers; notes what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def request(self, method, url, **values):
        self.asked.append((method, url, values))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Response) else Response(answer)


def make(*answers, clock=lambda: 0.0, **settings):
    gateway = HttpGateway(GatewaySettings(**{"url": URL, **settings}), clock, lambda _seconds: None)
    gateway._pool = Pool(*(answers or (b"ok",)))
    return gateway


def request_of(message=HELLO, **settings):
    return make(**settings).make_request(message)


def many(count):
    return [Message(f"k{number}", "+4930231250", "Hello") for number in range(count)]


# -- requests ---------------------------------------------------------------------------------------


def test_placeholders_stand_for_a_message_and_the_gateway():
    words = "number", "digits", "text", "key", "coding", "minutes", "user", "sender"
    parameters = tuple((word, f"{{{word}}}") for word in words)
    request = request_of(parameters=parameters, user="me", sender="ACME")
    assert request.url == (
        f"{URL}?number=%2B4930231250&digits=4930231250&text=Hello&key=k1&coding=0"
        "&user=me&sender=ACME"
    )
    unicode = Message("k2", "+4930231250", "Ж", is_unicode=True, minutes=0)
    request = request_of(unicode, parameters=(("c", "{coding}"), ("m", "{minutes}")))
    assert request.url == f"{URL}?c=2&m=0"


@pytest.mark.parametrize(
    ("url", "parameters", "expected"),
    [
        (URL, (), URL),
        (f"{URL}?a=1", (), f"{URL}?a=1"),
        (URL, (("b", "2"),), f"{URL}?b=2"),
        (f"{URL}?a=1", (("b", "2 /"),), f"{URL}?a=1&b=2%20%2F"),
        (f"{URL}/{{number}}/{{text}}", (), f"{URL}/%2B4930231250/a%2Fb"),
    ],
)
def test_parameters_are_joined_to_the_address(url, parameters, expected):
    message = Message("k", "+4930231250", "a/b")
    request = request_of(message, url=url, parameters=parameters)
    assert (request.method, request.url, request.body) == ("GET", expected, None)
    assert request_of(message, url=url, method="POST").method == "POST"


@pytest.mark.parametrize(
    ("body", "kind", "content"),
    [
        ("form", "application/x-www-form-urlencoded", b"to=%2B4930231250"),
        ("json", "application/json", b'{"to": "+4930231250"}'),
    ],
)
def test_a_body_says_what_it_is_unless_somebody_else_has(body, kind, content):
    settings = {"body": body, "parameters": (("to", "{number}"),), "json_body": {"to": "{number}"}}
    request = request_of(headers=(("X-Key", "{password}"),), password="p", **settings)
    assert (request.method, request.url, request.body) == ("POST", URL, content)
    assert request.headers == {"X-Key": "p", "Content-Type": kind}
    own = request_of(headers=(("Content-Type", "text/x"),), **settings)
    assert own.headers == {"Content-Type": "text/x"}
    assert request_of(headers=(("A", "b"),)).headers == {"A": "b"}


def test_secrets_are_masked_where_a_person_looks():
    settings = {"user": "me", "password": "p/ w", "headers": (("Authorization", "Basic {basic}"),)}
    gateway = make(parameters=(("p", "{password}"), ("u", "{user}")), **settings)
    shown = gateway.show_request(HELLO)
    assert "p%2F" not in shown.url
    assert shown.url.endswith("&u=me")
    assert shown.headers["Authorization"] == "Basic ••••••••"
    basic = gateway._words["basic"]
    assert (
        gateway.hide_secrets(f"p/ w p%2F%20w p/%20w {basic} me")
        == " ".join(["••••••••"] * 4) + " me"
    )
    # Without a password the pair of user and password is no secret.
    assert make(user="me").hide_secrets("bWU6") == "bWU6"


# -- what leaves and what comes ---------------------------------------------------------------------


def test_a_request_leaves_once_and_goes_nowhere_else():
    gateway = make(body="form", parameters=(("to", "{number}"),))
    assert gateway.send_one(HELLO).kind == "accepted"
    ((method, url, values),) = gateway._pool.asked
    assert (method, url, values["body"]) == ("POST", URL, b"to=%2B4930231250")
    assert values["headers"] == {"Content-Type": "application/x-www-form-urlencoded"}
    assert (values["retries"], values["redirect"], values["preload_content"]) == (
        False,
        False,
        False,
    )


CERTIFICATE = SSLError(ssl.SSLCertVerificationError("self-signed"))


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (NewConnectionError(None, "refused"), "unreachable", "no connection"),
        (ConnectTimeoutError(), "unreachable", "no connection within the time-out"),
        (CERTIFICATE, "unreachable", "the encrypted connection failed: check the certificate"),
        (SSLError("EOF"), "doubtful", "the encrypted connection failed: check the certificate"),
        (ReadTimeoutError(None, URL, "slow"), "doubtful", "no answer within the time-out"),
        (ProtocolError("reset"), "doubtful", "the connection was lost"),
        (ConnectionResetError(), "doubtful", "the connection was lost"),
        (ValueError("bad header"), "doubtful", "the connection was lost"),
    ],
)
def test_only_what_certainly_never_left_may_be_sent_again(error, kind, text):
    answer = make(error).send_one(HELLO)
    assert (answer.kind, answer.text) == (kind, text)


def test_an_answer_is_read_in_pieces_to_its_end():
    response = Response(b"a" * 10, b"b")
    gateway = make(response)
    assert gateway.send_one(HELLO).text == "a" * 10 + "b"
    assert response.sizes == [ANSWER_SIZE, ANSWER_SIZE - 10, ANSWER_SIZE - 11]
    assert response.is_closed


def test_no_more_of_an_answer_is_read_than_is_looked_at():
    response = Response(b"a" * (ANSWER_SIZE - 1), b"b", b"c")
    make(response).send_one(HELLO)
    assert response.chunks == [b"c"]


def test_an_answer_that_never_ends_is_read_for_so_long(monkeypatch):
    now = [100.0]

    class Slow(Response):
        def read1(self, size):
            now[0] += 10
            return super().read1(size)

    response = Slow(*[b"a"] * 99)
    make(response, clock=lambda: now[0], read_timeout=30).send_one(HELLO)
    assert len(response.sizes) == 3


def test_older_systems_read_small_pieces():
    sizes = []
    old = SimpleNamespace(read=lambda size: sizes.append(size) or b"x")
    assert http_gateway._read_some(old, 1000) == b"x"
    assert http_gateway._read_some(old, 10) == b"x"
    assert sizes == [64, 10]


@pytest.mark.parametrize(
    ("verify", "certificates"), [(True, "CERT_REQUIRED"), (False, "CERT_NONE")]
)
def test_connections_are_as_the_settings_say(monkeypatch, verify, certificates):
    made = []
    monkeypatch.setattr(urllib3, "PoolManager", lambda **values: made.append(values) or Pool(b"ok"))
    settings = GatewaySettings(
        URL, connections=7, connect_timeout=3, read_timeout=11, verify_tls=verify
    )
    gateway = HttpGateway(settings)
    gateway.send_one(HELLO)
    gateway.send_one(HELLO)
    ((values),) = made
    timeout = values["timeout"]
    assert (values["num_pools"], values["maxsize"], values["cert_reqs"]) == (1, 7, certificates)
    assert (timeout.connect_timeout, timeout.read_timeout) == (3, 11)


# -- many -------------------------------------------------------------------------------------------


def test_no_message_begins_when_the_time_is_over():
    now = [0.0]

    def answer():
        now[0] += 2.5
        return b"ok"

    gateway = make(clock=lambda: now[0], connections=1)
    gateway._pool.request = lambda *_request, **_values: Response(answer())
    # At 0 and 2.5 seconds; at 5 nothing begins.
    assert list(gateway.send(many(9))) == ["k0", "k1"]


def test_three_doubts_in_a_row_are_enough():
    lost = ProtocolError("reset")
    gateway = make(lost, connections=1)
    assert [answer.kind for answer in gateway.send(many(9)).values()] == ["doubtful"] * 3
    # One that is taken between them shows that the gateway lives.
    gateway = make(lost, lost, b"ok", lost, lost, lost, b"ok", connections=1)
    assert len(gateway.send(many(9))) == 6


@pytest.mark.parametrize("error", [NewConnectionError(None, "refused"), CERTIFICATE])
def test_a_gateway_that_is_not_there_is_asked_once(error):
    assert len(make(error, connections=1).send(many(9))) == 1


def test_one_message_or_connection_needs_no_threads(monkeypatch):
    used = []

    def executor(workers):
        used.append(workers)
        return ThreadPoolExecutor(workers)

    monkeypatch.setattr(http_gateway, "ThreadPoolExecutor", executor)
    assert make().send([]) == {}
    assert len(make(connections=5).send(many(1))) == 1
    assert len(make(connections=1).send(many(3))) == 3
    assert used == []
    assert len(make(connections=5).send(many(3))) == 3
    assert len(make(connections=2).send(many(3))) == 3
    assert used == [3, 2]


def test_what_goes_wrong_in_a_thread_is_raised():
    gateway = make(connections=3)
    gateway._exchange = lambda _request: 1 / 0
    with pytest.raises(ZeroDivisionError):
        gateway.send(many(3))
    assert threading.active_count() < 50


# -- asking -----------------------------------------------------------------------------------------


def test_a_status_is_asked_for_by_what_is_known_of_a_message():
    gateway = make(
        b'{"status": "sent"}',
        poll_url="https://g.example/{reference}?n={number}&d={digits}&k={key}&u={user}",
        poll_status="status",
        user="a b",
        headers=(("X-Ref", "{reference}"),),
    )
    assert gateway.ask([Question("k1", "+4930", "r/1"), Question("k2", "+4930")]) == {"k1": "sent"}
    ((method, url, values),) = gateway._pool.asked
    assert (method, values["body"], values["headers"]) == ("GET", None, {"X-Ref": "r/1"})
    assert url == "https://g.example/r%2F1?n=%2B4930&d=4930&k=k1&u=a%20b"


def test_without_a_reference_in_the_address_all_can_be_asked_about():
    gateway = make(b'{"status": "sent"}', poll_url="https://g.example/{key}", poll_status="status")
    assert gateway.ask([Question("k1", "+4930"), Question("k2", "+4930")]) == {
        "k1": "sent",
        "k2": "sent",
    }


def test_what_could_not_be_asked_is_not_known():
    gateway = make(ProtocolError("reset"), poll_url="https://g.example/{key}", poll_status="status")
    assert gateway.ask([Question("k1", "+4930")]) == {}


def test_nothing_is_said_of_a_message_that_nobody_has_said():
    message = Message("k", "+4930", "x")
    assert (message.is_unicode, message.minutes) == (False, None)
    assert Answer("busy").status == 0
