"""What every client of a dialer promises (`clients.base`, `clients.exceptions`), over the real wire
of each: its verbs, its errors, and what a crash leaves behind.

The simulator's own record of calls tells whether anybody was called that should not be, or twice.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

import psycopg2
import pytest

from ecm_dialer_cisco.clients.base import CALLBACKS, OTHERS, Holding, PushContact
from ecm_dialer_cisco.clients.digits import DigitPlan, Rule
from ecm_dialer_cisco.clients.exceptions import (
    Busy,
    DialerError,
    InDoubt,
    NotFound,
    Rejected,
    Unauthorized,
    Unreachable,
)
from scripts.odbc import MICROSOFT
from simulators.cce.testing import CceSimulator
from simulators.uccx.testing import Simulator

from .conftest import make_cce_client, make_client, make_rest_client, require_driver


@dataclass
class House:
    """A dialer of one make, with its client and what the tests must know of it."""

    simulator: Simulator
    make_client: object
    campaign: str
    unknown_campaign: str
    account_column: str
    number_column: str
    faults: dict
    start: object
    settings: dict = field(default_factory=dict)

    @property
    def client(self):
        return self.make_client(self.simulator, **self.settings)

    def push(self, batch, client=None):
        return (client or self.client).push(self.campaign, "Outbound Sales", batch)

    def fail(self, name):
        """Switch a fault on.

        :return: settings of a client that meets it, where the simulator cannot play it
        """
        fault = self.faults[name]
        if isinstance(fault, dict) and "name" not in fault:
            return fault
        self.simulator.faults(*([fault] if fault else []))
        return {}

    def find(self, wanted):
        """What the client knows; None while it cannot tell yet."""
        try:
            return self.client.find(self.campaign, wanted)
        except Busy:
            return None

    def dialled(self):
        """How often each key was called."""
        return Counter(call[self.account_column] for call in self.simulator.dialled())

    def wait_for_calls(self, count):
        def is_over():
            state = self.simulator.state()
            return len(self.simulator.dialled()) >= count and not state["calls_in_progress"]

        self.simulator.wait_until(is_over)

    def wait_for_results(self, count, watermark=""):
        def read():
            results, mark = self.client.results(watermark)
            return (results, mark) if len(results) >= count else None

        return self.simulator.wait_until(read)


UCCX_FAULTS = {
    "unreachable": "refuse",
    "refused": "refuse",
    "busy": "unavailable",
    "lost answer": {"name": "lose_answer", "times": 1},
    "lost request": {"name": "drop_request", "method": "POST", "times": 1},
    "late results": {"name": "late_rows", "seconds": 5},
    "told twice": "duplicate_rows",
    "far callbacks": {"name": "callbacks", "seconds": 36_000},
    "dies after": "die_after_accept:times=1",
}
CCE_FAULTS = {
    "unreachable": {"name": "drop", "verb": "login"},
    "refused": {"name": "drop", "verb": "login"},
    "busy": {"name": "deadlock", "verb": "insert"},
    "lost answer": {"name": "lose_answer", "verb": "commit", "times": 1},
    "lost request": {"name": "drop", "verb": "commit", "times": 1},
    "late results": {"name": "late_rows", "seconds": 5},
    # Its history has a key, and keeps what was a callback.
    "told twice": None,
    "far callbacks": None,
    "dies after": "die_after:verb=commit,times=1",
}
REST_FAULTS = {
    **CCE_FAULTS,
    "unreachable": {"name": "drop"},
    # Nobody listens there.
    "refused": {"rest_port": 9},
    "busy": {"name": "queue_full", "verb": "import"},
    "lost answer": {"name": "lose_answer", "verb": "import", "times": 1},
    "lost request": {"name": "drop", "verb": "import", "times": 1},
    "dies after": "die_after:verb=import,times=1",
}


def uccx_house(simulator):
    return House(
        simulator, make_client, "1", "999", "accountnumber", "phone", UCCX_FAULTS, Simulator
    )


def cce_house(simulator):
    return House(
        simulator,
        make_cce_client,
        "5000",
        "999",
        "account_number",
        "phone",
        CCE_FAULTS,
        CceSimulator,
    )


def microsoft_house(simulator):
    """The same with Microsoft's driver, which binds, and tells errors, in a way of its own."""
    return replace(cce_house(simulator), settings={"driver": require_driver(MICROSOFT)})


