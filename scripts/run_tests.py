"""`make test`: every check, one after the other, and one count at the end.

ARGS go to pytest: options such as `-k strategy` or `-x`, or paths. With ARGS, only tests run, no
linters, and those in Odoo run in a copy of the development database (FRESH=1 makes it anew) rather
than of the exact template. STAGES names the stages to run, for example `STAGES="lint pure"`.
"""

import os
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import cluster, databases, dev_database, lint, odbc, paths, pot, templates
from .console import SetupError, say

PYTEST_NO_TESTS = 5
MAX_TEMPORARY_PATH = 60


@dataclass(frozen=True)
class Count:
    """How many checks ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


@dataclass(frozen=True)
class Selection:
    """What the person wants to run."""

    options: list[str]
    files: list[str]

    @classmethod
    def parse(cls, text: str) -> "Selection":
        """Tell paths from options."""
        words = shlex.split(text)
        files = [word for word in words if _is_path(word)]
        return cls([word for word in words if word not in files], files)

    def __bool__(self) -> bool:
        return bool(self.options or self.files)

    def within(self, targets: list[str]) -> list[str]:
        """The targets of a stage, or those of the given paths that belong to them."""
        if not self.files:
            return targets
        return [file for file in self.files if any(_is_inside(file, target) for target in targets)]


def _is_path(word: str) -> bool:
    return not word.startswith("-") and (paths.ROOT / word.split("::")[0]).exists()


def _is_inside(file: str, target: str) -> bool:
    file_path, target_path = Path(file.split("::")[0]), Path(target)
    return target_path == file_path or target_path in file_path.parents


def run_lint(selection: Selection) -> Count:
    """Linters and type checks; passed over when tests are selected."""
    if selection:
        return Count()
    passed, failed = lint.run()
    return Count(passed, failed)


def run_pure(selection: Selection) -> Count:
    """Tests that need neither Odoo nor a database."""
    return _run_pytest("pure", ["tests/pure"], selection, "-p", "no:odoo")


def run_simulator(selection: Selection) -> Count:
    """Clients against simulator processes, with real ODBC to the private cluster."""
    return _run_pytest("simulator", ["tests/simulator"], selection, "-p", "no:odoo")


def run_odoo(selection: Selection) -> Count:
    """Installation, update, and the modules' tests in Odoo."""
    count = Count() if selection else _check_installation()
    return count + _run_in_odoo("odoo", [*_module_tests(tours=False), "tests/odoo_lint"], selection)


def run_tours(selection: Selection) -> Count:
    """The modules' tests in a browser."""
    return _run_in_odoo("tours", _module_tests(tours=True), selection)


def run_e2e(selection: Selection) -> Count:
    """Several processes, real wires, crashes."""
    return _run_pytest("e2e", ["tests/e2e"], selection, "-p", "no:odoo")


STAGES: dict[str, Callable[[Selection], Count]] = {
    "lint": run_lint,
    "pure": run_pure,
    "simulator": run_simulator,
    "odoo": run_odoo,
    "tours": run_tours,
    "e2e": run_e2e,
}


def _module_tests(tours: bool) -> list[str]:
    """Test files of the modules, also in folders below `tests`; those of tours by their name."""
    found = []
    for module in paths.all_modules():
        for file in sorted((paths.ROOT / module / "tests").rglob("test_*.py")):
            if ("tour" in file.stem) == tours:
                found.append(str(file.relative_to(paths.ROOT)))
    return found


def _check_installation() -> Count:
    """Installing, with and without demo data, and updating must log no warning; the .pot files must
    be current.
    """
    if not paths.modules():
        return Count()
    with _database("update") as database:
        with_demo = templates.new_database(database, demo=True)
        update = _update_problems(database)
    with _database("bare") as database:
        without_demo = templates.new_database(database, demo=False)
    outdated = [f"{module}/i18n/{module}.pot: run make pot" for module in pot.outdated()]
    findings = {
        "log of the installation with demo data": with_demo,
        "log of the installation": without_demo,
        "log of the update": update,
        "translation templates": outdated,
    }
    clean = [_report(what, problems) for what, problems in findings.items()]
    return Count(clean.count(True), clean.count(False))


def _update_problems(database: str) -> list[str]:
    log = paths.LOGS / f"{database}.log"
    modules = ",".join(paths.modules())
    templates.change_modules("Updating the suite", log, database, "-u", modules)
    problems = templates.log_problems(log)
    log.unlink()
    return problems


