"""The port between the engine and a channel (docs/architecture.md): plain values, no Odoo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from .results import Result


class Outgoing(NamedTuple):
    """One claimed attempt on its way to a channel.

    :ivar content: what is sent, where that is more than a call, as the sender takes it: see
        ``_get_contents`` of ``ecm.feed.target``; empty for nothing
    :ivar campaign_id: for which it is sent; ``account_number``: the customer's key; ``callback``:
        ``personal`` or ``normal`` when the contact asked to be called back
    """

    attempt_id: int
    key: str
    contact_id: int
    number: str
    first_name: str
    last_name: str
    content: Any = ""
    campaign_id: int = 0
    account_number: str | None = None
    callback: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a channel did with a batch: attempt keys it took, keys it will never take, and keys that
    it failed to take but may have all the same. These are asked about after the time of doubt, and
    count as refused when they are not known then.

    :param unsent: keys that it certainly did not take and may take later: they are ready again
    :param failure: why no more can be sent now, whatever was taken
    :param references: ``{key: the other side's own id}``
    :param results: of those that it took and is done with
    """

    accepted: frozenset[str]
    refused: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    unsent: frozenset[str] = frozenset()
    failure: Exception | None = None
    references: Mapping[str, str] = field(default_factory=dict)
    results: tuple[Result, ...] = ()


class Sender(Protocol):
    """Speaks with the other side of one feed target. It was read from records and holds none: the
    engine calls it while no transaction is open, and sends in a thread of its own while the next
    batch is claimed.

    :ivar holds_records: whether it cannot do without records all the same: then nothing is claimed
        meanwhile; False where it does not say
    """

    def send(self, batch: Sequence[Outgoing]) -> Receipt:
        """Send a batch.

        :raise exceptions.Rejected: refused for what it holds, nothing accepted
        :raise exceptions.Unavailable: nothing accepted
        :raise exceptions.InDoubt: perhaps accepted
        """

    def find(self, keys: set[str], sent_at: datetime) -> set[str]:
        """Which of these attempt keys the other side knows; only where it can be asked.

        :param sent_at: when the last of them may have been sent, naive UTC: what the other side
            shows of it may be behind
        :raise exceptions.Unavailable: it cannot be asked now
        """
