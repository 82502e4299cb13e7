from datetime import timedelta

from odoo import fields

from ..common import EngineCase
from odoo.addons.ecm_campaign.models.engine.ecm_feed_target import PROBE_SIZE
from odoo.addons.ecm_campaign.tools.circuit import FIRST_PAUSE, JITTER, LONGEST_PAUSE


class TestBackOff(EngineCase):
    """How long a failing target is left alone, and how it comes back (F1)."""

    def setUp(self):
        super().setUp()
        self.claim_nothing_ahead()
        self.campaign = self.run_campaign(self.create_strategy((1, {})))
        for n in range(30):
            self.create_contact(self.campaign, phone_1=f"+49302312{n:04d}")

    def feed_after_the_pause(self, *answers):
        """One run of the feeder when the target's pause is over; its requests end so, and all others
        are taken.

        :return: how many contacts each request carried
        """
        if self.target.paused_until:
            self.clock.move_to(self.target.paused_until + timedelta(seconds=1))
        sizes, left = [], list(answers)

        def answer(batch):
            sizes.append(len(batch))
            self.target.fault = answer
            return left.pop(0) if left else None

        self.target.fault = answer
        self.engine._feed_safely(self.target)
        self.env.invalidate_all()
        return sizes

    def get_pause(self):
        pause = self.target.paused_until - fields.Datetime.now()
        return pause.total_seconds()

    def assert_pause(self, seconds):
        self.assertGreaterEqual(self.get_pause(), seconds - 1)
        self.assertLessEqual(self.get_pause(), seconds * (1 + JITTER) + 1)

    def test_the_first_pause_is_short_and_each_failure_in_a_row_doubles_it(self):
        for failures in range(12):
            self.feed_after_the_pause("unavailable")
            self.assert_pause(min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE))

    def test_pauses_differ_so_that_targets_do_not_come_back_at_once(self):
        self.target.failure_count = 7
        pauses = set()
        for _failure in range(5):
            self.target._note_failure("down", fields.Datetime.now())
            pauses.add(self.get_pause())
            self.target.failure_count = 7
        self.assertGreater(len(pauses), 1)

    def test_a_target_that_failed_is_tried_with_few_contacts_first(self):
        self.feed_after_the_pause("unavailable")
        self.assertEqual(self.feed_after_the_pause(), [PROBE_SIZE, 30 - PROBE_SIZE])
        self.assertFalse(self.target.failure_count)

    def test_one_success_resets_the_pause_although_the_next_request_fails(self):
        for _failure in range(5):
            self.feed_after_the_pause("unavailable")
        self.assertEqual(self.target.failure_count, 5)
        self.feed_after_the_pause(None, "unavailable")
        self.assertEqual(self.target.failure_count, 1)
        self.assert_pause(FIRST_PAUSE)

    def test_the_pause_begins_when_the_request_has_failed(self):
        def hang(_batch):
            self.wait(minutes=2)
            return "unavailable"

        self.target.fault = hang
        self.engine._feed_safely(self.target)
        self.env.invalidate_all()
        self.assert_pause(FIRST_PAUSE)
