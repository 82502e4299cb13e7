"""CCE's client over databases that are values: what is written where, which doubts there are, and what
the lists and the history tell of an account number.
"""

from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from ecm_dialer_cisco.clients import cce
from ecm_dialer_cisco.clients.base import CallResult, DialerContact, FinishedContact, PushContact
from ecm_dialer_cisco.clients.cce import CceClient
from ecm_dialer_cisco.clients.cce_config import CceConfig
from ecm_dialer_cisco.clients.cce_database import (
    CampaignRow,
    FinishedRow,
    GroupRow,
    RuleRow,
    UncalledRow,
    WaitingRow,
)
from ecm_dialer_cisco.clients.cce_results import CceWatermark
from ecm_dialer_cisco.clients.digits import DigitPlan
from ecm_dialer_cisco.clients.exceptions import Busy, InDoubt, NotFound, Rejected, Unreachable

from .test_cce import row

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
THERE = datetime(2026, 7, 1, 14)
RULES = [
    RuleRow(1, 10, "N", 0),
    RuleRow(1, 11, "Y", 1),
    RuleRow(1, 12, "Y", 2),
    RuleRow(2, 20, "Y", 1),
]


class Database:
    """What `CceDatabase` does, with dictionaries by the name of a list."""

    def __init__(self):
        self.rules_there, self.calls = RULES, []
        self.lists, self.done_with, self.taken_back, self.waits = {}, {}, {}, {}
        self.written, self.opened, self.closed, self.deleted = [], [], [], []
        self.asked_since, self.failures = [], {}
        self.commit_fails, self.on_insert = None, None

    @contextmanager
    def _open(self, name):
        if name in self.failures:
            raise self.failures[name]
        self.opened.append(name)
        yield self

    def configuration(self):
        return self._open("configuration")

    def history(self):
        return self._open("history")

    reporting_host = "aw"

    def outbound(self, writes=False, side=None):
        return self._open("writing" if writes else "outbound")

    def unless_gone(self):
        return suppress(NotFound)

    def commit(self):
        if self.commit_fails:
            raise self.commit_fails
        self.opened.append("commit")

    def campaigns(self, _cursor):
        return [
            CampaignRow(1, "Sales", None, 1, "Y", 3, 8, 5, 20, 30, None),
            CampaignRow(2, "Texts", "by IVR", 2, "N", 1, 0, 0, 23, 59, "CET"),
            CampaignRow(3, "New", "", 9, "Y", 1, 0, 0, 23, 59, ""),
        ]

    def groups(self, _cursor):
        return [
            GroupRow(1, None, "A"),
            GroupRow(1, 5, "B"),
            GroupRow(1, 3, "C"),
            GroupRow(2, 1, "D"),
        ]

    def rules(self, _cursor):
        return self.rules_there

    def count_pending(self, _cursor, table):
        return self.waits[table]

    def insert(self, _cursor, table, contacts):
        self.written.append((table, list(contacts)))
        if self.on_insert:
            self.on_insert()

    def known(self, _cursor, table, keys):
        if table in self.failures:
            raise self.failures[table]
        there = self.lists.get(table, {})
        return {key: there[key] for key in keys if key in there}

    def waiting(self, _cursor, table, status):
        if status == "R":
            return [WaitingRow("k-1", "Jo", "Doe", "4930", "R", 4)]
        return [WaitingRow(f"{table}-{status}", None, None, None, None, None)]

    def close_pending(self, _cursor, table):
        self.closed.append(table)

    def finished(self, _cursor, table):
        return self.done_with.get(table, [])

    def delete_finished(self, _cursor, table, rows):
        self.deleted.append((table, dict(rows)))
        return len(rows)

    def uncalled(self, _cursor, table):
        if table in self.failures:
            raise self.failures[table]
        return self.taken_back.get(table, [])

    def now(self, _cursor):
        return THERE

    def details_for(self, _cursor, keys, since):
        self.asked_since.append(since)
        return [each for each in self.calls if each.AccountNumber in keys]

    def details_since(self, _cursor, since):
        self.asked_since.append(since)
        return self.calls


def make(**settings):
    values = {"instance": "x", "list_table": "DL_{campaign}_{rule}", **settings}
    client = CceClient(CceConfig("logger", "aw", "obm", "s", **values), None, clock=lambda: NOON)
    client._database = Database()
    return client, client._database


