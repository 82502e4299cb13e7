from odoo.tools import mute_logger

from .common import EmailCase

REPLY = """From: Anna <p0@example.com>
To: answers@shop.example.com
Subject: Re: Hello
Message-Id: <reply-{number}@example.com>
In-Reply-To: <{token}.ecm-email@shop.example.com>
References: <other@example.com> <{token}.ecm-email@shop.example.com>
{headers}Content-Type: text/plain; charset=utf-8

{text}
"""
BOUNCE = """From: MAILER-DAEMON@mx.example.com
To: bounce@shop.example.com
Subject: Undelivered
Message-Id: <bounce@mx.example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; p0@example.com
Action: {action}
Status: {status}

--b
Content-Type: text/rfc822-headers

Message-Id: <{token}.ecm-email@shop.example.com>
Subject: Hello
--b--
"""


class TestInbound(EmailCase):
    """What comes back to the mail gateway (M7)."""

    def setUp(self):
        super().setUp()
        self.contact = self.create_people()
        self.turn()
        self.email = self.get_email(self.contact)

    def receive(self, source, **values):
        values = {"token": self.email.token, "number": 1, "headers": "", **values}
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process(None, source.format(**values))
        self.env.invalidate_all()

    def reply(self, text="Yes, please call me", **values):
        self.receive(REPLY, text=text, **values)

    def get_replies(self):
        return self.env["ecm.email.reply"].search([("contact_id", "=", self.contact.id)])

    def test_a_reply_closes_the_contact(self):
        self.reply()
        self.assertTrue(self.email.replied_at)
        self.turn()
        self.assertEqual(self.contact.state, "email_replied")
        self.assertEqual(self.contact.last_outcome_id.code, "email_replied")
        self.assertEqual(self.get_replies().text.strip(), "Yes, please call me")

    def test_the_same_reply_again_changes_nothing(self):
        self.reply()
        self.reply()
        self.assertEqual(len(self.get_replies()), 1)

    def test_out_of_office_is_no_answer(self):
        self.reply(headers="Auto-Submitted: auto-replied\n")
        self.turn()
        self.assertEqual(self.contact.state, "email_sent")
        self.assertTrue(self.get_replies().is_automatic)

    def test_a_reply_in_the_same_moment_as_the_end_counts(self):
        self.reply()
        self.wait(hours=25)
        self.turn()
        self.assertEqual(self.contact.last_outcome_id.code, "email_replied")

    def test_a_late_reply_is_kept_and_nothing_is_sent_twice(self):
        self.wait(hours=25)
        self.turn()
        self.reply()
        self.turn()
        self.assertEqual(self.contact.state, "pending")
        self.assertTrue(self.email.replied_at)

    def test_a_bounce_is_the_outcome(self):
        self.receive(BOUNCE, action="failed", status="5.1.1")
        self.turn()
        self.assertEqual((self.email.state, self.email.failure), ("bounced", "5.1.1"))
        self.assertEqual(self.contact.last_outcome_id.code, "email_bounced")

    def test_what_is_only_late_has_not_bounced(self):
        self.receive(BOUNCE, action="delayed", status="4.4.1")
        self.turn()
        self.assertEqual((self.email.state, self.contact.state), ("sent", "email_sent"))

    def test_an_unknown_token_is_nobodys(self):
        with self.assertRaises(ValueError), mute_logger("odoo.addons.mail.models.mail_thread"):
            self.reply(token="x" * 32)

    def test_a_person_who_is_erased_leaves_no_address_and_no_words(self):
        self.reply()
        self.env["ecm.erasure"].api_erase(numbers=[self.contact.phone_1])
        self.env.invalidate_all()
        self.assertFalse(self.email.email or self.email.subject)
        self.assertTrue(self.email.sent_at)
        replies = self.env["ecm.email.reply"].search([("message_id", "=", self.email.id)])
        self.assertFalse(replies.text or replies.email_from)
