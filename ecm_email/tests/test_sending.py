import smtplib

from odoo.exceptions import ValidationError

from .common import EmailCase, FakeServer


class TestSending(EmailCase):
    """E-mails are sent once each, and what becomes of them is known (M7, M5, S2)."""

    def test_an_email_with_its_own_links(self):
        contact = self.create_people()
        [message] = self.turn()
        email = self.get_email(contact)
        self.assertEqual((contact.state, email.state), ("email_sent", "sent"))
        self.assertEqual(message["To"], "p0@example.com")
        self.assertEqual(message["From"], "Shop <offers@shop.example.com>")
        self.assertEqual(message["Reply-To"], "answers@shop.example.com")
        self.assertEqual(message["Subject"], "Hello P0")
        self.assertEqual(message["Message-Id"], f"<{email.token}.ecm-email@shop.example.com>")
        body = message.get_body(("html",)).get_content()
        self.assertIn(f"/ecm_email/click/{email.token}?u=https%3A%2F%2Fshop.example.com", body)
        self.assertIn(f"/ecm_email/open/{email.token}.gif", body)
        self.assertIn(f"/ecm_email/opt_out/{email.token}", body)
        self.assertIn(email.token, message["List-Unsubscribe"])
        self.assertIn("Dear P0", message.get_body(("plain",)).get_content())

    def test_nothing_is_noted_where_nobody_asked_for_it(self):
        self.emails.write({"email_counts_clicks": False, "email_counts_opens": False})
        self.create_people()
        [message] = self.turn()
        body = message.get_body(("html",)).get_content()
        self.assertIn('href="https://shop.example.com/?a=1&amp;b=2"', body)
        self.assertNotIn("/ecm_email/open/", body)

    def test_everybody_gets_one(self):
        self.create_people(5)
        sent = self.turn() + self.turn()
        self.assertEqual(len({message["To"] for message in sent}), 5)
        self.assertEqual(len(sent), 5)

    def test_no_reply_leads_on_and_then_closes(self):
        contact = self.create_people()
        self.turn()
        self.wait(hours=23)
        self.turn()
        self.assertEqual(contact.state, "email_sent")
        self.wait(hours=2)
        self.assertEqual(self.turn(), [])
        self.assertEqual((contact.state, contact.next_position), ("pending", 2))
        self.assertEqual(contact.last_outcome_id.code, "email_no_reply")
        self.wait(days=1, minutes=1)
        self.assertEqual(len(self.turn()), 1)
        self.wait(hours=25)
        self.turn()
        self.assertEqual((contact.state, contact.attempt_count), ("email_sent_closed", 2))

    def test_a_refused_address_bounces(self):
        contact = self.create_people()
        self.refuse(550, b"no such user")
        self.turn()
        email = self.get_email(contact)
        self.assertEqual((email.state, email.failure), ("bounced", "550 no such user"))
        self.assertEqual(contact.last_outcome_id.code, "email_bounced")
        self.assertEqual((contact.state, contact.attempt_count), ("not_connected", 0))

    def test_a_server_that_wants_it_later_gets_it_later(self):
        contact = self.create_people()
        self.refuse(451, b"greylisted")
        self.turn()
        self.assertEqual((contact.state, self.get_email(contact).state), ("pending", "failed"))
        self.assertFalse(contact.is_ready)

    def test_a_lost_connection_is_a_doubt_and_counts_as_sent(self):
        contact = self.create_people()

        def answer(message):
            FakeServer.sent.append(message)
            raise smtplib.SMTPServerDisconnected("gone")

        self.answer(answer)
        self.turn()
        self.assertEqual(self.get_email(contact).state, "doubtful")
        self.answer(lambda message: None)
        self.sender.write({"paused_until": False})
        self.wait(minutes=10)
        self.assertEqual(self.turn(), [])
        self.assertEqual(contact.state, "email_sent")
        self.assertEqual(len(FakeServer.sent), 1)

    def test_a_server_that_is_down_loses_nobody(self):
        contact = self.create_people()

        def answer(message):
            raise smtplib.SMTPSenderRefused(421, b"shutting down", "x")

        self.answer(answer)
        self.turn()
        self.assertEqual((contact.state, contact.is_ready), ("pending", True))
        self.assertIn("421 shutting down", self.sender.last_error)
        self.answer(lambda message: None)
        self.sender.write({"paused_until": False})
        self.assertEqual(len(self.turn()), 1)

    def test_a_template_that_fails_for_one_fails_for_no_other(self):
        self.template.body_html = "<p><t t-out=\"1 / len(object.last_name or '')\"/></p>"
        good, _bad = (
            self.create_people(1, last_name="A"),
            self.create_contact(self.emails, phone_1="+493023129999", email="bad@example.com"),
        )
        sent = self.turn()
        self.assertEqual([message["To"] for message in sent], [good.email])

    def test_one_budget_for_all_channels(self):
        self.emails.cap_total = 1
        contact = self.create_people()
        self.turn()
        self.wait(hours=25)
        self.turn()
        self.assertNotEqual(contact.state, "pending")
        self.assertEqual(contact.attempt_count, 1)

    def test_outside_its_hours_nothing_is_sent(self):
        hours = self.env["ecm.calling.hours"].create(
            {"name": "Afternoons", "monday": "15:00–17:00", "tuesday": "15:00–17:00"}
        )
        self.emails.email_hours_id = hours
        contact = self.create_people()
        self.assertEqual(self.turn(), [])
        self.assertEqual(contact.state, "pending")
        self.wait(hours=5, minutes=30)
        self.assertEqual(len(self.turn()), 1)

    def test_an_address_must_be_one(self):
        with self.assertRaises(ValidationError):
            self.sender.email_from = "nobody"

    def test_what_is_missing_before_the_start(self):
        campaign = self.create_campaign("New", kind="email", strategy_id=self.strategy.id)
        self.assertEqual(campaign.get_start_gap()["field"], "email_sender_id")
        campaign.email_sender_id = self.sender
        self.assertEqual(campaign.get_start_gap()["field"], "email_template_id")
        campaign.email_template_id = self.template
        self.assertFalse(campaign.get_start_gap())
