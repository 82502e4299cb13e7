"""What the requests and answers of CCE's Outbound REST interface are made of (reference §3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

CONFIG = "/unifiedconfig/config"
MAX_PAGE, DEFAULT_PAGE = 100, 25
STATUSES = {
    "A": "active",
    "B": "callbackRequested",
    "C": "closed",
    "J": "agentRejected",
    "M": "maxAttemptsReached",
    "P": "pending",
    "R": "retry",
    "S": "personalCallbackRequested",
    "U": "unknown",
    "X": "agentNotAvailable",
}


class Refusal(Exception):
    """An answer with an error body."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes


def refuse_unknown(what: str = "campaign") -> Refusal:
    return Refusal(400, "CceDBDataNotFoundException", f"The {what} was not found.")


def page_of(request: Request) -> tuple[int, int]:
    """First row and number of rows that a list is asked for."""
    size = min(MAX_PAGE, int(request.query.get("resultsPerPage", DEFAULT_PAGE)))
    return int(request.query.get("startIndex", 0)), size


def add(parent: Any, **texts: str | None) -> None:
    """Give an element children with texts."""
    for name, text in texts.items():
        etree.SubElement(parent, name).text = text or ""


def parse(body: bytes) -> Any:
    """
    :raise Refusal: it is no XML
    """
    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise Refusal(400, "invalidInput.xml", str(error)) from error
