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
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def failure(name: str) -> Count:
    """One failed check."""
    return Count(failed=1, failures=(name,))


def read_report(stage: str, report: Path, code: int) -> Count:
    """Counts of a JUnit report; a run that broke off counts as one failure."""
    if code == PYTEST_NO_TESTS:
        return Count()
    root = ET.parse(report).getroot() if report.is_file() else ET.Element("testsuites")
    total, failed, skipped = _sum(root, "tests"), _sum(root, "failures"), _sum(root, "skipped")
    failed += _sum(root, "errors")
    # A test that fails and whose tear-down fails too is in the report twice; never below zero.
    count = Count(max(total - failed - skipped, 0), failed, skipped, tuple(_failures(root)))
    if code and not failed:
        say(f"  pytest broke off in stage {stage} with code {code}")
        return count + failure(f"pytest in stage {stage} (code {code})")
    return count


def _sum(root: ET.Element, name: str) -> int:
    return sum(int(suite.get(name, 0)) for suite in root.iter("testsuite"))


def _failures(root: ET.Element) -> list[str]:
    cases = root.iter("testcase")
    bad = [case for case in cases if case.find("failure") is not None or _has_error(case)]
    return [f"{case.get('classname', '')}::{case.get('name', '')}" for case in bad]


def _has_error(case: ET.Element) -> bool:
    return case.find("error") is not None
