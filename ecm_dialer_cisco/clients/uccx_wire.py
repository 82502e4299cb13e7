"""XML, JSON and CSV of the UCCX configuration API (reference §1): builds requests, reads answers.

Elements are written in the XSD's order and read by local name regardless of case, because documents
and servers differ in both. XML is parsed without entities, DTD and network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from .base import DialerCampaign, DialerContact, DialingPrefixes, DialingRange, PushContact

XSI = "http://www.w3.org/2001/XMLSchema-instance"
CSV_HEADER = "Account Number,First Name,Last Name,Phone1"
DIAL_TIME = "Dial Time"
MAX_NAME_LENGTH = 50
MAX_PHONE_LENGTH = 28
MAX_BODY_BYTES = 3 * 1024 * 1024
"""Tomcat's limit for request and response bodies that Cisco names (reference §1.7)."""

CONTACT_STATUSES = ("PENDING", "CALLBACK", "RETRY", "RETRIES_WITH_DELAY", "MAX_CALLS", "UNKNOWN")
"""Values of ``?q=`` of GET contacts; Active and Closed cannot be listed (reference §1.6)."""

MOST_LISTED = 10_000
"""Contacts that GET lists at most."""

DIALING_MODES = {
    "DIRECT_PREVIEW": "preview",
    "PROGRESSIVE": "progressive",
    "PREDICTIVE": "predictive",
}

_PHONE = re.compile(rf"(?=.{{1,{MAX_PHONE_LENGTH}}}$)\+?[0-9*#]+")
_FAILURE_WORDS = re.compile("FAIL|ERR|ABORT|CANCEL|PARTIAL")
_UNSAFE_IN_NAME = re.compile(r'[",\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+')


class UnreadableAnswer(ValueError):
    """The body is not what the configuration API sends."""


@dataclass(frozen=True)
class ApiError:
    """One entry of an error body; any part may be empty."""

    type: str = ""
    data: str = ""
    message: str = ""


@dataclass(frozen=True)
class ImportStatus:
    """Last import of one type (``MANUAL``: over REST or by hand, ``AUTO``: scheduled) of one
    campaign.

    :param started_at_ms: epoch milliseconds, 0 when the server gives none
    """

    import_type: str
    result: str
    started_at_ms: int
    imported: int
    message: str = ""

    @property
    def is_manual(self) -> bool:
        """Imports over REST are MANUAL ones; a status without a type is taken for one."""
        return self.import_type in ("MANUAL", "")

    @property
    def is_none(self) -> bool:
        """Whether there was no import of this type yet."""
        return not self.result and not self.started_at_ms

    @property
    def succeeded(self) -> bool:
        return self.result == "SUCCESS"

    @property
    def finished(self) -> bool:
        """Only SUCCESS is documented; words of failure are recognised, everything else counts as
        running, also an import that has begun and does not say how it goes.
        """
        if self.succeeded or self.is_none:
            return True
        return _FAILURE_WORDS.search(self.result) is not None

    def running_at(self, now_ms: int, give_up_after_seconds: float) -> bool:
        """Whether it keeps others waiting: unfinished, and young enough not to be a leftover."""
        age_seconds = (now_ms - self.started_at_ms) / 1000
        return not self.finished and age_seconds < give_up_after_seconds


