"""Command line of the simulator; `Options` is what every part of it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .. import clock
from ..command_line import CommandLine

_EPILOG = """\
outcome of a call, by the last digits of the number called (simulators/uccx/scenario.py):
{scenario}
"""


@dataclass(frozen=True)
class Options:
    """Settings of one simulator; durations in seconds, of the simulated clock unless 'real' is
    said.
    """

    dsn: str
    host: str = "127.0.0.1"
    port: int = 1433
    rest_port: int = 8445
    control_port: int = 8491
    http: bool = False
    certificate: str = ""
    instance: str = "ucce"
    side: str = "A"
    user: str = "obm"
    rest_user: str = "administrator@example.com"
    password: str = "cisco-simulator"
    clock_factor: float = 1.0
    lines: int = 50
    ring_seconds: float = 8.0
    talk_seconds: float = 60.0
    callback_seconds: float = 600.0
    retry_seconds: float = 3600.0
    unknown_seconds: float = 3600.0
    flush_seconds: float = 5.0
    tick_seconds: float = 0.2
    tries: int = 1
    time_zone: str = "UTC"
    import_folder: str = ""
    scenario: str = ""
    verbose: bool = False
    fault: tuple[str, ...] = field(default=())

    def real(self, simulated_seconds: float) -> timedelta:
        """Real time for a duration of the simulated clock."""
        return timedelta(seconds=simulated_seconds / self.clock_factor)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def now(self) -> datetime:
        """Naive local time of the Central Controller, as CCE keeps its times."""
        return clock.now().astimezone(self.zone).replace(tzinfo=None)

    def true_now(self) -> datetime:
        """The real time, as `now`: the clock may have been set."""
        return clock.true_now().astimezone(self.zone).replace(tzinfo=None)

    def minutes_west(self) -> int:
        """What is added to local time to get UTC."""
        offset = clock.now().astimezone(self.zone).utcoffset() or timedelta()
        return -round(offset.total_seconds() / 60)


# A help per field: a test of `--help` notices one that is missing.
_HELP = {
    "dsn": "PostgreSQL database (libpq syntax) for the tables, which are created when absent"
    " (required)",
    "host": "address to listen on, for SQL Server's protocol",
    "port": "port of SQL Server's protocol; 0 takes a free one",
    "rest_port": "port of the Outbound REST interface; 0 takes a free one",
    "http": "plain HTTP instead of HTTPS for the REST interface, for debugging",
    "certificate": "PEM file with certificate and key; created (self-signed) when absent;"
    " default: a temporary file",
    "control_port": "port of the control API, plain HTTP, loopback only; 0 takes a free one",
    "instance": "what the names of the databases begin with",
    "side": "of the Outbound Option database: A or B, whose identities are negative",
    "user": "SQL login",
    "rest_user": "user of the REST interface",
    "password": "password of both",
    "clock_factor": "60 makes a minute of ringing, talking or retry delay last one real second;"
    " time stamps stay real",
    "lines": "calls at the same time, per campaign",
    "ring_seconds": "ringing time",
    "talk_seconds": "talk time",
    "callback_seconds": "how far ahead customers ask for callbacks",
    "retry_seconds": "until the dialer calls again by itself, where its attempts allow",
    "unknown_seconds": "until contacts that were active at a restart are pending again",
    "flush_seconds": "so long calls are buffered before they are written to the history, or 20 of"
    " them",
    "tick_seconds": "real seconds between two rounds of the dialer",
    "tries": "MaxAttempts of the campaigns in an empty database: 3 is CCE's own default",
    "time_zone": "zone of the Central Controller (IANA name)",
    "import_folder": "where the import rules of campaigns look for files, <campaign>.csv; default:"
    " they poll none",
    "scenario": "JSON file with rules that come before the built-in ones",
    "verbose": "log every statement",
    "fault": "switch a fault on at start, e.g. deadlock:times=1,verb=insert (repeatable)",
}


def parse_options(arguments: Sequence[str] | None, scenario_table: str) -> Options:
    """Read the command line."""
    command_line = CommandLine(
        "simulators.cce",
        "A CCE that calls nobody: databases over SQL Server's protocol, dialer.",
        _EPILOG.format(scenario=scenario_table),
        _HELP,
        {"side": ["A", "B"]},
    )
    return command_line.parse(Options, arguments)
