from unittest.mock import patch

from ..common import EngineCase
from odoo.addons.ecm_campaign.exceptions import Unavailable
from odoo.addons.ecm_campaign.tools.channel import Receipt
from odoo.addons.ecm_campaign.tools.results import Result


class TestReceipts(EngineCase):
    """What a channel may say of a batch beside taken and refused (M1, M5)."""

    def setUp(self):
        super().setUp()
        self.campaign = self.run_campaign(self.create_strategy((1, {})))
        self.contacts = self.env["ecm.contact"]
        for number in range(4):
            phone = f"+493023125{number:03d}"
            self.contacts |= self.create_contact(self.campaign, phone_1=phone)

    def answer(self, make):
        """Have the next request answered so.

        :param make: function from the list of keys to a receipt
        """
        self.target.fault = lambda batch: make([outgoing.key for outgoing in batch])

    def test_what_was_certainly_not_taken_is_ready_again(self):
        def take_two(keys):
            return Receipt(frozenset(keys[:2]), unsent=frozenset(keys[2:]))

        self.answer(take_two)
        sent = self.feed()
        # The second request of the same turn takes the rest.
        self.assertEqual({outgoing.contact_id for outgoing in sent}, set(self.contacts[2:].ids))
        self.assertEqual(set(self.contacts.mapped("state")), {"sent_to_dialer"})
        self.assertEqual(len(self.contacts.attempt_ids), 4, "no trace of a try that never was")

    def test_a_failure_is_told_after_what_was_taken_is_written(self):
        def take_one(keys):
            failure = Unavailable("no room")
            return Receipt(frozenset(keys[:1]), unsent=frozenset(keys[1:]), failure=failure)

        self.answer(take_one)
        self.engine._feed_safely(self.target)
        self.env.invalidate_all()
        states = self.contacts.mapped("state")
        self.assertEqual(states, ["sent_to_dialer", "pending", "pending", "pending"])
        self.assertEqual(self.target.last_error, "no room")
        self.assertTrue(self.target.paused_until)

    def test_a_result_may_come_with_the_receipt(self):
        def take_all(keys):
            results = (Result(keys[0], "invalid_number", "no such number"),)
            return Receipt(frozenset(keys), results=results)

        self.answer(take_all)
        self.feed()
        self.assertEqual(self.contacts[0].state, "retries_completed")
        self.assertEqual(self.contacts[0].attempt_ids.raw_code, "no such number")
        self.assertEqual(set(self.contacts[1:].mapped("state")), {"sent_to_dialer"})

    def test_a_channel_may_send_more_than_a_call(self):
        noted = []

        def get_contents(target, candidates):
            return {
                candidate.contact_id: f"Hello {candidate.contact_id}" for candidate in candidates
            }

        def note_claimed(target, batch, candidates):
            for outgoing, candidate in zip(batch, candidates, strict=True):
                noted.append((outgoing.attempt_id, candidate.attempt.position))

        model = self.registry["ecm.fake.target"]
        with (
            patch.object(model, "_get_contents", get_contents),
            patch.object(model, "_note_claimed", note_claimed),
        ):
            sent = self.feed()
        contents = {outgoing.contact_id: outgoing.content for outgoing in sent}
        self.assertEqual(contents, {contact.id: f"Hello {contact.id}" for contact in self.contacts})
        self.assertEqual(noted, [(outgoing.attempt_id, 1) for outgoing in sent])

    def test_an_outcome_may_say_how_its_contact_closes(self):
        self.outcomes["no_answer"].closing_state = "sms_sent_closed"
        self.call(self.contacts[0], "no_answer")
        self.assertEqual(self.contacts[0].state, "sms_sent_closed")
        self.assertEqual(self.contacts[0].close_reason, "no_rule")
