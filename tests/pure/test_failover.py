"""Of two nodes the one that answers is taken."""

import pytest

from ecm_dialer_cisco.clients.failover import AnyOf


class Down(Exception):
    pass


class Node:
    def __init__(self, name):
        self.name, self.is_up, self.asked = name, True, 0

    def __call__(self):
        self.asked += 1
        if not self.is_up:
            raise Down(self.name)
        return self.name


@pytest.fixture
def nodes():
    return Node("first"), Node("second")


def test_the_first_node_is_preferred(nodes):
    connect = AnyOf(nodes, Down)
    assert [connect(), connect()] == ["first", "first"]
    assert nodes[1].asked == 0


def test_the_second_node_takes_over_and_is_asked_first_from_then_on(nodes):
    connect = AnyOf(nodes, Down)
    nodes[0].is_up = False
    assert [connect(), connect()] == ["second", "second"]
    assert nodes[0].asked == 1, "one that hangs costs its time once"
    nodes[0].is_up, nodes[1].is_up = True, False
    assert connect() == "first"


def test_when_both_are_down_the_preferred_ones_failure_is_told(nodes):
    for node in nodes:
        node.is_up = False
    with pytest.raises(Down, match="first"):
        AnyOf(nodes, Down)()


def test_other_errors_are_no_reason_to_ask_the_second_node(nodes):
    def misused():
        raise KeyError("a mistake of ours")

    with pytest.raises(KeyError):
        AnyOf([misused, nodes[1]], Down)()
    assert nodes[1].asked == 0


def test_without_any_way_there_is_no_connection():
    with pytest.raises(ValueError, match="no way at all"):
        AnyOf([], Down)()
