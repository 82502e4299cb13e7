"""Contacts of a campaign: imports (one at a time), their status, reading by status, deleting all
(reference §1.6).
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

from .campaigns import Campaign
from .database import insert_many
from .faults import Faults
from .options import Options, utc_now
from .wire import Document, check_sequence, element_names, in_order, invalid

_SEQUENCE = ("campaign", "allowDuplicateContacts?", "csvdata")
_HEADERS = ("account number", "first name", "last name", "phone1", "phone2", "phone3", "dial time")
_GET_HEADER = (
    "account number, first name, last name, phone1, phone2, phone3, dial time, call result, callback number,"
    " call status, call result 01, call result 02, call result 03, last number dialled, calls made to phone 01,"
    " calls made to phone 02, calls made to phone 03, retry, num missed call back"
)
_STATUSES = {
    "PENDING": 1,
    "CALLBACK": 4,
    "MAX_CALLS": 5,
    "RETRY": 6,
    "UNKNOWN": 7,
    "RETRIES_WITH_DELAY": 8,
}
_PHONE = re.compile(r"\+?[0-9*#]{1,28}")
_MAX_LISTED = 10_000
_LOCK = 8491
UNFINISHED = (1, 2, 4, 6, 7, 8)

_LIST_INSERT = (
    "recordid, dialinglistid, profileid, campaignid, createdatetime, accountnumber, firstname, lastname, phone01,"
    " phone02, phone03, gmtzonephone01, gmtzonephone02, gmtzonephone03, dstphone01, dstphone02, dstphone03, callstatus,"
    " callresult, callresult01, callresult02, callresult03, lastnumberdialed, callsmadetophone01, callsmadetophone02,"
    " callsmadetophone03, retry, active, nummissedcallback"
)


class ContactStore:
    """Contacts in DialingList; every method works in the caller's transaction."""

    def __init__(self, options: Options, faults: Faults) -> None:
        self._options = options
        self._faults = faults

    def accept_import(
        self, cursor: Any, campaign: Campaign, request: Document, is_json: bool
    ) -> None:
        """Check an import and write it down; the dialer's thread carries it out."""
        document = in_order(request, _SEQUENCE) if is_json else request
        check_sequence("campaignContacts", element_names(document), _SEQUENCE)
        _check_link(document["campaign"], campaign)
        rows = _read_csv(str(document["csvdata"]))
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        self._require_room(cursor, campaign, len(rows))
        allow = str(document.get("allowDuplicateContacts", "false")).lower() == "true"
        cursor.execute(
            "INSERT INTO sim_import (campaignid, state, started_ms, rows, allow_duplicates)"
            " VALUES (%s, 'IN_PROGRESS', %s, %s, %s)",
            (campaign.id, int(time.time() * 1000), json.dumps(rows), allow),
        )

    def _require_room(self, cursor: Any, campaign: Campaign, count: int) -> None:
        cursor.execute("SELECT 1 FROM sim_import WHERE state = 'IN_PROGRESS'")
        if cursor.fetchone():
            raise invalid("InvalidInput", "another import is in progress")
        if count > self._options.max_rows:
            raise invalid(
                "InvalidInput", f"more than {self._options.max_rows} contacts in one import"
            )
        if self.unfinished(cursor, campaign.id) + count > self._options.max_contacts:
            raise invalid(
                "InvalidInput",
                f"more than {self._options.max_contacts} active contacts in the campaign",
            )

    def unfinished(self, cursor: Any, campaign_id: int) -> int:
        cursor.execute(
            "SELECT count(*) FROM dialinglist WHERE campaignid = %s AND active AND callstatus = ANY(%s)",
            (campaign_id, list(UNFINISHED)),
        )
        return int(cursor.fetchone()[0])

    def pending_counts(self, cursor: Any) -> dict[int, int]:
        """Waiting contacts per campaign, as pendingContacts shows them."""
        cursor.execute(
            "SELECT campaignid, count(*) FROM dialinglist"
            " WHERE active AND callstatus IN (1, 4, 6, 8) GROUP BY campaignid"
        )
        return dict(cursor.fetchall())

    def run_imports(self, cursor: Any) -> None:
        """Finish the imports whose time has come."""
        cursor.execute(
            "SELECT id, campaignid, rows, allow_duplicates, imported FROM sim_import"
            " WHERE state = 'IN_PROGRESS' AND started_ms <= %s FOR UPDATE SKIP LOCKED",
            (int((time.time() - self._options.import_seconds) * 1000),),
        )
        for import_id, campaign_id, rows, allow, imported in cursor.fetchall():
            self._run_import(cursor, import_id, campaign_id, rows, allow, imported)

    def _run_import(
        self,
        cursor: Any,
        import_id: int,
        campaign_id: int,
        rows: list[list[str]],
        allow: bool,
        imported: int,
    ) -> None:
        stuck, partial = self._faults.get("import_stuck"), self._faults.get("import_partial")
        if stuck and stuck.rows == "before":
            return
        if rows:
            usable = [row for row in rows if _is_usable(row)][
                : partial.imported if partial else None
            ]
            wanted = usable if allow else self._without_duplicates(cursor, campaign_id, usable)
            imported = self._insert(cursor, campaign_id, wanted)
        state = "IN_PROGRESS" if stuck else partial.result if partial else "SUCCESS"
        cursor.execute(
            "UPDATE sim_import SET state = %s, rows = '[]', imported = %s WHERE id = %s",
            (state, imported, import_id),
        )

    def _insert(self, cursor: Any, campaign_id: int, rows: list[list[str]]) -> int:
        cursor.execute("SELECT nextval('sim_id') FROM generate_series(1, %s)", (len(rows),))
        ids = [row[0] for row in cursor.fetchall()]
        now = utc_now().replace(microsecond=0)
        insert_many(
            cursor,
            "dialinglist",
            _LIST_INSERT,
            [_new_row(key, campaign_id, now, row) for key, row in zip(ids, rows, strict=True)],
        )
        return len(rows)

    def _without_duplicates(
        self, cursor: Any, campaign_id: int, rows: list[list[str]]
    ) -> list[list[str]]:
        """Skip contacts whose phone is in the batch, waiting, or was dialled since midnight."""
        cursor.execute(
            "SELECT unnest(ARRAY[phone01, phone02, phone03]) FROM dialinglist"
            " WHERE campaignid = %s AND active AND callstatus = ANY(%s)"
            " UNION SELECT phone FROM sim_dialled WHERE campaignid = %s AND dialled_at >= %s",
            (campaign_id, list(UNFINISHED), campaign_id, utc_now().date()),
        )
        seen = {row[0] for row in cursor.fetchall() if row[0]}
        wanted = []
        for row in rows:
            phones = {phone for phone in row[3:6] if phone}
            if not phones & seen:
                wanted.append(row)
            seen |= phones
        return wanted

    def import_status(self, cursor: Any, campaign_id: int, self_url: str) -> Document:
        """Answer of contacts/status; the word for a running import is an invention (README)."""
        cursor.execute(
            "SELECT state, started_ms, imported FROM sim_import WHERE campaignid = %s ORDER BY id DESC LIMIT 1",
            (campaign_id,),
        )
        statuses = [_status(*row) for row in cursor.fetchall()]
        return {
            "self": self_url,
            "campaignId": campaign_id,
            "importStatus": {"status": statuses} if statuses else {},
        }

    def read(self, cursor: Any, campaign: Campaign, status: str, campaign_url: str) -> Document:
        """Answer of GET contacts: waiting contacts of one status as CSV."""
        if status and status not in _STATUSES:
            raise invalid("InvalidInput", f"q={status}")
        cursor.execute(
            "SELECT accountnumber, firstname, lastname, phone01, phone02, phone03, '', callresult, callbacknumber,"
            " callstatus, callresult01, callresult02, callresult03, lastnumberdialed, callsmadetophone01,"
            " callsmadetophone02, callsmadetophone03, retry, nummissedcallback"
            " FROM dialinglist WHERE campaignid = %s AND active AND callstatus = %s ORDER BY dialinglistid LIMIT %s",
            (campaign.id, _STATUSES.get(status, 1), _MAX_LISTED),
        )
        lines = [", ".join(map(_cell, row)) for row in cursor.fetchall()]
        return contacts_envelope(campaign, campaign_url, "\n".join(("", _GET_HEADER, *lines, "")))

    def delete_all(self, cursor: Any, campaign_id: int) -> None:
        """Mark all contacts inactive; history and calls in progress are untouched (reference
        §6.16).
        """
        cursor.execute(
            "UPDATE dialinglist SET active = false, dateinactive = %s WHERE campaignid = %s AND active",
            (utc_now(), campaign_id),
        )


