"""What all dialers' clients share: account numbers, numbers as they are dialled, and what the values
of a result mean when nothing is said.
"""

import pytest

from ecm_campaign.tools.results import Result
from ecm_dialer_cisco.clients.base import (
    CallResult,
    DialerCampaign,
    DialerClient,
    FinishedContact,
    Health,
    PushContact,
    check_keys,
    in_digits,
    in_numbers,
)
from ecm_dialer_cisco.clients.digits import DigitPlan
from ecm_dialer_cisco.clients.exceptions import Busy, DialerError, Rejected, Unauthorized

GERMANY = DigitPlan(own_code="49", outside="0", trunk="0", uses_prefixes=True)


@pytest.mark.parametrize("key", ["a", "T-1.2:3_4", "x" * 25])
def test_an_account_number_that_every_cisco_dialer_keeps(key):
    check_keys([key, "other"])


@pytest.mark.parametrize("key", ["", "x" * 26, "a b", "ä", "a,b", "a\n"])
def test_an_account_number_that_would_be_cut_or_changed_is_refused(key):
    with pytest.raises(ValueError, match="1 to 25 letters"):
        check_keys(["fine", key])


def test_three_wrong_ones_are_named():
    with pytest.raises(ValueError, match=r"signs: \['a b', 'c d', 'e f'\]$"):
        check_keys(["a b", "c d", "fine", "e f", "g h"])


def test_two_contacts_have_two_account_numbers():
    with pytest.raises(ValueError, match="twice"):
        check_keys(["a", "b", "a"])


def test_contacts_get_the_digits_that_are_dialled_and_results_their_numbers():
    (contact,) = in_digits([PushContact("k", "+4930123456", "Jo")], GERMANY)
    assert contact == PushContact("k", "0030123456", "Jo")
    told = CallResult(
        "k", "1", "7", True, "list", "3", "1", "0030123456", callback_number="0089123456"
    )
    (result,) = in_numbers([told], GERMANY)
    assert (result.number, result.callback_number) == ("+4930123456", "+4989123456")


def test_nothing_is_claimed_that_nobody_has_said():
    told = CallResult("k", "1", "7", True, "list", "3", "1", "+49301")
    assert (told.duration_seconds, told.undialled, told.corrects) == (0, False, False)
    result = Result("k", "1")
    assert (result.duration_seconds, result.corrects) == (0, False)
    assert FinishedContact("1", "k").undialled is False
    assert DialerClient.deletes_finished is False
    health = Health(False, "x")
    assert (health.interface_ok, health.results_ok) == (False, False)
    campaign = DialerCampaign("1", "x", "agent", "preview", True, "", "", "", 0)
    assert campaign.max_attempts == 0


def test_only_a_person_can_mend_a_wrong_password():
    kinds = DialerError, Rejected, Busy, Unauthorized
    assert [kind.needs_person for kind in kinds] == [False, False, False, True]
