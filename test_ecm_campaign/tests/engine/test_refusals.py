from datetime import timedelta

from odoo import fields

from ..common import EngineCase
from odoo.addons.ecm_campaign.tools.channel import Receipt

DELAY = timedelta(minutes=15)


class TestRefusals(EngineCase):
    """What becomes of contacts that a target does not take, and of the target (L8)."""

    def setUp(self):
        super().setUp()
        self.claim_nothing_ahead()
        failed_again = {"action": "again", "delay_minutes": 0}
        self.strategy = self.create_strategy((1, {"call_failed": failed_again}))
        self.campaign = self.run_campaign(self.strategy)
        self.contact = self.create_contact(self.campaign)

    def create_others(self, count):
        for _other in range(count):
            number = f"+49302313{self.env['ecm.contact'].search_count([]):04d}"
            self.create_contact(self.campaign, phone_1=number)

    def get_contacts(self):
        return self.env["ecm.contact"].search([("campaign_id", "=", self.campaign.id)])

    def refuse(self, is_refused):
        """Have the next request refused in part."""

        def answer(batch):
            refused = frozenset(row.key for row in batch if is_refused(row))
            keys = frozenset(row.key for row in batch)
            return Receipt(keys - refused, refused)

        self.target.fault = answer

    def refuse_contact(self):
        self.create_others(2)
        self.refuse(lambda row: row.contact_id == self.contact.id)
        self.feed()

    def test_one_refusal_after_failed_calls_closes_nothing(self):
        for _failure in range(3):
            self.call(self.contact, "call_failed")
        self.assertEqual(self.contact.uncounted_count, 3)
        self.refuse_contact()
        self.assertEqual((self.contact.state, self.contact.uncounted_count), ("pending", 4))
        self.assertEqual(self.contact.next_attempt_at, fields.Datetime.now() + DELAY)

    def test_refusals_are_put_off_for_longer_each_time_and_close_in_the_end(self):
        for factor in (1, 2):
            self.refuse_contact()
            waits = self.contact.next_attempt_at - fields.Datetime.now()
            self.assertEqual(waits, factor * DELAY)
            self.wait(hours=1)
        self.refuse_contact()
        self.assertEqual(
            (self.contact.state, self.contact.close_reason), ("not_connected", "refused")
        )

    def test_a_target_that_refuses_most_is_left_alone(self):
        self.create_others(29)
        self.target.batch_size = 10
        self.refuse(lambda row: row.attempt_id % 10)
        self.engine._feed_safely(self.target)
        self.env.invalidate_all()
        contacts = self.get_contacts()
        self.assertEqual(contacts.mapped("state").count("sent_to_dialer"), 1)
        put_off = contacts.filtered("next_attempt_at")
        self.assertEqual(len(put_off), 9, "one request, and not all that are ready")
        self.assertTrue(self.target.paused_until)
        self.assertIn("Most contacts are refused", self.target.last_error)

    def test_contacts_are_not_closed_for_a_fault_of_the_target(self):
        self.create_others(9)
        for _request in range(5):
            self.refuse(lambda row: row.attempt_id % 10)
            self.engine._feed_safely(self.target)
            self.env.invalidate_all()
            self.wait(hours=9)
        self.assertFalse(self.get_contacts().filtered("close_reason"))
