"""Statements on DialingList and the call-detail tables, for the dialer and the nightly job."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg2.extras

from .. import clock
from .database import insert_many, new_ids
from .dialing_hours import Areas
from .options import utc_now
from .rules import Contact


class _ContactColumns(NamedTuple):
    """A contact that waits, in the order of `_COLUMNS`."""

    dialinglistid: int
    campaignid: int
    accountnumber: str | None
    phone01: str | None
    phone02: str | None
    phone03: str | None
    callstatus: int
    callresult: int
    callresult01: int | None
    callresult02: int | None
    callresult03: int | None
    lastnumberdialed: int
    callsmadetophone01: int
    callsmadetophone02: int
    callsmadetophone03: int
    callbacknumber: str | None
    callbackdatetime: datetime | None
    shown: int
    due_at: datetime | None


class _Change(NamedTuple):
    """What the dialer changes of a contact; the names are those of `v` in `_UPDATE`."""

    id: int
    status: int
    result: int
    result01: int
    result02: int
    result03: int
    phone: int
    calls01: int
    calls02: int
    calls03: int
    callback_number: str | None
    callback_at: str | None


class _DialledRow(NamedTuple):
    dialled_at: datetime
    dialinglistid: int
    campaignid: int
    accountnumber: str
    phone: str
    callresult: int


class _CallDetailRow(NamedTuple):
    sessionid: int
    sessionseqnum: int
    nodeid: int
    profileid: int
    contacttype: int
    contactdisposition: int
    startdatetime: datetime
    enddatetime: datetime
    gmtoffset: int
    callednumber: str
    connecttime: int
    accountnumber: str
    campaignid: int
    callresult: int
    dialinglistid: int


class _AgentDetailRow(NamedTuple):
    sessionid: int
    sessionseqnum: int
    nodeid: int
    profileid: int
    resourceid: int
    startdatetime: datetime
    enddatetime: datetime
    gmtoffset: int
    ringtime: int
    talktime: int
    holdtime: int
    worktime: int
    callwrapupdata: str | None
    callresult: int
    dialinglistid: int
    rna: bool


_HANDLED, _ABANDONED = 2, 1

_COLUMNS = """
    d.dialinglistid, d.campaignid, d.accountnumber, d.phone01, d.phone02, d.phone03,
    d.callstatus, d.callresult, d.callresult01, d.callresult02, d.callresult03,
    d.lastnumberdialed, d.callsmadetophone01, d.callsmadetophone02, d.callsmadetophone03,
    d.callbacknumber, d.callbackdatetime, coalesce(s.shown, 0), s.due_at
"""
# The area with the longest prefix decides (`dialing_hours.Areas`).
_IN_RANGE = """
    AND coalesce((SELECT a.open
                    FROM unnest(%(prefixes)s::text[], %(prefix_open)s::bool[]) AS a(prefix, open)
                   WHERE starts_with(d.phone01, a.prefix)
                   ORDER BY length(a.prefix) DESC LIMIT 1), %(elsewhere_open)s)
"""
_DUE = {
    4: "AND d.callbackdatetime <= %(now)s",
    8: f"AND s.due_at <= %(now)s AND NOT c.preview AND c.open {_IN_RANGE}",
    1: f"AND c.open {_IN_RANGE}",
    6: f"AND c.open {_IN_RANGE}",
}
"""Callstatus in its order: callback, delayed retry, pending, retry (reference §2.5); only callbacks
are exempt from hours.
"""


def _waiting(rank: int, status: int) -> str:
    """Contacts of one status, at most as many as the campaign has room for."""
    return f"""
        (SELECT {rank} AS rank, {_COLUMNS}
           FROM dialinglist d LEFT JOIN sim_contact s USING (dialinglistid)
          WHERE d.campaignid = c.id AND d.active AND d.callstatus = {status} {_DUE[status]}
          ORDER BY d.dialinglistid LIMIT c.room)
    """


# One branch per status, so that each reads a few entries of the index on waiting contacts.
_NEXT = f"""
    SELECT w.*
      FROM unnest(%(ids)s::int[], %(rooms)s::int[], %(previews)s::bool[], %(open)s::bool[])
           AS c(id, room, preview, open),
           LATERAL (
               SELECT *
                 FROM ({" UNION ALL ".join(map(_waiting, range(len(_DUE)), _DUE))}) AS u
                ORDER BY rank, dialinglistid LIMIT c.room
           ) AS w
