"""The private PostgreSQL cluster: `python3 -m scripts.cluster start|stop|status|port|dsn`.

It listens on a free port of 127.0.0.1 that is chosen once, and on a socket in its own folder. The
role `odoo` (password `odoo`) may create databases; every local connection is trusted.
"""

import argparse
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from . import paths, processes, system
from .console import SetupError, fail, say

HOST = "127.0.0.1"
ROLE = PASSWORD = "odoo"

# fsync and synchronous_commit stay on: benchmarks must tell what a real server does.
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "max_connections": "200",
    "shared_buffers": "'512MB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'256MB'",
    "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'15min'",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] %d '",
    "log_lock_waits": "on",
}


@dataclass(frozen=True)
class Cluster:
    """Where the cluster is, and who runs it."""

    folder: str
    port: int
    account: str | None

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return Path(self.folder) / "data"

    def uri(self, database: str = "postgres") -> str:
        """Connection address for libpq and psycopg2."""
        return f"postgresql://{ROLE}:{PASSWORD}@{HOST}:{self.port}/{database}"

    def is_running(self) -> bool:
        """Whether the server answers on its port."""
        return self._pg_ctl("status").returncode == 0

    def start(self) -> None:
        """Start the server and wait until it answers."""
        if self.is_running():
            return
        result = self._pg_ctl(
            "start", "-w", "-t", "60", "-l", str(Path(self.folder) / "postgresql.log")
        )
        if result.returncode:
            raise SetupError(
                f"PostgreSQL did not start; see {self.folder}/postgresql.log\n{result.stdout}"
            )

    def stop(self) -> None:
        """Stop the server; connections are closed."""
        if self.is_running():
            self._pg_ctl("stop", "-w", "-m", "fast")

    def _pg_ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("pg_ctl", "-D", str(self.data), *arguments)

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the cluster's account."""
        command = [str(system.postgres_program(program)), *arguments]
        if self.account:
            command = _as_account(self.account, command)
        # A log file instead of a pipe: the server inherits the streams and would keep a pipe open.
        with tempfile.TemporaryFile("w+") as output:
            code = subprocess.call(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
            )
            output.seek(0)
            return subprocess.CompletedProcess(command, code, output.read())


def _environment() -> dict[str, str]:
    """The person's environment without what would point PostgreSQL's programs elsewhere."""
    environment = {"LC_ALL": "C.UTF-8"}
    for name, value in os.environ.items():
        if not name.startswith(("PG", "LC_")):
            environment[name] = value
    return environment


def load() -> Cluster:
    """The cluster of this checkout; it must have been created."""
    cluster = _read_state()
    if not cluster:
        raise SetupError("There is no PostgreSQL cluster yet: run make setup.")
    return cluster


def ensure_running() -> Cluster:
    """Create the cluster when there is none, and start it."""
    cluster = _read_state()
    if not cluster or not cluster.data.is_dir():
        cluster = _create()
    cluster.start()
    return cluster


def remove() -> None:
    """Stop the cluster and delete its data, also where it lives outside the checkout."""
    cluster = _read_state()
    if cluster:
        if cluster.data.is_dir():
            cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)
        paths.CLUSTER_STATE.unlink(missing_ok=True)


def _read_state() -> Cluster | None:
    if not paths.CLUSTER_STATE.is_file():
        return None
    return Cluster(**json.loads(paths.CLUSTER_STATE.read_text()))


def _create() -> Cluster:
    account = system.unprivileged_account()
    folder = _make_folder(account)
    cluster = Cluster(str(folder), processes.free_port(), account)
    say(f"Creating a PostgreSQL cluster in {cluster.folder}, port {cluster.port}")
    _initialise(cluster)
    cluster.start()
    _create_role(cluster)
    # Last: a state stands for a cluster that is complete.
    paths.CLUSTER_STATE.write_text(json.dumps(asdict(cluster)))
    return cluster


def _make_folder(account: str | None) -> Path:
    """The cluster's folder: in the checkout, or in a temporary one that the account can reach."""
    inside = paths.BUILD / "postgresql"
    # What another attempt left half-made, and initdb refuses a folder that is not empty.
    shutil.rmtree(inside, ignore_errors=True)
    if account and not _can_reach(account, paths.BUILD):
        folder = Path(tempfile.mkdtemp(prefix="ecm-postgresql-"))
    else:
        inside.mkdir(parents=True)
        folder = inside
    folder.chmod(0o755)
    if account:
        # initdb writes only where its own account is the owner.
        user = pwd.getpwnam(account)
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _can_reach(account: str, folder: Path) -> bool:
    command = _as_account(account, ["test", "-x", str(folder)])
    return subprocess.call(command, cwd="/") == 0


def _as_account(account: str, command: list[str]) -> list[str]:
    """The command line for root to run a command as an account."""
    user = pwd.getpwnam(account)
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", *ids, *command]


def _initialise(cluster: Cluster) -> None:
    options = [
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    result = cluster.run("initdb", "-D", str(cluster.data), *options)
    if result.returncode:
        raise SetupError(f"initdb failed:\n{result.stdout}")
    settings = {
        **SETTINGS,
        "port": str(cluster.port),
        "unix_socket_directories": f"'{cluster.folder}'",
    }
    with (cluster.data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = {value}\n" for name, value in settings.items())


def _create_role(cluster: Cluster) -> None:
    statement = f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{PASSWORD}'"
    uri = f"postgresql://postgres@{HOST}:{cluster.port}/postgres"
    result = cluster.run("psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, uri)
    if result.returncode:
        raise SetupError(f"The role {ROLE} could not be created:\n{result.stdout}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=["start", "stop", "status", "port", "dsn"])
    parser.add_argument("database", nargs="?", default="postgres", help="database of the dsn")
    arguments = parser.parse_args()
    try:
        _perform(arguments.action, arguments.database)
    except SetupError as error:
        fail(str(error))


def _perform(action: str, database: str) -> None:
    if action == "start":
        ensure_running()
    cluster = load()
    if action == "stop":
        cluster.stop()
    elif action in ("start", "status"):
        running = cluster.is_running()
        say(f"{'Running' if running else 'Stopped'}: port {cluster.port}, {cluster.folder}")
        raise SystemExit(0 if running else 3)
    elif action == "port":
        say(str(cluster.port))
    elif action == "dsn":
        say(cluster.uri(database))


if __name__ == "__main__":
    main()
