"""Which scripts a browser may fill in (requirement R10)."""

import pytest

from ecm_survey.tools.grants import KEPT_AT_MOST, grant, is_granted

NOW = 1_000.0


def test_a_grant_is_for_one_sheet_and_for_a_time():
    grants = grant({}, 7, NOW + 60, NOW)
    assert is_granted(grants, 7, NOW)
    assert not is_granted(grants, 8, NOW)
    assert not is_granted(grants, 7, NOW + 60)


def test_a_new_grant_takes_the_place_of_the_one_before():
    grants = grant(grant({}, 7, NOW + 60, NOW), 7, NOW + 90, NOW)
    assert grants == {"7": NOW + 90}


def test_what_is_over_is_forgotten_and_nothing_else_is_changed():
    before = {"1": NOW - 1, "2": NOW + 1}
    assert grant(before, 3, NOW + 5, NOW) == {"2": NOW + 1, "3": NOW + 5}
    assert before == {"1": NOW - 1, "2": NOW + 1}


def test_a_session_stays_small():
    grants = {}
    for sheet in range(KEPT_AT_MOST + 10):
        grants = grant(grants, sheet, NOW + sheet + 1, NOW)
    assert len(grants) == KEPT_AT_MOST
    assert not is_granted(grants, 9, NOW)
    assert is_granted(grants, KEPT_AT_MOST + 9, NOW)


@pytest.mark.parametrize("grants", [{}, {"8": NOW + 5}])
def test_nothing_is_granted_by_itself(grants):
    assert not is_granted(grants, 7, NOW)