"""
_UPDATE = f"""
    UPDATE dialinglist d
       SET callstatus = v.status, callresult = v.result,
           callresult01 = v.result01, callresult02 = v.result02, callresult03 = v.result03,
           lastnumberdialed = v.phone, callsmadetophone01 = v.calls01,
           callsmadetophone02 = v.calls02, callsmadetophone03 = v.calls03,
           callbacknumber = v.callback_number, callbackdatetime = v.callback_at::timestamp,
           retry = v.status IN (6, 8)
      FROM (VALUES %s) AS v({", ".join(_Change._fields)})
     WHERE d.dialinglistid = v.id
"""
# A column of nothing but NULL has no type of its own.
_CHANGE_TEMPLATE = f"({'%s, ' * (len(_Change._fields) - 2)}%s::varchar, %s::varchar)"
_KEEP = """
    INSERT INTO sim_contact VALUES %s
    ON CONFLICT (dialinglistid) DO UPDATE SET due_at = excluded.due_at, shown = excluded.shown
"""
_TO_HISTORY = """
    INSERT INTO dialinglisthistory SELECT * FROM dialinglist WHERE {where} ON CONFLICT DO NOTHING
"""
# Missed callback action 0: the next day, 1: a retry at once, 2: closed.
_SETTLE_MISSED_CALLBACKS = """
    UPDATE dialinglist d
       SET nummissedcallback = d.nummissedcallback + 1,
           callbackdatetime = CASE m.missedcallbackaction
                              WHEN 0 THEN d.callbackdatetime + interval '1 day' END,
           callstatus = CASE m.missedcallbackaction WHEN 0 THEN 4 WHEN 1 THEN 6 ELSE 3 END,
           callresult = CASE m.missedcallbackaction WHEN 1 THEN 14 ELSE d.callresult END
      FROM campaign m
     WHERE m.campaignid = d.campaignid AND m.active AND d.active AND d.callstatus = 4
       AND d.callbackdatetime < %s - m.callbacktimelimit * interval '1 minute'
"""


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


class Room(NamedTuple):
    """How many contacts a campaign may call now, and which kinds."""

    campaign_id: int
    room: int
    is_preview: bool
    is_open: bool


def next_contacts(cursor: Any, rooms: Sequence[Room], areas: Areas) -> list[Contact]:
    """Contacts to call now; callbacks are exempt from the hours."""
    ids, counts, previews, is_open = zip(*rooms, strict=True)
    parameters = {
        "now": utc_now(),
        "ids": list(ids),
        "rooms": list(counts),
        "previews": list(previews),
        "open": list(is_open),
        "prefixes": areas.prefixes,
        "prefix_open": areas.is_open,
        "elsewhere_open": areas.elsewhere,
    }
    cursor.execute(_NEXT, parameters)
    # The first column is the rank.
    return [_contact(_ContactColumns(*row[1:])) for row in cursor.fetchall()]


def _contact(columns: _ContactColumns) -> Contact:
    phones = (columns.phone01, columns.phone02, columns.phone03)
    results = (columns.callresult01, columns.callresult02, columns.callresult03)
    # The rules calculate with what UCCX keeps as NULL.
    phone1, phone2, phone3 = (phone or "" for phone in phones)
    result1, result2, result3 = (result or 0 for result in results)
    return Contact(
        id=columns.dialinglistid,
        campaign_id=columns.campaignid,
        account=columns.accountnumber or "",
        phones=(phone1, phone2, phone3),
        status=columns.callstatus,
        result=columns.callresult,
        results=(result1, result2, result3),
        phone=columns.lastnumberdialed,
        calls=(
            columns.callsmadetophone01,
            columns.callsmadetophone02,
            columns.callsmadetophone03,
        ),
        callback_number=columns.callbacknumber or "",
        callback_at=columns.callbackdatetime,
        shown=columns.shown,
        due_at=columns.due_at,
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
    psycopg2.extras.execute_values(
        cursor,
        _UPDATE,
        list(map(_change, contacts)),
        template=_CHANGE_TEMPLATE,
        page_size=1000,
    )

    # UCCX has no column for these two: the simulator keeps them in a table of its own.
    kept = [(item.id, item.due_at, item.shown) for item in contacts if item.due_at or item.shown]
    if kept:
        psycopg2.extras.execute_values(cursor, _KEEP, kept)


def _change(contact: Contact) -> _Change:
    callback_at = contact.callback_at
    return _Change(
        contact.id,
        contact.status,
        contact.result,
        *contact.results,
        contact.phone,
        *contact.calls,
        callback_number=contact.callback_number or None,
        callback_at=callback_at.isoformat() if callback_at else None,
    )


def record_dialled(cursor: Any, calls: Sequence[tuple[Contact, str, int]]) -> None:
    """Append to the simulator's own record of what it called: contact, number, callresult."""
    # When it really was, whatever the clock of UCCX shows.
    now = clock.true_now().replace(tzinfo=None)
    rows = []
    for contact, number, result in calls:
        # The result is settled before it rings, only the others learn it later.
        row = _DialledRow(
            dialled_at=now,
            dialinglistid=contact.id,
            campaignid=contact.campaign_id,
            accountnumber=contact.account,
            phone=number,
            callresult=result,
        )
        rows.append(row)
    insert_many(cursor, "sim_dialled", rows)