def contacts(count):
    return [PushContact(f"k-{number}", f"4930{number}") for number in range(count)]


# -- campaigns --------------------------------------------------------------------------------------


def test_campaigns_come_with_groups_and_with_what_waits():
    client, database = make()
    database.waits = {"DL_1_10": 1, "DL_1_11": 2, "DL_1_12": 4, "DL_2_20": 8}
    first, second, third = client.campaigns()
    assert (first.key, first.kind, first.dialing_mode, first.groups) == (
        "1",
        "agent",
        "progressive",
        ("A", "B", "C"),
    )
    assert (first.start_time, first.end_time, first.time_zone) == ("08:05", "20:30", "")
    assert (first.enabled, first.description, first.max_attempts) == (True, "", 3)
    assert (second.kind, second.dialing_mode, second.enabled, second.time_zone) == (
        "ivr",
        "predictive",
        False,
        "CET",
    )
    assert (third.kind, third.dialing_mode, third.groups) == ("agent", "", ())
    assert [each.pending_contacts for each in (first, second, third)] == [7, 8, 0]


@pytest.mark.parametrize(
    ("mode", "name"),
    [(1, "predictive"), (3, "preview"), (5, "progressive"), (7, "preview"), (2, ""), (None, "")],
)
def test_a_dialing_mode_has_its_name(mode, name):
    campaign = make()[1].campaigns(None)[0]
    described = cce.describe_campaign(campaign, [GroupRow(1, mode, "A"), GroupRow(2, 1, "B")], 0)
    assert (described.dialing_mode, described.groups) == (name, ("A",))


def test_campaigns_can_be_chosen_where_nobody_can_count_what_waits():
    client, database = make()
    database.failures = {"outbound": Unreachable("gone")}
    assert [each.pending_contacts for each in client.campaigns()] == [0, 0, 0]


@pytest.mark.parametrize("change", [lambda client: client.set_enabled("1", True),
                                    lambda client: client.set_single_attempt("1")])  # fmt: skip
def test_a_campaign_is_changed_with_ciscos_tools(change):
    with pytest.raises(Rejected, match="Configuration Manager") as raised:
        change(make()[0])
    assert raised.value.code == "405"


# -- sending ----------------------------------------------------------------------------------------


def test_a_batch_is_written_into_the_first_list_that_is_on():
    client, database = make()
    receipt = client.push("1", "Sales", contacts(2))
    assert (receipt.accepted, receipt.refused) == ({"k-0", "k-1"}, frozenset())
    assert database.written == [("DL_1_11", contacts(2))]
    assert database.opened == ["configuration", "writing", "commit"]
    # The rules are read once.
    client.push("2", "Texts", contacts(1))
    assert database.written[1][0] == "DL_2_20"
    assert database.opened.count("configuration") == 1


def test_a_campaign_without_a_list_gets_nothing():
    client, database = make()
    database.rules_there = [RuleRow(1, 10, "N", 0)]
    for campaign in ("1", "2", "10"):
        with pytest.raises(NotFound, match="none of its query rules"):
            client.push(campaign, "Sales", contacts(1))
    assert database.written == []


def test_what_cannot_be_dialled_is_refused_and_names_fit_their_columns():
    client, database = make(
        plus="00", digits=DigitPlan(own_code="49", trunk="0", uses_prefixes=True)
    )
    batch = [
        PushContact("k-1", "+4930123", "A\x00\u2028 B" + "c" * 60, " d "),
        PushContact("k-2", "no number"),
        PushContact("k-3", "+4412345678901234567890"),
    ]
    receipt = client.push("1", "Sales", batch)
    assert (receipt.accepted, receipt.refused) == ({"k-1"}, {"k-2", "k-3"})
    ((_table, (sent,)),) = database.written
    assert sent.number == "030123"
    assert len(sent.first_name) == 50
    assert not set(sent.first_name) & {"\x00", "\u2028"}
    client, database = make(plus="00")
    client.push("1", "Sales", [PushContact("k-1", "+4930123")])
    assert database.written[0][1][0].number == "004930123"


def test_where_nothing_can_be_dialled_nothing_is_asked():
    client, database = make()
    receipt = client.push("1", "Sales", [PushContact("k-1", "x" * 5)])
    assert (receipt.refused, database.opened) == ({"k-1"}, [])


