"""When the simulated dialer calls: campaigns' hours, the Customer Dialing Time Range, area codes."""

from datetime import datetime, timedelta, timezone

import pytest
import requests

from ecm_dialer_cisco.clients.base import PushContact
from simulators.uccx.campaigns import Campaign, default_campaigns
from simulators.uccx.dialing_hours import Moment

from .test_uccx_contract import REMINDER, SALES, dialled_keys, push, wait_for_calls

BERLIN, NEW_YORK = "+493012341", "+12125550101"
NOON = datetime(2026, 7, 1, 12)


def open_between(start, end):
    return Campaign(1, {**default_campaigns()[0], "startTime": start, "endTime": end})


def shut_window():
    """Hours that are closed now and for the next half of a day, on the clock of UTC."""
    now = datetime.now(timezone.utc)
    return tuple((now + timedelta(hours=hours)).strftime("%H:%M") for hours in (12, 13))


@pytest.mark.parametrize(
    ("start", "end", "hour", "minute", "is_open"),
    [
        ("00:00", "23:59", 21, 59, True),
        ("08:00", "18:00", 5, 59, False),
        ("08:00", "18:00", 6, 0, True),
        ("08:00", "18:00", 15, 59, True),
        ("08:00", "18:00", 16, 0, False),
        ("22:00", "02:00", 23, 59, True),
        ("22:00", "02:00", 0, 0, False),
    ],
)
def test_a_campaigns_hours_are_on_the_servers_clock(start, end, hour, minute, is_open):
    berlin = Moment(datetime(2026, 7, 1, hour, minute), "Europe/Berlin")
    assert berlin.is_campaign_open(open_between(start, end)) is is_open


def test_the_dialing_range_is_on_the_customers_clock():
    zones = {"+1": "America/Chicago", "+1212": "America/New_York", "+49": "Europe/Berlin"}
    moment = Moment(NOON, "UTC", "08:00", "14:00", zones)
    assert moment.is_customer_open(NEW_YORK), "08:00 there"
    assert not moment.is_customer_open("+13125550101"), "07:00 there"
    assert not moment.is_customer_open(BERLIN), "14:00 there: the range is over"
    assert moment.is_customer_open("+441234567"), "the server's zone, where nothing else is known"
    areas = moment.areas()
    assert dict(zip(areas.prefixes, areas.is_open, strict=True)) == {
        "+1": False,
        "+1212": True,
        "+49": False,
    }


def test_a_campaign_outside_its_hours_calls_nobody(uccx, client):
    uccx.set_hours(campaigns={SALES: shut_window()})
    push(client, [PushContact("t-1", BERLIN)], SALES)
    client.push(REMINDER, "Reminder IVR", [PushContact("t-2", BERLIN)])
    wait_for_calls(uccx, 1)
    assert dialled_keys(uccx) == ["t-2"]
    uccx.set_hours(campaigns={SALES: ("00:00", "23:59")})
    wait_for_calls(uccx, 2)


def test_a_customer_outside_the_dialing_range_is_not_called(uccx, client):
    # A range that is open half a day away: in the Pacific, not here.
    uccx.set_hours(dialing_range=shut_window(), zones={"+64": "Etc/GMT-12", "+49": "Europe/London"})
    push(client, [PushContact("t-1", BERLIN), PushContact("t-2", "+6441234561")])
    wait_for_calls(uccx, 1)
    assert dialled_keys(uccx) == ["t-2"]
    uccx.set_hours(dialing_range=("00:00", "23:59"))
    wait_for_calls(uccx, 2)


def ask(uccx, method="GET", body=None):
    return requests.request(
        method,
        f"{uccx.url}/adminapi/generalobconfig",
        data=body,
        auth=(uccx.user, uccx.password),
        headers={"Content-Type": "application/xml", "Accept": "application/xml"},
        verify=uccx.ca_file,
        timeout=10,
    )


def test_the_dialing_range_is_read_and_changed_over_the_api(uccx):
    assert "<startTime>00:00</startTime><endTime>23:59</endTime>" in ask(uccx).text
    given = (
        b"<generalobconfig><startTime>8:00</startTime><endTime>20:30</endTime></generalobconfig>"
    )
    assert ask(uccx, "PUT", given).status_code == 200
    assert "<startTime>08:00</startTime><endTime>20:30</endTime>" in ask(uccx).text
    wrong = given.replace(b"8:00", b"8 am")
    assert ask(uccx, "PUT", wrong).status_code == 400


def test_the_client_reads_the_dialing_range(uccx, client):
    uccx.set_hours(dialing_range=("08:00", "20:30"))
    found = client.dialing_range()
    assert (found.start_time, found.end_time) == ("08:00", "20:30")
