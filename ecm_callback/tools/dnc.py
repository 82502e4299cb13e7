"""Customers who asked to be called back (requirement N2): values only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

Key = TypeVar("Key")


def without(
    lists: Mapping[Key, Collection[int]], lifted: Collection[int]
) -> dict[Key, frozenset[int]]:
    """Do-not-contact lists that still count.

    >>> without({"voice": {1, 2}}, {2})
    {'voice': frozenset({1})}
    """
    return {key: frozenset(ids).difference(lifted) for key, ids in lists.items()}
