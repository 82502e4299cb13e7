"""CallResult of what the scenario says, and what follows it (reference §2.1)."""

from __future__ import annotations

from ..uccx import scenario

# UCCX's results, which the scenario is written in, as CCE's (reference §2.1).
RESULTS = {
    scenario.VOICE: 10,
    scenario.FAX: 11,
    scenario.MACHINE: 12,
    scenario.INVALID: 7,
    scenario.DO_NOT_CALL: 10,
    scenario.WRONG_NUMBER: 23,
    scenario.WRONG_PERSON: 24,
    scenario.CALLBACK: 14,
    scenario.REJECTED: 18,
    scenario.AGENT_CLOSED: 19,
    scenario.BUSY: 9,
    scenario.AGENT_NO_ANSWER: 33,
    scenario.NO_ANSWER: 8,
    scenario.ABANDONED: 16,
    scenario.FAILED: 27,
    scenario.CUSTOMER_ABANDONED: 21,
}
ON_DNC_LIST, CALLBACK = 26, 14
NEVER = scenario.NEVER
# CCE calls again by itself after these, as often as the campaign's attempts allow.
RETRIED = frozenset({6, 8, 9, 12, 13, 16, 20, 21, 22, 24, 27, 28})
TALKED = frozenset({10, 14, 23, 24})
WRAP_UPS = {scenario.DO_NOT_CALL: "Do Not Call"}
AGENT = "1001"
