"""Connections to databases over JDBC, where no ODBC driver of a database can be loaded (Informix: IBM's
does not log in with pyodbc 5); JayDeBeApi and the Java machine are started only when one is opened.

An address says all but the account, for example
``jdbc:informix-sqli://uccx1:1504/db_cra:INFORMIXSERVER=uccx1_uccx``. It is written in Odoo, by
somebody who does not own the server, so it may say no more than where to log in: drivers have
settings that write files or load programs. The drivers themselves (``ifxjdbc.jar``) are put into a
folder by the server's administrator, who may name another in the variable ECM_JDBC_DRIVERS.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from .odbc import DatabaseError

FOLDER_VARIABLE = "ECM_JDBC_DRIVERS"
DEFAULT_FOLDER = "/usr/share/java"

# What a place may be called, and which settings of each driver do nothing but say how to log in.
_PLACE = r"//(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(?P<port>\d{1,5})/(?P<database>\w+)"
_SETTING = r"[A-Za-z_]+=[\w.@-]+"
_STATE = re.compile(r"[0-9A-Z]{5}")
_SECRET = re.compile(r"(password\s*=\s*)[^;&\s]*", re.IGNORECASE)


class _Make(NamedTuple):
    """A database that can be reached.

    :ivar settings: names that may stand in an address, in small letters
    :ivar separators: before the first setting, and between two
    """

    driver: str
    settings: frozenset[str]
    separators: tuple[str, str]


_MAKES = {
    "informix-sqli": _Make(
        "com.informix.jdbc.IfxDriver",
        frozenset({"informixserver", "client_locale", "db_locale", "dbdate", "ifx_lock_mode_wait"}),
        (":", ";"),
    ),
    "postgresql": _Make(
        "org.postgresql.Driver", frozenset({"sslmode", "applicationname", "readonly"}), ("?", "&")
    ),
}


class JdbcAddressError(Exception):
    """An address is refused; the message says why."""


class Address(NamedTuple):
    """What `check` has found."""

    url: str
    driver: str


def check(url: str) -> Address:
    """Refuse an address that says more than where to log in.

    >>> check("jdbc:informix-sqli://uccx1:1504/db_cra:INFORMIXSERVER=uccx1_uccx").driver
    'com.informix.jdbc.IfxDriver'

    :raise JdbcAddressError: it is refused
    """
    url = url.strip()
    for scheme, make in _MAKES.items():
        start = f"jdbc:{scheme}:"
        if url.startswith(start):
            _check_rest(url[len(start) :], make)
            return Address(url, make.driver)
    known = " or ".join(f"jdbc:{scheme}:" for scheme in _MAKES)
    raise JdbcAddressError(f"An address begins with {known}")


def _check_rest(text: str, make: _Make) -> None:
    place = re.match(_PLACE, text, re.ASCII)
    if not place:
        raise JdbcAddressError("An address goes on with //host:port/database")
    rest = text[place.end() :]
    first, between = make.separators
    if not rest:
        return
    if not rest.startswith(first):
        raise JdbcAddressError(f"Settings of an address begin with {first}")
    for setting in filter(None, rest[1:].split(between)):
        name = setting.partition("=")[0]
        if name.lower() not in make.settings:
            raise JdbcAddressError(f"{name} is not allowed in an address.")
        if not re.fullmatch(_SETTING, setting, re.ASCII):
            raise JdbcAddressError(f"The value of {name} has characters that are not allowed.")


def mask_secrets(text: str) -> str:
    """Hide passwords in what a driver says.

    >>> mask_secrets("url jdbc:x:password=geheim;a")
    'url jdbc:x:password=***;a'
    """
    return _SECRET.sub(r"\1***", text)


def error_text(error: Exception) -> str:
    """What a driver says, in one line and without secrets."""
    return mask_secrets(" ".join(str(error).split()))[:400]


def connect(url: str, user: str, password: str, timeout: float = 10) -> JdbcConnection:
    """Open a connection for short statements that only read.

    :param timeout: seconds for each statement
    :return: a DB-API connection with ``qmark`` parameters; values are as over ODBC
    :raise DatabaseError: it cannot be reached
    """
    try:
        address = check(url)
    except JdbcAddressError as error:
        raise DatabaseError(str(error)) from None
    jaydebeapi = _load_library()
    _start_machine()
    _check_driver(address.driver)
    account = {"user": user, "password": password}
    with _telling("The database cannot be reached: "):
        connection = jaydebeapi.connect(address.driver, address.url, account)
        # A wish: each statement stands for itself, and not every driver forbids to write then.
        connection.jconn.setReadOnly(True)
        return JdbcConnection(connection, round(timeout))


def _load_library() -> Any:
    try:
        return import_module("jaydebeapi")
    except ImportError as error:
        raise DatabaseError(
            f"The server lacks the JDBC library (Python's packages JayDeBeApi and JPype1): {error}"
        ) from None


def driver_files() -> list[str]:
    """The drivers that the server's administrator has put there."""
    folder = Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)
    return sorted(map(str, folder.glob("*.jar")))


