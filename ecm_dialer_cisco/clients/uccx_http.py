"""HTTP to the nodes of a UCCX: which failure means that nothing was accepted, and which leaves a
doubt.

A server cannot act on a body it does not have. `TrackedBody` knows whether the last byte was handed
to the connection; a POST that fails before that instant is `Unreachable`, after it `InDoubt`,
whatever the exception is called (a broken TLS connection raises the same SSLError before and
after).
"""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TypeVar

import requests
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import NewConnectionError

from .exceptions import Busy, DialerError, InDoubt, NotFound, Rejected, Unauthorized, Unreachable
from .uccx_wire import ApiError, parse_errors

Answer = TypeVar("Answer")

XML_TYPE = "application/xml"
_DOUBTFUL_STATUSES = frozenset({408, 500, 502, 504})
_BUSY_MESSAGE = ("import", "progress")


class TrackedBody:
    """A request body that knows whether it was handed over to the last byte."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        """Needed by requests to recognise a stream; urllib3 itself uses `read`."""
        yield self.read()

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size < 0 else min(self._position + size, len(self._data))
        chunk = self._data[self._position : end]
        self._position = end
        return chunk

    @property
    def handed_over(self) -> bool:
        return self._position >= len(self._data)


class UccxHttp:
    """Requests to the configuration API, on the node that answered last, then on the other one.

    :param hosts: names or addresses of the nodes, each with an optional ``:port``
    :param verify: True, False or the path of a CA file
    :param timeouts: seconds to connect and between two bytes of the answer
    """

    def __init__(
        self,
        hosts: tuple[str, ...],
        port: int,
        scheme: str,
        credentials: tuple[str, str],
        verify: bool | str,
        timeouts: tuple[float, float],
        retries: int,
        retry_pause: float,
        session: requests.Session | None,
        sleep: Callable[[float], None],
    ) -> None:
        self._nodes = [
            f"{scheme}://{host if _has_port(host) else f'{host}:{port}'}" for host in hosts
        ]
        self._auth = HTTPBasicAuth(credentials[0].encode(), credentials[1].encode())
        self._verify = verify
        self._timeouts = timeouts
        self._retries = retries
        self._retry_pause = retry_pause
        self._session = session or _new_session()
        self._sleep = sleep

    def on_any_node(self, request: Callable[[str], Answer]) -> Answer:
        """Run the request on one node; only where it certainly did not arrive, run it on the next
        one.
        """
        failures = []
        for node in tuple(self._nodes):
            try:
                answer = request(node)
            except Unreachable as error:
                failures.append(str(error))
                continue
            self._prefer(node)
            return answer
        raise Unreachable(" ".join(dict.fromkeys(failures)))

    def _prefer(self, node: str) -> None:
        if self._nodes[0] != node:
            self._nodes.remove(node)
            self._nodes.insert(0, node)

    def get(self, node: str, path: str, params: dict[str, str] | None = None) -> requests.Response:
        """Read from one node, repeating with jittered pauses what may pass: lost connections, 5xx."""
        for attempt in range(self._retries + 1):
            if attempt:
                self._sleep(self._retry_pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
            try:
                return self._get_once(node, path, params)
            except (Unreachable, Busy) as error:
                failure: DialerError = error
        raise failure

    def _get_once(self, node: str, path: str, params: dict[str, str] | None) -> requests.Response:
        try:
            response = self._request("GET", node, path, params=params)
        except requests.RequestException as error:
            raise Unreachable(f"{_name(node)} cannot be reached: {_reason(error)}.") from error
        if response.status_code == 200:
            return response
        if response.status_code in _DOUBTFUL_STATUSES or response.status_code < 400:
            raise Unreachable(f"{_name(node)} gave no usable answer (HTTP {response.status_code}).")
        raise refusal(node, response)

    def change(
        self, node: str, method: str, path: str, body: bytes | None = None
    ) -> requests.Response:
        """Send one PUT, POST or DELETE, once, without a retry; returns the answer of a success."""
        tracked = None if body is None else TrackedBody(body)
        try:
            response = self._request(method, node, path, data=tracked)
        except requests.RequestException as error:
            raise _lost(node, error, tracked) from error
        if response.status_code in (200, 201, 202, 204):
            return response
        if response.status_code in _DOUBTFUL_STATUSES or response.status_code < 400:
            raise InDoubt(
                f"{_name(node)} answered HTTP {response.status_code}; whether it carried out the request is not known."
            )
        raise refusal(node, response)

    def _request(
        self,
        method: str,
        node: str,
        path: str,
        params: dict[str, str] | None = None,
        data: TrackedBody | None = None,
    ) -> requests.Response:
        headers = {"Accept": XML_TYPE}
        if data is not None:
            headers["Content-Type"] = XML_TYPE
        return self._session.request(
            method,
            f"{node}{path}",
            params=params,
            data=data,
            headers=headers,
            auth=self._auth,
            verify=self._verify,
            timeout=self._timeouts,
            allow_redirects=False,
        )


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and (host.count(":") == 1 or "]:" in host)


def _new_session() -> requests.Session:
    """A session that ignores .netrc and proxy variables: the UCCX is inside, and its password
    belongs to one host.
    """
    session = requests.Session()
    session.trust_env = False
    return session


def _name(node: str) -> str:
    return f"UCCX {node.partition('://')[2]}"


def _reason(error: requests.RequestException) -> str:
    """A short cause without addresses of objects; the whole exception stays in the traceback."""
    if isinstance(error, requests.ConnectTimeout):
        return "no connection within the time-out"
    if isinstance(error, requests.Timeout):
        return "no answer within the time-out"
    if isinstance(error, requests.exceptions.SSLError):
        return "the encrypted connection failed (check the certificate settings)"
    return "connection refused" if _never_connected(error) else "the connection was lost"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and everything wrapped in it: requests hides urllib3's, which hides the
    system's.
    """
    stack: list[BaseException] = [error]
    seen: set[int] = set()
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        nested = (
            current.__cause__,
            current.__context__,
            getattr(current, "reason", None),
            *current.args,
        )
        stack.extend(item for item in nested if isinstance(item, BaseException))