def rest_house(simulator):
    return House(
        simulator,
        make_rest_client,
        "5003",
        "5000",
        "account_number",
        "phone",
        REST_FAULTS,
        CceSimulator,
    )


MAKES = {
    "uccx": ("uccx", uccx_house),
    "cce": ("cce", cce_house),
    "microsoft": ("cce", microsoft_house),
    "rest": ("cce", rest_house),
}
# Over REST nothing can be taken back.
GIVE_BACK = ("uccx", "cce", "microsoft")


@pytest.fixture(params=MAKES)
def house(request):
    name, build = MAKES[request.param]
    return build(request.getfixturevalue(name))


@pytest.fixture(params=GIVE_BACK)
def giving_house(request):
    """One that can give contacts back."""
    name, build = MAKES[request.param]
    return build(request.getfixturevalue(name))


def contacts(count, start=0, ending="1"):
    return [
        PushContact(f"t-{start + n}", f"+4930{start + n:05}{ending}", "Jo", "Doe")
        for n in range(count)
    ]


def keys(batch):
    return {contact.key for contact in batch}


# verbs


def test_campaigns_have_a_key_a_kind_and_a_mode(house):
    found = house.client.campaigns()
    assert {campaign.kind for campaign in found} <= {"agent", "ivr"}
    modes = {campaign.dialing_mode for campaign in found}
    assert modes <= {"preview", "progressive", "predictive"}
    assert len({campaign.key for campaign in found}) == len(found)
    sales = next(campaign for campaign in found if campaign.key == house.campaign)
    assert (sales.enabled, sales.max_attempts) == (True, 1)
    assert (sales.start_time, sales.end_time) == ("00:00", "23:59")


def test_what_is_pushed_is_called_once_and_has_a_result(house):
    batch = contacts(60)
    receipt = house.push(batch)
    assert (receipt.accepted, receipt.refused) == (keys(batch), set())
    results, _mark = house.wait_for_results(60)
    assert {result.key for result in results} == keys(batch)
    assert all(result.final and result.agent and result.called_at for result in results)
    assert {result.dialer_campaign_key for result in results} == {house.campaign}
    assert house.dialled() == dict.fromkeys(keys(batch), 1)


def test_numbers_that_cannot_be_dialled_are_refused_and_the_others_taken(house):
    house.simulator.pause()
    receipt = house.push([PushContact("t-bad", "call me"), *contacts(1)])
    assert (receipt.accepted, receipt.refused) == ({"t-0"}, {"t-bad"})
    # Over REST an import stands in a queue.
    house.simulator.wait_until(lambda: house.find({"t-bad", "t-0"}) == {"t-0"})


@pytest.mark.parametrize("make", MAKES)
def test_a_dialer_that_calls_again_by_itself_is_told_to_call_once(new_database, make):
    house = MAKES[make][1](None)
    house.simulator = house.start(new_database(), tries=3)
    house.simulator.start()
    try:
        key, client = house.campaign, house.client
        before = {campaign.key: campaign for campaign in client.campaigns()}
        assert before[key].max_attempts == 3
        if make in ("cce", "microsoft"):
            with pytest.raises(Rejected, match="set Maximum attempts to 1"):
                client.set_single_attempt(key)
            return
        for _twice in range(2):
            client.set_single_attempt(key)
        after = {campaign.key: campaign for campaign in client.campaigns()}
        assert after == {**before, key: replace(before[key], max_attempts=1)}
        # Busy at every call.
        house.push([PushContact("t-1", "+4930111116")])
        house.wait_for_results(1)
        assert house.dialled() == {"t-1": 1}
    finally:
        house.simulator.stop()


GERMAN_PLAN = DigitPlan(
    rules=(Rule("beginning", "4930000", strip=7, prepend="7"),),
    own_code="49",
    outside="0",
    trunk="0",
    international="00",
    uses_prefixes=True,
)
# Number, what is dialled for it.
DIALLED = {
    "+493012345601": "003012345601",
    "+431505669001": "000431505669001",
    "+493000012301": "712301",
}


