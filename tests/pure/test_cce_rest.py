"""CCE over its Outbound REST interface, without a network: what is asked, what is sent, what a
campaign holds.
"""

from datetime import datetime, timezone

import pytest
import requests

from ecm_dialer_cisco.clients import cce_rest
from ecm_dialer_cisco.clients.base import (
    CALLBACKS,
    CALLED_AGAIN,
    OTHERS,
    DialerContact,
    Holding,
    PushContact,
)
from ecm_dialer_cisco.clients.cce_config import CceConfig, CceRestConfig
from ecm_dialer_cisco.clients.cce_rest import CceRestClient, build_import
from ecm_dialer_cisco.clients.exceptions import InDoubt, NotFound, Rejected, Unreachable

from .test_cce import row
from .test_cce_client import Database
from .test_uccx_push import Server, answer, fail

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
PATH = "https://cce:443/unifiedconfig/config/campaign"


def make(*steps, page_rows=100):
    rest = CceRestConfig("cce", "admin", "secret", page_rows=page_rows, get_retries=0)
    config = CceConfig("logger", "aw", "obm", "s", rest=rest, key_prefixes=("k-",))
    server, session = Server(*steps), requests.Session()
    session.mount("https://", server)
    client = CceRestClient(config, None, clock=lambda: NOON, http=session, sleep=lambda _s: None)
    client._database = Database()
    client._database.is_ours = lambda key: key.startswith("k-")
    return client, server


def page(*contacts):
    parts = "".join(
        f"<importContact><accountNumber>{key}</accountNumber><number>49{key[2:]}</number>"
        f"<callStatus>{status}</callStatus></importContact>"
        for key, status in contacts
    )
    return answer(body=f"<importContacts>{parts}</importContacts>".encode())


def taken(bodies, status=200):
    """A step that keeps the body of its request."""

    def step(request):
        bodies.append(request.body.read())
        return answer(status, take_body=False)(request)

    return step


def asked(server):
    return [line.replace(PATH, "") for line in server.requests]


# -- campaigns --------------------------------------------------------------------------------------


def test_the_interface_needs_its_settings():
    with pytest.raises(ValueError, match="settings of its own"):
        CceRestClient(CceConfig("logger", "aw", "obm", "s"), None)


def stats(total, closed):
    text = f"<totalCount>{total}</totalCount><closedCount>{closed}</closedCount>"
    return answer(body=f"<runtimeStatus>{text}</runtimeStatus>".encode())


def test_campaigns_come_from_the_database_and_cce_counts_what_is_open():
    client, server = make(stats(9, 4), answer(404), stats("", 4))
    assert [(each.key, each.pending_contacts) for each in client.campaigns()] == [
        ("1", 5),
        ("2", 0),
        ("3", 0),
    ]
    assert len(server.requests) == 3
    assert server.requests[0].endswith("/campaign/1/runtimestats")


def test_an_interface_that_is_away_is_not_asked_for_each_campaign():
    client, server = make(stats(1, 0), answer(body=b"no XML"))
    assert [each.pending_contacts for each in client.campaigns()] == [1, 0, 0]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("change", "element"),
    [
        (lambda client: client.set_enabled("7", True), b"<enabled>true</enabled>"),
        (lambda client: client.set_enabled("7", False), b"<enabled>false</enabled>"),
        (lambda client: client.set_single_attempt("7"), b"<maxAttempts>1</maxAttempts>"),
    ],
)
def test_a_change_says_which_version_it_is_of(change, element):
    bodies = []
    campaign = answer(body=b"<campaign><name>x</name><changeStamp>42</changeStamp></campaign>")
    client, server = make(campaign, taken(bodies))
    change(client)
    assert asked(server) == ["GET /7", "PUT /7"]
    assert bodies == [b"<campaign><changeStamp>42</changeStamp>" + element + b"</campaign>"]


# -- contacts ---------------------------------------------------------------------------------------


def test_a_batch_is_one_import():
    bodies = []
    client, server = make(taken(bodies, 201))
    batch = [PushContact("k-1", "4930", 'A, "b" <c>', "d|]]>e"), PushContact("k-2", "4931")]
    assert client.push("7", "Sales", batch).accepted == {"k-1", "k-2"}
    assert asked(server) == ["POST /7/import"]
    text = bodies[0].decode()
    assert text.startswith(
        "<?xml version='1.0' encoding='UTF-8'?>\n<import><fileContent><![CDATA[\n"
    )
    assert "AccountNumber,FirstName,LastName,Phone01\nk-1,A   b   c ,d e,4930\nk-2,,,4931\n" in text
    assert "<delimiter>,</delimiter><overwriteData>false</overwriteData>" in text


def test_no_import_is_larger_than_cce_takes(monkeypatch):
    # As its manual says.
    assert cce_rest.MAX_ROWS == 10_000
    monkeypatch.setattr(cce_rest, "MAX_ROWS", 1)
    client, server = make(answer(200))
    assert client.push("7", "Sales", [PushContact("k-1", "4930")]).accepted == {"k-1"}
    with pytest.raises(ValueError, match="at most 1"):
        client.push("7", "Sales", [PushContact("k-1", "4930"), PushContact("k-2", "4931")])
    assert len(server.requests) == 1


def test_an_import_without_an_answer_is_a_doubt():
    client, _server = make(fail(requests.ReadTimeout()))
    with pytest.raises(InDoubt):
        client.push("7", "Sales", [PushContact("k-1", "4930")])


