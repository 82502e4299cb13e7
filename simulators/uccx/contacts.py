"""Contacts of a campaign: imports (one at a time), their status, reading by status, deleting all
(reference §1.6).
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, NamedTuple

from .. import clock
from .campaigns import Campaign
from .database import insert_many, new_ids
from .faults import Fault, Faults
from .options import Options, utc_now
from .wire import Document, check_sequence, element_names, in_order, invalid

_SEQUENCE = ("campaign", "allowDuplicateContacts?", "csvdata")
_HEADERS = ("account number", "first name", "last name", "phone1", "phone2", "phone3", "dial time")
_GET_HEADER = (
    "account number, first name, last name, phone1, phone2, phone3, dial time, call result,"
    " callback number, call status, call result 01, call result 02, call result 03,"
    " last number dialled, calls made to phone 01, calls made to phone 02,"
    " calls made to phone 03, retry, num missed call back"
)
_GET_ROWS = """
    SELECT accountnumber, firstname, lastname, phone01, phone02, phone03, '', callresult,
           callbacknumber, callstatus, callresult01, callresult02, callresult03,
           lastnumberdialed, callsmadetophone01, callsmadetophone02,
           callsmadetophone03, retry, nummissedcallback
      FROM dialinglist
     WHERE campaignid = %s AND active AND callstatus = %s
     ORDER BY dialinglistid LIMIT %s
"""
_STATUSES = {
    "PENDING": 1,
    "CALLBACK": 4,
    "MAX_CALLS": 5,
    "RETRY": 6,
    "UNKNOWN": 7,
    "RETRIES_WITH_DELAY": 8,
}
_CAMPAIGN_LINK = re.compile(r"/adminapi/campaign/(\d+)/?$")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_PHONE = re.compile(r"\+?[0-9*#]{1,28}")
# As many as UCCX tells at most (reference §1.6).
_MAX_LISTED = 10_000
# Any number that no other advisory lock of the simulator has.
_LOCK = 8491
# All statuses but Closed and Max_Calls.
UNFINISHED = (1, 2, 4, 6, 7, 8)

# Numbers that a campaign does not take a second time: those that wait, and today's.
_TAKEN_PHONES = """
    SELECT unnest(ARRAY[phone01, phone02, phone03]) FROM dialinglist
     WHERE campaignid = %s AND active AND callstatus = ANY(%s)
    UNION
    SELECT phone FROM sim_dialled WHERE campaignid = %s AND dialled_at >= %s
