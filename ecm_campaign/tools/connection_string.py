"""What a connection string may ask for (requirement R8): it is written in Odoo, by somebody who
does not own the server, and the driver manager does on the server what it says.

``DRIVER=/path/to.so`` runs a program, ``FILEDSN``, ``SAVEFILE`` and tracing read and write files,
``PQOPT`` names key files, and a connection without a host goes to a local socket, where the
server's own account is trusted. So only keys that are known to do none of that are taken. Whoever
needs another writes it into a data source (``odbc.ini``), as the server's administrator, and names
that: ``DSN=crm``. With a data source nothing may say where to connect, or a password that the
administrator keeps in it could be sent to another host.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_DRIVER, _SOURCE = "driver", "dsn"
_ACCOUNT = {"uid", "user", "username"}
_PASSWORD = {"pwd", "password"}
_WHERE = {"server", "servername", "host", "hostname", "port", "service", "protocol"}
_HOSTS = {"server", "servername", "host", "hostname"}
_HOW = {
    "database",
    "db",
    # text
    "client_locale",
    "db_locale",
    "charset",
    "clientcharset",
    "language",
    # encryption
    "encrypt",
    "encryption",
    "hostnameincertificate",
    "sslmode",
    "trustservercertificate",
    # SQL Server
    "app",
    "applicationintent",
    "multisubnetfailover",
    "tds_version",
    # PostgreSQL
    "boolsaschar",
    "byteaaslongvarbinary",
    "fetch",
    "maxlongvarcharsize",
    "maxvarcharsize",
    "readonly",
    "textaslongvarchar",
    "unknownsizes",
    "usedeclarefetch",
}
_ALLOWED = {_DRIVER, _SOURCE} | _ACCOUNT | _PASSWORD | _WHERE | _HOW

_SETTING = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;{}]*)\s*(?:;|$)", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What a driver that does not know braces would take for further settings.
_HIDDEN_SETTING = re.compile(r";\s*\w+\s*=")

_TEXTS = {
    "not_settings": "A connection string is a list of NAME=value with ; between them.",
    "unknown_key": "%s is not allowed in a connection string: have it written into a data source "
    "of the server (odbc.ini), and enter DSN=its name.",
    "twice": "%s stands twice in the connection string.",
    "bad_value": "The value of %s has characters that are not allowed there, such as / or =.",
    "bad_password": "The password may not hold ; followed by NAME=.",
    "no_driver": "A connection string begins with DRIVER={name} or with DSN=name.",
    "no_host": "The connection string names no server.",
    "moved_source": "With DSN, %s is not allowed: the data source says where to connect.",
    "unknown_driver": "The server has no ODBC driver named %s.",
    "unknown_source": "The server has no ODBC data source named %s.",
}


class ConnectionStringError(Exception):
    """A connection string is refused.

    :ivar code: what is wrong, a key of `_TEXTS`
    :ivar word: the setting or name at fault, never a password
    """

    def __init__(self, code: str, word: str = "") -> None:
        text = _TEXTS[code]
        super().__init__(text % word if "%s" in text else text)
        self.code = code
        self.word = word


def check(connection_string: str) -> dict[str, str]:
    """Refuse a connection string that asks for more than to log in to a database.

    >>> check("DRIVER={PostgreSQL Unicode};Server=crm;PWD={a}}b}")
    {'driver': 'PostgreSQL Unicode', 'server': 'crm', 'pwd': 'a}b'}

    :return: its settings, their names in lower case
    :raise ConnectionStringError: it is refused
    """
    settings = _parse(connection_string)
    for key, value in settings.items():
        _check_setting(key, value)
    _check_place(settings)
    return settings


def check_installed(
    settings: dict[str, str], drivers: Collection[str], sources: Collection[str]
) -> None:
    """Refuse a driver or data source that the server's administrator has not installed: the driver
    manager would take any other name for a file.

    :param settings: what `check` returns
    :param drivers: names of the installed drivers
    :param sources: names of the server's data sources
    :raise ConnectionStringError: it is not installed
    """
    driver = settings.get(_DRIVER)
    if driver is not None and not _is_among(driver, drivers):
        raise ConnectionStringError("unknown_driver", driver)

    source = settings.get(_SOURCE)
    if source is not None and not _is_among(source, sources):
        raise ConnectionStringError("unknown_source", source)


def _parse(text: str) -> dict[str, str]:
    """The settings of a string that every parser splits at the same places."""
    if _CONTROL.search(text):
        raise ConnectionStringError("not_settings")
    settings: dict[str, str] = {}
    position = _skip_empty(text, 0)
    while position < len(text):
        found = _SETTING.match(text, position)
        if not found:
            raise ConnectionStringError("not_settings")
        key = found[1].lower()
        # Drivers differ in which of two they take.
        if key in settings:
            raise ConnectionStringError("twice", found[1])
        settings[key] = _get_value(found[2])
        position = _skip_empty(text, found.end())
    return settings


def _skip_empty(text: str, position: int) -> int:
    while position < len(text) and text[position] in "; ":
        position += 1
    return position


def _get_value(text: str) -> str:
    value = text.strip()
    if not value.startswith("{"):
        return value
    # In braces a closing one stands twice.
    return value[1:-1].replace("}}", "}")


def _check_setting(key: str, value: str) -> None:
    if key not in _ALLOWED:
        raise ConnectionStringError("unknown_key", key.upper())
    if key in _PASSWORD:
        if _HIDDEN_SETTING.search(value):
            raise ConnectionStringError("bad_password")
        return
    # An @ before a host's name is a local socket for PostgreSQL's driver.
    forbidden = "/;{}=@" if key in _WHERE else "/;{}="
    if any(character in forbidden for character in value):
        raise ConnectionStringError("bad_value", key.upper())


def _check_place(settings: dict[str, str]) -> None:
    """A driver with a host, or a data source that says all of it."""
    if (_DRIVER in settings) == (_SOURCE in settings):
        raise ConnectionStringError("no_driver")
    where = settings.keys() & _WHERE
    if _SOURCE in settings:
        if where:
            raise ConnectionStringError("moved_source", min(where).upper())
        return
    hosts = [settings[key] for key in where & _HOSTS]
    if not hosts or not all(hosts):
        raise ConnectionStringError("no_host")


def _is_among(name: str, names: Collection[str]) -> bool:
    known = map(str.casefold, names)
    return name.casefold() in known
