"""ODBC for tests and the demo: the drivers of PostgreSQL and SQL Server, and none of the logs that
Debian's settings leave in /tmp.
"""

import os
from pathlib import Path

from . import paths, system
from .console import SetupError

_INI = """\
[PostgreSQL Unicode]
Description = PostgreSQL in place of the dialer's own database
Driver = {postgresql}
Debug = 0
CommLog = 0

[FreeTDS]
Description = SQL Server, whose protocol the simulator of CCE speaks
Driver = {freetds}
"""


def use() -> None:
    """Have this process and its children find the driver through settings of this checkout."""
    paths.ODBC.mkdir(exist_ok=True)
    file = paths.ODBC / "odbcinst.ini"
    postgresql = _find_driver("odbc/psqlodbcw.so", "PostgreSQL")
    freetds = _find_driver("odbc/libtdsodbc.so", "FreeTDS")
    content = _INI.format(postgresql=postgresql, freetds=freetds)
    if not file.is_file() or file.read_text() != content:
        file.write_text(content)
    os.environ["ODBCSYSINI"] = str(paths.ODBC)


def _find_driver(pattern: str, name: str) -> Path:
    driver = system.find_library(pattern)
    if not driver:
        raise SetupError(f"The ODBC driver of {name} is not installed: run make setup.")
    return driver