def _start_machine() -> None:
    """Start Java once in this process: it ends with it, and takes no more drivers then."""
    jpype = import_module("jpype")
    if jpype.isJVMStarted():
        return
    try:
        machine = jpype.getDefaultJVMPath()
    except Exception as error:
        raise DatabaseError(
            f"The server has no Java (Debian's package default-jre-headless): {error_text(error)}"
        ) from error
    # Times of a database have no zone: Java reads them on the clock that they are meant on. Signals
    # are Odoo's own.
    options = ("-Duser.timezone=UTC", "-Xmx128m", "-Xrs", "-Djava.awt.headless=true")
    try:
        jpype.startJVM(machine, *options, classpath=driver_files(), convertStrings=True)
    except Exception as error:
        raise DatabaseError(f"Java cannot be started: {error_text(error)}") from error


def _check_driver(name: str) -> None:
    """:raise DatabaseError: no file of the folder holds this driver"""
    try:
        import_module("jpype").JClass(name)
    except Exception as error:
        folder = os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER
        raise DatabaseError(
            f"The server has no JDBC driver {name}: put its jar file into {folder}, and start Odoo"
            " again."
        ) from error


@contextmanager
def _telling(prefix: str = "") -> Iterator[None]:
    """Have a driver's error tell its SQLSTATE, as those over ODBC do.

    :raise DatabaseError: in place of whatever Java throws
    """
    try:
        yield
    except DatabaseError:
        raise
    except Exception as error:
        text = f"{prefix}{error_text(error)}"
        raise DatabaseError(text, _find_state(error)) from error


def _find_state(error: BaseException | None) -> str:
    """SQLSTATE of the SQLException that stands behind an error, or an empty text."""
    seen = 0
    while error is not None and seen < 5:
        for each in (error, *error.args):
            getter = getattr(each, "getSQLState", None)
            state = str(getter() or "") if callable(getter) else ""
            if _STATE.fullmatch(state):
                return state
        error, seen = error.__cause__ or error.__context__, seen + 1
    return ""


class JdbcConnection:
    """A DB-API connection as those over ODBC: the same types come out, and the same errors."""

    def __init__(self, connection: Any, timeout: int) -> None:
        self._connection, self._timeout = connection, timeout

    def cursor(self) -> JdbcCursor:
        return JdbcCursor(self._connection, self._timeout)

    def close(self) -> None:
        with _telling():
            self._connection.close()


class JdbcCursor:
    """One statement at a time."""

    def __init__(self, connection: Any, timeout: int) -> None:
        self._java, self._timeout = connection.jconn, timeout
        self._statement: Any = None
        self._rows: Any = None
        self._width = 0

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> JdbcCursor:
        with _telling():
            self.close()
            self._statement = self._java.prepareStatement(statement)
            self._statement.setQueryTimeout(self._timeout)
            for place, value in enumerate(parameters, start=1):
                self._statement.setObject(place, _to_java(value))
            self._rows = self._statement.executeQuery()
            self._width = self._rows.getMetaData().getColumnCount()
        return self

    def fetchmany(self, count: int) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        with _telling():
            while len(found) < count and self._rows.next():
                values = [self._rows.getObject(place + 1) for place in range(self._width)]
                found.append(tuple(map(_to_python, values)))
        return found

    def close(self) -> None:
        with _telling():
            for each in (self._rows, self._statement):
                if each is not None:
                    each.close()
        self._rows = self._statement = None


def _to_java(value: Any) -> Any:
    java = import_module("jpype").JPackage("java")
    if isinstance(value, datetime):
        return java.sql.Timestamp.valueOf(value.strftime("%Y-%m-%d %H:%M:%S.%f"))
    if isinstance(value, bool):
        return java.lang.Boolean(value)
    if isinstance(value, int):
        fits = -(2**31) <= value < 2**31
        return java.lang.Integer(value) if fits else java.lang.Long(value)
    return value


def _to_python(value: Any) -> Any:
    """What ODBC gives for the same value."""
    if value is None or isinstance(value, bool | str):
        return value
    # Java's own numbers look like Python's, and are of another type; its truth is a number, too.
    kind = str(value.getClass().getName()) if hasattr(value, "getClass") else ""
    for number in (int, float):
        if isinstance(value, number):
            return bool(value) if kind == "java.lang.Boolean" else number(value)
    text = str(value.toString())
    if kind == "java.sql.Timestamp":
        whole, _dot, fraction = text.partition(".")
        moment = datetime.strptime(whole, "%Y-%m-%d %H:%M:%S")
        return moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    if kind == "java.sql.Date":
        return date.fromisoformat(text)
    if kind == "java.math.BigDecimal":
        return import_module("decimal").Decimal(text)
    return text
