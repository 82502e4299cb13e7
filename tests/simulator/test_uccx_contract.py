"""The UCCX client against the simulator: real process, real HTTPS, real ODBC.

After every fault the simulator's own record of calls tells whether anything was dialled that should
not be, or twice.
"""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from operator import methodcaller

import psycopg2
import pyodbc
import pytest

from ecm_campaign.tools import odbc
from ecm_dialer_cisco.clients.base import PushContact
from ecm_dialer_cisco.clients.exceptions import (
    Busy,
    DialerError,
    InDoubt,
    NotFound,
    Rejected,
    Unauthorized,
    Unreachable,
)
from ecm_dialer_cisco.clients.failover import AnyOf
from ecm_dialer_cisco.clients.uccx_config import UccxConfig
from simulators.uccx.testing import Simulator

from .conftest import make_client

SALES, PREVIEW, REMINDER = "1", "2", "3"


def contacts(count, start=0, ending="1"):
    return [
        PushContact(f"t-{start + n}", f"+4930{start + n:05}{ending}", "Jo", "Doe, Jr")
        for n in range(count)
    ]


def keys(batch):
    return {contact.key for contact in batch}


def push(client, batch, campaign=SALES):
    return client.push(campaign, "Outbound Sales", batch)


def dialled_keys(uccx):
    return [call["accountnumber"] for call in uccx.dialled()]


def hasty(uccx, fault):
    """A client whose time-out is shorter than the server hangs."""
    return make_client(uccx, read_timeout=0.5 if "hang" in str(fault) else 5)


def found(client, batch):
    """What `find` knows; None while an import runs."""
    try:
        return client.find(SALES, keys(batch))
    except Busy:
        return None


def wait_for_calls(uccx, count):
    uccx.wait_until(lambda: len(uccx.dialled()) >= count and not uccx.state()["calls_in_progress"])


def wait_for_results(uccx, client, count, watermark=""):
    def read():
        results, mark = client.results(watermark)
        return (results, mark) if len(results) >= count else None

    return uccx.wait_until(read)


# campaigns


def test_campaigns(client):
    found = {campaign.name: campaign for campaign in client.campaigns()}
    assert {(item.kind, item.dialing_mode) for item in found.values()} == {
        ("agent", "progressive"),
        ("agent", "preview"),
        ("ivr", "predictive"),
        ("ivr", "progressive"),
    }
    sales = found["Outbound Sales"]
    assert (sales.key, sales.enabled, sales.start_time, sales.end_time) == (
        "1",
        True,
        "00:00",
        "23:59",
    )
    assert sales.max_attempts == 1


def test_a_disabled_campaign_dials_nothing_until_it_is_enabled(uccx, client):
    client.set_enabled(SALES, False)
    assert not next(item for item in client.campaigns() if item.key == SALES).enabled
    push(client, contacts(3))
    push(client, contacts(1, start=10), REMINDER)
    wait_for_calls(uccx, 1)
    assert dialled_keys(uccx) == ["t-10"]
    client.set_enabled(SALES, True)
    wait_for_calls(uccx, 4)


def test_an_unknown_campaign(client):
    with pytest.raises(NotFound):
        client.set_enabled("999", True)
    with pytest.raises(NotFound):
        push(client, contacts(1), "999")


def test_health(uccx, client):
    assert client.health().ok
    uccx.faults("unavailable")
    health = client.health()
    assert (health.ok, health.interface_ok, health.results_ok) == (False, False, True)


# pushing


def test_pushed_contacts_are_dialled_once_and_their_results_read(uccx, client):
    batch = contacts(100)
    receipt = push(client, batch)
    assert (receipt.accepted, receipt.refused) == (keys(batch), set())
    results, _mark = wait_for_results(uccx, client, 100)
    assert {result.key for result in results} == keys(batch)
    assert all(result.final and result.raw_code == "1" and result.agent for result in results)
    assert Counter(dialled_keys(uccx)) == dict.fromkeys(keys(batch), 1)


