"""The UCCX client beside the push (see `test_uccx_push`): campaigns, contacts, connection tests, and
where its waiting begins and ends.
"""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import requests

from ecm_dialer_cisco.clients import uccx
from ecm_dialer_cisco.clients.base import (
    CALLBACKS,
    CALLED_AGAIN,
    MANY,
    OTHERS,
    DialerContact,
    DialingPrefixes,
    PushContact,
)
from ecm_dialer_cisco.clients.digits import DigitPlan
from ecm_dialer_cisco.clients.exceptions import Busy, InDoubt, Rejected, Unreachable
from ecm_dialer_cisco.clients.uccx_wire import CONTACT_STATUSES

from .test_uccx_push import (
    CAMPAIGN_LIST,
    CONTACTS,
    DONE,
    NO_IMPORT,
    NOBODY,
    NOW,
    RUNNING,
    WAITING,
    KnownKeys,
    answer,
    fail,
    make_client,
    push,
    status_xml,
)

NOW_MS = int(NOW.timestamp() * 1000)
FAR_AWAY = 10**9


def paths_of(server):
    """Method and path of each request."""
    return [line.replace("https://a:443/adminapi", "") for line in server.requests]


def tries(count):
    return f"<campaign><maxDialAttempts>{count}</maxDialAttempts></campaign>".encode()


# -- campaigns --------------------------------------------------------------------------------------


def test_campaigns_come_with_uccx_own_tries():
    steps = [answer(body=body) for body in (CAMPAIGN_LIST, tries(3), tries(1))]
    client, server = make_client(*steps)
    found = [(each.key, each.name, each.max_attempts) for each in client.campaigns()]
    assert found == [("7", "Sales", 3), ("8", "Service", 1)]
    assert paths_of(server) == ["GET /campaign", "GET /campaign/7", "GET /campaign/8"]


def test_a_campaign_that_was_deleted_meanwhile_is_as_the_list_tells():
    client, _server = make_client(answer(body=CAMPAIGN_LIST), answer(404), answer(body=tries(2)))
    assert [each.max_attempts for each in client.campaigns()] == [0, 2]


def test_a_campaign_is_switched_on_and_off():
    client, server = make_client(answer(), answer())
    client.set_enabled("7", True)
    client.set_enabled("7", False)
    assert paths_of(server) == ["PUT /campaign/7/state/enable", "PUT /campaign/7/state/disable"]


def test_a_single_attempt_is_written_into_the_whole_campaign():
    bodies = []

    def take(request):
        bodies.append(request.body.read())
        return answer(take_body=False)(request)

    client, server = make_client(answer(body=tries(3)), take)
    client.set_single_attempt("7")
    assert paths_of(server) == ["GET /campaign/7", "PUT /campaign/7"]
    assert b"<maxDialAttempts>1</maxDialAttempts>" in bodies[0]


def test_nothing_is_read_from_what_is_not_uccx():
    client, _server = make_client(answer(body=b"<html>login</html>"))
    with pytest.raises(Unreachable, match="is not the UCCX interface"):
        client.campaigns()


# -- contacts ---------------------------------------------------------------------------------------


def test_contacts_that_wait_are_listed_by_status():
    client, server = make_client(answer(body=WAITING), answer(body=NOBODY))
    assert [contact.key for contact in client.contacts("7")] == ["k1"]
    assert client.contacts("7", "retry") == []
    assert paths_of(server) == ["GET /campaign/7/contacts", "GET /campaign/7/contacts?q=retry"]


def test_all_contacts_are_taken_away():
    client, server = make_client(answer())
    client.purge("7")
    assert paths_of(server) == ["DELETE /campaign/7/contacts"]


def test_without_a_database_nobody_is_looked_for_who_was_found():
    client, server = make_client(answer(body=DONE), answer(body=WAITING))
    assert client.find("1", {"k1"}) == {"k1"}
    assert len(server.requests) == 2


