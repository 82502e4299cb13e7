from odoo import fields

from ..clients.callbacks import Reply
from .common import SmsCase


class TestReplies(SmsCase):
    """What people write back (M3, N5)."""

    def setUp(self):
        super().setUp()
        self.contacts = self.create_people(3)
        self.turn()
        self.contact = self.contacts[0]

    def reply(self, text, number=None, reference=""):
        number = number or self.contact.phone_1
        self.env["ecm.sms.reply"]._take(self.gateway, [Reply(number, text, reference)])
        self.env.invalidate_all()

    def find_listed(self, number):
        domain = [("value", "=", number), ("list_id.keeps_wishes", "=", True)]
        return self.env["ecm.dnc.entry"].search(domain)

    def find_blacklisted(self, number):
        return self.env["phone.blacklist"].search([("number", "=", number)])

    def test_a_reply_closes_the_contact_and_is_seen_on_it(self):
        self.reply("Yes, thank you 😀 شكرا")
        self.assertEqual(self.contact.state, "sms_responded")
        self.assertEqual(self.contact.sms_reply_ids.text, "Yes, thank you 😀 شكرا")
        self.assertEqual(self.contact.attempt_ids.outcome_id.code, "sms_replied")
        self.assertEqual(self.contact.reach, "reached")
        self.assertFalse(self.find_listed(self.contact.phone_1))

    def test_replies_of_any_length(self):
        self.reply("")
        self.reply("x" * 1600, self.contacts[1].phone_1)
        self.assertEqual(set(self.contacts[:2].mapped("state")), {"sms_responded"})
        self.assertEqual(len(self.contacts[1].sms_reply_ids.text), 1600)

    def test_stop_is_for_good(self):
        number = self.contact.phone_1
        other = self.create_texts("Others")
        waiting = self.create_contact(other, phone_1=number)
        self.reply("STOP please")
        self.assertEqual(self.contact.state, "dnc_listed")
        self.assertEqual(self.contact.sms_reply_ids.action, "stop")
        self.assertTrue(self.find_listed(number))
        self.assertTrue(self.find_blacklisted(number))
        entry = self.env["ecm.dnc.entry"].search([("value", "=", number)])
        self.assertEqual(entry.reason, "STOP by SMS")
        self.assertEqual([message.number for message in self.turn()], [number], "confirmed")
        self.assertFalse(self.turn())
        self.assertEqual(waiting.state, "dnc_listed")

    def test_a_word_within_a_word_stops_nothing(self):
        self.reply("nonstop")
        self.assertEqual(self.contact.state, "sms_responded")
        self.assertFalse(self.find_listed(self.contact.phone_1))

    def test_start_takes_it_back(self):
        number = self.contact.phone_1
        self.reply("stop")
        self.reply("START")
        self.assertFalse(self.find_listed(number))
        self.assertFalse(self.find_blacklisted(number))
        self.assertEqual(self.contact.state, "dnc_listed", "what is closed stays closed")

    def test_help_leaves_the_contact_as_it_is(self):
        self.reply("HELP")
        self.assertEqual(self.contact.state, "sms_sent")
        self.assertEqual(self.contact.sms_reply_ids.action, "help")

    def test_a_stop_of_somebody_that_nobody_waits_for(self):
        self.reply("stop", "+4930999888")
        reply = self.env["ecm.sms.reply"].search([("number", "=", "+4930999888")])
        self.assertFalse(reply.contact_id)
        self.assertTrue(self.find_listed("+4930999888"))

    def test_a_reply_that_comes_late_is_only_noted(self):
        self.wait(hours=25)
        self.turn()
        self.assertEqual(self.contact.state, "sms_sent_closed")
        self.reply("Sorry, I was away")
        self.assertEqual(self.contact.state, "sms_sent_closed")
        self.assertEqual(self.contact.sms_reply_ids.text, "Sorry, I was away")

    def test_one_that_comes_twice_is_one(self):
        self.reply("Yes", reference="r1")
        self.reply("Yes", reference="r1")
        self.assertEqual(len(self.contact.sms_reply_ids), 1)
        twice = [Reply(self.contacts[1].phone_1, "No", "r2")] * 2
        self.env["ecm.sms.reply"]._take(self.gateway, twice)
        self.assertEqual(len(self.contacts[1].sms_reply_ids), 1)

    def test_numbers_as_gateways_write_them(self):
        digits = self.contact.phone_1.lstrip("+")
        self.reply("One", digits)
        self.reply("Two", f"00{self.contacts[1].phone_1.lstrip('+')}")
        self.assertEqual(set(self.contacts[:2].mapped("state")), {"sms_responded"})
        self.reply("From a short code", "80888")
        self.assertTrue(self.env["ecm.sms.reply"].search([("number", "=", "80888")]))

    def test_the_last_campaign_is_meant(self):
        self.wait(hours=1)
        other = self.create_texts("Later")
        later = self.create_contact(other, phone_1=self.contact.phone_1)
        self.turn()
        self.reply("Yes")
        self.assertEqual(later.state, "sms_responded")
        self.assertEqual(self.contact.state, "sms_sent")

    def create_gateway(self, **values):
        values = {"name": "Other", "is_enabled": True, **values}
        return self.env["ecm.sms.gateway"].create(values)

    def reply_through(self, gateway, text, number=None):
        number = number or self.contact.phone_1
        self.env["ecm.sms.reply"]._take(gateway, [Reply(number, text, "")])
        self.env.invalidate_all()

    def test_a_reply_may_come_through_another_gateway(self):
        other = self.create_gateway()
        self.reply_through(other, "Yes")
        self.assertEqual(self.contact.state, "sms_responded")
        self.assertEqual(self.contact.sms_reply_ids.gateway_id, other)
        self.reply_through(other, "STOP", self.contacts[1].phone_1)
        self.assertEqual(self.contacts[1].state, "dnc_listed")

    def test_who_waits_for_a_reply_goes_before_the_gateway(self):
        other = self.create_gateway()
        texts = self.create_texts("By another", sms_gateway_id=other.id)
        number = self.contact.phone_1
        later = self.create_contact(texts, phone_1=number)
        self.turn(other)
        self.reply("Yes")
        self.assertEqual(self.contact.state, "sms_responded", "its own gateway first")
        self.assertEqual(later.state, "sms_sent")
        self.reply("Yes, really")
        self.assertEqual(later.state, "sms_responded", "the one that is open")

    def test_another_companys_gateway_ties_to_nobody(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = self.create_gateway(company_id=company.id)
        self.reply_through(other, "Yes")
        self.assertEqual(self.contact.state, "sms_sent")
        self.assertFalse(self.contact.sms_reply_ids)

    def test_words_can_be_added(self):
        self.env["ecm.sms.keyword"].create({"name": "Basta", "action": "stop"})
        self.reply("basta!")
        self.assertEqual(self.contact.state, "dnc_listed")

    # -- answers, partners, consent ---------------------------------------------------------------

    def answers(self):
        """What the gateway sends besides the messages of campaigns."""
        return [(message.number, message.text) for message in self.turn()]

    def test_stop_start_and_help_are_answered_in_the_language_of_the_word(self):
        self.env.company.name = "ACME"
        for text, begin in (
            ("STOP", "ACME: you get no more"),
            ("Stopp", "ACME: Sie erhalten keine"),
            ("Arrêt", "ACME : vous ne recevrez"),
            ("توقف", "ACME: لن تصلك"),
            ("start", "ACME: you get our messages again"),
            ("Hilfe", "ACME: Mit STOP erhalten"),
            ("Rezygnuję", "ACME: you get no more"),
        ):
            number = f"+4930231290{len(text):02d}"
            self.reply(text, number)
            [(to, answer)] = self.answers()
            self.assertEqual(to, number)
            self.assertTrue(answer.startswith(begin), answer)
            self.env["ecm.sms.notice"].search([]).unlink()

    def test_what_asks_for_nothing_is_not_answered(self):
        self.reply("Yes, gladly")
        self.assertFalse(self.answers())

    def test_a_gateway_whose_operator_answers(self):
        self.gateway.answers_replies = False
        self.reply("STOP")
        self.assertFalse(self.answers())

    def test_two_machines_do_not_answer_each_other_for_ever(self):
        for _time in range(10):
            self.reply("HELP")
        self.assertEqual(len(self.answers()), 3)
        self.wait(days=2)
        self.reply("HELP")
        self.assertEqual(len(self.answers()), 1)

    def test_a_short_code_or_a_name_is_nobody(self):
        for sender in ("80888", "ACME"):
            self.reply("STOP", sender)
            self.assertFalse(self.find_listed(sender))
        self.assertFalse(self.answers())

    def test_a_reply_is_in_the_chatter_of_whoever_has_the_number(self):
        partners = self.env["res.partner"].create(
            [
                {"name": "Ann", "phone": "030 23120000", "country_id": self.env.ref("base.de").id},
                {"name": "Bob", "phone": "+493023129999"},
            ]
        )
        self.reply("Yes <b>please</b>")
        bodies = [partner.message_ids[:1].body for partner in partners]
        self.assertIn("Texts: Yes &lt;b&gt;please&lt;/b&gt;", bodies[0])
        self.assertNotIn("Yes", str(bodies[1]))
        self.assertEqual(partners[0].message_ids[:1].author_id, partners[0])

    def test_start_is_consent_and_stop_withdraws_it(self):
        number, today = self.contact.phone_1, fields.Date.to_date("2026-03-02")
        other = self.create_texts("Other campaign", is_running=False)
        second = self.create_contact(other, phone_1="+493023129998", phone_2=number)
        stranger = self.create_contact(other, phone_1="+493023129997")
        self.reply("Start please")
        for contact in (self.contact, second):
            self.assertEqual(contact.consent_on, today)
            self.assertEqual(contact.consent_source, "SMS: Start please")
        self.assertFalse(stranger.consent_on)
        self.assertTrue(second.has_agreed)
        self.reply("stop")
        self.assertEqual(second.consent_withdrawn_on, today)
        self.assertFalse((self.contact | second).filtered("has_agreed"))
        self.assertEqual((second.state, stranger.state), ("dnc_listed", "pending"))
        self.reply("START")
        self.assertTrue(second.has_agreed)

    def test_phrases_in_several_languages(self):
        for count, text in enumerate(
            (
                "Bitte lassen Sie mich in Ruhe, ich habe kein Interesse",
                "Merci, mais laissez-moi tranquille maintenant svp",
                "Por favor, no más mensajes a este teléfono, gracias",
                "Would you please stop texting this number of mine",
            )
        ):
            number = f"+49302312910{count}"
            self.reply(text, number)
            self.assertTrue(self.find_listed(number), text)