def test_a_mistake_of_the_caller_writes_nothing():
    client, database = make(rows_per_request=2)
    assert client.push("1", "Sales", contacts(2)).accepted == {"k-0", "k-1"}
    with pytest.raises(ValueError, match="At most 2"):
        client.push("1", "Sales", contacts(3))
    with pytest.raises(ValueError, match="twice"):
        client.push("1", "Sales", [contacts(1)[0], contacts(1)[0]])
    assert len(database.written) == 1


@pytest.mark.parametrize(("seconds", "is_sent"), [(0, True), (1, False)])
def test_a_machine_that_stood_still_commits_nothing(seconds, is_sent):
    client, database = make()

    def stand_still():
        later = NOON + timedelta(seconds=client.config.leave_seconds + seconds)
        client._clock = lambda: later

    database.on_insert = stand_still
    if is_sent:
        assert client.push("1", "Sales", contacts(1)).accepted == {"k-0"}
    else:
        with pytest.raises(Unreachable, match="too slowly"):
            client.push("1", "Sales", contacts(1))
    assert ("commit" in database.opened) is is_sent


def test_a_commit_without_an_answer_is_a_doubt():
    client, database = make()
    database.commit_fails = OSError("lost")
    with pytest.raises(InDoubt, match="perhaps the contacts were written"):
        client.push("1", "Sales", contacts(1))
    with pytest.raises(InDoubt, match="perhaps the contacts were taken back"):
        client.purge("1")


# -- what is known ----------------------------------------------------------------------------------


def test_who_stands_in_a_list_or_was_called_is_known():
    client, database = make()
    database.lists = {"DL_1_10": {"k-1": False, "k-2": True}, "DL_1_12": {"k-3": False}}
    database.calls = [row(AccountNumber="k-4"), row(AccountNumber="k-2")]
    # One that was closed before it was called is known, and counts as never sent.
    assert client.find("1", {"k-1", "k-2", "k-3", "k-4", "k-5"}) == {"k-1", "k-3", "k-4"}
    assert database.asked_since == [THERE - timedelta(days=9)]


def test_calls_are_asked_for_only_where_lists_do_not_tell():
    client, database = make()
    database.lists = {"DL_1_11": {"k-1": False}}
    assert client.find("1", {"k-1"}) == {"k-1"}
    assert "history" not in database.opened
    assert client.find("1", set()) == set()


def test_of_a_deleted_list_the_calls_tell():
    client, database = make()
    database.calls = [row(AccountNumber="k-1")]
    database.failures = {"DL_1_10": NotFound("gone")}
    assert client.find("1", {"k-1", "k-2"}) == {"k-1"}
    # A campaign that is gone has no lists at all.
    assert client.find("9", {"k-1", "k-2"}) == {"k-1"}
    assert "outbound" in database.opened


def test_who_was_called_in_one_list_was_called():
    client, database = make()
    database.lists = {
        "DL_1_10": {"k-1": True, "k-2": True, "k-3": False},
        "DL_2_20": {"k-1": False, "k-2": True, "k-3": True},
    }
    assert client.undialled({"k-1", "k-2", "k-3", "k-4"}) == {"k-2"}
    assert client.undialled(set()) == set()


def test_contacts_are_listed_by_their_status():
    client, _database = make()
    empty = DialerContact("DL_2_20-P", "")
    assert client.contacts("2") == [empty]
    assert client.contacts("2", "R") == [DialerContact("k-1", "4930", "Jo", "Doe", "R", "4")]
    assert client.contacts("2", "A") == [replace(empty, key="DL_2_20-A")]
    assert len(client.contacts("1")) == 3


def test_taking_back_closes_what_waits_in_each_list():
    client, database = make()
    client.purge("1")
    assert database.closed == ["DL_1_10", "DL_1_11", "DL_1_12"]
    assert database.opened == ["writing", "configuration", "commit"]


# -- two sides --------------------------------------------------------------------------------------


