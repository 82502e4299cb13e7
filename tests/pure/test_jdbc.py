"""Connections over JDBC with a Java that is none: what is started and how, what is told of a failure,
and which values come out.
"""

import sys
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from ecm_campaign.tools import jdbc
from ecm_campaign.tools.odbc import DatabaseError

URL = "jdbc:postgresql://h:5432/db"


class Value:
    """A value of Java's."""

    def __init__(self, kind, text):
        self.kind, self.text = kind, text

    def getClass(self):  # noqa: N802  Java's names
        return SimpleNamespace(getName=lambda: self.kind)

    def toString(self):  # noqa: N802
        return self.text


class Number(int):
    """Java's numbers are Python's by inheritance."""

    def getClass(self):  # noqa: N802
        return SimpleNamespace(getName=lambda: self.kind)


class Double(float):
    kind = "java.lang.Double"

    def getClass(self):  # noqa: N802
        return SimpleNamespace(getName=lambda: self.kind)


class SqlError(Exception):
    def __init__(self, text, state=None):
        super().__init__(text)
        self.state = state

    def getSQLState(self):  # noqa: N802
        return self.state


class Java:
    """The machine, a driver and a connection in one; notes what is done with them."""

    def __init__(self, rows=(), failures=None):
        self.done, self.rows, self.failures = [], list(rows), failures or {}
        self.is_running = False

    def _do(self, *what):
        self.done.append(what)
        if what[0] in self.failures:
            raise self.failures[what[0]]

    # jpype
    def isJVMStarted(self):  # noqa: N802
        return self.is_running

    def getDefaultJVMPath(self):  # noqa: N802
        self._do("path")
        return "/jvm"

    def startJVM(self, machine, *options, **settings):  # noqa: N802
        self._do("start", machine, options, settings)
        self.is_running = True

    def JClass(self, name):  # noqa: N802
        self._do("driver", name)

    def JPackage(self, _name):  # noqa: N802
        names = SimpleNamespace(
            Boolean=lambda value: ("Boolean", value),
            Integer=lambda value: ("Integer", value),
            Long=lambda value: ("Long", value),
        )
        stamp = SimpleNamespace(valueOf=lambda text: ("Timestamp", text))
        return SimpleNamespace(lang=names, sql=SimpleNamespace(Timestamp=stamp))

    # jaydebeapi
    def connect(self, driver, url, account):
        self._do("connect", driver, url, account)
        return SimpleNamespace(jconn=self, close=lambda: self._do("close connection"))

    # the connection, a statement, its rows
    def setReadOnly(self, value):  # noqa: N802
        self._do("read only", value)

    def prepareStatement(self, text):  # noqa: N802
        self._do("prepare", text)
        return self

    def setQueryTimeout(self, seconds):  # noqa: N802
        self._do("timeout", seconds)

    def setObject(self, place, value):  # noqa: N802
        self._do("set", place, value)

    def executeQuery(self):  # noqa: N802
        self._do("execute")
        return self

    def getMetaData(self):  # noqa: N802
        return SimpleNamespace(getColumnCount=lambda: 2)

    def next(self):
        self._do("next")
        self.row = self.rows.pop(0) if self.rows else None
        return self.row is not None

    def getObject(self, place):  # noqa: N802
        return self.row[place - 1]

    def close(self):
        self._do("close")


@pytest.fixture
def install(monkeypatch):
    def put(**values):
        java = Java(**values)
        for name in ("jpype", "jaydebeapi"):
            monkeypatch.setitem(sys.modules, name, java)
        return java

    return put


@pytest.fixture
def drivers(monkeypatch, tmp_path):
    """A folder with two drivers, and another file."""
    for name in ("b.jar", "a.jar", "readme.txt"):
        (tmp_path / name).touch()
    monkeypatch.setenv("ECM_JDBC_DRIVERS", str(tmp_path))
    return tmp_path


# -- the machine ------------------------------------------------------------------------------------


def test_java_is_started_once_with_the_drivers_of_the_administrator(install, drivers):
    java = install()
    jdbc.connect(URL, "me", "s3cret")
    jdbc.connect(URL, "me", "s3cret")
    starts = [what for what in java.done if what[0] == "start"]
    assert starts == [
        (
            "start",
            "/jvm",
            ("-Duser.timezone=UTC", "-Xmx128m", "-Xrs", "-Djava.awt.headless=true"),
            {"classpath": [str(drivers / "a.jar"), str(drivers / "b.jar")], "convertStrings": True},
        )
    ]
    account = {"user": "me", "password": "s3cret"}
    assert java.done[2:5] == [
        ("driver", "org.postgresql.Driver"),
        ("connect", "org.postgresql.Driver", URL, account),
        ("read only", True),
    ]


