"""Servers that die in the middle of work, as processes: a UCCX's first node, a CCE's Logger, its
Administration & Data Server (F8). The simulators' own record of calls is the witness.
"""

import contextlib
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from ecm_dialer_cisco.clients.base import PersonalCallback, PushContact
from ecm_dialer_cisco.clients.cce_config import CceRestConfig
from ecm_dialer_cisco.clients.exceptions import Busy, InDoubt, Unreachable
from simulators.cce.testing import running_cce
from simulators.uccx.testing import running_simulator

from .conftest import make_cce_client, make_client

SALES, BY_API = "5000", "5003"


def contacts(count, start=0):
    return [PushContact(f"t-{n}", f"+4930{n:05}1") for n in range(start, start + count)]


def keys(batch):
    return {contact.key for contact in batch}


def push_later_where_busy(client, campaign, batch):
    """What the dead server was at counts as going on for seconds: the engine comes again, too."""
    for _turn in range(10):
        with contextlib.suppress(Busy):
            return client.push(campaign, "Outbound Sales", batch)
    raise AssertionError("busy for ever")


def push_while_it_dies(client, campaign, kill, batches=20, size=10):
    """Push batches of which one is on its way when a server dies.

    :return: keys that the dialer took, and keys in doubt
    """
    taken, doubtful = set(), set()
    for number in range(batches):
        batch = contacts(size, start=number * size)
        if number == batches // 2:
            kill()
        try:
            taken |= push_later_where_busy(client, campaign, batch).accepted
        except InDoubt:
            doubtful |= keys(batch)
    return taken, doubtful


# UCCX


@pytest.fixture
def nodes(new_database):
    """Two servers of one UCCX, of which the first one dials."""
    dsn = new_database()
    with running_simulator(dsn) as first, running_simulator(dsn) as second:
        first.pause()
        second.pause()
        yield first, second


def test_contacts_go_on_over_the_second_node_when_the_first_dies_in_the_middle(nodes):
    first, second = nodes
    hosts = tuple(f"{node.host}:{node.port}" for node in nodes)
    settings = {"hosts": hosts, "verify_tls": False, "import_timeout": 3, "stuck_import": 1}
    client = make_client(first, **settings)

    def kill_after_it_accepted():
        first.faults({"name": "die_after_accept", "times": 1})

    taken, doubtful = push_while_it_dies(client, "1", kill_after_it_accepted)
    assert first.wait_for_exit() == 70
    assert len(doubtful) == 10, "one batch was on its way"
    assert len(taken) == 190

    # The other node knows what the first one took before it died.
    found = second.wait_until(lambda: client.find("1", doubtful))
    client.push("1", "Outbound Sales", [c for c in contacts(200) if c.key in doubtful - found])
    second.resume()
    second.wait_until(lambda: len(second.dialled()) >= 200)
    second.wait_until(lambda: not second.state()["calls_in_progress"])
    called = Counter(call["accountnumber"] for call in second.dialled())
    assert called == dict.fromkeys(keys(contacts(200)), 1)
    results, _mark = client.results("")
    assert {result.key for result in results} == keys(contacts(200))


# CCE


@pytest.fixture
def sides(new_database):
    """Two Loggers of one CCE, both with an Administration & Data Server; side A dials."""
    dsn = new_database()
    with running_cce(dsn) as a, running_cce(dsn, host="127.0.0.2", port=a.port, side="B") as b:
        yield a, b


def on_side(a, b, name="A", **settings):
    """A client that writes to a side."""
    mine, other = (a, b) if name == "A" else (b, a)
    hosts = {"outbound_host": mine.host, "other_host": other.host, "side": name}
    hosts |= {"reporting_host": a.host, "reporting_host_2": b.host}
    return make_cce_client(mine, **{**hosts, **settings})


def long_ago():
    return datetime.now(timezone.utc) - timedelta(hours=2)


def test_each_side_has_its_own_lists_and_one_dials(sides):
    a, b = sides
    on_side(a, b, "B").push(SALES, "", contacts(1))
    on_side(a, b, "A").push(SALES, "", contacts(1, start=1))
    a.wait_until(lambda: a.state()["history"])
    assert [call["account_number"] for call in a.dialled()] == ["t-1"]
    b.take_over()
    b.wait_until(lambda: b.state()["history"] == 2)
    assert Counter(call["account_number"] for call in b.dialled()) == {"t-0": 1, "t-1": 1}


