"""The port between the engine and any Cisco dialer: value objects and the protocol of a client."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .digits import DigitPlan
from .exceptions import DialerError, Rejected

MAX_KEY_LENGTH = 25
"""Characters of DialingList.accountnumber, Cisco's shortest account number (reference §6.12)."""

_KEY = re.compile(rf"[A-Za-z0-9_.:-]{{1,{MAX_KEY_LENGTH}}}")


def check_keys(keys: Sequence[str]) -> None:
    """Refuse keys that a dialer would cut or that would tell two contacts apart no longer; the
    caller's mistake.
    """
    wrong = [key for key in keys if not _KEY.fullmatch(key)]
    if wrong:
        # Three are enough to find the mistake by.
        allowed = f"1 to {MAX_KEY_LENGTH} letters, digits or _.:- signs"
        raise ValueError(f"Account numbers have {allowed}: {wrong[:3]}")
    if len(set(keys)) < len(keys):
        raise ValueError("The same key occurs twice in one batch")


@dataclass(frozen=True)
class DialerCampaign:
    """A campaign as the dialer knows it.

    `kind` is ``agent`` or ``ivr``; `dialing_mode` is ``preview``, ``progressive`` or
    ``predictive``; `start_time` and `end_time` are ``HH:MM`` in `time_zone`, which is the server's
    own name for its zone; `max_attempts` says how often the dialer calls a contact by itself, 0 for
    not known; `groups` are the skill groups whose agents get the calls, where the dialer tells.
    """

    key: str
    name: str
    kind: str
    dialing_mode: str
    enabled: bool
    start_time: str
    end_time: str
    time_zone: str
    pending_contacts: int
    description: str = ""
    max_attempts: int = 0
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class CampaignFigures:
    """What a dialer counts of one of its campaigns, whoever sent the contacts; None where it does
    not say. Since when it counts is the dialer's own affair.

    `records` stand in its list, `closed` of them are called no more, `attempts` were made; the
    others say how these ended.
    """

    records: int | None = None
    closed: int | None = None
    attempts: int | None = None
    voice: int | None = None
    busy: int | None = None
    no_answer: int | None = None
    machine: int | None = None
    abandoned: int | None = None
    callbacks: int | None = None
    personal_callbacks: int | None = None

    @property
    def open(self) -> int | None:
        """Records that may still be called; None where that is not known."""
        if self.records is None or self.closed is None:
            return None
        return max(0, self.records - self.closed)


@dataclass(frozen=True)
class DialingRange:
    """Between which times of the day the dialer calls anybody, ``HH:MM`` on the customer's clock."""

    start_time: str
    end_time: str


@dataclass(frozen=True)
class DialingPrefixes:
    """What the dialer is configured to dial before numbers: for a line to the outside, before the
    area codes of its own country, and before country codes.
    """

    outside: str = ""
    trunk: str = ""
    international: str = ""


@dataclass(frozen=True)
class PersonalCallback:
    """A call that one agent has promised.

    :param agent: login at the dialer
    :param at: aware; now where that has passed
    """

    agent: str
    at: datetime


@dataclass(frozen=True)
class PushContact:
    """One number to call: `key` (at most 25 characters) identifies the attempt and comes back with
    its result. `dial_time` is when agents are to see it, ``HH:MM`` of today on the dialer's clock,
    where the dialer knows such times. A `callback` is made by its agent, where the dialer is set up
    for that.
    """

    key: str
    number: str
    first_name: str = ""
    last_name: str = ""
    dial_time: str = ""
    callback: PersonalCallback | None = None


@dataclass(frozen=True)
class PushReceipt:
    """What became of the pushed keys, each of which is in no more than one of the sets: refused ones
    are certainly not at the dialer, doubtful ones were not there yet when an import ended badly,
    and may still appear. Where the push takes several requests and one failed, `failure` says why:
    `unsent` keys are certainly not there, and those in none of the sets are in doubt.
    """

    accepted: frozenset[str]
    refused: frozenset[str]
    doubtful: frozenset[str] = frozenset()
    unsent: frozenset[str] = frozenset()
    failure: DialerError | None = None


