"""Campaigns: their documents, the rules of the configuration API for them, and their rows in table
Campaign.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from .options import Options, utc_now
from .wire import Document, Refusal, check_sequence, element_names, in_order, invalid

SEQUENCE = (
    "self?", "campaignId?", "campaignName", "enabled?", "description?", "startTime?", "endTime?", "timeZone?",
    "campaignType", "dialerType", "pendingContacts?", "associatedSupervisors?", "typeSpecificInfo",
)  # fmt: skip
_COMMON = (
    "treatLowVolAsVoice?", "ansMachineTreatment?", "noAnswerRingLimit?", "abandonedCallWaitTime?",
    "retryNoAnswerDelay?", "retryBusySignalDelay?", "retryCustAbandonedDelay?", "retryDialerAbandonedDelay?",
)  # fmt: skip
_IVR = ("campaignCallingNum", "applicationTrigger", "maxDialAttempts?", "callbackTimeLimit?", "numDedicatedPorts?",
        "linesPerPort?", *_COMMON)  # fmt: skip
_AGENT = ("campaignCallingNum", "maxDialAttempts?", "callbackTimeLimit?", "missedCallbackAction?", "linesPerAgent?",
          "assignedCSQs?", *_COMMON, "answerMachineTreatmentTrigger?", "abandonedCallTreatment?",
          "abandonedCallTreatmentTrigger?")  # fmt: skip
_PREDICTIVE = ("predictiveCorrectionPace?", "predictiveGain?", "callAbandonLimit?")

WRAPPERS: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("AGENT", "DIRECT_PREVIEW"): (
        "obPreview",
        ("maxDialAttempts?", "cacheSize?", "ansMachineRetry?", "callbackTimeLimit?", "missedCallbackAction?",
         "assignedCSQs?"),
    ),
    ("IVR", "PROGRESSIVE"): ("obIvrProgressive", _IVR),
    ("IVR", "PREDICTIVE"): ("obIvrPredictive", (*_IVR, "maxLinesPerPort?", *_PREDICTIVE)),
    ("AGENT", "PROGRESSIVE"): ("obAgentProgressive", _AGENT),
    ("AGENT", "PREDICTIVE"): ("obAgentPredictive", (*_AGENT, "maxLinesPerAgent?", *_PREDICTIVE)),
}  # fmt: skip
"""Wrapper element and its sequence per kind; the two agent wrappers are assumed by analogy (reference §1.5)."""

_RANGES = {
    "maxDialAttempts": (1, 3), "cacheSize": (1, 100), "callbackTimeLimit": (1, 60), "noAnswerRingLimit": (1, 60),
    "abandonedCallWaitTime": (1, 10), "retryNoAnswerDelay": (0, 65535), "retryBusySignalDelay": (0, 65535),
    "retryCustAbandonedDelay": (0, 65535), "retryDialerAbandonedDelay": (0, 65535), "linesPerPort": (1, 3),
    "linesPerAgent": (1, 3), "maxLinesPerPort": (1, 3), "maxLinesPerAgent": (1, 3),
    "predictiveCorrectionPace": (10, 1000), "predictiveGain": (0, 1), "callAbandonLimit": (0, 100),
}  # fmt: skip
_DEFAULTS = {"enabled": "false", "description": "", "startTime": "08:00", "endTime": "21:00"}
_DIALER_CODES = {("AGENT", "DIRECT_PREVIEW"): 0, ("IVR", "PREDICTIVE"): 1, ("IVR", "PROGRESSIVE"): 2,
                 ("AGENT", "PROGRESSIVE"): 3, ("AGENT", "PREDICTIVE"): 4}  # fmt: skip
_MISSED = {"NEXT_DAY": 0, "RETRY": 1, "CLOSE": 2}
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NAME = re.compile(r"(?=.{1,40}$)[A-Za-z0-9_-]+( +[A-Za-z0-9_-]+)*")
_LOCK = 8490


@dataclass(frozen=True)
class Campaign:
    """A campaign as the dialer reads it; delays in minutes, ring limit in seconds."""

    id: int
    document: Document

    @property
    def name(self) -> str:
        return str(self.document["campaignName"])

    @property
    def enabled(self) -> bool:
        return bool(self.document["enabled"] == "true")

    @property
    def by_agents(self) -> bool:
        return bool(self.document["campaignType"] == "AGENT")

    @property
    def is_preview(self) -> bool:
        return bool(self.document["dialerType"] == "DIRECT_PREVIEW")

    @property
    def specifics(self) -> Document:
        """Content of the one wrapper in typeSpecificInfo."""
        return next(iter(self.document["typeSpecificInfo"].values()), None) or {}

    def number(self, name: str, default: int) -> int:
        """An integer setting of the wrapper."""
        return int(self.specifics.get(name) or default)

    @property
    def max_attempts(self) -> int:
        return self.number("maxDialAttempts", 3)

    def may_dial_at(self, now: datetime, options: Options) -> bool:
        """Whether campaign window and Customer Dialing Range are open, in the server's zone."""
        local = (
            now.replace(tzinfo=ZoneInfo("UTC"))
            .astimezone(ZoneInfo(options.time_zone))
            .strftime("%H:%M")
        )
        first, last = options.dialing_range.split("-")
        window = _within(local, self.document["startTime"], self.document["endTime"])
        return window and _within(local, first, last)


