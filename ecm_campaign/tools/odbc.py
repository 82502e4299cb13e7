"""Connections to databases over ODBC; pyodbc is imported only when one is opened.

Informix connection string (`docs/uccx.md`)::

    DRIVER={IBM INFORMIX ODBC DRIVER
    (64-bit)};HOST=uccx1;SERVER=uccx1_uccx;SERVICE=1504;PROTOCOL=onsoctcp;
    DATABASE=db_cra;UID=uccxhruser;PWD=…;CLIENT_LOCALE=en_US.UTF8;DB_LOCALE=en_US.UTF8

PostgreSQL is read with psqlODBC: ``DRIVER={PostgreSQL
Unicode};SERVER=127.0.0.1;PORT=5432;DATABASE=crm;…``. What a connection string may hold says
`tools/connection_string.py`.
"""

from __future__ import annotations

import logging
import re
import sys
from importlib import import_module
from typing import Any

from . import connection_string as settings_check

_logger = logging.getLogger(__name__)

_VALUE = r"(?:\{(?:[^}]|\}\})*\})?[^;]*"
_SECRET = re.compile(rf"\b(pwd|password)\s*=\s*{_VALUE}", re.IGNORECASE)
_PASSWORD = re.compile(rf"(?:^|;)\s*(?:pwd|password)\s*=\s*({_VALUE})", re.IGNORECASE)
# Databases in which a transaction can be told that it only reads, by what their drivers call them.
_CAN_READ_ONLY = ("postgresql", "mysql", "mariadb", "oracle", "informix")


class DatabaseError(Exception):
    """The database cannot be reached or refuses what it is asked; the message holds no secrets.

    :ivar state: SQLSTATE, where the driver gives one
    """

    def __init__(self, message: str, state: str = "") -> None:
        super().__init__(message)
        self.state = state


def mask_secrets(text: str) -> str:
    """Hide the values of PWD and Password in a connection string or a driver's message: up to the
    next semicolon, since a password may hold spaces.

    >>> mask_secrets('DSN=uccx;UID=a;PWD={x;y};HOST=h')
    'DSN=uccx;UID=a;PWD=***;HOST=h'
    >>> mask_secrets('PWD=my secret;Password={a}b failed')
    'PWD=***;Password=***'
    """
    return _SECRET.sub(r"\1=***", text)


def split_password(connection_string: str) -> tuple[str, str]:
    """A connection string without its passwords, and the first of them.

    >>> split_password('DSN=uccx;UID=a;PWD={x;y}}z};HOST=h')
    ('DSN=uccx;UID=a;HOST=h', 'x;y}z')
    >>> split_password('PWD=one;DSN=uccx;Password=two')
    ('DSN=uccx', 'one')
    >>> split_password('DSN=uccx;UID=a')
    ('DSN=uccx;UID=a', '')
    """
    found = _PASSWORD.search(connection_string)
    if not found:
        return connection_string, ""
    rest = _PASSWORD.sub("", connection_string).lstrip("; ")
    password = found[1].strip()
    # In braces a closing one stands twice.
    if password.startswith("{") and password.endswith("}"):
        password = password[1:-1].replace("}}", "}")
    return rest, password


def add_password(connection_string: str, password: str) -> str:
    """The connection string with its password.

    >>> add_password("DSN=crm;UID=a;", "x;y}z")
    'DSN=crm;UID=a;PWD={x;y}}z}'
    """
    quoted = password.replace("}", "}}")
    text = connection_string.rstrip("; ")
    return f"{text};PWD={{{quoted}}}" if password else text


def error_text(error: Exception) -> str:
    """What a driver says, in one line and without secrets: drivers raise tuples of a code and a
    text.
    """
    text = str(error.args[-1] if error.args else error)
    in_one_line = " ".join(text.split())
    # Masked before it is cut: half a setting would not be recognised.
    return mask_secrets(in_one_line)[:400]


