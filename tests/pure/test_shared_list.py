"""Whose turn a person of a shared list is (requirements C7, L7)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ecm_campaign.tools.gates import Candidate, Wait
from ecm_campaign.tools.shared_list import FIRST, TURNS, Elsewhere, SharedList, SharedRule
from ecm_campaign.tools.strategy import Close

AT = datetime(2026, 3, 2, 9)
NUMBER, OTHER = "+493023125001", "+493023125002"
HERE = Candidate(1, 1, 0, 0, "", "", (NUMBER, None, None, None, None), list_id=7, campaign_id=3)
BEGUN = replace(HERE, counted=1)
CALLING = Elsewhere("Spring", is_awaited=True, is_reached=False, goes_on=False)
REACHED = Elsewhere("Spring", is_awaited=False, is_reached=True, goes_on=False)
GOING_ON = Elsewhere("Spring", is_awaited=False, is_reached=False, goes_on=True)
THROUGH = Elsewhere("Spring", is_awaited=False, is_reached=False, goes_on=False)
SOON, LATER = AT + timedelta(minutes=5), AT + timedelta(hours=1)
CLOSE = Close("withdrawn", "shared")


def judge(candidate, sharing, *elsewhere):
    rule = SharedRule({7: SharedList(1, sharing)}, {candidate.contact_id: elsewhere})
    return rule.judge(candidate, AT)


@pytest.mark.parametrize(
    ("elsewhere", "in_turns", "of_the_first"),
    [
        ((CALLING,), Wait(SOON, "shared", "Spring"), Wait(SOON, "shared", "Spring")),
        ((REACHED,), CLOSE, CLOSE),
        ((GOING_ON,), Wait(LATER, "shared", "Spring"), CLOSE),
        ((THROUGH,), HERE, CLOSE),
        # Whoever is being called may still be given back.
        ((THROUGH, CALLING), Wait(SOON, "shared", "Spring"), Wait(SOON, "shared", "Spring")),
        ((GOING_ON, REACHED), CLOSE, CLOSE),
        ((), HERE, HERE),
    ],
)
def test_who_is_with_another_campaign_waits_or_is_left_alone(elsewhere, in_turns, of_the_first):
    assert judge(HERE, TURNS, *elsewhere) == in_turns
    assert judge(HERE, FIRST, *elsewhere) == of_the_first


def test_whom_two_campaigns_have_begun_goes_on_in_the_one_that_called_last():
    assert judge(BEGUN, FIRST, THROUGH) == BEGUN
    assert judge(BEGUN, FIRST, GOING_ON) == Wait(LATER, "shared", "Spring")
    assert judge(BEGUN, TURNS, REACHED) == CLOSE


@pytest.mark.parametrize("traces", [{"uncounted": 1}, {"callback": AT}])
def test_any_trace_of_a_call_is_a_beginning(traces):
    begun = replace(HERE, **traces)
    assert judge(begun, FIRST, THROUGH) == begun


def test_a_contact_of_no_list_shares_none():
    rule = SharedRule({1: SharedList(1, TURNS)}, {1: [REACHED]})
    alone = replace(HERE, list_id=None)
    assert rule.judge(alone, AT) == alone


def test_it_waits_until_the_other_campaign_is_due():
    due = AT + timedelta(days=2)
    assert judge(HERE, TURNS, GOING_ON._replace(due=due)).until == due


def test_of_one_claim_a_person_passes_for_one_campaign():
    rule = SharedRule({7: SharedList(1, TURNS), 8: SharedList(1, TURNS)}, {}, is_claiming=True)
    in_second = replace(HERE, contact_id=2, list_id=8, campaign_id=4)
    assert rule.judge(HERE, AT) == HERE
    assert rule.judge(in_second, AT) == Wait(SOON, "shared")
    # Another row of the same campaign is the import's affair; another number is another person.
    again = replace(HERE, contact_id=3)
    somebody = replace(in_second, contact_id=4, phones=(OTHER, None, None, None, None))
    assert rule.judge(again, AT) == again
    assert rule.judge(somebody, AT) == somebody
    # Who is no number but a customer is known all the same.
    keyed = SharedRule({7: SharedList(1, TURNS), 8: SharedList(1, TURNS)}, {}, is_claiming=True)
    assert keyed.judge(replace(HERE, account_number="K1"), AT).account_number == "K1"
    assert keyed.judge(replace(somebody, account_number="K1"), AT) == Wait(SOON, "shared")


def test_a_look_counts_nobody():
    rule = SharedRule({7: SharedList(1, TURNS), 8: SharedList(1, TURNS)}, {})
    in_second = replace(HERE, contact_id=2, list_id=8, campaign_id=4)
    assert (rule.judge(HERE, AT), rule.judge(in_second, AT)) == (HERE, in_second)


def test_lists_that_are_not_shared_are_no_concern():
    rule = SharedRule({}, {1: [REACHED]}, is_claiming=True)
    assert rule.judge(HERE, AT) == HERE
