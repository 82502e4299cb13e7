"""Scripts with placeholders (requirement R10): ``{{ First name }}`` in HTML. No Odoo, and nothing
that computes: a placeholder is a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape

_PLACEHOLDER = re.compile(r"\{\{\s*(.+?)\s*\}\}")
_TAG = re.compile(r"<[^>]*>")


def fill_script(html: str, names: Mapping[str, str], values: Mapping[str, object]) -> str:
    """A script for somebody.

    :param html: sanitised HTML
    :param names: what people call each field, folded by `fold`, and its name
    :param values: by the name of the field; they are escaped. What is empty leaves a blank, what
        is no field stays as it stands, so that its author sees it.
    """

    def replace(found: re.Match[str]) -> str:
        # An editor may put marks of its own between the braces.
        said = fold(unescape(_TAG.sub("", found[1])))
        if said not in names:
            return found[0]
        value = values.get(names[said])
        is_empty = value is None or value is False
        return "" if is_empty else escape(str(value))

    return _PLACEHOLDER.sub(replace, html)


def fold(label: str) -> str:
    """A name as names are compared."""
    return " ".join(label.casefold().split())
