"""State rules of the dialing list (reference §2.5): which phone comes next, and what a call's
result leads to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from . import scenario
from .campaigns import Campaign

PENDING, ACTIVE, CLOSED, CALLBACK, MAX_CALLS, RETRY, UNKNOWN, RETRY_LATER = range(1, 9)

_DELAYS = {
    scenario.BUSY: ("retryBusySignalDelay", 60),
    scenario.NO_ANSWER: ("retryNoAnswerDelay", 60),
    scenario.CUSTOMER_ABANDONED: ("retryCustAbandonedDelay", 0),
    scenario.ABANDONED: ("retryDialerAbandonedDelay", 0),
}
"""Setting and default, in minutes, of the delay before the same number is tried again; 0 is off."""


@dataclass(frozen=True)
class Contact:
    """A row of DialingList, as far as the dialer changes it; `phone` counts from 1, 0 is none yet."""

    id: int
    campaign_id: int
    account: str
    phones: tuple[str, str, str]
    status: int
    result: int
    results: tuple[int, int, int]
    phone: int
    calls: tuple[int, int, int]
    callback_number: str = ""
    callback_at: datetime | None = None
    shown: int = 0
    due_at: datetime | None = None

    @property
    def final(self) -> bool:
        return self.status in (CLOSED, MAX_CALLS)

    def next_phone(self) -> int:
        """The phone to call now: the next one after a fax or an invalid number, else the same
        again.
        """
        if self.result in (scenario.FAX, scenario.INVALID):
            return self.following_phone() or self.phone or 1
        return self.phone or 1

    def following_phone(self) -> int:
        """The next phone that has a number; 0 if there is none."""
        return next((index + 1 for index in range(self.phone, 3) if self.phones[index]), 0)

    def number(self) -> str:
        """What is dialled: the callback's number for a callback, else the phone in turn."""
        if self.status == CALLBACK and self.callback_number:
            return self.callback_number
        return self.phones[self.next_phone() - 1]


def placed(contact: Contact, preview: bool) -> Contact:
    """The contact when its call goes out: Active, or for a preview Closed and Voice until the agent
    says otherwise.
    """
    phone = contact.next_phone()
    calls = _with(contact.calls, phone, contact.calls[phone - 1] + 1)
    if preview:
        return replace(contact, status=CLOSED, result=scenario.VOICE, phone=phone, calls=calls)
    return replace(contact, status=ACTIVE, phone=phone, calls=calls)


def finished(
    contact: Contact,
    campaign: Campaign,
    result: int,
    now: datetime,
    clock_factor: float,
    callback_seconds: float,
) -> Contact:
    """The contact when its call has ended with `result`."""
    phone = contact.phone or 1
    contact = replace(
        contact, result=result, results=_with(contact.results, phone, result), phone=phone
    )
    if result in (scenario.REJECTED, scenario.AGENT_NO_ANSWER):
        return replace(contact, status=RETRY)
    if result == scenario.CALLBACK:
        at = now + timedelta(seconds=callback_seconds / clock_factor)
        return replace(
            contact, status=CALLBACK, callback_at=at, callback_number=contact.phones[phone - 1]
        )
    if result in (scenario.FAX, scenario.INVALID):
        return replace(contact, status=RETRY if contact.following_phone() else CLOSED)
    if campaign.is_preview:
        return _finished_preview(contact, campaign)
    return _finished_dialer(contact, campaign, now, clock_factor)


def _finished_preview(contact: Contact, campaign: Campaign) -> Contact:
    """Busy is tried again at once; a machine only where the campaign wants it."""
    machine_retry = campaign.specifics.get("ansMachineRetry") == "true"
    again = contact.result in (scenario.BUSY, scenario.NO_ANSWER, scenario.CUSTOMER_ABANDONED)
    if not (again or (contact.result == scenario.MACHINE and machine_retry)):
        return replace(contact, status=CLOSED)
    return replace(contact, status=MAX_CALLS if _is_exhausted(contact, campaign) else RETRY)


def _finished_dialer(
    contact: Contact, campaign: Campaign, now: datetime, clock_factor: float
) -> Contact:
    """Busy, no answer and abandoned calls are tried again after the campaign's delay."""
    if contact.result not in _DELAYS:
        return replace(contact, status=CLOSED)
    if _is_exhausted(contact, campaign):
        return replace(contact, status=MAX_CALLS)
    minutes = campaign.number(*_DELAYS[contact.result])
    if not minutes:
        return replace(contact, status=CLOSED)
    return replace(
        contact, status=RETRY_LATER, due_at=now + timedelta(minutes=minutes / clock_factor)
    )


def _is_exhausted(contact: Contact, campaign: Campaign) -> bool:
    return sum(contact.calls) >= campaign.max_attempts


def _with(values: tuple[int, int, int], position: int, value: int) -> tuple[int, int, int]:
    changed = [*values]
    changed[position - 1] = value
    return changed[0], changed[1], changed[2]
