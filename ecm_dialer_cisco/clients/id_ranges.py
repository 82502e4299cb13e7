"""Sets of ids as ranges: ids of one import follow each other, so that thousands are a few ranges."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple


class Range(NamedTuple):
    """Ids from the first to the last, both included; without a `last`, all that follow."""

    first: int
    last: int | None


def to_ranges(ids: Iterable[int]) -> list[Range]:
    """
    >>> to_ranges({4, 1, 2, 3, 9})
    [Range(first=1, last=4), Range(first=9, last=9)]
    """
    ranges: list[Range] = []
    for each in sorted(ids):
        if ranges and ranges[-1].last == each - 1:
            ranges[-1] = Range(ranges[-1].first, each)
        else:
            ranges.append(Range(each, each))
    return ranges


def gaps_above(low: int, ids: Collection[int]) -> list[Range]:
    """What lies above `low` and is not among the ids.

    >>> gaps_above(2, {4, 5})
    [Range(first=3, last=3), Range(first=6, last=None)]
    """
    gaps, first = [], low + 1
    for known in to_ranges(each for each in ids if each > low):
        if first < known.first:
            gaps.append(Range(first, known.first - 1))
        first = (known.last or known.first) + 1
    return [*gaps, Range(first, None)]


def coarsened(ranges: Sequence[Range], most: int) -> list[Range]:
    """No more than so many ranges that cover the same and more: the narrowest gaps are filled.

    >>> coarsened([Range(1, 2), Range(4, 5), Range(90, 99)], 2)
    [Range(first=1, last=5), Range(first=90, last=99)]
    """
    if len(ranges) <= most:
        return list(ranges)

    def width(place: int) -> int:
        before = ranges[place - 1]
        return ranges[place].first - (before.last or before.first)

    # The widest gaps stay: at their ends the new ranges begin.
    widest = sorted(range(1, len(ranges)), key=width, reverse=True)
    begins = [0, *sorted(widest[: most - 1]), len(ranges)]
    covering = []
    for begin, end in pairwise(begins):
        covering.append(Range(ranges[begin].first, ranges[end - 1].last))
    return covering


def dump_ids(ids: Iterable[int]) -> str:
    """
    >>> dump_ids({4, 1, 2, 3, 9})
    '1-4,9'
    """
    words = []
    for first, last in to_ranges(ids):
        words.append(str(first) if first == last else f"{first}-{last}")
    return ",".join(words)


def load_ids(text: str) -> frozenset[int]:
    """Undo `dump_ids`.

    :raise ValueError: it is something else
    """
    ids: set[int] = set()
    for word in filter(None, text.split(",")):
        first, _minus, last = word.partition("-")
        ids.update(range(int(first), int(last or first) + 1))
    return frozenset(ids)
