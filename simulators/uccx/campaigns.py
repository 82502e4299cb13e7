"""Campaigns: their documents, the rules of the configuration API for them, and their rows in table
Campaign.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from .database import insert_many, new_ids
from .options import Options, utc_now
from .wire import Document, Refusal, check_sequence, element_names, in_order, invalid

SEQUENCE = (
    "self?",
    "campaignId?",
    "campaignName",
    "enabled?",
    "description?",
    "startTime?",
    "endTime?",
    "timeZone?",
    "campaignType",
    "dialerType",
    "pendingContacts?",
    "associatedSupervisors?",
    "typeSpecificInfo",
)
_COMMON = (
    "treatLowVolAsVoice?",
    "ansMachineTreatment?",
    "noAnswerRingLimit?",
    "abandonedCallWaitTime?",
    "retryNoAnswerDelay?",
    "retryBusySignalDelay?",
    "retryCustAbandonedDelay?",
    "retryDialerAbandonedDelay?",
)
_IVR = (
    "campaignCallingNum",
    "applicationTrigger",
    "maxDialAttempts?",
    "callbackTimeLimit?",
    "numDedicatedPorts?",
    "linesPerPort?",
    *_COMMON,
)
_AGENT = (
    "campaignCallingNum",
    "maxDialAttempts?",
    "callbackTimeLimit?",
    "missedCallbackAction?",
    "linesPerAgent?",
    "assignedCSQs?",
    *_COMMON,
    "answerMachineTreatmentTrigger?",
    "abandonedCallTreatment?",
    "abandonedCallTreatmentTrigger?",
)
_PREVIEW = (
    "maxDialAttempts?",
    "cacheSize?",
    "ansMachineRetry?",
    "callbackTimeLimit?",
    "missedCallbackAction?",
    "assignedCSQs?",
)
_PREDICTIVE = ("predictiveCorrectionPace?", "predictiveGain?", "callAbandonLimit?")
_IVR_PREDICTIVE = (*_IVR, "maxLinesPerPort?", *_PREDICTIVE)
_AGENT_PREDICTIVE = (*_AGENT, "maxLinesPerAgent?", *_PREDICTIVE)


class Kind(NamedTuple):
    """What campaignType and dialerType mean together.

    :ivar wrapper: the element in typeSpecificInfo
    :ivar sequence: its children
    :ivar code: Campaign.dialertype (reference §2.6)
    """

    wrapper: str
    sequence: tuple[str, ...]
    code: int


# Wrappers and codes of the last two are assumed by analogy (reference §1.5).
KINDS = {
    ("AGENT", "DIRECT_PREVIEW"): Kind("obPreview", _PREVIEW, 0),
    ("IVR", "PREDICTIVE"): Kind("obIvrPredictive", _IVR_PREDICTIVE, 1),
    ("IVR", "PROGRESSIVE"): Kind("obIvrProgressive", _IVR, 2),
    ("AGENT", "PROGRESSIVE"): Kind("obAgentProgressive", _AGENT, 3),
    ("AGENT", "PREDICTIVE"): Kind("obAgentPredictive", _AGENT_PREDICTIVE, 4),
}

_RANGES = {
    "maxDialAttempts": (1, 3),
    "cacheSize": (1, 100),
    "callbackTimeLimit": (1, 60),
    "noAnswerRingLimit": (1, 60),
    "abandonedCallWaitTime": (1, 10),
    "retryNoAnswerDelay": (0, 65535),
    "retryBusySignalDelay": (0, 65535),
    "retryCustAbandonedDelay": (0, 65535),
    "retryDialerAbandonedDelay": (0, 65535),
    "linesPerPort": (1, 3),
    "linesPerAgent": (1, 3),
    "maxLinesPerPort": (1, 3),
    "maxLinesPerAgent": (1, 3),
    "predictiveCorrectionPace": (10, 1000),
    "predictiveGain": (0, 1),
    "callAbandonLimit": (0, 100),
}
# What a request may leave out (reference §1.5).
_DEFAULTS = {"enabled": "false", "description": "", "startTime": "08:00", "endTime": "21:00"}
_ADDED_BY_SERVER = ("self", "campaignId", "timeZone", "pendingContacts")
# What an update may not change (reference §1.4).
_FIXED = ("campaignName", "campaignType", "dialerType")
_MISSED = {"NEXT_DAY": 0, "RETRY": 1, "CLOSE": 2}
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NAME = re.compile(r"(?=.{1,40}$)[A-Za-z0-9_-]+( +[A-Za-z0-9_-]+)*")
_MAX_DESCRIPTION = 50
_LOCK = 8490


class _CampaignRow(NamedTuple):
    """A row of table Campaign; the fields are its columns."""

    recordid: int
    campaignid: int
    createdatetime: datetime
    campaignname: str
    enabled: int
    description: str
    starttime: int
    endtime: int
    cachesize: int
    maxattempts: int
    ansmachineretry: int
    callbacktimelimit: int
    missedcallbackaction: int
    active: bool
    dialertype: int
    campaigntype: int


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


class CampaignStore:
    """Campaigns in the database; every method works in the caller's transaction."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def all(self, cursor: Any) -> list[Campaign]:
        cursor.execute("SELECT campaignid, document FROM sim_campaign ORDER BY campaignid")
        return [Campaign(*row) for row in cursor.fetchall()]

    def get(self, cursor: Any, campaign_id: int) -> Campaign:
        cursor.execute(
            "SELECT campaignid, document FROM sim_campaign WHERE campaignid = %s", (campaign_id,)
        )
        row = cursor.fetchone()
        if row is None:
            data = f"campaign {campaign_id}"
            raise Refusal(404, "The requested resource is not found", data, "404")
        return Campaign(*row)

    def create(self, cursor: Any, request: Document, is_json: bool = False) -> Campaign:
        """Add a campaign; its name must be new."""
        document = self._checked(request, is_json)
        name = document["campaignName"]

        # Ids are given out in order, so that the default campaigns are 1 to 4.
        self._lock(cursor)
        known = self.all(cursor)
        highest = 0
        for campaign in known:
            if campaign.name == name:
                raise invalid("InvalidInput", f"campaign name {name} already exists")
            highest = max(highest, campaign.id)

        campaign = Campaign(highest + 1, document)
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
        for name in _FIXED:
            if old.document[name] != document[name]:
                raise invalid("InvalidInput", f"{name} cannot be changed")
        campaign = Campaign(campaign_id, document)
        self._require_free_slot(self.all(cursor), campaign)
        self._save(cursor, campaign)
        return campaign

    def set_enabled(self, cursor: Any, campaign_id: int, enabled: bool) -> None:
        self._lock(cursor)
        old = self.get(cursor, campaign_id)
        state = "true" if enabled else "false"
        campaign = Campaign(campaign_id, {**old.document, "enabled": state})
        self._require_free_slot(self.all(cursor), campaign)
        self._save(cursor, campaign)

    def set_hours(self, cursor: Any, campaign_id: int, start: str, end: str) -> None:
        self._lock(cursor)
        old = self.get(cursor, campaign_id)
        document = {**old.document, "startTime": start, "endTime": end}
        _check_texts(document)
        self._save(cursor, Campaign(campaign_id, document))

    def delete(self, cursor: Any, campaign_id: int) -> None:
        """Remove a campaign; its contacts stay as inactive rows."""
        self._lock(cursor)
        # 404 where there is none.
        self.get(cursor, campaign_id)
        self._deactivate(cursor, campaign_id)
        cursor.execute("DELETE FROM sim_campaign WHERE campaignid = %s", (campaign_id,))
        cursor.execute(
            "UPDATE dialinglist SET active = false, dateinactive = %s"
            " WHERE campaignid = %s AND active",
            (utc_now(), campaign_id),
        )

    def _lock(self, cursor: Any) -> None:
        """One change at a time: names and active campaigns are counted over all of them."""
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))

    def _require_free_slot(self, known: list[Campaign], campaign: Campaign) -> None:
        # Only enabled ones count; a disabled campaign can always be added.
        if not campaign.enabled:
            return
        most = self._options.max_campaigns
        others = 0
        for item in known:
            if item.enabled and item.id != campaign.id:
                others += 1
        if others >= most:
            raise invalid("InvalidInput", f"maximum number of active campaigns ({most}) reached")

    def _checked(self, request: Document, is_json: bool) -> Document:
        try:
            return _checked_campaign(request, is_json)
        except Refusal as refusal:
            # UCCX turns JSON into XML before it checks it, and its errors show that.
            if is_json and refusal.message.startswith("cvc-"):
                raise invalid(
                    "Exception Description: An error occurred marshalling the object"
                    " / Internal Exception: org.xml.sax.SAXParseException;"
                    f" {refusal.message}"
                ) from None
            raise

    def _save(self, cursor: Any, campaign: Campaign) -> None:
        """Store the document, and a new row in Campaign as every edit leaves one (reference
        §2.6).
        """
        cursor.execute(
            "INSERT INTO sim_campaign VALUES (%s, %s)"
            " ON CONFLICT (campaignid) DO UPDATE SET document = excluded.document",
            (campaign.id, json.dumps(campaign.document)),
        )
        # The older rows stay: who reads the table has to look at `active`.
        self._deactivate(cursor, campaign.id)
        (record_id,) = new_ids(cursor, 1)
        insert_many(cursor, "campaign", [_campaign_row(campaign, record_id)])

    def _deactivate(self, cursor: Any, campaign_id: int) -> None:
        cursor.execute(
            "UPDATE campaign SET active = false, dateinactive = %s"
            " WHERE campaignid = %s AND active",
            (utc_now(), campaign_id),
        )


