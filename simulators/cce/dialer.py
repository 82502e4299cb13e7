"""The dialer: takes pending contacts of the dialing lists, calls nobody, writes what came of it
(reference §1.9, §5.5).
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras

from ..uccx import scenario
from . import campaigns, schema
from .codes import AGENT, CALLBACK, NEVER, ON_DNC_LIST, RESULTS, RETRIED, TALKED, WRAP_UPS
from .faults import Faults
from .options import Options
from .personal_callbacks import PersonalCallbacks

_logger = logging.getLogger(__name__)

_BUFFER_ROWS = 20
_PROGRESSIVE_ONLY, _SIP = 5, 2
_MIDNIGHT_DAYS = 5


@dataclass(frozen=True)
class DialingList:
    """The list of a campaign's query rule, and what of the campaign the dialer must know."""

    campaign_id: int
    rule_id: int
    table: str
    max_attempts: int
    is_open: bool


@dataclass(frozen=True)
class Contact:
    """A row of a dialing list, as far as the dialer reads it."""

    id: int
    account: str
    phone: str
    callback_phone: str
    calls_made: int
    status: str

    @property
    def number(self) -> str:
        return self.callback_phone if self.status == "B" and self.callback_phone else self.phone


class Dialer:
    """Rounds of the dialer, in a thread of its own."""

    def __init__(self, options: Options, faults: Faults) -> None:
        self._options = options
        self._faults = faults
        self._behaviour = scenario.load(options.scenario)
        self._history, self._outbound = schema.names(options)[1:]
        self._configuration = schema.names(options)[0]
        self._personal = PersonalCallbacks(options, self._behaviour, self._tell)
        self._stores = threading.local()
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="dialer", daemon=True)
        self.paused = False

    # thread

    def start(self) -> None:
        """Go on where an earlier process stopped: what it was calling is unknown."""
        self.restart()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._options.tick_seconds):
            try:
                self.tick()
            except psycopg2.Error:
                _logger.exception("A round of the dialer failed")

    def tick(self) -> None:
        """One round."""
        with self._turn, self.transaction() as cursor:
            now = self._options.now()
            if not self._is_active(cursor):
                return
            self._import(cursor, now)
            self._import_files(cursor, now)
            for each in self._lists(cursor, now):
                self._end_calls(cursor, each, now)
                if not self.paused and each.is_open:
                    self._place_calls(cursor, each, now)
            self._personal.end_calls(cursor, now)
            if not self.paused:
                self._personal.place_calls(cursor, now)
            self._flush(cursor, now)

    def _is_active(self, cursor: Any) -> bool:
        """Whether this side's Campaign Manager dials; what the other one is told waits there."""
        cursor.execute("SELECT side FROM sim.active FOR SHARE")
        return bool(cursor.fetchone()[0] == self._options.side)

    def take_over(self) -> None:
        """This side dials from now on; what the other one was calling is forgotten."""
        # In one go: a round in between would have its calls forgotten, and make them again.
        with self._turn, self.transaction() as cursor:
            cursor.execute("UPDATE sim.active SET side = %s", (self._options.side,))
            self._forget_calls(cursor)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A cursor whose work is committed at the end."""
        # A connection a thread: the dialer's rounds come many times a second.
        connection = getattr(self._stores, "connection", None)
        if connection is None or connection.closed:
            connection = self._stores.connection = psycopg2.connect(self._options.dsn)
        with connection, connection.cursor() as cursor:
            yield cursor

    def _lists(self, cursor: Any, now: datetime) -> list[DialingList]:
        cursor.execute(
            f"""SELECT c.campaignid, r.queryruleid, c.maxattempts,
                       c.enabled = 'Y' AND r.queryruleenabled = 'Y'
                       AND %s BETWEEN 60 * c.homestarthours + c.homestartminutes
                                  AND 60 * c.homeendhours + c.homeendminutes
                  FROM {self._configuration}.t_campaign c
                  JOIN {self._configuration}.t_campaign_query_rule r USING (campaignid)
                 WHERE c.deleted = 'N' ORDER BY c.campaignid, r.listorder""",
            (60 * now.hour + now.minute,),
        )
        lists = []
        for campaign_id, rule_id, attempts, is_open in cursor.fetchall():
            table = f"{self._outbound}.dl_{campaign_id}_{rule_id}"
            lists.append(DialingList(campaign_id, rule_id, table, attempts, is_open))
        return lists

    def _import(self, cursor: Any, now: datetime) -> None:
        """Contacts that came over the REST interface, one import a round."""
        cursor.execute(
            """DELETE FROM sim.import WHERE id = (SELECT min(id) FROM sim.import)
               RETURNING campaign_id, records"""
        )
        for campaign_id, records in cursor.fetchall():
            cursor.execute(
                f"""INSERT INTO {self._outbound}.dl_{campaign_id}_{campaign_id}
                           (accountnumber, firstname, lastname, phone01, callstatuszone1,
                            callstatuszone2, callresult, importruledate)
                    SELECT r->>'AccountNumber', r->>'FirstName', r->>'LastName', r->>'Phone01',
                           'P', 'P', 0, %s
                      FROM json_array_elements(%s) r""",
                (now, json.dumps(records)),
            )

    def _import_files(self, cursor: Any, now: datetime) -> None:
        """Files that import rules poll: into the contact table, and from there into the list. A row
        that does not fit is left out; the file is renamed.
        """
        if not self._options.import_folder or self._faults.get("no_import"):
            return
        cursor.execute(
            f"""SELECT importruleid, contacttablename, filepath
                  FROM {self._configuration}.t_import_rule
                 WHERE filepollingenabled = 'Y' AND enabled = 'Y' AND deleted = 'N'"""
        )
        for rule_id, table, path in cursor.fetchall():
            if (file := Path(path)).exists():
                self._import_file(cursor, file, rule_id, table.lower(), now)

    def _import_file(
        self, cursor: Any, file: Path, rule_id: int, table: str, now: datetime
    ) -> None:
        lines = file.read_text("cp1252").splitlines()
        values = [line.split(",") for line in lines]
        good = [row for row in values if _fits(row)]
        columns = ", ".join(campaigns.COLUMNS)
        psycopg2.extras.execute_values(
            cursor, f"INSERT INTO {self._outbound}.{table} ({columns}) VALUES %s", good
        )
        psycopg2.extras.execute_values(
            cursor,
            f"""INSERT INTO {self._outbound}.dl_{rule_id}_{rule_id} ({columns}, callstatuszone1,
                       callstatuszone2, callresult, importruledate) VALUES %s""",
            good,
            template="(%s, %s, %s, %s, 'P', 'P', 0, now()::timestamp)",
        )
        cursor.execute("SELECT nextval('sim.recovery_key')")
        key = cursor.fetchone()[0]
        cursor.execute(
            f"""INSERT INTO {self._history}.t_import_rule_history (badrecords, enddatetime,
                       goodrecords, importruleid, recoverykey, startdatetime, timezone, totalrecords)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s)""",
            (
                len(values) - len(good),
                *(now, len(good), rule_id, key, now, self._options.minutes_west(), len(values)),
            ),
        )
        file.rename(file.with_suffix(f".{key % 1000:03d}"))

    # calls

    def _place_calls(self, cursor: Any, of: DialingList, now: datetime) -> None:
        cursor.execute("SELECT count(*) FROM sim.call WHERE campaign_id = %s", (of.campaign_id,))
        free = self._options.lines - int(cursor.fetchone()[0])
        for contact in self._due(cursor, of, now, max(0, free)):
            if self._is_on_dnc_list(cursor, contact.number):
                self._finish(cursor, of, contact, ON_DNC_LIST, now, "")
            else:
                self._place(cursor, of, contact, now)

    def _due(self, cursor: Any, of: DialingList, now: datetime, limit: int) -> list[Contact]:
        """Contacts to call, in CCE's order: callbacks, retries, pending ones."""
        cursor.execute(
            f"""SELECT dialinglistid, accountnumber, phone01, callbacknumber,
                       COALESCE(callsmadetozone1, 0), callstatuszone1
                  FROM {of.table}
                 WHERE callstatuszone1 = 'P'
                    OR callstatuszone1 IN ('B', 'R', 'U') AND callbackdatetimezone1 <= %s
                 ORDER BY array_position(ARRAY['B', 'R', 'P', 'U'], callstatuszone1::text),
                       dialinglistid
                 LIMIT %s FOR UPDATE SKIP LOCKED""",
            (now, limit),
        )
        contacts = []
        for row_id, account, phone, callback_phone, calls, status in cursor.fetchall():
            texts = account or "", phone or "", callback_phone or ""
            contacts.append(Contact(row_id, *texts, calls, status))
        return contacts

    def _is_on_dnc_list(self, cursor: Any, number: str) -> bool:
        cursor.execute(f"SELECT 1 FROM {self._outbound}.do_not_call WHERE phone = %s", (number,))
        return cursor.fetchone() is not None

    def _place(self, cursor: Any, of: DialingList, contact: Contact, now: datetime) -> None:
        earlier = self._count_earlier(cursor, contact.number)
        result = self._behaviour.result(contact.number, earlier)
        seconds = self._options.ring_seconds
        if RESULTS.get(result) in TALKED:
            seconds += self._options.talk_seconds
        ends_at = datetime.max if result == NEVER else now + self._options.real(seconds)

        cursor.execute(
            f"""UPDATE {of.table} SET callstatuszone1 = 'A', lastzonedialed = 0,
                       lastnumberdialedzone1 = 1,
                       callsmadetozone1 = COALESCE(callsmadetozone1, 0) + 1
                 WHERE dialinglistid = %s""",
            (contact.id,),
        )
        cursor.execute(
            """INSERT INTO sim.dialled (dialled_at, campaign_id, dialing_list_id, account_number,
                                        phone, call_result)
               VALUES (%s, %s, %s, %s, %s, %s) RETURNING id""",
            (
                self._options.true_now(),
                *(of.campaign_id, contact.id, contact.account, contact.number),
                RESULTS.get(result),
            ),
        )
        [dialled_id] = cursor.fetchone()
        cursor.execute(
            "INSERT INTO sim.call VALUES (%s, %s, %s, %s, %s)",
            (of.campaign_id, contact.id, dialled_id, ends_at, result),
        )

    def _count_earlier(self, cursor: Any, number: str) -> int:
        cursor.execute("SELECT count(*) FROM sim.dialled WHERE phone = %s", (number,))
        return int(cursor.fetchone()[0])

    def _end_calls(self, cursor: Any, of: DialingList, now: datetime) -> None:
        cursor.execute(
            """DELETE FROM sim.call c USING sim.dialled d
                WHERE c.campaign_id = %s AND c.ends_at <= %s AND d.id = c.dialled_id
            RETURNING c.dialing_list_id, c.result, d.phone""",
            (of.campaign_id, now),
        )
        for row_id, result, phone in cursor.fetchall():
            cursor.execute(
                f"""SELECT accountnumber, phone01, callbacknumber, callsmadetozone1
                      FROM {of.table} WHERE dialinglistid = %s AND callstatuszone1 = 'A'""",
                (row_id,),
            )
            # Deleted by hand while it was called.
            if found := cursor.fetchone():
                account, _phone, callback_phone, calls = found
                contact = Contact(row_id, account or "", phone, callback_phone or "", calls, "A")
                wrap_up = WRAP_UPS.get(result, "")
                self._finish(cursor, of, contact, RESULTS[result], now, wrap_up)

    def _finish(
        self,
        cursor: Any,
        of: DialingList,
        contact: Contact,
        result: int,
        now: datetime,
        wrap_up: str,
    ) -> None:
        """Write the contact's new state, and have the call told."""
        status, due = self._status_after(of, contact, result, now)
        cursor.execute(
            f"""UPDATE {of.table}
                   SET callstatuszone1 = %s, callstatuszone2 = %s, callresult = %s,
                       callresult01 = %s, callbackdatetimezone1 = %s, callbacknumber = %s
                 WHERE dialinglistid = %s""",
            (
                status,
                status,
                result,
                result,
                due,
                self._callback_phone(contact, result),
                contact.id,
            ),
        )
        row = self._detail(of, contact, result, status, now)
        if result == CALLBACK:
            row |= {"callbackphone": contact.number, "callbackdatetime": due}
        if result in TALKED:
            row |= {"agentperipheralnumber": AGENT, "wrapupdata": wrap_up or "Talked"}
            row["callduration"] = round(1000 * self._options.talk_seconds)
        self._tell(cursor, row, now)

    def _callback_phone(self, contact: Contact, result: int) -> str | None:
        return contact.number if result == CALLBACK else contact.callback_phone or None

    def _status_after(
        self, of: DialingList, contact: Contact, result: int, now: datetime
    ) -> tuple[str, datetime | None]:
        """Letter of the status, and when it is called again."""
        if result == CALLBACK:
            return "B", now + self._options.real(self._options.callback_seconds)
        if result not in RETRIED:
            return "C", None
        if contact.calls_made >= of.max_attempts:
            return "M", None
        return "R", now + self._options.real(self._options.retry_seconds)

    # history

    def _detail(
        self, of: DialingList, contact: Contact, result: int, status: str, now: datetime
    ) -> dict[str, Any]:
        is_dialled = result != ON_DNC_LIST
        return {
            "datetime": now,
            "timezone": self._options.minutes_west(),
            "customertimezone": self._options.minutes_west(),
            "campaignid": of.campaign_id,
            "queryruleid": of.rule_id,
            "callresult": result,
            "callstatuszone1": status,
            "callstatuszone2": status,
            "dialinglistid": contact.id,
            "phone": contact.number,
            "phoneindex": 0,
            "phoneid": 1,
            "zoneindex": 0,
            "accountnumber": contact.account,
            "callduration": round(1000 * self._options.ring_seconds) if is_dialled else 0,
            "dialingmode": _PROGRESSIVE_ONLY if is_dialled else None,
            "protocolid": _SIP,
        }

    def _tell(self, cursor: Any, row: dict[str, Any], now: datetime) -> None:
        """Into the buffer; some rows arrive late."""
        late = self._faults.get("late_rows")
        ready_at = now + timedelta(seconds=late.seconds) if late else now
        text = json.dumps(row, default=str)
        cursor.execute("INSERT INTO sim.detail (ready_at, row) VALUES (%s, %s)", (ready_at, text))

    def _flush(self, cursor: Any, now: datetime) -> None:
        """Write what is buffered to the history: 20 rows, or what is 5 seconds old."""
        cursor.execute(
            "SELECT count(*), min(ready_at) FROM sim.detail WHERE ready_at <= %s", (now,)
        )
        count, oldest = cursor.fetchone()
        patience = self._options.real(self._options.flush_seconds)
        if not count or (count < _BUFFER_ROWS and now - oldest < patience):
            return
        cursor.execute("DELETE FROM sim.detail WHERE ready_at <= %s RETURNING id, row", (now,))
        table = f"{self._history}.t_dialer_detail"
        for _id, row in sorted(cursor.fetchall()):
            cursor.execute("SELECT nextval('sim.recovery_key')")
            row |= {"recoverykey": cursor.fetchone()[0], "dbdatetime": now}
            columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
            cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", [*row.values()])

    # events

    def restart(self) -> None:
        """The Campaign Manager restarts: what was being called is unknown, and pending later."""
        with self._turn, self.transaction() as cursor:
            if self._is_active(cursor):
                self._forget_calls(cursor)

    def _forget_calls(self, cursor: Any) -> None:
        due = self._options.now() + self._options.real(self._options.unknown_seconds)
        for each in self._lists(cursor, self._options.now()):
            cursor.execute(
                f"""UPDATE {each.table} SET callstatuszone1 = 'U', callbackdatetimezone1 = %s
                     WHERE callstatuszone1 = 'A'""",
                (due,),
            )
        self._personal.restart(cursor)
        cursor.execute("DELETE FROM sim.call")

    def midnight(self) -> None:
        """The nightly purge: what is finished, and was imported days ago."""
        oldest = self._options.now() - timedelta(days=_MIDNIGHT_DAYS)
        with self._turn, self.transaction() as cursor:
            for each in self._lists(cursor, self._options.now()):
                cursor.execute(
                    f"""DELETE FROM {each.table}
                         WHERE callstatuszone1 IN ('C', 'M', 'D') AND importruledate < %s""",
                    (oldest,),
                )

    def reset(self) -> None:
        """Forget contacts, calls and results."""
        self.paused = False
        with self._turn, self.transaction() as cursor:
            for each in self._lists(cursor, self._options.now()):
                contacts = f"{self._outbound}.contacts_{each.rule_id}"
                cursor.execute(f"TRUNCATE {each.table}, {contacts}")
            cursor.execute(
                f"TRUNCATE {self._history}.t_dialer_detail, {self._outbound}.do_not_call,"
                f" {self._outbound}.personal_callback_list, sim.dialled, sim.call, sim.detail, sim.import"
            )


def _fits(row: list[str]) -> bool:
    """Whether a row of a file has the rule's columns, and none of them too long."""
    lengths = list(campaigns.COLUMNS.values())
    if len(row) != len(lengths):
        return False
    return all(len(value) <= most for value, most in zip(row, lengths, strict=True))
