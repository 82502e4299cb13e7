"""What a gateway tells by itself: delivery reports and replies (requirements M2, M3)."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

from .answers import find
from .settings import Json, Pairs

# One call carries no more of them.
MOST_ROWS = 10_000
KEY_SIZE, TEXT_SIZE = 200, 2000

Row = dict[str, Json]


class Unreadable(Exception):
    """A call holds nothing that can be read."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message.

    :param key: ours, ``reference``: the gateway's own id; one of them says which message it is
    """

    key: str
    reference: str
    status: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A message that somebody has written."""

    number: str
    text: str
    reference: str


def read_rows(query: Mapping[str, str], body: bytes) -> list[Row]:
    """The rows of a call: the parameters of its address or form, or a JSON object, or an array of
    them.

    :raise Unreadable: it is neither
    """
    if not body.strip():
        return [dict(query)]
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    rows = value if isinstance(value, list) else [value]
    if len(rows) > MOST_ROWS:
        raise Unreadable
    # What stands in the address holds for all of them.
    return [{**query, **row} for row in rows if isinstance(row, dict)]


def read_text(query: bytes, name: str) -> str | None:
    """A text as it stands in an address, in the character set that its parameter `charset` names:
    Kannel passes on what a phone has written as it came, often in UTF-16.

    :param query: what stands behind the question mark
    :return: None where nothing has to be read otherwise than usual
    """
    values = {}
    for pair in query.split(b"&"):
        key, _equals, value = pair.partition(b"=")
        values[unquote(key.decode("ascii", "replace"))] = value
    charset = values.get("charset", b"").decode("ascii", "replace")
    if name not in values or not _is_charset(charset):
        return None
    written = unquote_to_bytes(values[name].replace(b"+", b" "))
    return written.decode(charset, "replace")


def _is_charset(name: str) -> bool:
    """Whether it is one that texts are written in; UTF-8 is what everything is read in anyway."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    # Others pack or encode bytes.
    return found._is_text_encoding and found.name != "utf-8"


def read_reports(rows: Sequence[Row], key: str, reference: str, status: str) -> list[Report]:
    """Reports of rows; the names say where in a row what stands. Those that name no message are
    left out.
    """
    reports = []
    for row in rows:
        own, foreign = _find(row, key, KEY_SIZE), _find(row, reference, KEY_SIZE)
        if own or foreign:
            reports.append(Report(own, foreign, _find(row, status, KEY_SIZE)))
    return reports


def read_replies(rows: Sequence[Row], number: str, text: str, reference: str) -> list[Reply]:
    """Replies of rows; those without a number are left out."""
    replies = []
    for row in rows:
        if sender := _find(row, number, KEY_SIZE):
            said = _find(row, text, TEXT_SIZE)
            replies.append(Reply(sender, said, _find(row, reference, KEY_SIZE)))
    return replies


def find_status(statuses: Pairs, said: str) -> str:
    """What a status means: *sent*, *delivered* or a failure; empty where nobody has said so."""
    for name, meaning in statuses:
        if name.lower() == said.strip().lower():
            return meaning
    return ""


def _find(row: Row, path: str, size: int) -> str:
    # PostgreSQL keeps no zero bytes.
    return find(row, path, size).replace("\0", "").strip() if path else ""
