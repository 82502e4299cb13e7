"""CCE over its Outbound REST interface, without a network: what is asked, what is sent, what a
campaign holds.
"""

from datetime import datetime, timedelta, timezone

import pytest
import requests
from lxml import etree

from ecm_dialer_cisco.clients import cce_rest
from ecm_dialer_cisco.clients.base import (
    CALLBACKS,
    CALLED_AGAIN,
    OTHERS,
    CampaignFigures,
    DialerContact,
    Holding,
    PersonalCallback,
    PushContact,
)
from ecm_dialer_cisco.clients.cce_config import CceConfig, CceRestConfig
from ecm_dialer_cisco.clients.cce_database import AgentRow
from ecm_dialer_cisco.clients.cce_rest import CceRestClient, build_import
from ecm_dialer_cisco.clients.exceptions import (
    Busy,
    InDoubt,
    NotFound,
    Rejected,
    Unauthorized,
    Unreachable,
)

from .test_cce import row
from .test_cce_client import THERE, Database
from .test_uccx_push import Server, answer, fail

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
PATH = "https://cce:443/unifiedconfig/config/campaign"


def make(*steps, page_rows=100, **settings):
    rest = CceRestConfig("cce", "admin", "secret", page_rows=page_rows, get_retries=0, **settings)
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


@pytest.mark.parametrize("failure", [answer(body=b"no XML"), answer(503)])
def test_an_interface_that_is_away_or_busy_is_not_asked_for_each_campaign(failure):
    client, server = make(stats(1, 0), failure)
    assert [each.pending_contacts for each in client.campaigns()] == [1, 0, 0]
    assert len(server.requests) == 2


def test_what_cce_counts_is_read_and_what_it_does_not_say_is_not_known():
    names = ("totalCount", "closedCount", "attemptedCount", "voiceCount", "busyCount")
    names += ("noAnswerDetectCount", "answeringMachineCount", "abandonDetectCount")
    names += ("callBackCount", "personalCallbackCount", "abandonToIvrCount", "talkTimeCount")
    elements = "".join(f"<{name}>{number}</{name}>" for number, name in enumerate(names, 1))
    body = f"<runtimeStatus><dateTime>2026-07-01</dateTime>{elements}</runtimeStatus>".encode()
    client, server = make(answer(body=body))
    assert client.figures("7") == CampaignFigures(*range(1, 11))
    assert asked(server) == ["GET /7/runtimestats"]
    client, _server = make(stats("7", "x"))
    figures = client.figures("7")
    assert (figures.records, figures.closed, figures.open, figures.busy) == (7, None, None, None)
    assert (CampaignFigures(5, 2).open, CampaignFigures(2, 5).open) == (3, 0)


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


# -- agents' own callbacks ---------------------------------------------------------------------------


def promised(key, agent="1001", at=NOON):
    return PushContact(key, "4930", "A & B", "C", callback=PersonalCallback(agent, at))


def make_personal(*steps, agents=("1001",), **settings):
    client, server = make(*steps, personal=True, **settings)
    found = {login: AgentRow(login, 6000 + n, 5000) for n, login in enumerate(agents)}
    client._database.agents = lambda _cursor, logins: {
        login: row for login, row in found.items() if login in logins
    }
    return client, server


def test_a_callback_says_whose_it_is_and_when():
    bodies = []
    client, server = make_personal(taken(bodies, 201))
    at = NOON + timedelta(hours=1)
    receipt = client.push("7", "Sales", [promised("k-1", at=at)])
    assert (receipt.accepted, receipt.failure) == ({"k-1"}, None)
    assert [line.rpartition("/")[2] for line in server.requests] == ["personalcallback"]
    root = etree.fromstring(bodies[0])
    assert root.tag == "personalCallback"
    texts = {each.tag: each.text for each in root.iter() if each.text}
    assert root.findtext("campaign/refURL") == "/unifiedconfig/config/campaign/7"
    assert root.findtext("agent/refURL") == "/unifiedconfig/config/agent/6000"
    assert (texts["phone"], texts["accountNumber"], texts["maxAttempts"]) == ("4930", "k-1", "1")
    assert (texts["firstName"], texts["lastName"]) == ("A & B", "C")
    there = THERE + timedelta(hours=1)
    assert texts["callbackDateTime"] == f"{there:%Y-%m-%dT%H:%M:%S}"