def test_who_is_nowhere_without_a_database_is_a_doubt_with_those_who_are():
    bodies = DONE, WAITING, *[NOBODY] * (len(CONTACT_STATUSES) - 1)
    client, _server = make_client(*[answer(body=body) for body in bodies])
    with pytest.raises(InDoubt, match="Without a connection to its database") as raised:
        client.find("1", {"k1", "k2"})
    assert raised.value.known == {"k1"}


# -- deleting all of a campaign ---------------------------------------------------------------------


def hold(client, called=(), finished=(), **listed):
    """What a campaign holds by the interface, and by a database that says so."""
    client.contacts = lambda _campaign, status: [
        DialerContact(key, "+491") for key in listed.get(status, ())
    ]
    client._database = SimpleNamespace(unlisted=lambda campaign: (set(called), set(finished)))
    return client.holding("7")


@pytest.mark.parametrize(
    ("there", "obstacle"),
    [
        ({}, ""),
        ({"PENDING": ["k1"], "finished": ["k2"], "called": ["k3"]}, ""),
        # What another system has put there is not ours to delete.
        ({"PENDING": ["x1"]}, OTHERS),
        ({"finished": ["x1"]}, OTHERS),
        ({"called": ["x1"]}, OTHERS),
        ({"CALLBACK": ["x1"]}, OTHERS),
        ({"CALLBACK": ["k1"]}, CALLBACKS),
        ({"CALLBACK": ["k1"], "RETRY": ["k2"]}, CALLBACKS),
        ({"RETRY": ["k1"]}, CALLED_AGAIN),
        ({"RETRIES_WITH_DELAY": ["k1"]}, CALLED_AGAIN),
        ({"UNKNOWN": ["k1"]}, CALLED_AGAIN),
        ({"PENDING": ["k1", "k2"]}, ""),
        ({"PENDING": ["k1", "k2", "k3"]}, MANY),
        ({"RETRY": ["x1", "k2", "k3"], "CALLBACK": ["k4"]}, MANY),
    ],
)
def test_all_contacts_may_be_deleted_where_none_is_anybody_elses(monkeypatch, there, obstacle):
    monkeypatch.setattr(uccx, "MOST_LISTED", 3)
    client, _server = make_client(answer(body=NO_IMPORT), key_prefixes=("k",))
    holding = hold(client, **there)
    assert holding.obstacle == obstacle
    assert holding.waiting == set(there.get("PENDING", ()))
    assert holding.finished == set(there.get("finished", ()))


def test_while_an_import_runs_nobody_can_say_what_a_campaign_holds():
    client, _server = make_client(answer(body=RUNNING))
    with pytest.raises(Busy):
        hold(client)


# -- sending ----------------------------------------------------------------------------------------


def test_numbers_are_sent_as_they_are_dialled():
    bodies = []

    def take(request):
        bodies.append(request.body.read().decode())
        return answer(take_body=False)(request)

    plan = DigitPlan(own_code="49", outside="0", trunk="0", uses_prefixes=True)
    one = answer(body=status_xml(started=2_000, imported=1))
    client, _server = make_client(answer(body=NO_IMPORT), take, one, digits=plan)
    client.push("1", "Sales", [PushContact("k1", "+4930123456")])
    assert "k1,,,0030123456" in bodies[0]


def test_a_batch_that_is_too_large_is_not_sent(monkeypatch):
    client, server = make_client()
    monkeypatch.setattr(uccx, "MAX_BODY_BYTES", 100)
    with pytest.raises(Rejected, match="lower the rows") as raised:
        push(client)
    assert (raised.value.code, server.requests) == ("too_large", [])


def test_as_many_contacts_as_fit_are_sent_at_once():
    client, _server = make_client(
        answer(body=NO_IMPORT), answer(), answer(body=DONE), rows_per_request=2
    )
    assert push(client).accepted == {"k1", "k2"}
    with pytest.raises(ValueError, match="twice"):
        client.push("1", "Sales", [CONTACTS[0], CONTACTS[0]])


def sleep_before(client, seconds, step):
    """A step for which the server takes some time."""

    def slow(request):
        client._clock.sleep(seconds)
        return step(request)

    return slow


