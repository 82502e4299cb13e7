"""A CCE that is fed by files that its import rules poll (reference §3.2): what arrives, what is in
doubt, and that nobody is called twice.
"""

import threading
from collections import Counter
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from ecm_dialer_cisco.clients.base import PushContact
from ecm_dialer_cisco.clients.exceptions import Busy, InDoubt, NotFound, Rejected, Unreachable
from ecm_dialer_cisco.clients.inbox import Inbox
from simulators.cce.testing import running_cce

from .conftest import make_cce_client

SALES, FILE = "5000", "Outbound_Sales.csv"


@pytest.fixture(scope="module")
def shared(new_database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("import")
    with running_cce(new_database(), import_folder=str(folder)) as simulator:
        yield simulator, folder


@pytest.fixture
def cce(shared):
    simulator, folder = shared
    for path in folder.iterdir():
        path.unlink()
    simulator.reset()
    simulator.folder = folder
    return simulator


@pytest.fixture
def client(cce):
    return make(cce)


def make(cce, **settings):
    values = {"import_folder": str(cce.folder), "import_timeout": 5, "poll_interval": 0.2}
    return make_cce_client(cce, **{**values, **settings})


def contacts(count, start=0):
    return [
        PushContact(f"t-{n}", f"+4930{n:05}1", "Jo", "Doe") for n in range(start, start + count)
    ]


def keys(batch):
    return {contact.key for contact in batch}


def called(cce):
    return Counter(call["account_number"] for call in cce.dialled())


def change_rule(cce, **values):
    with psycopg2.connect(cce.dsn) as connection, connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute(
                f"UPDATE ucce_awdb.t_import_rule SET {name} = %s WHERE importruleid = 5000",
                (value,),
            )


@pytest.fixture
def rule(cce):
    """Changes the import rule until the end of the test."""
    yield lambda **values: change_rule(cce, **values)
    change_rule(cce, overwriteenabled="N", filepollingenabled="Y", delimitertype="C", enabled="Y")


def test_contacts_of_a_file_are_called_and_have_results(cce, client):
    for start in (0, 50):
        batch = contacts(50, start=start)
        assert client.push(SALES, "", batch).accepted == keys(batch)
    cce.wait_until(lambda: cce.state()["history"] == 100)
    assert called(cce) == dict.fromkeys(keys(contacts(100)), 1)
    assert {result.key for result in client.results("")[0]} == keys(contacts(100))
    assert client.find(SALES, {"t-3", "t-99", "t-100"}) == {"t-3", "t-99"}
    assert not (cce.folder / FILE).exists()


def test_names_keep_to_their_column(cce, client):
    cce.pause()
    client.push(SALES, "", [PushContact("t-1", "+49301", 'A,|"B\n', "Ünal")])
    [found] = client.contacts(SALES)
    assert (found.first_name.split(), found.last_name) == (["A", "B"], "Ünal")


def test_a_file_that_waits_is_not_replaced(cce, client):
    cce.pause()
    cce.faults({"name": "no_import"})
    with pytest.raises(InDoubt, match="in time"):
        make(cce, import_timeout=0.5).push(SALES, "", contacts(2))
    with pytest.raises(Busy, match="last file"):
        client.push(SALES, "", contacts(2, start=10))
    # Nobody can say yet whether they come.
    with pytest.raises(Busy):
        client.find(SALES, {"t-0", "t-1"})
    cce.faults()
    cce.wait_until(lambda: cce.state()["contacts"][SALES] == {"P": 2})
    assert client.find(SALES, {"t-0", "t-1", "t-10"}) == {"t-0", "t-1"}


def test_a_row_that_never_comes_is_told_as_doubtful(cce, client, monkeypatch):
    cce.pause()
    put = Inbox.put

    def put_one_less(inbox, name, content):
        put(inbox, name, b"\r\n".join([*content.split(b"\r\n")[:-1], b"bad"]))

    monkeypatch.setattr(Inbox, "put", put_one_less)
    receipt = client.push(SALES, "", contacts(3))
    assert (receipt.accepted, receipt.doubtful) == ({"t-0", "t-1"}, {"t-2"})
    assert client.find(SALES, {"t-2"}) == set()


def test_a_file_that_was_not_imported_is_taken_back_with_the_others(cce, client):
    cce.pause()
    client.push(SALES, "", contacts(2))
    cce.faults({"name": "no_import"})
    with pytest.raises(InDoubt):
        make(cce, import_timeout=0.5).push(SALES, "", contacts(2, start=10))
    client.purge(SALES)
    cce.faults()
    cce.resume()
    assert not (cce.folder / FILE).exists()
    assert client.undialled({"t-0", "t-1", "t-10"}) == {"t-0", "t-1"}
    assert client.find(SALES, keys(contacts(2)) | keys(contacts(2, start=10))) == set()
    client.push(SALES, "", contacts(1, start=20))
    cce.wait_until(lambda: cce.state()["history"] == 1)
    assert called(cce) == {"t-20": 1}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"overwriteenabled": "Y"}, "overwrites"),
        ({"filepollingenabled": "N"}, "does not poll"),
        ({"delimitertype": "F"}, "fixed width"),
    ],
)
def test_a_rule_that_would_lose_contacts_is_refused(cce, client, rule, values, words):
    rule(**values)
    with pytest.raises(Rejected, match=words):
        client.push(SALES, "", contacts(1))
    assert list(cce.folder.iterdir()) == []


def test_pipes_separate_columns_where_the_rule_says_so(cce, client, rule):
    rule(delimitertype="P", filepollingenabled="Y")
    cce.faults({"name": "no_import"})
    with pytest.raises(InDoubt):
        make(cce, import_timeout=0.5).push(SALES, "", contacts(1))
    assert (cce.folder / FILE).read_text() == "t-0|Jo|Doe|4930000001"


def test_a_campaign_without_a_rule_gets_nothing(cce, client, rule):
    rule(enabled="N")
    with pytest.raises(NotFound):
        client.push(SALES, "", contacts(1))


def test_a_folder_that_is_away_is_told_without_its_password(cce):
    gone = make(cce, import_folder=f"{cce.folder}/away")
    with pytest.raises(Unreachable, match="import folder"):
        gone.push(SALES, "", contacts(1))
    with pytest.raises(Unreachable, match="No import folder"):
        Inbox("").put("x", b"")
    secret = make(cce, import_folder="sftp://cce:geheim@127.0.0.1:9/import", read_timeout=2)
    with pytest.raises(Unreachable) as raised:
        secret.push(SALES, "", contacts(1))
    assert "geheim" not in str(raised.value)


def test_whoever_stood_still_writes_no_file_any_more(cce, client):
    moments = iter([0, 10_000])
    client._clock = lambda: (
        datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=next(moments))
    )
    with pytest.raises(Unreachable, match="too slowly"):
        client.push(SALES, "", contacts(1))
    assert list(cce.folder.iterdir()) == []


def test_nobody_sees_half_a_file(cce):
    """A reader that looks all the time sees the whole file or none."""
    seen, stop, path = set(), threading.Event(), cce.folder / "other.csv"

    def look():
        while not stop.is_set():
            if path.exists():
                seen.add(path.stat().st_size)

    reader = threading.Thread(target=look)
    reader.start()
    content = b"x" * 8_000_000
    Inbox(str(cce.folder)).put("other.csv", content)
    stop.set()
    reader.join()
    assert seen <= {len(content)}
    assert Inbox(str(cce.folder)).has("other.csv")
    assert Inbox(str(cce.folder)).take_away("other.csv")
    assert not Inbox(str(cce.folder)).take_away("other.csv")
