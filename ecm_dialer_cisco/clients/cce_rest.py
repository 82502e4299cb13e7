"""Client of Cisco CCE over its Outbound REST interface (reference §3.3): contacts are imported into
campaigns that were made over it; results are read from Dialer_Detail.

Not tested against a real CCE. What becomes of single rows of an import is documented nowhere: rows
that CCE would not take are sorted out before.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import requests
from lxml import etree

from . import cce_personal
from .base import (
    CALLBACKS,
    CALLED_AGAIN,
    OTHERS,
    CallResult,
    CampaignFigures,
    DialerCampaign,
    DialerContact,
    Holding,
    PushContact,
    PushReceipt,
)
from .cce import CceClient, describe_campaign, utc_now
from .cce_config import CceConfig, CceRestConfig
from .cce_connection import Connect
from .cce_results import CceWatermark
from .exceptions import (
    Busy,
    DialerError,
    InDoubt,
    NotFound,
    Rejected,
    Unauthorized,
    Unreachable,
)
from .uccx_http import UccxHttp
from .uccx_wire import UnreadableAnswer, parse_xml

_logger = logging.getLogger(__name__)

MAX_ROWS = 10_000
BASE = "/unifiedconfig/config/campaign"
_HEADER = "AccountNumber,FirstName,LastName,Phone01"
# No quoting is described: a value may not hold what separates, nor end the section it stands in.
_UNSAFE = re.compile(r"[,|\[\]<>\"]+")
_FINISHED = ("closed", "maxAttemptsReached")
_CALLBACKS = ("callbackRequested", "personalCallbackRequested")
# Elements of runtimestats, in small letters.
_FIGURES = {
    "records": "totalcount",
    "closed": "closedcount",
    "attempts": "attemptedcount",
    "voice": "voicecount",
    "busy": "busycount",
    "no_answer": "noanswerdetectcount",
    "machine": "answeringmachinecount",
    "abandoned": "abandondetectcount",
    "callbacks": "callbackcount",
    "personal_callbacks": "personalcallbackcount",
}
_NOT_THERE = "CceDBDataNotFoundException"


class CceRestClient(CceClient):
    """One CCE over REST; its databases are only read.

    :param http: a session of your own, for tests
    """

    def __init__(
        self,
        config: CceConfig,
        connect: Connect,
        error_text: Callable[[Exception], str] = str,
        clock: Callable[[], datetime] = utc_now,
        http: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(config, connect, error_text, clock)
        if config.rest is None:
            raise ValueError("The REST interface needs settings of its own")
        self._rest: CceRestConfig = config.rest
        self._http = UccxHttp(config.rest, http, sleep)

    # campaigns

    def campaigns(self) -> list[DialerCampaign]:
        with self._database.configuration() as cursor:
            rows = self._database.campaigns(cursor)
            groups = self._database.groups(cursor)
        waiting = self._count_waiting([str(row.id) for row in rows])
        return [describe_campaign(row, groups, waiting.get(str(row.id), 0)) for row in rows]

    def _count_waiting(self, campaign_keys: Sequence[str]) -> dict[str, int]:
        """Contacts that are not closed, as CCE counts them itself; empty where it does not tell,
        which keeps nobody from choosing a campaign.
        """
        counts: dict[str, int] = {}
        # One that is away, or busy, is not asked once more for each campaign.
        with suppress(Unreachable, Busy):
            for key in campaign_keys:
                with suppress(Rejected):
                    counts[key] = self.figures(key).open or 0
        return counts

    def figures(self, campaign_key: str) -> CampaignFigures:
        """``runtimestats`` (reference §3.3). Cisco says neither how old its counts are nor when they
        begin anew; those of the tables behind it do so at half past midnight.
        """
        stats = self._read(f"{_path(campaign_key)}/runtimestats")
        found = {}
        for name, element in _FIGURES.items():
            text = _text_of(stats, element).strip()
            found[name] = int(text) if text.isdecimal() else None
        return CampaignFigures(**found)

    def set_enabled(self, campaign_key: str, enabled: bool) -> None:
        self._update(campaign_key, "enabled", "true" if enabled else "false")

    def set_single_attempt(self, campaign_key: str) -> None:
        self._update(campaign_key, "maxAttempts", "1")

    def _update(self, campaign_key: str, name: str, value: str) -> None:
        path = _path(campaign_key)
        # Who has changed it in between is not overwritten: the stamp would be another one.
        stamp = _text_of(self._read(path), "changestamp")
        campaign = etree.Element("campaign")
        etree.SubElement(campaign, "changeStamp").text = stamp
        etree.SubElement(campaign, name).text = value
        self._change("PUT", path, etree.tostring(campaign))

    # contacts

    def push(
        self, campaign_key: str, campaign_name: str, contacts: Sequence[PushContact]
    ) -> PushReceipt:
        """Make agents' own callbacks first, each in a request of its own, then import the others in
        one. A callback that CCE refuses is imported: then it is anybody's.

        After a lost answer all that was not taken before is in doubt.
        """
        self._check_batch(contacts)
        taken: set[str] = set()
        try:
            self._promise(campaign_key, contacts, taken)
            others = [contact for contact in contacts if contact.key not in taken]
            receipt = super().push(campaign_key, campaign_name, others)
        except DialerError as error:
            if not taken:
                raise
            left = frozenset(contact.key for contact in contacts) - taken
            unsent = frozenset() if isinstance(error, InDoubt) else left
            return PushReceipt(frozenset(taken), frozenset(), unsent=unsent, failure=error)
        return replace(receipt, accepted=receipt.accepted | taken)

    def _keeps_personal(self) -> bool:
        return self._rest.personal

    def _promise(self, campaign_key: str, contacts: Sequence[PushContact], taken: set[str]) -> None:
        """Make callbacks of agents whom CCE knows.

        :param taken: gets the keys of those that CCE has
        """
        if not any(contact.callback for contact in contacts):
            return
        callbacks = [contact for contact in self._prepare(contacts) if contact.callback]
        agents = self._agents_of(callbacks)
        if not agents:
            return
        leave_by = self._leave_by()
        with self._database.configuration() as cursor:
            to_local = self._local_clock(cursor)
        for contact in callbacks:
            # An agent whom CCE does not know calls nobody: then it is everybody's.
            if not (contact.callback and contact.callback.agent in agents):
                continue
            # A machine that stood still may wake up when somebody else has settled this batch.
            if self._clock() > leave_by:
                raise Unreachable("CCE answered too slowly: not all contacts were sent.")
            agent, at = agents[contact.callback.agent], to_local(contact.callback.at)
            body = cce_personal.build_callback(campaign_key, agent.id, contact, at)
            if self._takes(contact.key, body):
                taken.add(contact.key)

    def _takes(self, key: str, callback: bytes) -> bool:
        try:
            self._change("POST", cce_personal.PATH, callback)
        except Unauthorized:
            raise
        except Rejected as error:
            _logger.warning("CCE refuses the agent's own callback %s: %s", key, error)
            return False
        return True

    def _send(self, campaign_key: str, sendable: Sequence[PushContact]) -> frozenset[str]:
        if len(sendable) > MAX_ROWS:
            raise ValueError(f"CCE takes at most {MAX_ROWS} contacts in one request")
        self._change("POST", f"{_path(campaign_key)}/import", build_import(sendable))
        return frozenset(contact.key for contact in sendable)

    def find(
        self, campaign_key: str, keys: Collection[str], sent_at: datetime | None = None
    ) -> set[str]:
        """Return the keys that CCE knows: among the campaign's contacts, or called lately.

        :param sent_at: does not matter once `config.doubt_seconds` have passed
        """
        missing = set(keys)
        with suppress(NotFound):
            self._strike_off(missing, lambda: (row.key for row in self._contacts(campaign_key)))
        if missing and self._rest.personal:
            self._strike_off(missing, self._promised)
        if not missing:
            return set(keys)
        return (set(keys) - missing) | (self._called(missing) & missing)

    def _strike_off(self, missing: set[str], read: Callable[[], Iterable[str]]) -> None:
        """Take out of `missing` what is listed, of which there may be a hundred pages. What CCE
        deletes meanwhile moves others to pages that were read already: so it is looked twice.
        """
        for _twice in range(2):
            count = 0
            for key in read():
                count += 1
                missing.discard(key)
                if not missing:
                    return
            if count < self._rest.page_rows:
                return

    def _promised(self) -> Iterator[str]:
        """Keys of all personal callbacks that CCE lists, whoever has made them."""
        for element in self._pages(cce_personal.PATH, "personalcallback"):
            yield _text_of(element, "accountnumber")

    def contacts(self, campaign_key: str, status: str = "") -> list[DialerContact]:
        """List contacts; `status` is one of CCE's words, empty means pending."""
        wanted = status or "pending"
        return [each for each in self._contacts(campaign_key) if each.raw_status == wanted]

    def _contacts(self, campaign_key: str) -> Iterator[DialerContact]:
        return map(_contact, self._pages(f"{_path(campaign_key)}/import", "importcontact"))

    def _pages(self, path: str, name: str) -> Iterator[Any]:
        """Elements of a list, a page a request.

        :param name: of the elements, in small letters
        """
        size, start = self._rest.page_rows, 0
        while True:
            params = {"startIndex": str(start), "resultsPerPage": str(size)}
            page = list(_named(self._read(path, params), name))
            yield from page
            if len(page) < size:
                return
            start += size

    def purge(self, campaign_key: str) -> None:
        """
        :raise Rejected: CCE deletes all contacts or none, and does not say which were called
        """
        raise Rejected(
            "CCE's REST interface can only delete all contacts of a campaign, and does not say"
            " which of them were called: nothing is taken back.",
            "405",
        )

    deletes_finished = False

    def holding(self, campaign_key: str) -> Holding:
        """As the interface lists it: imports that stand in the queue are not there yet."""
        waiting, finished, obstacle = set(), set(), ""
        for contact in self._contacts(campaign_key):
            if not self._database.is_ours(contact.key):
                return Holding(obstacle=OTHERS)
            if contact.raw_status in _FINISHED:
                finished.add(contact.key)
            elif contact.raw_status == "pending":
                waiting.add(contact.key)
            else:
                # What is being called may become either.
                is_callback = contact.raw_status in _CALLBACKS
                obstacle = CALLBACKS if is_callback else obstacle or CALLED_AGAIN
        return Holding(frozenset(waiting), frozenset(finished), obstacle)

    def clear(self, campaign_key: str) -> None:
        self._change("DELETE", f"{_path(campaign_key)}/import")

    def undialled(self, keys: Collection[str]) -> set[str]:
        """None: nothing is ever taken back."""
        return set()

    # results

    def results(self, watermark: str) -> tuple[list[CallResult], str]:
        results, following = self._read_since(CceWatermark.loads(watermark))
        return results, following.dumps()

    # health

    def _check_lists(self) -> None:
        self._read(BASE, {"startIndex": "0", "resultsPerPage": "1"})
        with self._database.configuration() as cursor:
            self._database.campaigns(cursor)

    # wire

    def _read(self, path: str, params: dict[str, str] | None = None) -> Any:
        """The root of an answer."""

        def read_from(node: str) -> Any:
            try:
                return parse_xml(self._http.get(node, path, params).content)
            except UnreadableAnswer as error:
                raise Unreachable(
                    f"What answers at {node} is not the interface of CCE ({error})."
                ) from error

        try:
            return self._http.on_any_node(read_from)
        except Rejected as error:
            raise _translated(error) from error

    def _change(self, method: str, path: str, body: bytes | None = None) -> None:
        try:
            self._http.on_any_node(lambda node: self._http.change(node, method, path, body))
        except Rejected as error:
            raise _translated(error) from error


