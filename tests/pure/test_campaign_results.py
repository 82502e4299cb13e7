"""What came of calls, as the numbers of a page (U10)."""

from ecm_campaign.tools.campaign_results import ListCount, Slot, percent, summarise

LIVE, BUSY = 1, 2
SLOTS = [
    Slot(1, 9, LIVE, 2),
    Slot(1, 9, BUSY, 3),
    Slot(0, 10, BUSY, 5),
    Slot(None, None, None, 1),
]
LISTS = [ListCount(7, 10, 8, 2, 1), ListCount(None, 4, 1, 0, 0)]


def test_shares_are_of_those_called_and_of_those_reached():
    totals = summarise(SLOTS, LISTS, {LIVE})["totals"]
    assert (totals["loaded"], totals["called"], totals["reached"]) == (14, 9, 2)
    assert totals["reached_percent"] == 22.2
    assert totals["success_percent"] == 50.0


def test_attempts_per_reached_contact_count_all_attempts():
    totals = summarise(SLOTS, LISTS, {LIVE})["totals"]
    assert (totals["attempts"], totals["per_reached"]) == (11, 5.5)
    third = summarise(SLOTS, [ListCount(7, 9, 9, 3, 0)], {LIVE})["totals"]
    assert third["per_reached"] == 3.7


def test_hours_and_weekdays_leave_out_what_has_no_time():
    results = summarise(SLOTS, LISTS, {LIVE})
    nine = {"key": 9, "made": 5, "reached": 2, "percent": 40.0}
    ten = {"key": 10, "made": 5, "reached": 0, "percent": 0.0}
    assert results["hours"] == [nine, ten]
    # A week begins with Monday.
    assert [line["key"] for line in results["weekdays"]] == [1, 0]


def test_the_most_frequent_outcomes_come_first():
    outcomes = summarise(SLOTS, LISTS, {LIVE})["outcomes"]
    assert [(line["id"], line["count"]) for line in outcomes] == [(BUSY, 8), (LIVE, 2), (None, 1)]
    assert outcomes[0]["percent"] == 72.7


def test_nothing_has_no_share():
    totals = summarise([], [], {LIVE})["totals"]
    assert totals["reached_percent"] is None
    assert totals["per_reached"] is None
    assert percent(1, 0) is None


def test_each_list_has_its_own_shares():
    lists = summarise(SLOTS, LISTS, {LIVE})["lists"]
    shares = [(one["list_id"], one["reached_percent"], one["success_percent"]) for one in lists]
    assert shares == [(7, 25.0, 50.0), (None, 0.0, None)]


def test_eight_outcomes_are_told_and_equal_ones_stay_in_order():
    slots = [Slot(1, 9, code, 1) for code in (9, 8, 7, 6, 5, 4, 3, 2, 1, None)]
    outcomes = summarise(slots, LISTS, {LIVE})["outcomes"]
    assert [line["id"] for line in outcomes] == [None, 1, 2, 3, 4, 5, 6, 7]


def test_a_whole_week_begins_with_monday():
    slots = [Slot(day, 9, LIVE, day + 1) for day in range(7)]
    weekdays = summarise(slots, LISTS, {LIVE})["weekdays"]
    assert [line["key"] for line in weekdays] == [1, 2, 3, 4, 5, 6, 0]
    assert [line["made"] for line in weekdays] == [2, 3, 4, 5, 6, 7, 1]
