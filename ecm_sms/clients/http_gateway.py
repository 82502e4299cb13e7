"""Messages to a gateway over HTTP, many in flight (requirements M1, M5)."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote, urlencode

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from .answers import ANSWER_SIZE, UNSENT_KINDS, Answer, read_answer, read_status
from .pace import Pace
from .settings import MASK, SECRET_WORDS, GatewaySettings, fill, fill_json, fill_pairs

# After so many doubts in a row no further message is put at stake.
DOUBTS_IN_A_ROW = 3
# So long new messages are begun in one call, so that a slow gateway does not hold its caller.
SENDING_SECONDS = 5.0
OLD_PIECE = 64
_UCS2, _GSM7 = "2", "0"


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way.

    :param number: E.164, with its plus
    :param is_unicode: whether it has characters that GSM-7 lacks
    :param minutes: for which the gateway may try, None for as long as it does
    :param reference: that the message was given beforehand, where a provider wants one of us
    """

    key: str
    number: str
    text: str
    is_unicode: bool = False
    minutes: int | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A message that was sent, and whose status is asked for.

    :param reference: the gateway's own id of it, empty where it gave none
    """

    key: str
    number: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it leaves."""

    method: str
    url: str
    body: bytes | None
    headers: dict[str, str]


Item = TypeVar("Item", Message, Question)
Reader = Callable[[GatewaySettings, int, bytes], Answer]


class Gateway(Protocol):
    """What a client of any gateway can do."""

    def send(self, messages: Sequence[Message]) -> dict[str, Answer]:
        """Send messages; those that it did not come to have no answer.

        :return: ``{key of the message: what became of it}``
        """