def build_import(contacts: Sequence[PushContact]) -> bytes:
    """The body of an import; its contacts stand in a section that is not parsed."""
    rows = [_HEADER]
    for contact in contacts:
        names = _UNSAFE.sub(" ", contact.first_name), _UNSAFE.sub(" ", contact.last_name)
        rows.append(",".join((contact.key, *names, contact.number)))
    root = etree.Element("import")
    content = etree.SubElement(root, "fileContent")
    content.text = etree.CDATA("\n" + "\n".join(rows) + "\n")
    etree.SubElement(root, "delimiter").text = ","
    etree.SubElement(root, "overwriteData").text = "false"
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _path(campaign_key: str) -> str:
    """Campaign ids are numbers; anything else must not reach the path."""
    if not campaign_key.isdecimal():
        raise ValueError(f"{campaign_key!r} is not the id of a campaign of CCE")
    return f"{BASE}/{campaign_key}"


def _translated(error: Rejected) -> Rejected:
    """A campaign that was made by tools is not there, for this interface."""
    if type(error) is Rejected and _NOT_THERE in f"{error.code} {error} {error.data}":
        return NotFound(str(error), error.code, error.data)
    return error


def _named(root: Any, name: str) -> Iterator[Any]:
    for element in root.iter():
        if isinstance(element.tag, str) and etree.QName(element).localname.lower() == name:
            yield element


def _text_of(root: Any, name: str) -> str:
    return next((element.text or "" for element in _named(root, name)), "")


def _contact(element: Any) -> DialerContact:
    return DialerContact(
        key=_text_of(element, "accountnumber"),
        number=_text_of(element, "number"),
        first_name=_text_of(element, "firstname"),
        last_name=_text_of(element, "lastname"),
        raw_status=_text_of(element, "callstatus"),
        raw_code=_text_of(element, "callresultoverall"),
    )
