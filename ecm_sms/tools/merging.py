"""Merge fields of a message by the names that people give them (requirement M4): ``{{ Order number }}``.

What is no such name is left as it stands: Odoo's own expressions go on working.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{\{\s*(.+?)\s*(?:\|\|\|\s*(.*?)\s*)?\}\}", re.DOTALL)
# A field of the contact as Odoo's own editor writes it.
_FIELD = re.compile(r"object\.(\w+)")
# Words and nothing that could be computed.
_WORDS = re.compile(r"[^\W\d_][\w ]*(?:[ /&'’-]+\w+)*[.]?")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text, and the field whose value follows it.

    :param source: name of the field, empty for none
    :param default: what stands in place of an empty value
    """

    literal: str
    source: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A text that is taken apart.

    :param unknown: names that are no field; such a text is not sent
    :param foreign: expressions that only Odoo can compute
    """

    parts: tuple[Part, ...]
    unknown: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    def get_sources(self) -> set[str]:
        """Names of the fields that it holds."""
        return {part.source for part in self.parts if part.source}

    def fill(self, values: Mapping[str, object]) -> str:
        """The text for somebody.

        :param values: by the name of the field
        """
        pieces = []
        for part in self.parts:
            pieces.append(part.literal)
            if part.source:
                value = values.get(part.source)
                # A zero is a value.
                is_empty = value is None or value is False or value == ""
                pieces.append(part.default if is_empty else str(value))
        return "".join(pieces)


def read_body(text: str, names: Mapping[str, str]) -> Body:
    """Take a text apart.

    :param names: what people call each field, folded by `fold`, and its name
    """
    parts: list[Part] = []
    unknown: list[str] = []
    foreign: list[str] = []
    end = 0
    fields = set(names.values())
    for found in _PLACEHOLDER.finditer(text):
        said, default = found[1], found[2] or ""
        source = _find_source(said, names, fields)
        parts.append(Part(text[end : found.start()], source, default))
        end = found.end()
        if not source:
            (unknown if is_name(said) else foreign).append(said)
    parts.append(Part(text[end:]))
    return Body(tuple(parts), tuple(unknown), tuple(foreign))


def _find_source(said: str, names: Mapping[str, str], fields: set[str]) -> str:
    if said in fields:
        return said
    if source := names.get(fold(said)):
        return source
    field = _FIELD.fullmatch(said)
    return field[1] if field and field[1] in fields else ""


def translate(text: str, names: Mapping[str, str], expressions: Mapping[str, str]) -> str:
    """A text whose names are expressions that Odoo can compute.

    :param names: see `read_body`
    :param expressions: of each field
    """
    fields = set(names.values())

    def replace(found: re.Match[str]) -> str:
        source = _find_source(found[1], names, fields)
        if not source:
            return found[0]
        default = f" ||| {found[2]}" if found[2] else ""
        return "".join(["{{ ", expressions[source], default, " }}"])

    return _PLACEHOLDER.sub(replace, text)


def without_names(text: str) -> str:
    """A text without the placeholders that are nothing but names: those compute nothing."""
    return _PLACEHOLDER.sub(lambda found: "" if is_name(found[1]) else found[0], text)


def is_name(said: str) -> bool:
    """Whether a placeholder is words, and not an expression."""
    return bool(_WORDS.fullmatch(said))


def fold(label: str) -> str:
    """A name as names are compared."""
    return " ".join(label.casefold().split())
