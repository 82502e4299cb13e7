"""The paths and the database that commands of a page name, led into a folder of the test."""

import os
import re
import subprocess
from pathlib import Path

from scripts import cluster, system

# Folders of a server that commands name, and the program that Odoo's package brings.
LED_ASIDE = re.compile(r"(?<![\w./])/(opt|etc/odoo|var/lib/odoo|var/log/odoo|usr/bin/odoo|srv)\b")
DATABASE = re.compile(r"(?<![\w-])campaigns(_test)?\b")
FOLDERS = ("/etc/odoo", "/var/log/odoo", "/usr/bin", "/opt", "/srv")


class Machine:
    """A server on which somebody types what stands in a page."""

    def __init__(self, root: Path, database: str) -> None:
        self.root = root
        self.database = database
        self.environment = self._prepare_environment()
        for folder in FOLDERS:
            self.path_of(folder).mkdir(parents=True)

    def path(self, path: str) -> Path:
        """Where a path of the server is in truth."""
        return Path(self.lead(path))

    def path_of(self, folder: str) -> Path:
        """As `path`, also for folders that no command names."""
        return self.root / folder[1:]

    def lead(self, text: str) -> str:
        """The same text with all paths of the server led into our folder, and our database."""
        led = LED_ASIDE.sub(rf"{self.root}/\1", text)
        return DATABASE.sub(rf"{self.database}\1", led)

    def run(self, command: str) -> str:
        """Run one line of a page.

        :return: what it printed
        """
        line = self.lead(command)
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{line}\n{result.stdout}"
        return result.stdout

    def _prepare_environment(self) -> dict[str, str]:
        """Ours without what leads Python to other packages, and with the account for PostgreSQL."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
        # Of the server's version, whatever else is installed.
        programs = system.postgres_program("pg_dump").parent
        search = os.pathsep.join([str(programs), kept.get("PATH", os.defpath)])
        connection = {"PGPASSWORD": cluster.PASSWORD, "PGHOST": cluster.HOST}
        account = {"PGUSER": cluster.ROLE, "PGPORT": str(cluster.load().port)}
        return {**kept, **connection, **account, "PATH": search}
