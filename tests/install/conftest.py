"""A stranger's server, installed by the README, and what the end-to-end tests have."""

import os

import pytest

from scripts import cluster, databases, templates
from tests.e2e.conftest import fresh_database, odoo_server, pytest_runtest_makereport

from .pages import commands
from .stranger import Stranger

__all__ = ["fresh_database", "odoo_server", "pytest_runtest_makereport"]
STEPS = commands("README.md", "## Install it")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """The server after the README's steps up to the last, which starts Odoo."""
    database = f"ecm_stranger_{os.getpid()}"
    server = Stranger(tmp_path_factory.mktemp("server"), database)
    for step in STEPS[:-1]:
        server.run(step)
        # Nobody but the reader knows the passwords and how large the server is.
        if step.startswith("cp "):
            server.configure(
                db_host=cluster.HOST,
                db_port=cluster.load().port,
                db_password=cluster.PASSWORD,
                workers=2,
                max_cron_threads=2,
            )
    # Odoo's own server is not reached from here.
    templates.silence_calls_home(database)
    yield server
    for name in databases.list_names(f"{database}%"):
        databases.drop(name)
