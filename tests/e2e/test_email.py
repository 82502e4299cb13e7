"""E-mails of a campaign through a real SMTP server to readers who open, follow, answer and opt out;
and workers that die between them (M7, M5).
"""

import contextlib
import email
import html
import http.client
import os
import re
import urllib.parse
import urllib.request
from collections import Counter
from email.policy import SMTP
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from scripts import databases, demo_upload, processes, templates
from scripts.odoo_server import OdooServer

from .stage import Stage

COUNT = 6
JUST_NOW = "now() AT TIME ZONE 'UTC' - interval '1 minute'"
REPLY = """From: {reader}
To: answers@shop.example.com
Subject: Re: Offer
Message-Id: <{reader}>
In-Reply-To: {message_id}
Content-Type: text/plain

Yes, please call me.
"""


class MailServer:
    """A mail server that keeps what it is given.

    :ivar drops: whether it hangs up after a message, with which it is content, without saying so
    """

    def __init__(self) -> None:
        self.received: list[email.message.EmailMessage] = []
        self.drops = False
        port = processes.free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=port)
        self._controller.start()

    @property
    def port(self) -> int:
        return self._controller.port

    async def handle_DATA(self, server, _session, envelope) -> str:  # noqa: N802  aiosmtpd's
        """A message has come."""
        self.received.append(email.message_from_bytes(envelope.content, policy=SMTP))
        if self.drops:
            server.transport.close()
        return "250 OK"

    def stop(self) -> None:
        self._controller.stop()

    def count(self) -> Counter:
        """Messages by their reader."""
        return Counter(str(message["To"]) for message in self.received)


class EmailHouse(Stage):
    """A server whose mail server is the stand-in."""

    def __init__(self, server: OdooServer, mails: MailServer, order: Path) -> None:
        super().__init__(server)
        self.mails, self.order = mails, order
        self.client.call("ir.config_parameter", "set_param", "web.base.url", server.url)
        values = {
            "name": "Stand-in",
            "smtp_host": "127.0.0.1",
            "smtp_port": mails.port,
            "smtp_encryption": "none",
        }
        [mail_server_id] = self.client.call("ir.mail_server", "create", [values])
        values = {
            "name": "Offers",
            "email_from": "Shop <offers@shop.example.com>",
            "mail_server_id": mail_server_id,
            "is_enabled": True,
        }
        [self.sender_id] = self.client.call("ecm.email.sender", "create", [values])
        self._cases = 0

    def begin(self) -> None:
        """A campaign and readers of its own."""
        self._cases += 1
        self.mails.received.clear()
        self.mails.drops = False
        [model_id] = self.client.call("ir.model", "search", [("model", "=", "ecm.contact")])
        template = {
            "name": "Offer",
            "model_id": model_id,
            "subject": "An offer for {{ object.first_name }}",
            "body_html": '<p>See <a href="https://shop.example.com/a?b=1&amp;c=2">it</a></p>',
        }
        [template_id] = self.client.call("mail.template", "create", [template])
        campaign = {
            "name": f"Case {self._cases}",
            "kind": "email",
            "calendar_id": False,
            "keeps_region_rules": False,
            "tz": "UTC",
            "email_sender_id": self.sender_id,
            "email_template_id": template_id,
        }
        [self.campaign_id] = self.client.call("ecm.campaign", "create", [campaign])
        self.readers = [f"r{number}.{self._cases}@example.com" for number in range(COUNT)]
        rows = [
            f"+4930231{self._cases:02d}{number:03d},Anna,{reader}"
            for number, reader in enumerate(self.readers)
        ]
        content = "\n".join(["phone,first name,email", *rows])
        demo_upload.upload_contacts(self.client, self.campaign_id, content.encode())
        self.run("ecm_campaign.ir_cron_import")
        self.start()

    def end(self) -> None:
        self.order.unlink(missing_ok=True)
        self.client.call("ecm.campaign", "action_stop", [self.campaign_id])

    def turn(self) -> None:
        """One turn of the sender."""
        self.run(f"ecm_email.ir_cron_ecm_email_sender_{self.sender_id}")

    def die(self, point: str) -> None:
        """A turn amid which the worker dies at a point."""
        self.order.write_text(point)
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.turn()
        assert not self.order.exists(), f"{point} was not reached"

    def let_time_pass(self) -> None:
        """The time of doubt, and the pause of a server that failed."""
        self.sql(
            "UPDATE ecm_attempt SET claimed_at = claimed_at - interval '1 hour'"
            " WHERE state = 'claimed'"
        )
        self.sql("UPDATE ecm_email_sender SET paused_until = NULL")

    def finish(self) -> None:
        """Go on until nobody is awaited any more."""
        self.let_time_pass()
        self.turn()
        self.turn()
        self.sql(
            "UPDATE ecm_email_message SET reply_until = now() AT TIME ZONE 'UTC' - interval '1 m'"
            " WHERE campaign_id = %s AND reply_until IS NOT NULL",
            self.campaign_id,
        )
        self.turn()

    def get_link(self, reader: str, what: str) -> str:
        """An address of an e-mail, as its reader follows it."""
        [message] = [one for one in self.mails.received if str(one["To"]) == reader]
        body = message.get_body(("html",)).get_content()
        return html.unescape(re.search(rf'"([^"]*/ecm_email/{what}/[^"]*)"', body)[1])

    def get_outcomes(self) -> Counter:
        rows = self.sql(
            "SELECT o.code, count(*) FROM ecm_contact c JOIN ecm_outcome o"
            " ON o.id = c.last_outcome_id WHERE c.campaign_id = %s GROUP BY o.code",
            self.campaign_id,
        )
        return Counter(dict(rows))

    def assert_log_is_clean(self) -> None:
        lines = self.server.log_text().splitlines()
        assert [line for line in lines if " ERROR " in line or " CRITICAL " in line] == []


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        """Where it leads is looked at, and not gone to."""