"""


class _CsvRow(NamedTuple):
    """One row of csvdata, in the order of `_HEADERS`."""

    account: str
    first_name: str
    last_name: str
    phone1: str
    phone2: str
    phone3: str
    dial_time: str

    @property
    def phones(self) -> list[str]:
        return list(filter(None, (self.phone1, self.phone2, self.phone3)))

    @property
    def is_usable(self) -> bool:
        """Whether UCCX takes it: it has a first phone, and everything fits into its column."""
        if len(self.account) > 25 or not self.phone1:
            return False
        # Lengths of the columns (reference §2.2).
        names = (self.first_name, self.last_name)
        if max(map(len, names)) > 50:
            return False
        if self.dial_time and not _TIME.fullmatch(self.dial_time):
            return False
        return all(map(_PHONE.fullmatch, self.phones))


class _Import(NamedTuple):
    """A row of `sim_import` that is not finished."""

    id: int
    campaign_id: int
    rows: list[list[str]]
    allow_duplicates: bool
    imported: int
    state: str


class _NewContact(NamedTuple):
    """A row of DialingList as an import leaves it; the fields are its columns."""

    recordid: int
    dialinglistid: int
    campaignid: int
    createdatetime: datetime
    accountnumber: str
    firstname: str
    lastname: str
    phone01: str
    phone02: str | None
    phone03: str | None
    profileid: int = 1
    gmtzonephone01: int = 0
    gmtzonephone02: int = 0
    gmtzonephone03: int = 0
    dstphone01: int = 1
    dstphone02: int = 1
    dstphone03: int = 1
    callstatus: int = 1
    callresult: int = 0
    callresult01: int = 0
    callresult02: int = 0
    callresult03: int = 0
    lastnumberdialed: int = 0
    callsmadetophone01: int = 0
    callsmadetophone02: int = 0
    callsmadetophone03: int = 0
    retry: bool = False
    active: bool = True
    nummissedcallback: int = 0


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
        allow_duplicates = str(document.get("allowDuplicateContacts", "false")).lower()

        # Two requests at the same moment must not both find that nothing runs.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        self._require_room(cursor, campaign, len(rows))
        now_ms = int(clock.now().timestamp() * 1000)
        cursor.execute(
            "INSERT INTO sim_import (campaignid, state, started_ms, rows, allow_duplicates)"
            " VALUES (%s, 'IN_PROGRESS', %s, %s, %s)",
            (campaign.id, now_ms, json.dumps(rows), allow_duplicates == "true"),
        )

    def _require_room(self, cursor: Any, campaign: Campaign, count: int) -> None:
        # One import at a time in all campaigns: an assumption, see README.
        cursor.execute("SELECT 1 FROM sim_import WHERE state = 'IN_PROGRESS'")
        if cursor.fetchone():
            raise invalid("InvalidInput", "another import is in progress")

        most = self._options.max_rows
        if count > most:
            raise invalid("InvalidInput", f"more than {most} contacts in one import")

        most = self._options.max_contacts
        if self.unfinished(cursor, campaign.id) + count > most:
            raise invalid("InvalidInput", f"more than {most} active contacts in the campaign")

    def unfinished(self, cursor: Any, campaign_id: int) -> int:
        """How many contacts of the campaign count for its limit."""
        cursor.execute(
            "SELECT count(*) FROM dialinglist"
            " WHERE campaignid = %s AND active AND callstatus = ANY(%s)",
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
        # Another simulator on the same database may have taken some.
        due_ms = int((clock.now().timestamp() - self._options.import_seconds) * 1000)
        cursor.execute(
            "SELECT id, campaignid, rows, allow_duplicates, imported, state FROM sim_import"
            " WHERE (state = 'IN_PROGRESS' OR rows::text <> '[]') AND started_ms <= %s"
            " FOR UPDATE SKIP LOCKED",
            (due_ms,),
        )
        for row in cursor.fetchall():
            running = _Import(*row)
            self._run_import(cursor, running)

    def _run_import(self, cursor: Any, running: _Import) -> None:
        stuck = self._faults.get("import_stuck")
        if stuck and stuck.rows == "before":
            return

        # What ended without all of its rows goes on when the fault is over.
        partial = self._faults.get("import_partial")
        left = self._left_for_later(partial, running)
        if left and running.state != "IN_PROGRESS":
            return

        # A stuck import comes here in every round; its rows are empty from the second one on.
        imported = running.imported
        if running.rows:
            rows = self._wanted_rows(cursor, running)
            imported += self._insert(cursor, running.campaign_id, rows)

        state = "IN_PROGRESS" if stuck else self._import_result(partial, running)
        cursor.execute(
            "UPDATE sim_import SET state = %s, rows = %s, imported = %s WHERE id = %s",
            (state, json.dumps(left), imported, running.id),
        )

    def _left_for_later(self, partial: Fault | None, running: _Import) -> list[list[str]]:
        if partial is None or partial.rest != "later":
            return []
        return running.rows[partial.imported :]

    def _import_result(self, partial: Fault | None, running: _Import) -> str:
        if partial:
            return partial.result
        # A failure that was told stays one, whatever arrives afterwards.
        return "SUCCESS" if running.state in ("", "IN_PROGRESS") else running.state

    def _wanted_rows(self, cursor: Any, running: _Import) -> list[_CsvRow]:
        """The rows that reach the list; the others are left out without a word."""
        rows = [_CsvRow(*cells) for cells in running.rows]
        usable = [row for row in rows if row.is_usable]
        if partial := self._faults.get("import_partial"):
            usable = usable[: partial.imported]
        if running.allow_duplicates:
            return usable
        return self._without_duplicates(cursor, running.campaign_id, usable)

    def _insert(self, cursor: Any, campaign_id: int, rows: list[_CsvRow]) -> int:
        # createdatetime has no fractions: rounding would put it into the future.
        now = utc_now().replace(microsecond=0)
        ids = new_ids(cursor, len(rows))
        contacts = []
        for key, row in zip(ids, rows, strict=True):
            contacts.append(_new_contact(key, campaign_id, now, row))
        insert_many(cursor, "dialinglist", contacts)
        return len(rows)

    def _without_duplicates(
        self, cursor: Any, campaign_id: int, rows: list[_CsvRow]
    ) -> list[_CsvRow]:
        """Skip contacts whose phone is in the batch, waiting, or was dialled since midnight."""
        today = utc_now().date()
        cursor.execute(_TAKEN_PHONES, (campaign_id, list(UNFINISHED), campaign_id, today))
        seen = {row[0] for row in cursor.fetchall()}

        wanted = []
        for row in rows:
            if seen.isdisjoint(row.phones):
                wanted.append(row)
            seen.update(row.phones)
        return wanted

    def import_status(self, cursor: Any, campaign_id: int, self_url: str) -> Document:
        """Answer of contacts/status; the word for a running import is an invention (README)."""
        cursor.execute(
            "SELECT state, started_ms, imported FROM sim_import"
            " WHERE campaignid = %s ORDER BY id DESC LIMIT 1",
            (campaign_id,),
        )
        last = cursor.fetchone()
        return {
            "self": self_url,
            "campaignId": campaign_id,
            "importStatus": {"status": [_status(*last)]} if last else {},
        }

    def read(self, cursor: Any, campaign: Campaign, status: str, campaign_url: str) -> Document:
        """Answer of GET contacts: waiting contacts of one status as CSV."""
        if status and status not in _STATUSES:
            raise invalid("InvalidInput", f"q={status}")
        # Without a status the waiting ones are meant (reference §1.6).
        code = _STATUSES[status or "PENDING"]
        cursor.execute(_GET_ROWS, (campaign.id, code, _MAX_LISTED))
        lines = [_GET_HEADER]
        for row in cursor.fetchall():
            cells = map(_cell, row)
            lines.append(", ".join(cells))
        csvdata = "\n".join(lines)
        return contacts_envelope(campaign, campaign_url, f"\n{csvdata}\n")

    def delete_all(self, cursor: Any, campaign_id: int) -> None:
        """Mark all contacts inactive; history and calls in progress are untouched (reference
        §6.16).
        """
        cursor.execute(
            "UPDATE dialinglist SET active = false, dateinactive = %s"
            " WHERE campaignid = %s AND active",
            (utc_now(), campaign_id),
        )


def contacts_envelope(campaign: Campaign, campaign_url: str, csvdata: str) -> Document:
    return {
        "campaign": {"@name": campaign.name, "refURL": campaign_url},
        "allowDuplicateContacts": "false",
        "csvdata": csvdata,
    }


def _cell(value: Any) -> str:
    """As Cisco's sample row has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _status(state: str, started_ms: int, imported: int) -> Document:
    return {
        "@importType": "MANUAL",
        "result": state,
        "startTime": started_ms,
        "numContactsImported": imported,
        "i18n": {"Key": f"obss.schedule.import.{state.lower()}", "Args": {"Arg": str(imported)}},
    }