def test_callbacks_go_first_and_one_that_is_refused_is_imported():
    bodies = []
    steps = [taken([], 201), answer(400), taken(bodies, 201)]
    client, server = make_personal(*steps, agents=("1001", "1002"))
    batch = [
        PushContact("k-0", "4930"),
        promised("k-1"),
        promised("k-2", "1002"),
        promised("k-3", "x"),
    ]
    assert client.push("7", "Sales", batch).accepted == {"k-0", "k-1", "k-2", "k-3"}
    assert len(server.requests) == 3
    assert [f"k-{n}," in bodies[0].decode() for n in range(4)] == [True, False, True, True]


def test_a_wrong_password_is_no_refusal_of_a_callback():
    client, server = make_personal(answer(401))
    with pytest.raises(Unauthorized):
        client.push("7", "Sales", [promised("k-1"), promised("k-2")])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("failure", "unsent"),
    [(answer(503), {"k-2", "k-3"}), (fail(requests.ReadTimeout()), set()), (answer(500), set())],
)
def test_after_a_failure_it_is_known_what_was_taken_and_what_was_not_sent(failure, unsent):
    batch = [promised("k-1"), promised("k-2"), PushContact("k-3", "4930")]
    client, server = make_personal(taken([], 201), failure)
    receipt = client.push("7", "Sales", batch)
    assert (receipt.accepted, receipt.unsent) == ({"k-1"}, unsent)
    assert (receipt.refused, receipt.doubtful) == (frozenset(), frozenset())
    assert isinstance(receipt.failure, InDoubt if not unsent else Busy)
    assert len(server.requests) == 2


def test_callbacks_that_leave_too_late_are_not_sent():
    moments = iter([NOON, NOON, NOON, NOON + timedelta(hours=1)])
    client, server = make_personal(taken([], 201))
    client._clock = lambda: next(moments)
    receipt = client.push("7", "Sales", [promised("k-1"), promised("k-2")])
    assert (receipt.accepted, receipt.unsent) == ({"k-1"}, {"k-2"})
    assert "too slowly" in str(receipt.failure)
    assert len(server.requests) == 1


def test_a_doubt_lasts_until_all_requests_have_left():
    plain, slow = make()[0].config, make_personal()[0].config
    assert slow.doubt_seconds == plain.doubt_seconds + slow.leave_seconds


def callbacks(*keys):
    parts = "".join(
        f"<personalCallback><accountNumber>{key}</accountNumber></personalCallback>" for key in keys
    )
    return answer(body=f"<personalCallbacks>{parts}</personalCallbacks>".encode())


def test_who_is_promised_a_call_is_known():
    client, server = make_personal(page(("k-1", "pending")), callbacks("k-2", "x-1"))
    assert client.find("7", {"k-1", "k-2", "k-3"}) == {"k-1", "k-2"}
    assert server.requests[1].endswith("/personalcallback?startIndex=0&resultsPerPage=100")
    # Without the setting there are none of ours.
    client, server = make(page(("k-1", "pending")))
    assert client.find("7", {"k-1", "k-2"}) == {"k-1"}
    assert len(server.requests) == 1


def test_what_moves_to_a_page_that_was_read_is_found_all_the_same():
    """Rows before it were deleted between two requests."""
    first = [page(("k-1", "a"), ("k-2", "a")), page(("k-5", "a"))]
    again = [page(("k-3", "a"), ("k-4", "a"))]
    client, server = make(*first, *again, page_rows=2)
    assert client.find("7", {"k-3"}) == {"k-3"}
    assert len(server.requests) == 3


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
