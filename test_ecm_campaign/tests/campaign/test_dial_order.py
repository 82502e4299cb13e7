from odoo import fields
from odoo.exceptions import ValidationError

from ..common import BUSY, FeedCase

NUMBERS = "business_parameter_2"


class TestDialOrder(FeedCase):
    """Contacts are called in the order of a field or parameter (C11, P15)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target.batch_size = 1

    def order_by(self, field, is_descending=False):
        self.campaign.write(
            {"dial_order": "field", "order_field": field, "order_descending": is_descending}
        )
        self.env["ecm.campaign"]._cron_order_contacts()
        self.assertFalse(self.campaign.is_ordering)

    def create_named(self, *names):
        contacts = self.create_contacts(len(names))
        for contact, name in zip(contacts, names, strict=True):
            contact.last_name = name
        return contacts

    def get_called(self):
        """Last names in the order in which they are sent."""
        numbers = [sent.number for sent in self.feed()]
        contacts = self.contacts_of(self.campaign)
        by_number = {contact.phone_1: contact.last_name for contact in contacts}
        return [by_number[number] for number in numbers]

    def test_texts_and_numbers_sort_as_people_expect(self):
        self.create_named("b", "10", False, "A", "9", "-3", "9,5")
        self.order_by("last_name")
        self.assertEqual(self.get_called(), ["-3", "9", "9,5", "10", "A", "b", False])

    def test_largest_first(self):
        self.create_named("b", "10", False, "A", "9")
        self.order_by("last_name", is_descending=True)
        self.assertEqual(self.get_called(), ["b", "A", "10", "9", False])

    def test_parameters_and_who_comes_later(self):
        """Imported, chained, written: each has its place at once."""
        self.order_by(NUMBERS)
        first, second = self.create_named("fifty", "five")
        first.business_parameters = {NUMBERS: "50"}
        second.business_parameters = {NUMBERS: "5"}
        self.upload("phone,last name,amount\n+493023125077,seven,7\n")
        imported = self.contacts_of(self.campaign)[-1]
        imported.business_parameters = {NUMBERS: "7"}
        self.assertEqual(self.get_called(), ["five", "seven", "fifty"])

    def test_an_import_puts_its_contacts_in_order(self):
        self.order_by("last_name")
        self.upload("phone,last name\n+493023125077,Zoe\n+493023125078,Ann\n")
        self.assertEqual(self.get_called(), ["Ann", "Zoe"])

    def test_until_all_are_in_order_the_first_comes_first(self):
        self.create_named("b", "a")
        self.campaign.write({"dial_order": "field", "order_field": "last_name"})
        self.assertTrue(self.campaign.is_ordering)
        self.assertEqual(self.get_called(), ["b", "a"])

    def test_who_has_no_place_is_called_last_and_not_lost(self):
        contacts = self.create_named("c", "b", "a")
        self.order_by("last_name")
        contacts[2].sudo().dial_key = False
        self.assertEqual(self.get_called(), ["b", "c", "a"])

    def test_explain_counts_the_place_in_line(self):
        contacts = self.create_named("c", "b", "a")
        self.order_by("last_name")
        self.assertEqual([contact._count_before() for contact in contacts], [2, 1, 0])
        self.order_by("last_name", is_descending=True)
        self.assertEqual([contact._count_before() for contact in contacts], [0, 1, 2])

    def test_target_groups_draw_in_the_order(self):
        self.create_named("c", "b", "a")
        self.order_by("last_name")
        self.env["ecm.target.group"].create(
            {"campaign_id": self.campaign.id, "name": "All", "unit": "count", "amount": 2}
        )
        called = self.get_called() + self.get_called()
        self.assertEqual(called, ["a", "b"])

    def test_a_dry_run_calls_in_the_order(self):
        self.create_named("c", "b", "a")
        self.order_by("last_name", is_descending=True)
        now = fields.Datetime.now()
        reader = self.env["ecm.forecast.reader"]
        sample = reader._read_contacts(self.campaign, now, 1, self.env["ecm.contact.list"])
        names = self.env["ecm.contact"].browse(
            contact.candidate.contact_id
            for contact in sorted(sample.contacts, key=lambda contact: contact.rank)
        )
        self.assertEqual(names.mapped("last_name"), ["c", "b", "a"])

    def test_a_retry_keeps_its_place(self):
        contacts = self.create_named("b", "a")
        contacts.phone_2 = "+493023125999"
        self.order_by("last_name")
        self.feed()
        self.results(*((contact, BUSY) for contact in contacts))
        self.wait(minutes=6)
        before = len(self.target.sent)
        self.feed()
        sent = [each.contact_id for each in self.target.sent[before:]]
        self.assertEqual(sent, [contacts[1].id, contacts[0].id])

    def test_a_field_must_be_chosen(self):
        with self.assertRaisesRegex(ValidationError, "Choose the field"):
            self.campaign.dial_order = "field"
