"""The life of a callback (requirements B3, B5, B7): states and what may follow each, values only."""

from __future__ import annotations

from datetime import datetime

SCHEDULED = "scheduled"
QUEUED = "queued"
DIALING = "dialing"
FINISHED = "finished"
FAILED = "failed"
MISSED = "missed"
CANCELLED = "cancelled"
BLOCKED = "blocked"

OPEN = (SCHEDULED, QUEUED, DIALING)
CLOSED = (FINISHED, FAILED, MISSED, CANCELLED, BLOCKED)

# What happens to a callback, and what it is afterwards. What is not named cannot happen.
TRANSITIONS: dict[tuple[str, str], str] = {
    # Its time has come: a contact waits for the dialer.
    (SCHEDULED, "queue"): QUEUED,
    # The customer, an agent or a supervisor wants another time.
    (SCHEDULED, "move"): SCHEDULED,
    (QUEUED, "move"): SCHEDULED,
    (DIALING, "move"): SCHEDULED,
    (FAILED, "move"): SCHEDULED,
    (MISSED, "move"): SCHEDULED,
    # A retry waits for its time; one that waited is due.
    (QUEUED, "wait"): SCHEDULED,
    (DIALING, "wait"): SCHEDULED,
    (DIALING, "queue"): QUEUED,
    # The dialer has it.
    (SCHEDULED, "dial"): DIALING,
    (QUEUED, "dial"): DIALING,
}
# Every open callback may end in each of these ways; also one whose claim nobody has looked at.
_ENDS = {
    "connect": FINISHED,
    "fail": FAILED,
    "miss": MISSED,
    "cancel": CANCELLED,
    "block": BLOCKED,
}
TRANSITIONS.update(
    {(state, event): end for state in OPEN for event, end in _ENDS.items()},
)

# What a contact's state means for its callback, where it is closed.
_CONTACT_EVENTS = {
    "connected": "connect",
    "sms_responded": "connect",
    "email_replied": "connect",
    "not_connected": "fail",
    "retries_completed": "fail",
    "sms_sent_closed": "fail",
    "email_sent_closed": "fail",
    "dangling": "fail",
    "dnc_listed": "block",
    "expired": "miss",
    "withdrawn": "cancel",
}

ON_TIME = "on_time"
LATE = "late"
NOT_CALLED = "missed"


class NotAllowed(Exception):
    """An event that cannot happen in a state.

    :ivar state: the callback's
    :ivar event: a word of `TRANSITIONS`
    """

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"{event} of a callback that is {state}")
        self.state = state
        self.event = event


def follow(state: str, event: str) -> str:
    """The state after an event.

    >>> follow("scheduled", "queue")
    'queued'

    :raise NotAllowed: it cannot happen
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise NotAllowed(state, event) from None


def may(state: str, event: str) -> bool:
    """Whether an event can happen in a state."""
    return (state, event) in TRANSITIONS


def event_of_contact(contact_state: str, next_attempt_at: datetime | None, now: datetime) -> str:
    """What the engine's contact says of its callback (requirement B5).

    :param contact_state: state of an ``ecm.contact``; one that is neither pending nor closed awaits
        a result
    :param next_attempt_at: naive UTC, of a pending contact
    :return: an event of `TRANSITIONS`
    """
    if contact_state == "pending":
        return "wait" if next_attempt_at and next_attempt_at > now else "queue"
    return _CONTACT_EVENTS.get(contact_state, "dial")


def after_contact(state: str, event: str) -> str:
    """The state after what a contact says; one that says nothing new, or comes too late, changes
    nothing.
    """
    return TRANSITIONS.get((state, event), state)


def punctuality(
    state: str, due_at: datetime, called_at: datetime | None, tolerance_minutes: int
) -> str | None:
    """Whether a promise was kept: on time, late, or nobody called.

    :param called_at: naive UTC; of the first call
    :return: None while nobody knows, and where nobody was to call any more
    """
    if called_at:
        late_seconds = (called_at - due_at).total_seconds()
        return ON_TIME if late_seconds <= 60 * tolerance_minutes else LATE
    return NOT_CALLED if state in (MISSED, FAILED) else None