def test_without_a_folder_drivers_are_where_debian_has_them(monkeypatch):
    looked = []
    monkeypatch.delenv("ECM_JDBC_DRIVERS", raising=False)
    monkeypatch.setattr(
        jdbc.Path, "glob", lambda self, what: looked.append((str(self), what)) or []
    )
    assert jdbc.driver_files() == []
    assert looked == [("/usr/share/java", "*.jar")]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("path", r"^The server has no Java .*: no;password=\*\*\*$"),
        ("start", r"^Java cannot be started: no;password=\*\*\*$"),
        ("driver", r"^The server has no JDBC driver org.postgresql.Driver: put its jar file into "),
        ("connect", r"^The database cannot be reached: no;password=\*\*\*$"),
        ("read only", r"^The database cannot be reached: no;password=\*\*\*$"),
    ],
)
def test_what_is_missing_is_named(install, drivers, place, text):
    install(failures={place: SqlError("no;password=s3cret", "08001")})
    with pytest.raises(DatabaseError, match=text) as raised:
        jdbc.connect(URL, "me", "s3cret")
    assert raised.value.state == ("08001" if place in ("connect", "read only") else "")
    if place == "driver":
        assert f"into {drivers}, and start Odoo again" in str(raised.value)


def test_a_driver_that_is_missing_is_put_where_debian_has_them(install, monkeypatch):
    monkeypatch.delenv("ECM_JDBC_DRIVERS", raising=False)
    install(failures={"driver": TypeError("no class")})
    with pytest.raises(DatabaseError, match="into /usr/share/java"):
        jdbc.connect(URL, "me", "s3cret")


def test_a_server_without_the_library_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "jaydebeapi", None)
    with pytest.raises(DatabaseError, match="JayDeBeApi and JPype1"):
        jdbc.connect(URL, "me", "s3cret")


def test_an_address_that_says_more_is_refused_before_anything_starts(install):
    java = install()
    with pytest.raises(DatabaseError, match="loggerFile is not allowed"):
        jdbc.connect(f"{URL}?loggerFile=x", "me", "s3cret")
    assert java.done == []


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("x", "begins with jdbc:informix-sqli: or jdbc:postgresql:"),
        ("jdbc:postgresql:x", "goes on with //host:port/database"),
        (f"{URL};a=b", "Settings of an address begin with ?"),
        (f"{URL}?sslmode=a/b", "The value of sslmode has characters"),
        (f"{URL}?sslmode", "The value of sslmode has characters"),
        (f"{URL}?SSLMODE=x&password=y", "password is not allowed"),
    ],
)
def test_a_refused_address_says_where_it_is_wrong(url, text):
    with pytest.raises(jdbc.JdbcAddressError) as raised:
        jdbc.check(url)
    assert text in str(raised.value)


def test_empty_settings_are_none():
    assert jdbc.check(f"{URL}?").url == f"{URL}?"
    assert jdbc.check(f"{URL}?&sslmode=require&").url.endswith("&")


# -- statements -------------------------------------------------------------------------------------


def open_cursor(install, **values):
    java = install(**values)
    connection = jdbc.connect(URL, "me", "s3cret", timeout=7.6)
    java.done.clear()
    return java, connection, connection.cursor()


def test_a_statement_has_a_time_out_and_its_parameters(install, drivers):
    java, _connection, cursor = open_cursor(install, rows=[("a", 1), ("b", 2), ("c", 3)])
    assert cursor.execute("SELECT ?", ["x", 5]) is cursor
    assert java.done == [
        ("prepare", "SELECT ?"),
        ("timeout", 8),
        ("set", 1, "x"),
        ("set", 2, ("Integer", 5)),
        ("execute",),
    ]
    assert cursor.fetchmany(2) == [("a", 1), ("b", 2)]
    assert cursor.fetchmany(2) == [("c", 3)]
    assert cursor.fetchmany(2) == []
    # The next statement closes the rows and the statement before it.
    java.done.clear()
    cursor.execute("SELECT 1")
    assert java.done[:3] == [("close",), ("close",), ("prepare", "SELECT 1")]


