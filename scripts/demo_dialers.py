"""The dialers that the demo may call with: a simulator of each make as a process of its own, and the
values of the record by which Odoo reaches it.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import cluster, paths, processes
from .console import SetupError

USER = "demo"
PASSWORD = "cisco-simulator"
# A minute of ringing and talking lasts a second.
CLOCK_FACTOR = 60

Values = dict[str, Any]
"""Of the dialer record."""


@dataclass(frozen=True)
class Account:
    """Where a simulator listens, and as whom it lets Odoo in."""

    host: str
    port: int
    user: str = USER
    password: str = PASSWORD


def uccx_values(account: Account, certificate: str, results_connection: str) -> Values:
    """A UCCX whose tables stand in our cluster: results are read over ODBC, as from a real one."""
    return {
        "name": "UCCX simulator",
        "provider": "uccx",
        "host": account.host,
        "port": account.port,
        "tls_mode": "certificate",
        "tls_certificate": certificate,
        "user": account.user,
        "password": account.password,
        "results_connection": results_connection,
        "results_password": cluster.PASSWORD,
        "is_enabled": True,
    }


def cce_values(account: Account) -> Values:
    """A CCE, both of whose servers are one."""
    return {
        "name": "CCE simulator",
        "provider": "cce",
        "host": account.host,
        "cce_reporting_host": account.host,
        "cce_port": account.port,
        "user": account.user,
        "password": account.password,
        "is_enabled": True,
    }


def rest_values(account: Account, api: Account, certificate: str) -> Values:
    """The same, fed over the Outbound REST interface."""
    return {
        **cce_values(account),
        "cce_delivery": "rest",
        "cce_api_port": api.port,
        "cce_api_user": api.user,
        "cce_api_password": api.password,
        "tls_mode": "certificate",
        "tls_certificate": certificate,
    }


def _describe_uccx(announcement: dict[str, str], database: str) -> Values:
    certificate = Path(announcement["ca_file"]).read_text()
    place = f"SERVER={cluster.HOST};PORT={cluster.load().port};DATABASE={database}"
    connection = (
        f"DRIVER={{PostgreSQL Unicode}};{place};UID={cluster.ROLE};BoolsAsChar=0;ReadOnly=1"
    )
    return uccx_values(_read_address(announcement), certificate, connection)


def _describe_cce(announcement: dict[str, str], _database: str) -> Values:
    return cce_values(_read_address(announcement))


def _read_address(announcement: dict[str, str]) -> Account:
    host, _, port = announcement["url"].partition("://")[2].rpartition(":")
    return Account(host, int(port))


@dataclass(frozen=True)
class Make:
    """A make of dialer: options of its simulator, and what Odoo is told of it."""

    options: tuple[str, ...]
    describe: Callable[[dict[str, str], str], Values]


MAKES = {
    # By default it makes a certificate in a temporary folder, which would be left behind.
    "uccx": Make((f"--certificate={paths.BUILD / 'demo-uccx.pem'}",), _describe_uccx),
    "cce": Make(("--rest-port=0", f"--certificate={paths.BUILD / 'demo-cce.pem'}"), _describe_cce),
}


@contextmanager
def running(make: str, database: str) -> Iterator[Values]:
    """A simulator on its database, as the values of a dialer record."""
    with announced(make, database) as announcement:
        yield MAKES[make].describe(announcement, database)


@contextmanager
def announced(make: str, database: str) -> Iterator[dict[str, str]]:
    """A simulator on its database, as what it says of its addresses."""
    # The announcement is looked for in the log: an earlier one would be taken for it.
    log = paths.LOGS / f"{database}.log"
    log.unlink(missing_ok=True)
    environment = {"PYTHONPATH": str(paths.ROOT), "PYTHONUNBUFFERED": "1"}
    process = processes.start(_command(make, database), log, environment)
    try:
        yield _read_announcement(process, log)
    finally:
        processes.stop(process)


def _command(make: str, database: str) -> list[str]:
    return [
        *(sys.executable, "-m", f"simulators.{make}"),
        f"--dsn={cluster.load().uri(database)}",
        *("--port=0", "--control-port=0", f"--clock-factor={CLOCK_FACTOR}"),
        *(f"--user={USER}", f"--password={PASSWORD}"),
        *MAKES[make].options,
    ]


def _read_announcement(process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("{"):
                return dict(json.loads(line))
        time.sleep(0.1)
    raise SetupError(f"The dialer's simulator did not start, see {log}:\n{processes.tail(log)}")
