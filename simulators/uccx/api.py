"""The configuration API: finds the operation for method and path, and answers with a document."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .campaigns import SEQUENCE, Campaign, CampaignStore
from .contacts import ContactStore, contacts_envelope
from .database import Database
from .dialing_hours import HoursStore
from .options import Options
from .wire import Document, Refusal, Reply, check_sequence, in_order, malformed, read_body


@dataclass(frozen=True)
class Request:
    """One request to the API; `base` is scheme and host as the client named them."""

    method: str
    path: str
    base: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""


Operation = Callable[[Any, Request, int], Reply]

_CAMPAIGN = r"/adminapi/campaign/(\d+)"
_CSQS = {1: "Outbound", 2: "Collections", 3: "Service"}


class Api:
    """All operations; each one is a transaction that is committed before the answer leaves."""

    def __init__(
        self, options: Options, database: Database, campaigns: CampaignStore, contacts: ContactStore
    ) -> None:
        self._options = options
        self._database = database
        self._campaigns = campaigns
        self._contacts = contacts
        self._hours = HoursStore(options)
        # Whole paths; a group is the id that the operation gets.
        self._routes: dict[str, dict[str, Operation]] = {
            r"/adminapi/campaign/?": {"GET": self._list, "POST": self._create},
            _CAMPAIGN: {"GET": self._get, "PUT": self._update, "DELETE": self._delete},
            rf"{_CAMPAIGN}/state/enable": {"PUT": self._enable},
            rf"{_CAMPAIGN}/state/disable": {"PUT": self._disable},
            rf"{_CAMPAIGN}/contacts": {
                "GET": self._read_contacts,
                "POST": self._add_contacts,
                "DELETE": self._delete_contacts,
            },
            rf"{_CAMPAIGN}/contacts/status": {"GET": self._import_status},
            r"/adminapi/generalobconfig/?": {"GET": self._get_general, "PUT": self._set_general},
            r"/adminapi/csq/?": {"GET": self._list_csqs},
            r"/adminapi/csq/(\d+)": {"GET": self._get_csq},
            r"/uccx/isDBMaster": {"GET": self._is_db_master},
        }

    def handle(self, request: Request) -> Reply:
        """Carry out a request; what is refused raises `Refusal`."""
        operation, key = self._find(request)
        with self._database.transaction() as cursor:
            return operation(cursor, request, key)

    def _find(self, request: Request) -> tuple[Operation, int]:
        """The operation and the id in the path, 0 where it has none."""
        for pattern, operations in self._routes.items():
            match = re.fullmatch(pattern, request.path)
            if match is None:
                continue
            if request.method not in operations:
                message = "The method is not allowed for this resource"
                raise Refusal(405, message, request.method, "405")
            key = int(match[1]) if match.groups() else 0
            return operations[request.method], key
        raise Refusal(404, "The requested resource is not found", request.path, "404")

    # campaigns

    def _list(self, cursor: Any, request: Request, _key: int) -> Reply:
        pending = self._contacts.pending_counts(cursor)
        items = []
        for campaign in self._campaigns.all(cursor):
            item = self._document(campaign, request, pending)
            # Only a single campaign shows it (reference §1.4).
            item.pop("typeSpecificInfo")
            items.append(item)
        return Reply("campaigns", {"campaign": items})

    def _get(self, cursor: Any, request: Request, key: int) -> Reply:
        campaign = self._campaigns.get(cursor, key)
        pending = self._contacts.pending_counts(cursor)
        document = self._document(campaign, request, pending)
        return Reply("campaign", document)

    def _document(self, campaign: Campaign, request: Request, pending: dict[int, int]) -> Document:
        """The stored document with what the server adds, in the order of the XSD."""
        document = {
            "self": _campaign_url(request, campaign.id),
            "campaignId": campaign.id,
            "timeZone": self._options.time_zone,
            "pendingContacts": pending.get(campaign.id, 0),
            **campaign.document,
        }
        return in_order(document, SEQUENCE)

    def _create(self, cursor: Any, request: Request, _key: int) -> Reply:
        document = _read(request, "campaign")
        campaign = self._campaigns.create(cursor, document, _is_json(request))
        url = _campaign_url(request, campaign.id)
        return Reply(status=201, text=url, headers={"Location": url})

    def _update(self, cursor: Any, request: Request, key: int) -> Reply:
        # Whether it exists is looked at before what is wrong with the body.
        self._campaigns.get(cursor, key)
        document = _read(request, "campaign")
        campaign = self._campaigns.update(cursor, key, document, _is_json(request))
        return Reply(text=_campaign_url(request, campaign.id))

    def _delete(self, cursor: Any, _request: Request, key: int) -> Reply:
        self._campaigns.delete(cursor, key)
        return Reply()

    def _enable(self, cursor: Any, _request: Request, key: int) -> Reply:
        self._campaigns.set_enabled(cursor, key, True)
        return Reply()

    def _disable(self, cursor: Any, _request: Request, key: int) -> Reply:
        self._campaigns.set_enabled(cursor, key, False)
        return Reply()

    # contacts

    def _add_contacts(self, cursor: Any, request: Request, key: int) -> Reply:
        campaign = self._campaigns.get(cursor, key)
        document = _read(request, "campaignContacts")
        self._contacts.accept_import(cursor, campaign, document, _is_json(request))
        url = _campaign_url(request, key)
        return Reply(
            "campaignContacts",
            contacts_envelope(campaign, url, ""),
            status=self._accept_status(),
            headers={"Location": f"{url}/contacts/status"},
        )

    def _accept_status(self) -> int:
        """The documents have both (reference §1.6): a client must take either."""
        wanted = self._options.accept_status
        if wanted == "random":
            return random.choice((200, 202))
        return int(wanted)

    def _import_status(self, cursor: Any, request: Request, key: int) -> Reply:
        self._campaigns.get(cursor, key)
        url = _campaign_url(request, key)
        document = self._contacts.import_status(cursor, key, url)
        return Reply("statusDetails", document)

    def _read_contacts(self, cursor: Any, request: Request, key: int) -> Reply:
        campaign = self._campaigns.get(cursor, key)
        status = request.query.get("q", "").upper()
        url = _campaign_url(request, key)
        document = self._contacts.read(cursor, campaign, status, url)
        return Reply("campaignContacts", document)

    def _delete_contacts(self, cursor: Any, _request: Request, key: int) -> Reply:
        # An unknown campaign is a 404, not a purge of nothing.
        self._campaigns.get(cursor, key)
        self._contacts.delete_all(cursor, key)
        return Reply()

    # the rest

    def _get_general(self, cursor: Any, request: Request, _key: int) -> Reply:
        url = f"{request.base}/adminapi/generalobconfig"
        return Reply("generalobconfig", {"self": url, **self._hours.general(cursor)})

    def _set_general(self, cursor: Any, request: Request, _key: int) -> Reply:
        document = _read(request, "generalobconfig")
        # A client may send back what it read; the link is the server's.
        document.pop("self", None)
        self._hours.set_general(cursor, document, _is_json(request))
        return Reply()

    def _list_csqs(self, _cursor: Any, request: Request, _key: int) -> Reply:
        csqs = [_csq(request, key) for key in _CSQS]
        return Reply("csqs", {"csq": csqs})

    def _get_csq(self, _cursor: Any, request: Request, key: int) -> Reply:
        if key not in _CSQS:
            raise Refusal(404, "The requested resource is not found", f"csq {key}", "404")
        return Reply("csq", _csq(request, key))

    def _is_db_master(self, _cursor: Any, _request: Request, _key: int) -> Reply:
        answer = "true" if self._options.db_master else "false"
        return Reply(text=f"isDBMaster>{answer}")


def _campaign_url(request: Request, key: int) -> str:
    return f"{request.base}/adminapi/campaign/{key}"


def _csq(request: Request, key: int) -> Document:
    return {
        "self": f"{request.base}/adminapi/csq/{key}",
        "id": key,
        "name": _CSQS[key],
        "queueType": "VOICE",
        "queueAlgorithm": "FIFO",
        "autoWork": "true",
        "wrapupTime": 0,
        "resourcePoolType": "SKILL_GROUP",
        "serviceLevel": 5,
        "serviceLevelPercentage": 70,
    }


def _is_json(request: Request) -> bool:
    return "json" in request.content_type


def _read(request: Request, root: str) -> Document:
    """The document of a request, whose root must have that name."""
    name, document = read_body(request.body, request.content_type)
    # JSON has no root name; in XML a wrong one is refused in the words of the XSD's check.
    if name and name != root:
        check_sequence("", (name,), (root,))
    if not document:
        raise malformed()
    return document
