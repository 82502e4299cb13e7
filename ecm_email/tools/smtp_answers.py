"""What an SMTP server's answer means for a message: whether it may have it."""

from __future__ import annotations

import smtplib
from typing import NamedTuple

# The whole server, or our account: waiting for the next message mends nothing.
UNAVAILABLE = "unavailable"
# Certainly not taken, and never: the address.
BOUNCED = "bounced"
# Certainly not taken now.
REFUSED = "refused"
# Perhaps taken.
DOUBTFUL = "doubtful"
# The connection is of no use any more.
CLOSES = (UNAVAILABLE, DOUBTFUL)
# Answers about the mailbox (RFC 5321, 4.2.3): 552 is one that is full, which may be emptied.
_NO_MAILBOX = (550, 551, 553, 554)


class SmtpAnswer(NamedTuple):
    """:param kind: one of the above; ``text``: what was said"""

    kind: str
    text: str


def sort_error(error: Exception) -> SmtpAnswer:
    """
    >>> sort_error(smtplib.SMTPDataError(554, b"no"))
    SmtpAnswer(kind='refused', text='554 no')
    """
    # The message is on its way only once its data were sent: a refusal before that is certain.
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()), (450, b""))
        kind = BOUNCED if code in _NO_MAILBOX else REFUSED
        return SmtpAnswer(kind, _say(code, text))
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPHeloError):
        return SmtpAnswer(UNAVAILABLE, _say(error.smtp_code, error.smtp_error))
    if isinstance(error, smtplib.SMTPDataError):
        # 421: the service shuts down (RFC 5321, 4.2.3).
        kind = UNAVAILABLE if error.smtp_code == 421 else REFUSED
        return SmtpAnswer(kind, _say(error.smtp_code, error.smtp_error))
    return SmtpAnswer(DOUBTFUL, str(error)[:200])


def _say(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}"[:200]
