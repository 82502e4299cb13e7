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
"""Setting and default, in minutes, of the delay before a number is tried again; 0 is off."""


@dataclass(frozen=True)
class Contact:
    """A row of DialingList, as far as the dialer changes it.

    :ivar phone: which one was dialled last, from 1; 0 if none was
    :ivar shown: how often it was shown to an agent who did not have it dialled
    :ivar due_at: when a delayed retry is due, naive UTC
    """

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
        current = self.phone or 1
        if self.result in (scenario.FAX, scenario.INVALID):
            return self.following_phone() or current
        return current

    def following_phone(self) -> int:
        """The next phone that has a number; 0 if there is none."""
        for phone, number in enumerate(self.phones, start=1):
            if phone > self.phone and number:
                return phone
        return 0

    def number(self) -> str:
        """What is dialled: the callback's number for a callback, else the phone in turn."""
        if self.status == CALLBACK and self.callback_number:
            return self.callback_number
        return self.phones[self.next_phone() - 1]


@dataclass(frozen=True)
class CallbackWish:
    """When an agent is to call back, on the simulated clock, and on which number; empty is the one
    that was called.
    """

    seconds: float
    number: str = ""


def placed(contact: Contact, preview: bool) -> Contact:
    """The contact when its call goes out: Active, or for a preview Closed and Voice until the agent
    says otherwise.
    """
    # Written when the call goes out: an engine that dies has called all the same.
    phone = contact.next_phone()
    calls_before = contact.calls[phone - 1]
    calls = _with(contact.calls, phone, calls_before + 1)
    contact = replace(contact, phone=phone, calls=calls)
    if preview:
        return replace(contact, status=CLOSED, result=scenario.VOICE)
    return replace(contact, status=ACTIVE)


def finished(
    contact: Contact,
    campaign: Campaign,
    result: int,
    now: datetime,
    clock_factor: float,
    callback: CallbackWish,
) -> Contact:
    """The contact when its call has ended with `result`.

    :param callback: what the agent arranges if the result is a callback
    """
    phone = contact.phone or 1
    results = _with(contact.results, phone, result)
    contact = replace(contact, result=result, results=results, phone=phone)

    # These lead to the same in all campaigns.
    if result in (scenario.REJECTED, scenario.AGENT_NO_ANSWER):
        return replace(contact, status=RETRY)
    if result == scenario.CALLBACK:
        at = now + timedelta(seconds=callback.seconds / clock_factor)
        number = callback.number or contact.phones[phone - 1]
        return replace(contact, status=CALLBACK, callback_at=at, callback_number=number)
    if result in (scenario.FAX, scenario.INVALID):
        # Another of the contact's numbers may be a telephone.
        return replace(contact, status=RETRY if contact.following_phone() else CLOSED)

    # What may be tried again differs between previews and calls that the dialer places.
    if campaign.is_preview:
        return _finished_preview(contact, campaign)
    return _finished_dialer(contact, campaign, now, clock_factor)


def _finished_preview(contact: Contact, campaign: Campaign) -> Contact:
    """Busy is tried again at once; a machine only where the campaign wants it."""
    # Not delayed: agents see the next preview when they are free.
    again = {scenario.BUSY, scenario.NO_ANSWER, scenario.CUSTOMER_ABANDONED}
    if campaign.specifics.get("ansMachineRetry") == "true":
        again.add(scenario.MACHINE)
    if contact.result not in again:
        return replace(contact, status=CLOSED)
    if _is_exhausted(contact, campaign):
        return replace(contact, status=MAX_CALLS)
    return replace(contact, status=RETRY)


def _finished_dialer(
    contact: Contact, campaign: Campaign, now: datetime, clock_factor: float
) -> Contact:
    """Busy, no answer and abandoned calls are tried again after the campaign's delay."""
    if contact.result not in _DELAYS:
        return replace(contact, status=CLOSED)
    if _is_exhausted(contact, campaign):
        return replace(contact, status=MAX_CALLS)

    # Without a delay the campaign does not want a second call at all.
    minutes = campaign.number(*_DELAYS[contact.result])
    if not minutes:
        return replace(contact, status=CLOSED)
    due_at = now + timedelta(minutes=minutes / clock_factor)
    return replace(contact, status=RETRY_LATER, due_at=due_at)


def _is_exhausted(contact: Contact, campaign: Campaign) -> bool:
    return sum(contact.calls) >= campaign.max_attempts


def _with(values: tuple[int, int, int], phone: int, value: int) -> tuple[int, int, int]:
    """The values per phone, with another one for `phone`."""
    first, second, third = values
    # Written out: a tuple of three keeps its type.
    if phone == 1:
        return value, second, third
    if phone == 2:
        return first, value, third
    return first, second, value
