"""Databases with the suite installed, made once per state of the modules and cloned wherever a
fresh one is needed.
"""

import fcntl
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import databases, odoo_command, paths, stamps
from .console import Progress, SetupError
from .processes import tail

_LOG_PROBLEM = re.compile(r"^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) ")
_NOT_INSTALLED = {"tests", "readme", "__pycache__"}


def new_database(name: str, demo: bool) -> list[str]:
    """Create a database with all modules of the suite installed, with or without demo data.

    :return: warnings and errors that Odoo logged while the modules were installed
    """
    with _lock():
        databases.drop(name)
        template = _ensure(demo)
        databases.clone(template, name)
        return log_problems(_install_log(template))


def _ensure(demo: bool) -> str:
    name = _template_name(demo)
    if not databases.exists(name):
        _install(name, demo)
        _drop_outdated(name)
    return name


def log_problems(log: Path) -> list[str]:
    """Lines of an Odoo log that are warnings or worse."""
    return [
        line for line in log.read_text(errors="replace").splitlines() if _LOG_PROBLEM.match(line)
    ]


def run_odoo(label: str, log: Path, *arguments: str) -> None:
    """Run Odoo until it stops by itself, with its log in a file."""
    progress = Progress(label)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        code = subprocess.call(
            odoo_command.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if code:
        raise SetupError(f"{label} failed, see {log}:\n{tail(log)}")
    progress.done()


def silence_calls_home(database: str) -> None:
    """Switch off the scheduled action that reports to Odoo's own server."""
    with databases.connect(database) as cursor:
        cursor.execute(
            "UPDATE ir_cron SET active = false FROM ir_model_data AS data WHERE data.res_id = ir_cron.id"
            " AND data.module = 'mail' AND data.name = 'ir_cron_module_update_notification'"
        )


def _install(name: str, demo: bool) -> None:
    partial = f"{name}_partial"
    databases.drop(partial)
    label = f"Installing the suite {'with' if demo else 'without'} demo data"
    options = ["--with-demo"] if demo else []
    modules = ",".join(paths.modules())
    run_odoo(
        label,
        _install_log(name),
        "-d",
        partial,
        "-i",
        modules,
        *options,
        "--stop-after-init",
        "--no-http",
    )
    silence_calls_home(partial)
    databases.rename(partial, name)


def _drop_outdated(name: str) -> None:
    kind = name.rsplit("_", 1)[0]
    for outdated in databases.list_names(f"{kind}\\_%"):
        if outdated != name:
            databases.drop(outdated)
            _install_log(outdated).unlink(missing_ok=True)


def _install_log(name: str) -> Path:
    return paths.LOGS / f"{name}.log"


def _template_name(demo: bool) -> str:
    modules = [paths.ROOT / module for module in paths.modules()]
    files = [
        file
        for module in modules
        for file in sorted(module.rglob("*"))
        if _is_installed(file, module)
    ]
    release = [paths.ODOO_LOCATION, paths.ROOT / "requirements-oca.txt"]
    key = stamps.digest(
        [*release, *(part for file in files for part in (str(file.relative_to(paths.ROOT)), file))]
    )
    return f"ecm_template_{'demo' if demo else 'bare'}_{key[:12]}"


def _is_installed(file: Path, module: Path) -> bool:
    folders = file.relative_to(module).parts[:-1]
    return (
        file.is_file()
        and file.suffix != ".pot"
        and not any(folder in _NOT_INSTALLED for folder in folders)
    )


@contextmanager
def _lock() -> Iterator[None]:
    """Let one process at a time make and clone templates."""
    handle = os.open(paths.BUILD / "templates.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
