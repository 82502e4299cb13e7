from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError

from ..common import CampaignCase

NUMBER = "+493023125001"
OTHER = "+493023125002"


class TestContactChecks(CampaignCase):
    """Forms and other systems are held to what a file is held to (L1, L5, L9)."""

    def test_values_have_the_lengths_of_a_file(self):
        fine = {"business_parameter_1": "x" * 255}
        self.assertTrue(self.create_contact(last_name="x" * 64, business_parameters=fine))
        for values in (
            {"phone_1": "+49 30 2312500" + "-" * 15},
            {"last_name": "x" * 65},
            {"account_number": "x" * 65},
            {"email": "nobody"},
            {"business_parameters": {"business_parameter_1": "x" * 256}},
            {"business_parameters": [{"name": "business_parameter_1", "value": "x" * 256}]},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.create_contact(**values)
        contact = self.create_contact()
        with self.assertRaisesRegex(ValidationError, "Business Parameter 2"):
            contact.business_parameters = {"business_parameter_2": "x" * 256}

    def test_what_the_database_cannot_store_is_refused_in_words(self):
        for values, sentence in (
            ({"priority": 99999999999}, "Priority: .*whole number"),
            ({"priority": "high"}, "Priority: .*whole number"),
            ({"first_name": "A\0"}, "First name: .*stored"),
            ({"first_name": {"a": 1}}, "First name: .*text"),
            ({"phone_2": 12}, "Phone 2"),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(ValidationError, sentence):
                self.create_contact(**values)
        with self.assertRaisesRegex(UserError, "text"):
            self.create_contact().action_withdraw(reason={"why": "not"})

    def test_a_known_number_is_refused_unless_the_campaign_takes_it(self):
        self.campaign.duplicate_policy = "reject"
        self.create_contact(phone_1="030 23125001")
        with self.assertRaisesRegex(ValidationError, "known already"):
            self.create_contact(phone_1=NUMBER)
        values = {"campaign_id": self.campaign.id, "phone_1": OTHER}
        with self.assertRaisesRegex(ValidationError, "known already"):
            self.env["ecm.contact"].create([values, dict(values)])
        self.create_contact(self.create_campaign("Other"), phone_1=NUMBER)
        self.campaign.duplicate_policy = "allow"
        self.create_contact(phone_1=NUMBER)

    def test_not_before_is_typed_and_waited_for(self):
        later = fields.Datetime.now() + timedelta(days=3)
        contact = self.create_contact(not_before=later)
        self.assertEqual((contact.is_ready, contact.next_attempt_at), (False, later))
        contact.not_before = later + timedelta(days=1)
        self.assertEqual(contact.next_attempt_at, later + timedelta(days=1))
        contact.not_before = False
        self.assertEqual((contact.is_ready, contact.next_attempt_at), (True, False))
        past = self.create_contact(not_before=fields.Datetime.now() - timedelta(days=1))
        self.assertEqual((past.is_ready, past.next_attempt_at), (True, False))

    def test_a_stopped_list_keeps_the_time_that_was_typed(self):
        contact_list = self.upload(f"phone\n{NUMBER}\n")
        contact = self.contacts_of(self.campaign)
        contact_list.action_stop()
        later = fields.Datetime.now() + timedelta(days=3)
        contact.not_before = later
        self.assertFalse(contact.is_ready)
        contact_list.action_restart()
        self.env.invalidate_all()
        self.assertEqual((contact.is_ready, contact.next_attempt_at), (False, later))

    def test_a_file_says_when_its_contacts_may_be_called(self):
        self.upload(f"phone;not before\n{NUMBER};2099-01-01 10:00\n{OTHER};\n")
        first, second = self.contacts_of(self.campaign).sorted("phone_1")
        self.assertEqual(str(first.not_before), "2099-01-01 10:00:00")
        self.assertEqual((first.next_attempt_at, first.is_ready), (first.not_before, False))
        self.assertEqual((second.not_before, second.is_ready), (False, True))

    def test_a_strategy_takes_the_number_of_a_phone(self):
        attempt = {"strategy_id": self.env["ecm.strategy"].create({"name": "API"}).id}
        made = self.env["ecm.strategy.attempt"].create({**attempt, "phone_index": 2})
        self.assertEqual(made.phone_index, "2")

    def test_lists_of_numbers_are_lists(self):
        dnc_list = self.env["ecm.dnc.list"].create({"name": "Own", "dnc_class": "corporate"})
        for numbers in (NUMBER, 123, None, [{"a": 1}], ["+49\0"]):
            with self.subTest(numbers=numbers), self.assertRaises(UserError):
                dnc_list.api_add(numbers)
        with self.assertRaises(UserError):
            dnc_list.api_remove(NUMBER)
        for number in (123, {}, None):
            with self.subTest(number=number), self.assertRaises(UserError):
                dnc_list.check_number(number)

    def test_only_administrators_change_a_list_of_all_companies(self):
        supervisor = self.create_user("supervisor")
        administrator = self.create_user("administrator")
        lists = self.env["ecm.dnc.list"]
        shared = lists.create({"name": "All", "dnc_class": "corporate", "company_id": False})
        company = self.env.company
        own = lists.create({"name": "Own", "dnc_class": "corporate", "company_id": company.id})
        entries = self.env["ecm.dnc.entry"].with_user(supervisor)
        loads = self.env["ecm.dnc.load"].with_user(supervisor)
        for place, refused in enumerate(
            (
                lambda: shared.with_user(supervisor).write({"name": "Mine"}),
                lambda: shared.with_user(supervisor).api_add([NUMBER]),
                lambda: entries.create({"list_id": shared.id, "kind": "number", "value": NUMBER}),
                lambda: loads.create({"list_id": shared.id, "file": "eA=="}),
                lambda: own.with_user(supervisor).write({"company_id": False}),
            )
        ):
            with self.subTest(place=place), self.assertRaises(AccessError):
                refused()
        self.assertEqual(own.with_user(supervisor).api_add([NUMBER])["added"], 1)
        self.assertEqual(shared.with_user(administrator).api_add([OTHER])["added"], 1)
