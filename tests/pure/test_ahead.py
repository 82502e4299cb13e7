"""The next batch is claimed while one is on its way, and nothing is sent twice or lost."""

import threading

import pytest

from ecm_campaign.tools.ahead import CLAIM_SECONDS, MOST_REQUESTS, TOGETHER_SECONDS, Ahead, Sent
from ecm_campaign.tools.channel import Outgoing, Receipt

SECONDS = 20


def batch(*keys):
    return [Outgoing(number, key, number, "+49", "", "") for number, key in enumerate(keys)]


class Watched(Ahead):
    """Tells its house when it has looked ahead."""

    def _look_ahead(self):
        super()._look_ahead()
        self._sender.claimed.set()


class House:
    """Batches to claim, and a sender that takes them once the next one was claimed.

    :param error: what each claim but the first one raises
    """

    def __init__(self, *batches, error=None):
        self.left, self.error = list(batches), error
        self.claimed = threading.Event()
        self.sent, self.asked, self.received, self.careful = [], [], [], []

    def claim(self, requests=1):
        if self.error and self.asked:
            raise self.error
        self.asked.append(requests)
        return self.left.pop(0) if self.left else None

    def send(self, rows):
        assert self.claimed.wait(SECONDS), "nothing was claimed meanwhile"
        keys = [row.key for row in rows]
        self.sent.append((threading.current_thread().name, keys))
        return Receipt(frozenset(keys))

    def receive(self, noted, is_careful):
        self.careful.append(is_careful)
        self.received.append([[row.key for row in sent.part] for sent in noted])

    def ahead(self, **options):
        return Watched(self, self.claim, self.receive, **options)


def taken(rows):
    return Sent(rows, Receipt(frozenset(row.key for row in rows)))


class Clock:
    """Each look at it takes so long."""

    def __init__(self, seconds):
        self.seconds, self.now = seconds, 0.0

    def __call__(self):
        self.now += self.seconds
        return self.now


def test_a_batch_is_claimed_while_one_is_sent():
    house = House(batch("a"), batch("b"))
    with house.ahead() as ahead:
        while (rows := ahead.next()) is not None:
            assert ahead.send([rows]) == [taken(rows)]
    assert [keys for _name, keys in house.sent] == [["a"], ["b"]]
    assert {name for name, _keys in house.sent} == {"ecm-send_0"}
    assert "ecm-send_0" not in {thread.name for thread in threading.enumerate()}


def test_nothing_is_claimed_ahead_of_who_has_failed_until_something_is_taken():
    house = House(batch("a"), batch("b"), batch("c"))
    with house.ahead() as ahead:
        ahead.is_careful = True
        rows = ahead.next()
        # It is sent although nothing is claimed meanwhile.
        house.claimed.set()
        [sent] = ahead.send([rows])
        assert house.asked == [1]
        ahead.note(sent)
        ahead.settle()
        assert not ahead.is_careful
        ahead.send([ahead.next()])
        assert len(house.asked) == 3
    assert house.careful == [True]


def test_only_one_is_claimed_ahead():
    house = House(batch("a"), batch("b"), batch("c"))
    with house.ahead() as ahead:
        rows = ahead.next()
        ahead.send([rows])
        # What was refused is sent again in halves.
        ahead.send([rows])
        assert len(house.left) == 1
        assert [row.key for row in ahead.take_unsent()] == ["b"]
        assert ahead.take_unsent() == []
        assert [row.key for row in ahead.next()] == ["c"]


def test_a_batch_where_all_were_blocked_is_not_the_end():
    house = House(batch("a"), [], batch("b"))
    with house.ahead() as ahead:
        ahead.send([ahead.next()])
        assert ahead.next() == []
        assert [row.key for row in ahead.next()] == ["b"]


def test_at_the_end_it_is_asked_once_more():
    house = House(batch("a"))
    with house.ahead() as ahead:
        ahead.send([ahead.next()])
        house.left.append(batch("again"))
        assert [row.key for row in ahead.next()] == ["again"]


def test_a_claim_that_fails_hides_no_receipt():
    house = House(batch("a"), error=ValueError("serialization"))
    with house.ahead() as ahead:
        assert ahead.send([ahead.next()])[0].is_whole
        # Nothing more is claimed before somebody was told.
        house.error = None
        house.left.append(batch("b"))
        ahead.send([batch("a")])
        assert len(house.left) == 1
        with pytest.raises(ValueError, match="serialization"):
            ahead.next()
        assert [row.key for row in ahead.next()] == ["b"]


def test_a_send_that_fails_leaves_what_was_claimed_to_be_given_back():
    house = House(batch("a"), batch("b"))
    house.send = lambda _rows: 1 / 0
    with house.ahead() as ahead:
        [sent] = ahead.send([ahead.next()])
        assert isinstance(sent.error, ZeroDivisionError)
        assert not sent.is_whole
        assert [row.key for row in ahead.take_unsent()] == ["b"]


