"""Several ways to one thing (requirement F8): the one that works is taken, and asked first next time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Connect = Callable[[], Any]


class AnyOf:
    """Opens a connection by the first of several ways that can be gone.

    :param ways: each opens a connection, the preferred one first
    :param failure: what a way raises that cannot be gone at the moment
    """

    def __init__(self, ways: Iterable[Connect], failure: type[Exception]) -> None:
        self._ways = list(ways)
        self._failure = failure

    def __call__(self) -> Any:
        """
        :raise Exception: none can be gone; the failure of the first one, which is the preferred one
            until another has worked
        """
        first: Exception | None = None
        # A copy, because the one that works moves to the front.
        for way in tuple(self._ways):
            try:
                connection = way()
            except self._failure as error:
                first = first or error
                continue
            self._ways.remove(way)
            self._ways.insert(0, way)
            return connection
        if first is None:
            raise ValueError("There is no way at all")
        raise first
