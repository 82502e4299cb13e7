"""Connections that are reset in the middle, answers that drip, and a clock that is set: what the
client makes of them, and what the simulator has done.
"""

from datetime import datetime, timedelta, timezone

import pytest

from ecm_dialer_cisco.clients.base import PushContact
from ecm_dialer_cisco.clients.exceptions import InDoubt

CONTACTS = [PushContact("t-1", "+49302312501"), PushContact("t-2", "+49302312502")]
KEYS = {"t-1", "t-2"}


def push(client):
    return client.push("1", "Outbound Sales", CONTACTS)


@pytest.mark.parametrize(("fault", "arrives"), [("reset_request", False), ("reset_answer", True)])
def test_a_connection_that_is_reset_leaves_a_doubt_that_can_be_settled(
    uccx, client, fault, arrives
):
    uccx.pause()
    uccx.faults({"name": fault, "method": "POST", "times": 1})
    with pytest.raises(InDoubt):
        push(client)
    uccx.wait_until(lambda: not uccx.state()["imports_running"])
    assert bool(uccx.state()["contacts"].get("1")) is arrives
    assert client.find("1", KEYS) == (KEYS if arrives else set())


def test_an_answer_that_drips_is_an_answer(uccx, client):
    uccx.faults({"name": "drip", "seconds": 1, "times": 1})
    assert [campaign.key for campaign in client.campaigns()] == ["1", "2", "3", "4"]
    assert not uccx.state()["faults"][0]["times"]


def test_a_clock_that_was_set_does_not_change_the_record_of_calls(uccx, client):
    uccx.jump(-600)
    try:
        assert push(client).accepted == KEYS
        uccx.wait_until(lambda: len(uccx.dialled()) == 2)
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        for call in uccx.dialled():
            age = now - datetime.fromisoformat(call["dialled_at"])
            assert abs(age) < timedelta(minutes=2)
    finally:
        uccx.jump(600)