def _within(local: str, first: str, last: str) -> bool:
    return first <= local <= last if first <= last else local >= first or local <= last


class CampaignStore:
    """Campaigns in the database; every method works in the caller's transaction."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def all(self, cursor: Any) -> list[Campaign]:
        cursor.execute("SELECT campaignid, document FROM sim_campaign ORDER BY campaignid")
        return [Campaign(row[0], row[1]) for row in cursor.fetchall()]

    def get(self, cursor: Any, campaign_id: int) -> Campaign:
        cursor.execute(
            "SELECT campaignid, document FROM sim_campaign WHERE campaignid = %s", (campaign_id,)
        )
        row = cursor.fetchone()
        if row is None:
            raise Refusal(
                404, "The requested resource is not found", f"campaign {campaign_id}", "404"
            )
        return Campaign(*row)

    def create(self, cursor: Any, request: Document, is_json: bool = False) -> Campaign:
        """Add a campaign; its name must be new."""
        document = self._checked(request, is_json)
        self._lock(cursor)
        known = self.all(cursor)
        if any(campaign.name == document["campaignName"] for campaign in known):
            raise invalid(
                "InvalidInput", f"campaign name {document['campaignName']} already exists"
            )
        campaign = Campaign(max((item.id for item in known), default=0) + 1, document)
        self._require_free_slot(known, campaign)
        self._save(cursor, campaign)
        return campaign

    def update(
        self, cursor: Any, campaign_id: int, request: Document, is_json: bool = False
    ) -> Campaign:
        """Change a campaign; name, type and dialer type are fixed (reference §1.4)."""
        document = self._checked(request, is_json)
        self._lock(cursor)
        old = self.get(cursor, campaign_id)
        for fixed in ("campaignName", "campaignType", "dialerType"):
            if old.document[fixed] != document[fixed]:
                raise invalid("InvalidInput", f"{fixed} cannot be changed")
        campaign = Campaign(campaign_id, document)
        self._require_free_slot(self.all(cursor), campaign)
        self._save(cursor, campaign)
        return campaign

    def set_enabled(self, cursor: Any, campaign_id: int, enabled: bool) -> None:
        self._lock(cursor)
        old = self.get(cursor, campaign_id)
        campaign = Campaign(
            campaign_id, {**old.document, "enabled": "true" if enabled else "false"}
        )
        self._require_free_slot(self.all(cursor), campaign)
        self._save(cursor, campaign)

    def delete(self, cursor: Any, campaign_id: int) -> None:
        """Remove a campaign; its contacts stay as inactive rows."""
        self._lock(cursor)
        self.get(cursor, campaign_id)
        self._deactivate(cursor, campaign_id)
        cursor.execute("DELETE FROM sim_campaign WHERE campaignid = %s", (campaign_id,))
        cursor.execute(
            "UPDATE dialinglist SET active = false, dateinactive = %s WHERE campaignid = %s AND active",
            (utc_now(), campaign_id),
        )

    def _lock(self, cursor: Any) -> None:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))

    def _require_free_slot(self, known: list[Campaign], campaign: Campaign) -> None:
        others = sum(item.enabled for item in known if item.id != campaign.id)
        if campaign.enabled and others >= self._options.max_campaigns:
            raise invalid(
                "InvalidInput",
                f"maximum number of active campaigns ({self._options.max_campaigns}) reached",
            )

    def _checked(self, request: Document, is_json: bool) -> Document:
        try:
            return _checked_campaign(request, is_json)
        except Refusal as refusal:
            if is_json and refusal.message.startswith("cvc-"):
                raise invalid(
                    "Exception Description: An error occurred marshalling the object / Internal Exception:"
                    f" org.xml.sax.SAXParseException; {refusal.message}"
                ) from None
            raise

    def _save(self, cursor: Any, campaign: Campaign) -> None:
        """Store the document, and a new row in Campaign as every edit leaves one (reference §2.6)."""
        cursor.execute(
            "INSERT INTO sim_campaign VALUES (%s, %s)"
            " ON CONFLICT (campaignid) DO UPDATE SET document = excluded.document",
            (campaign.id, json.dumps(campaign.document)),
        )
        self._deactivate(cursor, campaign.id)
        cursor.execute(
            "INSERT INTO campaign (recordid, campaignid, createdatetime, campaignname, enabled, description, starttime,"
            " endtime, cachesize, maxattempts, ansmachineretry, callbacktimelimit, missedcallbackaction, active,"
            " dialertype, campaigntype)"
            " VALUES (nextval('sim_id'), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, true, %s, %s)",
            (campaign.id, utc_now(), *_campaign_columns(campaign)),
        )

    def _deactivate(self, cursor: Any, campaign_id: int) -> None:
        cursor.execute(
            "UPDATE campaign SET active = false, dateinactive = %s WHERE campaignid = %s AND active",
            (utc_now(), campaign_id),
        )


def _campaign_columns(campaign: Campaign) -> tuple[Any, ...]:
    document = campaign.document
    return (
        document["campaignName"],
        0 if campaign.enabled else 1,
        document["description"],
        _minutes(document["startTime"]),
        _minutes(document["endTime"]),
        campaign.number("cacheSize", 20),
        campaign.max_attempts,
        0 if campaign.specifics.get("ansMachineRetry") == "true" else 1,
        campaign.number("callbackTimeLimit", 15),
        _MISSED[campaign.specifics.get("missedCallbackAction") or "NEXT_DAY"],
        _DIALER_CODES[document["campaignType"], document["dialerType"]],
        1 if campaign.by_agents else 0,
    )


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _checked_campaign(request: Document, is_json: bool) -> Document:
    """Check a request against sequence and ranges; return it with text values and defaults, in
    order.
    """
    document = _as_text(in_order(request, SEQUENCE) if is_json else request)
    check_sequence("campaign", element_names(document), SEQUENCE)
    document = in_order({**_DEFAULTS, **document}, SEQUENCE)
    for dropped in ("self", "campaignId", "timeZone", "pendingContacts"):
        document.pop(dropped, None)
    _check_texts(document)
    _check_specifics(document, is_json)
    return document


def _check_texts(document: Document) -> None:
    if not _NAME.fullmatch(document["campaignName"]):
        raise invalid("InvalidInput", f"campaignName {document['campaignName']!r}")
    if len(document["description"]) > 50:
        raise invalid("InvalidInput", "description is longer than 50")
    for name in ("startTime", "endTime"):
        if not _TIME.fullmatch(document[name]):
            raise invalid(
                f"cvc-pattern-valid: Value '{document[name]}' is not facet-valid with respect to pattern for '{name}'."
            )
    if document["enabled"] not in ("true", "false"):
        raise invalid(
            f"cvc-datatype-valid.1.2.1: '{document['enabled']}' is not a valid value for 'boolean'."
        )


def _check_specifics(document: Document, is_json: bool) -> None:
    kind = document["campaignType"], document["dialerType"]
    if kind not in WRAPPERS:
        raise invalid(
            "InvalidInput", f"dialerType {kind[1]} is not possible for campaignType {kind[0]}"
        )
    wrapper, sequence = WRAPPERS[kind]
    info = document["typeSpecificInfo"]
    check_sequence(
        "typeSpecificInfo", element_names(info) if isinstance(info, dict) else [], (wrapper,)
    )
    specifics = info[wrapper] = (
        in_order(info[wrapper] or {}, sequence) if is_json else info[wrapper] or {}
    )
    check_sequence(wrapper, element_names(specifics), sequence)
    for name, (low, high) in _RANGES.items():
        if name in specifics and not _is_between(specifics[name], low, high):
            raise invalid("InvalidInput", f"{name} must be between {low} and {high}")


def _is_between(text: str, low: float, high: float) -> bool:
    try:
        return low <= float(text) <= high
    except ValueError:
        return False


def _as_text(value: Any) -> Any:
    """JSON numbers and booleans as XML would carry them."""
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def default_campaigns() -> list[Document]:
    """What a new simulator has: one campaign of each common kind, enabled, open all day, one try
    per contact.
    """
    trigger = {"@name": "3001", "refURL": "/adminapi/trigger/3001"}
    ivr = {"campaignCallingNum": "1000", "applicationTrigger": trigger, "maxDialAttempts": "1"}
    csq = {"csq": [{"@name": "Outbound", "refURL": "/adminapi/csq/1"}]}
    agent = {"campaignCallingNum": "1000", "maxDialAttempts": "1", "assignedCSQs": csq}
    preview = {
        "maxDialAttempts": "1",
        "cacheSize": "20",
        "ansMachineRetry": "false",
        "assignedCSQs": csq,
    }
    return [
        _default("Outbound Sales", "AGENT", "PROGRESSIVE", agent),
        _default("Collections Preview", "AGENT", "DIRECT_PREVIEW", preview),
        _default("Reminder IVR", "IVR", "PREDICTIVE", ivr),
        _default("Survey IVR", "IVR", "PROGRESSIVE", ivr),
    ]


def _default(name: str, kind: str, mode: str, specifics: Document) -> Document:
    return {
        "campaignName": name,
        "enabled": "true",
        "description": f"{kind} {mode}".replace("_", " ").lower(),
        "startTime": "00:00",
        "endTime": "23:59",
        "campaignType": kind,
        "dialerType": mode,
        "typeSpecificInfo": {WRAPPERS[kind, mode][0]: specifics},
    }
