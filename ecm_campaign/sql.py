"""Rows with names for statements over many rows: the fields of a NamedTuple are the columns."""

import types
import typing
from datetime import datetime

from odoo.tools import SQL

_TYPES = {
    int: "int",
    str: "text",
    bool: "bool",
    float: "float8",
    datetime: "timestamp",
    dict: "jsonb",
}


def values_of(rows, kind):
    """What stands behind FROM, so that a statement can name the fields of its rows.

    :param rows: instances of ``kind``, at least one
    :param kind: a NamedTuple class whose fields are int, str, bool, float, datetime or dict, or one
        of these or None
    :rtype: SQL
    """
    columns = zip(*rows, strict=True)
    arrays = [
        SQL("%s::" + _get_type(hint) + "[]", list(column))
        for column, hint in zip(columns, typing.get_type_hints(kind).values(), strict=True)
    ]
    names = [SQL.identifier(name) for name in kind._fields]
    return SQL("unnest(%s) AS v(%s)", SQL(", ").join(arrays), SQL(", ").join(names))


def _get_type(hint):
    """PostgreSQL's name of a Python type; what may be None is of the type beside it."""
    if isinstance(hint, types.UnionType):
        hint = next(part for part in hint.__args__ if part is not types.NoneType)
    return _TYPES[hint]
