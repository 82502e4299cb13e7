"""What happens when a number is called: decided by its last digits or by the rules of a file, never
by chance.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VOICE, FAX, MACHINE, INVALID, DO_NOT_CALL, WRONG_NUMBER, WRONG_PERSON, CALLBACK = range(1, 9)
REJECTED, AGENT_CLOSED, BUSY, AGENT_NO_ANSWER = 9, 10, 11, 12
NO_ANSWER, ABANDONED, FAILED, CUSTOMER_ABANDONED = 15, 16, 17, 18
NEVER = -1

NAMES = {
    VOICE: "voice",
    FAX: "fax",
    MACHINE: "answering machine",
    INVALID: "invalid number",
    DO_NOT_CALL: "do not call",
    WRONG_NUMBER: "wrong number",
    WRONG_PERSON: "wrong person",
    CALLBACK: "callback",
    REJECTED: "agent rejects the preview",
    AGENT_CLOSED: "agent closes the preview",
    BUSY: "busy",
    AGENT_NO_ANSWER: "agent does not answer the preview",
    NO_ANSWER: "no answer",
    ABANDONED: "dialer abandoned",
    FAILED: "call failed",
    CUSTOMER_ABANDONED: "customer abandoned",
    NEVER: "never ends (stays Active)",
}
"""callresult of DialingList (reference §2.4) in words, as used in scenario files."""

BY_AGENT_BEFORE_CALL = frozenset({REJECTED, AGENT_CLOSED, AGENT_NO_ANSWER})
"""Preview only: the agent decides and nothing is dialled."""

BY_AGENT_IN_CALL = frozenset({VOICE, DO_NOT_CALL, WRONG_NUMBER, WRONG_PERSON, CALLBACK})
"""An agent talked to somebody."""

# Longer endings first: the first that matches decides.
_SUFFIXES: dict[str, tuple[int, ...]] = {
    "99999": (NEVER,),
    "08": (FAX,),
    "18": (DO_NOT_CALL,),
    "28": (CUSTOMER_ABANDONED,),
    "38": (ABANDONED,),
    "48": (CALLBACK, VOICE),
    "58": (FAILED,),
    "68": (WRONG_NUMBER,),
    "78": (WRONG_PERSON,),
    "88": (AGENT_CLOSED,),
    "98": (REJECTED, VOICE),
    "09": (BUSY, VOICE),
    "19": (BUSY, BUSY, VOICE),
    "29": (BUSY, BUSY, BUSY, VOICE),
    "39": (NO_ANSWER, VOICE),
    "49": (NO_ANSWER, NO_ANSWER, VOICE),
    "59": (NO_ANSWER, NO_ANSWER, NO_ANSWER, VOICE),
    "69": (MACHINE, VOICE),
    "79": (BUSY, NO_ANSWER, VOICE),
    "89": (CUSTOMER_ABANDONED, VOICE),
    "99": (INVALID, VOICE),
    "0": (VOICE,),
    "1": (VOICE,),
    "2": (VOICE,),
    "3": (VOICE,),
    "4": (MACHINE,),
    "5": (NO_ANSWER,),
    "6": (BUSY,),
    "7": (INVALID,),
}


@dataclass(frozen=True)
class Rule:
    """Numbers that match `pattern` get `results` one after the other; the last one repeats."""

    pattern: re.Pattern[str]
    results: tuple[int, ...]


@dataclass(frozen=True)
class Scenario:
    """Rules in order; the first match decides."""

    rules: tuple[Rule, ...]

    def result(self, number: str, earlier: int) -> int:
        """callresult of the next call to `number`, which was called (or shown to an agent)
        `earlier` times.
        """
        for rule in self.rules:
            if rule.pattern.search(number):
                # The last one repeats.
                last = len(rule.results) - 1
                return rule.results[min(earlier, last)]
        return VOICE


def built_in_rules() -> tuple[Rule, ...]:
    """The documented table, longest ending first."""
    rules = []
    for suffix, results in _SUFFIXES.items():
        rules.append(Rule(re.compile(f"{suffix}$"), results))
    return tuple(rules)


def load(path: str = "") -> Scenario:
    """The built-in table, after the rules of a JSON file: ``{"rules": [{"match": "55$", "results":
    ["busy", 1]}]}``.
    """
    if not path:
        return Scenario(built_in_rules())
    document = json.loads(Path(path).read_text("utf-8"))
    # Before the table: the first rule that matches decides.
    custom = tuple(map(_rule, document["rules"]))
    return Scenario(custom + built_in_rules())


def _rule(values: dict[str, Any]) -> Rule:
    results = tuple(map(_code, values["results"]))
    return Rule(re.compile(values["match"]), results)


def _code(result: int | str) -> int:
    """A callresult, or a name of `NAMES`, "never" for the one that has an explanation."""
    # A number stands for itself, as in UCCX's tables.
    if isinstance(result, int):
        return result
    if result in ("never", "never ends"):
        return NEVER
    for code, name in NAMES.items():
        if name == result:
            return code
    raise KeyError(result)


def table() -> str:
    """The built-in rules for people."""
    lines = []
    for suffix, results in _SUFFIXES.items():
        lines.append(f"  …{suffix:<6}{describe(results)}")
    return "\n".join(lines)


def describe(results: Sequence[int]) -> str:
    """
    >>> describe((BUSY, BUSY, VOICE))
    'busy, busy, then voice'
    """
    *first, last = (NAMES[result] for result in results)
    if not first:
        return last
    in_turn = ", ".join(first)
    return f"{in_turn}, then {last}"


def fraction(number: str, salt: str) -> float:
    """A fixed number from 0 to 1 for a phone number: the same run gives the same durations."""
    # Python's own hash of a text differs between two processes.
    checksum = zlib.crc32(f"{salt}{number}".encode())
    return checksum / 2**32
