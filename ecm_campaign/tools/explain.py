"""What Explain says of a contact or a campaign (requirement R6): values only, no Odoo.

The verdicts come from the gates and checks of the engine. Here is what follows from them together:
which one decides, and when all of them let a contact pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PASSES: Literal["passes"] = "passes"
WAITS: Literal["waits"] = "waits"
HELD: Literal["held"] = "held"
CLOSES: Literal["closes"] = "closes"
NOT_REACHED: Literal["not_reached"] = "not_reached"

# A contact that is moved so often never finds a time.
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """What one gate or check says.

    :param check: stable code: a gate's name, or ``running``, ``schedule``, ``dialer`` …
    :param detail: a sentence for a supervisor
    :param until: naive UTC, where ``verdict`` is ``waits`` and the end is known
    """

    check: str
    verdict: Literal["passes", "waits", "held", "closes", "not_reached"]
    detail: str = ""
    until: datetime | None = None


def decisive(findings: Iterable[Finding]) -> Finding | None:
    """The finding that keeps a contact from being sent; None when all pass.

    What closes or holds goes before what passes by itself; of the latter the one that takes
    longest, and one whose end nobody knows only when there is no other.
    """
    stopping = [finding for finding in findings if finding.verdict not in (PASSES, NOT_REACHED)]
    if not stopping:
        return None
    for finding in stopping:
        if finding.verdict != WAITS:
            return finding

    # All must have passed before the contact is sent, so the last end is the one to name.
    longest = stopping[0]
    for finding in stopping:
        if finding.until and (longest.until is None or finding.until > longest.until):
            longest = finding
    return longest


def earliest_moment(judge: Callable[[datetime], datetime | None], at: datetime) -> datetime | None:
    """The first moment from ``at`` on that is allowed: what is judged again at each moment that it
    leads to.

    :param judge: from a moment to itself when it is allowed, else to the next that may be; None for
    never
    :return: None for never, as far as is known
    """
    for _round in range(ROUNDS):
        later = judge(at)
        if later is None or later <= at:
            return later and at
        at = later
    return None
