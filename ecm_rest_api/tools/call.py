"""One call and its answer as plain values, and how an ASGI application makes one of the other."""

import io
import json
import time
from dataclasses import dataclass, field

JSON = "application/json"


@dataclass
class Call:
    """What came in, and what is known of it by now."""

    method: str
    path: str  # with the root of the API
    query: str = ""
    headers: dict = field(default_factory=dict)  # by names in lower case
    body: bytes = b""
    address: str = ""  # of the client
    scheme: str = "http"
    server: tuple = ("localhost", 80)

    started_at: float = field(default_factory=time.perf_counter)
    key_id: int | None = None
    user_id: int | None = None
    company_id: int | None = None
    lang: str | None = None
    tz: str | None = None
    scopes: frozenset = frozenset()
    route: str = ""  # the path with the names of its values, which says nothing of a person
    is_counted: bool = False  # against the rate limit, once for all tries of a transaction
    is_replayed: bool = False
    limit: tuple | None = None  # calls a minute, calls left

    @property
    def duration_ms(self):
        """Time since it came in."""
        return (time.perf_counter() - self.started_at) * 1000

    @property
    def token(self):
        """The bearer token, if there is one."""
        kind, _space, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if kind.lower() == "bearer" else ""


@dataclass
class Answer:
    """What goes out."""

    status: int
    headers: list  # of pairs
    body: bytes = b""
    problem: str = ""  # its code

    @classmethod
    def of_json(cls, status, value, kind=JSON, **rest):
        """:param value: what JSON can write"""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, [("Content-Type", kind)], body, **rest)

    @property
    def content_type(self):
        """Of the body, or an empty text."""
        for name, value in self.headers:
            if name.lower() == "content-type":
                return value
        return ""


class Replayed(Exception):
    """The call was answered before: that answer is given again, and nothing is done.

    :param Answer answer: the earlier one
    """

    def __init__(self, answer):
        super().__init__()
        self.answer = answer


async def ask(app, call, root_path):
    """Have an ASGI application answer a call.

    :param app: it reads the body at once and answers at once: streams have no use here
    :rtype: Answer
    """
    messages = iter([{"type": "http.request", "body": call.body, "more_body": False}])
    answer, body = Answer(500, []), io.BytesIO()

    async def receive():
        return next(messages, {"type": "http.disconnect"})

    async def send(message):
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(_text(name), _text(value)) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            body.write(message.get("body", b""))

    await app(_describe(call, root_path), receive, send)
    answer.body = body.getvalue()
    return answer


def _describe(call, root_path):
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


def _bytes(value):
    return value.encode("latin-1", "replace")


def _text(value):
    return value.decode("latin-1")
