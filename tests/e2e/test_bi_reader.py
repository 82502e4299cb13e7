"""The role of docs/bi.md reads the views, also after an update of the module, and nothing else (R5, R8)."""

import importlib.util

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege

from scripts import cluster, paths

MODULE = paths.ROOT / "ecm_report"
READER = "ecm_bi_reader"
REFUSED = (
    "SELECT count(*) FROM ecm_contact",
    "SELECT count(*) FROM ecm_attempt",
    "SELECT count(*) FROM ecm_dialer",
    "SELECT count(*) FROM ecm_sms_gateway",
    "SELECT count(*) FROM res_users",
    "SELECT count(*) FROM ir_config_parameter",
    "UPDATE ecm_bi.contact_list SET name = 'x'",
    "DELETE FROM ecm_bi.contact_list",
    "CREATE TABLE ecm_bi.mine (id int)",
    "CREATE TABLE public.mine (id int)",
)


def load_views():
    """``ecm_report.tools.bi`` without Odoo."""
    spec = importlib.util.spec_from_file_location("ecm_bi", MODULE / "tools" / "bi.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def administrator(fresh_database):
    """The cluster's superuser in a database with demo data; what it does is taken back, as roles are
    of all databases.
    """
    name = fresh_database(demo=True)
    uri = f"postgresql://postgres@{cluster.HOST}:{cluster.load().port}/{name}"
    connection = psycopg2.connect(uri)
    with connection.cursor() as cursor:
        yield cursor
    connection.rollback()
    connection.close()


def is_refused(cursor, statement):
    cursor.execute("SAVEPOINT refused")
    try:
        cursor.execute(statement)
        return False
    except InsufficientPrivilege:
        return True
    finally:
        cursor.execute("ROLLBACK TO SAVEPOINT refused")


def test_a_reader_sees_the_views_and_nothing_else(administrator):
    bi = load_views()
    administrator.execute((MODULE / "bi" / "grants.sql").read_text())
    for _update in range(2):
        administrator.execute(f"SET LOCAL ROLE {READER}")
        for view in bi.VIEWS:
            administrator.execute(f"SELECT count(*) FROM ecm_bi.{view}")
        administrator.execute("SELECT count(*) FROM ecm_bi.contact")
        assert administrator.fetchone()[0] > 50
        allowed = [text for text in REFUSED if not is_refused(administrator, text)]
        assert not allowed

        # As an update does, by Odoo's own user.
        administrator.execute(f"SET LOCAL ROLE {cluster.ROLE}")
        for statement in bi.get_statements():
            administrator.execute(statement)