def _campaign_row(campaign: Campaign, record_id: int) -> _CampaignRow:
    document = campaign.document
    specifics = campaign.specifics
    missed = specifics.get("missedCallbackAction") or "NEXT_DAY"
    # The guide's 0 and 1 look swapped for these two (reference §2.6); the simulator follows it.
    enabled = 0 if campaign.enabled else 1
    machine_retry = 0 if specifics.get("ansMachineRetry") == "true" else 1
    return _CampaignRow(
        recordid=record_id,
        campaignid=campaign.id,
        createdatetime=utc_now(),
        campaignname=document["campaignName"],
        enabled=enabled,
        description=document["description"],
        starttime=_minutes(document["startTime"]),
        endtime=_minutes(document["endTime"]),
        cachesize=campaign.number("cacheSize", 20),
        maxattempts=campaign.max_attempts,
        ansmachineretry=machine_retry,
        callbacktimelimit=campaign.number("callbackTimeLimit", 15),
        missedcallbackaction=_MISSED[missed],
        active=True,
        dialertype=KINDS[document["campaignType"], document["dialerType"]].code,
        campaigntype=1 if campaign.by_agents else 0,
    )


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _checked_campaign(request: Document, is_json: bool) -> Document:
    """Check a request against sequence and ranges; return it with text values and defaults, in
    order.
    """
    # A JSON object has no order of its own.
    ordered = in_order(request, SEQUENCE) if is_json else request
    document = _as_text(ordered)
    check_sequence("campaign", element_names(document), SEQUENCE)
    document = in_order({**_DEFAULTS, **document}, SEQUENCE)
    # A client may send back what it read; these are the server's.
    for name in _ADDED_BY_SERVER:
        document.pop(name, None)
    _check_texts(document)
    _check_specifics(document, is_json)
    return document