def test_contacts_are_read_page_by_page():
    pages = [
        page(("k-1", "pending"), ("k-2", "closed")),
        page(("k-3", "pending"), ("k-4", "")),
        page(),
    ]
    client, server = make(*pages, page_rows=2)
    assert client.contacts("7") == [
        DialerContact("k-1", "491", raw_status="pending"),
        DialerContact("k-3", "493", raw_status="pending"),
    ]
    assert asked(server) == [
        f"GET /7/import?startIndex={start}&resultsPerPage=2" for start in (0, 2, 4)
    ]
    client, server = make(page(("k-1", "pending"), ("k-2", "closed")))
    assert [each.key for each in client.contacts("7", "closed")] == ["k-2"]
    assert len(server.requests) == 1


def test_all_that_is_told_of_a_contact_is_read():
    body = (
        b"<a xmlns='urn:x'><!-- x --><importContact><accountNumber>k-1</accountNumber>"
        b"<number>49</number><firstName>A</firstName><lastName>B</lastName><callStatus>closed</callStatus>"
        b"<callResultOverall>10</callResultOverall></importContact></a>"
    )
    client, _server = make(answer(body=body))
    assert client.contacts("7", "closed") == [DialerContact("k-1", "49", "A", "B", "closed", "10")]


def test_who_is_listed_or_was_called_is_known():
    client, _server = make(page(("k-1", "pending"), ("k-9", "closed")))
    client._database.calls = [row(AccountNumber="k-2"), row(2.0, AccountNumber="k-9")]
    assert client.find("7", {"k-1", "k-2", "k-3"}) == {"k-1", "k-2"}
    assert client.undialled({"k-1"}) == set()


def test_nobody_is_looked_for_on_more_pages_than_it_takes():
    client, server = make(
        page(("k-1", "a"), ("k-2", "a")), page(("k-3", "a"), ("k-4", "a")), page_rows=2
    )
    assert client.find("7", {"k-1", "k-3"}) == {"k-1", "k-3"}
    assert len(server.requests) == 2
    assert client._database.opened == []


def test_of_a_campaign_that_is_gone_the_calls_tell():
    client, _server = make(answer(404))
    client._database.calls = [row(AccountNumber="k-2")]
    assert client.find("7", {"k-1", "k-2"}) == {"k-2"}


def test_nothing_is_taken_back_as_all_would_be():
    client, server = make()
    with pytest.raises(Rejected, match="can only delete all") as raised:
        client.purge("7")
    assert (raised.value.code, server.requests) == ("405", [])
    assert client.deletes_finished is False


# -- deleting all of a campaign ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ([], Holding()),
        (
            [("k-1", "pending"), ("k-2", "closed"), ("k-3", "maxAttemptsReached")],
            Holding(frozenset({"k-1"}), frozenset({"k-2", "k-3"})),
        ),
        ([("k-1", "pending"), ("x-1", "closed")], Holding(obstacle=OTHERS)),
        ([("k-1", "active")], Holding(obstacle=CALLED_AGAIN)),
        ([("k-1", "active"), ("k-2", "callbackRequested")], Holding(obstacle=CALLBACKS)),
        ([("k-1", "personalCallbackRequested"), ("k-2", "active")], Holding(obstacle=CALLBACKS)),
    ],
)
def test_all_contacts_may_be_deleted_where_none_is_anybody_elses(contacts, expected):
    client, _server = make(page(*contacts))
    assert client.holding("7") == expected


def test_all_contacts_are_deleted_at_once():
    client, server = make(answer(200))
    client.clear("7")
    assert asked(server) == ["DELETE /7/import"]


# -- failures ---------------------------------------------------------------------------------------

NOT_THERE = (
    b"<apiErrors><apiError><errorType>CceDBDataNotFoundException</errorType>"
    b"<errorMessage>none</errorMessage><errorData>x</errorData></apiError></apiErrors>"
)


@pytest.mark.parametrize("ask", [lambda client: client.contacts("7"),
                                 lambda client: client.clear("7")])  # fmt: skip
def test_a_campaign_that_was_made_by_tools_is_not_there(ask):
    client, _server = make(answer(400, NOT_THERE))
    with pytest.raises(NotFound, match="none") as raised:
        ask(client)
    assert (raised.value.code, raised.value.data) == ("CceDBDataNotFoundException", "x")


@pytest.mark.parametrize("ask", [lambda client: client.contacts("7"),
                                 lambda client: client.clear("7")])  # fmt: skip
def test_other_refusals_stay_what_they_are(ask):
    for status, kind in ((400, Rejected), (404, NotFound)):
        client, _server = make(answer(status))
        with pytest.raises(Rejected) as raised:
            ask(client)
        assert type(raised.value) is kind


def test_what_is_no_interface_of_cce_is_named():
    client, _server = make(answer(body=b"no XML"))
    with pytest.raises(Unreachable, match="is not the interface of CCE"):
        client.contacts("7")


@pytest.mark.parametrize("key", ["", "x", "7/8", "-1", "7 "])
def test_a_key_that_is_no_id_leads_nowhere(key):
    client, server = make()
    with pytest.raises(ValueError, match="is not the id"):
        client.clear(key)
    assert server.requests == []


def test_the_connection_test_reads_one_campaign():
    client, server = make(answer(body=b"<campaigns/>"))
    assert client.health().ok
    assert asked(server) == ["GET ?startIndex=0&resultsPerPage=1"]
    client, _server = make(answer(401))
    health = client.health()
    assert (health.interface_ok, health.results_ok) == (False, True)


def test_results_come_from_the_history_alone():
    client, server = make()
    client._database.calls = [row(AccountNumber="k-1")]
    results, mark = client.results("")
    assert [each.key for each in results] == ["k-1"]
    assert client.results(mark)[0] == []
    assert (server.requests, client._database.opened) == ([], ["history", "history"])


def test_an_import_may_be_read_as_xml():
    body = build_import([PushContact("k-1", "4930", "ä")])
    assert "k-1,ä,,4930" in body.decode()
