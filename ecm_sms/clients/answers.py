"""What a gateway's answer means for one message: was it taken? (requirement M5)

An answer that nobody has described leaves a doubt, and what is in doubt counts as sent: a person
who gets no message is a lesser harm than one who gets two.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Literal

from .settings import GatewaySettings, Json

# Of an answer no more is read.
ANSWER_SIZE = 64 * 1024
# And so much of it is looked through and kept, for a person who wants to know what it said.
SHOWN_SIZE = 2000
# Letters of other scripts may get longer, and places would no longer agree.
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
_ID = re.compile(r"[\w.:@+-]{1,200}")

Kind = Literal["accepted", "refused", "busy", "misused", "unreachable", "doubtful"]
# Of these nothing was taken, and the same message may be sent again.
UNSENT_KINDS: frozenset[Kind] = frozenset({"busy", "misused", "unreachable"})
# How Odoo names what can be wrong with a message (``sms.sms.failure_type``).
FAILURES = frozenset(
    {
        "sms_number_format",
        "sms_invalid_destination",
        "sms_blacklist",
        "sms_rejected",
        "sms_not_allowed",
        "sms_country_not_supported",
        "sms_duplicate",
        "sms_not_delivered",
        "sms_expired",
        "sms_credit",
        "sms_server",
        "unknown",
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one message.

    :param kind: *accepted*; *refused*: never taken, for what it holds; *busy*, *misused* (wrong
        password, wrong address), *unreachable*: not taken, and the others are not either;
        *doubtful*: perhaps taken
    :param reference: the gateway's own id of the message
    :param failure: why it was refused, one of ``FAILURES``
    :param status: of HTTP, 0 without an answer
    :param text: what was said, or what went wrong
    """

    kind: Kind
    reference: str = ""
    failure: str = ""
    status: int = 0
    text: str = ""


def read_answer(settings: GatewaySettings, status: int, body: bytes) -> Answer:
    """Sort an answer; the settings' own errors go before what a status means by itself."""
    text = body[:ANSWER_SIZE].decode("utf-8", "replace")
    shown = text[:SHOWN_SIZE]
    if failure := _find_failure(settings, status, shown):
        return _make_failed(failure, status, shown)
    if not 200 <= status < 300:
        return Answer(sort_status(status), "", _get_failure(status), status, shown)

    # What counts as taken is said by the settings, where they say anything.
    is_taken, reference = _find_acceptance(settings, text, shown)
    return Answer("accepted" if is_taken else "doubtful", reference, "", status, shown)


def read_status(settings: GatewaySettings, status: int, body: bytes) -> Answer:
    """What a gateway says of a message that was sent; *accepted* where it says something."""
    text = body[:ANSWER_SIZE].decode("utf-8", "replace")
    if status in (429, 503) or status in (401, 403):
        return Answer(sort_status(status), "", "", status, text[:SHOWN_SIZE])
    said = ""
    if 200 <= status < 300:
        pattern = settings.poll_status
        has_pattern = "{id}" in pattern
        said = match(pattern, text) or "" if has_pattern else find_in_json(text, pattern)
    # A message that it does not know, or does not know any more, is no reason to stop asking.
    return Answer("accepted", "", "", status, said) if said else Answer("refused", status=status)


def _find_failure(settings: GatewaySettings, status: int, text: str) -> str:
    for pattern, failure in settings.errors:
        if pattern == str(status) or match(pattern, text) is not None:
            return failure
    return ""


def _make_failed(failure: str, status: int, text: str) -> Answer:
    """A message that the gateway does not take; without money or with a fault, it takes none."""
    kind: Kind = "busy" if failure in ("sms_credit", "sms_server") else "refused"
    return Answer(kind, "", failure, status, text)


def sort_status(status: int) -> Kind:
    """What an HTTP status other than 200 to 299 says by itself."""
    if status in (429, 503):
        return "busy"
    # A redirect is not followed: it would take the password to another host.
    if 300 <= status < 400 or status in (401, 403, 404, 405, 407):
        return "misused"
    # Something in between answered, and nobody knows what the gateway did.
    if status == 408 or not 400 <= status < 500:
        return "doubtful"
    return "refused"


def _get_failure(status: int) -> str:
    return "sms_rejected" if sort_status(status) == "refused" else ""


def _find_acceptance(settings: GatewaySettings, text: str, shown: str) -> tuple[bool, str]:
    """:return: whether the answer says that the message was taken, and the gateway's id of it"""
    if settings.id_path:
        reference = find_in_json(text, settings.id_path)
        if not reference:
            return False, ""
        return not settings.accepted or _find_pattern(settings, shown)[0], reference
    return _find_pattern(settings, shown) if settings.accepted else (True, "")


def _find_pattern(settings: GatewaySettings, text: str) -> tuple[bool, str]:
    for pattern in settings.accepted:
        reference = match(pattern, text)
        if reference is not None:
            return True, reference
    return False, ""


def match(pattern: str, text: str) -> str | None:
    """Whether a text has a pattern's parts in their order, whatever their case; ``*`` stands for
    anything, ``{id}`` for the id.

    No regular expression: those can take hours over a few letters, and this cannot.

    :return: the id, empty where the pattern names none; None where the text does not match
    """
    lowered, place, reference, wants_id = text.translate(_SMALL), 0, "", False
    for part in re.split(r"(\*|\{id\})", pattern.translate(_SMALL)):
        if part in ("", "*"):
            continue
        if part == "{id}":
            wants_id = True
            continue
        found = lowered.find(part, place)
        if found < 0:
            return None
        # The id stands right before what follows it.
        if wants_id:
            reference, wants_id = _read_id(text[place:found]), False
            if not reference:
                return None
        place = found + len(part)
    if wants_id:
        reference = _read_id(text[place:])
        return reference or None
    return reference


def _read_id(text: str) -> str:
    found = _ID.match(text.lstrip())
    return found[0] if found else ""


def find_in_json(text: str, path: str) -> str:
    """What stands at a path such as ``messages.0.id``, as text; empty where there is nothing."""
    try:
        return find(json.loads(text), path)
    except (ValueError, RecursionError):
        return ""


def find(value: Json, path: str, size: int = 200) -> str:
    """As `find_in_json`, in what was read already."""
    for name in path.split("."):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return ""
    is_plain = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value)[:size] if is_plain else ""
