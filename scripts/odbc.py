"""ODBC for tests and the demo: PostgreSQL's driver alone, and none of the logs that Debian's
settings leave in /tmp.
"""

import os
from pathlib import Path

from . import paths, system
from .console import SetupError

_INI = """\
[PostgreSQL Unicode]
Description = PostgreSQL in place of the dialer's own database
Driver = {driver}
Debug = 0
CommLog = 0
"""


def use() -> None:
    """Have this process and its children find the driver through settings of this checkout."""
    paths.ODBC.mkdir(exist_ok=True)
    file = paths.ODBC / "odbcinst.ini"
    content = _INI.format(driver=_find_driver())
    if not file.is_file() or file.read_text() != content:
        file.write_text(content)
    os.environ["ODBCSYSINI"] = str(paths.ODBC)


def _find_driver() -> Path:
    driver = system.find_library("odbc/psqlodbcw.so")
    if not driver:
        raise SetupError("The ODBC driver of PostgreSQL is not installed: run make setup.")
    return driver
