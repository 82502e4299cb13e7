"""The configuration API: finds the operation for method and path, and answers with a document."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .campaigns import Campaign, CampaignStore
from .contacts import ContactStore, contacts_envelope
from .database import Database
from .options import Options
from .wire import Document, Refusal, Reply, check_sequence, malformed, read_body


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
        campaign = r"/adminapi/campaign/(\d+)"
        self._routes: list[tuple[re.Pattern[str], dict[str, Operation]]] = [
            (re.compile(r"/adminapi/campaign/?"), {"GET": self._list, "POST": self._create}),
            (re.compile(campaign), {"GET": self._get, "PUT": self._update, "DELETE": self._delete}),
            (re.compile(f"{campaign}/state/enable"), {"PUT": self._enable}),
            (re.compile(f"{campaign}/state/disable"), {"PUT": self._disable}),
            (
                re.compile(f"{campaign}/contacts"),
                {
                    "GET": self._read_contacts,
                    "POST": self._add_contacts,
                    "DELETE": self._delete_contacts,
                },
            ),
            (re.compile(f"{campaign}/contacts/status"), {"GET": self._import_status}),
            (re.compile(r"/adminapi/csq/?"), {"GET": self._list_csqs}),
            (re.compile(r"/adminapi/csq/(\d+)"), {"GET": self._get_csq}),
            (re.compile(r"/uccx/isDBMaster"), {"GET": self._is_db_master}),
        ]

    def handle(self, request: Request) -> Reply:
        """Carry out a request; what is refused raises `Refusal`."""
        operation, key = self._find(request)
        with self._database.transaction() as cursor:
            return operation(cursor, request, key)

    def _find(self, request: Request) -> tuple[Operation, int]:
        for pattern, operations in self._routes:
            if match := pattern.fullmatch(request.path):
                if request.method not in operations:
                    raise Refusal(
                        405, "The method is not allowed for this resource", request.method, "405"
                    )
                return operations[request.method], int(match[1]) if match.groups() else 0
        raise Refusal(404, "The requested resource is not found", request.path, "404")

    # campaigns

    def _list(self, cursor: Any, request: Request, _key: int) -> Reply:
        pending = self._contacts.pending_counts(cursor)
        items = [
            self._document(campaign, request, pending) for campaign in self._campaigns.all(cursor)
        ]
        for item in items:
            item.pop("typeSpecificInfo")
        return Reply("campaigns", {"campaign": items})

    def _get(self, cursor: Any, request: Request, key: int) -> Reply:
        campaign = self._campaigns.get(cursor, key)
        return Reply(
            "campaign", self._document(campaign, request, self._contacts.pending_counts(cursor))
        )

    def _document(self, campaign: Campaign, request: Request, pending: dict[int, int]) -> Document:
        """The stored document with what the server adds, in the order of the XSD."""
        stored = dict(campaign.document)
        specifics = stored.pop("typeSpecificInfo")
        kind = {name: stored.pop(name) for name in ("campaignType", "dialerType")}
        return {
            "self": _campaign_url(request, campaign.id),
            "campaignId": campaign.id,
            **stored,
            "timeZone": self._options.time_zone,
            **kind,
            "pendingContacts": pending.get(campaign.id, 0),
            "typeSpecificInfo": specifics,
        }

    def _create(self, cursor: Any, request: Request, _key: int) -> Reply:
        campaign = self._campaigns.create(cursor, _read(request, "campaign"), _is_json(request))
        url = _campaign_url(request, campaign.id)
        return Reply(status=201, text=url, headers={"Location": url})

    def _update(self, cursor: Any, request: Request, key: int) -> Reply:
        self._campaigns.get(cursor, key)
        campaign = self._campaigns.update(
            cursor, key, _read(request, "campaign"), _is_json(request)
        )
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
        wanted = self._options.accept_status
        return random.choice((200, 202)) if wanted == "random" else int(wanted)

    def _import_status(self, cursor: Any, request: Request, key: int) -> Reply:
        self._campaigns.get(cursor, key)
        return Reply(
            "statusDetails", self._contacts.import_status(cursor, key, _campaign_url(request, key))
        )

    def _read_contacts(self, cursor: Any, request: Request, key: int) -> Reply:
        campaign = self._campaigns.get(cursor, key)
        status = request.query.get("q", "").upper()
        return Reply(
            "campaignContacts",
            self._contacts.read(cursor, campaign, status, _campaign_url(request, key)),
        )

    def _delete_contacts(self, cursor: Any, _request: Request, key: int) -> Reply:
        self._campaigns.get(cursor, key)
        self._contacts.delete_all(cursor, key)
        return Reply()

    # the rest

    def _list_csqs(self, _cursor: Any, request: Request, _key: int) -> Reply:
        return Reply("csqs", {"csq": [_csq(request, key) for key in _CSQS]})

    def _get_csq(self, _cursor: Any, request: Request, key: int) -> Reply:
        if key not in _CSQS:
            raise Refusal(404, "The requested resource is not found", f"csq {key}", "404")
        return Reply("csq", _csq(request, key))

    def _is_db_master(self, _cursor: Any, _request: Request, _key: int) -> Reply:
        return Reply(text=f"isDBMaster>{'true' if self._options.db_master else 'false'}")


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
    name, document = read_body(request.body, request.content_type)
    if name and name != root:
        check_sequence("", (name,), (root,))
    if not document:
        raise malformed()
    return document
