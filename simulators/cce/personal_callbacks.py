"""The list of personal callbacks: one agent calls one customer at a time (reference §1.6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..uccx import scenario
from . import schema
from .codes import NEVER, RESULTS, RETRIED, TALKED, WRAP_UPS
from .options import Options

# In the record of calls; ids of campaigns are larger.
_NO_LIST = 0
_NO_AGENT = 17
_SIP = 2


class PersonalCallbacks:
    """Calls what is due, for agents who are always there.

    :param tell: has a row of Dialer_Detail written
    """

    def __init__(
        self,
        options: Options,
        behaviour: scenario.Scenario,
        tell: Callable[[Any, dict[str, Any], datetime], None],
    ) -> None:
        self._options = options
        self._behaviour = behaviour
        self._tell = tell
        configuration, _history, outbound = schema.names(options)
        self._table = f"{outbound}.personal_callback_list"
        self._agents = f"{configuration}.t_agent"

    def place_calls(self, cursor: Any, now: datetime) -> None:
        """Call what is pending and due."""
        cursor.execute(
            f"""SELECT p.personalcallbacklistid, p.accountnumber, p.phone, a.skilltargetid IS NULL
                  FROM {self._table} p
                  LEFT JOIN {self._agents} a
                    ON a.skilltargetid = p.agentid AND a.peripheralid = p.peripheralid
                 WHERE p.callstatus = 'P' AND p.callbackdatetime <= %s AND p.maxattempts > 0
                 ORDER BY 1""",
            (now,),
        )
        for row_id, account, phone, has_no_agent in cursor.fetchall():
            if has_no_agent:
                self._finish(cursor, row_id, _NO_AGENT, now)
            else:
                self._place(cursor, row_id, account or "", phone or "", now)

    def _place(self, cursor: Any, row_id: int, account: str, phone: str, now: datetime) -> None:
        cursor.execute("SELECT count(*) FROM sim.dialled WHERE phone = %s", (phone,))
        result = self._behaviour.result(phone, int(cursor.fetchone()[0]))
        seconds = self._options.ring_seconds
        if RESULTS.get(result) in TALKED:
            seconds += self._options.talk_seconds
        ends_at = datetime.max if result == NEVER else now + self._options.real(seconds)
        cursor.execute(
            f"""UPDATE {self._table} SET callstatus = 'A', senttodialerdatetime = %s,
                       maxattempts = maxattempts - 1
                 WHERE personalcallbacklistid = %s""",
            (now, row_id),
        )
        cursor.execute(
            """INSERT INTO sim.dialled (dialled_at, campaign_id, dialing_list_id, account_number,
                                        phone, call_result)
               VALUES (%s, %s, %s, %s, %s, %s) RETURNING id""",
            (self._options.true_now(), _NO_LIST, row_id, account, phone, RESULTS.get(result)),
        )
        [dialled_id] = cursor.fetchone()
        cursor.execute(
            "INSERT INTO sim.call VALUES (%s, %s, %s, %s, %s)",
            (_NO_LIST, row_id, dialled_id, ends_at, result),
        )

    def end_calls(self, cursor: Any, now: datetime) -> None:
        """Write what came of calls that are over."""
        cursor.execute(
            """DELETE FROM sim.call WHERE campaign_id = %s AND ends_at <= %s
               RETURNING dialing_list_id, result""",
            (_NO_LIST, now),
        )
        for row_id, result in cursor.fetchall():
            self._finish(cursor, row_id, RESULTS[result], now, WRAP_UPS.get(result, "Talked"))

    def _finish(
        self, cursor: Any, row_id: int, result: int, now: datetime, wrap_up: str = ""
    ) -> None:
        again = now + self._options.real(self._options.retry_seconds)
        status = "X" if result == _NO_AGENT else "C"
        cursor.execute(
            f"""UPDATE {self._table} p
                   SET callresult = %(result)s,
                       callstatus = CASE WHEN %(is_retried)s AND maxattempts > 0 THEN 'P'
                                         WHEN %(is_retried)s THEN 'M' ELSE %(status)s END,
                       callbackdatetime = CASE WHEN %(is_retried)s THEN %(again)s
                                               ELSE callbackdatetime END
                 WHERE personalcallbacklistid = %(id)s
             RETURNING campaignid, phone, accountnumber, callstatus,
                       (SELECT a.peripheralnumber FROM {self._agents} a
                         WHERE a.skilltargetid = p.agentid)""",
            {
                "result": result,
                "is_retried": result in RETRIED,
                "status": status,
                "again": again,
                "id": row_id,
            },
        )
        # Deleted by hand while it was called.
        if not (found := cursor.fetchone()):
            return
        campaign_id, phone, account, status, agent = found
        row = {
            "datetime": now,
            "timezone": self._options.minutes_west(),
            "customertimezone": self._options.minutes_west(),
            "campaignid": campaign_id,
            "callresult": result,
            "callstatuszone1": status,
            "callstatuszone2": status,
            "dialinglistid": row_id,
            "phone": phone,
            "accountnumber": account,
            "callduration": round(1000 * self._options.ring_seconds),
            "protocolid": _SIP,
        }
        if result in TALKED:
            row |= {"agentperipheralnumber": agent, "wrapupdata": wrap_up}
            row["callduration"] = round(1000 * self._options.talk_seconds)
        self._tell(cursor, row, now)

    def restart(self, cursor: Any) -> None:
        """What was being called is unknown."""
        cursor.execute(f"UPDATE {self._table} SET callstatus = 'U' WHERE callstatus = 'A'")
