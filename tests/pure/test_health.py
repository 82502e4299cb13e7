"""What is said of readings, when somebody is told, and the text that Prometheus reads."""

import time
from datetime import datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ecm_campaign.tools.health import (
    FAILING,
    LATE,
    OFF,
    OK,
    ONCE,
    PROBLEM,
    STOPPED,
    WARNING,
    Reading,
    Verdict,
    follow,
    judge,
    overall,
    seconds_late,
)
from ecm_campaign.tools.metrics import write_metrics

NOW = datetime(2026, 3, 2, 9, 0)


def make(**values):
    return Reading("feeder", "ecm.dialer,1,feeder", "UCCX 1", **values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Verdict(OK)),
        ({"behind": 600}, Verdict(OK)),
        ({"behind": 601}, Verdict(PROBLEM, LATE)),
        ({"failures": 1, "error": "down"}, Verdict(WARNING, ONCE)),
        ({"failures": 1}, Verdict(WARNING, ONCE)),
        ({"error": "down"}, Verdict(WARNING, ONCE)),
        ({"failures": 3, "is_failing": True}, Verdict(PROBLEM, FAILING)),
        ({"is_on": False, "behind": 9999, "error": "old"}, Verdict(OFF)),
        ({"is_on": False, "is_stopped": True}, Verdict(PROBLEM, STOPPED)),
    ],
)
def test_what_is_said_of_a_reading(values, expected):
    assert judge(make(**values), 600) == expected


def test_nothing_is_expected_but_that_it_works():
    reading = make()
    assert (reading.res_id, reading.behind, reading.failures) == (0, 0, 0)
    assert (reading.is_on, reading.is_failing, reading.is_stopped) == (True, False, False)
    assert (reading.backlog, reading.backlog_is_more, reading.rate) == (None, False, None)


@pytest.mark.parametrize(
    ("has_incident", "state", "expected"),
    [
        (False, OK, (False, False)),
        (False, WARNING, (False, False)),
        (False, PROBLEM, (True, False)),
        (True, PROBLEM, (False, False)),
        (True, WARNING, (False, False)),
        (True, OK, (False, True)),
        (True, OFF, (False, True)),
    ],
)
def test_an_incident_is_told_once_and_ends_when_all_is_well(has_incident, state, expected):
    assert tuple(follow(has_incident, Verdict(state))) == expected


def test_one_problem_is_a_problem_of_the_whole():
    fine = [Verdict(OK), Verdict(OFF), Verdict(WARNING, ONCE)]
    assert overall(fine) == OK
    assert overall([*fine, Verdict(PROBLEM, LATE)]) == PROBLEM
    assert overall([]) == OK


def test_what_is_not_due_is_not_late():
    assert seconds_late(None, NOW) == 0
    assert seconds_late(NOW.replace(hour=10), NOW) == 0
    assert seconds_late(NOW.replace(hour=8), NOW) == 3600


@pytest.fixture
def elsewhere(monkeypatch):
    """A server whose clock is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_prometheus_reads_what_is_written(elsewhere):
    odd = Reading("job", "ir.cron,7,job", 'Say "a\\b"\nc', is_on=True, failures=2)
    well = make(behind=12.5, backlog=7, rate=100, last_success_at=NOW)
    text = write_metrics([(well, Verdict(OK)), (odd, Verdict(PROBLEM, LATE))]).decode()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, sample.labels["name"]] = sample.value
    assert found["ecm_healthy", "UCCX 1"] == 1
    assert found["ecm_healthy", odd.name] == 0
    assert found["ecm_behind_seconds", "UCCX 1"] == 12.5
    assert found["ecm_backlog", "UCCX 1"] == 7
    assert ("ecm_backlog", odd.name) not in found, "what is not counted is not 0"
    assert found["ecm_rate_per_hour", "UCCX 1"] == 100
    assert found["ecm_last_success_timestamp_seconds", "UCCX 1"] == 1772442000
