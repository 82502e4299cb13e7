"""Where webhooks are sent, and how (R4): no way into one's own network, one connection for many."""

import ipaddress
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks.webhooks import Webhook

from ecm_rest_api.tools import receivers, sender, signing
from ecm_rest_api.tools.receivers import Allowed, Refused, find_address, is_public, parse
from ecm_rest_api.tools.sender import Sender, Sent, get_delay

NOBODY = Allowed()


def answer(*addresses):
    """A name server that knows these addresses."""

    def look_up(_host, port, **_options):
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    return look_up


# -- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "no_url"),
        ("crm.example.com", "no_url"),
        ("ftp://crm.example.com/", "no_url"),
        ("https:///x", "no_url"),
        ("https://crm.example.com:99999/", "no_url"),
        ("https://crm.example.com/a b", "no_url"),
        ("https://crm.example.com/\n", "no_url"),
        ("https://" + "x" * 2000, "no_url"),
        ("https://me:secret@crm.example.com/", "has_user"),
        ("http://crm.example.com/", "not_https"),
        ("http://127.0.0.1/", "not_https"),
    ],
)
def test_what_is_no_address(url, code):
    with pytest.raises(Refused) as caught:
        parse(url, NOBODY)
    assert caught.value.code == code


def test_the_parts_of_an_address():
    found = parse("https://CRM.example.com:8443/a?b=c#d", NOBODY)
    assert (found.host, found.port, found.path) == ("crm.example.com", 8443, "/a?b=c")
    assert found.authority == "crm.example.com:8443"
    assert parse("https://crm.example.com", NOBODY).authority == "crm.example.com"
    assert parse("https://[2001:4860:4860::8888]/", NOBODY).authority == "[2001:4860:4860::8888]"
    assert parse("https://bücher.example/", NOBODY).host == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:0:0:0:0:80ff:fffe"),
        # Metadata of clouds, and what was private once.
        *("192.0.0.192", "168.63.129.16", "192.88.99.1", "fec0::1", "::ffff:168.63.129.16"),
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(Refused, match="private"):
        find_address(parse("https://crm.example.com/", NOBODY), NOBODY, answer(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_addresses_that_are_public(address):
    receiver = parse("https://crm.example.com/", NOBODY)
    assert find_address(receiver, NOBODY, answer(address))


def test_a_name_with_one_private_address_among_others():
    receiver = parse("https://crm.example.com/", NOBODY)
    with pytest.raises(Refused, match="private"):
        find_address(receiver, NOBODY, answer("8.8.8.8", "10.0.0.1"))


def test_a_name_that_nobody_knows():
    receiver = parse("https://crm.example.com/", NOBODY)

    def fail(*_arguments, **_options):
        raise socket.gaierror

    for look_up in (fail, answer(), answer("x")):
        with pytest.raises(Refused) as caught:
            find_address(receiver, NOBODY, look_up)
        assert caught.value.code == "unknown_host"


def test_hosts_of_ones_own_that_are_named():
    allowed = Allowed.parse("crm.local 10.20.0.0/16  fd00::/8 192.168.1.7")
    assert find_address(parse("http://crm.local/", allowed), allowed, answer("127.0.0.1"))
    assert parse("http://10.20.30.40/", allowed).port == 80
    assert find_address(parse("https://x.example/", allowed), allowed, answer("10.20.1.1"))
    with pytest.raises(Refused, match="private"):
        find_address(parse("https://x.example/", allowed), allowed, answer("10.21.1.1"))
    with pytest.raises(Refused):
        parse("http://10.21.30.40/", allowed)
    for word in ("a/b", "x*", "https://crm.local"):
        with pytest.raises(ValueError, match=re.escape(word)):
            Allowed.parse(word)


# -- requests ---------------------------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.client_address[1], self.path, dict(self.headers), body))
        if self.path == "/slow":
            time.sleep(0.6)
        status = int(self.path.removeprefix("/")) if self.path[1:].isdecimal() else 200
        if self.path == "/drip-head":
            return self.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Header: x\r\n" * 1000)
        content = b"x" * 100_000 if self.path == "/long" else b"ok"
        if self.path == "/drip-body":
            content = b"x" * 1000
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if status == 302:
            self.send_header("Location", "/elsewhere")
        if status == 429:
            self.send_header("Retry-After", "120")
        self.end_headers()
        if self.path == "/drip-body":
            return self.drip(content)
        self.wfile.write(content)

    def drip(self, content):
        """A byte at a time, before any time-out of a socket."""
        self.close_connection = True
        for byte in content:
            self.wfile.write(bytes([byte]))
            time.sleep(0.1)

    def log_message(self, *_arguments):
        """Nothing in the tests' output."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.seen = []
    # A connection that is ended early is what some tests are about.
    server.handle_error = lambda *_arguments: None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def make_sender(**options):
    return Sender(Allowed.parse("127.0.0.0/8 localhost crm.local"), **options)


def test_many_requests_share_a_connection(server):
    own = make_sender()
    url = f"http://127.0.0.1:{server.server_port}/hook?a=b"
    results = [own.send(url, b"{}", {"webhook-id": str(n)}) for n in range(5)]
    assert all(sent.is_taken and not sent.error for sent in results)
    assert len({port for port, _path, _headers, _body in server.seen}) == 1
    _port, path, headers, body = server.seen[-1]
    assert (path, headers["webhook-id"], body) == ("/hook?a=b", "4", b"{}")
    own.close()


@pytest.mark.parametrize(
    ("path", "status", "fails_all"),
    [
        ("/500", 500, True),
        ("/400", 400, False),
        ("/302", 302, True),
        ("/404", 404, True),
        ("/422", 422, False),
        ("/429", 429, True),
    ],
)
def test_what_a_status_means(server, path, status, fails_all):
    sent = make_sender().send(f"http://127.0.0.1:{server.server_port}{path}", b"{}", {})
    assert (sent.status, sent.is_taken, sent.fails_all) == (status, False, fails_all)
    assert sent.error == f"HTTP {status}"
    assert sent.wait == (120 if status == 429 else 0)
    # No redirect is followed.
    assert [path for _port, path, _headers, _body in server.seen] == [path]


def test_an_answer_without_end_is_not_read(server):
    own = make_sender()
    url = f"http://127.0.0.1:{server.server_port}"
    assert own.send(f"{url}/long", b"{}", {}).is_taken
    assert own.send(f"{url}/", b"{}", {}).is_taken


def test_one_that_does_not_answer_in_time(server):
    sent = make_sender(timeout=0.1).send(f"http://127.0.0.1:{server.server_port}/slow", b"{}", {})
    assert (sent.status, sent.fails_all) == (0, True)
    assert "timed out" in sent.error


@pytest.mark.parametrize(("path", "status"), [("/drip-head", 0), ("/drip-body", 200)])
def test_one_that_answers_a_byte_at_a_time_is_not_waited_for(server, path, status):
    begun = time.monotonic()
    own = make_sender(timeout=0.3)
    sent = own.send(f"http://127.0.0.1:{server.server_port}{path}", b"{}", {})
    assert time.monotonic() - begun < 3
    # What its status says counts, if it came to that.
    assert (sent.status, bool(sent.error)) == (status, not status)
    # Its connection is not used again.
    assert own.send(f"http://127.0.0.1:{server.server_port}/", b"{}", {}).is_taken
    assert len({port for port, *_rest in server.seen}) == 2
    own.close()


def test_one_that_is_not_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sent = make_sender().send(f"http://127.0.0.1:{port}/", b"{}", {})
    assert sent.status == 0
    assert "refused" in sent.error
    assert "0x" not in sent.error


def test_a_name_that_points_elsewhere_a_moment_later(server, monkeypatch):
    """The connection goes to the address that was checked, with the name in the request."""
    answers = iter(["127.0.0.1", "169.254.169.254"])

    def find(receiver, allowed):
        return find_address(receiver, allowed, answer(next(answers)))

    # The name itself is not allowed, so that its addresses count.
    receiver = receivers.Receiver("http", "rebind.example", server.server_port, "/")
    monkeypatch.setattr(sender, "parse", lambda _url, _allowed: receiver)
    own = Sender(Allowed.parse("127.0.0.0/8"), find=find)
    assert own.send("x", b"{}", {}).is_taken
    second = own.send("x", b"{}", {})
    assert (second.status, "private" in second.error) == (0, True)
    [(_port, _path, headers, _body)] = server.seen
    assert headers["Host"] == f"rebind.example:{server.server_port}"


def test_pauses_grow():
    assert [get_delay(n) for n in (1, 2, 5, 100)] == [10, 20, 160, 3600]
    assert Sent(410, "HTTP 410", 0).is_gone


def test_a_library_reads_the_signature():
    secret, body = signing.make_secret(), b'{"type":"test"}'
    now = int(time.time())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": signing.sign(secret, "msg_1", now, body),
    }
    assert Webhook(secret).verify(body, headers) == {"type": "test"}
    assert signing.make_secret() != secret
