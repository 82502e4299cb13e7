"""The virtual environment with everything that Odoo, the suite and its tests import."""

import shutil
import subprocess
import sys
from pathlib import Path

from . import odoo_source, paths, stamps
from .console import Progress, SetupError, say

REQUIREMENTS = ("requirements.txt", "requirements-odoo.txt", "requirements-dev.txt")
OCA_REQUIREMENTS = "requirements-oca.txt"
CONSTRAINTS = "constraints.txt"


def ensure_venv() -> None:
    """Have the pinned packages installed, and Odoo importable."""
    files = [paths.ROOT / name for name in (*REQUIREMENTS, OCA_REQUIREMENTS, CONSTRAINTS)]
    key = stamps.digest([Path(__file__), sys.version, str(paths.ROOT), *files])
    if not (stamps.is_current("venv", key) and paths.VENV_PYTHON.exists()):
        _build()
        stamps.write("venv", key)
    _link_odoo()


def site_packages() -> Path:
    """Folder of the environment's packages."""
    return next((paths.VENV / "lib").glob("python3.*/site-packages"))


def oca_addons_folder() -> Path:
    """Folder of the OCA add-ons."""
    return site_packages() / "odoo" / "addons"


def _build() -> None:
    if sys.version_info < (3, 10):  # noqa: UP036 (this runs before anything has chosen the Python)
        raise SetupError(f"Odoo 19.0 needs Python 3.10 or newer, this is {sys.version.split()[0]}.")
    if not _is_same_python():
        say(f"Creating the virtual environment with Python {sys.version.split()[0]}")
        shutil.rmtree(paths.VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(paths.VENV)], check=True)
    requirements = [argument for name in REQUIREMENTS for argument in ("-r", name)]
    _pip_install("Installing Python packages", "-c", CONSTRAINTS, *requirements)
    _pip_install("Installing OCA add-ons", "--no-deps", "-r", OCA_REQUIREMENTS)


def _is_same_python() -> bool:
    if not paths.VENV_PYTHON.exists():
        return False
    command = [str(paths.VENV_PYTHON), "-c", "import pip, sys; print(sys.version, end='')"]
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )
    return result.stdout == sys.version


def _pip_install(label: str, *arguments: str) -> None:
    command = [
        str(paths.VENV_PYTHON),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        *arguments,
    ]
    progress = Progress(label)
    output: list[str] = []
    collected = 0
    with subprocess.Popen(
        command,
        cwd=paths.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            output.append(line)
            if line.startswith("Collecting "):
                collected += 1
            progress.update(
                f"{collected} found"
                if "Installing collected" not in line
                else f"installing {collected}"
            )
    if process.returncode:
        raise SetupError(f"{label} failed:\n{''.join(output[-30:])}")
    progress.done(f"{collected} packages")


def _link_odoo() -> None:
    link = site_packages() / "odoo19.pth"
    content = f"{odoo_source.python_folder()}\n"
    if not link.is_file() or link.read_text() != content:
        link.write_text(content)
