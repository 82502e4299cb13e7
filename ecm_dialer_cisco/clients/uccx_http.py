"""HTTP to the nodes of a UCCX: which failure means that nothing was accepted, and which leaves a
doubt.

A server cannot act on a body it does not have. `TrackedBody` knows whether the last byte was handed
to the connection; a POST that fails before that instant is `Unreachable`, after it `InDoubt`,
whatever the exception is called (a broken TLS connection raises the same SSLError before and
after).
"""

from __future__ import annotations

import random
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

import requests
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import NewConnectionError

from .exceptions import Busy, DialerError, InDoubt, NotFound, Rejected, Unauthorized, Unreachable
from .uccx_config import LONGEST_JITTER
from .uccx_wire import ApiError, parse_errors

Answer = TypeVar("Answer")

XML_TYPE = "application/xml"
_SUCCESS_STATUSES = frozenset({200, 201, 202, 204})
_DOUBTFUL_STATUSES = frozenset({408, 500, 502, 504})


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
        """The next `size` bytes; all that is left when it is negative."""
        rest = self._data[self._position :]
        chunk = rest if size < 0 else rest[:size]
        self._position += len(chunk)
        return chunk

    @property
    def handed_over(self) -> bool:
        """Whether the connection took all of it; the server may have it then."""
        return self._position == len(self._data)


class HttpConfig(Protocol):
    """What requests need of a client's settings."""

    @property
    def node_urls(self) -> list[str]: ...

    @property
    def user(self) -> str: ...

    @property
    def password(self) -> str: ...

    @property
    def verify_tls(self) -> bool | str: ...

    @property
    def connect_timeout(self) -> float: ...

    @property
    def read_timeout(self) -> float: ...

    @property
    def get_retries(self) -> int: ...

    @property
    def retry_pause(self) -> float: ...


