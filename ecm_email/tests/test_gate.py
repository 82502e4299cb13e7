from unittest.mock import patch

from .common import START, EmailCase


class TestGate(EmailCase):
    """Who gets no e-mail, and why (M7, N2, R6)."""

    def test_nobody_without_an_address(self):
        contact = self.create_people(email=False)
        self.assertEqual(self.turn(), [])
        self.assertEqual(
            (contact.state, contact.close_reason), ("not_connected", "email_no_address")
        )

    def test_without_an_address_another_step_may_follow(self):
        self.lead_on("email_no_address", delay_hours=1)
        contact = self.create_people(email=False)
        self.assertEqual(self.turn(), [])
        self.assertEqual((contact.state, contact.next_position), ("pending", 2))
        self.assertEqual((contact.attempt_count, contact.uncounted_count), (0, 1))

    def test_who_opted_out_gets_nothing_however_the_address_is_written(self):
        self.env["mail.blacklist"]._add("P0@Example.com")
        contact = self.create_people(email="P0@EXAMPLE.com")
        self.assertEqual(self.turn(), [])
        self.assertEqual((contact.state, contact.close_reason), ("dnc_listed", "email_opt_out"))

    def test_who_opts_out_between_the_claim_and_the_sending(self):
        contact, blacklist = self.create_people(), self.env["mail.blacklist"]
        find, asked = self.registry["ecm.gate.email"]._find_unwanted, []

        def find_later(gate, addresses):
            if asked:
                blacklist._add("p0@example.com")
            asked.append(True)
            return find(gate, addresses)

        with patch.object(self.registry["ecm.gate.email"], "_find_unwanted", find_later):
            self.assertEqual(self.turn(), [])
        self.turn()
        self.assertEqual((contact.state, contact.close_reason), ("dnc_listed", "email_opt_out"))

    def test_explain_says_why(self):
        self.env["mail.blacklist"]._add("p0@example.com")
        contact = self.create_people()
        said = str(contact._explain(START))
        self.assertIn("Opted out of e-mail", said)

    def test_a_number_on_a_list_for_emails(self):
        listed = self.env["ecm.dnc.list"].create(
            {"name": "No mails", "for_voice": False, "for_sms": False, "for_email": True}
        )
        contact = self.create_people()
        self.env["ecm.dnc.entry"].create({"list_id": listed.id, "value": contact.phone_1})
        self.assertEqual(self.turn(), [])
        self.assertEqual(contact.state, "dnc_listed")

    def test_an_email_that_is_too_late_is_not_sent(self):
        self.change_step(email_good_hours=2)
        contact = self.create_people()
        self.wait(hours=3)
        self.assertEqual(self.turn(), [])
        self.assertEqual((contact.state, contact.close_reason), ("expired", "email_late"))

    def test_calls_need_no_address(self):
        rule = self.env["ecm.gate.email"]._get_rule(self.campaign, START, "voice")
        self.assertFalse(rule.plans)