def _check_texts(document: Document) -> None:
    campaign_name = document["campaignName"]
    if not _NAME.fullmatch(campaign_name):
        raise invalid("InvalidInput", f"campaignName {campaign_name!r}")
    if len(document["description"]) > _MAX_DESCRIPTION:
        raise invalid("InvalidInput", f"description is longer than {_MAX_DESCRIPTION}")

    # The XSD has a pattern for times and a type for booleans: Xerces refuses them, in its words.
    for name in ("startTime", "endTime"):
        value = document[name]
        if not _TIME.fullmatch(value):
            raise invalid(
                f"cvc-pattern-valid: Value '{value}' is not facet-valid"
                f" with respect to pattern for '{name}'."
            )
    enabled = document["enabled"]
    if enabled not in ("true", "false"):
        raise invalid(f"cvc-datatype-valid.1.2.1: '{enabled}' is not a valid value for 'boolean'.")


def _check_specifics(document: Document, is_json: bool) -> None:
    campaign_type = document["campaignType"]
    dialer_type = document["dialerType"]
    kind = KINDS.get((campaign_type, dialer_type))
    if kind is None:
        message = f"dialerType {dialer_type} is not possible for campaignType {campaign_type}"
        raise invalid("InvalidInput", message)

    # Exactly one wrapper, the one of this kind.
    info = document["typeSpecificInfo"]
    names = element_names(info) if isinstance(info, dict) else []
    check_sequence("typeSpecificInfo", names, (kind.wrapper,))

    specifics = info[kind.wrapper] or {}
    if is_json:
        specifics = in_order(specifics, kind.sequence)
    info[kind.wrapper] = specifics
    check_sequence(kind.wrapper, element_names(specifics), kind.sequence)
    for name, (low, high) in _RANGES.items():
        if name in specifics and not _is_between(specifics[name], low, high):
            raise invalid("InvalidInput", f"{name} must be between {low} and {high}")


def _is_between(text: str, low: float, high: float) -> bool:
    """Whether it is a number of the range; some settings have decimals."""
    try:
        return low <= float(text) <= high
    except ValueError:
        return False


def _as_text(value: Any) -> Any:
    """JSON numbers and booleans as XML would carry them."""
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(_as_text, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def default_campaigns(tries: int = 1) -> list[Document]:
    """What a new simulator has: one campaign of each common kind, enabled, open all day.

    :param tries: calls per contact that UCCX makes by itself
    """
    trigger = {"@name": "3001", "refURL": "/adminapi/trigger/3001"}
    csq = {"csq": [{"@name": "Outbound", "refURL": "/adminapi/csq/1"}]}

    # One, if nothing else is said: retries are the campaign manager's, UCCX's own come on top.
    most = str(tries)
    ivr = {"campaignCallingNum": "1000", "applicationTrigger": trigger, "maxDialAttempts": most}
    agent = {"campaignCallingNum": "1000", "maxDialAttempts": most, "assignedCSQs": csq}
    preview = {
        "maxDialAttempts": most,
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
        "typeSpecificInfo": {KINDS[kind, mode].wrapper: specifics},
    }
