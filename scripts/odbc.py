"""ODBC for tests and the demo: the drivers of PostgreSQL and SQL Server, and none of the logs that
Debian's settings leave in /tmp.
"""

import importlib.util
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
# Not the name that Microsoft gives it: by that one, everything here would use it and not FreeTDS.
MICROSOFT = "Microsoft SQL Server"
_MICROSOFT_INI = """
[{name}]
Description = SQL Server, by Microsoft's own driver
Driver = {driver}
"""


def use() -> None:
    """Have this process and its children find the driver through settings of this checkout."""
    paths.ODBC.mkdir(exist_ok=True)
    file = paths.ODBC / "odbcinst.ini"
    postgresql = _find_driver("odbc/psqlodbcw.so", "PostgreSQL")
    freetds = _find_driver("odbc/libtdsodbc.so", "FreeTDS")
    content = _INI.format(postgresql=postgresql, freetds=freetds)
    if microsoft := _find_microsoft():
        content += _MICROSOFT_INI.format(name=MICROSOFT, driver=microsoft)
    if not file.is_file() or file.read_text() != content:
        file.write_text(content)
    os.environ["ODBCSYSINI"] = str(paths.ODBC)


def _find_driver(pattern: str, name: str) -> Path:
    driver = system.find_library(pattern)
    if not driver:
        raise SetupError(f"The ODBC driver of {name} is not installed: run make setup.")
    return driver


def _find_microsoft() -> Path | None:
    """Microsoft's driver, among the packages of the tests; None where it builds none for a machine."""
    package = importlib.util.find_spec("mssql_python_odbc")
    if not (package and package.origin):
        return None
    folder = Path(package.origin).parent / "libs" / "linux" / "debian_ubuntu"
    return next(folder.glob("*/lib/libmsodbcsql-*.so.*"), None)
