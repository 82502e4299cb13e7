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

# Kinds of template: what a new customer installs, what `make demo` shows, what tests run in.
BARE, DEMO, TEST = "bare", "demo", "test"
_TITLES = {
    BARE: "the suite without demo data",
    DEMO: "the suite with demo data",
    TEST: "the modules that only tests use",
}

# As Odoo's own runner of tests does: a browser that finds no bundles makes them for one test only.
_MAKE_BUNDLES = "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()"

_LOG_PROBLEM = re.compile(r"^\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) ")
_NOT_INSTALLED = {"tests", "readme", "__pycache__"}


def new_database(name: str, demo: bool) -> list[str]:
    """Create a database with the product's modules installed, with or without demo data.

    :return: warnings and errors that Odoo logged while the modules were installed
    """
    with lock():
        template = ensure(DEMO if demo else BARE)
        databases.drop(name)
        databases.clone(template, name)
        return log_problems(_install_log(template))


def new_test_database(name: str) -> None:
    """Create a database with demo data and with the modules that only tests use."""
    with lock():
        template = ensure(TEST)
        databases.drop(name)
        databases.clone(template, name)


@contextmanager
def lock() -> Iterator[None]:
    """Let one process at a time make and clone templates."""
    handle = os.open(paths.BUILD / "templates.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def ensure(kind: str) -> str:
    """Name of the template of the modules as they are now, made when there is none; under the
    lock.
    """
    if kind == TEST and not paths.test_modules():
        return ensure(DEMO)
    name = _template_name(kind)
    if not databases.exists(name):
        _install(name, kind)
        # They cost 40 MB each, and nothing asks for an older state again.
        _drop_outdated(name)
    return name


def is_made(kind: str) -> bool:
    """Whether `ensure` would find the template."""
    is_shared = kind == TEST and not paths.test_modules()
    name = _template_name(DEMO if is_shared else kind)
    return databases.exists(name)


def log_problems(log: Path) -> list[str]:
    """Lines of an Odoo log that are warnings or worse."""
    lines = log.read_text(errors="replace").splitlines()
    return [line for line in lines if _LOG_PROBLEM.match(line)]


def run_odoo(label: str, log: Path, *arguments: str, script: str = "") -> None:
    """Run Odoo until it stops by itself, with its log in a file.

    :param script: what its shell is to run
    """
    progress = Progress(label)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = odoo_command.command(*arguments)
    with log.open("w") as output:
        process = subprocess.run(
            command,
            input=script.encode(),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if process.returncode:
        raise SetupError(f"{label} failed, see {log}:\n{tail(log)}")
    progress.done()


def change_modules(label: str, log: Path, database: str, *arguments: str) -> None:
    """Install (`-i`) or update (`-u`) modules in a database that nobody uses."""
    run_odoo(label, log, "-d", database, *arguments, "--stop-after-init", "--no-http")
    _let_copies_call(database)


def _let_copies_call(database: str) -> None:
    """Every clone is a database of its own and no copy of one that calls: it binds its attempt keys
    to itself when it is first fed.
    """
    with databases.connect(database) as cursor:
        cursor.execute(
            "DELETE FROM ir_config_parameter"
            " WHERE key IN ('ecm_campaign.attempt_key_prefix', 'ecm_campaign.bound_database')"
        )


def silence_calls_home(database: str) -> None:
    """Switch off the scheduled actions that ask Odoo's own servers: one reports to them, and one
    looks up who the leads of the CRM are.
    """
    with databases.connect(database) as cursor:
        cursor.execute(
            "UPDATE ir_cron SET active = false FROM ir_model_data AS data"
            " WHERE data.res_id = ir_cron.id AND data.model = 'ir.cron'"
            " AND (data.module, data.name) IN (('mail', 'ir_cron_module_update_notification'),"
            " ('crm_iap_enrich', 'ir_cron_lead_enrichment'))"
        )


def installed_files(module: str) -> list[Path]:
    """The files of a module that Odoo reads when it installs, updates or runs it, sorted."""
    folder = paths.ROOT / module
    return [file for file in sorted(folder.rglob("*")) if _is_installed(file, folder)]


def release_files() -> list[Path]:
    """The files that say which Odoo and which add-ons of others are installed."""
    return [paths.ODOO_LOCATION, paths.ROOT / "requirements-oca.txt"]


def _is_installed(file: Path, module: Path) -> bool:
    if not file.is_file() or file.suffix == ".pot":
        return False
    folders = file.relative_to(module).parts[:-1]
    return _NOT_INSTALLED.isdisjoint(folders)


def _install(name: str, kind: str) -> None:
    """Install into a database of another name: a template exists only when it is complete."""
    partial = f"{name}_partial"
    databases.drop(partial)
    modules = paths.modules()
    if kind == TEST:
        # The product is there already; only what tests add to it takes time.
        databases.clone(ensure(DEMO), partial)
        modules = paths.test_modules()
    demo = [] if kind == BARE else ["--with-demo"]
    label = f"Installing {_TITLES[kind]}"
    log = _install_log(name)
    change_modules(label, log, partial, "-i", ",".join(modules), *demo)
    silence_calls_home(partial)
    if kind == TEST:
        shell_log = log.with_name(f"{name}_bundles.log")
        shell = "shell", "-d", partial, "--no-http"
        run_odoo("Making what browsers load", shell_log, *shell, script=_MAKE_BUNDLES)
    databases.rename(partial, name)


def _drop_outdated(name: str) -> None:
    kind = name.rsplit("_", 1)[0]
    for outdated in databases.list_names(f"{kind}\\_%"):
        if outdated != name:
            databases.drop(outdated)
            for log in paths.LOGS.glob(f"{outdated}*.log"):
                log.unlink()


def _install_log(name: str) -> Path:
    return paths.LOGS / f"{name}.log"


def _template_name(kind: str) -> str:
    """The name says what is in it: a file that changes or moves gives another name."""
    modules = paths.all_modules() if kind == TEST else paths.modules()
    parts: list[str | Path] = [*release_files()]
    for module in modules:
        for file in installed_files(module):
            name = str(file.relative_to(paths.ROOT))
            parts += [name, file]
    digest = stamps.digest(parts)[:12]
    return f"ecm_template_{kind}_{digest}"
