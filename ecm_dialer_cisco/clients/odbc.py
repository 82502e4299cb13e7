"""Opens ODBC connections to a dialer's database; pyodbc is imported only when one is needed.

Informix connection string (reference §5)::

    DRIVER={IBM INFORMIX ODBC DRIVER (64-bit)};HOST=uccx1;SERVER=uccx1_uccx;SERVICE=1504;PROTOCOL=onsoctcp;
    DATABASE=db_cra;UID=uccxhruser;PWD=…;CLIENT_LOCALE=en_US.UTF8;DB_LOCALE=en_US.UTF8

The simulator is read with psqlODBC: ``DRIVER={PostgreSQL Unicode};SERVER=127.0.0.1;PORT=5432;DATABASE=db_cra;…``.
"""

from __future__ import annotations

import logging
import re
import sys
from importlib import import_module
from typing import Any

from .exceptions import Unreachable

_logger = logging.getLogger(__name__)

_SECRET = re.compile(r"\b(pwd|password)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;\s]*)", re.IGNORECASE)
_PASSWORD = re.compile(r"(?:^|;)\s*(?:pwd|password)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)", re.IGNORECASE)


def mask_secrets(text: str) -> str:
    """Hide the values of PWD and Password in a connection string or a driver's message.

    >>> mask_secrets('DSN=uccx;UID=a;PWD={x;y};HOST=h')
    'DSN=uccx;UID=a;PWD=***;HOST=h'
    """
    return _SECRET.sub(r"\1=***", text)


def split_password(connection_string: str) -> tuple[str, str]:
    """A connection string without its password, and the password.

    >>> split_password('DSN=uccx;UID=a;PWD={x;y}}z};HOST=h')
    ('DSN=uccx;UID=a;HOST=h', 'x;y}z')
    >>> split_password('DSN=uccx;UID=a')
    ('DSN=uccx;UID=a', '')
    """
    found = _PASSWORD.search(connection_string)
    if not found:
        return connection_string, ""
    rest = connection_string[: found.start()] + connection_string[found.end() :]
    value = found[1].strip()
    password = value[1:-1].replace("}}", "}") if value.startswith("{") else value
    return rest.lstrip("; "), password


def error_text(error: Exception) -> str:
    """What a database driver says, in one line and without secrets: drivers raise tuples of a code and a text."""
    return mask_secrets(" ".join(str(error.args[-1] if error.args else error).split()))


def connect(connection_string: str, timeout: float = 10) -> Any:
    """Open a read-only use connection in autocommit mode.

    :param timeout: seconds for the login and for each statement, where the driver supports it
    :return: a DB-API connection with ``qmark`` parameters
    :raise Unreachable: with a message free of secrets
    """
    try:
        pyodbc: Any = import_module("pyodbc")
    except ImportError as error:
        raise Unreachable(
            f"The ODBC library is not installed on this server (packages pyodbc and unixodbc): {error}"
        ) from None
    try:
        connection = pyodbc.connect(connection_string, timeout=round(timeout), autocommit=True)
    except pyodbc.Error as error:
        raise Unreachable(f"The dialer's database cannot be reached: {error_text(error)}") from None
    _set_decoding(pyodbc, connection, "informix" in connection_string.lower())
    _set_statement_timeout(pyodbc, connection, round(timeout))
    return connection


def _set_decoding(pyodbc: Any, connection: Any, is_informix: bool) -> None:
    """Read text as the driver sends it: Informix sends UTF-8 even as wide characters (reference §5)."""
    connection.setdecoding(pyodbc.SQL_CHAR, encoding="utf-8")
    if not is_informix:
        return
    connection.setdecoding(pyodbc.SQL_WCHAR, encoding="utf-8")
    connection.setencoding(encoding="utf-8")
    if sys.platform.startswith("linux"):
        connection.setdecoding(pyodbc.SQL_WMETADATA, encoding="utf-32le")


def _set_statement_timeout(pyodbc: Any, connection: Any, seconds: int) -> None:
    """Limit each statement; drivers without support refuse the attribute, which is no reason not to read."""
    try:
        connection.timeout = seconds
    except pyodbc.Error as error:
        _logger.debug("The ODBC driver knows no statement time-out: %s", error)
