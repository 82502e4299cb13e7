"""What can be asked of a report that counters answer, without looking at what they have counted
(requirement R5).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

# Parts of a moment that are within the quarter of an hour that counters are of.
WITHIN_A_QUARTER = {"minute_number", "second_number"}
QUARTER = 15


class Source(NamedTuple):
    """Counters that stand for records.

    :param name: by which the model knows its rows and its sums
    :param keys: fields that are the same for all records of a row
    :param aggregates: what can be summed up of the records, as Odoo writes it
    :param flags: further fields that conditions may be on
    :param moment: a field that is known by the quarter of an hour
    """

    name: str
    keys: frozenset[str]
    aggregates: frozenset[str]
    flags: frozenset[str] = frozenset()
    moment: str | None = None

    def answers(
        self, conditions: Iterable[Any], groupby: Iterable[str], aggregates: Iterable[str]
    ) -> bool:
        """Whether the counters give the same answer as the records.

        :param conditions: a domain as a list, as Odoo's ``Domain.optimize_full`` leaves it
        :param groupby: as ``_read_group`` has it
        :param aggregates: those that are read, sorted by or compared

        >>> source = Source("calls", frozenset({"list_id"}), frozenset({"__count"}), moment="called_at")
        >>> source.answers([("called_at", ">=", datetime(2026, 7, 1, 22))], ["list_id"], ["__count"])
        True
        >>> source.answers([], ["agent"], ["__count"])
        False
        """
        return (
            self.aggregates.issuperset(aggregates)
            and all(map(self._is_counted_group, groupby))
            and all(map(self._is_counted_condition, conditions))
        )

    def _is_counted_group(self, spec: str) -> bool:
        name, _colon, granularity = spec.partition(":")
        if name == self.moment:
            return granularity not in WITHIN_A_QUARTER
        return spec in self.keys

    def _is_counted_condition(self, condition: Any) -> bool:
        # What joins conditions.
        if isinstance(condition, str):
            return True
        # SQL of somebody's own.
        if not isinstance(condition, Sequence):
            return False
        name, operator, value = condition
        # Always, or never.
        if not isinstance(name, str):
            return True
        owner, _dot, part = name.partition(".")
        if owner != self.moment:
            return name in self.keys or name in self.flags
        return part not in WITHIN_A_QUARTER if part else _is_between_quarters(operator, value)


def _is_between_quarters(operator: str, value: Any) -> bool:
    """Whether a condition on a moment is true of all of a quarter of an hour, or of nothing in it."""
    if operator in (">=", "<"):
        return isinstance(value, datetime) and not (
            value.minute % QUARTER or value.second or value.microsecond
        )
    return operator in ("in", "not in") and set(value) == {False}
