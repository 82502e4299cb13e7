from odoo.exceptions import ValidationError

from ..common import CampaignCase


class TestContact(CampaignCase):
    """Contacts one by one: numbers, withdrawal (L5, L6, L10)."""

    def test_numbers_become_e164(self):
        contact = self.create_contact(phone_1="030 23125001", phone_2="0049 151 23456789")
        self.assertEqual((contact.phone_1, contact.phone_2), ("+493023125001", "+4915123456789"))
        self.assertEqual(
            (contact.state, contact.is_ready, contact.number_to_call),
            ("pending", True, contact.phone_1),
        )

    def test_bad_number_is_refused_with_its_reason(self):
        with self.assertRaisesRegex(ValidationError, "Phone 2"):
            self.create_contact(phone_2="call me")

    def test_future_contact_waits(self):
        contact = self.create_contact(next_attempt_at="2099-01-01 10:00:00")
        self.assertFalse(contact.is_ready)

    def test_withdrawing_twice_keeps_the_first_time(self):
        contact = self.create_contact()
        contact.action_withdraw()
        closed_at = contact.closed_at
        contact.action_withdraw()
        self.assertEqual((contact.state, contact.closed_at), ("withdrawn", closed_at))

    def test_a_copied_contact_begins_anew(self):
        contact = self.create_contact()
        contact.action_withdraw()
        copy = contact.copy()
        self.assertEqual((copy.state, copy.closed_at, copy.is_ready), ("pending", False, True))

    def test_business_parameters_have_the_campaigns_labels(self):
        definition = self.campaign.parameters_definition
        definition[0]["string"] = "Contract"
        self.campaign.parameters_definition = definition
        contact = self.create_contact(business_parameters={"business_parameter_1": "K-1"})
        shown = contact.read(["business_parameters"])[0]["business_parameters"][0]
        self.assertEqual((shown["string"], shown["value"]), ("Contract", "K-1"))
