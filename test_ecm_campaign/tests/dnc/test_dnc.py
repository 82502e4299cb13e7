from datetime import timedelta

from odoo import fields

from ..common import DO_NOT_CALL, FeedCase


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

    def test_customer_who_says_no_is_not_called_from_any_campaign(self):
        contact = self.create_contacts(1)
        self.feed()
        self.results((contact, DO_NOT_CALL))
        twin = self.create_contacts(1, self.create_running("Second offer"))
        self.feed()
        self.assertEqual((contact.state, twin.state), ("dnc_listed", "dnc_listed"))
        self.assertEqual(len(self.target.sent), 1)
        self.assertTrue(self.env["phone.blacklist"].search([("number", "=", contact.phone_1)]))