def test_who_holds_records_sends_in_the_same_thread():
    house = House(batch("a"), batch("b"))
    house.holds_records = True
    house.claimed.set()
    with house.ahead() as ahead:
        ahead.send([ahead.next()])
        assert len(house.left) == 1
    assert [name for name, _keys in house.sent] == [threading.current_thread().name]


def test_the_log_of_the_other_thread_names_the_database():
    threading.current_thread().dbname = "campaigns"
    names = []
    house = House(batch("a"))
    house.send = lambda _rows: names.append(threading.current_thread().dbname)
    try:
        with house.ahead() as ahead:
            ahead.send([ahead.next()])
    finally:
        del threading.current_thread().dbname
    assert names == ["campaigns"]


def ask_after_a_request(seconds):
    """For how many requests the next claim is made once one took so long."""
    house = House(batch("a"), None, batch("b"))
    with house.ahead(clock=Clock(seconds)) as ahead:
        ahead.send([ahead.next()])
        ahead.next()
    return house.asked


@pytest.mark.parametrize(
    ("seconds", "requests"),
    [
        (0, MOST_REQUESTS),
        (0.001, MOST_REQUESTS),
        (CLAIM_SECONDS / MOST_REQUESTS, MOST_REQUESTS),
        (CLAIM_SECONDS / 2, 2),
        (CLAIM_SECONDS, 1),
        (CLAIM_SECONDS * 30, 1),
    ],
)
def test_is_claimed_for_as_many_requests_as_leave_soon(seconds, requests):
    first, *_meanwhile, last = ask_after_a_request(seconds)
    assert (first, last) == (1, requests)


def test_what_was_noted_is_received_while_the_next_is_on_its_way():
    house, done = House(batch("a"), batch("b")), []
    claim_next = house.claim

    def claim(requests):
        done.append("claimed")
        return claim_next(requests)

    house.claim = claim
    house.receive = lambda noted, _is_careful: done.append(noted)
    first, second = taken(batch("first")), taken(batch("second"))
    with house.ahead() as ahead:
        rows = ahead.next()
        done.clear()
        ahead.note(first)
        ahead.note(second)
        assert done == []
        ahead.send([rows])
    # What became of the last batch counts for the claim.
    assert done == [[first, second], "claimed"]


def test_what_was_noted_is_received_before_a_claim():
    house, done = House(), []
    house.claim = lambda requests: done.append(requests)
    house.receive = lambda _noted, _is_careful: done.append("receipt")
    with house.ahead() as ahead:
        ahead.note(taken(batch("a")))
        assert ahead.next() is None
    assert done == ["receipt", 1]


def test_what_was_noted_is_received_once():
    house = House()
    with house.ahead() as ahead:
        ahead.note(taken(batch("a")))
        ahead.settle()
        ahead.settle()
    assert house.received == [[["a"]]]


def test_who_holds_records_sends_after_what_was_noted_and_one_part():
    house, done = House(batch("a")), []
    house.holds_records = True
    house.send = lambda rows: done.append(rows[0].key)
    house.receive = lambda _noted, _is_careful: done.append("receipt")
    with house.ahead() as ahead:
        rows = ahead.next()
        ahead.note(taken(rows))
        assert len(ahead.send([rows, batch("b")])) == 1
    assert done == ["receipt", "a"]


def send_parts(house, *parts, seconds=0):
    """What becomes of parts when each look at the clock takes so long."""
    house.claimed.set()
    with house.ahead(clock=Clock(seconds)) as ahead:
        return ahead.send(list(parts))


def test_parts_leave_one_after_the_other_while_one_batch_is_claimed():
    house, parts = House(batch("d")), (batch("a"), batch("b"), batch("c"))
    assert send_parts(house, *parts) == [taken(part) for part in parts]
    assert not house.left


def test_a_part_that_would_leave_late_is_looked_at_again():
    sent = send_parts(House(), batch("a"), batch("b"), seconds=TOGETHER_SECONDS)
    assert sent == [taken(batch("a"))]


def test_a_part_leaves_while_its_look_is_fresh():
    sent = send_parts(House(), batch("a"), batch("b"), seconds=TOGETHER_SECONDS / 3)
    assert sent == [taken(batch("a")), taken(batch("b"))]


@pytest.mark.parametrize(
    "receipt",
    [
        Receipt(frozenset()),
        Receipt(frozenset("a"), refused=frozenset("b")),
        Receipt(frozenset("a"), doubtful=frozenset("b")),
        Receipt(frozenset("ab"), failure=ValueError()),
    ],
)
def test_nothing_follows_a_part_that_was_not_taken_as_a_whole(receipt):
    house, part = House(), batch("a", "b")
    house.send = lambda _rows: receipt
    assert send_parts(house, part, batch("c")) == [Sent(part, receipt)]


def test_nothing_follows_a_part_that_failed():
    house, error = House(), ValueError("down")

    def fail(_rows):
        raise error

    house.send = fail
    assert send_parts(house, batch("a"), batch("b")) == [Sent(batch("a"), None, error)]
