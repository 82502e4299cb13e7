"""Rows with names for statements over many rows: the fields of a NamedTuple are the columns."""

import types
import typing
from datetime import datetime

from odoo.tools import SQL

# A column of values as an array, by the Python type of the field.
_ARRAYS = {
    int: "%s::int[]",
    str: "%s::text[]",
    bool: "%s::bool[]",
    float: "%s::float8[]",
    datetime: "%s::timestamp[]",
    dict: "%s::jsonb[]",
}


def values_of(rows, kind):
    """What stands behind FROM, so that a statement can name the fields of its rows.

    :param rows: instances of ``kind``, at least one
    :param kind: a NamedTuple class whose fields are int, str, bool, float, datetime or dict, or one
        of these or None
    :rtype: SQL
    """
    hints = typing.get_type_hints(kind).values()
    columns = zip(*rows, strict=True)
    arrays = [_as_array(list(column), hint) for column, hint in zip(columns, hints, strict=True)]
    names = [SQL.identifier(name) for name in kind._fields]
    return SQL("unnest(%s) AS v(%s)", SQL(", ").join(arrays), SQL(", ").join(names))


def _as_array(values, hint):
    """An array of PostgreSQL's type; what may be None is of the type beside it."""
    if isinstance(hint, types.UnionType):
        hint = next(part for part in hint.__args__ if part is not types.NoneType)
    return SQL(_ARRAYS[hint], values)