def test_a_request_may_leave_until_its_time_is_over():
    client, server = make_client()
    late = sleep_before(client, client.config.leave_seconds, answer(body=NO_IMPORT))
    server.steps.extend([late, answer(), answer(body=DONE)])
    assert push(client).accepted == {"k1", "k2"}


@pytest.mark.parametrize(("known", "accepted", "doubtful"), [((), set(), {"k1", "k2"}),
                                                             (("k1",), {"k1"}, {"k2"})])  # fmt: skip
def test_of_a_failed_import_only_what_is_seen_was_taken(known, accepted, doubtful):
    failed = status_xml("FAILED", started=2_000, imported=2)
    steps = [answer(body=body) for body in (NO_IMPORT, b"", failed)]
    client, _server = make_client(*steps, connect=KnownKeys(*known))
    receipt = push(client)
    assert (receipt.accepted, receipt.doubtful) == (accepted, doubtful)


def test_a_part_that_is_seen_leaves_the_others_refused():
    partly = status_xml(started=2_000, imported=1)
    steps = [answer(body=body) for body in (NO_IMPORT, b"", partly)]
    client, _server = make_client(*steps, connect=KnownKeys("k2"))
    receipt = push(client)
    assert (receipt.accepted, receipt.refused, receipt.doubtful) == ({"k2"}, {"k1"}, frozenset())


def test_without_a_database_a_part_is_looked_for_among_those_who_wait():
    partly = status_xml(started=2_000, imported=1)
    bodies = NO_IMPORT, b"", partly, WAITING, *[NOBODY] * (len(CONTACT_STATUSES) - 1)
    client, _server = make_client(*[answer(body=body) for body in bodies])
    with pytest.raises(InDoubt) as raised:
        push(client)
    assert raised.value.known == {"k1"}


def test_pauses_between_looks_grow_to_the_poll_interval():
    still = [answer(body=RUNNING)] * 6
    client, _server = make_client(answer(body=NO_IMPORT), answer(), *still, answer(body=DONE))
    pauses, sleep = [], client._sleep
    client._sleep = lambda seconds: [pauses.append(seconds), sleep(seconds)]
    assert push(client).accepted == {"k1", "k2"}
    assert pauses == pytest.approx([0.1, 0.15, 0.225, 0.3375, 0.50625, 0.759375, 1])


def test_two_lost_answers_in_a_row_are_borne_and_three_are_not():
    lost = [fail(requests.ReadTimeout())] * 2
    client, _server = make_client(answer(body=NO_IMPORT), answer(), *lost, answer(body=DONE))
    assert push(client).accepted == {"k1", "k2"}
    lost = [fail(requests.ReadTimeout())] * 3
    client, server = make_client(answer(body=NO_IMPORT), answer(), *lost, answer(body=DONE))
    with pytest.raises(InDoubt, match="did not finish in time"):
        push(client)
    assert len(server.steps) == 1


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (29, 1), (89, 1), (91, 2)])
def test_who_waits_for_an_import_is_told_for_how_long(seconds, minutes):
    running = status_xml("IN_PROGRESS", started=NOW_MS - seconds * 1000)
    client, _server = make_client(answer(body=running), connect=KnownKeys())
    with pytest.raises(Busy, match=rf"for {minutes} min now\. After 60 min"):
        client.find("1", {"k1"})
    client, _server = make_client(answer(body=running), connect=KnownKeys(), stuck_import=100)
    with pytest.raises(Busy, match=r"After 2 min"):
        client.find("1", {"k1"})
    client, _server = make_client(answer(body=running), connect=KnownKeys(), stuck_import=92)
    with pytest.raises(Busy, match=r"After 2 min"):
        client.find("1", {"k1"})


def test_a_short_wait_is_a_minute():
    running = status_xml("IN_PROGRESS", started=NOW_MS)
    client, _server = make_client(answer(body=running), connect=KnownKeys(), stuck_import=5)
    with pytest.raises(Busy, match=r"for 1 min now\. After 1 min"):
        client.find("1", {"k1"})


def test_an_import_without_a_start_is_not_taken_for_ours():
    nameless = status_xml(started=0)
    client, _server = make_client(*[answer(body=body) for body in (NO_IMPORT, b"", nameless, DONE)])
    assert push(client).accepted == {"k1", "k2"}


