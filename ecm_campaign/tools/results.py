"""What a channel says happened to a try: plain values between channel modules and the engine."""

from dataclasses import dataclass
from datetime import datetime

from .strategy import Decision


@dataclass(frozen=True, slots=True)
class Result:
    """A finished try.

    :param key: the attempt's key, as it was sent
    :param outcome_code: code of an ``ecm.outcome``
    :param raw_code: the result as the channel writes it
    :param called_at: naive UTC, ``None`` when the channel does not say
    :param callback_at: when somebody who asks to be called back wants that, naive UTC; ``None``
        leaves it to the strategy
    :param corrects: what the channel told before was its first guess: the call was answered, and
        now an agent has said what it came to
    """

    key: str
    outcome_code: str
    raw_code: str = ""
    called_at: datetime | None = None
    agent: str | None = None
    duration_seconds: int = 0
    wrap_up: str | None = None
    reference: str | None = None
    callback_at: datetime | None = None
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """A callback that the channel's own agent has arranged, and that the channel makes itself: the
    try goes on, and its result comes after that.

    :param at: naive UTC, ``None`` when the channel does not say
    """

    key: str
    at: datetime | None = None
    number: str | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A customer does not want to be contacted again.

    :param company_id: who was told so
    :param number: on which it was said; ``phones``: all that are known of the customer
    :param reason: how it was said, for people
    """

    company_id: int
    number: str | None
    phones: tuple[str | None, ...] = ()
    account_number: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """What follows for a contact, with its counters as they are now.

    :param outcome_id: id of the ``ecm.outcome`` that led here, None when there was no try
    :param agent: who talked to the customer, to whom a personal callback belongs
    """

    contact_id: int
    counted: int
    uncounted: int
    decision: Decision
    outcome_id: int | None = None
    agent: str | None = None