def record_details(cursor: Any, records: Sequence[CallRecord]) -> None:
    """Write ContactCallDetail for every call, AgentConnectionDetail where an agent took part."""
    sessions = new_ids(cursor, len(records))
    calls = []
    agents = []
    # Both rows of a call have its session id, by which the two tables are joined.
    for session, record in zip(sessions, records, strict=True):
        calls.append(_call_detail(session, record))
        if record.resource_id:
            agents.append(_agent_detail(session, record))
    insert_many(cursor, "contactcalldetail", calls)
    insert_many(cursor, "agentconnectiondetail", agents)


def _call_detail(session: int, record: CallRecord) -> _CallDetailRow:
    return _CallDetailRow(
        sessionid=session,
        # One node, one profile, and a session without transfers.
        sessionseqnum=0,
        nodeid=1,
        profileid=1,
        contacttype=record.contact_type,
        contactdisposition=_HANDLED if record.talk_seconds else _ABANDONED,
        startdatetime=record.started_at,
        enddatetime=record.ended_at,
        gmtoffset=0,
        callednumber=record.number,
        connecttime=record.talk_seconds,
        accountnumber=record.contact.account,
        campaignid=record.contact.campaign_id,
        callresult=record.result,
        dialinglistid=record.contact.id,
    )


def _agent_detail(session: int, record: CallRecord) -> _AgentDetailRow:
    return _AgentDetailRow(
        sessionid=session,
        sessionseqnum=0,
        nodeid=1,
        profileid=1,
        resourceid=record.resource_id,
        startdatetime=record.started_at,
        enddatetime=record.ended_at,
        gmtoffset=0,
        ringtime=record.ring_seconds,
        talktime=record.talk_seconds,
        # These agents never put anybody on hold and write nothing down afterwards.
        holdtime=0,
        worktime=0,
        callwrapupdata=record.wrap_up or None,
        callresult=record.result,
        dialinglistid=record.contact.id,
        rna=False,
    )


def copy_to_history(cursor: Any, ids: Collection[int]) -> None:
    """Let rows stand in both tables (fault ``duplicate_rows``)."""
    statement = _TO_HISTORY.format(where="dialinglistid = ANY(%s)")
    cursor.execute(statement, (list(ids),))


def active_to_unknown(cursor: Any) -> None:
    """What a restart of the engine does (reference §2.5)."""
    cursor.execute("UPDATE dialinglist SET callstatus = 7 WHERE callstatus = 2")


def unknown_to_pending(cursor: Any) -> None:
    """What the nightly job does, and the engine when it comes online again."""
    cursor.execute("UPDATE dialinglist SET callstatus = 1 WHERE callstatus = 7")


def midnight(cursor: Any, in_call: Collection[int]) -> None:
    """The nightly job: lost calls, missed callbacks, overdue retries, and the move to history
    (reference §2.5).

    :param in_call: ids of contacts whose row the dialer will still write
    """
    now = utc_now()
    unknown_to_pending(cursor)
    cursor.execute(_SETTLE_MISSED_CALLBACKS, (now,))
    cursor.execute("UPDATE sim_contact SET due_at = %s WHERE due_at IS NOT NULL", (now,))

    # A preview is Closed while it is still talked about: it moves one night later.
    finished = "callstatus IN (3, 5) AND dialinglistid <> ALL(%s)"
    cursor.execute(_TO_HISTORY.format(where=finished), (list(in_call),))
    cursor.execute(f"DELETE FROM dialinglist WHERE {finished}", (list(in_call),))