def test_the_dialer_calls_the_digits_of_its_plan_and_results_name_the_number(house):
    batch = [PushContact(f"t-{n}", number) for n, number in enumerate(DIALLED)]
    client = house.make_client(house.simulator, digits=GERMAN_PLAN)
    assert house.push(batch, client).accepted == keys(batch)
    house.wait_for_results(len(batch))
    called = {call[house.number_column] for call in house.simulator.dialled()}
    assert called == set(DIALLED.values())
    results, _mark = client.results("")
    numbers = {contact.key: contact.number for contact in batch}
    assert {result.key: result.number for result in results} == numbers
    assert {each.key: each.number for each in client.results_for(keys(batch))} == numbers
    assert client.find(house.campaign, keys(batch)) == keys(batch)


def test_a_number_of_which_the_plan_leaves_nothing_is_refused(house):
    plan = DigitPlan(rules=(Rule("beginning", "4930", strip=20),))
    house.simulator.pause()
    client = house.make_client(house.simulator, digits=plan)
    receipt = house.push([PushContact("t-none", "+493012345601"), *_foreign(1)], client)
    assert (receipt.accepted, receipt.refused) == ({"t-0"}, {"t-none"})


def _foreign(count):
    return [PushContact(f"t-{n}", f"+43150566{n:03}1") for n in range(count)]


def test_a_callers_mistakes_reach_no_dialer(house):
    with pytest.raises(ValueError, match="fit in one request"):
        house.push(contacts(3), house.make_client(house.simulator, rows_per_request=2))
    with pytest.raises(ValueError, match="letters, digits"):
        house.push([PushContact("x" * 26, "+4930111")])
    with pytest.raises(ValueError, match="twice"):
        house.push(contacts(1) * 2)
    assert not house.client.contacts(house.campaign)


def test_nothing_is_pushed_to_a_campaign_that_is_gone(house):
    with pytest.raises(NotFound):
        house.client.push(house.unknown_campaign, "Gone", contacts(1))


def test_find_knows_what_waits_and_what_was_called(house):
    house.push(contacts(1))
    house.wait_for_calls(1)
    house.simulator.pause()
    house.push(contacts(1, start=1))
    house.simulator.wait_until(lambda: house.find({"t-0", "t-1", "t-2"}) == {"t-0", "t-1"})


def test_waiting_contacts_are_listed(house):
    house.simulator.pause()
    house.push(contacts(3))

    def is_listed():
        return {each.key for each in house.client.contacts(house.campaign)} == keys(contacts(3))

    house.simulator.wait_until(is_listed)


def test_the_watermark_passes_over_nothing(house):
    seen, watermark = set(), ""
    for start in range(0, 90, 30):
        house.push(contacts(30, start=start))
        results, watermark = house.client.results(watermark)
        seen |= {result.key for result in results}
    house.wait_for_calls(90)

    def read():
        nonlocal watermark
        results, watermark = house.client.results(watermark)
        seen.update(result.key for result in results)
        return len(seen) == 90

    house.simulator.wait_until(read)


def test_what_was_read_comes_no_more(house):
    house.push(contacts(5))
    _results, watermark = house.wait_for_results(5)
    results, again = house.client.results(watermark)
    assert results == []
    assert house.client.results(again)[0] == []


def test_late_results_arrive(house):
    house.fail("late results")
    house.push(contacts(2))
    house.simulator.wait_until(lambda: len(house.simulator.dialled()) == 2)
    results, watermark = house.client.results("")
    assert results == []
    results, _mark = house.wait_for_results(2, watermark)
    assert {result.key for result in results} == keys(contacts(2))


def test_what_is_told_twice_counts_once(house):
    house.fail("told twice")
    house.push(contacts(4))
    results, watermark = house.wait_for_results(4)
    assert len(results) == 4
    assert house.client.results(watermark)[0] == []


def test_results_are_found_by_key(house):
    house.push(contacts(3))
    house.wait_for_results(3)
    found = house.client.results_for(["t-0", "t-2", "t-77"])
    assert {result.key for result in found} == {"t-0", "t-2"}


def test_a_callback_is_told_with_its_time(house):
    house.fail("far callbacks")
    house.push([PushContact("t-1", "+4930111148")])
    results, _mark = house.wait_for_results(1)
    assert not results[0].final
    assert results[0].callback_at


