"""Moments that agents agree on with customers, on the customer's clock. No Odoo."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def from_clock(text: str, zone: str) -> datetime:
    """A moment on a wall clock, as naive UTC.

    :param text: as ``2026-07-01T14:30``, which a browser sends
    :param zone: IANA name
    :raise ValueError: it is no moment, or one that the clock leaves out when it is put forward
    """
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        raise ValueError("a time on the customer's clock has no zone of its own")
    local = local.replace(tzinfo=ZoneInfo(zone), second=0, microsecond=0)
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError("the clock leaves this hour out")
    return moment.replace(tzinfo=None)


def to_clock(moment: datetime, zone: str) -> str:
    """A moment on a wall clock, as ``2026-07-01T14:30``.

    :param moment: naive UTC
    """
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return local.strftime("%Y-%m-%dT%H:%M")