def _never_connected(error: requests.RequestException) -> bool:
    """Whether the failure came before any byte of the request: refused, no such name, wrong
    certificate.
    """
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.InvalidURL):
        return True
    return any(
        isinstance(cause, NewConnectionError | ssl.SSLCertVerificationError)
        for cause in _causes(error)
    )


def _lost(node: str, error: requests.RequestException, body: TrackedBody | None) -> DialerError:
    """Sort a failure of a change: `Unreachable` if the server cannot have the whole request, else
    `InDoubt`.
    """
    not_sent = _never_connected(error) if body is None else not body.handed_over
    if not_sent:
        return Unreachable(f"{_name(node)} cannot be reached: {_reason(error)}.")
    return InDoubt(f"{_name(node)} may have carried out the request, but {_reason(error)}.")


def refusal(node: str, response: requests.Response) -> DialerError:
    """The exception for an answer that says no."""
    if response.status_code == 503:
        return Busy(f"{_name(node)} is busy at the moment (HTTP 503).")
    errors = parse_errors(response.content) or [ApiError(str(response.status_code))]
    if response.status_code == 401:
        return Unauthorized(f"{_name(node)} does not accept the user name or password.", "401")
    text = "; ".join(dict.fromkeys(_error_text(error) for error in errors if _error_text(error)))
    if all(word in text.lower() for word in _BUSY_MESSAGE):
        return Busy(f"{_name(node)} is still importing other contacts.")
    message = f"{_name(node)} refused the request (HTTP {response.status_code}){': ' + text if text else '.'}"
    kind = NotFound if response.status_code == 404 else Rejected
    return kind(message, errors[0].type or str(response.status_code), errors[0].data)


def _error_text(error: ApiError) -> str:
    return (
        f"{error.message} ({error.data})"
        if error.message and error.data
        else error.message or error.data
    )


def server_time(response: requests.Response, default: datetime) -> datetime:
    """The server's own clock, so that its time stamps are never compared with ours."""
    try:
        stamp = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return default
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=timezone.utc)