def test_a_callback_that_was_made_has_a_result(house):
    house.push([PushContact("t-1", "+4930111148")])

    def is_ended():
        return any(result.final for result in house.client.results_for(["t-1"]))

    house.simulator.wait_until(is_ended)
    assert len(house.simulator.dialled()) == 2


# taking back


def test_a_purge_takes_back_what_was_never_called_and_nothing_else(giving_house):
    house = giving_house
    house.push(contacts(1))
    house.wait_for_calls(1)
    house.simulator.pause()
    house.push(contacts(2, start=10))
    assert house.client.undialled({"t-0", "t-10", "t-11"}) == set()
    house.client.purge(house.campaign)
    assert house.client.undialled({"t-0", "t-10", "t-11", "t-99"}) == {"t-10", "t-11"}
    assert house.client.contacts(house.campaign) == []
    assert house.client.find(house.campaign, {"t-0", "t-10"}) == {"t-0"}

    house.simulator.resume()
    house.push(contacts(1, start=20))
    house.wait_for_calls(2)
    assert house.dialled() == {"t-0": 1, "t-20": 1}


def test_results_tell_what_was_taken_back_and_keep_the_others(giving_house):
    house = giving_house
    house.push(contacts(1))
    house.wait_for_results(1)
    house.simulator.pause()
    house.push(contacts(2, start=10))
    house.client.purge(house.campaign)
    results, _mark = house.client.results("")
    assert {result.key for result in results if result.undialled} == {"t-10", "t-11"}
    assert {result.key for result in results if result.final} == {"t-0"}


# finished contacts


def test_only_finished_contacts_are_deleted_one_by_one(cce):
    house = cce_house(cce)
    assert house.client.deletes_finished
    house.push(contacts(2))
    house.wait_for_results(2)
    # One is being called for ever, two wait, one was taken back, one is another system's.
    house.push([PushContact("t-77", "+493099999")])
    house.simulator.wait_until(lambda: len(house.simulator.dialled()) == 3)
    house.simulator.pause()
    house.push(contacts(1, start=10))
    house.client.purge(house.campaign)
    house.push(contacts(2, start=20))
    found = {each.key: each for each in house.client.finished(house.campaign)}
    assert {key: each.undialled for key, each in found.items()} == {
        "t-0": False,
        "t-1": False,
        "t-10": True,
    }
    assert house.client.delete_finished(house.campaign, [found["t-0"], found["t-10"]]) == 2
    assert house.client.delete_finished(house.campaign, [found["t-0"]]) == 0
    assert {each.key for each in house.client.finished(house.campaign)} == {"t-1"}
    assert house.simulator.state()["contacts"][house.campaign] == {"A": 1, "C": 1, "P": 2}
    # What was deleted is known all the same: its calls are written down.
    assert house.client.find(house.campaign, {"t-0", "t-10", "t-20"}) == {"t-0", "t-20"}


