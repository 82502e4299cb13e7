from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError

from ..common import DO_NOT_CALL, FeedCase
from odoo.addons.ecm_campaign.tools.results import Wish


class TestDnc(FeedCase):
    """The scrub at feed time: what was listed after the import is not called (N2, N4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dnc_list = cls.env["ecm.dnc.list"].create({"name": "Registry", "dnc_class": "national"})

    def test_listed_after_the_import_is_never_sent(self):
        contacts = self.create_contacts(3)
        self.dnc_list.api_add([contacts[1].phone_1])
        self.feed()
        self.assertEqual(
            contacts.mapped("state"), ["sent_to_dialer", "dnc_listed", "sent_to_dialer"]
        )
        self.assertNotIn(contacts[1].phone_1, [sent.number for sent in self.target.sent])
        self.assertFalse(contacts[1].attempt_ids)

    def test_another_number_is_called_where_the_strategy_has_one(self):
        contact = self.create_contacts(1, phone_2="+493023125999")
        self.dnc_list.api_add([contact.phone_1])
        self.feed()
        self.assertEqual([sent.number for sent in self.target.sent], [contact.phone_2])

    def test_listed_customer_key_closes(self):
        contact = self.create_contacts(1, account_number="K-1")
        self.env["ecm.dnc.entry"].create(
            {"list_id": self.dnc_list.id, "kind": "key", "value": "K-1"}
        )
        self.feed()
        self.assertEqual(contact.state, "dnc_listed")

    def test_old_registry_stops_the_feed_and_says_why(self):
        contact = self.create_contacts(1)
        self.dnc_list.write(
            {"max_age_days": 31, "refreshed_at": fields.Datetime.now() - timedelta(days=40)}
        )
        self.feed()
        self.assertEqual(contact.state, "pending")
        self.assertEqual(self.campaign.status, "blocked")
        self.assertIn("Registry", self.campaign.status_reason)
        self.dnc_list.refreshed_at = fields.Datetime.now()
        self.feed()
        self.assertEqual(contact.state, "sent_to_dialer")

    def say_no(self, **values):
        contact = self.create_contacts(1, phone_2="+493023125999", account_number="K-7", **values)
        self.feed()
        self.results((contact, DO_NOT_CALL))
        return contact

    def get_listed(self, company):
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(company)
        entries = self.env["ecm.dnc.entry"].search([("list_id", "=", wishes.id)])
        return set(entries.mapped("value"))

    def test_a_wish_is_about_a_number_or_a_person(self):
        """P9"""
        contact = self.say_no()
        self.assertEqual(self.get_listed(self.env.company), {contact.phone_1})
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        self.env["ecm.dnc.entry"].search([("list_id", "=", wishes.id)]).unlink()
        wishes.wish_scope = "person"
        contact = self.say_no()
        every = {contact.phone_1, contact.phone_2, "K-7"}
        self.assertEqual(self.get_listed(self.env.company), every)

    def test_each_company_keeps_the_wishes_of_its_customers(self):
        """E21: a list that is missing is made, and no wish is lost."""
        other = self.env["res.company"].create({"name": "Other"})
        contact = self.create_contacts(1)
        wish = Wish(other.id, contact.phone_1)
        self.env["ecm.dnc.list"]._suppress([wish])
        self.assertEqual(self.get_listed(other), {contact.phone_1})
        self.assertFalse(self.get_listed(self.env.company))

    def test_the_list_of_wishes_is_protected(self):
        """E21: what would make wishes vanish is refused."""
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        changes = (
            {"active": False},
            {"for_voice": False},
            {"campaign_ids": self.campaign.ids},
            {"date_to": fields.Date.today()},
            {"company_id": False},
        )
        for values in changes:
            with self.subTest(values), self.assertRaises(UserError), self.env.cr.savepoint():
                wishes.write(values)
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            wishes.unlink()

    def test_customer_who_says_no_is_not_called_from_any_campaign(self):
        contact = self.create_contacts(1)
        self.feed()
        self.results((contact, DO_NOT_CALL))
        twin = self.create_contacts(1, self.create_running("Second offer"))
        self.feed()
        self.assertEqual((contact.state, twin.state), ("dnc_listed", "dnc_listed"))
        self.assertEqual(len(self.target.sent), 1)
        self.assertTrue(self.env["phone.blacklist"].search([("number", "=", contact.phone_1)]))
        entry = self.env["ecm.dnc.entry"].search([("value", "=", contact.phone_1)])
        self.assertEqual(entry.reason, "Said so on the phone")
