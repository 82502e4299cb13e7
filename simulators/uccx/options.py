"""Command line of the simulator; `Options` is what every part of it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .. import clock
from ..command_line import CommandLine

_EPILOG = """\
outcome of a call, by the last digits of the number called (simulators/uccx/scenario.py):
{scenario}

examples:
  python -m simulators.uccx --dsn "host=/tmp/pg dbname=db_cra" --clock-factor 60
  python -m simulators.uccx --dsn … --port 0 --control-port 0
                                       free ports; the first line of output tells them
  python -m simulators.uccx --dsn … --fault hang:seconds=40,times=1,method=POST
  curl -X POST localhost:8490/control/faults \\
       -d '{{"faults": [{{"name": "lose_answer", "times": 1}}]}}'
"""


@dataclass(frozen=True)
class Options:
    """Settings of one simulator; durations in seconds, of the simulated clock unless 'real' is
    said.
    """

    dsn: str
    host: str = "127.0.0.1"
    port: int = 8443
    control_port: int = 8490
    http: bool = False
    certificate: str = ""
    user: str = "uccxadmin"
    password: str = "cisco-simulator"
    clock_factor: float = 1.0
    lines: int = 50
    ring_seconds: float = 8.0
    talk_seconds: float = 60.0
    callback_seconds: float = 600.0
    import_seconds: float = 0.2
    tick_seconds: float = 0.2
    accept_status: str = "random"
    error_form: str = "camel"
    tries: int = 1
    max_campaigns: int = 15
    max_contacts: int = 100_000
    max_rows: int = 10_000
    max_body_bytes: int = 3 * 1024 * 1024
    dialing_range: str = "00:00-23:59"
    time_zone: str = "UTC"
    midnight_every: float = 0.0
    scenario: str = ""
    db_master: bool = True
    verbose: bool = False
    fault: tuple[str, ...] = field(default=())

    def real(self, simulated_seconds: float) -> float:
        """Real seconds for a duration of the simulated clock."""
        return simulated_seconds / self.clock_factor


# A help per field: a test of `--help` notices one that is missing.
_HELP = {
    "dsn": "PostgreSQL database (libpq syntax) for the tables, which are created when absent"
    " (required)",
    "host": "address to listen on, for the API",
    "port": "port of the configuration API; 0 takes a free one",
    "control_port": "port of the control API, plain HTTP, loopback only; 0 takes a free one",
    "http": "plain HTTP instead of HTTPS, for debugging",
    "certificate": "PEM file with certificate and key; created (self-signed) when absent;"
    " default: a temporary file",
    "user": "user of the API (HTTP Basic)",
    "password": "password of the API",
    "clock_factor": "60 makes a minute of ringing, talking or retry delay last one real second;"
    " time stamps stay real",
    "lines": "calls at the same time, per campaign",
    "ring_seconds": "average ringing time",
    "talk_seconds": "average talk time",
    "callback_seconds": "how far ahead agents schedule callbacks",
    "import_seconds": "real seconds that an import takes",
    "tick_seconds": "real seconds between two rounds of the dialer",
    "accept_status": "answer to an accepted import: 200, 202 or random",
    "error_form": "camel (as UCCX 12.x sends) or capital (as documented)",
    "tries": "maxDialAttempts of the campaigns in an empty database: 3 is UCCX's own default",
    "max_campaigns": "active campaigns",
    "max_contacts": "unfinished contacts per campaign",
    "max_rows": "rows per import",
    "max_body_bytes": "largest request body",
    "dialing_range": "Customer Dialing Time Range HH:MM-HH:MM at first, where the customer is",
    "time_zone": "the server's zone (IANA name)",
    "midnight_every": "run the nightly job every so many real seconds; 0: at the server's midnight",
    "scenario": "JSON file with rules that come before the built-in ones, see README.md",
    "db_master": "answer of /uccx/isDBMaster",
    "verbose": "log every request",
    "fault": "switch a fault on at start, e.g. unavailable or hang:seconds=5,times=1 (repeatable)",
}

_CHOICES = {"accept_status": ["200", "202", "random"], "error_form": ["camel", "capital"]}


def parse_options(arguments: Sequence[str] | None, scenario_table: str) -> Options:
    """Read the command line."""
    command_line = CommandLine(
        "simulators.uccx",
        "A UCCX that calls nobody: REST configuration API, dialing lists, dialer.",
        _EPILOG.format(scenario=scenario_table),
        _HELP,
        _CHOICES,
    )
    return command_line.parse(Options, arguments)


def utc_now() -> datetime:
    """Naive UTC, as UCCX keeps all its times."""
    return clock.now().replace(tzinfo=None)
