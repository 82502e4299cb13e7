"""One call and its answer as plain values, and how an ASGI application makes one of the other."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"

Message = dict[str, Any]
Application = Callable[..., Awaitable[None]]


@dataclass
class Call:
    """What came in, and what is known of it by now."""

    method: str
    path: str  # with the root of the API
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)  # by names in lower case
    body: bytes = b""
    address: str = ""  # of the client
    scheme: str = "http"
    server: tuple[str, int] = ("localhost", 80)
    root: str = ""  # of the API

    started_at: float = field(default_factory=time.perf_counter)
    key_id: int | None = None
    user_id: int | None = None
    company_id: int | None = None
    lang: str | None = None
    tz: str | None = None
    scopes: frozenset[str] = frozenset()
    route: str = ""  # the path with the names of its values, which says nothing of a person
    is_counted: bool = False  # against the rate limit, once for all tries of a transaction
    is_replayed: bool = False
    limit: tuple[int, int] | None = None  # calls a minute, calls left

    @property
    def duration_ms(self) -> float:
        """Time since it came in."""
        return (time.perf_counter() - self.started_at) * 1000

    @property
    def token(self) -> str:
        """The bearer token, if there is one."""
        kind, _space, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else ""


@dataclass
class Answer:
    """What goes out."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    problem: str = ""  # its code

    @classmethod
    def of_json(cls, status: int, value: Any, kind: str = JSON, **rest: Any) -> Answer:
        """:param value: what JSON can write"""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, [("Content-Type", kind)], body, **rest)

    @property
    def content_type(self) -> str:
        """Of the body, or an empty text."""
        for name, value in self.headers:
            if name.lower() == "content-type":
                return value
        return ""


class Replayed(Exception):
    """The call was answered before: that answer is given again, and nothing is done.

    :param Answer answer: the earlier one
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


async def ask(app: Application, call: Call, root_path: str) -> Answer:
    """Have an ASGI application answer a call.

    :param app: it reads the body at once and answers at once: streams have no use here
    """
    whole = {"type": "http.request", "body": call.body, "more_body": False}
    messages: Iterator[Message] = iter([whole])
    answer, body = Answer(500, []), io.BytesIO()

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(_text(name), _text(value)) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            body.write(message.get("body", b""))

    await app(_describe(call, root_path), receive, send)
    answer.body = body.getvalue()
    return answer


def _describe(call: Call, root_path: str) -> Message:
    """What ASGI calls a scope."""
    headers = [(name.encode("latin-1"), _bytes(value)) for name, value in call.headers.items()]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": call.scheme,
        "path": call.path,
        "raw_path": call.path.encode(),
        "query_string": call.query.encode("latin-1", "replace"),
        "root_path": root_path,
        "headers": headers,
        "client": (call.address, 0),
        "server": call.server,
        "extensions": {},
        "ecm.call": call,
    }


def _bytes(value: str) -> bytes:
    return value.encode("latin-1", "replace")


def _text(value: bytes) -> str:
    return value.decode("latin-1")
