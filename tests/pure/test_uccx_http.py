"""Requests to UCCX: what leaves and how, how often, and in which words a failure is told."""

import socket
import ssl
from datetime import datetime, timedelta, timezone

import pytest
import requests
import urllib3

from ecm_dialer_cisco.clients import uccx_http
from ecm_dialer_cisco.clients.exceptions import Busy, NotFound, Rejected, Unauthorized, Unreachable
from ecm_dialer_cisco.clients.uccx_config import UccxConfig
from ecm_dialer_cisco.clients.uccx_http import TrackedBody, UccxHttp, refusal, server_time

NODE = "https://a:443"
NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


class Session:
    """Notes what is asked of it; answers with a list of answers or errors."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def request(self, method, url, **values):
        self.asked.append((method, url, values))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def respond(status=200, body=b"", **headers):
    response = requests.Response()
    response.status_code, response._content = status, body
    response.headers.update(headers)
    return response


def make_http(*answers, slept=None, **settings):
    session = Session(*answers)
    config = UccxConfig(("a",), "ü", "pö", **settings)
    return UccxHttp(config, session, (slept if slept is not None else []).append), session


# -- what leaves ------------------------------------------------------------------------------------


def test_reading_asks_without_a_body():
    http, session = make_http(respond(), verify_tls="ca.pem", connect_timeout=3, read_timeout=7)
    http.get(NODE, "/x", {"q": "retry"})
    ((method, url, values),) = session.asked
    assert (method, url, values["params"]) == ("GET", "https://a:443/x", {"q": "retry"})
    assert values["headers"] == {"Accept": "application/xml"}
    assert (values["data"], values["verify"], values["timeout"]) == (None, "ca.pem", (3, 7))
    # A redirect would take the password to another host.
    assert values["allow_redirects"] is False
    assert (values["auth"].username, values["auth"].password) == ("ü".encode(), "pö".encode())


def test_a_change_says_what_its_body_is():
    http, session = make_http(respond(202), respond(204))
    http.change(NODE, "POST", "/x", b"<a/>")
    http.change(NODE, "DELETE", "/x")
    (_m, _u, posted), (method, _url, deleted) = session.asked
    assert posted["headers"] == {"Accept": "application/xml", "Content-Type": "application/xml"}
    assert posted["data"].read() == b"<a/>"
    assert (method, deleted["data"], deleted["headers"]) == (
        "DELETE",
        None,
        {"Accept": "application/xml"},
    )


def test_proxies_and_netrc_of_the_server_are_ignored():
    assert UccxHttp(UccxConfig(("a",), "u", "p"), None, print)._session.trust_env is False


def test_a_body_knows_when_the_last_byte_has_left():
    body = TrackedBody(b"abcdef")
    assert (len(body), body.read(4), body.handed_over) == (6, b"abcd", False)
    assert (body.read(1), body.handed_over) == (b"e", False)
    assert (body.read(4), body.handed_over) == (b"f", True)
    assert (body.read(4), body.read(), body.handed_over) == (b"", b"", True)
    body = TrackedBody(b"abcdef")
    assert (body.read(0), body.handed_over) == (b"", False)
    assert (list(body), body.handed_over) == ([b"abcdef"], True)
    assert (TrackedBody(b"ab").read(-2), TrackedBody(b"").handed_over) == (b"ab", True)


# -- how often --------------------------------------------------------------------------------------


def test_reading_is_repeated_after_pauses_that_double(monkeypatch):
    monkeypatch.setattr(uccx_http.random, "uniform", lambda _least, most: most)
    slept = []
    lost = requests.ConnectionError("lost")
    http, session = make_http(
        lost, respond(503), respond(502), respond(), slept=slept, get_retries=3, retry_pause=0.5
    )
    assert http.get(NODE, "/x").status_code == 200
    assert (len(session.asked), slept) == (4, [0.75, 1.5, 3.0])


def test_pauses_differ_by_chance():
    slept = []
    http, _session = make_http(*[respond(503)] * 9, slept=slept, get_retries=8, retry_pause=1)
    with pytest.raises(Busy):
        http.get(NODE, "/x")
    parts = [pause / 2**count for count, pause in enumerate(slept)]
    assert len(set(parts)) > 1
    assert all(0.5 <= part <= 1.5 for part in parts)


def test_the_last_failure_is_told():
    http, session = make_http(respond(503), respond(500), get_retries=1)
    with pytest.raises(Unreachable, match=r"a:443 gave no usable answer \(HTTP 500\)"):
        http.get(NODE, "/x")
    assert not session.answers


@pytest.mark.parametrize("status", [401, 404, 400])
def test_a_refusal_is_not_asked_for_again(status):
    http, session = make_http(respond(status), get_retries=3)
    with pytest.raises(Rejected):
        http.get(NODE, "/x")
    assert len(session.asked) == 1


def test_the_node_that_answered_last_is_asked_first():
    http = UccxHttp(UccxConfig(("a", "b"), "u", "p"), Session(), print)
    asked = []

    def fail_on(bad):
        def request(node):
            asked.append(node)
            if node in bad:
                raise Unreachable(f"{node} is gone.")
            return node

        return request

    first, second = http._nodes
    assert http.on_any_node(fail_on([first])) == second
    assert http.on_any_node(fail_on([])) == second
    assert http.on_any_node(fail_on([second])) == first
    assert asked == [first, second, second, second, first]
    with pytest.raises(Unreachable, match=f"^{first} is gone. {second} is gone.$"):
        http.on_any_node(fail_on([first, second]))


def test_what_both_nodes_say_is_told_once():
    http = UccxHttp(UccxConfig(("a", "b"), "u", "p"), Session(), print)

    def fail(_node):
        raise Unreachable("No network.")

    with pytest.raises(Unreachable, match=r"^No network\.$"):
        http.on_any_node(fail)


# -- in which words ---------------------------------------------------------------------------------


def wrapped(error):
    """As urllib3 and requests wrap what the system raises."""
    reason = urllib3.exceptions.MaxRetryError(None, "/x", error)
    return requests.ConnectionError(reason)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.ConnectTimeout(), "no connection within the time-out"),
        (requests.ReadTimeout(), "no answer within the time-out"),
        (requests.exceptions.SSLError(), "the encrypted connection failed"),
        (wrapped(socket.gaierror(-2, "unknown")), "the name is unknown"),
        (wrapped(urllib3.exceptions.NewConnectionError(None, "refused")), "connection refused"),
        (wrapped(ConnectionResetError(104, "reset")), "the connection was lost"),
        (requests.exceptions.InvalidURL("bad"), "connection refused"),
    ],
)
def test_a_lost_connection_is_told_in_words(error, words):
    http, _session = make_http(error, get_retries=0)
    with pytest.raises(Unreachable, match=f"^The dialer a:443 cannot be reached: {words}"):
        http.get(NODE, "/x")


def test_causes_that_point_at_each_other_are_looked_at_once():
    first, second = requests.ConnectionError("a"), ConnectionResetError("b")
    first.__cause__, second.__cause__ = second, first
    assert list(uccx_http._causes(first)) == [first, second]
    inner = ssl.SSLCertVerificationError("self-signed")
    second.__context__ = inner
    assert uccx_http._never_connected(first)


def error_xml(*errors):
    parts = "".join(
        f"<apiError><errorData>{data}</errorData><errorMessage>{message}</errorMessage>"
        f"<errorType>{kind}</errorType></apiError>"
        for data, message, kind in errors
    )
    return f"<apiErrors>{parts}</apiErrors>".encode()


@pytest.mark.parametrize(
    ("errors", "text", "code"),
    [
        ([("no CSQ", "bad", "InvalidInput")], "(HTTP 400): bad (no CSQ)", "InvalidInput"),
        ([("", "bad", "InvalidInput")], "(HTTP 400): bad", "InvalidInput"),
        ([("no CSQ", "", "InvalidInput")], "(HTTP 400): no CSQ", "InvalidInput"),
        ([("", "", "InvalidInput")], "(HTTP 400).", "InvalidInput"),
        ([("", "bad", "")], "(HTTP 400): bad", "400"),
        ([("x", "bad", "A"), ("x", "bad", "B"), ("", "worse", "C")], "bad (x); worse", "A"),
        ([], "(HTTP 400).", "400"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_uccx(errors, text, code):
    error = refusal(NODE, respond(400, error_xml(*errors) if errors else b"<html/>"))
    assert type(error) is Rejected
    assert str(error).startswith("The dialer a:443 refused the request")
    assert str(error).endswith(text)
    assert error.code == code
    assert error.data == (errors[0][0] if errors else "")


def test_the_kind_of_a_refusal_follows_its_status():
    kinds = [type(refusal(NODE, respond(status))) for status in (503, 401, 404, 403)]
    assert kinds == [Busy, Unauthorized, NotFound, Rejected]
    assert refusal(NODE, respond(401)).code == "401"


# -- the server's clock -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Sat, 21 Nov 2026 11:59:00 GMT", NOW - timedelta(minutes=1)),
        ("Sat, 21 Nov 2026 12:00:00 +0200", NOW - timedelta(hours=2)),
        ("Sat, 21 Nov 2026 11:59:00 -0000", NOW - timedelta(minutes=1)),
        ("yesterday", NOW),
    ],
)
def test_the_servers_clock_is_that_of_its_answer(date, moment):
    found = server_time(respond(Date=date), NOW)
    assert (found, found.utcoffset() is not None) == (moment, True)


def test_an_answer_without_a_date_leaves_ours():
    assert server_time(respond(), NOW) == NOW
