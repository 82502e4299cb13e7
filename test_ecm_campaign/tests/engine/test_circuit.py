from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError

from ..common import FeedCase
from odoo.addons.ecm_campaign.exceptions import Unavailable
from odoo.addons.ecm_campaign.models.engine.ecm_feed_target import PROBE_SIZE


class TestCircuit(FeedCase):
    """What fails several times in a row is left alone, then tried with few contacts (F8)."""

    def setUp(self):
        super().setUp()
        self.claim_nothing_ahead()
        self.contacts = self.create_contacts(30)

    def fail(self, times=1):
        """So many turns in which the target is down, each when the pause before is over."""
        for _turn in range(times):
            self.pass_pause()
            self.target.fault = "unavailable"
            self.feed()

    def pass_pause(self):
        if self.target.paused_until:
            self.clock.move_to(self.target.paused_until + timedelta(seconds=1))
            self.env.invalidate_all()

    def test_one_failure_opens_nothing(self):
        self.fail(2)
        self.assertEqual(self.target.circuit_state, "closed")
        self.assertFalse(self.target.circuit_text)

    def test_three_in_a_row_open_it_and_nothing_is_tried(self):
        self.fail(3)
        self.assertEqual(self.target.circuit_state, "open")
        self.assertIn("down", self.target.circuit_text)
        requests = len(self.target.other_side.requests)
        self.assertFalse(self.feed())
        self.assertEqual(len(self.target.other_side.requests), requests)

    def test_how_many_is_the_owners_setting(self):
        self.target.failures_to_open = 1
        self.fail(1)
        self.assertEqual(self.target.circuit_state, "open")

    def test_after_the_pause_a_few_contacts_decide(self):
        self.fail(3)
        self.pass_pause()
        self.assertEqual(self.target.circuit_state, "trying")
        self.assertEqual(len(self.feed()), len(self.contacts))
        self.assertEqual(self.target.other_side.requests[0], PROBE_SIZE)
        self.assertEqual(self.target.circuit_state, "closed")
        self.assertFalse(self.target.sending_failures)

    def test_a_try_that_fails_opens_it_for_longer(self):
        self.fail(3)
        first = self.target.sending_until - fields.Datetime.now()
        self.fail(1)
        self.assertEqual(self.target.circuit_state, "open")
        self.assertGreater(self.target.sending_until - fields.Datetime.now(), first)

    def test_a_pause_is_never_longer_than_set(self):
        self.target.longest_pause = 1
        self.fail(12)
        pause = self.target.sending_until - fields.Datetime.now()
        self.assertLessEqual(pause, timedelta(seconds=91))
        self.assertEqual(self.target.paused_until, self.target.sending_until)

    def test_a_failure_that_needs_a_person_opens_it_at_once(self):
        def refuse(_batch):
            raise Unavailable("wrong password", needs_person=True)

        self.target.fault = refuse
        self.feed()
        self.assertEqual(self.target.circuit_state, "open")
        pause = self.target.paused_until - fields.Datetime.now()
        self.assertGreaterEqual(pause, timedelta(minutes=5))

    def test_try_now_ends_the_pause_and_forgets_nothing(self):
        self.fail(4)
        self.target.with_user(self.create_user("administrator")).action_try_now()
        self.env.invalidate_all()
        self.assertEqual(self.target.circuit_state, "trying")
        self.fail(1)
        self.assertEqual(self.target.circuit_state, "open")
        self.assertEqual(self.target.sending_failures, 5)

    def test_agents_have_nothing_tried(self):
        with self.assertRaises(AccessError):
            self.target.with_user(self.create_user("agent")).action_try_now()

    def test_one_that_is_left_alone_delays_no_other(self):
        other = self.target.create({"name": "Healthy"})
        self.fail(3)
        campaign = self.create_running("Other", fake_target_id=other.id)
        self.create_contacts(3, campaign)
        self.assertEqual(len(self.feed(other)), 3)
        self.assertEqual((self.target.circuit_state, other.circuit_state), ("open", "closed"))
