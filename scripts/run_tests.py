"""`make test`: every check, two stages at a time, and one count at the end.

ARGS go to pytest: options such as `-k strategy` or `-x`, or paths. With ARGS, only tests run, no
linters, and those in Odoo run in a copy of the development database (FRESH=1 makes it anew) rather
than of the exact template. STAGES names the stages to run, for example `STAGES="lint pure"`. JOBS
says how many run side by side; a stage's output appears when it is complete, or at once where there
is only one.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from . import cluster, odbc, paths
from .console import SetupError, say
from .counts import Count, failure
from .selection import Selection
from .stages import STAGES

MAX_TEMPORARY_PATH = 60
HEARTBEAT_SECONDS = 60


@dataclass(frozen=True)
class Result:
    """A stage that has ended."""

    stage: str
    count: Count
    seconds: float

    def __str__(self) -> str:
        return f"{self.stage:<10}{self.count!s:<40}{self.seconds:5.0f} s"


def run(names: list[str], selection: Selection, jobs: int) -> list[Result]:
    """Run the stages that have something to do, in their order, several at once."""
    concerned = [name for name in names if STAGES[name].concerns(selection)]
    # One alone is watched as it goes; several would write into each other's lines.
    if len(concerned) == 1:
        return [run_here(concerned[0], selection)]
    runner = _Runner()
    with ThreadPoolExecutor(jobs) as pool, _heartbeat(runner):
        results = pool.map(runner.run, concerned)
        return list(results)


def run_here(name: str, selection: Selection) -> Result:
    """Run a stage in this process; one that cannot run counts as one failure."""
    started_at = time.monotonic()
    stage = STAGES[name]
    say(f"── {name}: {stage.title} ──")
    try:
        count = stage.run(selection)
    except SetupError as error:
        reason = str(error)
        say(reason)
        count = failure(f"stage {name}: {reason.splitlines()[0]}")
    elapsed = time.monotonic() - started_at
    return Result(name, count, elapsed)


class _Runner:
    """Runs stages in processes of their own and prints the output of each in one piece."""

    def __init__(self) -> None:
        self._printing = threading.Lock()
        self._started_at: dict[str, float] = {}

    def run(self, name: str) -> Result:
        started_at = self._started_at[name] = time.monotonic()
        say(f"   {name} has started")
        # A process that dies must not be taken for the one before.
        report = _count_file(name)
        report.unlink(missing_ok=True)
        process = subprocess.run(
            [sys.executable, "-m", "scripts.run_tests", name],
            cwd=paths.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        elapsed = time.monotonic() - started_at
        result = Result(name, _read_count(name, report), elapsed)
        del self._started_at[name]
        output = process.stdout.decode(errors="replace").rstrip()
        # The other stage must not end in the middle of this one's lines.
        with self._printing:
            say(output)
            say(f"   {result}\n")
        return result

    def say_what_runs(self) -> None:
        """Name the stages that have not ended."""
        now = time.monotonic()
        running = []
        # A copy: a stage may end meanwhile.
        for name, started_at in dict(self._started_at).items():
            running.append(f"{name} {now - started_at:.0f} s")
        with self._printing:
            say(f"   running: {', '.join(running)}")


@contextmanager
def _heartbeat(runner: _Runner) -> Iterator[None]:
    """Say every minute what is going on: long stages print nothing before they end."""
    end = threading.Event()

    def beat() -> None:
        while not end.wait(HEARTBEAT_SECONDS):
            runner.say_what_runs()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def _count_file(name: str) -> Path:
    return paths.REPORTS / f"{name}.json"


def _read_count(name: str, report: Path) -> Count:
    """What a stage's process has counted; one that died has counted nothing."""
    if not report.is_file():
        return failure(f"stage {name} broke off")
    values = json.loads(report.read_text())
    failures = tuple(values.pop("failures"))
    return Count(**values, failures=failures)


def _write_count(result: Result) -> None:
    report = _count_file(result.stage)
    report.parent.mkdir(parents=True, exist_ok=True)
    values = asdict(result.count)
    report.write_text(json.dumps(values))


@contextmanager
def _own_temporary_folder() -> Iterator[None]:
    """Let pytest, Chromium and simulators leave nothing in /tmp, unless the path is too long for a
    socket's name.
    """
    folder = paths.TEMPORARY / str(os.getpid())
    if len(str(folder)) > MAX_TEMPORARY_PATH:
        yield
        return
    # The stages' processes inherit it.
    folder.mkdir(parents=True)
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _conclude(results: list[Result]) -> Count:
    """Print the summary; the last line is the count of all."""
    total = sum((result.count for result in results), Count())
    # Failures stand at the end, where they are seen; what they printed stands above.
    if len(results) > 1:
        say("── all ──")
    for result in results:
        say(f"   {result}")
    for name in total.failures:
        say(f"   FAILED {name}")
    if total.skipped:
        say("Skipped tests are failures: nothing that can be skipped here may be.")
    if not total.passed and not total.failed:
        say("No test ran.")
    say(str(total))
    return total


def _chosen_stages() -> list[str]:
    chosen = os.environ.get("STAGES", "").split() or list(STAGES)
    unknown = set(chosen) - set(STAGES)
    if unknown:
        wrong = ", ".join(unknown)
        known = ", ".join(STAGES)
        raise SystemExit(f"Unknown stages: {wrong}. There are: {known}.")
    return [name for name in STAGES if name in chosen]


def main() -> None:
    """Command line: settings come from the environment, as make gives them; the name of a stage is
    how this program calls itself.
    """
    selection = Selection.parse(os.environ.get("ARGS", ""))
    if len(sys.argv) > 1:
        result = run_here(sys.argv[1], selection)
        _write_count(result)
        return

    names = _chosen_stages()
    cores = os.cpu_count() or 1
    jobs = int(os.environ.get("JOBS") or min(2, cores))
    cluster.ensure_running()
    odbc.use()
    with _own_temporary_folder():
        results = run(names, selection, jobs)
    total = _conclude(results)
    is_good = total.passed and not total.failed and not total.skipped
    raise SystemExit(0 if is_good else 1)


if __name__ == "__main__":
    main()