class TwoSides(Database):
    """Lists of the other side are in `others`; a side that is gone is in `gone`."""

    def __init__(self):
        super().__init__()
        self.others, self.gone, self.names = {}, set(), []

    @contextmanager
    def outbound(self, writes=False, side=None):
        name = side.name if side else "A"
        if name in self.gone:
            raise Unreachable(f"Side {name} is gone.")
        self.names.append((name, writes))
        with self._open("outbound"):
            yield TwoSides.Cursor(self, name)

    class Cursor:
        def __init__(self, database, name):
            self.database, self.name = database, name

        def commit(self):
            self.database.names.append("commit")

    def known(self, cursor, table, keys):
        lists = self.lists if cursor.name == "A" else self.others
        there = lists.get(table, {})
        return {key: there[key] for key in keys if key in there}

    def close_pending(self, cursor, table):
        self.closed.append((cursor.name, table))


@pytest.fixture
def two_sides():
    client, _database = make(other_host="logger-b")
    client._database = TwoSides()
    return client, client._database


def test_both_sides_are_asked_who_is_there(two_sides):
    client, database = two_sides
    database.lists = {"DL_1_10": {"k-1": False, "k-2": True, "k-3": True}}
    database.others = {"DL_1_12": {"k-2": False, "k-3": True, "k-4": False}}
    assert client.find("1", {"k-1", "k-2", "k-3", "k-4", "k-5"}) == {"k-1", "k-2", "k-4"}
    assert database.names == [("A", False), ("B", False)]
    # Whom one side has called was called.
    assert client.undialled({"k-1", "k-2", "k-3"}) == {"k-3"}


def test_without_the_other_side_nobody_is_sent_again_before_its_time(two_sides):
    client, database = two_sides
    database.gone = {"B"}
    database.lists = {"DL_1_10": {"k-1": False}}
    patience = client.config.side_patience
    assert client.find("1", {"k-1"}, NOON) == {"k-1"}
    sent_at = NOON - timedelta(seconds=patience - 1)
    with pytest.raises(Busy, match="A side of CCE cannot be asked"):
        client.find("1", {"k-1", "k-2"}, sent_at)
    # What the calls tell needs no list.
    database.calls = [row(AccountNumber="k-2")]
    assert client.find("1", {"k-1", "k-2"}, sent_at) == {"k-1", "k-2"}
    # After that time it counts as sent.
    sent_at = NOON - timedelta(seconds=patience)
    assert client.find("1", {"k-1", "k-3"}, sent_at) == {"k-1", "k-3"}
    assert client.find("1", {"k-1", "k-3"}) == {"k-1", "k-3"}


def test_without_the_side_that_is_written_to_nothing_is_known(two_sides):
    client, database = two_sides
    database.gone = {"A"}
    for ask in (lambda: client.find("1", {"k-1"}), lambda: client.undialled({"k-1"}),
                lambda: client.purge("1")):  # fmt: skip
        with pytest.raises(Unreachable, match="Side A"):
            ask()


def test_while_a_side_is_gone_nobody_is_taken_for_never_called(two_sides):
    client, database = two_sides
    database.lists = {"DL_1_10": {"k-1": True}}
    assert client.undialled({"k-1"}) == {"k-1"}
    database.gone = {"B"}
    assert client.undialled({"k-1"}) == set()


def test_contacts_are_taken_back_from_both_sides(two_sides):
    client, database = two_sides
    client.purge("2")
    assert database.closed == [("A", "DL_2_20"), ("B", "DL_2_20")]
    assert database.names == [("A", True), "commit", ("B", True), "commit"]
    database.gone = {"B"}
    client.purge("2")
    assert database.closed[2:] == [("A", "DL_2_20")]


def test_what_the_other_side_may_call_is_not_told_to_be_back(two_sides):
    client, database = two_sides
    database.taken_back = {"DL_1_10": [UncalledRow(1, "k-1", ""), UncalledRow(2, "k-2", "")]}
    database.lists = {"DL_1_10": {"k-1": True, "k-2": True}}
    database.others = {"DL_1_10": {"k-1": False}}
    assert [each.key for each in client.results("")[0]] == ["k-2"]
    database.gone = {"B"}
    assert client.results("")[0] == []


def test_nobody_is_asked_about_nobody(two_sides):
    client, database = two_sides
    assert client.undialled(set()) == set()
    assert client.find("9", {"k-1"}) == set()
    assert database.names == []


def test_each_side_may_be_tested_by_itself(two_sides):
    client, database = two_sides
    first, second = client.config.sides
    database.gone = {"B"}
    client.check_side(first)
    with pytest.raises(Unreachable):
        client.check_side(second)