def test_refused_and_accepted_contacts_of_a_partial_import(uccx, client):
    uccx.faults({"name": "import_partial", "imported": 2})
    receipt = push(client, contacts(5))
    assert (receipt.accepted, receipt.refused) == ({"t-0", "t-1"}, {"t-2", "t-3", "t-4"})
    wait_for_calls(uccx, 2)
    assert set(dialled_keys(uccx)) == {"t-0", "t-1"}


def test_what_a_failed_import_did_not_bring_is_in_doubt(uccx, client):
    uccx.faults({"name": "import_partial", "imported": 1, "result": "FAILED", "rest": "later"})
    receipt = push(client, contacts(3))
    assert (receipt.accepted, receipt.refused) == ({"t-0"}, set())
    assert receipt.doubtful == {"t-1", "t-2"}
    uccx.faults()
    wait_for_calls(uccx, 3)
    assert client.find(SALES, keys(contacts(3))) == keys(contacts(3))


def test_an_import_without_a_result_is_not_over(uccx, client):
    uccx.faults({"name": "import_partial", "imported": 1, "result": "", "rest": "later"})
    with pytest.raises(InDoubt):
        push(make_client(uccx, import_timeout=0.5), contacts(3))
    with pytest.raises(Busy):
        client.find(SALES, keys(contacts(3)))
    uccx.faults()
    wait_for_calls(uccx, 3)
    assert client.find(SALES, keys(contacts(3))) == keys(contacts(3))
    assert Counter(dialled_keys(uccx)) == {"t-0": 1, "t-1": 1, "t-2": 1}


def test_duplicates_are_taken_only_when_allowed(uccx, client):
    push(client, contacts(1))
    wait_for_calls(uccx, 1)
    again = [PushContact("t-again", contacts(1)[0].number)]
    strict = make_client(uccx, allow_duplicates=False)
    assert push(strict, again).refused == {"t-again"}
    assert push(client, again).accepted == {"t-again"}


def test_limits_of_rows_and_contacts(uccx, client):
    with pytest.raises(Rejected, match="more than 200 contacts"):
        push(client, contacts(201))
    uccx.pause()
    push(client, contacts(200))
    with pytest.raises(Rejected, match="more than 300 active"):
        push(client, contacts(101, start=200))
    assert push(client, contacts(100, start=200)).accepted == keys(contacts(100, start=200))


def test_limit_of_active_campaigns(uccx, client):
    with psycopg2.connect(uccx.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT document FROM sim_campaign WHERE campaignid = 1")
        document = cursor.fetchone()[0]
        for key in (5, 6):
            document = {**document, "campaignName": f"Extra {key}", "enabled": "false"}
            cursor.execute("INSERT INTO sim_campaign VALUES (%s, %s)", (key, json.dumps(document)))
    client.set_enabled("5", True)
    with pytest.raises(Rejected, match="maximum number of active campaigns"):
        client.set_enabled("6", True)


def test_one_import_at_a_time(uccx, client):
    uccx.faults("import_stuck")
    with pytest.raises(InDoubt):
        push(make_client(uccx, import_timeout=0.5), contacts(2))
    with pytest.raises(Busy):
        push(client, contacts(2, start=10))
    with pytest.raises(Busy):
        push(client, contacts(2, start=20), REMINDER)
    with pytest.raises(Busy):
        client.find(SALES, {"t-0"})
    uccx.faults()
    wait_for_calls(uccx, 2)
    assert sorted(dialled_keys(uccx)) == ["t-0", "t-1"]
    assert client.find(SALES, {"t-0", "t-1", "t-10", "t-20"}) == {"t-0", "t-1"}


def test_an_import_that_never_reports_although_the_contacts_are_there(uccx, client):
    uccx.faults({"name": "import_stuck", "rows": "after"})
    with pytest.raises(InDoubt):
        push(make_client(uccx, import_timeout=0.5), contacts(2))
    wait_for_calls(uccx, 2)
    uccx.faults()
    uccx.wait_until(lambda: not uccx.state()["imports_running"])
    assert client.find(SALES, {"t-0", "t-1"}) == {"t-0", "t-1"}


# faults: nothing was accepted


NOT_ACCEPTED = [
    ("refuse", Unreachable),
    ("unauthorized", Unauthorized),
    ({"name": "bad_request", "form": "camel"}, Rejected),
    ({"name": "bad_request", "form": "capital"}, Rejected),
    ("unavailable", Busy),
    ({"name": "unavailable", "method": "POST"}, Busy),
    ({"name": "server_error", "method": "GET"}, Unreachable),
    ({"name": "drop_request", "method": "GET"}, Unreachable),
    ({"name": "hang", "seconds": 1, "method": "GET"}, Unreachable),
    ({"name": "bad_request", "message": "Import is in progress"}, Rejected),
]


@pytest.mark.parametrize(("fault", "expected"), NOT_ACCEPTED)
def test_a_failed_push_that_was_not_accepted_dials_nothing(uccx, client, fault, expected):
    uccx.faults(fault)
    with pytest.raises(DialerError) as raised:
        push(hasty(uccx, fault), contacts(3))
    assert type(raised.value) is expected
    uccx.faults()
    assert client.find(SALES, keys(contacts(3))) == set()
    push(client, contacts(3))
    wait_for_calls(uccx, 3)
    assert Counter(dialled_keys(uccx)) == {"t-0": 1, "t-1": 1, "t-2": 1}


def test_both_error_forms_are_understood(uccx, client):
    for form in ("camel", "capital"):
        uccx.faults({"name": "bad_request", "form": form})
        with pytest.raises(
            Rejected, match=r"Contacts cannot be imported \(simulated fault\)"
        ) as raised:
            push(client, contacts(1))
        assert raised.value.code == "InvalidInput"


def test_a_host_that_nobody_knows(uccx):
    with pytest.raises(Unreachable, match="the name is unknown"):
        push(make_client(uccx, hosts=("no-such-host.invalid",)), contacts(1))


def test_a_restart_of_postgresql_is_got_over(uccx, client):
    """Connections of the simulator end under it (Y11)."""
    clients = [make_client(uccx) for _number in range(8)]
    with ThreadPoolExecutor(len(clients)) as pool:
        assert all(pool.map(methodcaller("campaigns"), clients))
    own = "datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg2.connect(uccx.dsn) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {own}")

    # One request finds it out, for all connections.
    uccx.wait_until(lambda: _is_listed(client))
    assert push(client, contacts(1)).accepted
    uccx.wait_until(uccx.dialled)


def _is_listed(client):
    try:
        return client.campaigns()
    except (Unreachable, Rejected):
        return False


def test_a_wrong_password(uccx):
    with pytest.raises(Unauthorized):
        push(make_client(uccx, password="wrong"), contacts(1))


def test_a_certificate_that_is_not_trusted(uccx):
    with pytest.raises(Unreachable, match="certificate"):
        push(make_client(uccx, verify_tls=True), contacts(1))


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_certificate_that_need_not_be_trusted(uccx):
    assert make_client(uccx, verify_tls=False).campaigns()


def test_the_second_node_takes_over(uccx):
    client = make_client(uccx, hosts=("127.0.0.1:9", f"{uccx.host}:{uccx.port}"))
    assert push(client, contacts(2)).accepted == {"t-0", "t-1"}
    assert client.health().node.endswith(str(uccx.port))


# faults: in doubt


IN_DOUBT = [
    ({"name": "lose_answer", "times": 1}, True),
    ({"name": "hang", "seconds": 1, "when": "after", "method": "POST", "times": 1}, True),
    ({"name": "hang", "seconds": 1, "when": "late", "method": "POST", "times": 1}, True),
    ({"name": "hang", "seconds": 1, "when": "before", "method": "POST", "times": 1}, False),
    ({"name": "drop_request", "method": "POST", "times": 1}, False),
    ({"name": "server_error", "method": "POST", "times": 1}, False),
]


