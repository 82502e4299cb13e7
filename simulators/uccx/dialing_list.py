"""Batch statements on DialingList and the call-detail tables, for the dialer and the midnight job."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2.extras

from .database import insert_many
from .options import utc_now
from .rules import Contact

_COLUMNS = (
    "d.dialinglistid, d.campaignid, d.accountnumber, d.phone01, d.phone02, d.phone03, d.callstatus, d.callresult,"
    " d.callresult01, d.callresult02, d.callresult03, d.lastnumberdialed, d.callsmadetophone01, d.callsmadetophone02,"
    " d.callsmadetophone03, d.callbacknumber, d.callbackdatetime, coalesce(s.shown, 0), s.due_at"
)
_WAITING = (
    "(SELECT {rank} AS rank, {columns} FROM dialinglist d LEFT JOIN sim_contact s USING (dialinglistid)"
    " WHERE d.campaignid = c.id AND d.active AND d.callstatus = {status} {due} ORDER BY d.dialinglistid LIMIT c.room)"
)
_DUE = {
    4: "AND d.callbackdatetime <= %(now)s",
    8: "AND s.due_at <= %(now)s AND NOT c.preview",
    1: "AND c.open",
    6: "AND c.open",
}
"""Order of retrieval by callstatus (reference §2.5): callbacks, delayed retries, pending, retries."""

_NEXT = (
    "SELECT w.* FROM unnest(%(ids)s::int[], %(rooms)s::int[], %(previews)s::bool[], %(open)s::bool[])"
    " AS c(id, room, preview, open), LATERAL (SELECT * FROM ("
    + " UNION ALL ".join(
        _WAITING.format(rank=rank, columns=_COLUMNS, status=status, due=due)
        for rank, (status, due) in enumerate(_DUE.items())
    )
    + ") AS u ORDER BY rank, dialinglistid LIMIT c.room) AS w"
)
_UPDATE = (
    "UPDATE dialinglist d SET callstatus = v.status, callresult = v.result, callresult01 = v.r1, callresult02 = v.r2,"
    " callresult03 = v.r3, lastnumberdialed = v.phone, callsmadetophone01 = v.c1, callsmadetophone02 = v.c2,"
    " callsmadetophone03 = v.c3, callbacknumber = v.number, callbackdatetime = v.at::timestamp,"
    " retry = v.status IN (6, 8)"
    " FROM (VALUES %s) AS v(id, status, result, r1, r2, r3, phone, c1, c2, c3, number, at) WHERE d.dialinglistid = v.id"
)
_TO_HISTORY = (
    "INSERT INTO dialinglisthistory SELECT * FROM dialinglist WHERE {where} ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True)
class CallRecord:
    """What a call leaves in the detail tables; times of the simulated clock in seconds."""

    contact: Contact
    number: str
    contact_type: int
    result: int
    started_at: datetime
    ended_at: datetime
    ring_seconds: int
    talk_seconds: int
    resource_id: int = 0
    wrap_up: str = ""


def next_contacts(
    cursor: Any,
    rooms: Sequence[tuple[int, int]],
    previews: Collection[int],
    open_ids: Collection[int],
) -> list[Contact]:
    """Contacts to call now, at most `room` of each campaign; callbacks are exempt from the dialing
    range.
    """
    parameters = {
        "now": utc_now(),
        "ids": [key for key, _room in rooms],
        "rooms": [room for _key, room in rooms],
        "previews": [key in previews for key, _room in rooms],
        "open": [key in open_ids for key, _room in rooms],
    }
    cursor.execute(_NEXT, parameters)
    return [_contact(row[1:]) for row in cursor.fetchall()]


def _contact(row: Sequence[Any]) -> Contact:
    return Contact(
        id=row[0],
        campaign_id=row[1],
        account=row[2] or "",
        phones=(row[3] or "", row[4] or "", row[5] or ""),
        status=row[6],
        result=row[7],
        results=(row[8] or 0, row[9] or 0, row[10] or 0),
        phone=row[11],
        calls=(row[12], row[13], row[14]),
        callback_number=row[15] or "",
        callback_at=row[16],
        shown=row[17],
        due_at=row[18],
    )


def dial_counts(cursor: Any, numbers: Collection[str]) -> dict[str, int]:
    """How often each number was called, over all campaigns and imports."""
    cursor.execute(
        "SELECT phone, count(*) FROM sim_dialled WHERE phone = ANY(%s) GROUP BY phone",
        (list(numbers),),
    )
    return dict(cursor.fetchall())


def save(cursor: Any, contacts: Sequence[Contact]) -> None:
    """Write the changed state of contacts."""
    rows = [
        (item.id, item.status, item.result, *item.results, item.phone, *item.calls, item.callback_number or None,
         item.callback_at and item.callback_at.isoformat())
        for item in contacts
    ]  # fmt: skip
    template = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::varchar, %s::varchar)"
    psycopg2.extras.execute_values(cursor, _UPDATE, rows, template=template, page_size=1000)
    kept = [(item.id, item.due_at, item.shown) for item in contacts if item.due_at or item.shown]
    if kept:
        psycopg2.extras.execute_values(
            cursor,
            "INSERT INTO sim_contact VALUES %s ON CONFLICT (dialinglistid)"
            " DO UPDATE SET due_at = excluded.due_at, shown = excluded.shown",
            kept,
        )


def record_dialled(cursor: Any, calls: Sequence[tuple[Contact, str, int]]) -> None:
    """Append to the simulator's own record of what it called."""
    now = utc_now()
    rows = [
        (now, item.id, item.campaign_id, item.account, number, result)
        for item, number, result in calls
    ]
    insert_many(
        cursor,
        "sim_dialled",
        "dialled_at, dialinglistid, campaignid, accountnumber, phone, callresult",
        rows,
    )


