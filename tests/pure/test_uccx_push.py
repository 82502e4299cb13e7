"""Pushing to UCCX: which failure at which instant means "not accepted", and which one leaves a
doubt.
"""

import socket
import ssl
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial

import pytest
import requests
import urllib3
from requests.adapters import BaseAdapter

from ecm_dialer_cisco.clients.base import PushContact
from ecm_dialer_cisco.clients.exceptions import (
    Busy,
    InDoubt,
    NotFound,
    Rejected,
    Unauthorized,
    Unreachable,
)
from ecm_dialer_cisco.clients.uccx import UccxClient, UccxConfig
from ecm_dialer_cisco.clients.uccx_wire import CONTACT_STATUSES

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
CONTACTS = [PushContact("k1", "+491"), PushContact("k2", "+492")]


def status_xml(result="SUCCESS", started=1_000, imported=2, kind="MANUAL"):
    return (
        f'<statusDetails><importStatus><status importType="{kind}"><result>{result}</result><startTime>{started}'
        f"</startTime><numContactsImported>{imported}</numContactsImported></status></importStatus></statusDetails>"
    ).encode()


CAMPAIGN_LIST = (
    b"<campaigns><campaign><campaignId>7</campaignId><campaignName>Sales</campaignName></campaign>"
    b"<campaign><campaignId>8</campaignId><campaignName>Service</campaignName></campaign>"
    b"</campaigns>"
)
NO_IMPORT = b"<statusDetails><importStatus/></statusDetails>"
WAITING = (
    b"<campaignContacts><csvdata>\naccount number, phone1\nk1, +491\n</csvdata></campaignContacts>"
)
NOBODY = b"<campaignContacts><csvdata/></campaignContacts>"
NOBODY_WAITS = [NOBODY] * len(CONTACT_STATUSES)
DONE = status_xml(started=2_000)
RUNNING = status_xml("IN_PROGRESS", started=int(NOW.timestamp() * 1000) - 1000)


def answer(status=200, body=b"", take_body=True):
    """A step of the fake server: take the request, give an answer."""

    def step(request):
        if take_body and request.body is not None:
            request.body.read()
        response = requests.Response()
        response.status_code, response._content = status, body
        response.url = request.url
        return response

    return step


def fail(error, bytes_taken=-1):
    """A step of the fake server: take so many bytes of the body (-1: all), then fail."""

    def step(request):
        if request.body is not None:
            request.body.read(bytes_taken)
        raise error

    return step


class Server(BaseAdapter):
    """Answers requests with its steps, in order; notes what it was asked."""

    def __init__(self, *steps):
        super().__init__()
        self.steps = deque(steps)
        self.requests = []

    def send(self, request, **_kwargs):
        self.requests.append(f"{request.method} {request.url}")
        return self.steps.popleft()(request)

    def close(self):
        pass


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += timedelta(seconds=seconds)


def waiting_row(number, key):
    """A row of the dialing list that was not called yet, as a driver gives it."""
    called = (0, 0, 0, 0, 0, None, None)
    return number, 1, key, "+491", None, None, 1, *called, None, True


class KnownKeys:
    """A DB-API connection to a database that knows some account numbers.

    :param shown: how many contacts it shows of the last import
    :param created_at: when these were created by its own clock, naive UTC
    :param newest: when what it shows came about, by table, naive UTC
    :param late: account numbers that it knows too, once it was asked what is new
    """

    def __init__(self, *keys, shown=2, created_at=None, newest=None, late=()):
        self.keys, self.shown = keys, shown
        self.created_at = created_at or NOW.replace(tzinfo=None)
        self.newest, self.late = newest or {}, late

    def __call__(self):
        return self

    cursor = __call__

    def execute(self, statement, parameters):
        if "createdatetime >=" in statement:
            # The same in the list and in the history: one that moves meanwhile.
            self.page = [(number, self.created_at) for number in range(self.shown)]
            self.keys += self.late
            return
        if "datetime >" in statement:
            self.page = list(self.find_newer(statement, *parameters))
            self.keys += self.late
            return
        assert "accountnumber IN" in statement
        found = [key for key in self.keys if key in parameters]
        self.page = [waiting_row(number, key) for number, key in enumerate(found)]

    def find_newer(self, statement, since):
        for table, moment in self.newest.items():
            if f"FROM {table} WHERE" in statement and isinstance(moment, Exception):
                raise moment
            if f"FROM {table} WHERE" in statement and moment > since:
                yield (moment,)

    def fetchmany(self, _count):
        page, self.page = self.page, []
        return page

    def close(self):
        pass