def test_the_last_import_decides_what_the_database_must_show():
    old, last = status_xml(started=NOW_MS - FAR_AWAY, imported=0), status_xml(started=NOW_MS)
    both = (
        old.replace(b"</importStatus></statusDetails>", b"") + last.partition(b"<importStatus>")[2]
    )
    client, _server = make_client(answer(body=both), connect=KnownKeys(shown=1))
    with pytest.raises(Busy, match="does not show yet"):
        client.find("1", {"k1"})


def test_a_database_that_is_behind_is_waited_for_as_long_as_it_may_be():
    last = status_xml(started=NOW_MS)
    client, server = make_client(answer(body=last), connect=KnownKeys(shown=1))
    client._clock.sleep(client.config.longest_lag - 1)
    with pytest.raises(Busy, match="does not show yet"):
        client.find("1", {"k1"})
    client._clock.sleep(1)
    server.steps.append(answer(body=last))
    assert client.find("1", {"k1"}) == {"k1"}


def test_what_failed_is_not_asked_about_before_its_time():
    failed = status_xml("FAILED", started=2_000, imported=0)
    client, server = make_client(answer(body=failed), connect=KnownKeys())
    usual = client.config.doubt_seconds + client.config.longest_lag
    client._clock.sleep(usual - 1)
    with pytest.raises(Busy, match="may not show all of it yet"):
        client.find("1", {"k1"}, NOW)
    # Nobody was asked for over the interface.
    assert len(server.requests) == 1
    client._clock.sleep(1)
    server.steps.extend(answer(body=body) for body in (failed, *[NOBODY] * len(CONTACT_STATUSES)))
    client._database._connect.newest = {"dialinglist": (client._clock()).replace(tzinfo=None)}
    assert client.find("1", {"k1"}, NOW) == set()


def test_what_is_known_needs_no_proof():
    failed = status_xml("FAILED", started=2_000, imported=0)
    client, server = make_client(answer(body=failed), connect=KnownKeys("k1", "k2"))
    assert client.find("1", {"k1", "k2"}, NOW) == {"k1", "k2"}
    assert len(server.requests) == 1


# -- dialing settings -------------------------------------------------------------------------------


def test_prefixes_and_the_dialing_range_are_read_from_the_general_configuration():
    client, server = make_client(
        answer(body=b"<generalobconfig/>"), answer(body=b"<generalobconfig/>")
    )
    assert client.dialing_range() is None
    assert client.dialing_prefixes() in (None, DialingPrefixes())
    assert paths_of(server) == ["GET /generalobconfig"] * 2


# -- connection test --------------------------------------------------------------------------------


def test_the_connection_test_tells_interface_and_database_apart():
    client, _server = make_client(answer(body=CAMPAIGN_LIST), connect=KnownKeys())
    assert client.health() == replace(
        client_health(True, True), message="UCCX answers, and its call results can be read."
    )
    client, _server = make_client(answer(body=CAMPAIGN_LIST))
    health = client.health()
    assert health == replace(client_health(True, False), message=health.message)
    assert "none is configured" in health.message
    client, _server = make_client(answer(401), connect=KnownKeys())
    health = client.health()
    assert health == replace(client_health(False, True), message=health.message)
    client, _server = make_client(answer(body=b"<html/>"))
    message = client.health().message
    assert "is not the UCCX interface" in message
    assert message.endswith("none is configured.")


def client_health(interface_ok, results_ok):
    node = "a:443" if interface_ok else ""
    return uccx.Health(interface_ok and results_ok, "", node, interface_ok, results_ok)


# -- results ----------------------------------------------------------------------------------------


def test_without_a_database_there_are_no_results():
    client, _server = make_client()
    for read in (client.results, client.results_for, client.undialled):
        with pytest.raises(Unreachable, match="none is configured"):
            read("")


def test_the_clock_is_utc_where_none_is_given():
    assert uccx.UccxClient(uccx.UccxConfig(("a",), "u", "p"))._clock().utcoffset() == timedelta()