def parse_xml(body: bytes) -> etree._Element:
    """Parse an answer; document types, and with them entities, are refused.

    :raise UnreadableAnswer: no XML, or such a one
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableAnswer(f"not XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableAnswer("a document type is not allowed")
    return root


def _local_name(element: etree._Element) -> str:
    """Lower case, without a namespace; empty for a processing instruction."""
    if not isinstance(element.tag, str):
        return ""
    return etree.QName(element).localname.lower()


def _named(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """Root and descendants of that name, in any case and namespace."""
    for element in root.iter():
        if _local_name(element) == name:
            yield element


def _texts(element: etree._Element) -> dict[str, str]:
    """Texts of the children by lower-case name."""
    texts = {}
    for child in element:
        texts[_local_name(child)] = (child.text or "").strip()
    return texts


def _integer(text: str) -> int:
    """0 for what is no number, as a server that leaves it out."""
    return int(text) if re.fullmatch(r"-?\d+", text) else 0


def parse_campaigns(body: bytes) -> list[DialerCampaign]:
    """Read the campaign list (or one campaign) of reference §1.4."""
    root = parse_xml(body)
    if _local_name(root) not in ("campaigns", "campaign"):
        raise UnreadableAnswer(f"unexpected element {root.tag}")
    campaigns = []
    for element in _named(root, "campaign"):
        # An element without children tells nothing of a campaign.
        if len(element):
            texts = _texts(element)
            campaigns.append(_campaign(texts))
    return campaigns


def _campaign(texts: dict[str, str]) -> DialerCampaign:
    key = texts.get("campaignid")
    if not key:
        # The id is optional; where it is missing, the link ends with it.
        link = texts.get("self", "").rstrip("/")
        key = link.rpartition("/")[2]
    return DialerCampaign(
        key=key,
        name=texts.get("campaignname", ""),
        kind=texts.get("campaigntype", "").lower(),
        dialing_mode=DIALING_MODES.get(texts.get("dialertype", "").upper(), ""),
        enabled=texts.get("enabled", "").lower() == "true",
        start_time=texts.get("starttime", ""),
        end_time=texts.get("endtime", ""),
        time_zone=texts.get("timezone", ""),
        pending_contacts=_integer(texts.get("pendingcontacts", "")),
        description=texts.get("description", ""),
    )


def parse_max_attempts(body: bytes) -> int:
    """How often UCCX calls a contact of one campaign by itself; 0 where the answer does not say."""
    element = next(_named(parse_xml(body), "maxdialattempts"), None)
    return _integer((element.text or "").strip()) if element is not None else 0


def with_single_attempt(body: bytes) -> bytes:
    """A campaign as UCCX gave it, with one call for each contact; all else is sent back as it came,
    in its order, which UCCX insists on.

    :raise UnreadableAnswer: it does not say how often it calls
    """
    root = parse_xml(body)
    element = next(_named(root, "maxdialattempts"), None)
    if element is None:
        raise UnreadableAnswer("no maxDialAttempts")
    element.text = "1"
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def parse_dialing_range(body: bytes) -> DialingRange | None:
    """Read start and end of the general configuration, wherever they stand in it; None where it has
    none (reference §1.8 does not show the document).
    """
    root = parse_xml(body)
    texts = {}
    for name in ("starttime", "endtime"):
        element = next(_named(root, name), None)
        texts[name] = "" if element is None else (element.text or "").strip()
    if not all(texts.values()):
        return None
    return DialingRange(texts["starttime"], texts["endtime"])


def parse_dialing_prefixes(body: bytes) -> DialingPrefixes:
    """Read what the general configuration has before numbers; what is missing there is nothing."""
    root = parse_xml(body)
    texts = []
    for name in ("dialingprefix", "longdistanceprefix", "internationalprefix"):
        element = next(_named(root, name), None)
        texts.append("" if element is None else (element.text or "").strip())
    return DialingPrefixes(*texts)


def parse_import_statuses(body: bytes) -> list[ImportStatus]:
    """Read the answer of ``contacts/status`` (reference §1.6)."""
    root = parse_xml(body)
    if _local_name(root) != "statusdetails":
        raise UnreadableAnswer(f"unexpected element {root.tag}")
    return list(map(_import_status, _named(root, "status")))


def _import_status(element: etree._Element) -> ImportStatus:
    texts = _texts(element)
    # Names of attributes differ in case between servers, as those of elements do.
    import_type = ""
    for name, value in element.attrib.items():
        if str(name).lower() == "importtype":
            import_type = str(value).upper()

    # What went wrong stands in a key and its arguments, at any depth.
    words: list[str] = []
    for node in _named(element, "i18n"):
        for text in node.itertext():
            words.append(str(text).strip())
    return ImportStatus(
        import_type=import_type,
        result=texts.get("result", "").upper(),
        started_at_ms=_integer(texts.get("starttime", "")),
        imported=_integer(texts.get("numcontactsimported", "")),
        message=" ".join(filter(None, words)),
    )


def parse_contacts(body: bytes) -> list[DialerContact]:
    """Read the csvdata of GET contacts; columns are found by their header, in any order and
    case.
    """
    element = next(_named(parse_xml(body), "csvdata"), None)
    if element is None:
        raise UnreadableAnswer("csvdata is missing")
    lines = [line for line in (element.text or "").splitlines() if line.strip()]
    if not lines:
        return []
    header = _cells(lines[0].lower())
    contacts = []
    for line in lines[1:]:
        # Not strict: empty cells at the end of a line may be missing.
        cells = dict(zip(header, _cells(line), strict=False))
        contacts.append(_contact(cells))
    return contacts


def _cells(line: str) -> list[str]:
    return list(map(str.strip, line.split(",")))


def _contact(cells: dict[str, str]) -> DialerContact:
    return DialerContact(
        key=cells.get("account number", ""),
        number=cells.get("phone1", ""),
        first_name=cells.get("first name", ""),
        last_name=cells.get("last name", ""),
        raw_status=cells.get("call status", ""),
        raw_code=cells.get("call result", ""),
    )


def parse_errors(body: bytes) -> list[ApiError]:
    """Read an error body in XML or JSON, with capitals or without, one error or many; empty if it
    is neither.
    """
    try:
        root = parse_xml(body)
    except UnreadableAnswer:
        return list(map(_api_error, _json_errors(body)))
    return [_api_error(_texts(element)) for element in _named(root, "apierror")]


def _api_error(entry: Mapping[str, Any]) -> ApiError:
    # In JSON a part may be null or a number.
    def text(name: str) -> str:
        part = entry.get(name)
        return "" if part is None else str(part)

    return ApiError(text("errortype"), text("errordata"), text("errormessage"))


def _json_errors(body: bytes) -> list[dict[str, Any]]:
    try:
        return list(_find_json_errors(json.loads(body)))
    except ValueError:
        return []


def _find_json_errors(value: Any) -> Iterator[dict[str, Any]]:
    """Walk to every ``apiError``, object or array, because the outer keys are not documented."""
    if isinstance(value, list):
        for item in value:
            yield from _find_json_errors(item)
    if not isinstance(value, dict):
        return
    lowered = {str(key).lower(): item for key, item in value.items()}
    if "errortype" in lowered or "errormessage" in lowered:
        yield lowered
    for item in lowered.values():
        yield from _find_json_errors(item)


def clean_name(name: str) -> str:
    """Make a name safe for UCCX's CSV, whose quoting rules are not documented: drop what would need
    quotes.

    >>> clean_name(' Doe, "Jo"\\n')
    'Doe Jo'
    """
    return " ".join(_UNSAFE_IN_NAME.sub(" ", name).split())[:MAX_NAME_LENGTH].rstrip()


def is_sendable_number(number: str) -> bool:
    """Whether UCCX takes the number as Phone1: digits, ``*``, ``#`` and a leading ``+``, at most 28
    characters.
    """
    return _PHONE.fullmatch(number) is not None


def build_csv(contacts: Sequence[PushContact]) -> str:
    """Rows of csvdata with its header; only columns that are needed (reference §1.6)."""
    has_times = any(contact.dial_time for contact in contacts)
    header = f"{CSV_HEADER},{DIAL_TIME}" if has_times else CSV_HEADER
    rows = (_csv_row(contact, has_times) for contact in contacts)
    # Cisco's examples begin and end with an empty line.
    return "\n".join(("", header, *rows, ""))


def _csv_row(contact: PushContact, has_times: bool) -> str:
    names = (clean_name(contact.first_name), clean_name(contact.last_name))
    cells = (contact.key, *names, contact.number)
    return ",".join((*cells, contact.dial_time) if has_times else cells)


def write_dial_time(due_at: datetime, now: datetime, zone: str) -> str:
    """UCCX's *Dial Time* of a direct preview campaign: ``HH:MM`` of the current day (reference §1.6).

    :param due_at: naive UTC, as is `now`
    :param zone: IANA name of the server's zone
    :return: empty for what is due already, or on another day: agents see it as soon as they are free
    """
    clock, today = (_on_clock(moment, zone) for moment in (due_at, now))
    is_later = clock > today and clock.date() == today.date()
    return f"{clock:%H:%M}" if is_later else ""


def _on_clock(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone))


def build_contacts(
    campaign_url: str, campaign_name: str, contacts: Sequence[PushContact], allow_duplicates: bool
) -> bytes:
    """Body of POST contacts, elements in the documented order."""
    root = etree.Element("campaignContacts", nsmap={"xsi": XSI})
    root.set(f"{{{XSI}}}noNamespaceSchemaLocation", "campaignContacts.xsd")

    # Name and link both name the campaign, as in Cisco's example.
    campaign = etree.SubElement(root, "campaign", name=campaign_name)
    etree.SubElement(campaign, "refURL").text = campaign_url

    duplicates = etree.SubElement(root, "allowDuplicateContacts")
    duplicates.text = "true" if allow_duplicates else "false"
    etree.SubElement(root, "csvdata").text = build_csv(contacts)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
