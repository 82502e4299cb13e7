"""Do the tests of the decisions notice faults? Each mutant is one small fault; a test must fail
because of it.

`make bench NAME=mutate` tries a sample with a fixed seed for at most ten minutes; `ARGS="strategy
limits"` names modules, `ARGS="--all"` tries every mutant. Survivors are printed. Those in
`EQUIVALENT` change nothing that can be seen; they are not counted.
"""

import ast
import importlib.machinery
import multiprocessing
import multiprocessing.connection
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType

import hypothesis
import pytest

from scripts import paths
from scripts.console import Progress, say

from . import common
from .mutants import Mutant, find_mutants, mutate

TOOLS = paths.ROOT / "ecm_campaign" / "tools"
# Tables first: most faults end there, and the properties behind them take seconds.
TESTS = {
    "strategy": (
        "test_strategy_rules.py",
        "test_strategy_callbacks.py",
        "test_strategy_wrap_ups.py",
        "test_strategy_channels.py",
        "test_strategy_check.py",
        "test_strategy.py",
    ),
    "strategy_check": ("test_strategy_check.py", "test_strategy.py"),
    "limits": ("test_limits.py",),
    "calling_hours": ("test_calling_hours.py",),
    "pacing": ("test_pacing.py",),
}
# Tests that take seconds, each: without them the score is a lower bound.
LEFT_OUT = {"calling_hours": "two_years or every_zone"}
SAMPLE = 80
SECONDS = 600
PATIENCE_S = 90
SEED = 20260302

# Faults that no test can see, and why.
EQUIVALENT = {
    "strategy": {
        "attempt_from: usable[index - 1] or '' → usable[index - 1]": "an index is found only where there is a number",
    },
    "limits": {
        "_next_day: day + timedelta(days=1) → day - timedelta(days=1)": "the day is found second by second instead",
        "_next_day: timedelta(days=1) → timedelta()": "likewise",
    },
}


@dataclass(frozen=True)
class Trial:
    """One mutant of one module."""

    module: str
    mutant: Mutant

    @property
    def is_equivalent(self) -> bool:
        return self.mutant.name in EQUIVALENT.get(self.module, {})


class MutantLoader(importlib.machinery.SourceFileLoader):
    """Loads one module with a fault in it."""

    tree: ast.Module

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.tree, self.path, "exec")


class MutantFinder(importlib.machinery.PathFinder):
    """Finds that one module before everything else does."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.fullname = f"ecm_campaign.tools.{module}"
        self.loader = MutantLoader(self.fullname, str(TOOLS / f"{module}.py"))
        self.loader.tree = tree

    def find_spec(  # type: ignore[override]
        self, fullname: str, path: Sequence[str] | None = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.fullname:
            return None
        return importlib.machinery.ModuleSpec(fullname, self.loader, origin=self.loader.path)


def run_tests(module: str, tree: ast.Module | None) -> None:
    """In a process of its own: exit with 0 when every test passes.

    :param tree: the module with its fault, None to leave it as it is
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    if tree:
        sys.meta_path.insert(0, MutantFinder(module, tree))
    phases = (
        hypothesis.Phase.explicit,
        hypothesis.Phase.generate,
    )  # a failure is enough: it need not be a small one
    hypothesis.settings.register_profile("mutants", database=None, derandomize=True, phases=phases)
    hypothesis.settings.load_profile("mutants")
    files = [str(paths.ROOT / "tests" / "pure" / name) for name in TESTS[module]]
    options = [
        "-x",
        "-q",
        "-c",
        os.devnull,
        f"--rootdir={paths.ROOT}",
        "-p",
        "no:odoo",
        "-p",
        "no:cacheprovider",
    ]
    if module in LEFT_OUT:
        options.append(f"-knot ({LEFT_OUT[module]})")
    os._exit(int(pytest.main([*options, *files])))


def try_all(trials: list[Trial], seconds: float) -> dict[Trial, bool]:
    """Whether each mutant was noticed; those for which no time was left are missing."""
    context = multiprocessing.get_context("fork")
    progress, started = Progress("Trying mutants"), time.monotonic()
    waiting = list(reversed(trials))
    running: dict[Trial, tuple[multiprocessing.context.ForkProcess, float]] = {}
    noticed: dict[Trial, bool] = {}
    sources = {module: (TOOLS / f"{module}.py").read_text() for module in TESTS}
    while running or (waiting and time.monotonic() - started < seconds):
        while (
            waiting
            and len(running) < (os.cpu_count() or 1)
            and time.monotonic() - started < seconds
        ):
            trial = waiting.pop()
            tree = mutate(sources[trial.module], trial.mutant)
            process = context.Process(target=run_tests, args=(trial.module, tree))
            process.start()
            running[trial] = process, time.monotonic()
        multiprocessing.connection.wait(
            [process.sentinel for process, _since in running.values()], timeout=1
        )
        for trial, (process, since) in list(running.items()):
            if process.is_alive() and time.monotonic() - since < PATIENCE_S:
                continue
            process.kill()
            process.join()
            noticed[trial] = process.exitcode != 0
            del running[trial]
            progress.update(f"{len(noticed)} of {len(trials)}")
    progress.done(f"{len(noticed)}")
    return noticed


def choose(modules: list[str], count: int | None) -> list[Trial]:
    """A sample of each module's mutants that is the same each time, in a mixed order."""
    chance = random.Random(SEED)
    chosen = []
    for module in modules:
        mutants = find_mutants((TOOLS / f"{module}.py").read_text())
        chosen += [
            Trial(module, each)
            for each in chance.sample(mutants, min(count or len(mutants), len(mutants)))
        ]
    chance.shuffle(chosen)
    return chosen


def check_tests(modules: list[str]) -> None:
    """The tests must pass without any fault, or every mutant would count as noticed."""
    context = multiprocessing.get_context("fork")
    for module in modules:
        process = context.Process(target=run_tests, args=(module, None))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(f"The tests of {module} fail without any mutant.")


def main() -> None:
    words = sys.argv[1:]
    modules = [word for word in words if word in TESTS] or list(TESTS)
    complete = "--all" in words
    check_tests(modules)
    trials = choose(modules, None if complete else SAMPLE)
    equivalent = [trial for trial in trials if trial.is_equivalent]
    started = time.monotonic()
    noticed = try_all(
        [trial for trial in trials if not trial.is_equivalent],
        float("inf") if complete else SECONDS,
    )
    for trial in sorted(
        (trial for trial in noticed if not noticed[trial]), key=lambda trial: trial.mutant.name
    ):
        say(f"Survived in {trial.module}: {trial.mutant.name}")
    scores = {f"{module}_score": score(noticed, module) for module in modules}
    common.report(
        mutants=len(noticed),
        killed=sum(noticed.values()),
        survived=len(noticed) - sum(noticed.values()),
        equivalent=len(equivalent),
        score=sum(noticed.values()) / max(len(noticed), 1),
        **scores,
        seconds=time.monotonic() - started,
    )


def score(noticed: dict[Trial, bool], module: str) -> float:
    """Noticed mutants of one module, of all that were tried."""
    ends = [was_noticed for trial, was_noticed in noticed.items() if trial.module == module]
    return sum(ends) / max(len(ends), 1)


if __name__ == "__main__":
    main()
