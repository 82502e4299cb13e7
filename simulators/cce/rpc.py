"""Calls that drivers send in place of statements with parameters: which procedure, which values."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from .tds import CODE_PAGE, Parameter, SqlError

EXECUTE_SQL, PREPARE, EXECUTE, PREPARE_EXECUTE, UNPREPARE = 10, 11, 12, 13, 15
_BY_NUMBER = 0xFFFF
_SEPARATORS = (0xFF, 0x80)
_NULL_LENGTH = 0xFFFF
_DAY_ONE = date(1, 1, 1)
_EPOCH = datetime(1900, 1, 1)


@dataclass(frozen=True)
class Call:
    """One call: the procedure's number or name, and its parameters."""

    procedure: int | str
    parameters: list[Parameter]


class Reader:
    """Goes through the bytes of a message."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data, self._position = data, position

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._data)

    def take(self, count: int) -> bytes:
        taken = self._data[self._position : self._position + count]
        self._position += count
        return taken

    def number(self, pattern: str) -> Any:
        return struct.unpack(pattern, self.take(struct.calcsize(pattern)))[0]

    def short_text(self) -> str:
        return self.take(2 * self.number("<B")).decode("utf-16-le")


def skip_headers(data: bytes) -> Reader:
    """A reader behind ALL_HEADERS, which TDS 7.2 and later begin a request with."""
    return Reader(data, struct.unpack_from("<I", data)[0])


def read_calls(data: bytes) -> list[Call]:
    """All calls of one message."""
    reader, calls = skip_headers(data), []
    while not reader.at_end:
        length = reader.number("<H")
        if length == _BY_NUMBER:
            procedure: int | str = int(reader.number("<H"))
        else:
            procedure = reader.take(2 * length).decode("utf-16-le")
        reader.number("<H")
        calls.append(Call(procedure, _read_parameters(reader)))
    return calls


def _read_parameters(reader: Reader) -> list[Parameter]:
    parameters: list[Parameter] = []
    while not reader.at_end:
        length = reader.number("<B")
        if length in _SEPARATORS:
            break
        # Its name, and whether it is an output.
        reader.take(2 * length + 1)
        parameters.append(_read_value(reader))
    return parameters


def _read_value(reader: Reader) -> Parameter:
    token = reader.number("<B")
    read = _READERS.get(token)
    if read is None:
        raise SqlError(8009, f"The simulator does not know parameters of type 0x{token:02X}.")
    return read(reader)


def _read_int(reader: Reader) -> Parameter:
    reader.number("<B")
    data = reader.take(reader.number("<B"))
    return int.from_bytes(data, "little", signed=len(data) > 1) if data else None


def _read_bit(reader: Reader) -> Parameter:
    reader.number("<B")
    data = reader.take(reader.number("<B"))
    return bool(data[0]) if data else None


def _read_float(reader: Reader) -> Parameter:
    reader.number("<B")
    data = reader.take(reader.number("<B"))
    if not data:
        return None
    return float(struct.unpack("<f" if len(data) == 4 else "<d", data)[0])


def _read_datetime(reader: Reader) -> Parameter:
    reader.number("<B")
    data = reader.take(reader.number("<B"))
    if not data:
        return None
    if len(data) == 4:
        days, minutes = struct.unpack("<HH", data)
        return _EPOCH + timedelta(days=days, minutes=minutes)
    days, ticks = struct.unpack("<iI", data)
    return _EPOCH + timedelta(days=days, milliseconds=round(ticks * 10 / 3))


def _read_decimal(reader: Reader) -> Parameter:
    reader.number("<B")
    _precision, scale = reader.number("<B"), reader.number("<B")
    data = reader.take(reader.number("<B"))
    if not data:
        return None
    whole = int.from_bytes(data[1:], "little")
    return Decimal(whole if data[0] else -whole).scaleb(-scale)


def _read_date(reader: Reader) -> Parameter:
    data = reader.take(reader.number("<B"))
    return _DAY_ONE + timedelta(days=int.from_bytes(data, "little")) if data else None


def _read_datetime2(reader: Reader) -> Parameter:
    scale = reader.number("<B")
    data = reader.take(reader.number("<B"))
    if not data:
        return None
    units, days = int.from_bytes(data[:-3], "little"), int.from_bytes(data[-3:], "little")
    midnight = datetime.combine(_DAY_ONE + timedelta(days=days), datetime.min.time())
    return midnight + timedelta(microseconds=units * 10 ** (6 - scale))


def _read_text(encoding: str) -> Callable[[Reader], Parameter]:
    def read(reader: Reader) -> Parameter:
        longest = reader.number("<H")
        reader.take(5)
        if longest == _NULL_LENGTH:
            data = _read_chunks(reader)
        else:
            length = reader.number("<H")
            data = None if length == _NULL_LENGTH else reader.take(length)
        return None if data is None else data.decode(encoding)

    return read


def _read_chunks(reader: Reader) -> bytes | None:
    """A value of any length (PLP)."""
    total = reader.number("<Q")
    if total == 0xFFFFFFFFFFFFFFFF:
        return None
    parts = []
    while length := reader.number("<I"):
        parts.append(reader.take(length))
    return b"".join(parts)


def _read_long_text(encoding: str) -> Callable[[Reader], Parameter]:
    def read(reader: Reader) -> Parameter:
        reader.take(4 + 5)
        length = reader.number("<i")
        return None if length < 0 else reader.take(length).decode(encoding)

    return read


_READERS: dict[int, Callable[[Reader], Parameter]] = {
    0x26: _read_int,
    0x68: _read_bit,
    0x6D: _read_float,
    0x6F: _read_datetime,
    0x6A: _read_decimal,
    0x6C: _read_decimal,
    0x28: _read_date,
    0x2A: _read_datetime2,
    0xA7: _read_text(CODE_PAGE),
    0xAF: _read_text(CODE_PAGE),
    0xE7: _read_text("utf-16-le"),
    0xEF: _read_text("utf-16-le"),
    0x23: _read_long_text(CODE_PAGE),
    0x63: _read_long_text("utf-16-le"),
}
