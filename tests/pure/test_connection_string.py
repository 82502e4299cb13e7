"""What the campaign administrator may write into a connection string (requirement R8): nothing that
runs programs or touches files on the server.
"""

import doctest
from types import SimpleNamespace

import pytest

from ecm_campaign.tools import connection_string, odbc
from ecm_campaign.tools.connection_string import ConnectionStringError

DRIVERS = ["PostgreSQL Unicode", "IBM INFORMIX ODBC DRIVER (64-bit)"]
BASE = "DRIVER={PostgreSQL Unicode};SERVER=db;"
INFORMIX = (
    "DRIVER={IBM INFORMIX ODBC DRIVER (64-bit)};HOST=uccx1;SERVER=uccx1_uccx;SERVICE=1504;"
    "PROTOCOL=onsoctcp;DATABASE=db_cra;UID=uccxhruser;PWD=x;CLIENT_LOCALE=en_US.UTF8;"
    "DB_LOCALE=en_US.UTF8"
)


def test_examples_in_docstrings():
    result = doctest.testmod(connection_string)
    assert result.attempted
    assert not result.failed


def code_of(text):
    """Why a string is refused, None when it is taken."""
    try:
        settings = connection_string.check(text)
        connection_string.check_installed(settings, DRIVERS, {"crm": DRIVERS[0]})
    except ConnectionStringError as error:
        return error.code
    return None


def test_a_setting_that_stands_twice_is_named():
    with pytest.raises(ConnectionStringError, match=r"^Server stands twice"):
        connection_string.check("DRIVER={PostgreSQL Unicode};SERVER=db;Server=evil")


@pytest.mark.parametrize(
    "text",
    [
        INFORMIX,
        "driver=postgresql unicode; server=127.0.0.1 ;port=5432;;database={my db};uid=me@crm; ",
        BASE + "PWD={a;b}}c/=};BoolsAsChar=0;ReadOnly=1;UseDeclareFetch=1;Fetch=2000",
        r"DRIVER={PostgreSQL Unicode};SERVER=tcp:sql1\EXPRESS,1433;UID=DOMAIN\me;Encrypt=yes",
        "DSN=crm;UID=me;PWD=x;DATABASE=crm",
    ],
)
def test_logging_in_to_a_database_is_allowed(text):
    assert code_of(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DRIVER=/tmp/evil.so;SERVER=db", "bad_value"),
        ("DRIVER={/tmp/evil.so};SERVER=db", "bad_value"),
        ("DRIVER=evil.so;SERVER=db", "unknown_driver"),
        ("DRIVER=SQLite3;SERVER=db", "unknown_driver"),
        ("DRIVER={PostgreSQL Unicode};DRIVER=/tmp/evil.so;SERVER=db", "twice"),
        ("FILEDSN=/etc/x.dsn", "unknown_key"),
        ("DSN=other", "unknown_source"),
        ("DSN=crm;DRIVER={PostgreSQL Unicode};SERVER=db", "no_driver"),
        ("SERVER=db", "no_driver"),
        ("", "no_driver"),
        # the data source's password would go to another host
        ("DSN=crm;SERVER=evil", "moved_source"),
        ("DSN=crm;port=1", "moved_source"),
        *(
            (f"{BASE}{key}=x", "unknown_key")
            for key in (
                "FILEDSN",
                "SAVEFILE",
                "TranslationDLL",
                "TRANSLATIONNAME",
                "TRANSLATIONOPTION",
                "PQOPT",
                "ConnSettings",
                "Debug",
                "CommLog",
                "DumpFile",
                "LoadExt",
                "Trusted_Connection",
                "ServerCertificate",
                "KeystoreLocation",
                "TraceFile",
            )
        ),
        # local sockets, where the server's own account is trusted
        ("DRIVER={PostgreSQL Unicode};DATABASE=odoo", "no_host"),
        ("DRIVER={PostgreSQL Unicode};SERVER=;DATABASE=odoo", "no_host"),
        ("DRIVER={PostgreSQL Unicode};SERVER=db;SERVERNAME= ;DATABASE=odoo", "no_host"),
        ("DRIVER={PostgreSQL Unicode};SERVER=/var/run/postgresql", "bad_value"),
        ("DRIVER={PostgreSQL Unicode};SERVER=@socket", "bad_value"),
        (BASE + "DATABASE=/etc/passwd", "bad_value"),
        (BASE + "DATABASE={service=x}", "bad_value"),
        # what another parser would split elsewhere
        (BASE + "DATABASE={x;FILEDSN=y}", "bad_value"),
        (BASE + "PWD={x;TRANSLATIONDLL=y}", "bad_password"),
        (BASE + "DATABASE={x}y;FILEDSN=z", "not_settings"),
        (BASE + "DATABASE=a{b;FILEDSN=z}", "not_settings"),
        (BASE + "DATABASE={open;FILEDSN=z", "not_settings"),
        (BASE + "DATABASE=x\0;FILEDSN=z", "not_settings"),
        (BASE + "DATABASE=x\nFILEDSN=z", "not_settings"),
        (BASE + "no setting", "not_settings"),
    ],
)
def test_whatever_does_more_is_refused(text, code):
    assert code_of(text) == code


def test_the_error_names_the_setting_and_never_the_password():
    with pytest.raises(ConnectionStringError) as raised:
        connection_string.check(BASE + "PWD={x;s3cret=y}")
    assert "s3cret" not in str(raised.value)
    with pytest.raises(ConnectionStringError, match=r"SAVEFILE is not allowed.*odbc\.ini"):
        connection_string.check(BASE + "SaveFile=/tmp/x")


@pytest.mark.parametrize("open_connection", [odbc.connect, odbc.connect_for_reading])
def test_a_refused_string_never_reaches_the_driver_manager(open_connection, monkeypatch):
    asked = []
    manager = SimpleNamespace(
        connect=lambda text, **_settings: asked.append(text),
        drivers=lambda: DRIVERS,
        dataSources=dict,
        Error=OSError,
    )
    monkeypatch.setattr(odbc, "import_module", lambda _name: manager)
    for text in ("DRIVER=/tmp/evil.so;SERVER=db", "DRIVER=evil;SERVER=db", BASE + "FILEDSN=x"):
        with pytest.raises(odbc.DatabaseError, match=r"not allowed|no ODBC driver"):
            open_connection(text)
    assert not asked


@pytest.mark.parametrize(
    ("text", "rest", "password"),
    [
        ("PWD=one;UID=u;Password={two};pwd=three", "UID=u", "one"),
        ("UID=u;PWD={a}b;HOST=h", "UID=u;HOST=h", "{a}b"),
        ("UID=u;PWD={open;HOST=h", "UID=u;HOST=h", "{open"),
    ],
)
def test_no_password_stays_in_the_string_that_is_shown(text, rest, password):
    assert odbc.split_password(text) == (rest, password)


@pytest.mark.parametrize(
    "shown", ["PWD=my s3cret", "PWD={my}s3cret", "PWD={my s3cret", "a;pwd = s3cret"]
)
def test_passwords_are_masked_up_to_the_semicolon(shown):
    assert "s3cret" not in odbc.mask_secrets(f"PWD=x;{shown};HOST=h")
    assert odbc.mask_secrets(f"{shown};HOST=h").endswith("=***;HOST=h")
