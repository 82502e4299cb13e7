"""A JDBC address says where to log in, and nothing else."""

import pytest

from ecm_campaign.tools import jdbc

INFORMIX = "jdbc:informix-sqli://uccx1:1504/db_cra"


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        (f"{INFORMIX}:INFORMIXSERVER=uccx1_uccx", "com.informix.jdbc.IfxDriver"),
        (
            f"{INFORMIX}:INFORMIXSERVER=uccx1_uccx;DB_LOCALE=en_US.utf8;CLIENT_LOCALE=en_US.utf8",
            "com.informix.jdbc.IfxDriver",
        ),
        (" jdbc:postgresql://127.0.0.1:5432/db_cra?sslmode=require ", "org.postgresql.Driver"),
        ("jdbc:postgresql://[::1]:5432/db_cra", "org.postgresql.Driver"),
    ],
)
def test_an_address_names_its_driver(url, driver):
    assert jdbc.check(url) == (url.strip(), driver)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "jdbc:mysql://h:3306/x",
        "DRIVER={X};SERVER=h",
        "jdbc:postgresql:db",
        "jdbc:postgresql://h/db",
        "jdbc:postgresql://a:1,b:2/db",
        "jdbc:postgresql://h:5432/../etc",
        # Settings that load programs, write files, or take another password.
        "jdbc:postgresql://h:5432/db?socketFactory=org.x.Y&socketFactoryArg=http://evil",
        "jdbc:postgresql://h:5432/db?loggerFile=/tmp/x",
        "jdbc:postgresql://h:5432/db?password=shown",
        f"{INFORMIX}:INFORMIXSERVER=x;JDBCTEMP=/tmp",
        f"{INFORMIX}:INFORMIXSERVER=x;PASSWORD=shown",
        f"{INFORMIX}:INFORMIXSERVER=a/b",
        f"{INFORMIX};INFORMIXSERVER=x",
        f"{INFORMIX}:INFORMIXSERVER=x\nPASSWORD=y",
    ],
)
def test_what_says_more_is_refused(url):
    with pytest.raises(jdbc.JdbcAddressError):
        jdbc.check(url)


def test_a_driver_tells_no_password():
    assert "geheim" not in jdbc.error_text(ValueError("url …?user=a&password=geheim refused"))
