"""How results are written back many at a time, and none of them is held up by another (R2)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

Item = TypeVar("Item")
# One that fails is tried again after so long, doubled each time; then it waits for a person.
FIRST_DELAY, LONGEST_DELAY = timedelta(minutes=2), timedelta(hours=6)
MOST_TRIES = 6


def get_retry_delay(tries: int) -> timedelta | None:
    """When something that failed so often is tried again; None for never by itself.

    :param tries: including the one that has just failed, from 1
    """
    if tries >= MOST_TRIES:
        return None
    doubled: timedelta = FIRST_DELAY * 2 ** (tries - 1)
    return min(doubled, LONGEST_DELAY)


def split_in_waves(items: Iterable[Item], key: Callable[[Item], object]) -> list[list[Item]]:
    """Items in rounds, so that no round has two of a key, and those of a key keep their order: the
    later result of a customer is written after the earlier one.
    """
    seen: dict[object, int] = {}
    waves: list[list[Item]] = []
    for item in items:
        place = seen.get(key(item), 0)
        seen[key(item)] = place + 1
        if place == len(waves):
            waves.append([])
        waves[place].append(item)
    return waves


def find_failures(
    items: Sequence[Item],
    work: Callable[[Sequence[Item]], None],
    passing: tuple[type[Exception], ...] = (),
) -> list[tuple[Item, Exception]]:
    """Do the work on all items at once; on halves where that fails, until those are found that fail
    alone.

    :param work: does all of it, or nothing and raises
    :param passing: errors that say nothing about the items: they go through
    :return: the items that failed, with why
    """
    if not items:
        return []
    try:
        work(items)
    except passing:
        raise
    except Exception as error:  # noqa: BLE001  whatever an app says of one record
        if len(items) == 1:
            return [(items[0], error)]
    else:
        return []
    middle = len(items) // 2
    first, second = items[:middle], items[middle:]
    return find_failures(first, work, passing) + find_failures(second, work, passing)
