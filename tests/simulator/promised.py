"""Calls that an agent has promised, for the tests of both ways to CCE."""

from datetime import datetime, timezone

from ecm_dialer_cisco.clients.base import PersonalCallback, PushContact

VOICE, BUSY = "+4930111111", "+493011109"
AGENT, OTHER, NOBODY = "1001", "1002", "7777"


def now():
    return datetime.now(timezone.utc)


def contact(key, number=VOICE, agent=AGENT, at=None):
    """:param agent: who calls; None for anybody"""
    callback = PersonalCallback(agent, at or now()) if agent else None
    return PushContact(key, number, "Jo", "Doe", callback=callback)