def _check_link(reference: Any, campaign: Campaign) -> None:
    """Refuse a body whose link does not name the campaign of the path, in UCCX's words."""
    link = ""
    if isinstance(reference, dict):
        link = str(reference.get("refURL", ""))

    # Only its end counts: the host may be any name of the server.
    match = _CAMPAIGN_LINK.search(link)
    qualifier = match[1] if match else ""
    if int(qualifier or 0) != campaign.id:
        message = f"Invalid link {link}; id qualifier [{qualifier}] is not found"
        raise invalid("Not a valid link uri", message)


def _read_csv(text: str) -> list[_CsvRow]:
    """Rows of csvdata; quotes are not understood, as UCCX documents none."""
    lines = [line for line in text.splitlines() if line.strip()]
    header = _cells(lines[0].lower()) if lines else []
    if "phone1" not in header or not set(header) <= set(_HEADERS):
        raise invalid("InvalidInput", "csvdata has no valid header")

    rows = []
    for line in lines[1:]:
        # Any order of columns will do, and empty cells at the end may be missing.
        by_name = dict(zip(header, _cells(line), strict=False))
        cells = [by_name.get(name, "") for name in _HEADERS]
        rows.append(_CsvRow(*cells))
    return rows


def _cells(line: str) -> list[str]:
    return list(map(str.strip, line.split(",")))


def _new_contact(key: int, campaign_id: int, now: datetime, row: _CsvRow) -> _NewContact:
    return _NewContact(
        recordid=key,
        dialinglistid=key,
        campaignid=campaign_id,
        createdatetime=now,
        accountnumber=row.account,
        firstname=row.first_name,
        lastname=row.last_name,
        phone01=row.phone1,
        phone02=row.phone2 or None,
        phone03=row.phone3 or None,
    )
