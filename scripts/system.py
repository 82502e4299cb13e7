"""What the machine itself must have: PostgreSQL's server, a browser, ODBC, an SMS gateway, Node,
Python's venv.
"""

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from . import apt
from .console import SetupError


def ensure_packages() -> None:
    """Install what is missing, or say what an administrator has to install."""
    missing = missing_packages()
    if missing and not apt.is_debian():
        raise SetupError(
            f"This machine lacks what Debian's packages {', '.join(missing)} bring. "
            "Install it with your system's package manager, or use docker/ (see docker/README.md)."
        )
    if missing:
        apt.install(missing)


def missing_packages() -> list[str]:
    """Debian packages whose contents are not on this machine."""
    return [package for package, is_present in _REQUIREMENTS.items() if not is_present()]


def postgres_program(name: str) -> Path:
    """Path of a program of the newest PostgreSQL server on this machine."""
    found = _postgres_programs(name)
    if not found:
        raise SetupError(f"PostgreSQL's {name} is not installed: run make setup.")
    return found[0]


def _postgres_programs(name: str) -> list[Path]:
    # Debian keeps each version in a folder of its own, off the path.
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_major_version, reverse=True
    )
    on_path = shutil.which(name)
    return [*versions, *([Path(on_path)] if on_path else [])]


def _major_version(program: Path) -> float:
    # 9.6 was a version as well.
    try:
        return float(program.parent.parent.name)
    except ValueError:
        return 0.0


def find_library(pattern: str) -> Path | None:
    """A shared library in one of the system's folders."""
    # Debian and its relatives, Red Hat's, and what was built by hand.
    folders = [
        Path("/usr/lib"),
        Path("/usr/lib64"),
        Path("/usr/local/lib"),
        *Path("/usr/lib").glob("*-linux-gnu"),
    ]
    return next((file for folder in folders for file in folder.glob(pattern)), None)


def _has_browser() -> bool:
    return any(
        map(shutil.which, ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable"))
    )


# By what they bring: an administrator may have it from elsewhere.
_REQUIREMENTS: dict[str, Callable[[], bool]] = {
    "postgresql": lambda: bool(_postgres_programs("initdb")),
    "chromium": _has_browser,
    "unixodbc": lambda: find_library("libodbc.so.2*") is not None,
    "odbc-postgresql": lambda: find_library("odbc/psqlodbcw.so") is not None,
    "tdsodbc": lambda: find_library("odbc/libtdsodbc.so") is not None,
    "default-jre-headless": lambda: bool(shutil.which("java")),
    "libpostgresql-jdbc-java": lambda: Path("/usr/share/java/postgresql.jar").is_file(),
    "openssh-server": lambda: Path("/usr/sbin/sshd").is_file(),
    "samba": lambda: Path("/usr/sbin/smbd").is_file() and bool(shutil.which("pdbedit")),
    "kannel": lambda: Path("/usr/sbin/bearerbox").is_file() and Path("/usr/sbin/smsbox").is_file(),
    "nodejs": lambda: bool(shutil.which("node")),
    "npm": lambda: bool(shutil.which("npm")),
    "python3-venv": lambda: importlib.util.find_spec("ensurepip") is not None,
}


def unprivileged_account() -> str | None:
    """Account that runs PostgreSQL when this process is root, which `initdb` refuses; None when it
    is not.
    """
    return "postgres" if os.geteuid() == 0 else None
