"""The simulator's own record of what it dialled, compared with the windows in which it was legal
(C4, N3): in real time, while windows close.
"""

from datetime import datetime, timedelta, timezone
from itertools import chain

import pytest

from simulators.uccx.testing import running_simulator

from .rehearsal import Rehearsal

# Voice: see simulators/uccx/README.md.
BERLIN = [f"+49302312{number:03d}1" for number in range(40)]
LONDON = [f"+4420794{number:04d}1" for number in range(40)]
MADRID = [f"+3491230{number:03d}1" for number in range(40)]
# So long is left at least when the hours are set, for calls before they end.
LEAST_SECONDS = 15


@pytest.fixture
def uccx(empty_database):
    # One call after the other: most of what is sent still waits when the windows close.
    with running_simulator(empty_database("uccx"), lines=1, clock_factor=20) as simulator:
        yield simulator


@pytest.fixture
def rehearsal(odoo_server, uccx):
    return Rehearsal(odoo_server(cron_threads=0), uccx)


def utc_now():
    return datetime.now(timezone.utc).replace(tzinfo=None)


def next_minute():
    """The end of a minute that leaves time enough, naive UTC."""
    moment = utc_now() + timedelta(seconds=LEAST_SECONDS)
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


def hours_until(end, zone=timezone.utc):
    """Hours of a day that end then, on a zone's clock."""
    clock = end.replace(tzinfo=timezone.utc).astimezone(zone)
    until = (clock.hour + clock.minute / 60) or 24
    return max(0, until - 5), until


def close_campaign(rehearsal, end):
    """Let the campaign's own calling hours end then."""
    lines = [(5, 0, 0)]
    start, until = hours_until(end)
    for day in range(7):
        line = {"name": "x", "dayofweek": str(day), "hour_from": start, "hour_to": until}
        lines.append((0, 0, line))
    values = {"name": "Until then", "tz": "UTC", "attendance_ids": lines}
    calendar_ids = rehearsal.client.call("resource.calendar", "create", [values])
    values = {"calendar_id": calendar_ids[0]}
    rehearsal.client.call("ecm.campaign", "write", [rehearsal.campaign_id], values)


def close_region(rehearsal, end):
    """Let the hours in which Britain may be called end then."""
    client = rehearsal.client
    country = client.call("res.country", "search", [("code", "=", "GB")])
    hours = "–".join(f"{int(hour):02}:{round(hour % 1 * 60):02}" for hour in hours_until(end))
    values = {"name": "Britain", "country_id": country[0], "source": "This test"}
    values |= {f"{days}_hours": hours for days in ("weekday", "saturday", "sunday")}
    client.call("ecm.region.rule", "create", [values])


def forget_region_rules(rehearsal):
    """At night those that come with the suite would let nobody be called."""
    rules = rehearsal.client.call("ecm.region.rule", "search", [])
    rehearsal.client.call("ecm.region.rule", "write", rules, {"active": False})


def dialled(rehearsal):
    """:return: list of ``(number, when)``, naive UTC"""
    calls = rehearsal.simulator.dialled()
    return [(call["phone"], datetime.fromisoformat(call["dialled_at"])) for call in calls]


def test_the_dialer_calls_nobody_after_the_hours_of_campaign_and_region(rehearsal):
    """One campaign closes; of another one the customers in one region may not be called any more,
    and those elsewhere are.
    """
    forget_region_rules(rehearsal)
    rehearsal.upload(BERLIN)
    rehearsal.start()
    regional = rehearsal.create_ivr_campaign()
    # All hours are on UTC's clock, so that they end at the same moment.
    values = {"keeps_region_rules": True, "is_running": True}
    # One and one, so that some of both are called before and after.
    in_turns = chain.from_iterable(zip(LONDON, MADRID, strict=True))
    rehearsal.upload(list(in_turns), regional)
    rehearsal.client.call("ecm.campaign", "write", [regional], values)
    contacts = rehearsal.client.call("ecm.contact", "search", [("campaign_id", "=", regional)])
    rehearsal.client.call("ecm.contact", "write", contacts, {"tz": "UTC"})
    rehearsal.feed()
    sent = rehearsal.sql(
        "SELECT number FROM ecm_attempt WHERE state = 'sent' AND campaign_id IN (%s, %s)",
        rehearsal.campaign_id,
        regional,
    )
    assert {number for (number,) in sent} == {*BERLIN, *LONDON, *MADRID}

    end = next_minute()
    close_campaign(rehearsal, end)
    close_region(rehearsal, end)

    def went_on():
        rehearsal.feed()
        late = [number for number, moment in dialled(rehearsal) if moment > end]
        return bool(set(late) & set(MADRID))

    rehearsal.simulator.wait_until(went_on, timeout=180, pause=1)
    for number, moment in dialled(rehearsal):
        assert number in MADRID or moment < end, f"{number} was called at {moment}"
    numbers = [number for number, _moment in dialled(rehearsal)]
    assert len(numbers) == len(set(numbers)), "nobody was called twice"
    assert set(numbers) & set(BERLIN), "the window closed while it was calling"
    assert set(numbers) & set(LONDON), "and so did the region's"
    rehearsal.assert_nothing_was_called_twice()
    assert rehearsal.tally()["pending"] >= len(BERLIN) - len(set(numbers) & set(BERLIN))
