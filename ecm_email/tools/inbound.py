"""What comes back to an e-mail: whose it is, whether a person wrote it, what a bounce says."""

from __future__ import annotations

import re
from email.message import Message

# As our message ids are written: <token.ecm-email@domain>.
_TOKEN = re.compile(r"([A-Za-z0-9_-]{20,64})\.ecm-email@")
# Of what bounces we read no more: what is returned stands at the beginning of a part.
MOST_CHARACTERS = 200_000
_AUTOMATIC = ("x-autoreply", "x-autorespond", "x-auto-response-suppress-reply")
_LISTED = ("auto_reply", "auto-reply", "bulk", "junk", "list")


def make_message_id(token: str, address: str) -> str:
    """
    >>> make_message_id("a" * 22, "Shop <shop@example.com>")
    '<aaaaaaaaaaaaaaaaaaaaaa.ecm-email@example.com>'
    """
    domain = address.rpartition("@")[2].strip("> ")
    return f"<{token}.ecm-email@{domain or 'localhost'}>"


def find_tokens(text: str) -> list[str]:
    """Tokens of our e-mails that a text names, each once."""
    return list(dict.fromkeys(_TOKEN.findall(text[:MOST_CHARACTERS])))


def find_answered(message: Message) -> list[str]:
    """Tokens of the e-mails that this one answers; the nearest first."""
    headers = [message.get("In-Reply-To") or "", message.get("References") or ""]
    direct, earlier = (find_tokens(str(header)) for header in headers)
    return list(dict.fromkeys([*direct, *reversed(earlier)]))


def is_automatic(message: Message) -> bool:
    """Whether a machine has written it: an out-of-office note is no answer (RFC 3834)."""
    submitted = str(message.get("Auto-Submitted") or "no").partition(";")[0].strip().lower()
    if submitted != "no" or any(message.get(name) for name in _AUTOMATIC):
        return True
    return str(message.get("Precedence") or "").strip().lower() in _LISTED


def read_bounce(message: Message) -> str | None:
    """What a bounce says (RFC 3464), such as ``5.1.1``; empty where it says no more than that.

    :return: None where nothing has bounced for good: it is late, or somebody is out of office
    """
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            return _read_status(part)
    return "" if _is_from_daemon(message) else None


def _read_status(part: Message) -> str | None:
    """The first recipient that failed."""
    payload = part.get_payload()
    recipients = payload if isinstance(payload, list) else []
    for recipient in recipients:
        if not isinstance(recipient, Message):
            continue
        if str(recipient.get("Action") or "").strip().lower() == "failed":
            return str(recipient.get("Status") or "").strip()[:20]
    return None


def _is_from_daemon(message: Message) -> bool:
    """Older servers write what they like; the sender gives them away."""
    sender = str(message.get("From") or "").lower()
    return "mailer-daemon@" in sender or "postmaster@" in sender
