"""CCE's Outbound REST interface (reference §3.3): campaigns that were made over it, and imports of
contacts, which stand in a queue.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import os
import ssl
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from . import schema
from .dialer import Dialer
from .faults import Faults
from .options import Options
from .rest_callbacks import PATH as CALLBACKS
from .rest_callbacks import RestCallbacks
from .rest_wire import CONFIG, STATUSES, Refusal, Request, add, page_of, parse, refuse_unknown

_logger = logging.getLogger(__name__)

BASE = f"{CONFIG}/campaign"
MAX_ROWS, MAX_QUEUED = 10_000, 30
MAX_ATTEMPTS = 100
_ENABLED = {"true": "Y", "false": "N"}
_COLUMNS = {"AccountNumber": 30, "FirstName": 50, "LastName": 50, "Phone01": 20}
# Counts of runtimestats, and the result that they count (reference §2.1).
_COUNTED = {
    "voiceCount": 10,
    "busyCount": 9,
    "noAnswerDetectCount": 8,
    "answeringMachineCount": 12,
    "abandonDetectCount": 16,
    "agentRejectedCount": 18,
    "agentClosedCount": 19,
    "faxDetectCount": 11,
    "wrongNumberCount": 23,
    "customerNotHomeCount": 24,
    "customerAbandonDetectCount": 21,
}
_BEFORE, _AFTER = ("drop", "die"), ("lose_answer", "die_after")


class Dropped(Exception):
    """The client gets no answer."""


class Rest:
    """Answers of the interface; each is a status and a body."""

    def __init__(self, options: Options, dialer: Dialer) -> None:
        self._options = options
        self._dialer = dialer
        self._callbacks = RestCallbacks(options, dialer)
        self._configuration, self._history, self._outbound = schema.names(options)

    def answer(self, request: Request) -> tuple[int, bytes]:
        """
        :raise Refusal: it is refused
        """
        if request.path.startswith(CALLBACKS):
            return self._callbacks.answer(request)
        parts = request.path.removeprefix(BASE).strip("/").split("/")
        if not request.path.startswith(BASE) or (parts[0] and not parts[0].isdecimal()):
            raise Refusal(404, "notFound", "There is no such resource.")
        operations: dict[tuple[str, int], Callable[[Request, int], tuple[int, bytes]]] = {
            ("GET", 0): self._list,
            ("GET", 1): self._show,
            ("PUT", 1): self._change,
            ("GET", 2): self._show_contacts,
            ("POST", 2): self._import,
            ("DELETE", 2): self._delete_contacts,
        }
        depth = 0 if not parts[0] else len(parts)
        operation = operations.get((request.method, depth))
        if (request.method, parts[1:]) == ("GET", ["runtimestats"]):
            operation = self._show_stats
        elif depth == 2 and parts[1] != "import":
            operation = None
        if operation is None:
            raise Refusal(405, "methodNotAllowed", "The simulator does not know this request.")
        return operation(request, int(parts[0] or 0))

    # campaigns

    def _list(self, _request: Request, _campaign: int) -> tuple[int, bytes]:
        root = etree.Element("results")
        campaigns = etree.SubElement(root, "campaigns")
        with self._dialer.transaction() as cursor:
            cursor.execute(
                f"""SELECT campaignid, campaignname FROM {self._configuration}.t_campaign
                     WHERE apigenerated = 'Y' ORDER BY 1"""
            )
            for campaign_id, name in cursor.fetchall():
                element = etree.SubElement(campaigns, "campaign")
                add(element, refURL=f"{BASE}/{campaign_id}", name=name)
        return 200, etree.tostring(root)

    def _show(self, _request: Request, campaign: int) -> tuple[int, bytes]:
        with self._dialer.transaction() as cursor:
            name, enabled, stamp = self._read_campaign(cursor, campaign)
        root = etree.Element("campaign")
        is_on = "true" if enabled == "Y" else "false"
        add(root, refURL=f"{BASE}/{campaign}", name=name, enabled=is_on, changeStamp=str(stamp))
        return 200, etree.tostring(root)

    def _show_stats(self, _request: Request, campaign: int) -> tuple[int, bytes]:
        """What is counted of a campaign, as far as this dialer counts it; CCE begins anew each
        night.
        """
        with self._dialer.transaction() as cursor:
            self._read_campaign(cursor, campaign)
            cursor.execute(
                f"""SELECT count(*), count(*) FILTER (WHERE callstatuszone1 IN ('C', 'M')),
                           COALESCE(sum(callsmadetozone1), 0),
                           count(*) FILTER (WHERE callstatuszone1 = 'B')
                      FROM {self._outbound}.dl_{campaign}_{campaign}"""
            )
            names = "totalCount", "closedCount", "attemptedCount", "callBackCount"
            counts = dict(zip(names, cursor.fetchone(), strict=True))
            cursor.execute(
                f"SELECT count(*) FROM {self._outbound}.personal_callback_list WHERE campaignid = %s",
                (campaign,),
            )
            counts["personalCallbackCount"] = cursor.fetchone()[0]
            cursor.execute(
                f"""SELECT callresult, count(*) FROM {self._history}.t_dialer_detail
                     WHERE campaignid = %s GROUP BY 1""",
                (campaign,),
            )
            ended = dict(cursor.fetchall())
        counts |= {name: ended.get(result, 0) for name, result in _COUNTED.items()}
        root = etree.Element("runtimeStatus")
        add(root, dateTime=f"{self._options.now():%Y-%m-%dT%H:%M:%S}")
        add(root, **{name: str(count) for name, count in counts.items()})
        return 200, etree.tostring(root)

    def _change(self, request: Request, campaign: int) -> tuple[int, bytes]:
        root = parse(request.body)
        with self._dialer.transaction() as cursor:
            stamp = self._read_campaign(cursor, campaign)[2]
            if root.findtext("changeStamp") != str(stamp):
                raise Refusal(409, "invalidInput.changeStamp", "The campaign was changed since.")
            # What is left out stays as it is.
            enabled, most = root.findtext("enabled"), root.findtext("maxAttempts")
            if most is not None and not (most.isdecimal() and 1 <= int(most) <= MAX_ATTEMPTS):
                raise Refusal(400, "invalidInput.outOfRange", "maxAttempts is from 1 to 100.")
            cursor.execute(
                f"""UPDATE {self._configuration}.t_campaign
                       SET enabled = COALESCE(%s, enabled),
                           maxattempts = COALESCE(%s, maxattempts),
                           changestamp = changestamp + 1
                     WHERE campaignid = %s""",
                (_ENABLED.get(enabled or ""), most and int(most), campaign),
            )
        return 200, b""

    def _read_campaign(self, cursor: Any, campaign: int) -> Any:
        cursor.execute(
            f"""SELECT campaignname, enabled, changestamp FROM {self._configuration}.t_campaign
                 WHERE campaignid = %s AND apigenerated = 'Y' AND deleted = 'N'""",
            (campaign,),
        )
        found = cursor.fetchone()
        if found is None:
            raise refuse_unknown()
        return found

    # contacts

    def _import(self, request: Request, campaign: int) -> tuple[int, bytes]:
        root = parse(request.body)
        lines = (root.findtext("fileContent") or "").strip().splitlines()
        header, rows = lines[0].split(","), [line.split(",") for line in lines[1:]]
        if len(rows) > MAX_ROWS:
            raise Refusal(400, "invalidInput.outOfRange", "More than 10,000 records.")
        if not set(header) <= set(_COLUMNS):
            raise Refusal(400, "invalidInput.fileContent", "Unknown column.")
        valid = [row for row in rows if _is_valid(header, row)]
        with self._dialer.transaction() as cursor:
            self._read_campaign(cursor, campaign)
            cursor.execute("SELECT count(*) FROM sim.import")
            if cursor.fetchone()[0] >= MAX_QUEUED:
                raise Refusal(503, "busy", "Request processing queue is at capacity.")
            records = json.dumps([dict(zip(header, row, strict=True)) for row in valid])
            cursor.execute(
                "INSERT INTO sim.import (campaign_id, records) VALUES (%s, %s)", (campaign, records)
            )
        return 201, b""

    def _delete_contacts(self, _request: Request, campaign: int) -> tuple[int, bytes]:
        """All of them; single ones cannot be deleted."""
        with self._dialer.transaction() as cursor:
            self._read_campaign(cursor, campaign)
            cursor.execute(f"DELETE FROM {self._outbound}.dl_{campaign}_{campaign}")
        return 200, b""

    def _show_contacts(self, request: Request, campaign: int) -> tuple[int, bytes]:
        start, size = page_of(request)
        with self._dialer.transaction() as cursor:
            self._read_campaign(cursor, campaign)
            cursor.execute(
                f"""SELECT dialinglistid, accountnumber, firstname, lastname, phone01,
                           callstatuszone1, callresult
                      FROM {self._outbound}.dl_{campaign}_{campaign}
                     ORDER BY dialinglistid OFFSET %s LIMIT %s""",
                (start, size),
            )
            rows = cursor.fetchall()
        root = etree.Element("results")
        contacts = etree.SubElement(root, "importContacts")
        for row_id, account, first, last, phone, status, result in rows:
            element = etree.SubElement(contacts, "importContact")
            add(element, refURL=f"{BASE}/{campaign}/import/{row_id}", accountNumber=account)
            add(element, callStatus=STATUSES.get(status, "unknown"))
            add(element, callResultOverall=str(result or 0), firstName=first, lastName=last)
            add(etree.SubElement(element, "phone01"), number=phone)
        return 200, etree.tostring(root)


def _is_valid(header: list[str], row: list[str]) -> bool:
    """A row that CCE takes; the others it leaves out."""
    if len(row) != len(header):
        return False
    values = dict(zip(header, row, strict=True))
    fits = all(len(value) <= _COLUMNS[name] for name, value in values.items())
    return fits and bool(values.get("Phone01"))


def serve(
    rest: Rest, options: Options, faults: Faults, tls: ssl.SSLContext | None
) -> ThreadingHTTPServer:
    """Open the interface's port; the caller runs the server."""
    attributes = {"rest": rest, "options": options, "faults": faults}
    server = ThreadingHTTPServer(
        (options.host, options.rest_port), type("H", (_Handler,), attributes)
    )
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    return server


