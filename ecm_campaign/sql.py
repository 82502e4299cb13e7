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
    arrays = [_as_array(*pair) for pair in zip(columns, hints, strict=True)]
    names = map(SQL.identifier, kind._fields)
    return SQL("unnest(%s) AS v(%s)", SQL(", ").join(arrays), SQL(", ").join(names))


def _as_array(column, hint):
    """An array of PostgreSQL's type; what may be None is of the type beside it."""
    if isinstance(hint, types.UnionType):
        hint = next(part for part in hint.__args__ if part is not types.NoneType)
    if hint is dict:
        return SQL(_ARRAYS[hint], list(column))
    # Numbers need no quotes, and no look at what they hold.
    if hint is int and None not in column:
        return int_array(column)
    return SQL(_ARRAYS[hint], array_text(column))


def array_text(values):
    """Values as PostgreSQL writes an array in a text, to be cast: of many values, a tenth of the
    time that a list takes, which becomes an expression with each of them as a literal.

    :param values: texts, numbers, booleans, dates or None
    :rtype: str
    """
    elements = ",".join(map(_as_element, values))
    return f"{{{elements}}}"


def int_array(numbers):
    """Whole numbers, such as ids, as an array of PostgreSQL: see `array_text`.

    :rtype: SQL
    """
    elements = ",".join(map(str, numbers))
    return SQL("%s::int[]", f"{{{elements}}}")


def json_rows(alias, model, names):
    """Aggregate: a JSON array in a text of the rows' fields, without those that are empty; half of
    what ``json_agg(json_strip_nulls(row_to_json(...)))`` takes, which writes each row twice.

    :param alias: of the rows
    :param model: whose fields these are, all of them columns
    :param names: of the fields; the first one is never empty
    :rtype: SQL
    """
    first, *others = (_as_pair(alias, model._fields[name]) for name in names)
    # What is joined to NULL is NULL, which `concat` leaves out.
    others = [SQL("',' || %s", pair) for pair in others]
    row = SQL("concat('{', %s, %s, '}')", first, SQL(", ").join(others))
    return SQL("'[' || string_agg(%s, ',') || ']'", row)


def _as_pair(alias, field):
    """A key and its value; codes of a selection need no escapes."""
    value = SQL.identifier(alias, field.name)
    if field.type in ("date", "datetime", "selection"):
        return SQL("%s || %s || '\"'", f'"{field.name}":"', value)
    if field.type in ("boolean", "integer", "many2one"):
        return SQL("%s || %s", f'"{field.name}":', value)
    return SQL("%s || to_json(%s)", f'"{field.name}":', value)


def _as_element(value):
    """Always in quotes: an empty text and the word NULL are texts, too."""
    if value is None:
        return "NULL"
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def has_agreed(alias="c"):
    """Whether a contact has agreed to be contacted, and not withdrawn that on the same day or
    later.

    :rtype: SQL
    """
    agreed, withdrawn = _get_consent(alias)
    return SQL("COALESCE(%s > COALESCE(%s, '-infinity'), FALSE)", agreed, withdrawn)


def has_withdrawn(alias="c"):
    """Whether a contact has withdrawn its consent, and not agreed anew on a later day.

    :rtype: SQL
    """
    agreed, withdrawn = _get_consent(alias)
    return SQL("COALESCE(%s >= COALESCE(%s, '-infinity'), FALSE)", withdrawn, agreed)


def _get_consent(alias):
    names = ("consent_on", "consent_withdrawn_on")
    return [SQL.identifier(alias, name) for name in names]


# Added to numbers, so that their texts sort as they do.
_LARGEST = 10**15


def sort_key(name, kind, is_parameter=False, empty_first=False):
    """A text of the contact ``c`` that sorts by bytes as a field or business parameter does.

    Numbers sort before texts, also those that are written in a text; texts without regard to
    capitals. What is empty sorts last, or first where the order is read backwards.

    :param str name: of a column, or of a parameter
    :param str kind: type of the field
    :rtype: SQL
    """
    column = SQL.identifier("c", name)
    if is_parameter:
        column = SQL("(c.business_parameters ->> %s)", name)
    if kind in ("date", "datetime"):
        key = SQL("to_char(%s, 'YYYYMMDDHH24MISS')", column)
    elif kind in ("integer", "float", "monetary", "many2one", "boolean"):
        key = _encode_number(SQL("%s::int", column) if kind == "boolean" else column)
    else:
        key = _encode_text(column)
    return SQL("COALESCE(%s, %s)", key, "" if empty_first else "2")


def _encode_number(value):
    return SQL("to_char(%s::numeric + %s, 'FM0000000000000000.000000')", value, _LARGEST)


def _encode_text(value):
    trimmed = SQL("NULLIF(btrim(%s), '')", value)
    number = _encode_number(SQL("replace(%s, ',', '.')", trimmed))
    return SQL(
        """CASE WHEN %s ~ '^-?[0-9]{1,14}([.,][0-9]+)?$' THEN '0' || %s
                ELSE '1' || lower(left(%s, 60)) END""",
        trimmed,
        number,
        trimmed,
    )