def stream_rows(connection_string: str) -> str:
    """Have PostgreSQL's driver fetch rows while they are read: otherwise it takes all of them into
    memory first.

    >>> stream_rows("DRIVER={PostgreSQL Unicode};SERVER=h")
    'DRIVER={PostgreSQL Unicode};SERVER=h;UseDeclareFetch=1;Fetch=2000'
    """
    text = connection_string.rstrip("; ")
    is_postgres = re.search(r"driver\s*=\s*[^;]*(postgres|psqlodbc)", text, re.IGNORECASE)
    if not is_postgres or "usedeclarefetch" in text.lower():
        return text
    return f"{text};UseDeclareFetch=1;Fetch=2000"


def connect(connection_string: str, timeout: float = 10, autocommit: bool = True) -> Any:
    """Open a connection for short statements.

    :param timeout: seconds for the login and for each statement, where the driver supports it
    :param autocommit: whether each statement stands for itself
    :return: a DB-API connection with ``qmark`` parameters
    :raise DatabaseError: it cannot be reached
    """
    pyodbc = _load_driver_manager()
    settings = {"timeout": round(timeout), "autocommit": autocommit}
    connection = _open(pyodbc, connection_string, **settings)
    try:
        connection.timeout = round(timeout)
    except pyodbc.Error as error:
        # Drivers without time-outs of statements refuse the attribute, which is no reason not to
        # read.
        _logger.debug("The ODBC driver knows no statement time-out: %s", error)
    return connection


def connect_for_reading(connection_string: str, timeout: float = 30) -> Any:
    """Open a connection whose transaction only reads, where the database knows that, and which
    streams long results.

    :param timeout: seconds for the login
    :return: a DB-API connection with ``qmark`` parameters
    :raise DatabaseError: it cannot be reached
    """
    pyodbc = _load_driver_manager()
    text = stream_rows(connection_string)
    connection = _open(pyodbc, text, timeout=round(timeout), autocommit=False, readonly=True)
    try:
        if any(word in _name_of(pyodbc, connection) for word in _CAN_READ_ONLY):
            connection.cursor().execute("SET TRANSACTION READ ONLY")
    except pyodbc.Error as error:
        connection.close()
        raise DatabaseError(error_text(error)) from None
    return connection


def installed_drivers() -> list[str]:
    """Names of the drivers that the server's administrator has installed.

    :raise DatabaseError: there is no ODBC library
    """
    return list(_load_driver_manager().drivers())


def _load_driver_manager() -> Any:
    try:
        return import_module("pyodbc")
    except ImportError as error:
        raise DatabaseError(
            f"The server lacks the ODBC library (packages pyodbc and unixodbc): {error}"
        ) from None


def _open(pyodbc: Any, connection_string: str, **settings: Any) -> Any:
    _check_settings(pyodbc, connection_string)
    try:
        connection = pyodbc.connect(connection_string, **settings)
        _set_decoding(pyodbc, connection)
    except pyodbc.Error as error:
        state = str(error.args[0]) if error.args else ""
        text = f"The database cannot be reached: {error_text(error)}"
        raise DatabaseError(text, state) from None
    return connection


def _check_settings(pyodbc: Any, connection_string: str) -> None:
    """Last guard before the driver manager, whichever way the string came here."""
    try:
        settings = settings_check.check(connection_string)
        settings_check.check_installed(settings, pyodbc.drivers(), pyodbc.dataSources())
    except settings_check.ConnectionStringError as error:
        raise DatabaseError(str(error)) from None


def _name_of(pyodbc: Any, connection: Any) -> str:
    return str(connection.getinfo(pyodbc.SQL_DBMS_NAME)).lower()


def _set_decoding(pyodbc: Any, connection: Any) -> None:
    """Read text as the driver sends it: Informix sends UTF-8 even as wide characters
    (`docs/uccx.md`).
    """
    name = _name_of(pyodbc, connection)
    if "sqlite" in name or name.startswith("microsoft"):
        return
    connection.setdecoding(pyodbc.SQL_CHAR, encoding="utf-8")
    if "informix" not in name:
        return
    connection.setdecoding(pyodbc.SQL_WCHAR, encoding="utf-8")
    connection.setencoding(encoding="utf-8")
    if sys.platform.startswith("linux"):
        connection.setdecoding(pyodbc.SQL_WMETADATA, encoding="utf-32le")
