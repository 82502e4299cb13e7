"""Texts with placeholders that a write-back rule puts into notes and activities (requirement R2)."""

import re
from collections.abc import Mapping

# What may stand in braces, as the form lists it.
PLACEHOLDERS = (
    "campaign",
    "outcome",
    "wrap_up",
    "agent",
    "number",
    "called_at",
    "duration",
    "attempt",
    "first_name",
    "last_name",
)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def find_unknown(template: str) -> list[str]:
    """What stands in braces and is no placeholder, in the order of the text."""
    names = _PLACEHOLDER.findall(template or "")
    return [name for name in dict.fromkeys(names) if name.strip() not in PLACEHOLDERS]


def fill(template: str, values: Mapping[str, str]) -> str:
    """The text with what a result says; what is not known is left out.

    A value is put in as it is: braces in it mean nothing.
    """

    def get_value(match: re.Match[str]) -> str:
        return values.get(match[1].strip()) or ""

    lines = [_PLACEHOLDER.sub(get_value, line) for line in (template or "").splitlines()]
    return "\n".join(line.rstrip() for line in lines).strip()


def describe_duration(seconds: int | None) -> str:
    """Talk time as m:ss; empty for none."""
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds else ""