def make_client(*steps, hosts=("a",), connect=None, **settings):
    server, clock = Server(*steps), Clock()
    session = requests.Session()
    session.mount("https://", server)
    config = UccxConfig(hosts=hosts, user="u", password="top secret", get_retries=0, **settings)
    return UccxClient(config, session, clock, clock.sleep, connect), server


def push(client):
    return client.push("1", "Sales", CONTACTS)


@pytest.mark.parametrize("status", [200, 202])
def test_an_import_that_takes_all_is_accepted(status):
    client, server = make_client(answer(body=NO_IMPORT), answer(status), answer(body=DONE))
    receipt = push(client)
    assert (receipt.accepted, receipt.refused) == ({"k1", "k2"}, set())
    assert [line.split()[0] for line in server.requests] == ["GET", "POST", "GET"]


def test_the_status_of_an_older_import_is_not_taken_for_ours():
    old = status_xml(started=1_000)
    client, server = make_client(*[answer(body=body) for body in (old, b"", old, RUNNING, DONE)])
    assert push(client).accepted == {"k1", "k2"}
    assert not server.steps


def test_automatic_imports_are_not_taken_for_ours():
    automatic = status_xml(started=5_000, kind="AUTO")
    client, _server = make_client(
        *[answer(body=body) for body in (NO_IMPORT, b"", automatic, DONE)]
    )
    assert push(client).accepted == {"k1", "k2"}


def test_unusable_numbers_are_refused_without_asking():
    client, server = make_client(
        answer(body=NO_IMPORT), answer(), answer(body=status_xml(started=2_000, imported=1))
    )
    receipt = client.push("1", "Sales", [CONTACTS[0], PushContact("bad", "no number")])
    assert (receipt.accepted, receipt.refused) == ({"k1"}, {"bad"})
    assert client.push("1", "Sales", [PushContact("bad", "")]).refused == {"bad"}
    assert len(server.requests) == 3


def test_a_batch_above_the_limit_is_a_mistake_of_the_caller():
    client, server = make_client(rows_per_request=1)
    with pytest.raises(ValueError, match="At most 1"):
        push(client)
    assert not server.requests


def test_nothing_is_sent_beside_a_running_import():
    client, server = make_client(answer(body=RUNNING))
    with pytest.raises(Busy):
        push(client)
    assert len(server.requests) == 1


def lost(error):
    """As requests wraps what urllib3 and the system raise."""
    return requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", error))


FAILURES = {
    "time-out": requests.ReadTimeout(),
    "reset": lost(ConnectionResetError(104, "reset")),
    "TLS broke": requests.exceptions.SSLError(
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol")
    ),
    "answer cut": requests.exceptions.ChunkedEncodingError("incomplete"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_after_the_last_byte_is_a_doubt(name):
    client, _server = make_client(answer(body=NO_IMPORT), fail(FAILURES[name]))
    with pytest.raises(InDoubt):
        push(client)


@pytest.mark.parametrize("name", FAILURES)
def test_the_same_failure_before_the_last_byte_is_none(name):
    client, _server = make_client(answer(body=NO_IMPORT), fail(FAILURES[name], bytes_taken=100))
    with pytest.raises(Unreachable):
        push(client)


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectTimeout(),
        requests.ConnectionError(urllib3.exceptions.NewConnectionError(None, "refused")),
        requests.exceptions.SSLError(ssl.SSLCertVerificationError("self-signed")),
        requests.ConnectionError(
            urllib3.exceptions.NameResolutionError("a", None, socket.gaierror())
        ),
    ],
)
def test_without_a_connection_nothing_was_accepted(error):
    client, _server = make_client(answer(body=NO_IMPORT), fail(error, bytes_taken=0))
    with pytest.raises(Unreachable):
        push(client)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, Unauthorized),
        (404, NotFound),
        (503, Busy),
        (500, InDoubt),
        (502, InDoubt),
        (504, InDoubt),
        (408, InDoubt),
        (302, InDoubt),
    ],
)
def test_answers_to_the_push(status, expected):
    client, server = make_client(answer(body=NO_IMPORT), answer(status))
    with pytest.raises(expected) as raised:
        push(client)
    assert type(raised.value) is expected
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 403, 405, 501])
def test_a_refusal_while_no_import_runs_is_for_good(status):
    listed = answer(body=CAMPAIGN_LIST)
    statuses = [answer(body=NO_IMPORT), answer(body=DONE)]
    client, server = make_client(answer(body=NO_IMPORT), answer(status), listed, *statuses)
    with pytest.raises(Rejected):
        push(client)
    assert not server.steps