def test_a_doubt_about_a_dead_side_is_not_settled_by_guessing(sides):
    a, b = sides
    a.pause()
    a.faults({"name": "die_after", "verb": "commit", "times": 1})
    with pytest.raises(InDoubt):
        on_side(a, b).push(SALES, "", contacts(2))
    assert a.wait_for_exit() == 70

    # Whoever is sent to side B is found; of the others nobody knows yet.
    client, sent_at = on_side(a, b, "B"), datetime.now(timezone.utc)
    client.push(SALES, "", contacts(1, start=10))
    assert client.find(SALES, {"t-10"}, sent_at) == {"t-10"}
    with pytest.raises(Busy, match="cannot be asked"):
        client.find(SALES, {"t-0", "t-10"}, sent_at)
    assert client.find(SALES, {"t-0", "t-10"}, long_ago()) == {"t-0", "t-10"}

    a.start()
    assert client.find(SALES, {"t-0", "t-1", "t-2", "t-10"}, sent_at) == {"t-0", "t-1", "t-10"}


def test_a_side_without_the_list_hides_nothing_of_the_other(sides):
    a, b = sides
    a.pause()
    on_side(a, b).push(SALES, "", contacts(2))
    with psycopg2.connect(a.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ucce_bab.dl_5000_5000 RENAME TO hidden")
    try:
        for name in ("A", "B"):
            assert on_side(a, b, name).find(SALES, {"t-0", "t-1", "t-2"}) == {"t-0", "t-1"}
    finally:
        with psycopg2.connect(a.dsn) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER TABLE ucce_bab.hidden RENAME TO dl_5000_5000")


def test_nobody_comes_back_while_a_side_that_may_call_them_cannot_be_asked(sides):
    a, b = sides
    a.pause()
    on_side(a, b).push(SALES, "", contacts(2))
    a.kill()
    client = on_side(a, b, "B")
    client.push(SALES, "", contacts(2, start=10))
    client.purge(SALES)
    assert client.undialled({"t-0", "t-10", "t-11"}) == set()
    assert [each for each in client.results("")[0] if each.undialled] == []

    # It comes back, and no longer dials.
    b.take_over()
    a.start()
    client.purge(SALES)
    assert client.undialled({"t-0", "t-10", "t-11"}) == {"t-0", "t-10", "t-11"}
    assert {each.key for each in client.results("")[0] if each.undialled} == {"t-10", "t-11"}
    assert b.dialled() == []


def test_a_side_that_is_written_to_must_answer(sides):
    a, b = sides
    client = on_side(a, b)
    client.check_side(client.config.sides[1])
    a.kill()
    for ask in (
        lambda: client.check_side(client.config.sides[0]),
        lambda: client.push(SALES, "", contacts(1)),
        lambda: client.find(SALES, {"t-1"}),
        lambda: client.purge(SALES),
    ):
        with pytest.raises(Unreachable):
            ask()


def personal_contacts(count, start=0):
    """Calls that an agent has promised."""
    promise = PersonalCallback("1001", datetime.now(timezone.utc))
    return [replace(each, callback=promise) for each in contacts(count, start)]


def personal_on(simulator, side):
    """Keys in a side's list of personal callbacks, with their status."""
    with psycopg2.connect(simulator.dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT accountnumber, callstatus FROM ucce_ba{side}.personal_callback_list ORDER BY 1"
        )
        return dict(cursor.fetchall())


PERSONAL = {"personal_table": "Personal_Callback_List"}


def test_an_agents_own_callback_belongs_to_the_side_that_it_was_written_to(sides):
    a, b = sides
    on_side(a, b, "B", **PERSONAL).push(SALES, "", personal_contacts(1))
    on_side(a, b, "A", **PERSONAL).push(SALES, "", personal_contacts(1, start=1))
    assert (set(personal_on(a, "a")), set(personal_on(a, "b"))) == ({"t-1"}, {"t-0"})
    # Side A dials; what the other one was told waits there.
    a.wait_until(lambda: a.state()["history"])
    assert [call["account_number"] for call in a.dialled()] == ["t-1"]
    for name in ("A", "B"):
        found = on_side(a, b, name, **PERSONAL).find(SALES, {"t-0", "t-1", "t-2"})
        assert found == {"t-0", "t-1"}
    b.take_over()
    b.wait_until(lambda: b.state()["history"] == 2)
    assert Counter(call["account_number"] for call in b.dialled()) == {"t-0": 1, "t-1": 1}


def test_a_callback_in_doubt_on_a_dead_side_is_not_made_on_the_other(sides):
    a, b = sides
    a.pause()
    b.pause()
    a.faults({"name": "die_after", "verb": "commit", "times": 1})
    with pytest.raises(InDoubt):
        on_side(a, b, **PERSONAL).push(SALES, "", personal_contacts(2))
    assert a.wait_for_exit() == 70

    client, sent_at = on_side(a, b, "B", **PERSONAL), datetime.now(timezone.utc)
    with pytest.raises(Busy, match="cannot be asked"):
        client.find(SALES, {"t-0", "t-1"}, sent_at)
    # It is back, and does not dial any more: they are closed there, and come back.
    b.take_over()
    a.start()
    assert client.find(SALES, {"t-0", "t-1", "t-2"}, sent_at) == {"t-0", "t-1"}
    client.purge(SALES)
    assert client.undialled({"t-0", "t-1"}) == {"t-0", "t-1"}
    client.push(SALES, "", personal_contacts(2, start=10))
    b.resume()
    b.wait_until(lambda: b.state()["history"] == 2)
    assert Counter(call["account_number"] for call in b.dialled()) == {"t-10": 1, "t-11": 1}
    assert personal_on(a, "a") == {"t-0": "C", "t-1": "C"}


def test_no_callback_comes_back_while_a_side_that_may_make_it_cannot_be_asked(sides):
    a, b = sides
    a.pause()
    on_side(a, b, **PERSONAL).push(SALES, "", personal_contacts(1))
    a.kill()
    client = on_side(a, b, "B", **PERSONAL)
    client.purge(SALES)
    assert client.undialled({"t-0"}) == set()
    # The first side comes back and dials: once, as it was sent.
    a.start()
    a.wait_until(lambda: a.state()["history"])
    client.purge(SALES)
    assert client.undialled({"t-0"}) == set()
    assert client.find(SALES, {"t-0"}) == {"t-0"}
    assert Counter(call["account_number"] for call in a.dialled()) == {"t-0": 1}


def test_results_go_on_at_the_second_server(sides):
    a, b = sides
    client = on_side(a, b)
    client.push(SALES, "", contacts(5))
    _results, mark = a.wait_until(lambda: len(client.results("")[0]) == 5 and client.results(""))
    a.kill()
    b.take_over()
    on_side(a, b, "B").push(SALES, "", contacts(5, start=10))

    def read():
        found, _mark = client.results(mark)
        return keys(contacts(5, start=10)) <= {result.key for result in found}

    b.wait_until(read)
    # Its own next look begins where this one ended.
    _results, following = client.results(mark)
    assert client.results(following)[0] == []


def test_imports_go_on_over_the_second_server(sides):
    a, b = sides
    hosts = [f"{each.host}:{each.rest_port}" for each in sides]
    rest = CceRestConfig(
        host=hosts[0],
        host_2=hosts[1],
        user="administrator@example.com",
        password=a.password,
        verify_tls=False,
        read_timeout=10,
        get_retries=0,
    )
    client = on_side(a, b, rest=rest)

    def kill_after_it_accepted():
        a.faults({"name": "die_after", "verb": "import", "times": 1})

    taken, doubtful = push_while_it_dies(client, BY_API, kill_after_it_accepted, batches=10)
    assert a.wait_for_exit() == 70
    assert (len(taken), len(doubtful)) == (90, 10)
    b.take_over()

    # What side A had in its own list waits there until it is back.
    a.start()
    # An import that stands in the queue is listed nowhere: doubts are asked about after minutes.
    a.wait_until(lambda: not a.state()["imports_waiting"])
    with contextlib.suppress(Busy):
        assert client.find(BY_API, doubtful) == doubtful
    b.wait_until(lambda: not b.state()["imports_waiting"] and not b.state()["calls_in_progress"])
    a.take_over()
    a.wait_until(lambda: len(a.dialled()) == 100)
    called = Counter(call["account_number"] for call in a.dialled())
    assert called == dict.fromkeys(keys(contacts(100)), 1)
