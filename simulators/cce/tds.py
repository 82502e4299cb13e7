"""The wire of SQL Server (TDS 7.3 and 7.4, reference §5.3): packets, the login, tokens of answers.

Only what drivers send that log in with a name and a password; encryption is not offered.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

SQL_BATCH, RPC, TABULAR_RESULT, ATTENTION, TRANSACTION, LOGIN7, PRELOGIN = 1, 3, 4, 6, 14, 16, 18
CODE_PAGE = "cp1252"
COLLATION = bytes.fromhex("0904d00034")
"""SQL_Latin1_General_CP1_CI_AS."""

_END_OF_MESSAGE = 1
_HEADER = struct.Struct(">BBHHBB")
_PACKET_BYTES = 4096
_NOT_SUPPORTED = 2

_DONE_FINAL, _DONE_MORE, _DONE_ERROR, _DONE_COUNT, _DONE_ATTENTION = 0, 1, 2, 0x10, 0x20
_EPOCH = datetime(1900, 1, 1)
_TICKS_PER_SECOND = 300


class ConnectionEnded(Exception):
    """The client has gone, or is to be left."""


class SqlError(Exception):
    """An error as SQL Server sends it.

    :param number: SQL Server's own, which clients decide by
    """

    def __init__(self, number: int, message: str, severity: int = 16) -> None:
        super().__init__(message)
        self.number, self.message, self.severity = number, message, severity


@dataclass(frozen=True)
class Login:
    """What a client says of itself."""

    user: str
    password: str
    database: str
    application: str
    version: int
    wants_features: bool


@dataclass(frozen=True)
class Column:
    """A column of an answer: its name, and what SQL Server calls its type."""

    name: str
    type: str
    length: int = 0


class Wire:
    """Messages over one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def read(self) -> tuple[int, bytes]:
        """The next message: its type, and its packets put together."""
        parts = []
        while True:
            header = self._read_exactly(_HEADER.size)
            kind, status, length = _HEADER.unpack(header)[:3]
            parts.append(self._read_exactly(length - _HEADER.size))
            if status & _END_OF_MESSAGE:
                return kind, b"".join(parts)

    def _read_exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            chunk = self._connection.recv(count - len(data))
            if not chunk:
                raise ConnectionEnded
            data += chunk
        return bytes(data)

    def send(self, payload: bytes) -> None:
        """An answer, in as many packets as it takes."""
        size = _PACKET_BYTES - _HEADER.size
        chunks = [payload[start : start + size] for start in range(0, len(payload), size)]
        packets = []
        for number, chunk in enumerate(chunks, 1):
            status = _END_OF_MESSAGE if number == len(chunks) else 0
            length = len(chunk) + _HEADER.size
            packets.append(_HEADER.pack(TABULAR_RESULT, status, length, 0, number % 256, 0))
            packets.append(chunk)
        self._connection.sendall(b"".join(packets))

    def send_prelogin(self) -> None:
        """Version and the refusal of encryption, with which both drivers log in as they are."""
        version = struct.pack(">BHH", 0, 11, 6)
        encryption = struct.pack(">BHH", 1, 17, 1)
        # SQL Server 2019
        data = bytes([15, 0, 0x07, 0xD0, 0, 0, _NOT_SUPPORTED])
        self.send(version + encryption + b"\xff" + data)

    def wait_for_attention(self, seconds: float) -> bool:
        """Whether the client gives up a statement within some time."""
        self._connection.settimeout(seconds)
        try:
            while self.read()[0] != ATTENTION:
                pass
        except TimeoutError:
            return False
        finally:
            self._connection.settimeout(None)
        return True


def read_login(message: bytes) -> Login:
    """LOGIN7; its texts stand behind a table of offsets and lengths."""

    def text(place: int, is_password: bool = False) -> str:
        offset, length = struct.unpack_from("<HH", message, place)
        raw = message[offset : offset + 2 * length]
        return (_clear(raw) if is_password else raw).decode("utf-16-le")

    return Login(
        user=text(40),
        password=text(44, is_password=True),
        database=text(68),
        application=text(48),
        version=struct.unpack_from("<I", message, 4)[0],
        wants_features=bool(message[27] & 0x10),
    )


def _clear(raw: bytes) -> bytes:
    """Undo what is no encryption: each byte XOR 0xA5, its halves swapped."""
    mixed = (byte ^ 0xA5 for byte in raw)
    return bytes((byte >> 4) | (byte << 4) & 0xF0 for byte in mixed)


# tokens of answers


def logged_in(login: Login, database: str) -> bytes:
    """The answer to a login."""
    answer = _env_change(1, _b_text(database) + _b_text("master"))
    answer += _env_change(2, _b_text("us_english") + _b_text(""))
    answer += _env_change(4, _b_text(str(_PACKET_BYTES)) + _b_text(str(_PACKET_BYTES)))
    answer += _env_change(7, bytes([len(COLLATION)]) + COLLATION + b"\0")
    # The version that was asked for; its bytes the other way round.
    name = _b_text("Microsoft SQL Server") + bytes([15, 0, 0x07, 0xD0])
    body = b"\x01" + struct.pack(">I", login.version) + name
    answer += b"\xad" + struct.pack("<H", len(body)) + body
    if login.wants_features:
        answer += b"\xae\xff"
    return answer + done()


