"""T-SQL made into PostgreSQL's: a closed set of statements. What is not known is refused, never
guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, partial

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from .tds import SqlError

NOW = "now"
"""Name of the parameter that GETDATE() becomes."""

_STATEMENTS = (exp.Select, exp.Insert, exp.Update, exp.Delete)
# Parts of statements that mean the same in both.
_KNOWN = (
    *_STATEMENTS,
    *(exp.Table, exp.TableAlias, exp.Identifier, exp.Column, exp.Schema, exp.Star, exp.Alias),
    *(exp.From, exp.Join, exp.Where, exp.Order, exp.Ordered, exp.Limit, exp.Group, exp.Having),
    *(exp.Values, exp.Tuple, exp.Paren, exp.Literal, exp.Null, exp.Boolean, exp.Neg, exp.Distinct),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.And, exp.Or, exp.Not, exp.Is),
    *(exp.In, exp.Between, exp.Like, exp.Exists, exp.Subquery, exp.Case, exp.If, exp.Coalesce),
    *(exp.Cast, exp.DataType, exp.DataTypeParam, exp.Parameter, exp.Var, exp.Add, exp.Sub),
    *(exp.Count, exp.Min, exp.Max, exp.Sum, exp.CurrentTimestamp, exp.WithTableHint),
)


_ROWS = re.compile(r"(INSERT INTO [^()]*\([^()]*\) VALUES )\((.*)\)", re.DOTALL | re.IGNORECASE)
_NEXT_ROW = "), ("
_OWN_NUMBER = re.compile(r"%\(p(\d+)\)s")
_NUMBERED = re.compile(r"@P(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """A statement in PostgreSQL's words, with named parameters, and its first word."""

    text: str
    verb: str


def translate(text: str, database: str) -> Statement:
    """
    :param text: a T-SQL statement with parameters ``@P1``, ``@P2`` …
    :param database: where tables without a database's name are
    :raise SqlError: it is not understood
    """
    found = _ROWS.fullmatch(text.strip())
    rows = found[2].split(_NEXT_ROW) if found else []
    # Rows of one form are understood once: a thousand of them would take seconds.
    if found and len({_NUMBERED.sub("@", row) for row in rows}) == 1:
        return _repeat(_translate(f"{found[1]}({rows[0]})", database), rows)
    return _translate(text, database)


def _repeat(statement: Statement, rows: list[str]) -> Statement:
    """A statement that inserts one row, for all of them."""
    head, row = statement.text.split(" VALUES ", 1)
    first = _NUMBERED.findall(rows[0])
    written = []
    for each in rows:
        numbers = dict(zip(first, _NUMBERED.findall(each), strict=True))
        written.append(_OWN_NUMBER.sub(partial(_renumbered, numbers), row))
    return Statement(f"{head} VALUES {', '.join(written)}", statement.verb)


def _renumbered(numbers: dict[str, str], old: re.Match[str]) -> str:
    return f"%(p{numbers[old[1]]})s"


@lru_cache(maxsize=500)
def _translate(text: str, database: str) -> Statement:
    try:
        parsed = [tree for tree in sqlglot.parse(text, read="tsql") if tree]
    except SqlglotError as error:
        raise SqlError(102, f"Incorrect syntax: {str(error)[:200]}", 15) from error
    if len(parsed) != 1 or not isinstance(parsed[0], _STATEMENTS):
        raise _unknown(text)

    tree = parsed[0]
    _check_parts(tree, text)
    # The parts before what they are parts of.
    for node in reversed(list(tree.walk())):
        _change(node, database)
    # A percent sign of the statement itself is no parameter of PostgreSQL's driver.
    written = tree.sql(dialect="postgres").replace("%", "%%")
    return Statement(_with_parameters(written), type(tree).__name__.lower())


def _check_parts(tree: exp.Expression, text: str) -> None:
    for node in tree.walk():
        if not isinstance(node, _KNOWN):
            raise _unknown(f"{type(node).__name__} in {text}")


def _unknown(text: str) -> SqlError:
    return SqlError(40517, f"The simulator does not know this statement: {text[:300]}")


def _change(node: exp.Expr, database: str) -> None:
    """What both write differently."""
    if isinstance(node, exp.Table):
        _change_table(node, database)
    elif isinstance(node, exp.Identifier):
        # SQL Server ignores the case of names; all of ours are small.
        node.set("this", node.name.lower())
        node.set("quoted", True)
    elif isinstance(node, exp.Parameter):
        node.replace(exp.Var(this=f"__{node.name.lower()}__"))
    elif isinstance(node, exp.CurrentTimestamp):
        node.replace(exp.Cast(this=exp.Var(this=f"__{NOW}__"), to=exp.DataType.build("timestamp")))
    elif isinstance(node, exp.Like):
        # Columns ignore case, which PostgreSQL cannot together with patterns.
        collation = exp.Identifier(this="C", quoted=True)
        subject = exp.Collate(this=node.this.copy(), expression=collation)
        node.replace(exp.ILike(this=subject, expression=node.expression.copy()))


def _change_table(node: exp.Table, database: str) -> None:
    """A database is a schema of ours; SQL Server's schema is always dbo."""
    if node.db.lower() not in ("", "dbo"):
        raise SqlError(208, f"Invalid object name '{node.sql(dialect='tsql')}'.")
    schema = (node.catalog or database).lower()
    node.set("catalog", None)
    node.set("db", exp.Identifier(this=schema, quoted=True))
    node.set("hints", None)


def _with_parameters(text: str) -> str:
    parts = text.split("__")
    # Every second part is the name of a parameter: no name of ours has two underscores.
    return "".join(f"%({part})s" if place % 2 else part for place, part in enumerate(parts))
