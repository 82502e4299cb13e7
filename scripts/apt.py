"""Debian's package manager: system packages when root, and single packages unpacked into the
checkout.
"""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import paths
from .console import Progress, SetupError, say

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SOURCES = Path("/etc/apt")
SUITES = ("bookworm", "sid")
SMALL_PACKAGE = 5_000_000


def is_debian() -> bool:
    """Whether this machine runs Debian itself (its derivatives have no sid suite)."""
    release = Path("/etc/os-release")
    return (
        release.is_file()
        and re.search(r"^ID=\"?debian\"?$", release.read_text(), re.MULTILINE) is not None
    )


def install(packages: list[str]) -> None:
    """Install system packages, or say which ones an administrator has to install."""
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError(
            f"Packages of the system are missing. As root, run:\n  {command}\nand start again."
        )
    say(f"Installing Debian packages: {' '.join(packages)}")
    # An old package list is not an error that apt tells apart from others: refresh it when the
    # first try fails.
    if _install_quietly(packages).returncode != 0:
        say("Refreshing the lists of Debian packages")
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        result = _install_quietly(packages)
        if result.returncode != 0:
            raise SetupError(f"{command} failed:\n{result.stdout}")


def _install_quietly(packages: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


class PrivateIndex:
    """Package lists of other suites, kept in the checkout: the system's own sources never see them."""

    def __init__(self, folder: Path = paths.APT) -> None:
        self.folder = folder
        self.config = folder / "apt.conf"

    def refresh(self) -> None:
        """Read the package lists; apt verifies their signature with Debian's keyring."""
        self._write_config()
        say("Reading Debian's package lists")
        self._run("update", "-qq")

    def download(self, package: str, suite: str, folder: Path) -> Path:
        """Fetch one package into the folder, or keep the file that is already there; apt checks its
        hash.
        """
        fields = self._describe(package, suite)
        size = int(fields["Size"])
        if not self._find(folder, package, size):
            self._fetch(package, suite, folder, size)
        found = self._find(folder, package, size)
        if not found:
            raise SetupError(f"apt-get did not leave {package} in {folder}")
        return found

    def _fetch(self, package: str, suite: str, folder: Path, size: int) -> None:
        if size < SMALL_PACKAGE:
            say(f"Downloading {package}")
            self._run("download", "-qq", f"{package}/{suite}", folder=folder)
            return
        # apt-get tells a terminal how far it is, and nobody else: the file's growth tells all.
        progress = Progress(f"Downloading {package} ({size / 1e6:.0f} MB)")
        stop = threading.Event()
        watcher = threading.Thread(
            target=_watch_growth, args=(folder, package, size, progress, stop)
        )
        watcher.start()
        try:
            self._run("download", "-qq", f"{package}/{suite}", folder=folder)
        finally:
            stop.set()
            watcher.join()
        progress.done()

    def _find(self, folder: Path, package: str, size: int) -> Path | None:
        return next(
            (file for file in folder.glob(f"{package}_*.deb") if file.stat().st_size == size), None
        )

    def _describe(self, package: str, suite: str) -> dict[str, str]:
        result = subprocess.run(
            [
                "apt-cache",
                "-c",
                str(self.config),
                "show",
                "--no-all-versions",
                f"{package}/{suite}",
            ],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise SetupError(f"The Debian mirror has no package {package} in its suite {suite}.")
        return dict(re.findall(r"^(\w+): (.*)$", result.stdout, re.MULTILINE))

    def _run(self, *arguments: str, folder: Path | None = None) -> None:
        result = subprocess.run(
            ["apt-get", "-c", str(self.config), *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise SetupError(f"apt-get {' '.join(arguments)} failed:\n{result.stdout}")

    def _write_config(self) -> None:
        for name in ("lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        # Preferences and sources of the system would mix its suite with ours.
        mirror = find_mirror()
        lines = [f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in SUITES]
        (self.folder / "sources.list").write_text("".join(lines))
        self.config.write_text(
            f'Dir::Etc::sourcelist "{self.folder}/sources.list";\n'
            'Dir::Etc::sourceparts "/dev/null";\n'
            'Dir::Etc::preferences "/dev/null";\n'
            'Dir::Etc::preferencesparts "/dev/null";\n'
            f'Dir::State::lists "{self.folder}/lists";\n'
            f'Dir::Cache "{self.folder}/cache";\n'
            'APT::Sandbox::User "";\n'
            'Acquire::Languages "none";\n'
            "#clear APT::Update::Post-Invoke;\n"
            "#clear APT::Update::Post-Invoke-Success;\n"
        )


def _watch_growth(
    folder: Path, package: str, size: int, progress: Progress, stop: threading.Event
) -> None:
    while not stop.wait(0.5):
        files = folder.glob(f"{package}_*.deb")
        fetched = max((file.stat().st_size for file in files), default=0)
        percent = 100 * fetched // size
        progress.update(f"{percent} %")


def find_mirror() -> str:
    """Address of the Debian mirror that this machine already uses."""
    for address, components in _configured_sources():
        # Security updates have a mirror of their own, which holds no sid.
        if "main" in components and "security" not in address:
            return address
    raise SetupError("No Debian mirror in /etc/apt: set ODOO_DEB= or ODOO_DIR=, or use docker/.")


def _configured_sources() -> Iterator[tuple[str, list[str]]]:
    folder = SOURCES / "sources.list.d"
    for file in [SOURCES / "sources.list", *sorted(folder.glob("*.list"))]:
        if file.is_file():
            yield from parse_one_line_sources(file.read_text())
    for file in sorted(folder.glob("*.sources")):
        yield from parse_deb822_sources(file.read_text())


def parse_one_line_sources(text: str) -> Iterator[tuple[str, list[str]]]:
    """Addresses and components of lines such as `deb [arch=amd64] ADDRESS bookworm main contrib`."""
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+\S+\s+([^#]+)", line.strip())
        if match:
            yield match[1], match[2].split()


def parse_deb822_sources(text: str) -> Iterator[tuple[str, list[str]]]:
    """Addresses and components of stanzas with the fields Types, URIs, Suites and Components."""
    for stanza in re.split(r"\n\s*\n", text):
        fields = _deb822_fields(stanza.splitlines())
        types = fields.get("types", "").split()
        # Others hold sources, or were switched off.
        if "deb" not in types or fields.get("enabled", "yes") == "no":
            continue
        components = fields.get("components", "").split()
        addresses = fields.get("uris", "").split()
        for address in addresses:
            yield address, components


def _deb822_fields(lines: Iterable[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        if line.startswith("#"):
            continue
        # A value goes on in lines that begin with a blank.
        if line[:1].isspace():
            fields[name] = f"{fields.get(name, '')} {line.strip()}"
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields
