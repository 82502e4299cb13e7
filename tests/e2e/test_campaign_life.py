"""Odoo, UCCX over HTTPS and ODBC, and a process that dies at the worst moment (F1, F2, F4, F6)."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest

from scripts.web_client import RpcError
from simulators.uccx.testing import running_simulator

from .rehearsal import Rehearsal

# The simulator's outcome is in the last digits: see simulators/uccx/README.md.
VOICE, MACHINE, NO_ANSWER, BUSY, INVALID = "1", "4", "5", "6", "7"


def numbers(count, ending):
    """Numbers in Berlin that end so."""
    return [f"+49302312{n:0{4 - len(ending)}d}{ending}" for n in range(count)]


@pytest.fixture
def uccx(empty_database):
    with running_simulator(empty_database("uccx"), lines=50) as simulator:
        yield simulator


@pytest.fixture
def rehearsal(odoo_server, uccx):
    return Rehearsal(odoo_server(cron_threads=0), uccx)


def test_a_campaign_runs_to_its_end(rehearsal):
    rehearsal.upload(
        [*numbers(5, VOICE), *numbers(5, NO_ANSWER), *numbers(3, "18"), *numbers(2, "09")]
    )
    rehearsal.start()
    tally = rehearsal.run_to_the_end()
    assert tally == {"connected": 7, "retries_completed": 5, "dnc_listed": 3}
    rehearsal.assert_nothing_was_called_twice()
    calls = Counter(call["phone"] for call in rehearsal.simulator.dialled())
    assert all(calls[number] == 3 for number in numbers(5, NO_ANSWER)), (
        "three attempts, as the strategy says"
    )
    assert all(calls[number] == 2 for number in numbers(2, "09")), "busy, then voice"


def test_history_says_what_happened(rehearsal):
    rehearsal.upload(numbers(1, VOICE))
    rehearsal.start()
    rehearsal.run_to_the_end()
    fields = [
        "outcome_id",
        "raw_code",
        "agent",
        "duration_seconds",
        "dialer_reference",
        "called_at",
        "state",
    ]
    [attempt] = rehearsal.client.call(
        "ecm.attempt", "search_read", [("campaign_id", "=", rehearsal.campaign_id)], fields
    )
    assert (attempt["outcome_id"][1], attempt["raw_code"], attempt["state"]) == (
        "Live voice",
        "1",
        "done",
    )
    assert all(
        attempt[name] for name in ("agent", "duration_seconds", "dialer_reference", "called_at")
    )


def kill_while(rehearsal, fault, moment):
    """Feed in the background with a fault on, and kill the server when the moment has come."""
    rehearsal.simulator.faults(fault)

    def feed():
        with suppress(Exception):  # the server dies while it answers
            rehearsal.feed()

    thread = threading.Thread(target=feed)
    thread.start()
    # A turn may ask for the dialer's campaigns first, and each answer is as slow as the next one.
    rehearsal.simulator.wait_until(moment, timeout=120)
    rehearsal.server.kill()
    thread.join(30)
    rehearsal.simulator.faults()


def claimed(rehearsal):
    return lambda: (
        rehearsal.sql("SELECT count(*) FROM ecm_attempt WHERE state = 'claimed'")[0][0] == 20
    )


def test_killed_between_claim_and_push(rehearsal):
    """The contacts are claimed, and the dialer has none of them: they are called once, after the
    doubt is settled.
    """
    rehearsal.upload(numbers(20, VOICE))
    rehearsal.start()
    kill_while(rehearsal, {"name": "slow", "seconds": 4, "method": "GET"}, claimed(rehearsal))
    assert rehearsal.simulator.dialled() == []
    rehearsal.restart()
    rehearsal.feed()
    assert rehearsal.tally() == {"sent_to_dialer": 20}, "in doubt: nothing is sent again blindly"
    rehearsal.let_doubts_age()
    rehearsal.let_somebody_call_in()
    assert rehearsal.run_to_the_end() == {"connected": 20}
    rehearsal.assert_nothing_was_called_twice()
    assert len(rehearsal.simulator.dialled()) == 20


def test_killed_between_push_and_receipt(rehearsal):
    """The dialer has the contacts and Odoo does not know it: nobody is called a second time."""
    rehearsal.upload(numbers(20, VOICE))
    rehearsal.start()
    dialled = rehearsal.simulator.dialled
    kill_while(
        rehearsal,
        {"name": "hang", "when": "after", "seconds": 4, "method": "POST"},
        lambda: len(dialled()) == 20,
    )
    assert claimed(rehearsal)()
    rehearsal.restart()
    rehearsal.let_doubts_age()
    assert rehearsal.run_to_the_end() == {"connected": 20}
    rehearsal.assert_nothing_was_called_twice()
    assert len(rehearsal.simulator.dialled()) == 20


def test_dialer_that_dies_after_it_accepted(rehearsal):
    rehearsal.upload(numbers(10, VOICE))
    rehearsal.start()
    rehearsal.simulator.faults("die_after_accept")
    rehearsal.feed()
    rehearsal.simulator.wait_for_exit()
    assert rehearsal.tally() == {"sent_to_dialer": 10}
    rehearsal.let_doubts_age()
    rehearsal.feed()
    assert rehearsal.tally() == {"sent_to_dialer": 10}, (
        "while it cannot be asked, nothing is sent again"
    )
    rehearsal.simulator.start()
    rehearsal.let_doubts_age()
    assert rehearsal.run_to_the_end() == {"connected": 10}
    rehearsal.assert_nothing_was_called_twice()


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "refuse"},
        {"name": "unauthorized"},
        {"name": "unavailable"},
        {"name": "bad_request", "form": "lower"},
        {"name": "bad_request", "form": "capital"},
    ],
    ids=lambda fault: "-".join(fault.values()),
)
def test_refusals_lose_nothing(rehearsal, fault):
    rehearsal.upload(numbers(6, VOICE))
    rehearsal.start()
    rehearsal.simulator.faults(fault)
    rehearsal.feed()
    assert rehearsal.tally() == {"pending": 6}
    assert rehearsal.simulator.dialled() == []
    [target] = rehearsal.client.call(
        "ecm.dialer.campaign", "search_read", [("last_error", "!=", False)], ["last_error"], limit=1
    )
    assert rehearsal.simulator.password not in target["last_error"]
    rehearsal.simulator.faults()
    rehearsal.let_doubts_age()
    rehearsal.sql(
        "UPDATE ecm_contact SET next_attempt_at = now() AT TIME ZONE 'UTC' WHERE next_attempt_at IS NOT NULL"
    )
    assert rehearsal.run_to_the_end() == {"connected": 6}
    rehearsal.assert_nothing_was_called_twice()


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "hang", "when": "before", "seconds": 7, "times": 1, "method": "POST"},
        {"name": "lose_answer", "times": 1},
        {"name": "import_stuck", "times": 1, "rows": "after"},
    ],
    ids=lambda fault: fault["name"],
)
def test_doubts_are_settled_by_asking(rehearsal, fault):
    rehearsal.upload(numbers(6, VOICE))
    rehearsal.start()
    rehearsal.simulator.faults(fault)
    rehearsal.feed()
    assert "pending" not in rehearsal.tally(), "in doubt, so not sent again"
    rehearsal.simulator.faults()
    rehearsal.let_doubts_age()
    rehearsal.let_somebody_call_in()
    assert rehearsal.run_to_the_end() == {"connected": 6}
    rehearsal.assert_nothing_was_called_twice()
    assert len(rehearsal.simulator.dialled()) == 6


def test_late_and_duplicate_rows(rehearsal):
    rehearsal.upload([*numbers(4, VOICE), *numbers(4, BUSY)])
    rehearsal.start()
    rehearsal.simulator.faults({"name": "late_rows", "seconds": 1}, "duplicate_rows")
    tally = rehearsal.run_to_the_end(rounds=200)
    assert tally == {"connected": 4, "retries_completed": 4}
    rehearsal.assert_nothing_was_called_twice()
    attempts = rehearsal.sql("SELECT count(*) FROM ecm_attempt WHERE state = 'done'")[0][0]
    assert attempts == len(rehearsal.simulator.dialled()) == 4 + 3 * 4


def test_results_that_moved_to_history_at_midnight(rehearsal):
    rehearsal.upload(numbers(5, VOICE))
    rehearsal.start()
    rehearsal.feed()
    rehearsal.wait_for_calls()
    rehearsal.simulator.midnight()
    rehearsal.sync()
    assert rehearsal.tally() == {"connected": 5}


def test_two_servers_feed_side_by_side(rehearsal, odoo_server):
    other = odoo_server(database=rehearsal.server.database, cron_threads=0)
    rehearsal.upload(numbers(300, VOICE))
    rehearsal.start()
    feeds = [
        threading.Thread(
            target=server.client().call,
            args=("ecm.campaign", "action_feed_now", [rehearsal.campaign_id]),
        )
        for server in (other, rehearsal.server)
    ]
    for feed in feeds:
        feed.start()
    for feed in feeds:
        feed.join(60)
    assert rehearsal.run_to_the_end() == {"connected": 300}
    rehearsal.assert_nothing_was_called_twice()
    assert len(rehearsal.simulator.dialled()) == 300


def test_campaigns_that_two_fetch_at_once_are_mirrored_once(rehearsal):
    """A supervisor presses the button while the scheduled action does the same."""
    deleted = rehearsal.sql(
        "DELETE FROM ecm_dialer_campaign t WHERE NOT EXISTS"
        " (SELECT FROM ecm_campaign c WHERE c.dialer_campaign_id = t.id) RETURNING key"
    )
    assert len(deleted) > 1, "campaigns that both find anew"
    # Both wait for the dialer's answer before either writes.
    rehearsal.simulator.faults({"name": "slow", "seconds": 2, "method": "GET"})
    with ThreadPoolExecutor(4) as pool:
        fetch = partial(_fetch_campaigns, rehearsal.server, rehearsal.dialer_id)
        answers = [pool.submit(fetch) for _supervisor in range(4)]
        kinds = [answer.result()["params"]["type"] for answer in answers]
    rehearsal.simulator.faults()
    assert kinds == ["success"] * 4
    keys = [key for (key,) in rehearsal.sql("SELECT key FROM ecm_dialer_campaign")]
    assert len(keys) == len(set(keys)) > len(deleted)


def _fetch_campaigns(server, dialer_id):
    return server.client().call("ecm.dialer", "action_fetch_campaigns", [dialer_id])


def test_purge_brings_waiting_contacts_back(rehearsal):
    rehearsal.upload(numbers(8, VOICE))
    rehearsal.start()
    rehearsal.simulator.pause()
    rehearsal.feed()
    rehearsal.client.call("ecm.campaign", "action_stop", [rehearsal.campaign_id])
    assert rehearsal.tally() == {"sent_to_dialer": 8}
    rehearsal.client.call("ecm.campaign", "action_purge", [rehearsal.campaign_id])
    assert rehearsal.tally() == {"pending": 8}
    rehearsal.simulator.resume()
    rehearsal.start()
    assert rehearsal.run_to_the_end() == {"connected": 8}
    rehearsal.assert_nothing_was_called_twice()


@pytest.mark.parametrize("lost", ["POST", "DELETE"])
def test_a_lost_answer_around_a_purge_strands_nobody(rehearsal, lost):
    rehearsal.upload(numbers(8, VOICE))
    rehearsal.start()
    rehearsal.simulator.pause()
    rehearsal.simulator.faults({"name": "lose_answer", "method": lost})
    rehearsal.feed()
    rehearsal.simulator.wait_until(lambda: not rehearsal.simulator.state()["imports_running"])
    rehearsal.client.call("ecm.campaign", "action_stop", [rehearsal.campaign_id])
    with suppress(RpcError):
        rehearsal.client.call("ecm.campaign", "action_purge", [rehearsal.campaign_id])
    rehearsal.simulator.faults()
    rehearsal.sync()
    assert rehearsal.tally() == {"pending": 8}
    rehearsal.simulator.resume()
    rehearsal.let_doubts_age()
    rehearsal.start()
    assert rehearsal.run_to_the_end() == {"connected": 8}
    rehearsal.assert_nothing_was_called_twice()
    assert len(rehearsal.simulator.dialled()) == 8


def test_two_servers_keep_a_limit_over_all_campaigns(rehearsal, odoo_server):
    """Two servers feed two Cisco campaigns at once, and both have the same numbers: each is called
    once.
    """
    other = odoo_server(database=rehearsal.server.database, cron_threads=0)
    rehearsal.client.call("ecm.dialer", "write", [rehearsal.dialer_id], {"rows_per_request": 20})
    second = rehearsal.create_ivr_campaign()
    rehearsal.limit(count=1, period="24h", subject="number", scope="all")
    campaigns = {rehearsal.server: rehearsal.campaign_id, other: second}
    for campaign in campaigns.values():
        rehearsal.upload(numbers(200, NO_ANSWER), campaign)
        rehearsal.client.call("ecm.campaign", "action_start", [campaign])
    feeds = [
        threading.Thread(target=feed_until_done, args=(server.client(), campaign))
        for server, campaign in campaigns.items()
    ]
    for feed in feeds:
        feed.start()
    for feed in feeds:
        feed.join(120)
    tries = [number for (number,) in rehearsal.sql("SELECT number FROM ecm_attempt")]
    assert len(set(tries)) == len(tries) == 200
    assert rehearsal.sql("SELECT count(*) FROM ecm_contact WHERE block_reason = 'limit'") == [
        (200,)
    ]


def feed_until_done(client, campaign_id):
    """Feed one campaign; the dialer takes one import at a time, and sends the other away until
    then.
    """
    for _again in range(100):
        with suppress(RpcError):
            answer = client.call("ecm.campaign", "action_feed_now", [campaign_id])
            if "being fed" not in answer["params"]["message"]:
                return
        # Whoever was sent away is left alone for some seconds.
        time.sleep(0.5)
