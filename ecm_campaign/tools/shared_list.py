"""Whose turn a person of a shared list is (requirements C7, L7): plain values, no Odoo.

A shared list has a contact of each person in each of its campaigns. Of these one is called at a
time, and the others wait or close, as the list says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from .gates import Candidate, Verdict, Wait
from .strategy import Close

# What the other campaigns of a list do with a person whom one has called.
EACH: Literal["each"] = "each"
TURNS: Literal["turns"] = "turns"
FIRST: Literal["first"] = "first"

SHARED = "shared"
# So much later is looked again at whoever is being called elsewhere, or goes on there.
WHILE_CALLED = timedelta(minutes=5)
WHILE_OPEN = timedelta(hours=1)


class SharedList(NamedTuple):
    """The shared list that a contact list belongs to, and what it says: `TURNS` or `FIRST`."""

    shared_id: int
    sharing: str


class Elsewhere(NamedTuple):
    """What another campaign of the list has made of the same person.

    :param is_awaited: being called now
    :param is_reached: closed, and the person was reached
    :param goes_on: open in a campaign that runs, and called there after the last call here
    :param due: when it is called there next, naive UTC, where that is known
    """

    campaign: str
    is_awaited: bool
    is_reached: bool
    goes_on: bool
    due: datetime | None = None


@dataclass(slots=True)
class SharedRule:
    """Nobody of a shared list is called by two of its campaigns at the same time, or after one has
    reached them.

    :param lists: of the contacts, by the id of their own list; those that share nothing are missing
    :param elsewhere: what others have made of the person, by contact id
    :param is_claiming: who passes is about to be called, which counts for the others of this claim
    """

    lists: Mapping[int, SharedList]
    elsewhere: Mapping[int, Sequence[Elsewhere]]
    is_claiming: bool = False
    passing: dict[tuple[int, str], int] = field(default_factory=dict, init=False)

    @property
    def is_idle(self) -> bool:
        """See ``tools.gates.is_idle``."""
        return not self.lists

    def judge(self, candidate: Candidate, at: datetime) -> Verdict | Candidate:
        """See ``tools.gates.Rule``."""
        shared = self.lists.get(candidate.list_id or 0)
        if shared is None:
            return candidate
        others = self.elsewhere.get(candidate.contact_id, ())
        verdict = _judge(shared, others, candidate, at) if others else None
        if verdict:
            return verdict
        return self._pass(shared, candidate, at) if self.is_claiming else candidate

    def _pass(self, shared: SharedList, candidate: Candidate, at: datetime) -> Wait | Candidate:
        """Let it pass, unless another campaign's contact of the person passed in this claim."""
        keys = [(shared.shared_id, name) for name in _get_names(candidate)]
        for key in keys:
            if self.passing.get(key, candidate.campaign_id) != candidate.campaign_id:
                return Wait(at + WHILE_CALLED, SHARED)
        self.passing.update(dict.fromkeys(keys, candidate.campaign_id))
        return candidate


def _judge(
    shared: SharedList, others: Sequence[Elsewhere], candidate: Candidate, at: datetime
) -> Wait | Close | None:
    for other in others:
        if other.is_awaited:
            return Wait(at + WHILE_CALLED, SHARED, other.campaign)
    is_fresh = not (candidate.counted or candidate.uncounted or candidate.callback)
    is_kept = shared.sharing == FIRST and is_fresh
    if is_kept or any(other.is_reached for other in others):
        return Close("withdrawn", SHARED)
    # One that was called last goes on; so two that have both begun never wait for each other.
    for other in others:
        if other.goes_on:
            until = max(at + WHILE_OPEN, other.due or at)
            return Wait(until, SHARED, other.campaign)
    return None


def _get_names(candidate: Candidate) -> list[str]:
    """What tells that two contacts are one person: a number or the customer key."""
    key = candidate.account_number
    # A key may look like a number of somebody else.
    return [*candidate.get_numbers(), f"key {key}"] if key else candidate.get_numbers()
