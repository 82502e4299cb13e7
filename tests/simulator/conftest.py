"""A real simulator process on a database of its own, and the product's client over HTTPS and ODBC.

The database server is the private cluster of `scripts.cluster`, or the one that ECM_TEST_DSN names.
"""

import os
import sys
import types
import uuid
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest

ROOT = Path(__file__).resolve().parents[2]

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
if "ecm_dialer_cisco" not in sys.modules:
    package = types.ModuleType("ecm_dialer_cisco")
    package.__path__ = [str(ROOT / "ecm_dialer_cisco")]
    sys.modules["ecm_dialer_cisco"] = package


def server_dsn():
    if "ECM_TEST_DSN" in os.environ:
        return os.environ["ECM_TEST_DSN"]
    from scripts import cluster

    return cluster.ensure_running().uri()


@pytest.fixture(scope="session")
def new_database():
    """A function that creates an empty database and returns its DSN; all are dropped at the end."""
    connection = psycopg2.connect(server_dsn())
    connection.autocommit = True
    names = []

    def create():
        names.append(f"ecm_simulator_{uuid.uuid4().hex[:12]}")
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {names[-1]}")
        return psycopg2.extensions.make_dsn(server_dsn(), dbname=names[-1])

    yield create
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    connection.close()


@pytest.fixture(scope="session")
def shared_simulator(new_database):
    from simulators.uccx.testing import running_simulator

    with running_simulator(new_database(), max_rows=200, max_contacts=300, max_campaigns=5) as simulator:
        yield simulator


@pytest.fixture
def uccx(shared_simulator):
    """A simulator without contacts, calls and faults."""
    shared_simulator.reset()
    return shared_simulator


@pytest.fixture
def client(uccx):
    return make_client(uccx)


def make_client(simulator, **settings):
    """The product's client; it repeats nothing by itself."""
    from ecm_dialer_cisco.clients import odbc
    from ecm_dialer_cisco.clients.uccx import UccxClient, UccxConfig

    values = {
        "hosts": (f"{simulator.host}:{simulator.port}",),
        "user": simulator.user,
        "password": simulator.password,
        "verify_tls": simulator.ca_file or False,
        "scheme": simulator.url.partition("://")[0],
        "connect_timeout": 5,
        "read_timeout": 5,
        "import_timeout": 15,
        "poll_interval": 0.1,
        "get_retries": 0,
        "key_prefix": "t-",
    }
    config = UccxConfig(**{**values, **settings})
    return UccxClient(config, connect=lambda: odbc.connect(simulator.odbc_connection_string()))