@pytest.mark.parametrize(("fault", "accepted"), IN_DOUBT)
def test_a_push_in_doubt_is_cleared_up_by_find(uccx, client, fault, accepted):
    uccx.faults(fault)
    batch = contacts(3)
    with pytest.raises(InDoubt):
        push(hasty(uccx, fault), batch)
    if accepted:
        uccx.wait_until(lambda: found(client, batch) == keys(batch))
    else:
        assert client.find(SALES, keys(batch)) == set()
        push(client, batch)
    wait_for_calls(uccx, 3)
    assert Counter(dialled_keys(uccx)) == {"t-0": 1, "t-1": 1, "t-2": 1}


def test_what_arrives_at_the_last_moment_is_known_when_the_doubt_is_over(uccx):
    client = make_client(
        uccx,
        connect_timeout=0.5,
        read_timeout=0.5,
        import_timeout=2,
        get_retries=1,
        retry_pause=0.05,
    )
    # The request leaves late, and then stands in the server's queue as long as an import may take.
    uccx.faults(
        {"name": "hang", "seconds": 0.6, "when": "before", "method": "GET", "times": 1},
        {"name": "hang", "seconds": 1.9, "when": "late", "method": "POST", "times": 1},
    )
    batch, began = contacts(3), time.monotonic()
    with pytest.raises(InDoubt):
        push(client, batch)
    uccx.wait_until(lambda: time.monotonic() - began > client.config.doubt_seconds)
    assert client.find(SALES, keys(batch)) == keys(batch)
    wait_for_calls(uccx, 3)
    assert Counter(dialled_keys(uccx)) == {"t-0": 1, "t-1": 1, "t-2": 1}


def test_a_slow_server_is_waited_for(uccx, client):
    uccx.faults({"name": "slow", "seconds": 0.3, "times": 2})
    assert push(client, contacts(1)).accepted == {"t-0"}


def test_the_server_dies_after_it_accepted(new_database):
    uccx = Simulator(new_database(), fault=["die_after_accept:times=1"]).start()
    client = make_client(uccx)
    with pytest.raises(InDoubt):
        push(client, contacts(3))
    assert uccx.wait_for_exit() == 70
    with pytest.raises(Unreachable):
        client.find(SALES, {"t-0"})
    uccx._options.pop("fault")
    uccx.start()
    uccx.wait_until(lambda: not uccx.state()["imports_running"])
    assert client.find(SALES, {"t-0", "t-1", "t-2", "t-9"}) == {"t-0", "t-1", "t-2"}
    wait_for_calls(uccx, 3)
    assert Counter(dialled_keys(uccx)) == {"t-0": 1, "t-1": 1, "t-2": 1}
    uccx.stop()


def test_killed_during_calls_contacts_become_unknown_and_are_not_called_again_by_themselves(
    new_database,
):
    uccx = Simulator(new_database(), clock_factor=1).start()
    client = make_client(uccx)
    push(client, contacts(3))
    uccx.wait_until(lambda: len(uccx.dialled()) == 3)
    uccx.kill()
    uccx.start()
    assert uccx.state()["contacts"]["1"] == {"7": 3}
    assert client.results("")[0] == []
    assert client.find(SALES, {"t-0"}) == {"t-0"}
    assert len(uccx.dialled()) == 3
    assert [contact.key for contact in client.contacts(SALES, "UNKNOWN")] == ["t-0", "t-1", "t-2"]
    uccx.stop()


# results


