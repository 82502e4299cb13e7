"""Where a page of a list begins: a text that a client gives back as it is."""

import base64
import binascii
import json
from typing import Any


def encode(*parts: int | str) -> str:
    """:param parts: numbers and texts of the last row, by which the list is sorted"""
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """:param kinds: the type of each part
    :return: tuple of the parts
    :raise ValueError: it is none of ours
    """
    padding = "=" * (-len(cursor) % 4)
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + padding.encode()))
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise ValueError("unreadable") from error
    if not isinstance(parts, list) or len(parts) != len(kinds):
        raise ValueError("of another list")
    if any(type(part) is not kind for part, kind in zip(parts, kinds, strict=True)):
        raise ValueError("of another list")
    return tuple(parts)
