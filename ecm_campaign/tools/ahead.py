"""The next batch is claimed while the last one is on its way: a dialer takes as long as the database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from .channel import Outgoing, Receipt, Sender

Batch = list[Outgoing]


class Ahead:
    """Sends in a thread of its own, and claims one batch ahead meanwhile; used as a context, at
    whose end no thread is left.

    :param sender: whose `send` touches no record
    :param claim: what claims a batch and commits it: None at the end, an empty one where all that
        it looked at is blocked
    :param claim_ahead: likewise, and None where it is too early to
    """

    def __init__(
        self,
        sender: Sender,
        claim: Callable[[], Batch | None],
        claim_ahead: Callable[[], Batch | None],
    ) -> None:
        self._sender = sender
        self._claim, self._claim_ahead = claim, claim_ahead
        # Odoo writes into its log which database the thread works for.
        database = getattr(threading.current_thread(), "dbname", None)
        self._pool = ThreadPoolExecutor(1, "ecm-send", _set_database, (database,))
        self._claimed: list[Batch] = []
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
        return self._claimed.pop() if self._claimed else self._claim()

    def take_unsent(self) -> Batch:
        """What was claimed ahead and is not asked for any more."""
        return self._claimed.pop() if self._claimed else []

    def send(self, batch: Sequence[Outgoing]) -> Receipt:
        """See ``Sender``."""
        if getattr(self._sender, "holds_records", False):
            return self._sender.send(batch)
        sending = self._pool.submit(self._sender.send, batch)
        # Whatever the claim says, what became of this batch must be written first.
        if not (self._claimed or self._error):
            self._look_ahead()
        return sending.result()

    def _look_ahead(self) -> None:
        try:
            batch = self._claim_ahead()
        # Raised where the batch is asked for, whatever it is.
        except Exception as error:  # noqa: BLE001
            self._error = error
        else:
            # At the end it is asked once more: what is not taken makes room.
            if batch is not None:
                self._claimed.append(batch)


def _set_database(name: str | None) -> None:
    threading.current_thread().dbname = name  # type: ignore[attr-defined]