@dataclass(frozen=True)
class DialerContact:
    """A contact that waits at the dialer, with the dialer's own status and result codes."""

    key: str
    number: str
    first_name: str = ""
    last_name: str = ""
    raw_status: str = ""
    raw_code: str = ""


@dataclass(frozen=True)
class CallResult:
    """What the dialer knows of one pushed contact.

    `table` names the code table that `raw_status` and `raw_code` belong to (``DialingList`` for
    UCCX, also when the row was read from ``DialingListHistory``). `called_at` and `callback_at` are
    aware, in UTC; `called_at` is None where the dialer keeps no time. `duration_seconds` is talk
    time (agent) or connect time (IVR). One that is `undialled` was deleted at the dialer before it
    was ever called: no result can come for it. One that `corrects` was told as answered before, and
    now tells what the agent has made of it. One that is not `final` is a callback that the dialer
    makes.
    """

    key: str
    dialer_campaign_key: str
    dialer_ref: str
    final: bool
    table: str
    raw_status: str
    raw_code: str
    number: str
    called_at: datetime | None = None
    agent: str = ""
    duration_seconds: int = 0
    wrap_up: str = ""
    callback_at: datetime | None = None
    callback_number: str = ""
    undialled: bool = False
    corrects: bool = False


@dataclass(frozen=True)
class FinishedContact:
    """One that the dialer calls no more and still keeps: `ref` is its row there. One that is
    `undialled` was taken back before it was ever called.
    """

    key: str
    ref: str
    undialled: bool = False


OTHERS, CALLBACKS, CALLED_AGAIN, MANY = "others", "callbacks", "again", "many"
"""Why not all contacts of a campaign may be deleted: another system's are among them, callbacks
are promised there, the dialer will call some again by itself, or there are too many to know.
"""


@dataclass(frozen=True)
class Holding:
    """What a campaign holds at a dialer that can only delete all contacts: keys that wait and were
    never called, keys that are finished, and what forbids to delete them all, if anything.
    """

    waiting: frozenset[str] = frozenset()
    finished: frozenset[str] = frozenset()
    obstacle: str = ""


def in_digits(contacts: Sequence[PushContact], plan: DigitPlan) -> list[PushContact]:
    """Contacts with the digits that their dialer is to dial."""
    return [replace(contact, number=plan.dial(contact.number).digits) for contact in contacts]


def in_numbers(results: Sequence[CallResult], plan: DigitPlan) -> list[CallResult]:
    """Results with the numbers that were meant by what was dialled."""
    found = []
    for result in results:
        number, callback = plan.read(result.number), plan.read(result.callback_number)
        found.append(replace(result, number=number, callback_number=callback))
    return found


@dataclass(frozen=True)
class Health:
    """Answer of a connection test; `message` is for a person, `node` is the host that answered."""

    ok: bool
    message: str
    node: str = ""
    interface_ok: bool = False
    results_ok: bool = False


