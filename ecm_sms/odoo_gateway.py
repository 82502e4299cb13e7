"""Messages of campaigns through Odoo's own providers (requirement M1): its paid service, or Twilio
where ``sms_twilio`` is installed.
"""

import json
import time
import uuid

import requests
from urllib3.exceptions import NewConnectionError

from odoo.exceptions import UserError
from odoo.tools.mail import html2plaintext

from .clients.answers import UNSENT_KINDS, Answer, sort_status
from .clients.http_gateway import SENDING_SECONDS, Request
from .clients.odoo_states import read_state
from .clients.pace import Pace
from odoo.addons.iap.tools.iap_tools import IAPServerError, InsufficientCreditError

# What Odoo's API classes raise where nothing can be sent, or the provider does not answer.
ERRORS = (UserError, InsufficientCreditError, IAPServerError, requests.RequestException)


class OdooGateway:
    """A client as ``clients.http_gateway.Gateway`` that speaks through Odoo's API class.

    :param api: an instance of ``SmsApiBase``
    :param report_url: where delivery reports go, for providers that are told
    :param size: messages of one call at most
    :param rate: messages a second at most, 0 for no limit
    :param end_reading: called when the provider has answered: its settings were read from the
        database, and what is written next must see what others have committed since
    """

    # Odoo's API class reads its account.
    holds_records = True

    def __init__(self, api, report_url, size, rate=0, end_reading=lambda: None):
        self._api, self._report_url, self._size = api, report_url, size
        self._pace = Pace(rate)
        self._end_reading = end_reading

    def send(self, messages):
        """See ``clients.http_gateway.Gateway``: call after call, until the time is over or one of
        them was of no avail.
        """
        answers, ends_at = {}, time.monotonic() + SENDING_SECONDS
        for start in range(0, len(messages), self._size):
            if time.monotonic() >= ends_at:
                break
            said = self._send_part(messages[start : start + self._size])
            answers |= said
            if any(_stops(answer) for answer in said.values()):
                break
        self._end_reading()
        return answers

    def send_one(self, message):
        """Send one message now."""
        return self._send_part([message])[message.key]

    def show_request(self, message):
        """What Odoo's API class is asked, as a person may see it."""
        body = json.dumps(_group([(message, "…")]), indent=2, ensure_ascii=False)
        return Request("Odoo", type(self._api).__name__, body.encode(), {})

    def hide_secrets(self, text):
        """Odoo's providers repeat none."""
        return text

    def _send_part(self, messages):
        """:return: ``{key: clients.answers.Answer}`` of each"""
        addressed = [(message, message.reference or uuid.uuid4().hex) for message in messages]
        for _message in messages:
            self._pace.wait()
        try:
            said = self._api._send_sms_batch(
                _group(addressed), delivery_reports_url=self._report_url
            )
        except ERRORS as error:
            answer = _read_error(error)
            return {message.key: answer for message in messages}
        return self._read(addressed, said)

    def _read(self, addressed, said):
        """:param addressed: pairs of a message and its uuid
        :param said: list of results as ``SmsApiBase`` has them
        """
        known, answers = {}, {}
        for result in said or ():
            known[result.get("uuid")] = result
        for message, reference in addressed:
            # What it says nothing of is in doubt.
            result = known.get(reference, {})
            state, text = result.get("state") or "", self._get_text(result)
            answers[message.key] = read_state(state, reference, text)
        return answers

    def _get_text(self, result):
        """What a provider says of a message, for a person."""
        state = result.get("state") or ""
        reason = result.get("failure_reason")
        if not reason and state:
            reason = self._api._get_sms_api_error_messages().get(state)
        return html2plaintext(str(reason or state), include_references=False)


def _group(addressed):
    """Messages as ``SmsApiBase`` takes them: each text with its numbers."""
    numbers = {}
    for message, reference in addressed:
        row = {"number": message.number, "uuid": reference}
        numbers.setdefault(message.text, []).append(row)
    return [{"content": text, "numbers": rows} for text, rows in numbers.items()]


def _stops(answer):
    return answer.kind in UNSENT_KINDS or answer.kind == "doubtful"


def _read_error(error):
    """The answer that a failed call comes to: Odoo tells what went wrong as an error of its own, and
    what that was stands behind it.
    """
    cause, text = error.__context__ or error, str(error)
    if _is_unconnected(cause):
        return Answer("unreachable", text=text)
    if isinstance(cause, requests.HTTPError):
        kind = sort_status(cause.response.status_code)
        # It is the call that is refused, and not one message of it.
        return Answer("misused" if kind == "refused" else kind, text=text)
    if isinstance(cause, (requests.RequestException, IAPServerError)):
        return Answer("doubtful", text=text)
    # An account without credits, or one that is not set up.
    return Answer("misused", text=text)


def _is_unconnected(cause):
    """Whether no connection was made, as opposed to one that was lost."""
    if isinstance(cause, requests.ConnectTimeout):
        return True
    reason = getattr(cause.args[0], "reason", None) if cause.args else None
    return isinstance(reason, NewConnectionError)