def record_details(cursor: Any, records: Sequence[CallRecord]) -> None:
    """Write ContactCallDetail for every call, AgentConnectionDetail where an agent took part."""
    if not records:
        return
    cursor.execute("SELECT nextval('sim_id') FROM generate_series(1, %s)", (len(records),))
    sessions = [row[0] for row in cursor.fetchall()]
    pairs = list(zip(sessions, records, strict=True))
    insert_many(
        cursor,
        "contactcalldetail",
        "sessionid, sessionseqnum, nodeid, profileid, contacttype, contactdisposition, startdatetime, enddatetime,"
        " gmtoffset, callednumber, connecttime, accountnumber, campaignid, callresult, dialinglistid",
        [_call_detail(session, record) for session, record in pairs],
    )
    insert_many(
        cursor,
        "agentconnectiondetail",
        "sessionid, sessionseqnum, nodeid, profileid, resourceid, startdatetime, enddatetime, gmtoffset, ringtime,"
        " talktime, holdtime, worktime, callwrapupdata, callresult, dialinglistid, rna",
        [_agent_detail(session, record) for session, record in pairs if record.resource_id],
    )


def _call_detail(session: int, record: CallRecord) -> tuple[Any, ...]:
    disposition = 2 if record.talk_seconds else 1
    contact = record.contact
    times = (record.started_at, record.ended_at, 0)
    return (session, 0, 1, 1, record.contact_type, disposition, *times, record.number, record.talk_seconds,
            contact.account, contact.campaign_id, record.result, contact.id)  # fmt: skip


def _agent_detail(session: int, record: CallRecord) -> tuple[Any, ...]:
    times = (record.started_at, record.ended_at, 0)
    durations = (record.ring_seconds, record.talk_seconds, 0, 0)
    return (session, 0, 1, 1, record.resource_id, *times, *durations, record.wrap_up or None, record.result,
            record.contact.id, False)  # fmt: skip


def copy_to_history(cursor: Any, ids: Collection[int]) -> None:
    """Let rows stand in both tables (fault ``duplicate_rows``)."""
    cursor.execute(_TO_HISTORY.format(where="dialinglistid = ANY(%s)"), (list(ids),))


def active_to_unknown(cursor: Any) -> None:
    """What a restart of the engine does (reference §2.5)."""
    cursor.execute("UPDATE dialinglist SET callstatus = 7 WHERE callstatus = 2")


def unknown_to_pending(cursor: Any) -> None:
    """What the midnight job does, and the engine when it comes online again."""
    cursor.execute("UPDATE dialinglist SET callstatus = 1 WHERE callstatus = 7")


def midnight(cursor: Any, in_call: Collection[int]) -> None:
    """The nightly job: lost calls, missed callbacks, overdue retries, and the move to history
    (reference §2.5).
    """
    now = utc_now()
    unknown_to_pending(cursor)
    _settle_missed_callbacks(cursor, now)
    cursor.execute("UPDATE sim_contact SET due_at = %s WHERE due_at IS NOT NULL", (now,))
    finished = "callstatus IN (3, 5) AND dialinglistid <> ALL(%s)"
    cursor.execute(_TO_HISTORY.format(where=finished), (list(in_call),))
    cursor.execute(f"DELETE FROM dialinglist WHERE {finished}", (list(in_call),))


def _settle_missed_callbacks(cursor: Any, now: datetime) -> None:
    """Callbacks older than the campaign's limit: the next day, a retry at once, or closed."""
    cursor.execute(
        "UPDATE dialinglist d SET nummissedcallback = d.nummissedcallback + 1,"
        " callbackdatetime = CASE m.missedcallbackaction WHEN 0 THEN d.callbackdatetime + interval '1 day' END,"
        " callstatus = CASE m.missedcallbackaction WHEN 0 THEN 4 WHEN 1 THEN 6 ELSE 3 END,"
        " callresult = CASE m.missedcallbackaction WHEN 1 THEN 14 ELSE d.callresult END"
        " FROM campaign m WHERE m.campaignid = d.campaignid AND m.active AND d.callstatus = 4 AND d.active"
        " AND d.callbackdatetime < %s - m.callbacktimelimit * interval '1 minute'",
        (now,),
    )