def _env_change(kind: int, values: bytes) -> bytes:
    body = bytes([kind]) + values
    return b"\xe3" + struct.pack("<H", len(body)) + body


def transaction_began(descriptor: int) -> bytes:
    return _env_change(8, b"\x08" + struct.pack("<Q", descriptor) + b"\0")


def transaction_ended(descriptor: int, committed: bool) -> bytes:
    return _env_change(9 if committed else 10, b"\0\x08" + struct.pack("<Q", descriptor))


def error(number: int, message: str, severity: int = 16) -> bytes:
    """An ERROR token."""
    state, line = 1, 1
    texts = _us_text(message[:2000]) + _b_text("SIMULATOR") + _b_text("")
    body = struct.pack("<IBB", number, state, severity) + texts + struct.pack("<I", line)
    return b"\xaa" + struct.pack("<H", len(body)) + body


def done(count: int | None = None, failed: bool = False, more: bool = False) -> bytes:
    """The end of a batch's statement."""
    return _done(0xFD, count, failed, more)


def done_in_procedure(count: int | None) -> bytes:
    """The end of a statement within a call."""
    return _done(0xFF, count, False, True)


def done_procedure(failed: bool = False, more: bool = False) -> bytes:
    """The end of a call."""
    return _done(0xFE, None, failed, more)


def done_attention() -> bytes:
    """That a statement was given up."""
    return struct.pack("<BHHQ", 0xFD, _DONE_ATTENTION, 0, 0)


def _done(token: int, count: int | None, failed: bool, more: bool) -> bytes:
    status = _DONE_MORE if more else _DONE_FINAL
    status |= _DONE_ERROR if failed else 0
    status |= _DONE_FINAL if count is None else _DONE_COUNT
    return struct.pack("<BHHQ", token, status, 0, count or 0)


def return_status(value: int = 0) -> bytes:
    return b"\x79" + struct.pack("<i", value)


def return_handle(handle: int) -> bytes:
    """The handle of a prepared statement, as the first parameter of its call."""
    name = _b_text("handle")
    return (
        b"\xac"
        + struct.pack("<H", 0)
        + name
        + b"\x01"
        + struct.pack("<IHBBBi", 0, 0, 0x26, 4, 4, handle)
    )


def rows(columns: Sequence[Column], values: Iterable[Sequence[Any]]) -> bytes:
    """COLMETADATA and the rows."""
    head = b"\x81" + struct.pack("<H", len(columns))
    for column in columns:
        # Nullable, and not known whether it may be written.
        head += struct.pack("<IH", 0, 0x09) + _type_info(column) + _b_text(column.name)
    parts = [head]
    for row in values:
        parts.append(b"\xd1")
        parts += (_value(column, value) for column, value in zip(columns, row, strict=True))
    return b"".join(parts)


_FIXED = {
    "smallint": (0x26, 2, "<h"),
    "int": (0x26, 4, "<i"),
    "bigint": (0x26, 8, "<q"),
    "float": (0x6D, 8, "<d"),
    "bit": (0x68, 1, "<B"),
}
_TEXTS = {"char": 0xAF, "varchar": 0xA7}


def _type_info(column: Column) -> bytes:
    if column.type in _TEXTS:
        length = column.length or 8000
        return struct.pack("<BH", _TEXTS[column.type], length) + COLLATION
    if column.type == "datetime":
        return b"\x6f\x08"
    token, size, _format = _FIXED[column.type]
    return bytes([token, size])


def _value(column: Column, value: Any) -> bytes:
    if column.type in _TEXTS:
        if value is None:
            return b"\xff\xff"
        # What a code page does not hold became a question mark when it was stored.
        encoded = str(value).encode(CODE_PAGE, "replace")
        return struct.pack("<H", len(encoded)) + encoded
    if value is None:
        return b"\0"
    if column.type == "datetime":
        return b"\x08" + _datetime(value)
    _token, size, pattern = _FIXED[column.type]
    return bytes([size]) + struct.pack(pattern, value)


def _datetime(value: datetime) -> bytes:
    """Days since 1900, and ticks of 1/300 second."""
    since = value - _EPOCH
    seconds = since.seconds + since.microseconds / 1_000_000
    return struct.pack("<iI", since.days, round(seconds * _TICKS_PER_SECOND))


def _b_text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("utf-16-le")


def _us_text(text: str) -> bytes:
    return struct.pack("<H", len(text)) + text.encode("utf-16-le")


Parameter = str | int | float | bool | bytes | datetime | date | Decimal | None
"""A value that a client sends."""
