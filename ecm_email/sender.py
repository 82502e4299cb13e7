"""What sends e-mails over one mail server, in the engine's terms."""

import smtplib
import time
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple

from odoo.exceptions import UserError
from odoo.tools import html2plaintext

from .tools.smtp_answers import BOUNCED, CLOSES, DOUBTFUL, REFUSED, UNAVAILABLE, sort_error
from odoo.addons.base.models.ir_mail_server import MailDeliveryException
from odoo.addons.ecm_campaign.exceptions import Unavailable
from odoo.addons.ecm_campaign.tools.channel import Receipt
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.results import Result

# A request's worth is sent in so many seconds; what is left then is ready again.
SENDING_SECONDS = 20
# So many doubts in a row are no chance: the server is left alone.
DOUBTS_IN_A_ROW = 3
CONNECT_ERRORS = (OSError, smtplib.SMTPException, UserError, MailDeliveryException)


class Content(NamedTuple):
    """What an attempt sends.

    :param token: names the e-mail in its links and its message id
    :param headers: beside those that every e-mail has
    :param attachments: tuples of name, bytes and type
    """

    token: str
    email: str
    subject: str
    body: str
    headers: dict
    attachments: tuple = ()


class EmailSender:
    """The engine's ``tools.channel.Sender`` for one sender of e-mails.

    :param connect: opens a connection as ``smtplib.SMTP``
    :param prepare: of a message and a connection: address of the envelope, recipients, message
    :param seconds: from one message to the next at least
    :param end_reading: called when all was sent: what is written next must see what others have
        committed since
    :param texts: ``{kind of an answer: sentence with %s for what was said}``
    """

    # Odoo's mail servers are records.
    holds_records = True

    def __init__(self, connect, prepare, seconds, end_reading, texts):
        self._connect, self._prepare = connect, prepare
        self._seconds, self._end_reading, self._texts = seconds, end_reading, texts

    def send(self, batch):
        """See ``tools.channel.Sender``."""
        with_content = [outgoing for outgoing in batch if outgoing.content]
        answers = self._send_all(with_content)
        self._end_reading()
        return self._make_receipt(batch, answers)

    def _send_all(self, batch):
        """:return: ``{key: None for taken, or SmtpAnswer}``; without those that were not come to"""
        answers, session, doubts = {}, None, 0
        ends_at = time.monotonic() + SENDING_SECONDS
        for outgoing in batch:
            if time.monotonic() >= ends_at or doubts >= DOUBTS_IN_A_ROW:
                break
            session = session or self._open(bool(answers))
            if session is None:
                break
            answer = self._send_one(session, outgoing.content)
            reach("email.sent")
            answers[outgoing.key] = answer
            doubts = doubts + 1 if answer and answer.kind == DOUBTFUL else 0
            if answer and answer.kind in CLOSES:
                self._close(session)
                session = None
            if answer and answer.kind == UNAVAILABLE:
                break
            time.sleep(self._seconds)
        self._close(session)
        return answers

    def _open(self, has_sent):
        """:return: a connection; None where none can be had any more
        :raise exceptions.Unavailable: none can be had, and nothing was sent
        """
        try:
            session = self._connect()
        except CONNECT_ERRORS as error:
            if has_sent:
                return None
            needs_person = isinstance(error, smtplib.SMTPAuthenticationError | UserError)
            sentence = self._texts[UNAVAILABLE] % str(error)[:200]
            raise Unavailable(sentence, needs_person=needs_person) from error
        if session is None and not has_sent:
            raise Unavailable(self._texts["off"], needs_person=True)
        return session

    def _send_one(self, session, content):
        """:return: None where the server has taken it, else an SmtpAnswer"""
        smtp_from, recipients, message = self._prepare(make_message(content), session)
        try:
            session.send_message(message, smtp_from, recipients)
        except (OSError, smtplib.SMTPException) as error:
            return sort_error(error)
        return None

    def _close(self, session):
        if session is None:
            return
        # What was sent is sent, however the server says good-bye.
        try:
            session.quit()
        except (OSError, smtplib.SMTPException):
            session.close()

    def _make_receipt(self, batch, answers):
        by_kind, results = {None: set(), REFUSED: set(), DOUBTFUL: set(), UNAVAILABLE: set()}, []
        for outgoing in batch:
            # An e-mail that could not be made is not sent.
            if not outgoing.content:
                by_kind[REFUSED].add(outgoing.key)
                continue
            if outgoing.key not in answers:
                by_kind[UNAVAILABLE].add(outgoing.key)
                continue
            answer = answers[outgoing.key]
            if answer and answer.kind == BOUNCED:
                results.append(Result(outgoing.key, "email_bounced", answer.text))
                by_kind[None].add(outgoing.key)
                continue
            by_kind[answer and answer.kind].add(outgoing.key)
        return Receipt(
            accepted=frozenset(by_kind[None]),
            refused=frozenset(by_kind[REFUSED]),
            doubtful=frozenset(by_kind[DOUBTFUL]),
            unsent=frozenset(by_kind[UNAVAILABLE]),
            failure=self._find_failure(answers),
            results=tuple(results),
        )

    def _find_failure(self, answers):
        """Why the server takes no more, or None."""
        said = list(answers.values())
        for answer in said:
            if answer and answer.kind == UNAVAILABLE:
                return Unavailable(self._texts[UNAVAILABLE] % answer.text)
        last = said[-DOUBTS_IN_A_ROW:]
        if last and all(answer and answer.kind == DOUBTFUL for answer in last):
            return Unavailable(self._texts[DOUBTFUL] % last[-1].text)
        return None


def make_message(content):
    """An e-mail in both forms, as plain text and as HTML.

    :param Content content: what it says
    :rtype: email.message.EmailMessage
    """
    message = EmailMessage(policy=SMTP)
    for name, value in content.headers.items():
        message[name] = value
    message["To"] = content.email
    message["Subject"] = " ".join(content.subject.split())
    message["Date"] = format_datetime(datetime.now().astimezone())
    message["MIME-Version"] = "1.0"
    message.set_content(html2plaintext(content.body), charset="utf-8")
    message.add_alternative(content.body, subtype="html", charset="utf-8")
    for name, raw, mimetype in content.attachments:
        maintype, _slash, subtype = (mimetype or "").partition("/")
        kind = (maintype, subtype) if subtype else ("application", "octet-stream")
        message.add_attachment(raw, *kind, filename=name)
    return message
