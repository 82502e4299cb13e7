"""Connections over ODBC, with a driver manager that opens nothing: what it is told, what a failure
says, and what each database needs.
"""

import sys

import pytest

from ecm_campaign.tools import odbc
from ecm_campaign.tools.odbc import DatabaseError

TEXT = "DRIVER={PostgreSQL Unicode};SERVER=h;PWD=s3cret"


class DriverError(Exception):
    pass


class Connection:
    """Notes what is done with it; `fails` names what it refuses."""

    def __init__(self, name, fails=()):
        self.__dict__.update(name=name, fails=fails, done=[], values={})

    def __setattr__(self, name, value):
        if name in self.fails:
            raise DriverError("HYC00", "not supported; PWD=s3cret")
        self.values[name] = value

    def getinfo(self, _which):
        return self.name

    def setdecoding(self, which, encoding):
        self.done.append((which, encoding))

    def setencoding(self, encoding):
        self.done.append(("out", encoding))

    def cursor(self):
        return self

    def execute(self, statement):
        if "execute" in self.fails:
            raise DriverError("42000", "no;PWD=s3cret")
        self.done.append(statement)

    def close(self):
        self.done.append("closed")


class Manager:
    """pyodbc, as far as it is used."""

    Error = DriverError
    SQL_CHAR, SQL_WCHAR, SQL_WMETADATA, SQL_DBMS_NAME = "char", "wchar", "metadata", "name"

    def __init__(self, connection):
        self.connection, self.opened = connection, []

    def drivers(self):
        return ["PostgreSQL Unicode"]

    def dataSources(self):  # noqa: N802  the name that pyodbc has
        return {}

    def connect(self, text, **settings):
        self.opened.append((text, settings))
        if isinstance(self.connection, Exception):
            raise self.connection
        return self.connection


@pytest.fixture
def install(monkeypatch):
    def put(connection):
        manager = Manager(connection)
        monkeypatch.setitem(sys.modules, "pyodbc", manager)
        return manager

    return put


def test_a_short_connection_has_time_outs(install):
    connection = Connection("PostgreSQL")
    manager = install(connection)
    assert odbc.connect(TEXT, timeout=7.6, autocommit=False) is connection
    assert manager.opened == [(TEXT, {"timeout": 8, "autocommit": False})]
    assert connection.values == {"timeout": 8}
    odbc.connect(TEXT)
    assert manager.opened[1][1] == {"timeout": 10, "autocommit": True}


def test_a_driver_without_time_outs_of_statements_is_used_all_the_same(install):
    connection = Connection("PostgreSQL", fails=("timeout",))
    install(connection)
    assert odbc.connect(TEXT) is connection


@pytest.mark.parametrize(
    ("name", "statements"),
    [
        ("PostgreSQL", ["SET TRANSACTION READ ONLY"]),
        ("Informix", ["SET TRANSACTION READ ONLY"]),
        ("Microsoft SQL Server", []),
    ],
)
def test_what_only_reads_says_so_where_the_database_knows_that(install, name, statements):
    connection = Connection(name)
    manager = install(connection)
    assert odbc.connect_for_reading(TEXT, timeout=4.4) is connection
    ((text, settings),) = manager.opened
    assert text == f"{TEXT};UseDeclareFetch=1;Fetch=2000"
    assert settings == {"timeout": 4, "autocommit": False, "readonly": True}
    assert [each for each in connection.done if isinstance(each, str)] == statements


def test_a_database_that_refuses_to_only_read_is_not_read(install):
    connection = Connection("PostgreSQL", fails=("execute",))
    install(connection)
    with pytest.raises(DatabaseError, match=r"^no;PWD=\*\*\*$"):
        odbc.connect_for_reading(TEXT)
    assert connection.done[-1] == "closed"


UTF_8 = "utf-8"


@pytest.mark.parametrize(
    ("name", "platform", "told"),
    [
        ("PostgreSQL", "linux", [("char", UTF_8)]),
        ("SQLite", "linux", []),
        ("Microsoft SQL Server", "linux", []),
        (
            "Informix",
            "linux",
            [("char", UTF_8), ("wchar", UTF_8), ("out", UTF_8), ("metadata", "utf-32le")],
        ),
        ("Informix", "darwin", [("char", UTF_8), ("wchar", UTF_8), ("out", UTF_8)]),
    ],
)
def test_text_is_read_as_each_driver_sends_it(install, monkeypatch, name, platform, told):
    connection = Connection(name)
    install(connection)
    monkeypatch.setattr(odbc.sys, "platform", platform)
    odbc.connect(TEXT)
    assert connection.done == told


@pytest.mark.parametrize(
    ("error", "state", "text"),
    [
        (DriverError("08001", "no\n  route;PWD=s3cret"), "08001", r"no route;PWD=\*\*\*"),
        (DriverError(), "", ""),
        (DriverError("only a text"), "only a text", "only a text"),
    ],
)
@pytest.mark.parametrize("open_connection", [odbc.connect, odbc.connect_for_reading])
def test_a_database_that_cannot_be_reached_says_why(install, open_connection, error, state, text):
    install(error)
    with pytest.raises(DatabaseError, match=rf"^The database cannot be reached: {text}$") as raised:
        open_connection(TEXT)
    assert raised.value.state == state


def test_a_failure_is_told_in_one_line_that_is_not_endless():
    error = Exception("HY000", "a " * 500 + "PWD=s3cret")
    assert odbc.error_text(error) == ("a " * 200)[:400]
    # The secret is gone before the text is cut.
    assert "s3c" not in odbc.error_text(Exception("x" * 393 + ";PWD=s3cret"))


def test_a_server_without_odbc_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    with pytest.raises(DatabaseError, match="packages pyodbc and unixodbc"):
        odbc.installed_drivers()


def test_installed_drivers_are_those_of_the_driver_manager(install):
    install(None)
    assert odbc.installed_drivers() == ["PostgreSQL Unicode"]


@pytest.mark.parametrize(
    ("text", "streams"),
    [
        ("DRIVER={PostgreSQL Unicode};SERVER=h;", True),
        ("driver = psqlodbcw.so;SERVER=h", True),
        ("DRIVER={PostgreSQL};UseDeclareFetch=0", False),
        ("DRIVER={FreeTDS};SERVER=postgres", False),
        ("DSN=crm", False),
    ],
)
def test_only_postgresql_is_told_to_stream(text, streams):
    assert odbc.stream_rows(text).endswith("Fetch=2000") is streams


@pytest.mark.parametrize(
    ("text", "password", "whole"),
    [
        ("DSN=crm", "", "DSN=crm"),
        ("DSN=crm;", "a", "DSN=crm;PWD={a}"),
        ("DSN=crm; ", "x;y}z", "DSN=crm;PWD={x;y}}z}"),
    ],
)
def test_a_password_is_put_back_as_it_was_taken_out(text, password, whole):
    assert odbc.add_password(text, password) == whole
    assert odbc.split_password(whole)[1] == password


@pytest.mark.parametrize(
    ("text", "password"),
    [("PWD={a", "{a"), ("PWD=a}", "a}"), ("PWD={}", ""), ("PWD= a b ;X=1", "a b")],
)
def test_braces_are_those_of_a_pair(text, password):
    assert odbc.split_password(text)[1] == password
