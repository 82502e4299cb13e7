"""Event loops that are used again: as many as there are calls at the same time, and no thread.

OCA's dispatcher keeps a thread for each loop, and an application for each path that was asked for
(OCA/rest-framework issues 484 and 514): neither ends while the server runs.
"""

import asyncio
import queue
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")

_POOL: queue.SimpleQueue[asyncio.AbstractEventLoop] = queue.SimpleQueue()


@contextmanager
def _borrow() -> Iterator[asyncio.AbstractEventLoop]:
    try:
        loop = _POOL.get_nowait()
    except queue.Empty:
        loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        _POOL.put(loop)


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end in this thread, so that what belongs to it (the request, the cursor, the names
    in the log) is there.
    """
    with _borrow() as loop:
        return loop.run_until_complete(coroutine)


def count() -> int:
    """:return: number of loops that nobody uses now"""
    return _POOL.qsize()