@pytest.mark.parametrize("status", [302, 500, 502, 504])
def test_no_answer_before_the_push_means_nothing_was_accepted(status):
    client, _server = make_client(answer(status))
    with pytest.raises(Unreachable):
        push(client)


def test_a_refusal_tells_what_uccx_says():
    body = b"<apiErrors><apiError><errorData>no CSQ</errorData><errorMessage>bad</errorMessage><errorType>InvalidInput"
    body += b"</errorType></apiError></apiErrors>"
    # Where the list of campaigns is not given, the refusal stands for itself.
    client, _server = make_client(answer(body=NO_IMPORT), answer(400, body), answer(401))
    with pytest.raises(Rejected, match=r"bad \(no CSQ\)") as raised:
        push(client)
    assert (raised.value.code, raised.value.data) == ("InvalidInput", "no CSQ")


def test_a_refusal_while_another_campaign_imports_is_busy():
    # Whatever its words are: Cisco documents none.
    body = b"<apiErrors><apiError><errorMessage>Versuchen Sie es sp\xc3\xa4ter</errorMessage></apiError></apiErrors>"
    listed = answer(body=CAMPAIGN_LIST)
    statuses = [answer(body=NO_IMPORT), answer(body=RUNNING)]
    client, _server = make_client(answer(body=NO_IMPORT), answer(400, body), listed, *statuses)
    with pytest.raises(Busy):
        push(client)


@pytest.mark.parametrize("hosts", [("a",), ("a", "b")])
def test_the_window_of_doubt_covers_all_tries_on_all_nodes(hosts):
    client, server = make_client(hosts=hosts)
    client._http._config = client.config = replace(client.config, get_retries=2)
    clock, patience = client._clock, client.config.connect_timeout + client.config.read_timeout

    def hang(error, request):
        clock.sleep(patience)
        return fail(error, bytes_taken=0)(request)

    # The status is told at the last moment, and then the node does not take the request.
    slow_status = [partial(hang, requests.ReadTimeout())] * 2 + [answer(body=NO_IMPORT)]
    refused = partial(hang, requests.ConnectTimeout())
    server.steps.extend([*slow_status, refused] * len(hosts))
    server.steps[-1] = fail(requests.ReadTimeout())
    with pytest.raises(InDoubt):
        push(client)

    left_after = (clock.now - NOW).total_seconds()
    assert left_after > client.config.read_timeout * 2 * len(hosts)
    assert left_after <= client.config.leave_seconds
    assert client.config.leave_seconds + client.config.import_timeout <= client.config.doubt_seconds


def test_a_machine_that_stood_still_sends_nothing_afterwards():
    client, server = make_client()

    def stand_still(request):
        client._clock.sleep(client.config.leave_seconds + 1)
        return answer(body=NO_IMPORT)(request)

    server.steps.append(stand_still)
    with pytest.raises(Unreachable, match="too slowly"):
        push(client)
    assert not any(line.startswith("POST") for line in server.requests)


def test_an_import_without_an_end_is_a_doubt():
    steps = [answer(body=NO_IMPORT), answer(202), *[answer(body=RUNNING)] * 200]
    client, _server = make_client(*steps, import_timeout=30)
    with pytest.raises(InDoubt):
        push(client)


@pytest.mark.parametrize(
    "step", [answer(401), answer(503), answer(body=b"<html/>"), fail(requests.ConnectTimeout())]
)
def test_losing_sight_of_an_accepted_import_is_a_doubt_and_soon_told(step):
    client, server = make_client(answer(body=NO_IMPORT), answer(202), *[step] * 9)
    with pytest.raises(InDoubt):
        push(client)
    assert len(server.requests) == 5


@pytest.mark.parametrize(
    ("result", "refused", "doubtful"),
    [("SUCCESS", {"k1"}, set()), ("FAILED", set(), {"k1"}), ("PARTIAL_SUCCESS", set(), {"k1"})],
)
def test_a_partial_import_is_sorted_by_the_database(result, refused, doubtful):
    partial = status_xml(result, started=2_000, imported=1)
    steps = [answer(body=NO_IMPORT), answer(), answer(body=partial)]
    client, _server = make_client(*steps, connect=KnownKeys("k2"))
    receipt = push(client)
    assert receipt.accepted == {"k2"}
    assert (receipt.refused, receipt.doubtful) == (refused, doubtful)