def test_results_from_both_tables_before_and_after_midnight(uccx, client):
    push(client, contacts(5))
    wait_for_calls(uccx, 5)
    before, _mark = client.results("")
    uccx.midnight()
    assert uccx.state()["history"] == 5
    after, _mark = client.results("")
    assert after == before
    assert {result.key for result in client.results_for(["t-0", "t-4", "t-77"])} == {"t-0", "t-4"}
    assert client.find(SALES, {"t-0"}) == {"t-0"}


def test_the_watermark_passes_over_nothing(uccx, client):
    patient = make_client(uccx, overlap=0)
    seen, watermark = set(), ""
    for start in range(0, 150, 50):
        push(client, contacts(50, start=start))
        results, watermark = patient.results(watermark)
        seen |= {result.key for result in results}
    wait_for_calls(uccx, 150)
    results, watermark = patient.results(watermark)
    assert seen | {result.key for result in results} == keys(contacts(150))


def test_rows_in_both_tables_come_once(uccx, client):
    uccx.faults("duplicate_rows")
    push(client, contacts(4))
    wait_for_calls(uccx, 4)
    assert uccx.state()["history"] == 4
    assert len(client.results("")[0]) == 4
    uccx.midnight()
    assert len(client.results("")[0]) == 4


def test_late_results_arrive(uccx, client):
    uccx.faults({"name": "late_rows", "seconds": 1})
    push(client, contacts(2))
    uccx.wait_until(lambda: len(uccx.dialled()) == 2)
    results, watermark = client.results("")
    assert results == []
    results, _mark = wait_for_results(uccx, client, 2, watermark)
    assert len(results) == 2


ENDINGS = {
    "4": 3,
    "5": 15,
    "6": 11,
    "7": 4,
    "08": 2,
    "18": 5,
    "28": 18,
    "38": 16,
    "58": 17,
    "68": 6,
    "78": 7,
}


def test_results_by_the_last_digits_of_the_number(uccx, client):
    batch = [PushContact(f"t-{ending}", f"+49301234500{ending}") for ending in ENDINGS]
    push(client, batch)
    results, _mark = wait_for_results(uccx, client, len(batch))
    assert {result.key[2:]: int(result.raw_code) for result in results} == ENDINGS
    finals = {result.raw_code: result.raw_status for result in results}
    assert {finals[code] for code in ("15", "11", "18", "16")} == {"5"}
    assert {finals[code] for code in ("3", "4", "5")} == {"3"}


def test_a_number_that_is_busy_twice_and_then_answers(uccx, client):
    codes = []
    for attempt in range(3):
        push(client, [PushContact(f"t-{attempt}", "+4930123419")])
        wait_for_calls(uccx, attempt + 1)
        codes += [result.raw_code for result in client.results_for([f"t-{attempt}"])]
    assert codes == ["11", "11", "1"]


def test_preview_results_are_those_of_the_agent(uccx, client):
    batch = [
        PushContact("t-busy", "+493011116"),
        PushContact("t-closed", "+4930111188"),
        PushContact("t-ok", "+49301"),
    ]
    push(client, batch, PREVIEW)
    results, _mark = wait_for_results(uccx, client, 3)
    assert {result.key: result.raw_code for result in results} == {
        "t-busy": "11",
        "t-closed": "10",
        "t-ok": "1",
    }
    assert sorted(dialled_keys(uccx)) == ["t-busy", "t-ok"]


def test_a_preview_call_is_not_voice_before_the_agent_said_so(new_database):
    with_slow_calls = Simulator(new_database(), clock_factor=10, ring_seconds=20).start()
    client = make_client(with_slow_calls)
    push(client, [PushContact("t-1", "+493011116")], PREVIEW)
    with_slow_calls.wait_until(lambda: with_slow_calls.state()["contacts"].get("2", {}).get("3"))
    assert client.results("")[0] == []
    results, _mark = wait_for_results(with_slow_calls, client, 1)
    assert results[0].raw_code == "11"
    with_slow_calls.stop()


