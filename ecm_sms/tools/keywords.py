"""What a reply means (requirement N5): STOP, START and HELP, in the words that are stored as data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

# A word in the middle of a longer text is part of what somebody tells: "please do not stop".
_LONGEST_REQUEST = 3
_LETTERS = re.compile(r"\w+")


def find_action(text: str, words: Mapping[str, str], phrases: Sequence[str] = ()) -> str | None:
    """The action that a reply asks for.

    The first word counts; the second too in a short reply such as ``please stop``. A word is a
    whole word: ``nonstop`` asks for nothing. An opt-out phrase counts wherever it stands.

    :param words: ``{word, folded: action}``
    :param phrases: folded; any of them means ``stop``
    """
    said = fold(text)
    spoken = f" {said} "
    for phrase in phrases:
        if f" {phrase} " in spoken:
            return "stop"
    parts = said.split()
    if not parts:
        return None
    looked_at = parts if len(parts) <= _LONGEST_REQUEST else parts[:1]
    found = [words[part] for part in looked_at if part in words]
    # Who says two things wants no more messages if one of them is that.
    return "stop" if "stop" in found else next(iter(found), None)


def fold(text: str) -> str:
    """A text as words are compared: no marks, no case, no accents, one space between words."""
    parts = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    return " ".join(_LETTERS.findall(plain))