def contacts_envelope(campaign: Campaign, campaign_url: str, csvdata: str) -> Document:
    return {
        "campaign": {"@name": campaign.name, "refURL": campaign_url},
        "allowDuplicateContacts": "false",
        "csvdata": csvdata,
    }


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _status(state: str, started_ms: int, imported: int) -> Document:
    key = {"SUCCESS": "obss.schedule.import.success"}.get(
        state, f"obss.schedule.import.{state.lower()}"
    )
    return {
        "@importType": "MANUAL",
        "result": state,
        "startTime": started_ms,
        "numContactsImported": imported,
        "i18n": {"Key": key, "Args": {"Arg": str(imported)}},
    }


def _check_link(reference: Any, campaign: Campaign) -> None:
    link = str(reference.get("refURL", "")) if isinstance(reference, dict) else ""
    match = re.search(r"/adminapi/campaign/(\d+)/?$", link)
    if not match or int(match[1]) != campaign.id:
        qualifier = match[1] if match else ""
        raise invalid(
            "Not a valid link uri", f"Invalid link {link}; id qualifier [{qualifier}] is not found"
        )


def _read_csv(text: str) -> list[list[str]]:
    """Rows as seven cells in the order of `_HEADERS`; quotes are not understood, as UCCX documents
    none.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    header = [cell.strip().lower() for cell in lines[0].split(",")] if lines else []
    if "phone1" not in header or not set(header) <= set(_HEADERS):
        raise invalid("InvalidInput", "csvdata has no valid header")
    rows = []
    for line in lines[1:]:
        cells = dict(zip(header, (cell.strip() for cell in line.split(",")), strict=False))
        rows.append([cells.get(name, "") for name in _HEADERS])
    return rows


def _is_usable(row: list[str]) -> bool:
    account, first, last, *phones = row[:6]
    lengths = len(account) <= 25 and len(first) <= 50 and len(last) <= 50
    return lengths and bool(phones[0]) and all(_PHONE.fullmatch(phone) for phone in phones if phone)


def _new_row(key: int, campaign_id: int, now: Any, row: list[str]) -> tuple[Any, ...]:
    account, first, last, phone1, phone2, phone3 = row[:6]
    zones_and_dst = (0, 0, 0, 1, 1, 1)
    states = (1, 0, 0, 0, 0, 0, 0, 0, 0)
    identity = (
        key,
        key,
        1,
        campaign_id,
        now,
        account,
        first,
        last,
        phone1,
        phone2 or None,
        phone3 or None,
    )
    return (*identity, *zones_and_dst, *states, False, True, 0)
