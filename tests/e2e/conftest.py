"""Real Odoo servers on fresh databases for the end-to-end tests."""

import os
from collections.abc import Callable, Iterator

import pytest

from scripts import databases, templates
from scripts.odoo_server import OdooServer

SERVERS = pytest.StashKey[list[OdooServer]]()


@pytest.fixture
def fresh_database() -> Iterator[Callable[..., str]]:
    """Make databases with the suite installed: `name = fresh_database(demo=False)`; they are
    dropped afterwards.
    """
    names: list[str] = []

    def make(demo: bool = False) -> str:
        name = f"ecm_e2e_{os.getpid()}_{len(names)}"
        templates.new_database(name, demo)
        names.append(name)
        return name

    yield make
    for name in names:
        databases.drop(name)


@pytest.fixture
def odoo_server(
    request: pytest.FixtureRequest, fresh_database: Callable[..., str]
) -> Iterator[Callable[..., OdooServer]]:
    """Start Odoo servers: `server = odoo_server(cron_threads=2)`, then `server.client().call(model,
    method, …)`.

    A second server on the same database: `odoo_server(database=server.database)`. `server.kill()`
    is SIGKILL and `server.start()` brings it back on the same port; `server.log_text()` is all it
    has written. Options are those of `scripts.odoo_server.OdooServer`; with `start=False` the
    process is not started yet.
    """
    servers: list[OdooServer] = []
    request.node.stash[SERVERS] = servers

    def make(
        *, database: str | None = None, demo: bool = False, start: bool = True, **options: object
    ) -> OdooServer:
        server = OdooServer(database or fresh_database(demo), **options)  # type: ignore[arg-type]
        server.log.unlink(missing_ok=True)
        servers.append(server)
        return server.start() if start else server

    yield make
    for server in servers:
        server.kill()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Attach the end of the servers' logs to a failed test."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call" and report.failed:
        for server in item.stash.get(SERVERS, []):
            report.sections.append((f"Odoo on port {server.port}", server.log_text()[-4000:]))