class HttpGateway:
    """The client of a gateway that takes a message with each request.

    :param clock: in seconds, never set back
    """

    def __init__(
        self,
        settings: GatewaySettings,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._pace = Pace(settings.rate, clock, sleep)
        self._words = settings.get_gateway_words()
        self._pool: urllib3.PoolManager | None = None

    def send(self, messages: Sequence[Message]) -> dict[str, Answer]:
        """See `Gateway`."""
        return self._share_out(messages, self.send_one)

    def ask(self, questions: Sequence[Question]) -> dict[str, str]:
        """What became of messages, for gateways that do not report by themselves.

        :return: ``{key: status as the gateway writes it}``, of those that it knows
        """
        # Without the gateway's own id there may be nothing to ask by.
        if "{reference}" in self.settings.poll_url:
            questions = [question for question in questions if question.reference]
        answers, said = self._share_out(questions, self._ask_one), {}
        for key, answer in answers.items():
            if answer.kind == "accepted":
                said[key] = answer.text
        return said

    def send_one(self, message: Message) -> Answer:
        """Send one message now."""
        return self._request(self.make_request(message))

    def _share_out(self, items: Sequence[Item], do: Callable[[Item], Answer]) -> dict[str, Answer]:
        """Do something with each, many at a time, as long as there is time for it."""
        run = _Run(items, do, self._clock() + SENDING_SECONDS, self._clock)
        workers = min(self.settings.connections, len(items))
        if workers <= 1:
            self._work(run)
            return run.answers
        with ThreadPoolExecutor(workers) as pool:
            for future in [pool.submit(self._work, run) for _worker in range(workers)]:
                # What a thread raised is raised here.
                future.result()
        return run.answers

    def _work(self, run: _Run[Item]) -> None:
        for item in run:
            self._pace.wait()
            run.note(item, run.do(item))

    def _ask_one(self, question: Question) -> Answer:
        words = {
            "number": question.number,
            "digits": question.number.lstrip("+"),
            "key": question.key,
            "reference": question.reference,
        }
        settings, words = self.settings, {**self._words, **words}
        url = fill(settings.poll_url, _quote(words))
        headers = {name: fill(value, words) for name, value in settings.headers}
        return self._request(Request("GET", url, None, headers), read_status)

    # -- requests ---------------------------------------------------------------------------------

    def make_request(self, message: Message) -> Request:
        """The request of one message."""
        return self._make_request({**self._words, **_get_words(message)})

    def show_request(self, message: Message) -> Request:
        """The request as a person may see it, with its secrets masked."""
        words = {**self._words, **_get_words(message), **dict.fromkeys(SECRET_WORDS, MASK)}
        return self._make_request(words)

    def hide_secrets(self, text: str) -> str:
        """A text without the password: a gateway may repeat what it was sent."""
        for word in SECRET_WORDS:
            secret = self._words[word]
            if self.settings.password and secret:
                for written in {secret, quote(secret), quote(secret, safe="")}:
                    text = text.replace(written, MASK)
        return text

    def _make_request(self, words: dict[str, str]) -> Request:
        settings = self.settings
        url = fill(settings.url, _quote(words))
        headers = {name: fill(value, words) for name, value in settings.headers}
        if settings.body == "json":
            headers.setdefault("Content-Type", "application/json")
            body = json.dumps(fill_json(settings.json_body, words)).encode()
            return Request("POST", url, body, headers)

        pairs = fill_pairs(settings.parameters, words)
        encoded = urlencode(pairs, quote_via=quote)
        if settings.body == "form":
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
            return Request("POST", url, encoded.encode(), headers)
        joint = "&" if "?" in url else "?"
        return Request(settings.method, f"{url}{joint}{encoded}" if encoded else url, None, headers)

    def _request(self, request: Request, read: Reader = read_answer) -> Answer:
        try:
            return read(self.settings, *self._exchange(request))
        except (NewConnectionError, ConnectTimeoutError) as error:
            return Answer("unreachable", text=_get_reason(error))
        except (HTTPError, OSError, ValueError) as error:
            # A certificate that nobody trusts ends it before any byte of the request.
            is_unsent = isinstance(error, SSLError) and _is_certificate(error)
            return Answer("unreachable" if is_unsent else "doubtful", text=_get_reason(error))

    def _exchange(self, request: Request) -> tuple[int, bytes]:
        """:return: status and body of the answer"""
        response = self._get_pool().request(
            request.method,
            request.url,
            body=request.body,
            headers=request.headers,
            # Nothing is sent twice by itself, nor to another host.
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            body = self._read(response)
        finally:
            # One that was read to its end is in the pool again, and stays open.
            response.close()
        return response.status, body

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """No more of an answer than is looked at, and not for ever."""
        body, ends_at = b"", self._clock() + self.settings.read_timeout
        while len(body) < ANSWER_SIZE and self._clock() < ends_at:
            chunk = _read_some(response, ANSWER_SIZE - len(body))
            if not chunk:
                return body
            body += chunk
        return body

    def _get_pool(self) -> urllib3.PoolManager:
        if self._pool is None:
            settings = self.settings
            timeout = urllib3.Timeout(connect=settings.connect_timeout, read=settings.read_timeout)
            # No proxy and no .netrc: the password belongs to one host.
            self._pool = urllib3.PoolManager(
                num_pools=1,
                maxsize=settings.connections,
                timeout=timeout,
                cert_reqs="CERT_REQUIRED" if settings.verify_tls else "CERT_NONE",
            )
        return self._pool


class _Run(Generic[Item]):
    """Things to do in one call, shared out to threads until nothing may begin any more."""

    def __init__(
        self,
        items: Sequence[Item],
        do: Callable[[Item], Answer],
        ends_at: float,
        clock: Callable[[], float],
    ) -> None:
        self.do: Callable[[Item], Answer] = do
        self.answers: dict[str, Answer] = {}
        self._items: Iterator[Item] = iter(items)
        self._ends_at, self._clock = ends_at, clock
        self._doubts, self._is_over = 0, False
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Item]:
        while (item := self._take()) is not None:
            yield item

    def _take(self) -> Item | None:
        with self._lock:
            if self._is_over or self._clock() >= self._ends_at:
                return None
            return next(self._items, None)

    def note(self, item: Item, answer: Answer) -> None:
        """Keep an answer; after some nothing more begins."""
        with self._lock:
            self.answers[item.key] = answer
            self._doubts = self._doubts + 1 if answer.kind == "doubtful" else 0
            if answer.kind in UNSENT_KINDS or self._doubts >= DOUBTS_IN_A_ROW:
                self._is_over = True


def _read_some(response: urllib3.BaseHTTPResponse, size: int) -> bytes:
    """What has come of an answer; nothing at its end."""
    if hasattr(response, "read1"):
        return response.read1(size)
    # Before urllib3 2.2 all that is asked for is waited for.
    return bytes(response.read(min(size, OLD_PIECE)))


def _quote(words: dict[str, str]) -> dict[str, str]:
    return {name: quote(word, safe="") for name, word in words.items()}


def _get_words(message: Message) -> dict[str, str]:
    return {
        "number": message.number,
        "digits": message.number.lstrip("+"),
        "text": message.text,
        "key": message.key,
        "coding": _UCS2 if message.is_unicode else _GSM7,
        "minutes": "" if message.minutes is None else str(message.minutes),
    }


def _is_certificate(error: SSLError) -> bool:
    return any(isinstance(part, ssl.SSLCertVerificationError) for part in error.args)


def _get_reason(error: Exception) -> str:
    """A short cause, without the address: that may hold a password."""
    # Before the time-out, of which it is a kind to older systems.
    if isinstance(error, NewConnectionError):
        return "no connection"
    if isinstance(error, ConnectTimeoutError):
        return "no connection within the time-out"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "no answer within the time-out"
    if isinstance(error, SSLError):
        return "the encrypted connection failed: check the certificate"
    return "the connection was lost"
