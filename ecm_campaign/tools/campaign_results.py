"""What came of calls, as the numbers of a page of results (requirement U10)."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

# So many outcomes are told.
TOP_OUTCOMES = 8
# As PostgreSQL and Odoo's domains count them: Sunday is 0. The page begins with Monday.
WEEKDAYS = (1, 2, 3, 4, 5, 6, 0)


class Slot(NamedTuple):
    """Attempts with one outcome in one hour of one weekday; no hour where none is known."""

    weekday: int | None
    hour: int | None
    outcome_id: int | None
    attempts: int


class ListCount(NamedTuple):
    """Contacts of a list, none for those of no list: loaded, called, and of those reached."""

    list_id: int | None
    loaded: int
    called: int
    reached: int
    success: int


def percent(part: int, whole: int) -> float | None:
    """A share in per cent with one decimal; None of nothing.

    >>> percent(1, 3)
    33.3
    >>> percent(0, 0) is None
    True
    """
    return round(100 * part / whole, 1) if whole else None


def summarise(
    slots: Sequence[Slot], lists: Sequence[ListCount], live: Collection[int | None]
) -> dict[str, Any]:
    """The numbers of one page.

    :param slots: list of `Slot`
    :param lists: list of `ListCount`
    :param live: ids of the outcomes that mean that a person was reached
    :return: dict of ``totals``, ``hours``, ``weekdays``, ``outcomes`` and ``lists``, as JSON
    """
    return {
        "totals": _get_totals(slots, lists),
        "hours": _get_rates(slots, live, "hour"),
        "weekdays": _get_rates(slots, live, "weekday"),
        "outcomes": _get_outcomes(slots),
        "lists": [_describe_list(line) for line in lists],
    }


def _get_totals(slots: Sequence[Slot], lists: Sequence[ListCount]) -> dict[str, Any]:
    whole = ListCount(
        None,
        sum(line.loaded for line in lists),
        sum(line.called for line in lists),
        sum(line.reached for line in lists),
        sum(line.success for line in lists),
    )
    attempts = sum(slot.attempts for slot in slots)
    per_reached = round(attempts / whole.reached, 1) if whole.reached else None
    return {**_describe_list(whole), "attempts": attempts, "per_reached": per_reached}


def _describe_list(line: ListCount) -> dict[str, Any]:
    return {
        **line._asdict(),
        "reached_percent": percent(line.reached, line.called),
        "success_percent": percent(line.success, line.reached),
    }


def _get_rates(
    slots: Sequence[Slot], live: Collection[int | None], part: str
) -> list[dict[str, Any]]:
    """Attempts, and how many of them reached a person, by a part of the time.

    :param part: ``hour`` or ``weekday``
    """
    made: Counter[int] = Counter()
    reached: Counter[int] = Counter()
    for slot in slots:
        key = getattr(slot, part)
        # Nobody knows when it was made.
        if key is None:
            continue
        made[key] += slot.attempts
        if slot.outcome_id in live:
            reached[key] += slot.attempts

    order = WEEKDAYS if part == "weekday" else sorted(made)
    rates = []
    for key in order:
        if made[key]:
            share = percent(reached[key], made[key])
            line = {"key": key, "made": made[key], "reached": reached[key], "percent": share}
            rates.append(line)
    return rates


def _get_outcomes(slots: Sequence[Slot]) -> list[dict[str, Any]]:
    """The most frequent outcomes, each with its share of all attempts."""
    counts: Counter[int | None] = Counter()
    for slot in slots:
        counts[slot.outcome_id] += slot.attempts
    whole = counts.total()
    # Among equal ones the order stays, whatever the database returns first.
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0] or 0))
    lines = []
    for outcome_id, count in ranked[:TOP_OUTCOMES]:
        lines.append({"id": outcome_id, "count": count, "percent": percent(count, whole)})
    return lines