def test_no_row_is_taken_that_nobody_wants(install, drivers):
    java, _connection, cursor = open_cursor(install, rows=[("a", 1), ("b", 2)])
    cursor.execute("SELECT 1")
    assert cursor.fetchmany(1) == [("a", 1)]
    assert java.done.count(("next",)) == 1


def test_what_is_closed_is_closed_once(install, drivers):
    java, connection, cursor = open_cursor(install)
    cursor.close()
    assert java.done == []
    cursor.execute("SELECT 1")
    java.done.clear()
    cursor.close()
    cursor.close()
    connection.close()
    assert java.done == [("close",), ("close",), ("close connection",)]


@pytest.mark.parametrize(
    ("place", "use"),
    [
        ("execute", lambda cursor, _connection: cursor.execute("SELECT 1")),
        ("next", lambda cursor, _connection: cursor.execute("SELECT 1").fetchmany(1)),
        ("close", lambda cursor, _connection: cursor.execute("SELECT 1").close()),
        ("close connection", lambda _cursor, connection: connection.close()),
    ],
)
def test_a_failure_tells_its_state_as_over_odbc(install, drivers, place, use):
    java, connection, cursor = open_cursor(install)
    java.failures[place] = SqlError("no right", "42501")
    with pytest.raises(DatabaseError, match=r"^no right$") as raised:
        use(cursor, connection)
    assert raised.value.state == "42501"


def test_the_state_is_found_behind_other_errors():
    inner = SqlError("x", "42501")
    middle, outer = ValueError("y"), ValueError("z")
    outer.__cause__, middle.__context__ = middle, inner
    assert jdbc._find_state(outer) == "42501"
    assert jdbc._find_state(ValueError(inner)) == "42501"
    for error in (ValueError(), SqlError("x"), SqlError("x", "4250"), SqlError("x", "425011")):
        assert jdbc._find_state(error) == ""
    assert jdbc._find_state(SimpleNamespace(args=(), getSQLState="42501", __cause__=None,
                                            __context__=None)) == ""  # fmt: skip


@pytest.mark.parametrize(("depth", "state"), [(4, "42501"), (5, "")])
def test_nobody_looks_for_a_state_without_end(depth, state):
    error = SqlError("x", "42501")
    for _level in range(depth):
        outer = ValueError("y")
        outer.__cause__ = error
        error = outer
    assert jdbc._find_state(error) == state


def test_a_failure_is_told_in_one_line_that_is_not_endless():
    assert jdbc.error_text(ValueError("a\n  b")) == "a b"
    assert len(jdbc.error_text(ValueError("x" * 999))) == 400


# -- values -----------------------------------------------------------------------------------------


def number(kind, value):
    found = Number(value)
    found.kind = kind
    return found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("a", "a"),
        (True, True),
        (5, 5),
        (1.5, 1.5),
        (number("java.lang.Integer", 5), 5),
        (number("java.lang.Boolean", 1), True),
        (number("java.lang.Boolean", 0), False),
        (Double(1.5), 1.5),
        (Value("java.sql.Timestamp", "2026-01-02 03:04:05.0"), datetime(2026, 1, 2, 3, 4, 5)),
        (Value("java.sql.Timestamp", "2026-01-02 03:04:05"), datetime(2026, 1, 2, 3, 4, 5)),
        (
            Value("java.sql.Timestamp", "2026-01-02 03:04:05.12"),
            datetime(2026, 1, 2, 3, 4, 5, 120_000),
        ),
        (
            Value("java.sql.Timestamp", "2026-01-02 03:04:05.123456789"),
            datetime(2026, 1, 2, 3, 4, 5, 123_456),
        ),
        (Value("java.sql.Date", "2026-01-02"), date(2026, 1, 2)),
        (Value("java.math.BigDecimal", "1.50"), Decimal("1.50")),
        (Value("java.sql.Clob", "text"), "text"),
    ],
)
def test_a_value_is_what_odbc_gives_for_it(value, expected):
    found = jdbc._to_python(value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        (None, None),
        (True, ("Boolean", True)),
        (2**31 - 1, ("Integer", 2**31 - 1)),
        (-(2**31), ("Integer", -(2**31))),
        (2**31, ("Long", 2**31)),
        (-(2**31) - 1, ("Long", -(2**31) - 1)),
        (datetime(2026, 1, 2, 3, 4, 5, 6), ("Timestamp", "2026-01-02 03:04:05.000006")),
    ],
)
def test_a_parameter_is_of_the_kind_that_the_driver_wants(install, value, expected):
    install()
    assert jdbc._to_java(value) == expected