def test_what_was_called_again_meanwhile_is_not_deleted(cce):
    house = cce_house(cce)
    house.push(contacts(1))
    house.wait_for_results(1)
    [found] = house.client.finished(house.campaign)
    with psycopg2.connect(cce.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE ucce_baa.dl_5000_5000 SET callstatuszone1 = 'B'")
    assert house.client.delete_finished(house.campaign, [found]) == 0
    assert house.client.finished(house.campaign) == []


@pytest.fixture(params=("uccx", "rest"))
def clearing_house(request):
    """One that can only delete all contacts of a campaign."""
    name, build = MAKES[request.param]
    house = build(request.getfixturevalue(name))
    assert not house.client.deletes_finished
    return house


def test_what_a_campaign_holds_is_told_before_it_is_cleared(clearing_house):
    house = clearing_house
    house.push(contacts(2))
    house.wait_for_results(2)
    house.simulator.pause()
    house.push(contacts(2, start=10))
    expected = Holding(frozenset({"t-10", "t-11"}), frozenset({"t-0", "t-1"}))
    house.simulator.wait_until(lambda: house.client.holding(house.campaign) == expected)
    # Other keys than ours: another system's.
    stranger = house.make_client(house.simulator, key_prefixes=("s-",))
    assert stranger.holding(house.campaign).obstacle == OTHERS


def test_a_callback_forbids_to_clear(clearing_house):
    house = clearing_house
    house.fail("far callbacks")
    house.push([PushContact("t-1", "+4930111148")])
    house.wait_for_results(1)
    assert house.client.holding(house.campaign).obstacle == CALLBACKS


def test_results_outlive_a_campaign_that_was_cleared(clearing_house):
    house = clearing_house
    house.push(contacts(2))
    house.wait_for_results(2)
    house.client.clear(house.campaign)
    assert house.client.holding(house.campaign) == Holding()
    assert {each.key for each in house.client.results_for({"t-0", "t-1"})} == {"t-0", "t-1"}
    house.push(contacts(1, start=5))
    house.wait_for_calls(3)
    assert house.dialled() == {"t-0": 1, "t-1": 1, "t-5": 1}


# errors after which nothing was accepted


@pytest.mark.parametrize(("fault", "expected"), [("refused", Unreachable), ("busy", Busy)])
def test_a_push_that_failed_is_made_again_without_calling_anybody_twice(house, fault, expected):
    settings = house.fail(fault)
    with pytest.raises(DialerError) as raised:
        house.push(contacts(3), house.make_client(house.simulator, **settings))
    assert type(raised.value) is expected
    house.simulator.faults()
    assert house.client.find(house.campaign, keys(contacts(3))) == set()
    house.push(contacts(3))
    house.wait_for_calls(3)
    assert house.dialled() == {"t-0": 1, "t-1": 1, "t-2": 1}


def test_a_wrong_password_is_told_and_never_shown(house):
    client = house.make_client(house.simulator, password="wrong horse")
    with pytest.raises(Unauthorized) as raised:
        house.push(contacts(1), client)
    assert "wrong horse" not in str(raised.value)


def test_health_tells_what_does_not_work(house):
    assert house.client.health().ok
    house.fail("unreachable")
    health = house.client.health()
    assert not health.ok
    assert not health.interface_ok
    assert health.message


# errors after which it is not known, and crashes


@pytest.mark.parametrize(("fault", "arrived"), [("lost answer", True), ("lost request", False)])
def test_a_push_in_doubt_is_cleared_up_by_find(house, fault, arrived):
    house.fail(fault)
    batch = contacts(3)
    with pytest.raises(InDoubt):
        house.push(batch)
    house.simulator.faults()

    if arrived:
        house.simulator.wait_until(lambda: house.find(keys(batch)) == keys(batch))
    else:
        house.simulator.wait_until(lambda: house.find(keys(batch)) == set())
        house.push(batch)
    house.wait_for_calls(3)
    assert house.dialled() == {"t-0": 1, "t-1": 1, "t-2": 1}


@pytest.mark.parametrize("make", MAKES)
def test_a_dialer_that_dies_after_it_accepted_still_knows_it(new_database, make):
    house = MAKES[make][1](None)
    house.simulator = house.start(new_database(), fault=[house.faults["dies after"]])
    house.simulator.start()
    try:
        with pytest.raises(InDoubt):
            house.push(contacts(3))
        assert house.simulator.wait_for_exit() == 70
        with pytest.raises(Unreachable):
            house.client.find(house.campaign, {"t-0"})

        house.simulator._options.pop("fault")
        house.simulator.start()
        house.simulator.wait_until(lambda: house.find({"t-0", "t-2", "t-9"}) == {"t-0", "t-2"})
        house.wait_for_calls(3)
        assert house.dialled() == {"t-0": 1, "t-1": 1, "t-2": 1}
    finally:
        if house.simulator.is_running:
            house.simulator.stop()


def test_what_was_called_when_the_dialer_was_killed_is_not_taken_back(giving_house):
    house = giving_house
    never_ends = PushContact("t-1", "+493099999")
    house.push([never_ends])
    house.simulator.wait_until(lambda: len(house.simulator.dialled()) == 1)
    house.simulator.pause()
    house.push(contacts(1, start=10))
    house.client.purge(house.campaign)
    assert house.client.undialled({"t-1", "t-10"}) == {"t-10"}
    assert house.client.find(house.campaign, {"t-1", "t-10"}) == {"t-1"}
