"""Databases of the private cluster: created, cloned with their filestore, dropped. Runs in the
virtual environment.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.errors
from psycopg2.sql import SQL, Identifier

from . import cluster, paths


@contextmanager
def connect(database: str = "postgres") -> Iterator[Any]:
    """A cursor in autocommit mode."""
    connection = psycopg2.connect(cluster.load().uri(database))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def exists(name: str) -> bool:
    """Whether there is a database of this name."""
    return name in list_names(name)


def list_names(pattern: str) -> list[str]:
    """Names of the databases that match an SQL pattern (`ecm_%`)."""
    with connect() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY datname", [pattern]
        )
        return [name for (name,) in cursor.fetchall()]


def create(name: str) -> None:
    """Create an empty database."""
    # template0 is the one that takes another encoding than the cluster's.
    statement = SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
    with connect() as cursor:
        cursor.execute(statement.format(Identifier(name)))


def drop(name: str) -> None:
    """Drop a database with its filestore; connections to it are closed."""
    # autovacuum leaves by itself, and soon.
    deadline = time.monotonic() + 60
    while not _try_to_drop(name, is_last=time.monotonic() > deadline):
        time.sleep(0.2)
    shutil.rmtree(_filestore(name), ignore_errors=True)


def _try_to_drop(name: str, is_last: bool) -> bool:
    """Whether the database is gone; not while autovacuum, a superuser's process, is at work in it."""
    try:
        with connect() as cursor:
            cursor.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
    except psycopg2.errors.InsufficientPrivilege:
        if is_last:
            raise
        return False
    return True


def clone(source: str, name: str) -> None:
    """Copy a database that nobody is connected to, with its filestore."""
    template = SQL("CREATE DATABASE {} TEMPLATE {}")
    statement = template.format(Identifier(name), Identifier(source))
    with connect() as cursor:
        cursor.execute(statement)

    files = _filestore(source)
    if files.is_dir():
        shutil.copytree(files, _filestore(name), dirs_exist_ok=True)


def rename(name: str, new_name: str) -> None:
    """Rename a database that nobody is connected to, with its filestore."""
    template = SQL("ALTER DATABASE {} RENAME TO {}")
    statement = template.format(Identifier(name), Identifier(new_name))
    with connect() as cursor:
        cursor.execute(statement)

    files = _filestore(name)
    if files.is_dir():
        # What an earlier database of this name has left is in the way.
        target = _filestore(new_name)
        shutil.rmtree(target, ignore_errors=True)
        files.rename(target)


def _filestore(name: str) -> Any:
    return paths.DATA_DIR / "filestore" / name
