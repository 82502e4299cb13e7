"""A gateway's settings as an administrator writes them, told into values (requirement M1).

Placeholders are fixed words in braces, and nothing is computed: what a contact's data holds ends up
as a value, never as a host, a header or a name.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from .exceptions import SettingsError

# Of one message; the others are the same for all.
MESSAGE_WORDS = frozenset({"number", "digits", "text", "key", "coding", "minutes"})
# Of a message that was sent, where its status is asked for.
POLL_WORDS = frozenset({"number", "digits", "key", "reference"})
GATEWAY_WORDS = frozenset({"user", "password", "basic", "sender", "report_url"})
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
# What shares the sentence of a password when a request is shown.
SECRET_WORDS = ("password", "basic")
MASK = "••••••••"

Pairs = tuple[tuple[str, str], ...]
Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """All that a client must know of a gateway.

    :param body: where the parameters go; with ``json`` the template stands in ``json_body``
    :param accepted: patterns of answers that mean that the message was taken; none: the status says
    :param id_path: where in a JSON answer the gateway's own id of the message stands
    :param errors: ``{pattern of an answer, or an HTTP status: failure}``
    :param poll_url: where the status of a message is asked for, empty where the gateway reports
    :param poll_status: where it stands: a place in JSON, or a pattern of the answer with ``{id}``
    :param rate: messages a second at most, 0 for no limit
    :param connections: messages in flight at most
    """

    url: str
    method: Literal["GET", "POST"] = "GET"
    body: Literal["query", "form", "json"] = "query"
    parameters: Pairs = ()
    json_body: Json = None
    headers: Pairs = ()
    accepted: tuple[str, ...] = ()
    id_path: str = ""
    errors: Pairs = ()
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    report_url: str = ""
    poll_url: str = ""
    poll_status: str = ""
    rate: float = 0
    connections: int = 10
    connect_timeout: float = 5
    read_timeout: float = 30
    verify_tls: bool = True

    def get_gateway_words(self) -> dict[str, str]:
        """What placeholders stand for that are the same in every message."""
        pair = f"{self.user}:{self.password}".encode()
        return {
            "user": self.user,
            "password": self.password,
            "basic": base64.b64encode(pair).decode(),
            "sender": self.sender,
            "report_url": self.report_url,
        }


def read_url(text: str, words: frozenset[str] = MESSAGE_WORDS) -> str:
    """An address, checked: it names one host, which no placeholder can move.

    :param words: placeholders of one message that it may hold
    :raise SettingsError: it cannot be used
    """
    try:
        parts = urlsplit(text.strip())
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError("bad_url", text) from error
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError("bad_url", text)
    # A password in an address is shown, and a placeholder in it could lead elsewhere.
    if "@" in parts.netloc or parts.fragment or re.search(r"[\s\\{}]", parts.netloc):
        raise SettingsError("bad_url", text)
    check_words(parts.path + parts.query, words | GATEWAY_WORDS)
    return text.strip()


def read_poll_url(text: str) -> str:
    """An address where the status of a message is asked for; empty for none.

    :raise SettingsError: it cannot be used
    """
    return read_url(text, POLL_WORDS) if text.strip() else ""


def read_pairs(text: str, words: frozenset[str] = MESSAGE_WORDS | GATEWAY_WORDS) -> Pairs:
    """Lines ``name = value``.

    :param words: placeholders that the values may hold
    :raise SettingsError: a line is none, or holds an unknown placeholder
    """
    pairs = []
    for line in _lines(text):
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise SettingsError("no_pair", line)
        check_words(value, words)
        pairs.append((name.strip(), value.strip()))
    return tuple(pairs)


def read_headers(text: str) -> Pairs:
    """Lines ``Name: value``; a header is the same for every message.

    :raise SettingsError: a line is none, or holds a placeholder of one message
    """
    headers = []
    for line in _lines(text):
        name, colon, value = line.partition(":")
        if not colon or not _HEADER_NAME.fullmatch(name.strip()):
            raise SettingsError("no_header", line)
        check_words(value, GATEWAY_WORDS)
        headers.append((name.strip(), value.strip()))
    return tuple(headers)


def read_json(text: str) -> Json:
    """The template of a JSON body, with placeholders in its texts.

    :raise SettingsError: it is no JSON, or holds an unknown placeholder
    """
    try:
        body: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError("no_json", str(error)) from error
    for value in _texts(body):
        check_words(value, MESSAGE_WORDS | GATEWAY_WORDS)
    return body


def read_patterns(text: str) -> tuple[str, ...]:
    """Lines with a pattern each."""
    return tuple(_lines(text))


def read_map(text: str, values: frozenset[str]) -> Pairs:
    """Lines ``pattern = value``; the pattern may hold ``=`` itself.

    :param values: those that there are
    :raise SettingsError: a line is none, or its value is unknown
    """
    pairs = []
    for line in _lines(text):
        name, _equals, value = line.rpartition("=")
        if not name.strip():
            raise SettingsError("no_pair", line)
        if value.strip() not in values:
            raise SettingsError("unknown_value", value.strip())
        pairs.append((name.strip(), value.strip()))
    return tuple(pairs)


def check_words(template: str, words: frozenset[str]) -> None:
    """:raise SettingsError: a template holds a placeholder that is none of these"""
    for word in _PLACEHOLDER.findall(template):
        if word not in words:
            raise SettingsError("unknown_word", word)


def fill(template: str, words: Mapping[str, str]) -> str:
    """A template with its placeholders replaced, once: what comes in is not looked at again."""
    return _PLACEHOLDER.sub(lambda found: words.get(found[1], found[0]), template)


def fill_pairs(pairs: Pairs, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Parameters with their placeholders replaced, without those that are about nothing."""
    return [(name, fill(value, words)) for name, value in pairs if not _is_empty(value, words)]


def fill_json(template: Json, words: Mapping[str, str]) -> Json:
    """A JSON template with the placeholders in its texts replaced, without the fields that are
    about nothing.
    """
    if isinstance(template, str):
        return fill(template, words)
    if isinstance(template, list):
        return [fill_json(part, words) for part in template]
    if isinstance(template, dict):
        kept = {name: part for name, part in template.items() if not _is_empty(part, words)}
        return {name: fill_json(part, words) for name, part in kept.items()}
    return template


def _is_empty(template: Json, words: Mapping[str, str]) -> bool:
    """Whether a value is one placeholder that stands for nothing: no sender, no end."""
    found = _PLACEHOLDER.fullmatch(template) if isinstance(template, str) else None
    return found is not None and words.get(found[1]) == ""


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip():
            yield line.strip()


def _texts(value: Json) -> Iterator[str]:
    """Every text in a JSON value; names of fields are taken as they stand."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
