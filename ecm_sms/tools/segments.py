"""How many parts a text is sent and paid in (requirement M4): GSM 03.38 and UCS-2."""

from __future__ import annotations

from dataclasses import dataclass

# The basic set of GSM 03.38, and what takes two places of it.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM7 = _BASIC | _EXTENDED
# Places of a text that is sent in one part, and of each part of a longer one.
_GSM7_SIZES = 160, 153
_UCS2_SIZES = 70, 67


@dataclass(frozen=True, slots=True)
class Length:
    """:param size: places that the text takes; ``left``: until the next part begins"""

    is_unicode: bool
    size: int
    parts: int
    left: int


def measure(text: str) -> Length:
    """The length of a text as it is sent."""
    letters = set(text)
    is_unicode = not letters <= _GSM7
    single, each = _UCS2_SIZES if is_unicode else _GSM7_SIZES
    # Most texts are short and plain: each letter takes one place.
    if letters <= _BASIC and len(text) <= single:
        return Length(False, len(text), 1 if text else 0, single - len(text))
    widths = [_get_width(character, is_unicode) for character in text]
    size = sum(widths)
    if size <= single:
        return Length(is_unicode, size, 1 if size else 0, single - size)
    parts, filled = _fill_parts(widths, each)
    return Length(is_unicode, size, parts, each - filled)


def _get_width(character: str, is_unicode: bool) -> int:
    if is_unicode:
        # An emoji is a pair.
        return 2 if ord(character) > 0xFFFF else 1
    return 2 if character in _EXTENDED else 1


def _fill_parts(widths: list[int], each: int) -> tuple[int, int]:
    """A pair is never cut in two.

    :return: how many parts, and how far the last one is filled
    """
    parts, filled = 1, 0
    for width in widths:
        if filled + width > each:
            parts, filled = parts + 1, 0
        filled += width
    return parts, filled


def find_foreign(text: str) -> tuple[str, ...]:
    """Characters that GSM-7 lacks, each once: one of them makes the whole text UCS-2."""
    return tuple(dict.fromkeys(character for character in text if character not in _GSM7))
