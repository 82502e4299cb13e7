"""A real simulator process on a database of its own, and the product's client over HTTPS and ODBC.

The databases are in the private cluster of `scripts.cluster`.
"""

import sys
import types
import uuid
from pathlib import Path

import pyodbc
import pytest

from scripts import cluster, databases
from scripts.odbc import MICROSOFT

ROOT = Path(__file__).resolve().parents[2]

for name in ("ecm_campaign", "ecm_dialer_cisco", "ecm_import_source"):
    package = types.ModuleType(name)
    package.__path__ = [str(ROOT / name)]
    sys.modules.setdefault(name, package)


# Drivers for SQL Server that clients are tested with.
SQL_SERVER_DRIVERS = ("FreeTDS", MICROSOFT)


def require_driver(name):
    """:return: its name; the test is skipped where it is not built for this machine"""
    if name not in pyodbc.drivers():
        pytest.skip("Microsoft builds none for this machine.")
    return name


@pytest.fixture(scope="session")
def new_database():
    """A function that creates an empty database and returns its DSN; all are dropped at the end."""
    names = []

    def create():
        name = f"ecm_simulator_{uuid.uuid4().hex[:12]}"
        databases.create(name)
        names.append(name)
        return cluster.load().uri(name)

    cluster.ensure_running()
    yield create
    for name in names:
        databases.drop(name)


@pytest.fixture(scope="session")
def shared_simulator(new_database):
    from simulators.uccx.testing import running_simulator

    with running_simulator(
        new_database(), max_rows=200, max_contacts=300, max_campaigns=5
    ) as simulator:
        yield simulator


@pytest.fixture
def uccx(shared_simulator):
    """A simulator without contacts, calls and faults."""
    shared_simulator.reset()
    return shared_simulator


@pytest.fixture
def client(uccx):
    return make_client(uccx)


@pytest.fixture(scope="session")
def shared_cce(new_database):
    from simulators.cce.testing import running_cce

    with running_cce(new_database()) as simulator:
        yield simulator


@pytest.fixture
def cce(shared_cce):
    """A CCE without contacts, calls and faults."""
    shared_cce.reset()
    return shared_cce


def make_cce_client(simulator, **settings):
    """The product's client of CCE, over real ODBC."""
    from ecm_campaign.tools import odbc
    from ecm_dialer_cisco.clients.cce import CceClient
    from ecm_dialer_cisco.clients.cce_config import CceConfig
    from ecm_dialer_cisco.clients.cce_file import CceFileClient
    from ecm_dialer_cisco.clients.cce_rest import CceRestClient

    values = {
        "outbound_host": simulator.host,
        "reporting_host": simulator.host,
        "port": simulator.port,
        "user": simulator.user,
        "password": simulator.password,
        "connect_timeout": 5,
        "read_timeout": 10,
        "key_prefixes": ("t-",),
    }
    config = CceConfig(**{**values, **settings})
    kind = CceRestClient if config.rest else CceClient
    kind = CceFileClient if config.import_folder else kind
    return kind(
        config,
        lambda text, autocommit: odbc.connect(text, config.read_timeout, autocommit),
        odbc.error_text,
    )


def make_rest_client(simulator, password="", rest_port=0, personal=False, **settings):
    """The product's client of CCE over REST; it repeats nothing by itself."""
    from ecm_dialer_cisco.clients.cce_config import CceRestConfig

    rest = CceRestConfig(
        host=simulator.host,
        port=rest_port or simulator.rest_port,
        user="administrator@example.com",
        password=password or simulator.password,
        verify_tls=simulator.ca_file,
        read_timeout=10,
        get_retries=0,
        personal=personal,
    )
    return make_cce_client(simulator, rest=rest, **settings)


def make_client(simulator, **settings):
    """The product's client of UCCX; it repeats nothing by itself."""
    from ecm_campaign.tools import odbc
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
        "key_prefixes": ("t-",),
    }
    config = UccxConfig(**{**values, **settings})
    return UccxClient(
        config,
        connect=lambda: odbc.connect(simulator.odbc_connection_string()),
        error_text=odbc.error_text,
    )