SILENT = status_xml("", started=int(NOW.timestamp() * 1000), imported=1)


def test_an_import_that_says_nothing_goes_on():
    steps = [answer(body=NO_IMPORT), answer(), *[answer(body=SILENT)] * 200]
    client, _server = make_client(*steps, connect=KnownKeys("k2"), import_timeout=30)
    with pytest.raises(InDoubt):
        push(client)
    steps = [answer(body=body) for body in (NO_IMPORT, b"", SILENT, SILENT, DONE)]
    client, server = make_client(*steps)
    assert push(client).accepted == {"k1", "k2"}
    assert not server.steps


def test_an_import_that_never_says_anything_is_not_waited_for_without_end():
    client, server = make_client(answer(body=SILENT), connect=KnownKeys("k1"))
    with pytest.raises(Busy):
        client.find("1", {"k1"})
    client._clock.sleep(client.config.doubt_seconds + 1)
    server.steps.append(answer(body=SILENT))
    # It may bring the other one all the same.
    assert client.find("1", {"k1", "k2"}) == {"k1", "k2"}


def test_a_partial_import_that_cannot_be_sorted_is_a_doubt():
    partial = status_xml(started=2_000, imported=1)
    client, _server = make_client(
        answer(body=NO_IMPORT), answer(), answer(body=partial), answer(503)
    )
    with pytest.raises(InDoubt):
        push(client)


def test_the_other_node_is_tried_when_the_first_certainly_got_nothing():
    steps = [
        fail(requests.ConnectTimeout()),
        answer(body=NO_IMPORT),
        answer(),
        answer(body=DONE),
        answer(body=NO_IMPORT),
    ]
    client, server = make_client(*steps, hosts=("a", "b:8443"))
    assert push(client).accepted == {"k1", "k2"}
    client._http.on_any_node(lambda node: client._import_statuses(node, "/adminapi/campaign/1"))
    assert [line.split()[1].split("/")[2] for line in server.requests] == ["a:443", *["b:8443"] * 4]


@pytest.mark.parametrize(
    "step", [fail(requests.ReadTimeout()), answer(500), answer(503), answer(400), answer(401)]
)
def test_the_other_node_is_not_tried_otherwise(step):
    # After a refusal the same node is asked whether an import runs.
    client, server = make_client(answer(body=NO_IMPORT), step, answer(401), hosts=("a", "b"))
    with pytest.raises((InDoubt, Busy, Rejected)):
        push(client)
    assert {line.split()[1].split("/")[2] for line in server.requests} == {"a:443"}


def test_find_cannot_tell_while_an_import_runs():
    client, _server = make_client(answer(body=RUNNING), connect=KnownKeys("k1"))
    with pytest.raises(Busy):
        client.find("1", {"k1"})


def test_an_import_that_never_ends_keeps_its_campaign_waiting_for_a_bounded_time():
    client, server = make_client(answer(body=RUNNING), connect=KnownKeys("k1"))
    client._clock.sleep(59 * 60)
    with pytest.raises(Busy, match=r"for 59 min now\. After 60 min the import counts as given up"):
        client.find("1", {"k1"})
    client._clock.sleep(60)
    server.steps.append(answer(body=RUNNING))
    # Given up, it may end all the same: what it may still bring is not sent a second time.
    assert client.find("1", {"k1", "k2"}) == {"k1", "k2"}


def test_a_scheduled_import_that_never_ends_brings_none_of_ours():
    scheduled = status_xml("IN_PROGRESS", started=1_000, kind="AUTO")
    steps = [answer(body=body) for body in (scheduled, *NOBODY_WAITS)]
    client, _server = make_client(*steps, connect=KnownKeys("k1"))
    assert client.find("1", {"k1", "k2"}) == {"k1"}


