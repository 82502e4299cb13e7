"""When the dialer may call (reference §1.8, §2.5): a campaign's own hours are on the server's clock,
the Customer Dialing Time Range is on the customer's, whose zone the area code tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .campaigns import Campaign
from .options import Options
from .wire import Document, check_sequence, element_names, in_order, invalid

SEQUENCE = (
    "startTime",
    "endTime",
    "callTimeout?",
    "dialingPrefix?",
    "longDistancePrefix?",
    "internationalPrefix?",
    "localAreaCode?",
    "includeLocalAreaCode?",
    "includeLongDistancePrefix?",
    "agentAutoAnswer?",
    "assignedCSQs?",
)
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):[0-5]\d")
# The last minute of a day belongs to it: there is no later end to choose.
_LAST_MINUTE = "23:59"
_UTC = ZoneInfo("UTC")


class Areas(NamedTuple):
    """Where the Customer Dialing Time Range is open at a moment.

    :ivar prefixes: what the numbers of an area begin with
    :ivar is_open: of each prefix
    :ivar elsewhere: of numbers that begin with none of them
    """

    prefixes: list[str]
    is_open: list[bool]
    elsewhere: bool


@dataclass(frozen=True)
class Moment:
    """What may be called at a moment.

    :param now: naive UTC
    :param server_zone: of the campaigns' own hours, and of customers whose zone is not known
    :param zones: zone by what numbers begin with
    """

    now: datetime
    server_zone: str
    first: str = "00:00"
    last: str = _LAST_MINUTE
    zones: Mapping[str, str] | None = None

    def is_campaign_open(self, campaign: Campaign) -> bool:
        """Whether the campaign's own hours are open."""
        hours = campaign.document["startTime"], campaign.document["endTime"]
        return _within(self._clock(self.server_zone), *hours)

    def is_customer_open(self, number: str) -> bool:
        """Whether the dialing range is open where a number is."""
        zone, longest = self.server_zone, -1
        for prefix, of_prefix in (self.zones or {}).items():
            if number.startswith(prefix) and len(prefix) > longest:
                zone, longest = of_prefix, len(prefix)
        return self._is_range_open(zone)

    def areas(self) -> Areas:
        """The same for a statement that asks about many numbers."""
        zones = dict(self.zones or {})
        is_open = list(map(self._is_range_open, zones.values()))
        return Areas(list(zones), is_open, self._is_range_open(self.server_zone))

    def _is_range_open(self, zone: str) -> bool:
        return _within(self._clock(zone), self.first, self.last)

    def _clock(self, zone: str) -> str:
        """As texts HH:MM times can be compared as they are."""
        return self.now.replace(tzinfo=_UTC).astimezone(ZoneInfo(zone)).strftime("%H:%M")


def _within(clock: str, first: str, last: str) -> bool:
    """Whether a time lies in a window that may go over midnight; its end is outside."""
    is_before_end = clock < last or last == _LAST_MINUTE
    if first <= last:
        return first <= clock and is_before_end
    return clock >= first or is_before_end


class HoursStore:
    """The general configuration and the area codes, in the database; every method works in the
    caller's transaction.
    """

    def __init__(self, options: Options) -> None:
        self._options = options

    def read(self, cursor: Any, now: datetime) -> Moment:
        """:param now: naive UTC"""
        general = self.general(cursor)
        cursor.execute("SELECT areacode, zone FROM sim_area_code")
        zones = dict(cursor.fetchall())
        server_zone = self._options.time_zone
        return Moment(now, server_zone, general["startTime"], general["endTime"], zones)

    def general(self, cursor: Any) -> Document:
        """The document of ``generalobconfig``; at first the range of the command line."""
        cursor.execute("SELECT document FROM sim_general")
        if row := cursor.fetchone():
            return dict(row[0])
        first, last = self._options.dialing_range.split("-")
        return {"startTime": first, "endTime": last, "callTimeout": 60, "agentAutoAnswer": "true"}

    def set_general(self, cursor: Any, request: Document, is_json: bool = False) -> None:
        """Replace it, checked as the XSD would."""
        document = in_order(request, SEQUENCE) if is_json else request
        check_sequence("generalobconfig", element_names(document), SEQUENCE)
        for name in ("startTime", "endTime"):
            if not _TIME.fullmatch(str(document[name])):
                raise invalid("InvalidInput", f"{name} {document[name]!r}")
            # 8:00 is allowed, and stored as it is compared.
            document[name] = str(document[name]).zfill(len(_LAST_MINUTE))
        cursor.execute("DELETE FROM sim_general")
        cursor.execute("INSERT INTO sim_general VALUES (%s)", (json.dumps(document),))

    def set_zones(self, cursor: Any, zones: Mapping[str, str]) -> None:
        """Say in which zone numbers are, by what they begin with."""
        for zone in zones.values():
            # One that is not known would fail every round of the dialer.
            ZoneInfo(zone)
        cursor.execute("DELETE FROM sim_area_code")
        for prefix, zone in zones.items():
            cursor.execute("INSERT INTO sim_area_code VALUES (%s, %s)", (prefix, zone))
