"""Fixtures of all tests outside the Odoo modules."""

import os
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def empty_database() -> Iterator[Callable[[str], str]]:
    """Make empty databases in the private cluster: `dsn = empty_database("uccx")`; they are dropped
    afterwards.
    """
    # Imported here: pure tests run where there is no database driver.
    from scripts import cluster, databases

    names: list[str] = []

    def make(label: str) -> str:
        name = f"ecm_test_{label}_{os.getpid()}_{len(names)}"
        databases.drop(name)
        databases.create(name)
        names.append(name)
        return cluster.load().uri(name)

    yield make
    for name in names:
        databases.drop(name)
