from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from ..common import CONNECTED, FeedCase
from odoo.addons.ecm_campaign.models.engine import ecm_engine_sweep


class TestDates(FeedCase):
    """A campaign that starts and ends by itself (C3, P12)."""

    def setUp(self):
        super().setUp()
        self.now = fields.Datetime.now()
        self.campaign.is_running = False

    def sweep(self):
        self.env["ecm.campaign"]._cron_follow_dates()
        self.env.invalidate_all()

    def in_hours(self, hours):
        return self.now + timedelta(hours=hours)

    def test_it_starts_when_its_time_has_come(self):
        self.campaign.date_start = self.in_hours(2)
        self.sweep()
        self.assertEqual(self.campaign.status, "stopped")
        self.assertIn("starts by itself", self.campaign.status_reason)
        self.wait(hours=2)
        self.sweep()
        self.assertTrue(self.campaign.is_running)
        self.assertFalse(self.campaign.start_due)

    def test_explain_says_when_it_starts(self):
        contact = self.create_contacts(1)
        self.assertFalse(self.campaign.explain()["next_at"], "nobody has said when")
        self.campaign.date_start = self.in_hours(2)
        due = fields.Datetime.to_string(self.in_hours(2))
        for explained in (self.campaign.explain(), contact.explain()[0]):
            self.assertEqual((explained["verdict"], explained["next_at"]), ("waits", due))
            self.assertIn("starts by itself", explained["summary"])

    def test_who_stopped_it_does_not_see_it_start_again(self):
        self.campaign.date_start = self.in_hours(2)
        self.campaign.action_start()
        self.campaign.action_stop()
        self.wait(hours=3)
        self.sweep()
        self.assertFalse(self.campaign.is_running)

    def test_one_that_cannot_start_says_so_once(self):
        self.campaign.write({"date_start": self.in_hours(1), "fake_target_id": False})
        self.wait(hours=1)
        self.sweep()
        self.sweep()
        self.assertFalse(self.campaign.is_running)
        activity = self.campaign.activity_ids
        self.assertEqual(activity.user_id, self.campaign.user_id)
        self.assertIn("could not", activity.note)

    def test_it_ends_and_gives_its_strategy_free(self):
        self.campaign.action_start()
        self.campaign.date_end = self.in_hours(1)
        contacts = self.create_contacts(2)
        self.assertTrue(self.strategy.is_locked)
        self.wait(hours=1)
        self.assertEqual(self.campaign.status, "ended")
        self.sweep()
        self.assertFalse(self.campaign.is_running)
        self.assertFalse(self.strategy.is_locked)
        self.assertEqual(self.campaign.status, "ended")
        self.assertEqual(set(contacts.mapped("state")), {"pending"})

        # Another end, and it goes on where it was.
        self.campaign.date_end = self.in_hours(9)
        self.campaign.action_start()
        self.feed()
        self.assertEqual(set(contacts.mapped("state")), {"sent_to_dialer"})

    def test_contacts_close_with_it_where_it_says_so(self):
        self.campaign.action_start()
        self.campaign.write({"date_end": self.in_hours(1), "end_contacts": "close"})
        called, reached = self.create_contacts(2)
        self.feed()
        left = self.create_contacts(1, phone_1="+493023125700")
        self.wait(hours=1)
        self.sweep()
        self.assertEqual((left.state, left.close_reason), ("expired", "campaign_ended"))

        # What is at the dialer closes with its result, or after it.
        self.results((called, "busy"), (reached, CONNECTED))
        self.sweep()
        self.assertEqual((called.state, reached.state), ("expired", "connected"))

    def test_closing_many_ends_with_the_turn(self):
        contacts = self.create_contacts(3)
        self.campaign.write({"date_end": self.in_hours(1), "end_contacts": "close"})
        self.wait(hours=1)
        with (
            patch.object(ecm_engine_sweep, "SWEEP_BATCH", 1),
            patch.object(ecm_engine_sweep.Turn, "goes_on", lambda turn: False),
        ):
            self.sweep()
        self.assertEqual(sorted(contacts.mapped("state")), ["expired", "pending", "pending"])
        self.sweep()
        self.assertEqual(set(contacts.mapped("state")), {"expired"})

    def test_contacts_live_a_year(self):
        """P13"""
        self.assertEqual(self.create_campaign("Another").ttl_days, 365)

    def test_a_copy_has_no_dates(self):
        self.campaign.write({"date_start": self.in_hours(1), "date_end": self.in_hours(2)})
        copy = self.campaign.copy()
        self.assertFalse(copy.date_start or copy.date_end or copy.start_due)