def test_a_database_that_is_behind_makes_nobody_sent_a_second_time():
    now_ms = int(NOW.timestamp() * 1000)
    last = status_xml(started=now_ms)
    behind = KnownKeys(shown=1)
    client, server = make_client(answer(body=last), connect=behind)
    with pytest.raises(Busy, match="does not show yet"):
        client.find("1", {"k1"})

    # It has caught up: the contacts never came.
    behind.shown = 2
    server.steps.append(answer(body=last))
    assert client.find("1", {"k1"}) == set()

    # It never catches up: the doubt counts as sent.
    behind.shown = 1
    client._clock.sleep(client.config.longest_lag)
    server.steps.append(answer(body=last))
    assert client.find("1", {"k1"}) == {"k1"}


@pytest.mark.parametrize("shown", [0, 2])
def test_what_a_database_that_is_behind_does_not_show_is_not_refused(shown):
    partly = status_xml(started=int(NOW.timestamp() * 1000), imported=1)
    steps = [answer(body=NO_IMPORT), answer(), answer(body=partly)]
    # Whatever its clock makes of others' contacts: of this import it shows nobody.
    client, _server = make_client(*steps, connect=KnownKeys(shown=shown))
    assert push(client).doubtful == {"k1", "k2"}


def test_find_asks_the_database():
    client, _server = make_client(answer(body=DONE), connect=KnownKeys("k1"))
    assert client.find("1", {"k1", "k2"}) == {"k1"}


def test_find_asks_the_database_also_about_a_deleted_campaign():
    client, _server = make_client(answer(404), answer(404), connect=KnownKeys("k1"))
    assert client.find("1", {"k1", "k2"}) == {"k1"}


FAILED = status_xml("FAILED", started=2_000, imported=0)


@pytest.mark.parametrize("status", [FAILED, NO_IMPORT], ids=["failed", "forgotten"])
def test_while_the_database_may_be_behind_an_import_that_tells_nothing_proves_nothing(status):
    client, server = make_client(answer(body=status), connect=KnownKeys())
    client._clock.sleep(client.config.doubt_seconds + 1)
    with pytest.raises(Busy, match="may not show all of it yet"):
        client.find("1", {"k1"}, NOW)

    # It shows what came later, and not the contact: that one never came.
    client._clock.sleep(client.config.longest_lag)
    client._database._connect.newest = {"dialinglist": naive(client._clock())}
    server.steps.extend(answer(body=body) for body in (status, *NOBODY_WAITS))
    assert client.find("1", {"k1"}, NOW) == set()


def naive(moment):
    return moment.replace(tzinfo=None)


def make_silent(steps=(), seconds=1, **database):
    """A client some seconds after the time in which a failed send of `NOW` must be seen.

    :param steps: in place of a failed import of which nobody waits
    :param database: of `KnownKeys`
    """
    steps = steps or [answer(body=body) for body in (FAILED, *NOBODY_WAITS)]
    client, server = make_client(*steps, connect=KnownKeys(**database))
    client._clock.sleep(client.config.doubt_seconds + client.config.longest_lag + seconds)
    return client, server


ARRIVED = naive(NOW) + timedelta(seconds=UccxConfig(("a",), "u", "p", get_retries=0).doubt_seconds)
MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize("table", ["dialinglist", "dialinglisthistory", "contactcalldetail"])
def test_what_came_later_proves_that_the_database_shows_all_that_came_before(table):
    client, _server = make_silent(newest={table: ARRIVED + 2 * MOMENT})
    assert client.find("1", {"k1"}, NOW) == set()
    # It may have come before the contact.
    client, _server = make_silent(newest={table: ARRIVED})
    with pytest.raises(Busy, match="shows nothing newer"):
        client.find("1", {"k1"}, NOW)


@pytest.mark.parametrize("table", ["dialinglist", "dialinglisthistory", "contactcalldetail"])
def test_what_another_clock_has_dated_does_not_prove_that_the_database_shows_all(table):
    client, _server = make_silent()
    latest = naive(client._clock()) + timedelta(minutes=1)
    client._database._connect.newest = {table: latest}
    assert client.find("1", {"k1"}, NOW) == set()
    client, _server = make_silent(newest={table: latest + MOMENT})
    with pytest.raises(Busy, match="shows nothing newer"):
        client.find("1", {"k1"}, NOW)


def test_calls_that_may_not_be_read_prove_nothing():
    refusal = RuntimeError("42501", "permission denied")
    client, _server = make_silent(newest={"contactcalldetail": refusal})
    with pytest.raises(Busy, match="shows nothing newer"):
        client.find("1", {"k1"}, NOW)
    broken = RuntimeError("08001", "gone")
    client, _server = make_silent(newest={"contactcalldetail": broken})
    with pytest.raises(Unreachable):
        client.find("1", {"k1"}, NOW)
    # Nobody reads them where they are switched off.
    client, _server = make_silent(newest={"contactcalldetail": broken})
    client._database._with_details = False
    with pytest.raises(Busy, match="shows nothing newer"):
        client.find("1", {"k1"}, NOW)


