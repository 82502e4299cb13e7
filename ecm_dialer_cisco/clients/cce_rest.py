"""Client of Cisco CCE over its Outbound REST interface (reference §3.3): contacts are imported into
campaigns that were made over it; results are read from Dialer_Detail.

Not tested against a real CCE. What becomes of single rows of an import is documented nowhere: rows
that CCE would not take are sorted out before.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import requests
from lxml import etree

from .base import (
    CALLBACKS,
    CALLED_AGAIN,
    OTHERS,
    CallResult,
    DialerCampaign,
    DialerContact,
    Holding,
    PushContact,
)
from .cce import CceClient, describe_campaign, utc_now
from .cce_config import CceConfig, CceRestConfig
from .cce_connection import Connect
from .cce_results import CceWatermark
from .exceptions import Busy, NotFound, Rejected, Unreachable
from .uccx_http import UccxHttp
from .uccx_wire import UnreadableAnswer, parse_xml

MAX_ROWS = 10_000
BASE = "/unifiedconfig/config/campaign"
_HEADER = "AccountNumber,FirstName,LastName,Phone01"
# No quoting is described: a value may not hold what separates, nor end the section it stands in.
_UNSAFE = re.compile(r"[,|\[\]<>\"]+")
_FINISHED = ("closed", "maxAttemptsReached")
_CALLBACKS = ("callbackRequested", "personalCallbackRequested")
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
        # One that cannot be reached is not asked once more for each campaign.
        with suppress(Unreachable):
            for key in campaign_keys:
                with suppress(Rejected, Busy):
                    counts[key] = self._count_open(key)
        return counts

    def _count_open(self, campaign_key: str) -> int:
        stats = self._read(f"{_path(campaign_key)}/runtimestats")
        counts = [_text_of(stats, name) for name in ("totalcount", "closedcount")]
        if not all(count.isdecimal() for count in counts):
            return 0
        total, closed = map(int, counts)
        return max(0, total - closed)

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
            for contact in self._contacts(campaign_key):
                missing.discard(contact.key)
                # There may be a hundred pages.
                if not missing:
                    return set(keys)
        return (set(keys) - missing) | (self._called(missing) & missing)

    def contacts(self, campaign_key: str, status: str = "") -> list[DialerContact]:
        """List contacts; `status` is one of CCE's words, empty means pending."""
        wanted = status or "pending"
        return [each for each in self._contacts(campaign_key) if each.raw_status == wanted]

    def _contacts(self, campaign_key: str) -> Iterator[DialerContact]:
        size, start = self._rest.page_rows, 0
        while True:
            params = {"startIndex": str(start), "resultsPerPage": str(size)}
            root = self._read(f"{_path(campaign_key)}/import", params)
            page = [_contact(element) for element in _named(root, "importcontact")]
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
