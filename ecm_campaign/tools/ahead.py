"""The next batch is claimed while the last one is on its way: a dialer takes as long as the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from .channel import Outgoing, Receipt, Sender

Batch = list[Outgoing]
Claim = Callable[[int], Batch | None]

# Contacts are claimed for so many requests at once, and for as many as leave in so many seconds: half
# of what a claim costs, it costs whatever it takes.
MOST_REQUESTS = 4
CLAIM_SECONDS = 2.0


class Ahead:
    """Sends in a thread of its own, and claims one batch ahead meanwhile; used as a context, at
    whose end no thread is left.

    :param sender: whose `send` touches no record
    :param claim: what claims a batch for so many requests and commits it: None at the end, an empty
        one where all that it looked at is blocked
    :param claim_ahead: likewise, and None where it is too early to
    :param clock: in seconds, never set back
    """

    # How long one takes is not known yet.
    _requests = 1

    def __init__(
        self,
        sender: Sender,
        claim: Claim,
        claim_ahead: Claim,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender = sender
        self._claim, self._claim_ahead = claim, claim_ahead
        self._clock = clock
        # Odoo writes into its log which database the thread works for.
        database = getattr(threading.current_thread(), "dbname", None)
        self._pool = ThreadPoolExecutor(1, "ecm-send", _set_database, (database,))
        self._claimed: list[Batch] = []
        self._later: list[Callable[[], object]] = []
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

    def do_later(self, work: Callable[[], object]) -> None:
        """Do this while the next batch is on its way, or at `settle`, whichever comes first."""
        self._later.append(work)

    def settle(self) -> None:
        """Do what was left for later."""
        while self._later:
            self._later.pop(0)()

    def send(self, batch: Sequence[Outgoing]) -> Receipt:
        """See ``Sender``."""
        if getattr(self._sender, "holds_records", False):
            self.settle()
            return self._sender.send(batch)
        sending = self._pool.submit(self._send, batch)
        self.settle()
        # Whatever the claim says, what became of this batch must be written first.
        if not (self._claimed or self._error):
            self._look_ahead()
        return sending.result()

    def _send(self, batch: Sequence[Outgoing]) -> Receipt:
        started = self._clock()
        receipt = self._sender.send(batch)
        seconds = self._clock() - started
        # What is claimed waits here until it leaves: not long.
        in_time = int(CLAIM_SECONDS / seconds) if seconds > 0 else MOST_REQUESTS
        self._requests = min(max(in_time, 1), MOST_REQUESTS)
        return receipt

    def _look_ahead(self) -> None:
        try:
            batch = self._claim_ahead(self._requests)
        # Raised where the batch is asked for, whatever it is.
        except Exception as error:  # noqa: BLE001
            self._error = error
        else:
            # At the end it is asked once more: what is not taken makes room.
            if batch is not None:
                self._claimed.append(batch)


def _set_database(name: str | None) -> None:
    threading.current_thread().dbname = name  # type: ignore[attr-defined]