def _report(what: str, problems: list[str]) -> bool:
    say(f"  {what}: {'ok' if not problems else 'failed'}")
    for problem in problems:
        say(f"    {problem}")
    return not problems


@contextmanager
def _database(label: str) -> Iterator[str]:
    """Name of a database that is dropped afterwards."""
    name = f"ecm_test_{label}_{os.getpid()}"
    try:
        yield name
    finally:
        databases.drop(name)


def _run_in_odoo(stage: str, targets: list[str], selection: Selection) -> Count:
    if not paths.modules() or not _collects(targets, selection):
        return Count()
    with _database(stage) as database:
        make_database = dev_database.new_database if selection else templates.new_test_database
        make_database(database)
        return _run_pytest(stage, targets, selection, *_odoo_options(database))


def _odoo_options(database: str) -> list[str]:
    settings = [f"--odoo-config={paths.ODOO_CONF}", f"--odoo-database={database}"]
    return [
        *settings,
        "--odoo-http",
        "--odoo-log-level=warn",
        f"--odoo-extra=db-filter=^{database}$",
    ]


def _collects(targets: list[str], selection: Selection) -> bool:
    """Whether any test is selected, found out before a database is made for it."""
    if not selection.within(targets):
        return False
    if not selection.options:
        return True
    command = [*_pytest(targets, selection), "--collect-only", "-q", *_odoo_options("none")]
    result = subprocess.run(
        command, cwd=paths.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return result.returncode != PYTEST_NO_TESTS


def _pytest(targets: list[str], selection: Selection) -> list[str]:
    python = [str(paths.VENV_PYTHON), "-m", "pytest", "-q"]
    return [*python, *selection.options, *selection.within(targets)]


def _run_pytest(stage: str, targets: list[str], selection: Selection, *options: str) -> Count:
    existing = [target for target in targets if (paths.ROOT / target).exists()]
    if not selection.within(existing):
        return Count()
    report = paths.REPORTS / f"{stage}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = [*_pytest(existing, selection), f"--junitxml={report}", *options]
    code = subprocess.call(command, cwd=paths.ROOT, stdin=subprocess.DEVNULL)
    return _read_report(stage, report, code)


def _read_report(stage: str, report: Path, code: int) -> Count:
    """Counts of a JUnit report; a run that broke off counts as one failure."""
    if code == PYTEST_NO_TESTS:
        return Count()
    suites = list(ET.parse(report).getroot().iter("testsuite")) if report.is_file() else []
    total, failed, errors, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    )
    # A test that fails and whose tear-down fails too is in the report twice; never below zero.
    count = Count(max(total - failed - errors - skipped, 0), failed + errors, skipped)
    if code and not count.failed:
        say(f"  pytest broke off in stage {stage} with code {code}")
        return count + Count(failed=1)
    return count


def run(stages: list[str], selection: Selection) -> Count:
    """Run the stages in their order; a stage that cannot run counts as one failure."""
    total = Count()
    for stage in stages:
        say(f"── {stage} ──")
        try:
            count = STAGES[stage](selection)
        except SetupError as error:
            say(str(error))
            count = Count(failed=1)
        say(f"   {count}")
        total += count
    return total


@contextmanager
def _own_temporary_folder() -> Iterator[None]:
    """Let pytest, Chromium and simulators leave nothing in /tmp, unless the path is too long for a
    socket's name.
    """
    folder = paths.TEMPORARY / str(os.getpid())
    if len(str(folder)) > MAX_TEMPORARY_PATH:
        yield
        return
    folder.mkdir(parents=True)
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Command line: settings come from the environment, as make gives them."""
    selection = Selection.parse(os.environ.get("ARGS", ""))
    stages = os.environ.get("STAGES", "").split() or list(STAGES)
    unknown = [stage for stage in stages if stage not in STAGES]
    if unknown:
        raise SystemExit(f"Unknown stages: {', '.join(unknown)}. There are: {', '.join(STAGES)}.")
    cluster.ensure_running()
    odbc.use()
    with _own_temporary_folder():
        total = run(stages, selection)
    if total.skipped:
        say("Skipped tests are failures: nothing that can be skipped here may be.")
    if not total.passed and not total.failed:
        say("No test ran.")
    say(str(total))
    sys.exit(1 if total.failed or total.skipped or not total.passed else 0)


if __name__ == "__main__":
    main()
