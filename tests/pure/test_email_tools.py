"""E-mails without Odoo: their links, what comes back, what a mail server says."""

import smtplib
from email import message_from_string
from email.policy import SMTP

import pytest

from ecm_email.tools.inbound import (
    find_answered,
    find_tokens,
    is_automatic,
    make_message_id,
    read_bounce,
)
from ecm_email.tools.links import prepare_body
from ecm_email.tools.smtp_answers import (
    BOUNCED,
    DOUBTFUL,
    REFUSED,
    UNAVAILABLE,
    sort_error,
)

TOKEN = "t0ken_-" * 4


def parse(text):
    return message_from_string(text, policy=SMTP)


def report(action, status="5.1.1"):
    return parse(
        "From: mx@example.com\nContent-Type: multipart/report; report-type=delivery-status; "
        f'boundary="b"\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n'
        f"Action: {action}\nStatus: {status}\n\n--b--\n"
    )


def test_only_links_that_people_follow_lead_over_us():
    body = '<a href=\'http://a.b/x\'>A</a><a href="tel:+49">B</a><img src="http://a.b/i.png">'
    made = prepare_body(body, "T:{}".format, "http://o", "Stop", "http://p")
    assert "<a href='T:http://a.b/x'>" in made
    assert 'href="tel:+49"' in made
    assert 'src="http://a.b/i.png"' in made


def test_the_end_stands_within_the_body_and_is_escaped():
    made = prepare_body("<html><body>Hi</body></html>", None, "o?a=1&b=2", "<Stop>", "p")
    assert made.endswith('alt=""/></body></html>')
    assert 'href="o?a=1&amp;b=2">&lt;Stop&gt;</a>' in made


def test_a_message_id_is_found_again():
    written = make_message_id(TOKEN, "Shop <a@shop.example.com>")
    assert written == f"<{TOKEN}.ecm-email@shop.example.com>"
    assert find_tokens(f"x {written} {written} <other@shop.example.com>") == [TOKEN]


def test_the_nearest_answered_email_goes_first():
    first, second = (make_message_id(letter * 24, "a@b.c") for letter in "fs")
    message = parse(f"References: {first} {second}\n\nHi")
    assert find_answered(message) == ["s" * 24, "f" * 24]
    message = parse(f"In-Reply-To: {first}\nReferences: {first} {second}\n\nHi")
    assert find_answered(message) == ["f" * 24, "s" * 24]
    assert find_answered(parse("Subject: Hi\n\nHi")) == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("Subject: Hi", False),
        ("Auto-Submitted: no", False),
        ("Auto-Submitted: auto-replied; owner-email=x", True),
        ("X-Autoreply: yes", True),
        ("Precedence: auto_reply", True),
        ("Precedence: first-class", False),
    ],
)
def test_who_has_written_it(headers, expected):
    assert is_automatic(parse(f"{headers}\n\nHi")) is expected


def test_what_a_bounce_says():
    assert read_bounce(report("failed")) == "5.1.1"
    assert read_bounce(report("delayed", "4.4.1")) is None
    assert read_bounce(parse("From: MAILER-DAEMON@mx.example.com\n\nNo such user")) == ""
    assert read_bounce(parse("From: anna@example.com\n\nI am on holiday")) is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b.c": (550, b"no such user")}), BOUNCED),
        (smtplib.SMTPRecipientsRefused({"a@b.c": (452, b"mailbox full")}), REFUSED),
        (smtplib.SMTPRecipientsRefused({}), REFUSED),
        (smtplib.SMTPSenderRefused(530, b"log in", "a@b.c"), UNAVAILABLE),
        (smtplib.SMTPDataError(421, b"closing"), UNAVAILABLE),
        (smtplib.SMTPDataError(552, "too large"), REFUSED),
        (smtplib.SMTPServerDisconnected("gone"), DOUBTFUL),
        (TimeoutError("timed out"), DOUBTFUL),
        (ConnectionResetError("reset"), DOUBTFUL),
    ],
)
def test_what_a_mail_server_says(error, kind):
    assert sort_error(error).kind == kind