class DialerClient(ABC):
    """A dialer that contacts are pushed to and results are read from (docs/architecture.md).

    Every method may raise the errors of `clients.exceptions`; only `push`, `set_enabled` and
    `purge` raise `InDoubt` for what they did, and `find` for what it cannot tell.
    """

    @abstractmethod
    def campaigns(self) -> list[DialerCampaign]:
        """List the outbound campaigns of the dialer."""

    def dialing_range(self) -> DialingRange | None:
        """Read between which times customers may be called at all; None where the dialer has no such
        setting, or does not tell.
        """
        return None

    def dialing_prefixes(self) -> DialingPrefixes | None:
        """Read what the dialer is configured to dial before numbers; None where it does not tell."""
        return None

    def figures(self, campaign_key: str) -> CampaignFigures:
        """Read what the dialer counts of a campaign.

        :raise Rejected: this dialer counts nothing, or has no such campaign
        """
        raise Rejected("This dialer does not say what it counts.", "405")

    @abstractmethod
    def set_enabled(self, campaign_key: str, enabled: bool) -> None:
        """Start or stop dialling of one campaign at the dialer; repeating it is harmless."""

    def set_single_attempt(self, campaign_key: str) -> None:
        """Have the dialer call each contact of a campaign once: our strategies decide on retries.
        Repeating it is harmless.

        :raise Rejected: this dialer takes no such change from here
        """
        raise Rejected("This dialer takes no change of its attempts from here.", "405")

    @abstractmethod
    def push(
        self, campaign_key: str, campaign_name: str, contacts: Sequence[PushContact]
    ) -> PushReceipt:
        """Hand over one batch (one request) and say which contacts the dialer took."""

    @abstractmethod
    def find(
        self, campaign_key: str, keys: Collection[str], sent_at: datetime | None = None
    ) -> set[str]:
        """Return those of the keys that the dialer knows, finished ones included, but not what was
        deleted there before it was ever called.

        :param sent_at: when the last of them may have been sent, aware UTC; None: long ago
        """

    @abstractmethod
    def results(self, watermark: str) -> tuple[list[CallResult], str]:
        """Read what changed since the watermark; rows may come again, so apply them idempotently.

        :param watermark: what the last call returned; empty the first time
        """

    @abstractmethod
    def results_for(self, keys: Collection[str]) -> list[CallResult]:
        """Read the results of these keys wherever they are, for attempts that were given up."""

    @abstractmethod
    def purge(self, campaign_key: str) -> None:
        """Delete all contacts of a campaign at the dialer; results that exist stay readable, and
        `results` tells which contacts were never called.
        """

    deletes_finished = False
    """Whether single contacts can be deleted: by `finished` and `delete_finished`. Otherwise all of
    a campaign can, where `holding` allows it: by `purge`, or by `clear` where nobody waits.
    """

    def finished(self, campaign_key: str) -> list[FinishedContact]:
        """List our contacts that the dialer calls no more, and keeps."""
        raise Rejected("This dialer deletes no single contacts.", "405")

    def delete_finished(self, campaign_key: str, contacts: Sequence[FinishedContact]) -> int:
        """Delete such contacts, as long as they are still finished; repeating it is harmless.

        :return: how many were deleted
        """
        raise Rejected("This dialer deletes no single contacts.", "405")

    def holding(self, campaign_key: str) -> Holding:
        """Tell what would be deleted with all contacts of a campaign.

        :raise Busy: contacts are being imported
        """
        raise Rejected("This dialer does not say what its campaigns hold.", "405")

    def clear(self, campaign_key: str) -> None:
        """Delete all contacts of a campaign in which nobody waits."""
        self.purge(campaign_key)

    def find_listed(self, numbers: Collection[str]) -> set[str]:
        """Return those of some numbers, E.164, that stand on the dialer's own do-not-call list."""
        raise Rejected("This dialer has no do-not-call list that can be read.", "405")

    def add_listed(self, numbers: Collection[str]) -> None:
        """Have the dialer call these numbers for nobody; repeating it is harmless."""
        raise Rejected("This dialer has no do-not-call list that can be written.", "405")

    def remove_listed(self, numbers: Collection[str]) -> None:
        """Let the dialer call these numbers again; repeating it is harmless."""
        raise Rejected("This dialer has no do-not-call list that can be written.", "405")

    @abstractmethod
    def undialled(self, keys: Collection[str]) -> set[str]:
        """Return those of the keys that a purge deleted before they were ever called: no result can
        come for them.
        """

    @abstractmethod
    def contacts(self, campaign_key: str, status: str = "") -> list[DialerContact]:
        """List the contacts that wait at the dialer, of one of its own statuses."""

    @abstractmethod
    def health(self) -> Health:
        """Test every connection of the client; never raises a `DialerError`."""
