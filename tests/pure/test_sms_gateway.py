"""Messages over HTTP to a real server that misbehaves: what was taken, what certainly was not."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from ecm_sms.clients.answers import FAILURES, find_in_json, match
from ecm_sms.clients.callbacks import read_text
from ecm_sms.clients.exceptions import SettingsError
from ecm_sms.clients.http_gateway import HttpGateway, Message, Question
from ecm_sms.clients.pace import Pace
from ecm_sms.clients.presets import PRESETS
from ecm_sms.clients.settings import (
    GatewaySettings,
    fill,
    read_headers,
    read_json,
    read_map,
    read_pairs,
    read_poll_url,
    read_url,
)

KANNEL = (
    ("to", "{number}"),
    ("text", "{text}"),
    ("username", "{user}"),
    ("password", "{password}"),
)
HELLO = Message("k1", "+4930231250", "Hello")
# Nothing of these tests takes so long where nothing hangs, on whatever machine.
LONG = 60


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        size = int(self.headers.get("Content-Length") or 0)
        seen = Seen(self, self.rfile.read(size))
        self.server.seen.append(seen)
        answer = self.server.answer(seen) if callable(self.server.answer) else self.server.answer
        if answer is None:
            self.close_connection = True
            return
        status, body, headers = (*answer, {})[:3]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.do_GET()

    def log_message(self, *_arguments):
        pass


class Seen:
    def __init__(self, handler, body):
        self.method, self.path, self.headers = handler.command, handler.path, handler.headers
        self.body = body

    @property
    def query(self):
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}


@contextmanager
def serving(answer):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.answer, server.seen = answer, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def url_of(server, path="/cgi-bin/sendsms"):
    return f"http://127.0.0.1:{server.server_port}{path}"


def make(server, **values):
    values = {"url": url_of(server), "parameters": KANNEL, "read_timeout": LONG, **values}
    return HttpGateway(GatewaySettings(connect_timeout=LONG, **values), clock=lambda: 0.0)


def ask(answer, **values):
    with serving(answer) as server:
        return make(server, **values).send_one(HELLO), server.seen


def many(count):
    return [Message(f"k{number}", "+4930231250", "Hello") for number in range(count)]


# -- what leaves ----------------------------------------------------------------------------------


def test_a_request_carries_whatever_people_write():
    text = 'Grüße & 100 % = "{number}" +1 €\n😀 مرحبا #'
    with serving((202, b"0: Accepted for delivery")) as server:
        gateway = make(server, user="me", password="s&cret")
        answer = gateway.send_one(Message("k1", "+4930231250", text))
        assert answer.kind == "accepted"
        assert server.seen[0].query == {
            "to": "+4930231250",
            "text": text,
            "username": "me",
            "password": "s&cret",
        }


def test_a_form_and_a_json_body_carry_it_too():
    text = '"}, {"to": "+49900", {password} \\'
    with serving((200, b"")) as server:
        body = {"to": ["{digits}"], "message": {"body": "{text}"}, "flash": False, "ttl": 60}
        make(server, body="json", json_body=body).send_one(Message("k", "+49302", text))
        make(server, body="form").send_one(Message("k", "+49302", text))
        as_json, as_form = server.seen
        assert json.loads(as_json.body) == {
            "to": ["49302"],
            "message": {"body": text},
            "flash": False,
            "ttl": 60,
        }
        assert parse_qs(as_form.body.decode())["text"] == [text]
        assert {seen.method for seen in server.seen} == {"POST"}


def test_a_request_is_shown_without_its_secrets():
    headers = (("Authorization", "Basic {basic}"), ("X-Key", "{password}"))
    settings = GatewaySettings(
        "http://localhost/{password}", parameters=KANNEL, headers=headers, user="u", password="p&w"
    )
    gateway = HttpGateway(settings)
    shown = gateway.show_request(HELLO)
    written = f"{shown.url} {shown.headers}"
    assert "p&w" not in written
    assert "p%26w" not in written
    assert settings.get_gateway_words()["basic"] not in written
    assert "Hello" in shown.url
    # Some gateways repeat what they were sent.
    assert "p%26w" not in gateway.hide_secrets("wrong: /sendsms?password=p%26w")
    assert "p&w" not in repr(settings)


# -- what comes back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (202, b"0: Accepted for delivery", "accepted"),
        (202, b"3: Queued for later delivery", "accepted"),
        (200, b"ERR 17 something new", "doubtful"),
        (200, b"<html><body>Please log in to the hotel's network</body></html>", "doubtful"),
        (200, b"", "doubtful"),
        (200, b"\xff\xfe\x00 0: Accepted", "accepted"),
        (204, b"", "doubtful"),
        (200, b"ERROR: unknown subscriber", "refused"),
        (400, b"number missing", "refused"),
        (422, b"{}", "refused"),
        (200, b"ERROR: no credit left", "busy"),
        (429, b"slow down", "busy"),
        (503, b"Temporal failure, try again later.", "busy"),
        (300, b"0: Accepted", "misused"),
        (399, b"", "misused"),
        (401, b"", "misused"),
        (403, b"Authorization failed for sendsms", "misused"),
        (404, b"", "misused"),
        (408, b"", "doubtful"),
        (500, b"", "doubtful"),
        (502, b"<html>Bad gateway</html>", "doubtful"),
        (504, b"", "doubtful"),
    ],
)
def test_an_answer_of_the_gateway(status, body, kind):
    settings = {
        "accepted": ("0: Accepted", "3: Queued"),
        "errors": (("unknown subscriber", "sms_invalid_destination"), ("no credit", "sms_credit")),
    }
    answer, seen = ask((status, body), **settings)
    assert answer.kind == kind
    assert (answer.status, len(seen)) == (status, 1)
    assert bool(answer.failure) is (kind == "refused" or b"no credit" in body)


def test_an_answer_is_read_with_the_urllib3_of_older_systems(monkeypatch):
    """Ubuntu 24.04 has 2.0, Debian 12 has 1.26."""
    for each in urllib3.response.HTTPResponse.__mro__[:2]:
        monkeypatch.delattr(each, "read1", raising=False)
    answer, _seen = ask((200, b'{"id": "' + b"x" * 150 + b'"}'), id_path="id")
    assert (answer.kind, answer.reference) == ("accepted", "x" * 150)
    with serving((200, b"OK")) as server:
        answers = make(server, connections=2).send(many(6))
    assert {answer.text for answer in answers.values()} == {"OK"}


def test_a_redirect_is_not_followed():
    with serving((200, b"never")) as other:
        answer, seen = ask((302, b"", {"Location": url_of(other)}))
        assert answer.kind == "misused"
        assert len(seen) == 1
        assert not other.seen


def test_a_connection_that_breaks_after_the_request_leaves_a_doubt():
    answer, seen = ask(None)
    assert answer.kind == "doubtful"
    # It was not sent again by itself.
    assert len(seen) == 1


def test_an_answer_that_does_not_come_in_time_leaves_a_doubt():
    asked = threading.Event()
    with serving(lambda _seen: asked.wait(LONG) and (200, b"late")) as server:
        answer = make(server, read_timeout=0.2).send_one(HELLO)
        asked.set()
    assert answer.kind == "doubtful"
    assert answer.text == "no answer within the time-out"


def test_nobody_listens():
    with serving((200, b"")) as server:
        url = url_of(server)
    answer = HttpGateway(GatewaySettings(url, parameters=KANNEL)).send_one(HELLO)
    assert answer.kind == "unreachable"
    assert "127.0.0.1" not in answer.text


def test_an_endless_answer_is_cut_off():
    answer, _seen = ask((200, b"OK " + b"x" * 5_000_000), accepted=("OK",))
    assert answer.kind == "accepted"
    assert len(answer.text) <= 2000


def test_a_secret_or_a_number_cannot_make_a_header():
    headers = (("X-Sender", "{sender}"),)
    with serving((200, b"")) as server:
        answer = make(server, headers=headers, sender="me\r\nX-More: 1").send_one(HELLO)
        assert not server.seen
    assert answer.kind != "accepted"


# -- many -----------------------------------------------------------------------------------------


def test_many_are_in_flight_at_once():
    barrier = threading.Barrier(4, timeout=LONG)

    def answer(_seen):
        barrier.wait()
        return 200, b""

    with serving(answer) as server:
        answers = make(server, connections=4).send(many(8))
    assert {answer.kind for answer in answers.values()} == {"accepted"}
    assert len(answers) == 8


def test_one_that_is_refused_stops_no_other():
    def answer(seen):
        return (400, b"bad number") if seen.query["to"] == "+1" else (200, b"")

    with serving(answer) as server:
        batch = [*many(2), Message("bad", "+1", "Hello"), *many(1)]
        answers = make(server, connections=1).send(batch)
    assert {key: answer.kind for key, answer in answers.items()} == {
        "k0": "accepted",
        "k1": "accepted",
        "bad": "refused",
    }


def test_a_gateway_that_dies_amid_a_batch():
    """What it answered is known, what it may have is in doubt, the rest is left for later."""
    numbers = iter(range(100))

    def answer(_seen):
        return (200, b"") if next(numbers) < 5 else None

    with serving(answer) as server:
        answers = make(server, connections=1).send(many(50))
        assert len(server.seen) == 8
    kinds = [answers[key].kind for key in sorted(answers, key=lambda key: int(key[1:]))]
    assert kinds == ["accepted"] * 5 + ["doubtful"] * 3


@pytest.mark.parametrize("status", [401, 503])
def test_nothing_more_is_sent_to_a_gateway_that_takes_nothing(status):
    with serving((status, b"")) as server:
        answers = make(server, connections=1).send(many(50))
        assert len(server.seen) == 1
    assert len(answers) == 1


def test_no_more_is_put_at_stake_after_doubts_in_a_row():
    with serving((502, b"")) as server:
        answers = make(server, connections=1).send(many(50))
        assert len(server.seen) == 3
    assert {answer.kind for answer in answers.values()} == {"doubtful"}


def test_a_slow_gateway_does_not_hold_its_caller():
    now = [0.0]

    def answer(_seen):
        now[0] += 2
        return 200, b""

    with serving(answer) as server:
        settings = GatewaySettings(url_of(server), connections=1)
        answers = HttpGateway(settings, clock=lambda: now[0]).send(many(50))
    # At 0, 2 and 4 seconds; the others are left.
    assert len(answers) == 3


def test_the_rate_is_kept():
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(round(seconds, 3))
        now[0] += seconds

    pace = Pace(rate=4, clock=lambda: now[0], sleep=sleep)
    for _message in range(3):
        pace.wait()
    assert slept == [0, 0.25, 0.25]
    now[0] += 60
    pace.wait()
    # A pause is not made up for by a burst.
    pace.wait()
    assert slept == [0, 0.25, 0.25, 0, 0.25]


def test_without_a_rate_nobody_waits():
    slept = []
    pace = Pace(rate=0, clock=lambda: 100.0, sleep=slept.append)
    for _message in range(3):
        pace.wait()
    assert slept == [0, 0, 0]


# -- asking -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "answer", "said"),
    [
        ("message.status", (200, b'{"message": {"status": "delivered"}}'), {"k1": "delivered"}),
        ("status={id};", (200, b"id=7; status=DELIVRD; more"), {"k1": "DELIVRD"}),
        ("status", (200, b"<html>later</html>"), {}),
        ("status", (404, b'{"status": "unknown"}'), {}),
        ("status", (500, b""), {}),
        ("status", None, {}),
    ],
)
def test_what_became_of_a_message(place, answer, said):
    question = Question("k1", "+4930231250", "gw/7")
    with serving(answer) as server:
        url = url_of(server, "/messages/{reference}")
        headers = (("Authorization", "Bearer {password}"),)
        values = {"poll_url": url, "poll_status": place, "headers": headers, "password": "p"}
        assert make(server, **values).ask([question]) == said
        [seen] = server.seen
    assert (seen.method, seen.path) == ("GET", "/messages/gw%2F7")
    assert seen.headers["Authorization"] == "Bearer p"


def test_without_an_id_there_is_nothing_to_ask_by():
    with serving((200, b"")) as server:
        url = url_of(server, "/{reference}")
        make(server, poll_url=url, poll_status="status").ask([Question("k1", "+4930231250")])
        assert not server.seen


# -- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "ftp://gateway/",
        "file:///etc/passwd",
        "http://",
        "//gateway/send",
        "http://user:pw@gateway/",
        "http://{number}/send",
        "http://gateway.{text}/",
        "http://gate way/",
        "http://gateway:port/",
        "http://gateway/#x",
        "http://gateway/{unknown}",
        "http://[::1/",
    ],
)
def test_an_address_names_one_host(url):
    with pytest.raises(SettingsError):
        read_url(url)


def test_an_address_may_hold_placeholders_in_its_path():
    url = " https://gateway:8443/send/{digits}?key={key} "
    assert read_url(url) == url.strip()


def test_what_comes_in_is_no_template():
    assert fill("{text} {key}", {"text": "{key}", "key": "1"}) == "{key} 1"


def test_an_address_that_is_asked_holds_what_is_known_then():
    assert read_poll_url("") == ""
    assert read_poll_url("https://gateway/{reference}?n={digits}")
    with pytest.raises(SettingsError):
        read_poll_url("https://gateway/{text}")


@pytest.mark.parametrize("name", PRESETS)
def test_a_kind_can_be_used_as_it_is(name):
    preset = PRESETS[name]
    read_url(preset["url"])
    read_pairs(preset["parameters"])
    read_headers(preset["headers"])
    read_map(preset["error_map"], FAILURES)
    read_map(preset["status_map"], FAILURES | {"sent", "delivered"})


@pytest.mark.parametrize(
    ("status", "body", "kind", "failure"),
    [
        (201, b'{"sid": "SM1", "status": "queued", "error_code": null}', "accepted", ""),
        (400, b'{"code": 21211, "message": "no number"}', "refused", "sms_number_format"),
        (400, b'{"code":21610,"message":"STOP"}', "refused", "sms_blacklist"),
        (401, b'{"code": 20003}', "misused", ""),
        (429, b"", "busy", ""),
    ],
)
def test_a_form_as_twilio_takes_it(status, body, kind, failure):
    preset = PRESETS["form"]
    with serving((status, body)) as server:
        gateway = HttpGateway(
            GatewaySettings(
                preset["url"].replace("https://gateway.example.com", url_of(server, "")),
                method="POST",
                body="form",
                parameters=read_pairs(preset["parameters"]),
                headers=read_headers(preset["headers"]),
                id_path=preset["id_path"],
                errors=read_map(preset["error_map"], FAILURES),
                user="AC1",
                password="secret",
                sender="+12025550170",
                report_url="https://odoo/report",
            )
        )
        answer = gateway.send_one(HELLO)
        [seen] = server.seen
    assert (answer.kind, answer.failure) == (kind, failure)
    assert seen.path == "/Accounts/AC1/Messages.json"
    assert parse_qs(seen.body.decode()) == {
        "From": ["+12025550170"],
        "To": ["+4930231250"],
        "Body": ["Hello"],
        "StatusCallback": ["https://odoo/report?key=k1"],
    }


# -- what gateways tell -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("text=%00J%00a&charset=UTF-16BE", "Ja"),
        ("text=+%AC&charset=UTF-16BE", "€"),
        ("text=Gr%FC%DFe+dich&charset=windows-1252", "Grüße dich"),
        ("text=Gr%C3%BC%C3%9Fe&charset=UTF-8", None),
        ("text=Ja", None),
        ("text=Ja&charset=", None),
        ("text=Ja&charset=zlib", None),
        ("text=Ja&charset=%00", None),
        ("text=%D8%3D&charset=UTF-16BE", "\N{REPLACEMENT CHARACTER}"),
        ("from=1&charset=UTF-16BE", None),
    ],
)
def test_a_text_in_another_character_set(query, text):
    assert read_text(query.encode(), "text") == text


def read_statuses(text):
    return read_map(text, frozenset({"sent"}))


def test_a_json_body_may_hold_what_is_no_text():
    body = {"to": "{number}", "parts": [1, None, True, {"x": 1.5}]}
    assert read_json(json.dumps(body)) == body


def test_who_sets_nothing_gets_certificates_checked_and_no_limit():
    settings = GatewaySettings("https://gateway")
    assert (settings.verify_tls, settings.rate) == (True, 0)


def test_settings_are_told_from_mistakes():
    assert read_pairs("to = {number}\n\ntext={text}=") == (("to", "{number}"), ("text", "{text}="))
    assert read_headers("Authorization: Bearer {password}") == (
        ("Authorization", "Bearer {password}"),
    )
    assert read_json('{"to": "{number}"}') == {"to": "{number}"}
    assert read_map("a=b = delivered", frozenset({"delivered"})) == (("a=b", "delivered"),)
    for read, text, code in (
        (read_pairs, "to", "no_pair"),
        (read_pairs, "to = {nobody}", "unknown_word"),
        (read_headers, "To: {number}", "unknown_word"),
        (read_headers, "bad name: x", "no_header"),
        (read_headers, "Authorization", "no_header"),
        (read_statuses, "sent", "no_pair"),
        (read_statuses, " = sent", "no_pair"),
        (read_statuses, "1 = gone", "unknown_value"),
        (read_json, '{"to": }', "no_json"),
        (read_json, "[" * 100_000, "no_json"),
        (read_json, '{"to": ["{nobody}"]}', "unknown_word"),
    ):
        with pytest.raises(SettingsError) as caught:
            read(text)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("0: accepted", "0: Accepted for delivery", ""),
        ("OK {id}", "ok 4711-x done", "4711-x"),
        ("sent|{id}|*|end", "SENT|a1|b|c|end", "a1"),
        ("sent|{id}|", "sent||", None),
        ("ok {id}", "ok", None),
        ("a*b", "b a", None),
        ("İd: {id}", "İd: Ab1", "Ab1"),
        ("*" * 200 + "x", "a" * 2000, None),
    ],
)
def test_a_pattern_of_an_answer(pattern, text, found):
    assert match(pattern, text) == found


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        ('{"messages": [{"id": "x1"}]}', "messages.0.id", "x1"),
        ('{"id": 17}', "id", "17"),
        ('{"id": true}', "id", ""),
        ('{"id": null}', "id", ""),
        ('{"id": {"a": 1}}', "id", ""),
        ("[1, 2]", "1", "2"),
        ("[1, 2]", "2", ""),
        (f'{{"id": "{"x" * 300}"}}', "id", "x" * 200),
        ("no json", "id", ""),
        ("[" * 100_000, "0", ""),
    ],
)
def test_a_place_in_a_json_answer(text, path, found):
    assert find_in_json(text, path) == found


def test_a_json_answer_without_an_id_was_not_understood():
    good, _seen = ask((200, b'{"messages": [{"id": "m-7"}]}'), id_path="messages.0.id")
    assert (good.kind, good.reference) == ("accepted", "m-7")
    body = b'{"id": "m-8", "state": "ok"}'
    both, _seen = ask((200, body), id_path="id", accepted=('"ok"',))
    assert (both.kind, both.reference) == ("accepted", "m-8")
    bad, _seen = ask((200, b'{"error": "later"}'), id_path="messages.0.id")
    assert bad.kind == "doubtful"