# -- finished contacts ------------------------------------------------------------------------------


def test_finished_contacts_are_named_by_list_and_row():
    client, database = make()
    database.done_with = {
        "DL_1_10": [FinishedRow(7, "k-1", 0)],
        "DL_1_12": [FinishedRow(8, "k-2", 1)],
    }
    assert CceClient.deletes_finished
    assert client.finished("1") == [
        FinishedContact("k-1", "DL_1_10:7", False),
        FinishedContact("k-2", "DL_1_12:8", True),
    ]


def test_finished_contacts_are_deleted_list_by_list_and_in_pieces(monkeypatch):
    monkeypatch.setattr(cce, "KEYS_PER_STATEMENT", 2)
    client, database = make()
    given = [FinishedContact(f"k-{n}", f"DL_1_10:{n}") for n in range(3)]
    given += [FinishedContact("k-9", "DL_1_12:9"), FinishedContact("k-8", "DL_9_9:8")]
    assert client.delete_finished("1", given) == 4
    assert database.deleted == [
        ("DL_1_10", {0: "k-0", 1: "k-1"}),
        ("DL_1_10", {2: "k-2"}),
        ("DL_1_12", {9: "k-9"}),
    ]
    # Nothing is asked for but in a transaction.
    assert database.opened == ["configuration", *["writing", "commit"] * 3]


# -- results ----------------------------------------------------------------------------------------


def test_results_come_from_the_history_and_now_and_then_from_the_lists():
    client, database = make()
    database.calls = [row(AccountNumber="k-1", DbDateTime=THERE)]
    database.taken_back = {"DL_1_12": [UncalledRow(5, "k-2", None)]}
    results, mark = client.results("")
    assert [(each.key, each.undialled) for each in results] == [("k-1", False), ("k-2", True)]
    assert results[1] == CallResult(
        "k-2", "1", "5", False, results[1].table, "C", results[1].raw_code, "", undialled=True
    )
    assert CceWatermark.loads(mark).looked_at == int(NOON.timestamp())
    # What was told is told no more, and the lists are left alone for so long.
    for seconds, told in (
        (client.config.look_interval - 1, []),
        (client.config.look_interval, ["k-2"]),
    ):
        later = NOON + timedelta(seconds=seconds)
        client._clock = lambda later=later: later
        results, _mark = client.results(mark)
        assert [each.key for each in results] == told


def test_a_list_that_is_gone_hides_no_other():
    client, database = make()
    database.failures = {"DL_1_10": NotFound("gone")}
    database.taken_back = {"DL_2_20": [UncalledRow(5, "k-2", "4930")]}
    results, _mark = client.results("")
    assert [(each.key, each.dialer_campaign_key, each.number) for each in results] == [
        ("k-2", "2", "4930")
    ]


def test_results_of_some_are_looked_for_as_far_back_as_they_may_be():
    client, database = make(open_horizon=86_400, late_horizon=86_400)
    database.calls = [row(AccountNumber="k-1"), row(2.0, AccountNumber="k-2")]
    assert [each.key for each in client.results_for(["k-1"])] == ["k-1"]
    assert database.asked_since == [THERE - timedelta(days=2)]


# -- connection test --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "lists", "results"),
    [
        ((), True, True),
        (("configuration",), False, True),
        (("outbound",), False, True),
        (("DL_1_10",), False, True),
        (("history",), True, False),
        (("outbound", "history"), False, False),
    ],
)
def test_the_connection_test_tells_lists_and_history_apart(failures, lists, results):
    client, database = make()
    database.failures = {name: Unreachable(f"{name} is gone.") for name in failures}
    health = client.health()
    assert (health.ok, health.interface_ok, health.results_ok) == (
        lists and results,
        lists,
        results,
    )
    expected = " ".join(f"{name} is gone." for name in failures)
    assert health.message == (expected or "CCE answers, and its call results can be read.")
    assert health.node == "logger, aw"


def test_the_connection_test_looks_at_one_list():
    client, database = make()
    database.failures = {"DL_1_11": Unreachable("gone")}
    assert client.health().ok
    database.rules_there, client._rules = [], None
    assert client.health().ok


def test_the_clock_is_utc():
    assert cce.utc_now().utcoffset() == timedelta()