def test_a_rejected_preview_is_shown_again(uccx, client):
    push(client, [PushContact("t-1", "+4930111198")], PREVIEW)
    (result,), _mark = wait_for_results(uccx, client, 1)
    assert result.raw_code == "1"
    assert len(uccx.dialled()) == 1


def test_a_callback_is_told_once_and_then_kept(uccx, client):
    uccx.faults({"name": "callbacks", "seconds": 1800, "number": "+4930999991"})
    push(client, [PushContact("t-1", "+4930111148")])
    (promise,), mark = wait_for_results(uccx, client, 1)
    told = (promise.final, promise.raw_code, promise.callback_number, bool(promise.agent))
    assert told == (False, "8", "+4930999991", True)
    assert client.results(mark)[0] == []
    (result,), mark = wait_for_results(uccx, client, 1, mark)
    assert (result.key, result.final, result.raw_code) == ("t-1", True, "1")
    assert [call["callresult"] for call in uccx.dialled()] == [8, 1]
    assert client.results(mark)[0] == []


def test_what_waits_for_a_day_is_remembered_and_nothing_else_is_read(uccx, client):
    push(client, [PushContact("t-stuck", "+493099999"), *contacts(50)])
    wait_for_results(uccx, client, 50)
    results, mark = client.results("")
    assert len(results) == 50
    for _twice in range(2):
        results, mark = client.results(mark)
        assert results == []
    push(client, contacts(1, start=60))
    (result,), mark = wait_for_results(uccx, client, 1, mark)
    assert result.key == "t-60"


def make_late_client(uccx):
    """One that reads the standby node's database, which is behind until it catches up."""
    uccx.replicate()
    late = make_client(uccx)
    late._database._connect = lambda: pyodbc.connect(
        uccx.odbc_connection_string(standby=True), autocommit=True
    )
    return late


def test_a_push_in_doubt_waits_for_a_standby_node_that_is_behind(uccx):
    late, batch = make_late_client(uccx), contacts(3)
    uccx.faults({"name": "lose_answer", "times": 1})
    with pytest.raises(InDoubt):
        push(late, batch)
    wait_for_calls(uccx, 3)
    with pytest.raises(Busy):
        late.find(SALES, keys(batch))
    uccx.replicate()
    assert late.find(SALES, {"t-0", "t-1", "t-2", "t-9"}) == keys(batch)


def fail_and_go_on(uccx, client, batch):
    """An import that is told to have failed, and goes on."""
    fault = {"name": "import_partial", "imported": 0, "result": "FAILED", "rest": "later"}
    uccx.faults(fault)
    assert push(client, batch).doubtful == keys(batch)
    uccx.faults()
    wait_for_calls(uccx, len(batch))


