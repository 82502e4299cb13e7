"""What the dialer's script is told of a call (requirements B4, C8): values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KNOWN, FINISHED, UNKNOWN = "known", "finished", "unknown"
AGENT, SKILL, EXTERNAL = "agent", "skill", "external"
# As UCCX and CCE have it in Account Number; whatever is longer is none of ours.
MOST_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Row:
    """An attempt, its contact and its callback, as they are stored.

    :param is_awaited: whether the attempt's result is awaited; else the call is over, as far as the
        dialer has said
    :param kind: ``personal``, ``normal`` or None
    :param agent: of a personal callback
    :param queue: of the skill at the dialer
    :param script: that goes on with the call
    """

    is_awaited: bool
    kind: str | None = None
    agent: str | None = None
    queue: str | None = None
    script: str | None = None


def clean(account_number: str | None) -> str | None:
    """What a script sends as Account Number; None for what cannot be one of ours.

    >>> clean(" ECM-1234-7 ")
    'ECM-1234-7'
    """
    text = (account_number or "").strip()
    is_readable = text.isprintable() and len(text) <= MOST_CHARACTERS
    return text if text and is_readable else None


def get_status(row: Row | None) -> str:
    """Whether the call is one of ours, and still going on."""
    if row is None:
        return UNKNOWN
    return KNOWN if row.is_awaited else FINISHED


def get_routes(row: Row | None) -> list[str]:
    """To whom the script gives the call, in the order in which to try.

    A personal callback is its agent's first, then its skill's; a script of its own is the last
    resort, and the only one where the campaign has no skill. Nothing is left out because the result
    has been read already: a call may be in the queue when the dialer says that it was answered.
    """
    if row is None:
        return []
    routes = []
    if row.kind == "personal" and row.agent:
        routes.append(AGENT)
    if row.queue:
        routes.append(SKILL)
    if row.script:
        routes.append(EXTERNAL)
    return routes


def label_parameters(
    values: Mapping[str, Any] | None, definition: Iterable[Mapping[str, Any]] | None
) -> dict[str, str]:
    """Business parameters by the names that the campaign gives them; empty ones are left out.

    >>> label_parameters({"business_parameter_1": "Gold"},
    ...     [{"name": "business_parameter_1", "string": "Plan"}])
    {'Plan': 'Gold'}
    """
    labelled = {}
    for item in definition or ():
        value = (values or {}).get(item["name"])
        if value not in (None, False, ""):
            labelled[item.get("string") or item["name"]] = str(value)
    return labelled