def follow(url: str, data: bytes | None = None) -> str:
    """:return: where the answer leads to, or what it says"""
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(url, data, timeout=30) as answer:
            return answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.headers["Location"]


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory):
    """A server whose worker dies, and a mail server."""
    name, order = f"ecm_e2e_email_{os.getpid()}", tmp_path_factory.mktemp("email") / "order"
    templates.new_database(name, demo=False)
    environment = {"ECM_CRASH_POINTS": str(order)}
    server = OdooServer(name, cron_threads=0, workers=2, environment=environment)
    server.log.unlink(missing_ok=True)
    mails = MailServer()
    try:
        yield EmailHouse(server.start(), mails, order)
    finally:
        mails.stop()
        server.kill()
    databases.drop(name)


@pytest.fixture
def house(shared_house):
    shared_house.begin()
    yield shared_house
    shared_house.end()


def test_a_campaign_from_the_file_to_the_answers(house):
    """Everybody gets one; one opens it, one follows a link, one answers, one wants no more."""
    house.turn()
    assert house.mails.count() == Counter(house.readers)
    assert house.tally() == {"email_sent": COUNT}

    opening, clicking, answering, leaving, *silent = house.readers
    follow(house.get_link(opening, "open"))
    goal = follow(house.get_link(clicking, "click"))
    assert goal == "https://shop.example.com/a?b=1&c=2"
    [sent] = [one for one in house.mails.received if str(one["To"]) == answering]
    reply = REPLY.format(reader=answering, message_id=sent["Message-Id"])
    house.client.call("mail.thread", "message_process", False, reply)
    assert "gets no more" in follow(house.get_link(leaving, "opt_out"), b"x=1")
    house.turn()
    assert house.get_outcomes() == {"email_clicked": 1, "email_replied": 1, "email_opt_out": 1}
    assert house.tally()["email_replied"] == 2

    # Who did not answer gets a second one a day later; who left gets none.
    house.finish()
    house.sql(f"UPDATE ecm_contact SET next_attempt_at = {JUST_NOW} WHERE state = 'pending'")
    house.turn()
    expected = Counter(house.readers) + Counter([opening, *silent])
    assert house.mails.count() == expected
    house.assert_log_is_clean()


# Where a worker dies, and how many e-mails have left then.
SENT_POINTS = [
    ("feed.claimed", 0),
    ("feed.stamped", 0),
    ("email.sent 3", 3),
    ("feed.sent", COUNT),
    ("feed.received", COUNT),
]
ANSWER_POINTS = ["email.applied", "email.ended"]


@pytest.mark.parametrize(("point", "sent"), SENT_POINTS)
def test_nobody_gets_two_when_a_worker_dies(house, point, sent):
    """What may have left counts as sent: nobody gets two, and nobody is lost."""
    house.die(point)
    assert len(house.mails.received) == sent
    house.finish()
    assert set(house.mails.count().values()) <= {1}
    assert len(house.mails.received) == sent
    assert sum(house.tally().values()) == COUNT
    assert "email_sent" not in house.tally()


@pytest.mark.parametrize("point", ANSWER_POINTS)
def test_an_answer_counts_once_when_a_worker_dies(house, point):
    house.turn()
    reader = house.readers[0]
    if point == "email.applied":
        follow(house.get_link(reader, "click"))
    else:
        house.sql("UPDATE ecm_email_message SET reply_until = sent_at")
    house.die(point)
    house.finish()
    [(count,)] = house.sql(
        "SELECT max(attempt_count) FROM ecm_contact WHERE campaign_id = %s", house.campaign_id
    )
    assert count == 1
    assert house.mails.count() == Counter(house.readers)


def test_a_server_that_hangs_up_after_a_message(house):
    """Whether it has the message is not known: it counts as sent."""
    house.mails.drops = True
    house.turn()
    doubtful = house.mails.count()
    assert doubtful
    house.mails.drops = False
    house.finish()
    house.turn()
    assert house.mails.count() == Counter(house.readers)
