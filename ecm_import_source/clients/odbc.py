"""Opens ODBC connections that only read; pyodbc is imported only when one is needed."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

_SECRET = re.compile(r"\b(pwd|password)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;\s]*)", re.IGNORECASE)
_PASSWORD = re.compile(r"(?:^|;)\s*(?:pwd|password)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)", re.IGNORECASE)
# Databases in which a transaction can be told that it only reads, by what their drivers call them.
_CAN_READ_ONLY = ("postgresql", "mysql", "mariadb", "oracle", "informix")


class DatabaseError(Exception):
    """The database cannot be reached or refuses the query; the message holds no secrets."""


def split_password(connection_string: str) -> tuple[str, str]:
    """A connection string without its password, and the password.

    >>> split_password('DSN=crm;UID=a;PWD={x;y}}z};HOST=h')
    ('DSN=crm;UID=a;HOST=h', 'x;y}z')
    >>> split_password('DSN=crm;UID=a')
    ('DSN=crm;UID=a', '')
    """
    found = _PASSWORD.search(connection_string)
    if not found:
        return connection_string, ""
    rest = connection_string[: found.start()] + connection_string[found.end() :]
    value = found[1].strip()
    password = value[1:-1].replace("}}", "}") if value.startswith("{") else value
    return rest.lstrip("; "), password


def add_password(connection_string: str, password: str) -> str:
    """The connection string with its password.

    >>> add_password("DSN=crm;UID=a;", "x;y}z")
    'DSN=crm;UID=a;PWD={x;y}}z}'
    """
    quoted = password.replace("}", "}}")
    text = connection_string.rstrip("; ")
    return f"{text};PWD={{{quoted}}}" if password else text


def error_text(error: Exception) -> str:
    """What a driver says, in one line and without secrets: drivers raise tuples of a code and a text."""
    text = " ".join(str(error.args[-1] if error.args else error).split())
    return _SECRET.sub(r"\1=***", text)[:400]


def stream_rows(connection_string: str) -> str:
    """Have PostgreSQL's driver fetch rows while they are read: otherwise it takes all of them into memory first.

    >>> stream_rows("DRIVER={PostgreSQL Unicode};SERVER=h")
    'DRIVER={PostgreSQL Unicode};SERVER=h;UseDeclareFetch=1;Fetch=2000'
    """
    text = connection_string.rstrip("; ")
    is_postgres = re.search(r"driver\s*=\s*[^;]*(postgres|psqlodbc)", text, re.IGNORECASE)
    if not is_postgres or "usedeclarefetch" in text.lower():
        return text
    return f"{text};UseDeclareFetch=1;Fetch=2000"


def connect(connection_string: str, timeout: int = 30) -> Any:
    """Open a connection whose transaction only reads, where the database knows that.

    :param timeout: seconds for the login
    :return: a DB-API connection with ``qmark`` parameters
    :raise DatabaseError: it cannot be reached
    """
    try:
        pyodbc: Any = import_module("pyodbc")
    except ImportError as error:
        raise DatabaseError(f"The server lacks the ODBC library (packages pyodbc and unixodbc): {error}") from None
    try:
        connection = pyodbc.connect(stream_rows(connection_string), timeout=timeout, autocommit=False, readonly=True)
    except pyodbc.Error as error:
        raise DatabaseError(f"The database cannot be reached: {error_text(error)}") from None
    try:
        _begin_reading(pyodbc, connection)
    except pyodbc.Error as error:
        connection.close()
        raise DatabaseError(error_text(error)) from None
    return connection


def _begin_reading(pyodbc: Any, connection: Any) -> None:
    name = connection.getinfo(pyodbc.SQL_DBMS_NAME).lower()
    if "sqlite" not in name and not name.startswith("microsoft"):
        connection.setdecoding(pyodbc.SQL_CHAR, encoding="utf-8")
    if any(word in name for word in _CAN_READ_ONLY):
        connection.cursor().execute("SET TRANSACTION READ ONLY")
