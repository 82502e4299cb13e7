"""ODBC connections to SQL Server: which driver, how it is told where to go, what its errors mean
(reference §4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from typing import Any

from .cce_config import CceConfig
from .exceptions import Busy, DialerError, NotFound, Rejected, Unauthorized, Unreachable

Connect = Callable[[str, bool], Any]
"""Opens a DB-API connection with ``qmark`` parameters from a connection string; the second argument
says whether each statement stands for itself.
"""

_APPLICATION = "ECM"
# The message says what SQL Server's number is: "… (208) (SQLExecDirectW)".
_NUMBER = re.compile(r"\((\d+)\)\s*\(SQL")
_MICROSOFT = re.compile(r"ODBC Driver (\d+) for SQL Server")

_NO_ACCESS = {229, 230, 262, 300, 916, 4060, 4064, 18452, 18456, 18470, 18486, 18487, 18488}
_NO_OBJECT = {208, 2812}
# Deadlock victim, lock time-out, no memory, no space in the file or in the log: it may pass.
_PASSING = {701, 1105, 1204, 1205, 1222, 8645, 9002}


def choose_driver(installed: Collection[str]) -> str:
    """Microsoft's newest driver, or FreeTDS, or an empty text where there is neither.

    >>> choose_driver(["FreeTDS", "ODBC Driver 17 for SQL Server", "ODBC Driver 18 for SQL Server"])
    'ODBC Driver 18 for SQL Server'
    >>> choose_driver(["PostgreSQL Unicode", "FreeTDS"])
    'FreeTDS'

    :param installed: names of the drivers that the driver manager knows
    """
    microsoft = [found for found in map(_MICROSOFT.fullmatch, installed) if found]
    if microsoft:
        return max(microsoft, key=lambda found: int(found[1]))[0]
    return next((name for name in installed if name.casefold() == "freetds"), "")


def connection_string(config: CceConfig, host: str, database: str) -> str:
    """What the driver manager is given; each driver has words of its own.

    :raise Unreachable: no driver is installed
    :raise Unauthorized: the driver cannot be given this password
    """
    if not config.driver:
        raise Unreachable(
            "The server has no ODBC driver for SQL Server: install Debian's package tdsodbc,"
            " or msodbcsql18 from Microsoft."
        )
    is_freetds = config.driver.casefold() == "freetds"
    # It knows no way to write one in a value.
    if is_freetds and "}" in config.password:
        raise Unauthorized("The driver FreeTDS takes no password with a closing brace: change it.")
    settings = {"DRIVER": f"{{{config.driver}}}"}
    if is_freetds:
        settings |= {"SERVER": host, "PORT": str(config.port)}
        settings |= {"TDS_Version": "7.4", "ClientCharset": "UTF-8"}
        settings["Encryption"] = "require" if config.encrypt else "request"
    else:
        # It takes the port behind a comma, and ignores PORT.
        settings["SERVER"] = f"{host},{config.port}"
        settings["Encrypt"] = "yes" if config.encrypt else "no"
    settings |= {"DATABASE": database, "UID": config.user, "APP": _APPLICATION}
    quoted = config.password.replace("}", "}}")
    settings["PWD"] = f"{{{quoted}}}"
    # FreeTDS takes the closing brace for a part of what ends without a semicolon.
    return "".join(f"{name}={value};" for name, value in settings.items())


@contextmanager
def cursor_of(
    connect: Connect, text: str, what: str, error_text: Callable[[Exception], str], writes: bool
) -> Iterator[Any]:
    """A cursor on a fresh connection; whatever the driver raises becomes a `DialerError`.

    :param what: name of the database, for people
    :param writes: begin a transaction: without a commit nothing of it stays
    """
    try:
        with (
            closing(connect(text, not writes)) as connection,
            closing(connection.cursor()) as cursor,
        ):
            yield cursor
    except DialerError:
        raise
    # Each driver has exception classes of its own; they are translated, not swallowed.
    except Exception as error:
        raise translated(error, what, error_text(error)) from error


def translated(error: Exception, what: str, text: str) -> DialerError:
    """A driver's error in the terms of `exceptions` (reference §4.5).

    :param what: name of the database, for people
    :param text: what the driver says, without secrets
    """
    state, number = _state_of(error), _number_of(error)
    if number in _NO_ACCESS or state.startswith("28"):
        return Unauthorized(f"CCE refuses access to its database {what}: {text}", str(number))
    if number in _NO_OBJECT:
        return NotFound(f"CCE has no such table in its database {what}: {text}", str(number))
    if number in _PASSING or state == "40001":
        return Busy(f"The database {what} of CCE is busy: {text}")
    if state.startswith(("21", "22", "23", "42")):
        return Rejected(f"The database {what} of CCE refused: {text}", str(number or state))
    return Unreachable(f"The database {what} of CCE cannot be reached: {text}")


def _state_of(error: Exception) -> str:
    """SQLSTATE: drivers raise tuples of it and a text."""
    first = getattr(error, "state", None) or (error.args[0] if error.args else "")
    return first if isinstance(first, str) and re.fullmatch(r"[0-9A-Z]{5}", first) else ""


def _number_of(error: Exception) -> int:
    found = _NUMBER.search(str(error))
    return int(found[1]) if found else 0
