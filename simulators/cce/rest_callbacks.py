"""Personal callbacks over CCE's Outbound REST interface (reference §3.3): made one by one, listed,
deleted.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from . import schema
from .dialer import Dialer
from .options import Options
from .rest_wire import CONFIG, STATUSES, Refusal, Request, add, page_of, parse, refuse_unknown

PATH = f"{CONFIG}/personalcallback"
_LATEST = timedelta(minutes=15)
_PHONE = re.compile(r"[0-9*#]{1,20}")
_ACCOUNT_BYTES = 30
_NAME = 50


class RestCallbacks:
    """Answers about personal callbacks; each is a status and a body."""

    def __init__(self, options: Options, dialer: Dialer) -> None:
        self._options = options
        self._dialer = dialer
        configuration, _history, outbound = schema.names(options)
        self._campaigns = f"{configuration}.t_campaign"
        self._agents = f"{configuration}.t_agent"
        self._table = f"{outbound}.personal_callback_list"

    def answer(self, request: Request) -> tuple[int, bytes]:
        """
        :raise Refusal: it is refused
        """
        rest = request.path.removeprefix(PATH).strip("/")
        if request.method == "POST" and not rest:
            return self._make(request)
        if request.method == "GET" and not rest:
            return self._list(request)
        if request.method == "DELETE" and rest.isdecimal():
            return self._delete(int(rest))
        raise Refusal(405, "methodNotAllowed", "The simulator does not know this request.")

    def _make(self, request: Request) -> tuple[int, bytes]:
        root = parse(request.body)
        values = {name: (root.findtext(name) or "").strip() for name in _TEXTS}
        at = _check(values, self._options.now())
        with self._dialer.transaction() as cursor:
            campaign = self._find(cursor, self._campaigns, "campaign", root)
            agent = self._find(cursor, self._agents, "agent", root)
            cursor.execute(
                f"""INSERT INTO {self._table} (campaignid, peripheralid, agentid, phone,
                           accountnumber, firstname, lastname, maxattempts, callbackdatetime,
                           callstatus, insertedintodbdatetime)
                    SELECT %s, peripheralid, skilltargetid, %s, %s, %s, %s, %s, %s, 'P', %s
                      FROM {self._agents} WHERE skilltargetid = %s""",
                (
                    campaign,
                    *(values[name] for name in ("phone", "accountNumber")),
                    *(values[name] for name in ("firstName", "lastName", "maxAttempts")),
                    *(at, self._options.now(), agent),
                ),
            )
        return 201, b""

    def _find(self, cursor: Any, table: str, name: str, root: Any) -> int:
        """Id of what an element refers to."""
        reference = root.findtext(f"{name}/refURL") or ""
        path, _slash, found = reference.rpartition("/")
        if path != f"{CONFIG}/{name}" or not found.isdecimal():
            raise Refusal(400, "invalidInput.invalidRefURL", f"{name} is no reference.")
        column = "campaignid" if name == "campaign" else "skilltargetid"
        made_here = "AND apigenerated = 'Y'" if name == "campaign" else ""
        cursor.execute(
            f"SELECT 1 FROM {table} WHERE {column} = %s AND deleted = 'N' {made_here}",
            (int(found),),
        )
        if not cursor.fetchone():
            raise refuse_unknown(name)
        return int(found)

    def _list(self, request: Request) -> tuple[int, bytes]:
        start, size = page_of(request)
        with self._dialer.transaction() as cursor:
            cursor.execute(
                f"""SELECT personalcallbacklistid, campaignid, agentid, phone, accountnumber,
                           callstatus, callresult, maxattempts, callbackdatetime
                      FROM {self._table} ORDER BY personalcallbacklistid OFFSET %s LIMIT %s""",
                (start, size),
            )
            rows = cursor.fetchall()
        root = etree.Element("results")
        callbacks = etree.SubElement(root, "personalCallbacks")
        for row_id, campaign, agent, phone, account, status, result, attempts, at in rows:
            element = etree.SubElement(callbacks, "personalCallback")
            add(element, refURL=f"{PATH}/{row_id}", phone=phone, accountNumber=account)
            add(etree.SubElement(element, "campaign"), refURL=f"{CONFIG}/campaign/{campaign}")
            add(etree.SubElement(element, "agent"), refURL=f"{CONFIG}/agent/{agent}")
            add(element, callStatus=STATUSES.get(status, "unknown"), callResult=str(result or 0))
            add(element, maxAttempts=str(attempts), callbackDateTime=f"{at:%Y-%m-%dT%H:%M:%S}")
        return 200, etree.tostring(root)

    def _delete(self, row_id: int) -> tuple[int, bytes]:
        with self._dialer.transaction() as cursor:
            cursor.execute(
                f"DELETE FROM {self._table} WHERE personalcallbacklistid = %s", (row_id,)
            )
            if not cursor.rowcount:
                raise refuse_unknown("personalCallback")
        return 200, b""


_TEXTS = ("phone", "accountNumber", "firstName", "lastName", "maxAttempts", "callbackDateTime")


def _check(values: dict[str, str], now: datetime) -> datetime:
    """:return: when it is to be made"""
    if not _PHONE.fullmatch(values["phone"]):
        raise Refusal(400, "invalidInput.phone", "phone has 1 to 20 digits.")
    if len(values["accountNumber"].encode()) > _ACCOUNT_BYTES:
        raise Refusal(400, "invalidInput.outOfRange", "accountNumber has 30 bytes at most.")
    if max(len(values["firstName"]), len(values["lastName"])) > _NAME:
        raise Refusal(400, "invalidInput.outOfRange", "Names have 50 characters at most.")
    if not values["maxAttempts"].isdecimal() or not int(values["maxAttempts"]):
        raise Refusal(400, "invalidInput.outOfRange", "maxAttempts is 1 or more.")
    try:
        at = datetime.strptime(values["callbackDateTime"], "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise Refusal(400, "invalidInput.callbackDateTime", str(error)) from error
    if at <= now - _LATEST:
        raise Refusal(400, "invalidInput.callbackDateTime", "It has passed.")
    return at
