"""The next batch is claimed while the last one is on its way: a dialer takes as long as the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple

from .channel import Outgoing, Receipt, Sender

Batch = list[Outgoing]
Claim = Callable[[int], Batch | None]

# Contacts are claimed for so many requests at once, and for as many as leave in so many seconds: half
# of what a claim costs, it costs whatever it takes.
MOST_REQUESTS = 4
CLAIM_SECONDS = 2.0
# What was looked at leaves at once: a part that the ones before it keep for longer is looked at again.
TOGETHER_SECONDS = 0.5


class Sent(NamedTuple):
    """A part of a batch that was sent, and what became of it.

    :ivar receipt: None where the sender raised ``error``
    """

    part: Batch
    receipt: Receipt | None
    error: Exception | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of it was taken, and more may follow."""
        receipt = self.receipt
        if receipt is None or receipt.failure:
            return False
        return len(receipt.accepted) == len(self.part)


Receive = Callable[[list[Sent], bool], object]


class Ahead:
    """Sends in a thread of its own, and claims one batch ahead meanwhile; used as a context, at
    whose end no thread is left.

    :param sender: whose `send` touches no record
    :param claim: what claims a batch for so many requests and commits it: None at the end, an empty
        one where all that it looked at is blocked
    :param receive: what writes what became of parts that were taken, and whether `is_careful` was
    :param clock: in seconds, never set back
    :ivar is_careful: the other side has failed, and has taken nothing since: how many it gets is
        known only when this batch has come through
    """

    is_careful = False
    # How long one takes is not known yet.
    _requests = 1

    def __init__(
        self,
        sender: Sender,
        claim: Claim,
        receive: Receive,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender = sender
        self._claim, self._receive = claim, receive
        self._clock = clock
        # Odoo writes into its log which database the thread works for.
        database = getattr(threading.current_thread(), "dbname", None)
        self._pool = ThreadPoolExecutor(1, "ecm-send", _set_database, (database,))
        self._claimed: list[Batch] = []
        self._noted: list[Sent] = []
        self._error: Exception | None = None

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()

    def next(self) -> Batch | None:
        """The batch that was claimed meanwhile, or one that is claimed now.

        :raise Exception: the claim failed
        """
        error, self._error = self._error, None
        if error:
            raise error
        if self._claimed:
            return self._claimed.pop()
        # A claim counts what is at the other side.
        self.settle()
        return self._claim(self._requests)

    def take_unsent(self) -> Batch:
        """What was claimed ahead and is not asked for any more."""
        return self._claimed.pop() if self._claimed else []

    def note(self, sent: Sent) -> None:
        """Have this received while more is on its way, or at `settle`, whichever comes first."""
        self._noted.append(sent)

    def settle(self) -> None:
        """Receive what was noted."""
        noted, self._noted = self._noted, []
        if not noted:
            return
        self._receive(noted, self.is_careful)
        if any(sent.receipt and sent.receipt.accepted for sent in noted):
            self.is_careful = False

    def send(self, parts: Sequence[Batch]) -> list[Sent]:
        """Send parts of a batch one after the other, as long as each is taken as a whole and
        `TOGETHER_SECONDS` have not passed: what comes later must be looked at first.

        :return: what became of those that were sent, at least of the first one
        """
        if getattr(self._sender, "holds_records", False):
            self.settle()
            return [self._send(part) for part in parts[:1]]
        sending = self._pool.submit(self._send_together, parts)
        self.settle()
        # Whatever the claim says, what became of these parts must be written first.
        if not (self.is_careful or self._claimed or self._error):
            self._look_ahead()
        return sending.result()

    def _send_together(self, parts: Sequence[Batch]) -> list[Sent]:
        leave_by = self._clock() + TOGETHER_SECONDS
        done: list[Sent] = []
        for part in parts:
            if done and self._clock() > leave_by:
                break
            done.append(self._send(part))
            if not done[-1].is_whole:
                break
        return done

    def _send(self, part: Batch) -> Sent:
        started = self._clock()
        try:
            receipt = self._sender.send(part)
        # Raised where the part is asked for, whatever it is: those before it have come through.
        except Exception as error:  # noqa: BLE001
            return Sent(part, None, error)
        seconds = self._clock() - started
        # What is claimed waits here until it leaves: not long.
        in_time = int(CLAIM_SECONDS / seconds) if seconds > 0 else MOST_REQUESTS
        self._requests = min(max(in_time, 1), MOST_REQUESTS)
        return Sent(part, receipt)

    def _look_ahead(self) -> None:
        try:
            batch = self._claim(self._requests)
        # Raised where the batch is asked for, whatever it is.
        except Exception as error:  # noqa: BLE001
            self._error = error
        else:
            # At the end it is asked once more: what is not taken makes room.
            if batch is not None:
                self._claimed.append(batch)


def _set_database(name: str | None) -> None:
    threading.current_thread().dbname = name  # type: ignore[attr-defined]
