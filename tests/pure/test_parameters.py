"""Where business parameters go on the way to another campaign."""

from ecm_campaign.tools.parameters import map_parameters

UNNAMED = {"p1": "Business Parameter 1", "p2": "Business Parameter 2", "p3": "Business Parameter 3"}


def named(**labels):
    return {**UNNAMED, **labels}


def test_nothing_is_named():
    assert map_parameters(UNNAMED, UNNAMED, UNNAMED) == {name: name for name in UNNAMED}


def test_a_label_goes_where_it_stands_in_any_writing():
    mapped = map_parameters(named(p1="Contract  No"), named(p3="contract no"), UNNAMED)
    assert mapped["p1"] == "p3"


def test_what_the_other_does_not_know_keeps_a_place_that_nobody_has_named():
    source = named(p1="Contract", p2="Plan")
    mapped = map_parameters(source, named(p2="Amount"), UNNAMED)
    assert mapped["p1"] == "p1"
    assert "p2" not in mapped


def test_no_place_is_taken_twice():
    mapped = map_parameters(named(p1="Plan", p2="Plan"), named(p3="Plan"), UNNAMED)
    assert len(set(mapped.values())) == len(mapped)
