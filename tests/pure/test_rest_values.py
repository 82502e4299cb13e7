"""Values of the REST interface: calls, answers, problems, pages, times (R4)."""

import asyncio
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ecm_rest_api.tools import cursors, problems
from ecm_rest_api.tools.call import Answer, Call, ask
from ecm_rest_api.tools.problems import Problem
from ecm_rest_api.tools.times import as_naive, as_utc

NOON = datetime(2026, 11, 29, 12)


# -- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts", [(5,), ("ä", 5), (), (2**60, -1), *[("x" * size,) for size in range(12)]]
)
def test_a_cursor_is_read_as_it_was_written(parts):
    text = cursors.encode(*parts)
    assert "=" not in text
    assert cursors.decode(text, *map(type, parts)) == parts


@pytest.mark.parametrize(
    ("cursor", "kinds"),
    [
        ("", (int,)),
        ("x", (int,)),
        ("é", (int,)),
        ("!!!!", (int,)),
        (cursors.encode(5), ()),
        (cursors.encode(5), (str,)),
        (cursors.encode(True), (int,)),
        (cursors.encode(5, 6), (int,)),
        (cursors.encode(5), (int, int)),
        # JSON, and no list.
        ("NQ", (int,)),
        ("eyJhIjoxfQ", (str,)),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(cursor, kinds):
    with pytest.raises(ValueError, match=r"unreadable|of another list"):
        cursors.decode(cursor, *kinds)


# -- times ------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(monkeypatch):
    """A server whose clock is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_times_go_out_with_their_zone_and_come_in_without(elsewhere):
    assert as_utc(NOON) == datetime(2026, 11, 29, 12, tzinfo=UTC)
    assert as_utc(None) is as_naive(None) is None
    berlin = timezone(timedelta(hours=1))
    assert as_naive(datetime(2026, 11, 29, 13, 0, 0, 5, tzinfo=berlin)) == NOON
    assert as_naive(NOON) == NOON


# -- problems ---------------------------------------------------------------------------------------


def test_a_problem_has_status_and_title_of_its_kind():
    problem = Problem("conflict", "It is running.")
    assert (problem.status, str(problem), problem.headers) == (409, "It is running.", {})
    assert problem.describe() == {
        "type": "urn:ecm:problem:conflict",
        "title": "The state of the record does not allow it",
        "status": 409,
        "detail": "It is running.",
    }
    errors = [{"field": "a", "detail": "b"}]
    problem = Problem(
        "invalid", "x", field="a", errors=errors, headers={"A": "b"}, extra={"slots": []}
    )
    assert problem.headers == {"A": "b"}
    assert problem.describe()["slots"] == []
    assert (problem.describe()["field"], problem.describe()["errors"]) == ("a", errors)


def test_a_module_adds_its_own_kind(monkeypatch):
    monkeypatch.setattr(problems, "_KINDS", dict(problems._KINDS))
    problems.register("slot-full", 409, "Full")
    assert (Problem("slot-full", "x").status, Problem("slot-full", "x").title) == (409, "Full")
    with pytest.raises(KeyError):
        Problem("no-such-kind", "x")


STATUSES = {
    "malformed": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "scope": 403,
    "not-found": 404,
    "method": 405,
    "conflict": 409,
    "in-progress": 409,
    "length-required": 411,
    "too-large": 413,
    "media-type": 415,
    "invalid": 422,
    "key-reused": 422,
    "rate-limit": 429,
    "internal": 500,
    "busy": 503,
}


@pytest.mark.parametrize(("code", "status"), STATUSES.items())
def test_each_kind_has_its_status(code, status):
    assert Problem(code, "x").status == status
    # The first of those with the same status stands for it.
    assert STATUSES[problems.code_of(status)] == status


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (418, "malformed"),
        (499, "malformed"),
        (500, "internal"),
        (501, "internal"),
        (599, "internal"),
    ],
)
def test_a_status_without_a_kind_is_somebodys_fault(status, code):
    assert problems.code_of(status) == code


# -- calls ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", ""),
        ("abc", ""),
        ("", ""),
        ("Bearer", ""),
    ],
)
def test_the_token_is_that_of_a_bearer(header, token):
    assert Call("GET", "/x", headers={"authorization": header}).token == token
    assert Call("GET", "/x").token == ""


def test_a_call_knows_how_long_it_has_taken():
    call = Call("GET", "/x", started_at=time.perf_counter() - 2)
    assert 2000 <= call.duration_ms < 60_000


def test_nothing_is_known_of_a_call_at_its_beginning():
    call = Call("GET", "/x")
    assert (call.server, call.is_counted, call.is_replayed) == (("localhost", 80), False, False)
    assert (call.headers, call.scopes, call.limit) == ({}, frozenset(), None)
    assert Call("GET", "/y").headers is not call.headers


def test_an_answer_is_short_json():
    answer = Answer.of_json(201, {"a": ["ä", 1]}, problem="x")
    assert (answer.status, answer.body, answer.problem) == (201, '{"a":["ä",1]}'.encode(), "x")
    assert answer.content_type == "application/json"
    assert Answer(200, [("A", "b"), ("content-type", "text/x")]).content_type == "text/x"
    assert Answer(200, []).content_type == ""


def test_an_application_is_asked_as_asgi_says():
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope=scope, message=await receive())
        await send({"type": "http.response.start", "status": 202, "headers": [(b"A", b"b")]})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b"two"})

    call = Call("POST", "/api/x", query="a=1", headers={"b": "c"}, body=b"in", address="10.0.0.1")
    answer = asyncio.run(ask(app, call, "/api"))
    assert (answer.status, answer.body) == (202, b"onetwo")
    assert [(name.lower(), value) for name, value in answer.headers] == [("a", "b")]
    assert seen["message"] == {"type": "http.request", "body": b"in", "more_body": False}
    scope = seen["scope"]
    assert (scope["type"], scope["method"], scope["root_path"]) == ("http", "POST", "/api")
    assert scope["query_string"] == b"a=1"
    assert (b"b", b"c") in [tuple(pair) for pair in scope["headers"]]


def test_what_an_application_does_not_say_is_none_of_its_answer():
    async def silent(_scope, _receive, send):
        await send({"type": "http.response.trailers", "body": b"x"})

    answer = asyncio.run(ask(silent, Call("GET", "/x"), ""))
    assert (answer.status, answer.body) == (500, b"")
