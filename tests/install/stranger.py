"""A server as a stranger has it: Odoo, its own Python packages, and this repository in `/opt`."""

import os
import re
import shutil
import subprocess
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from scripts import odoo_source, paths, processes
from scripts.odoo_server import OdooServer
from tests.pure.examples import IS_LONG

from .machine import Machine

LEFT_OUT = shutil.ignore_patterns(".build", ".git", "__pycache__")
# The distribution of the image odoo:19; otherwise the packages that `make setup` has brought.
NOBLE = Path(__file__).with_name("noble.txt")
# As Debian's package has it.
PROGRAM = "import odoo.cli\nodoo.cli.main()\n"


class Stranger(Machine):
    """The server of somebody who has Odoo, and now installs the suite."""

    def __init__(self, root: Path, database: str) -> None:
        super().__init__(root, database)
        # The Python whose packages stand for those of the system.
        folders = [str(paths.VENV / "bin"), self.environment["PATH"]]
        self.environment["PATH"] = os.pathsep.join(folders)
        self._have_odoo()

    def run(self, command: str) -> str:
        """Run one line of a page; an environment that is new sees the packages of the system."""
        printed = super().run(command)
        if " -m venv " in command:
            self._show_system_packages()
        return printed

    def configure(self, **options: object) -> None:
        """Edit the configuration file as the person does who reads every line of it."""
        file = self.path("/etc/odoo/odoo.conf")
        lines = self.lead(file.read_text())
        for name, value in options.items():
            lines, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", lines)
            assert count == 1, f"the example has no {name}"
        file.write_text(lines)

    def server(self, command: str) -> "StrangersServer":
        """Odoo, started by a line of a page."""
        return StrangersServer(self, command)

    def _have_odoo(self) -> None:
        self.path("/var/lib/odoo").mkdir(parents=True)
        (self.path_of("/usr/bin") / "odoo").write_text(PROGRAM)
        shutil.copytree(paths.ROOT, self.path("/opt/outbound-campaigns"), ignore=LEFT_OUT)

        # What Odoo's own package depends on, and nothing that only developers have.
        self.packages = self.root / "dist-packages"
        self.packages.mkdir()
        if IS_LONG:
            fetch_distributions(NOBLE, self.packages)
        else:
            link_distributions(paths.ROOT / "requirements-odoo.txt", self.packages)
        (self.packages / "odoo.pth").write_text(f"{odoo_source.python_folder()}\n")

    def _show_system_packages(self) -> None:
        # Those of this machine are not the stranger's.
        config = self.path("/opt/odoo-venv/pyvenv.cfg")
        config.write_text(config.read_text().replace("packages = true", "packages = false"))
        [folder] = self.path("/opt/odoo-venv/lib").glob("python3*/site-packages")
        text = f"import site; site.addsitedir({str(self.packages)!r})\n"
        (folder / "system.pth").write_text(text)


class StrangersServer(OdooServer):
    """Odoo by the stranger's own command and configuration, which say the port and the workers."""

    def __init__(self, stranger: Stranger, command: str) -> None:
        super().__init__(stranger.database, port=processes.free_port())
        stranger.configure(http_port=self.port, gevent_port=processes.free_port())
        self.environment = stranger.environment
        self._line = stranger.lead(command)

    def _command(self) -> list[str]:
        return self._line.split()


def fetch_distributions(requirements: Path, target: Path) -> None:
    """Have a folder hold exactly these versions."""
    pip = [str(paths.VENV_PYTHON), "-m", "pip", "install", "--quiet", "--no-deps"]
    options = ["--only-binary=:all:", f"--target={target}", f"--requirement={requirements}"]
    subprocess.run([*pip, *options], check=True)


def link_distributions(requirements: Path, target: Path) -> None:
    """Have a folder hold what a file of requirements names and what that needs, as links to the
    packages of this environment: nothing is fetched.
    """
    known: dict[str, Distribution] = {}
    _collect(_read_requirements(requirements), known)
    for found in known.values():
        for file in found.files or ():
            _link(found, file.parts[0], target)


def _read_requirements(file: Path) -> list[str]:
    lines = file.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _collect(names: list[str], known: dict[str, Distribution]) -> None:
    for text in names:
        requirement = Requirement(text)
        is_needed = not requirement.marker or requirement.marker.evaluate({"extra": ""})
        if is_needed and requirement.name not in known:
            known[requirement.name] = distribution(requirement.name)
            _collect(known[requirement.name].requires or [], known)


def _link(found: Distribution, name: str, target: Path) -> None:
    source = Path(str(found.locate_file(name)))
    link = target / name
    # Programs lie outside, and several packages may share a folder.
    if name != ".." and name != "__pycache__" and not link.exists():
        link.symlink_to(source)
