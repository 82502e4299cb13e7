"""What stands in the suite's tables, as a digest of each column, so that two states can be compared."""

from typing import Any

from psycopg2.sql import SQL, Identifier

Digests = dict[tuple[str, str], str]

COLUMNS = """
    SELECT table_name, column_name, data_type || ' ' || is_nullable
      FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name LIKE 'ecm\\_%'
     ORDER BY table_name, ordinal_position
"""
# Rows that came later stand behind: an update may bring shipped records.
DIGEST = SQL(
    "SELECT md5(string_agg(coalesce({0}::text, ''), '|' ORDER BY id)) FROM {1} WHERE id <= %s"
)
# A copy of a row stands so far behind it.
STRIDE = 1_000_000


def read_columns(cursor: Any) -> dict[tuple[str, str], str]:
    """Kind of each column of our tables, by table and name."""
    cursor.execute(COLUMNS)
    return {(table, name): kind for table, name, kind in cursor.fetchall()}


def read_counts(cursor: Any) -> dict[str, int]:
    """The last id of each of our tables that has rows with ids."""
    tables = [table for table, name in read_columns(cursor) if name == "id"]
    found = {}
    for table in tables:
        cursor.execute(SQL("SELECT max(id) FROM {}").format(Identifier(table)))
        [last] = cursor.fetchone()
        if last:
            found[table] = last
    return found


def digest(cursor: Any, last_ids: dict[str, int]) -> Digests:
    """A digest of each column, of the rows up to these ids."""
    digests = {}
    for table, name in read_columns(cursor):
        if table not in last_ids:
            continue
        statement = DIGEST.format(Identifier(name), Identifier(table))
        cursor.execute(statement, [last_ids[table]])
        [digests[table, name]] = cursor.fetchone()
    return digests


def multiply(cursor: Any, table: str, moved: set[str], times: int) -> None:
    """Copy all rows of a table so many times.

    :param moved: columns with ids of rows that are copied too
    """
    names = [name for known, name in read_columns(cursor) if known == table]
    values = [_value(name, moved | {"id"}) for name in names]
    copy = SQL("INSERT INTO {0} ({1}) SELECT {2} FROM {0}, generate_series(1, %s) AS n")
    targets = SQL(", ").join(map(Identifier, names))
    cursor.execute(copy.format(Identifier(table), targets, SQL(", ").join(values)), [times])
    cursor.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")


def _value(name: str, moved: set[str]) -> Any:
    if name in moved:
        return SQL(f"{{}} + n * {STRIDE}").format(Identifier(name))
    # Keys are unique, and have few characters at the dialer.
    if name == "key":
        return SQL("key || 'x' || n")
    return Identifier(name)
