"""Links whose clicks are counted (requirement M4): ``https://odoo/r/CODE/e/CONTACT``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from string import ascii_lowercase, digits

_SIGNS = digits + ascii_lowercase
# What may go on behind a short link, so that one is not found in another.
_ENDS = r"(?![\w/])"
_NO_LONGER = r"(?![\w@:%+&~#=/-])"
_LINK = re.compile(r"https?://[^\s{}]+")


def find_links(text: str) -> list[str]:
    """Links that are the same for everybody, each once; one that holds a merge field is a link of
    its own for each contact, and is left as it is.
    """
    found: dict[str, None] = {}
    for match in _LINK.finditer(text):
        # A merge field right behind it belongs to it.
        if not text.startswith("{{", match.end()):
            found[match[0].rstrip(".,;:!?)")] = None
    return list(found)


def replace_links(text: str, shortened: Mapping[str, str]) -> str:
    """A text with other links: in reverse order, since one may begin another."""
    for link in sorted(shortened, reverse=True):
        # What is put in is no pattern: a backslash stays one.
        new = shortened[link].replace("\\", r"\\")
        text = re.sub(re.escape(link) + _NO_LONGER, new, text)
    return text


def sign_links(text: str, links: Iterable[str], contact_id: int) -> str:
    """Short links with whose they are."""
    for link in links:
        text = re.sub(re.escape(link) + _ENDS, f"{link}/e/{write_id(contact_id)}", text)
    return text


def write_id(number: int) -> str:
    """A number in few characters.

    >>> write_id(0), write_id(35), write_id(36), write_id(2**31 - 1)
    ('0', 'z', '10', 'zik0zj')
    """
    written = ""
    while True:
        number, place = divmod(number, len(_SIGNS))
        written = _SIGNS[place] + written
        if not number:
            return written


def read_id(written: str) -> int | None:
    """What `write_id` wrote; None for anything else.

    >>> read_id("zik0zj"), read_id("10"), read_id("-1"), read_id("x" * 99)
    (2147483647, 36, None, None)
    """
    if not re.fullmatch(r"[0-9a-z]{1,7}", written):
        return None
    return int(written, len(_SIGNS))