class UccxHttp:
    """Requests to a configuration API, on the node that answered last, then on the other one: those
    of a UCCX, or servers with CCE's Outbound interface.

    :param session: one of the caller's own, for tests; the default one ignores proxy settings
    :param sleep: waits so many seconds between two tries to read
    """

    def __init__(
        self,
        config: HttpConfig,
        session: requests.Session | None,
        sleep: Callable[[float], None],
    ) -> None:
        self._config = config
        self._nodes = config.node_urls
        # As bytes: requests would send text as Latin-1.
        self._auth = HTTPBasicAuth(config.user.encode(), config.password.encode())
        self._session = session or _new_session()
        self._sleep = sleep

    def on_any_node(self, request: Callable[[str], Answer]) -> Answer:
        """Run the request on one node; only where it certainly did not arrive, run it on the next
        one.

        :raise Unreachable: it arrived on none of them
        """
        failures = []
        # A copy, because a node that answers moves to the front.
        for node in tuple(self._nodes):
            try:
                answer = request(node)
            except Unreachable as error:
                failures.append(str(error))
                continue
            self._prefer(node)
            return answer
        # Both nodes mostly fail for the same reason: it is told once.
        raise Unreachable(" ".join(dict.fromkeys(failures)))

    def _prefer(self, node: str) -> None:
        """Ask this node first from now on."""
        self._nodes.remove(node)
        self._nodes.insert(0, node)

    def get(self, node: str, path: str, params: dict[str, str] | None = None) -> requests.Response:
        """Read from one node, again after a pause where the failure may pass: lost connections and
        5xx.
        """
        for attempt in range(self._config.get_retries + 1):
            if attempt:
                # Jitter, so that two servers do not knock at the same moments.
                pause = self._config.retry_pause * 2 ** (attempt - 1)
                self._sleep(pause * random.uniform(0.5, LONGEST_JITTER))
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
        status = response.status_code
        if status == 200:
            return response
        # Reading changes nothing, so that a doubt is no more than a lost answer.
        if _is_doubtful(status):
            raise Unreachable(f"{_name(node)} gave no usable answer (HTTP {status}).")
        raise refusal(node, response)

    def change(
        self, node: str, method: str, path: str, body: bytes | None = None
    ) -> requests.Response:
        """Send one PUT, POST or DELETE, once, without a retry; returns the answer of a success.

        :raise InDoubt: the node may have carried it out
        :raise DialerError: any other one: it did not
        """
        tracked = None if body is None else TrackedBody(body)
        try:
            response = self._request(method, node, path, data=tracked)
        except requests.RequestException as error:
            raise _lost(node, error, tracked) from error

        # What a gateway answers says nothing of what the server behind it did.
        status = response.status_code
        if status in _SUCCESS_STATUSES:
            return response
        if _is_doubtful(status):
            raise InDoubt(
                f"{_name(node)} answered HTTP {status};"
                " whether it carried out the request is not known."
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
        # No redirects: a POST would arrive as a GET, or the password at another host.
        return self._session.request(
            method,
            f"{node}{path}",
            params=params,
            data=data,
            headers=headers,
            auth=self._auth,
            verify=self._config.verify_tls,
            timeout=(self._config.connect_timeout, self._config.read_timeout),
            allow_redirects=False,
        )


def _is_doubtful(status: int) -> bool:
    """Whether an HTTP status leaves open what the server did; below 400 it is no success of
    UCCX's API either.
    """
    return status in _DOUBTFUL_STATUSES or status < 400


def _new_session() -> requests.Session:
    """A session that ignores .netrc and proxy variables: the UCCX is inside, and its password
    belongs to one host.
    """
    session = requests.Session()
    session.trust_env = False
    return session


def _name(node: str) -> str:
    return f"The dialer {node.partition('://')[2]}"


def _reason(error: requests.RequestException) -> str:
    """A short cause without addresses of objects; the whole exception stays in the traceback."""
    if isinstance(error, requests.ConnectTimeout):
        return "no connection within the time-out"
    if isinstance(error, requests.Timeout):
        return "no answer within the time-out"
    if isinstance(error, requests.exceptions.SSLError):
        return "the encrypted connection failed (check the certificate settings)"
    if any(isinstance(cause, socket.gaierror) for cause in _causes(error)):
        return "the name is unknown (check the address and the name server)"
    return "connection refused" if _never_connected(error) else "the connection was lost"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and everything wrapped in it: requests hides urllib3's, which hides the
    system's.
    """
    stack: list[BaseException] = [error]
    # Causes may point at each other, and exceptions need not be hashable.
    seen: set[int] = set()
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        stack.extend(_wrapped(current))


def _wrapped(error: BaseException) -> Iterator[BaseException]:
    """What Python chained, and what urllib3 keeps in ``reason`` and requests in the arguments."""
    reason = getattr(error, "reason", None)
    chained = (error.__cause__, error.__context__, reason)
    for item in (*chained, *error.args):
        if isinstance(item, BaseException):
            yield item


def _never_connected(error: requests.RequestException) -> bool:
    """Whether the failure came before any byte of the request: refused, no such name, wrong
    certificate.
    """
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.InvalidURL):
        return True
    # What requests raises does not tell it; what it wraps does.
    before_request = (NewConnectionError, ssl.SSLCertVerificationError)
    return any(isinstance(cause, before_request) for cause in _causes(error))


def _lost(node: str, error: requests.RequestException, body: TrackedBody | None) -> DialerError:
    """Sort a failure of a change: `Unreachable` if the server cannot have the whole request, else
    `InDoubt`.
    """
    name = _name(node)
    reason = _reason(error)
    # Without a body the head alone is the request, so that any connection leaves a doubt.
    not_sent = _never_connected(error) if body is None else not body.handed_over
    if not_sent:
        return Unreachable(f"{name} cannot be reached: {reason}.")
    return InDoubt(f"{name} may have carried out the request, but {reason}.")


def refusal(node: str, response: requests.Response) -> DialerError:
    """The exception for an answer that says no."""
    name, status = _name(node), response.status_code
    if status == 503:
        return Busy(f"{name} is busy at the moment (HTTP 503).")
    if status == 401:
        return Unauthorized(f"{name} does not accept the user name or password.", "401")

    errors = parse_errors(response.content) or [ApiError(str(status))]
    text = _error_texts(errors)
    ending = f": {text}" if text else "."
    kind = NotFound if status == 404 else Rejected
    return kind(
        f"{name} refused the request (HTTP {status}){ending}",
        errors[0].type or str(status),
        errors[0].data,
    )


def _error_texts(errors: Iterable[ApiError]) -> str:
    """What the errors say, each text once."""
    texts = dict.fromkeys(map(_error_text, errors))
    return "; ".join(filter(None, texts))


def _error_text(error: ApiError) -> str:
    if not error.message:
        return error.data
    if not error.data:
        return error.message
    return f"{error.message} ({error.data})"


def server_time(response: requests.Response, default: datetime) -> datetime:
    """The server's own clock, so that its time stamps are never compared with ours."""
    try:
        stamp = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return default
    # "-0000" says UTC without a zone (RFC 5322).
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=timezone.utc)
