"""How many checks ended how, and which failed, from pytest's JUnit reports."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from .console import say

PYTEST_NO_TESTS = 5


@dataclass(frozen=True)
class Count:
    """Numbers of checks, and the names of those that failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: tuple[str, ...] = field(default=(), compare=False)

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            (*self.failures, *other.failures),
        )

    def __str__(self) -> str:
        text = f"{self.passed} passed, {self.failed} failed"
        # The continuous integration reads the last line in this form.
        return f"{text}, {self.skipped} skipped" if self.skipped else text


def failure(name: str) -> Count:
    """One failed check."""
    return Count(failed=1, failures=(name,))


def read_report(stage: str, report: Path, code: int) -> Count:
    """Counts of a JUnit report; a run that broke off counts as one failure."""
    if code == PYTEST_NO_TESTS:
        return Count()
    count = _count(report) if report.is_file() else Count()
    if code and not count.failed:
        say(f"  pytest broke off in stage {stage} with code {code}")
        return count + failure(f"pytest in stage {stage} (code {code})")
    return count


def _count(report: Path) -> Count:
    root = ET.parse(report).getroot()
    failed = _sum(root, "failures") + _sum(root, "errors")
    skipped = _sum(root, "skipped")
    # A test that fails and whose tear-down fails too is in the report twice; never below zero.
    passed = max(_sum(root, "tests") - failed - skipped, 0)
    return Count(passed, failed, skipped, _failures(root))


def _sum(root: ET.Element, name: str) -> int:
    return sum(int(suite.get(name, 0)) for suite in root.iter("testsuite"))


def _failures(root: ET.Element) -> tuple[str, ...]:
    names = []
    for case in root.iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            names.append(f"{case.get('classname', '')}::{case.get('name', '')}")
    return tuple(names)
