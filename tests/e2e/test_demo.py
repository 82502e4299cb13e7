"""The demo, with few contacts, ends with every contact closed."""

import os
import socket
import subprocess
import sys

import pytest

from scripts import databases, paths, processes

CONTACTS = 60
DATABASE = f"ecm_e2e_demo_{os.getpid()}"


@pytest.fixture
def environment():
    """Settings of a demo that takes nothing away from one that somebody watches."""
    settings = {
        "DB": DATABASE,
        "CONTACTS": str(CONTACTS),
        "SERVE": "0",
        "TIMEOUT": "900",
        "RETRY_MINUTES": "0",
    }
    yield {**os.environ, **settings, "HTTP_PORT": str(processes.free_port())}
    databases.drop(DATABASE)
    databases.drop(f"{DATABASE}_uccx")


def test_the_demo_closes_every_contact(environment):
    command = [sys.executable, "-m", "scripts.demo"]
    result = subprocess.run(
        command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1].split() == ["Total", str(CONTACTS)]
    log = paths.LOGS / f"odoo-{DATABASE}-{environment['HTTP_PORT']}.log"
    problems = [
        line for line in log.read_text().splitlines() if " ERROR " in line or " WARNING " in line
    ]
    assert not problems


def test_a_taken_port_is_a_clear_error(environment):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        environment["HTTP_PORT"] = str(port)
        command = [sys.executable, "-m", "scripts.demo"]
        result = subprocess.run(
            command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False
        )
    assert result.returncode == 1
    assert f"Port {port} is taken" in result.stderr
    assert "HTTP_PORT=" in result.stderr
