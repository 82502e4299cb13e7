"""What a reply means (requirement N5): STOP, START and HELP, in the words that are stored as data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# A word in the middle of a longer text is part of what somebody tells: "please do not stop".
_LONGEST_REQUEST = 3
# What a hyphen joins is one word: "non-stop" asks for nothing.
_WORD = re.compile(r"\w+(?:-\w+)*")


class Request(NamedTuple):
    """What a reply asks for: *stop*, *start* or *help*, in which language."""

    action: str
    lang: str


@dataclass(frozen=True, slots=True)
class Words:
    """The words that are known, all folded, with what each asks for.

    :param short: count in a short reply; ``first``: as the first word of any reply too
    :param anywhere: phrases that count wherever they stand
    """

    short: Mapping[str, Request]
    first: Mapping[str, Request] = field(default_factory=dict)
    anywhere: Mapping[str, Request] = field(default_factory=dict)


def find_request(text: str, words: Words) -> Request | None:
    """What a reply asks for, or None. Who says two things wants no more messages if one of them is
    that.
    """
    said, found = f" {fold(text)} ", []
    for phrase, request in words.anywhere.items():
        if f" {phrase} " in said:
            found.append(request)
    parts = said.split()
    if parts and parts[0] in words.first:
        found.append(words.first[parts[0]])
    if len(parts) <= _LONGEST_REQUEST:
        known = {**words.short, **words.first}
        found += [known[part] for part in parts if part in known]
    for request in found:
        if request.action == "stop":
            return request
    return found[0] if found else None


def fold(text: str) -> str:
    """A text as words are compared: no marks, no case, no accents, one space between words."""
    letters = []
    for part in unicodedata.normalize("NFKD", text).casefold():
        # An accent stands by itself now.
        if not unicodedata.combining(part):
            letters.append(part)
    words = _WORD.findall("".join(letters))
    return " ".join(words)
