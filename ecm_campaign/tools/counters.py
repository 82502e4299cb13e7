"""Counters in a table: rows that were noted are added up to one sum for each key, see
docs/decisions/counted-by-triggers.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Keys = Mapping[str, str | None]
"""Columns that a sum is of, each with the SQL that stands for none; None where it is never empty."""


def key_of(keys: Keys) -> str:
    """What one sum is of, as its unique index has it.

    >>> key_of({"campaign_id": None, "list_id": "0"})
    '(campaign_id, COALESCE(list_id, 0)) WHERE is_sum'
    """
    columns = [
        name if empty is None else f"COALESCE({name}, {empty})" for name, empty in keys.items()
    ]
    return f"({', '.join(columns)}) WHERE is_sum"


def add_up(table: str, keys: Keys, sums: Sequence[str]) -> str:
    """The statement that adds what was noted to the sums, and returns these: id, then each sum. Sums
    that are read together come to lie together.

    :param sums: columns that are added up
    """
    columns = ", ".join(keys)
    places = ", ".join(str(place) for place in range(1, len(keys) + 1))
    added = ", ".join(
        f"{name} = COALESCE(s.{name}, 0) + COALESCE(EXCLUDED.{name}, 0)" for name in sums
    )
    return f"""
        WITH noted AS (DELETE FROM {table} WHERE is_sum IS NOT TRUE RETURNING *)
        INSERT INTO {table} AS s ({columns}, {", ".join(sums)}, is_sum)
        SELECT {columns}, {", ".join(f"sum({name})" for name in sums)}, TRUE
          FROM noted GROUP BY {places} ORDER BY {places}
            ON CONFLICT {key_of(keys)}
            DO UPDATE SET {added}
     RETURNING s.id, {", ".join(f"s.{name}" for name in sums)}"""