def forget_imports(uccx, client, batch):
    """An engine that knows nothing of the imports before its restart."""
    uccx.faults({"name": "lose_answer", "times": 1})
    with pytest.raises(InDoubt):
        push(client, batch)
    wait_for_calls(uccx, len(batch))
    with psycopg2.connect(uccx.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM sim_import")


@pytest.fixture
def let_time_pass(uccx):
    """Lets so many seconds pass on UCCX's clock and a client's."""
    jumps = []

    def let_pass(client, seconds):
        uccx.jump(seconds)
        jumps.append(seconds)
        now = client._clock() + timedelta(seconds=seconds)
        client._clock = lambda: now

    yield let_pass
    uccx.jump(-sum(jumps))


def send_again(client, batch, sent_at):
    """As the engine does with what is in doubt."""
    with suppress(Busy):
        missing = keys(batch) - client.find(SALES, keys(batch), sent_at)
        push(client, [contact for contact in batch if contact.key in missing])


@pytest.mark.parametrize("happen", [fail_and_go_on, forget_imports])
def test_an_import_that_tells_nothing_makes_nobody_called_twice(uccx, let_time_pass, happen):
    late, batch, sent_at = make_late_client(uccx), contacts(3), datetime.now(timezone.utc)
    happen(uccx, late, batch)
    # The standby node is behind by more than the time of doubt, and then by more than is usual.
    for seconds in (late.config.doubt_seconds + 1, late.config.longest_lag):
        let_time_pass(late, seconds)
        send_again(late, batch, sent_at)
    uccx.replicate()
    assert late.find(SALES, keys(batch), sent_at) == keys(batch)
    wait_for_calls(uccx, 3)
    assert Counter(dialled_keys(uccx)) == {"t-0": 1, "t-1": 1, "t-2": 1}


def test_a_standby_node_that_never_catches_up_makes_nobody_called_twice(uccx, let_time_pass):
    late, batch, sent_at = make_late_client(uccx), contacts(3), datetime.now(timezone.utc)
    fail_and_go_on(uccx, late, batch)
    let_time_pass(late, late.config.doubt_seconds + late.config.longest_lag + 1)
    with pytest.raises(Busy, match="shows nothing newer"):
        late.find(SALES, keys(batch), sent_at)
    let_time_pass(late, late.config.longest_silence)
    send_again(late, batch, sent_at)
    assert late.find(SALES, keys(batch), sent_at) == keys(batch)
    assert Counter(dialled_keys(uccx)) == {"t-0": 1, "t-1": 1, "t-2": 1}


def test_who_never_came_is_sent_again_once_later_calls_are_seen(uccx, let_time_pass):
    late, batch, sent_at = make_late_client(uccx), contacts(3), datetime.now(timezone.utc)
    fault = {"name": "import_partial", "imported": 0, "result": "FAILED"}
    uccx.faults(fault)
    assert push(late, batch).doubtful == keys(batch)
    uccx.faults()
    let_time_pass(late, late.config.doubt_seconds + late.config.longest_lag + 1)
    with pytest.raises(Busy, match="shows nothing newer"):
        late.find(SALES, keys(batch), sent_at)
    # Somebody else's contact, in another campaign.
    push(make_client(uccx), contacts(1, start=10), REMINDER)
    wait_for_calls(uccx, 1)
    uccx.replicate()
    send_again(late, batch, sent_at)
    wait_for_calls(uccx, 4)
    assert Counter(dialled_keys(uccx)) == {"t-0": 1, "t-1": 1, "t-2": 1, "t-10": 1}


def test_what_a_standby_node_shows_late_is_told_late_and_once(uccx, client):
    late = make_late_client(uccx)
    mark, told = "", []
    for start in (0, 10, 20):
        push(client, contacts(5, start=start))
        wait_for_calls(uccx, start // 2 + 5)
        results, mark = late.results(mark)
        told += [result.key for result in results]
        uccx.replicate()
    results, mark = late.results(mark)
    told += [result.key for result in results]
    assert Counter(told) == dict.fromkeys(dialled_keys(uccx), 1)
    assert len(told) == 15


def open_main(uccx, is_up):
    """The first node's database, while it is up."""
    if not is_up:
        raise odbc.DatabaseError("The node is down")
    return odbc.connect(uccx.odbc_connection_string())


def test_results_go_on_when_the_first_nodes_database_dies_and_comes_back(uccx):
    up = {"main": True}
    reader = make_client(uccx, overlap=UccxConfig.longest_lag, look_interval=0)
    ways = [
        lambda: open_main(uccx, up["main"]),
        lambda: pyodbc.connect(uccx.odbc_connection_string(standby=True), autocommit=True),
    ]
    reader._database._connect = AnyOf(ways, odbc.DatabaseError)
    mark, told = "", []

    def read():
        nonlocal mark
        results, mark = reader.results(mark)
        told.extend(result.key for result in results)

    push(reader, contacts(5))
    wait_for_calls(uccx, 5)
    read()
    # Half of it is on the second node when the first one dies.
    push(reader, contacts(5, start=10))
    wait_for_calls(uccx, 10)
    uccx.replicate()
    push(reader, contacts(5, start=20))
    wait_for_calls(uccx, 15)
    up["main"] = False
    read()
    read()
    assert len(told) == 10
    # The second one dies, and the first one is back.
    up["main"] = True
    reader._database._connect._ways.reverse()
    read()
    assert Counter(told) == dict.fromkeys(dialled_keys(uccx), 1)
    assert len(told) == 15


def test_a_call_without_an_end_stays_without_a_result(uccx, client):
    push(client, [PushContact("t-1", "+493099999")])
    uccx.wait_until(lambda: len(uccx.dialled()) == 1)
    assert client.results("")[0] == []
    uccx.control("POST", "engine-restart")
    assert uccx.state()["contacts"]["1"] == {"7": 1}


def test_without_rights_on_details_results_still_come(uccx, client):
    push(client, contacts(1))
    wait_for_calls(uccx, 1)
    with psycopg2.connect(uccx.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE agentconnectiondetail RENAME TO hidden")
    try:
        (result,) = client.results("")[0]
    finally:
        with psycopg2.connect(uccx.dsn) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER TABLE hidden RENAME TO agentconnectiondetail")
    assert (result.key, result.agent, result.called_at) == ("t-0", "", None)


# contacts at the dialer


def test_waiting_contacts_are_listed_and_purged(uccx, client):
    uccx.pause()
    push(client, contacts(3))
    first = client.contacts(SALES)[0]
    assert (first.key, first.number, first.last_name, first.raw_status) == (
        "t-0",
        "+4930000001",
        "Doe Jr",
        "1",
    )
    assert next(item for item in client.campaigns() if item.key == SALES).pending_contacts == 3
    client.purge(SALES)
    assert client.contacts(SALES) == []
    uccx.resume()
    push(client, contacts(1, start=10))
    wait_for_calls(uccx, 1)
    assert dialled_keys(uccx) == ["t-10"]
    assert client.find(SALES, {"t-0", "t-10"}) == {"t-10"}
    told = {result.key for result in client.results("")[0] if result.undialled}
    assert told == {"t-0", "t-1", "t-2"}


def test_only_what_was_purged_before_it_was_called_is_undialled(uccx, client):
    push(client, contacts(1))
    wait_for_calls(uccx, 1)
    uccx.pause()
    push(client, contacts(2, start=10))
    assert client.undialled({"t-0", "t-10", "t-11"}) == set()
    client.purge(SALES)
    assert client.undialled({"t-0", "t-10", "t-11", "t-99"}) == {"t-10", "t-11"}


@pytest.mark.parametrize("purge_first", [False, True])
def test_what_was_dialled_before_the_engine_restarted_is_not_undialled(uccx, client, purge_first):
    push(client, [PushContact("t-1", "+493099999")])
    uccx.wait_until(lambda: len(uccx.dialled()) == 1)
    uccx.pause()
    push(client, contacts(1, start=10))
    steps = [uccx.fail_over, lambda: client.purge(SALES)]
    for step in reversed(steps) if purge_first else steps:
        step()

    # Nothing but the columns of calls tells the two rows apart: both are Pending and inactive.
    with psycopg2.connect(uccx.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT callstatus, active FROM dialinglist")
        assert cursor.fetchall() == [(1, False)]
    assert dialled_keys(uccx) == ["t-1"]
    assert client.undialled({"t-1", "t-10"}) == {"t-10"}


def test_uccx_calls_again_what_its_restart_interrupted(uccx, client):
    push(client, [PushContact("t-1", "+493099999")])
    uccx.wait_until(lambda: len(uccx.dialled()) == 1)
    uccx.fail_over()
    uccx.wait_until(lambda: len(uccx.dialled()) == 2)
    assert dialled_keys(uccx) == ["t-1", "t-1"]


def test_purging_keeps_results(uccx, client):
    push(client, contacts(2))
    wait_for_calls(uccx, 2)
    client.purge(SALES)
    assert len(client.results("")[0]) == 2