def test_a_database_that_stays_silent_is_waited_for_for_a_bounded_time():
    silence = UccxConfig.longest_silence
    client, _server = make_silent(seconds=silence - 1)
    with pytest.raises(Busy, match="shows nothing newer"):
        client.find("1", {"k1"}, NOW)
    # It may be behind still: the contact counts as sent, and is not called a second time.
    client, _server = make_silent(seconds=silence)
    assert client.find("1", {"k1"}, NOW) == {"k1"}


def test_what_appears_while_the_database_is_asked_was_sent():
    client, _server = make_silent(newest={"dialinglist": ARRIVED + 2 * MOMENT}, late=("k1",))
    assert client.find("1", {"k1", "k2"}, NOW) == {"k1"}
    client, _server = make_client(answer(body=DONE), connect=KnownKeys(late=("k1",)))
    assert client.find("1", {"k1", "k2"}) == {"k1"}


def test_of_a_deleted_campaign_too_a_silent_database_proves_nothing():
    gone = [answer(404)] * 2
    client, server = make_silent(steps=gone)
    with pytest.raises(Busy, match="shows nothing newer"):
        client.find("1", {"k1"}, NOW)
    server.steps.extend(gone)
    client._database._connect.newest = {"dialinglist": ARRIVED + 2 * MOMENT}
    assert client.find("1", {"k1"}, NOW) == set()


def test_who_waits_and_is_not_in_the_database_tells_that_it_is_behind():
    steps = [answer(body=body) for body in (FAILED, NOBODY, WAITING)]
    client, _server = make_client(*steps, connect=KnownKeys())
    # The other one may have been called.
    assert client.find("1", {"k1", "k2"}) == {"k1", "k2"}


def test_rows_that_another_clock_has_dated_prove_nothing():
    now_ms = int(NOW.timestamp() * 1000)
    ahead = KnownKeys(created_at=NOW.replace(tzinfo=None) + timedelta(hours=2))
    client, _server = make_client(answer(body=status_xml(started=now_ms)), connect=ahead)
    with pytest.raises(Busy, match="does not show yet"):
        client.find("1", {"k1"})


def test_without_a_database_find_trusts_only_what_it_sees():
    client, _server = make_client(answer(body=DONE), answer(body=WAITING))
    assert client.find("1", {"k1"}) == {"k1"}
    client, _server = make_client(
        answer(body=DONE), answer(body=WAITING), *[answer(body=NOBODY)] * 5
    )
    with pytest.raises(InDoubt) as raised:
        client.find("1", {"k1", "k2"})
    assert raised.value.known == {"k1"}


def test_reading_is_repeated_and_changing_is_not():
    steps = [answer(500), fail(requests.ReadTimeout()), answer(body=b"<campaigns/>")]
    server, clock = Server(*steps), Clock()
    session = requests.Session()
    session.mount("https://", server)
    client = UccxClient(UccxConfig(("a",), "u", "p", get_retries=2), session, clock, clock.sleep)
    assert client.campaigns() == []
    assert clock.now > NOW
    server.steps.append(fail(requests.ReadTimeout()))
    with pytest.raises(InDoubt):
        client.set_enabled("1", True)


@pytest.mark.parametrize("error", [requests.ConnectTimeout(), requests.ConnectionError(
    urllib3.exceptions.NewConnectionError(None, "refused"))])  # fmt: skip
def test_changes_without_a_body_know_that_they_never_left(error):
    client, _server = make_client(fail(error))
    with pytest.raises(Unreachable):
        client.purge("1")


def test_the_campaign_id_cannot_leave_the_path():
    client, _server = make_client()
    with pytest.raises(ValueError, match="is not the id"):
        client.purge("1/../2")


def test_health_reports_instead_of_raising():
    client, _server = make_client(answer(401))
    health = client.health()
    assert (health.ok, health.interface_ok, health.results_ok) == (False, False, False)
    assert "password" in health.message


def test_the_password_is_shown_nowhere():
    client, _server = make_client(answer(401))
    assert "top secret" not in repr(client.config)
    assert "top secret" not in client.health().message
