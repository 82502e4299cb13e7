"""The stages of `make test`: what each runs, one at a time. `run_tests` puts them side by side."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import databases, dev_database, lint, paths, templates
from .counts import PYTEST_NO_TESTS, Count, read_report
from .selection import Selection


@dataclass(frozen=True)
class Stage:
    """A part of all checks that can run beside the others."""

    title: str
    run: Callable[[Selection], Count]
    targets: Callable[[], list[str]] = list  # paths of its tests

    def concerns(self, selection: Selection) -> bool:
        """Whether there can be anything to run: what has no tests runs only without ARGS."""
        if not selection:
            return True
        return bool(selection.within(self.targets()))


def run_lint(_selection: Selection) -> Count:
    """Linters and type checks."""
    return lint.run()


def run_install(selection: Selection) -> Count:
    """Installing with and without demo data must log no warning; then the tests of whoever installs,
    copies, updates and uninstalls.
    """
    tests = _run_pytest("install", selection, "-p", "no:odoo")
    return tests if selection else _check_logs() + tests


def _check_logs() -> Count:
    if not paths.modules():
        return Count()
    # What a new customer does, and what somebody who looks at it does.
    with _database("demo") as database:
        with_demo = templates.new_database(database, demo=True)
    with _database("bare") as database:
        without_demo = templates.new_database(database, demo=False)
    findings = {
        "log of the installation with demo data": with_demo,
        "log of the installation": without_demo,
    }
    count = Count()
    for what, problems in findings.items():
        count += lint.report(what, "\n".join(f"    {problem}" for problem in problems))
    return count


def run_pure(selection: Selection) -> Count:
    """Tests that need neither Odoo nor a database."""
    return _run_pytest("pure", selection, "-p", "no:odoo")


def run_simulator(selection: Selection) -> Count:
    """Clients against simulator processes, with real ODBC to the private cluster."""
    return _run_pytest("simulator", selection, "-p", "no:odoo")


def run_odoo(selection: Selection) -> Count:
    """The modules' tests in Odoo."""
    return _run_in_odoo("odoo", selection)


def run_tours(selection: Selection) -> Count:
    """The modules' tests in a browser."""
    return _run_in_odoo("tours", selection)


def run_e2e(selection: Selection) -> Count:
    """Several processes, real wires, crashes."""
    return _run_pytest("e2e", selection, "-p", "no:odoo")


def _folder(name: str) -> Callable[[], list[str]]:
    return lambda: [name] if (paths.ROOT / name).is_dir() else []


def _module_tests(tours: bool) -> list[str]:
    """Test files of the modules, also in folders below `tests`; those of tours by their name."""
    found = []
    for module in paths.all_modules():
        folder = paths.ROOT / module / "tests"
        for file in sorted(folder.rglob("test_*.py")):
            is_tour = "tour" in file.stem
            if is_tour == tours:
                found.append(str(file.relative_to(paths.ROOT)))
    return found


# In the order in which they start: the long ones first. Beside the end-to-end tests, which wait for
# what servers do, and the browser's, which take more than a core, stands what takes one or less.
STAGES = {
    "e2e": Stage("end-to-end tests", run_e2e, _folder("tests/e2e")),
    "install": Stage("installation and update", run_install, _folder("tests/install")),
    "odoo": Stage(
        "tests in Odoo", run_odoo, lambda: [*_module_tests(tours=False), "tests/odoo_lint"]
    ),
    "tours": Stage("tests in a browser", run_tours, lambda: _module_tests(tours=True)),
    "simulator": Stage("clients and simulators", run_simulator, _folder("tests/simulator")),
    "lint": Stage("linters and types", run_lint),
    "pure": Stage("tests without Odoo", run_pure, _folder("tests/pure")),
}


@contextmanager
def _database(label: str) -> Iterator[str]:
    """Name of a database that is dropped afterwards."""
    name = f"ecm_test_{label}_{os.getpid()}"
    try:
        yield name
    finally:
        databases.drop(name)


def _run_in_odoo(stage: str, selection: Selection) -> Count:
    if not paths.modules() or not _collects(stage, selection):
        return Count()
    # A few selected tests must start at once; a full run must prove what is installed from zero.
    with _database(stage) as database:
        make_database = dev_database.new_database if selection else templates.new_test_database
        make_database(database)
        return _run_pytest(stage, selection, *_odoo_options(database))


def _odoo_options(database: str) -> list[str]:
    settings = [f"--odoo-config={paths.ODOO_CONF}", f"--odoo-database={database}"]
    return [
        *settings,
        "--odoo-http",
        "--odoo-log-level=warn",
        f"--odoo-extra=db-filter=^{database}$",
    ]


def _collects(stage: str, selection: Selection) -> bool:
    """Whether any test is selected, found out before a database is made for it."""
    # A path is there or not; what an option selects only pytest can say.
    if not selection.options:
        return True
    command = [*_pytest(stage, selection), "--collect-only", "-q", *_odoo_options("none")]
    result = subprocess.run(
        command, cwd=paths.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return result.returncode != PYTEST_NO_TESTS


def _pytest(stage: str, selection: Selection) -> list[str]:
    targets = selection.within(STAGES[stage].targets())
    pytest = [str(paths.VENV_PYTHON), "-m", "pytest", "-q"]
    return [*pytest, *selection.options, *targets]


def _run_pytest(stage: str, selection: Selection, *options: str) -> Count:
    report = paths.REPORTS / f"{stage}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    # A run that dies writes no report: the one before would be taken for its own.
    report.unlink(missing_ok=True)
    command = _pytest(stage, selection)
    command += [f"--junitxml={report}", *options]
    code = subprocess.call(command, cwd=paths.ROOT, stdin=subprocess.DEVNULL)
    return read_report(stage, report, code)
