"""Requests to receivers of webhooks, over connections that are kept (requirement R4)."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, cast

import urllib3

from .receivers import Allowed, Receiver, Refused, find_address, parse

TIMEOUT = 10.0
# Receivers whose connections are kept.
MAX_POOLS = 100
# Of an answer no more is read: nothing of it is needed.
ANSWER_SIZE = 1024
MAX_WAIT = 3600.0
AGENT = "ecm-webhooks/1"

# A byte now and then is no answer: so many time-outs may pass until it is complete.
WHOLE = 2

Pool = urllib3.HTTPConnectionPool
PoolKey = tuple[str, str, int, str]


@dataclass(frozen=True)
class Sent:
    """What became of a request.

    :param status: of HTTP, 0 without an answer
    :param error: what went wrong, for a person; empty where it was taken
    :param wait: seconds that the receiver wants to be left alone, where it says so
    """

    status: int
    error: str
    seconds: float
    wait: float = 0.0

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing any more."""
        return self.status == 410

    @property
    def fails_all(self) -> bool:
        """Whether others to this receiver would fail as well: it is not about this one's content."""
        return not self.is_taken and (
            self.status < 400 or self.status in (401, 403, 404, 408, 429) or self.status >= 500
        )


class Sender:
    """Used by several threads at once; knows nothing of records.

    :param clock: seconds, as ``time.monotonic``
    :param look_up: see `receivers.find_address`
    """

    def __init__(
        self,
        allowed: Allowed,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
        find: Callable[[Receiver, Allowed], str] = find_address,
    ) -> None:
        self._allowed = allowed
        self._timeout = urllib3.Timeout(connect=timeout, read=timeout)
        self._clock = clock
        self._find = find
        self._pools: OrderedDict[PoolKey, Pool] = OrderedDict()
        self._lock = threading.Lock()
        self._context = ssl.create_default_context()

    def send(self, url: str, body: bytes, headers: dict[str, str]) -> Sent:
        """POST a body; no redirect is followed. Raises nothing."""
        begun = self._clock()
        try:
            receiver = parse(url, self._allowed)
            address = self._find(receiver, self._allowed)
            status, wait = self._post(receiver, address, body, headers)
        except Refused as refused:
            return Sent(0, str(refused), self._clock() - begun)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Sent(0, _say(error), self._clock() - begun)
        said = "" if 200 <= status < 300 else f"HTTP {status}"
        return Sent(status, said, self._clock() - begun, wait)

    def _post(
        self, receiver: Receiver, address: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, float]:
        pool = self._get_pool(receiver, address)
        response = pool.urlopen(
            "POST",
            receiver.path,
            body=body,
            headers={"Host": receiver.authority, "User-Agent": AGENT, **headers},
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            is_short = len(response.read(ANSWER_SIZE)) < ANSWER_SIZE
        # Its status says whether the receiver has it, whatever else it meant to say.
        except (urllib3.exceptions.HTTPError, OSError):
            is_short = False
        finally:
            cast(_Cuttable, response).cut.cancel()
        # One that answers without end keeps no connection.
        if is_short:
            response.release_conn()
        else:
            response.close()
        return response.status, _read_wait(response.headers.get("Retry-After"))

    def _get_pool(self, receiver: Receiver, address: str) -> Pool:
        key = (receiver.scheme, receiver.host, receiver.port, address)
        with self._lock:
            pool = self._pools.get(key) or self._make_pool(receiver, address)
            self._pools[key] = pool
            self._pools.move_to_end(key)
            if len(self._pools) > MAX_POOLS:
                self._pools.popitem(last=False)[1].close()
        return pool

    def _make_pool(self, receiver: Receiver, address: str) -> Pool:
        """Connections to the address that was checked, and no other."""
        if receiver.scheme == "http":
            return _Pool(address, receiver.port, timeout=self._timeout, maxsize=2)
        return _TlsPool(
            address,
            receiver.port,
            timeout=self._timeout,
            maxsize=2,
            ssl_context=self._context,
            server_hostname=receiver.host,
            assert_hostname=receiver.host,
        )

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            while self._pools:
                self._pools.popitem()[1].close()


class _Cuttable(Protocol):
    """An answer that is still being read."""

    cut: threading.Timer


class _CutOff:
    """A connection that is shut when an answer is not complete in time: time-outs of sockets begin
    anew with each byte.
    """

    def getresponse(self) -> Any:
        """:return: the answer, with a timer ``cut`` that whoever has read it cancels"""
        connection: Any = self
        seconds = WHOLE * (connection.timeout or TIMEOUT)
        cut = threading.Timer(seconds, _shut, [connection.sock])
        cut.daemon = True
        cut.start()
        try:
            response = super().getresponse()  # type: ignore[misc]
        except BaseException:
            cut.cancel()
            raise
        response.cut = cut
        return response


def _shut(connection: socket.socket) -> None:
    # Its other end may have been faster.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Connection(_CutOff, urllib3.connection.HTTPConnection):
    pass


class _TlsConnection(_CutOff, urllib3.connection.HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _read_wait(text: str | None) -> float:
    """Seconds of a Retry-After; a date is not looked at."""
    return min(float(text), MAX_WAIT) if text and text.isdecimal() else 0.0


def _say(error: Exception) -> str:
    """What went wrong, without addresses of objects."""
    reason = getattr(error, "reason", None) or error
    return f"{type(reason).__name__}: {reason}".split("): ")[-1][:200]


def get_delay(failures: int) -> float:
    """Seconds until the next try after so many in a row have failed: 10, 20, 40 … an hour.

    >>> [get_delay(failures) for failures in (1, 2, 3, 50)]
    [10.0, 20.0, 40.0, 3600.0]
    """
    return float(min(10.0 * 2 ** min(failures - 1, 20), MAX_WAIT))