class _Handler(BaseHTTPRequestHandler):
    rest: ClassVar[Rest]
    options: ClassVar[Options]
    faults: ClassVar[Faults]

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 75

    def handle(self) -> None:
        """Serve a connection; one that goes away is no error here."""
        try:
            super().handle()
        except OSError as error:
            _logger.debug("connection ended: %s", error)

    def do_GET(self) -> None:
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._fail(_BEFORE)
            status, answer = self._answer(body)
            self._fail(_AFTER)
        except Dropped:
            self.close_connection = True
            return
        except Refusal as refusal:
            status, answer = refusal.status, _error_body(refusal)
        self._send(status, answer)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        given = self.headers.get("Authorization", "")
        account = f"{self.options.rest_user}:{self.options.password}".encode()
        if not hmac.compare_digest(given, f"Basic {base64.b64encode(account).decode()}"):
            raise Refusal(401, "unauthorized", "User is not authenticated.")
        if self.faults.take(self._verb(), ("busy",)):
            raise Refusal(503, "busy", "The server is busy.")
        if self.faults.take(self._verb(), ("refuse",)):
            raise Refusal(400, "invalidInput", "Refused, as it was told to be.")
        # The queue may be full for as long as somebody wishes.
        if self._verb() == "import" and self.faults.take("import", ("queue_full",)):
            raise Refusal(503, "busy", "Request processing queue is at capacity.")
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        return self.rest.answer(Request(self.command, parts.path, query, body))

    def _verb(self) -> str:
        """What faults call this request."""
        if self.command == "POST" and self.path.startswith(CALLBACKS):
            return "callback"
        return {"POST": "import", "GET": "get", "DELETE": "delete"}.get(self.command, "put")

    def _fail(self, names: tuple[str, ...]) -> None:
        fault = self.faults.take(self._verb(), names)
        if fault and fault.name in ("die", "die_after"):
            os._exit(70)
        if fault:
            raise Dropped

    def _send(self, status: int, answer: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        _logger.debug(format, *args)


def _error_body(refusal: Refusal) -> bytes:
    root = etree.Element("apiErrors")
    error = etree.SubElement(root, "apiError")
    add(error, errorData="", errorDetail="", errorMessage=refusal.message)
    add(error, errorType=refusal.kind)
    return bytes(etree.tostring(root))
