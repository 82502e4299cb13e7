from datetime import datetime

from odoo import Command
from odoo.tests import freeze_time

from ..common import NO_ANSWER, FeedCase

BERLIN, NEW_YORK, SYDNEY, MIAMI = "+493023125000", "+12125550123", "+61291234567", "+13055550123"


class TestCallingHours(FeedCase):
    """Contacts are sent in their own hours: others are moved to them, with the reason (N3, N4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        calendar = cls.env["resource.calendar"].create(
            {
                "name": "Office hours",
                "tz": "Europe/Berlin",
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {"name": "x", "dayofweek": str(day), "hour_from": 9, "hour_to": 20}
                    )
                    for day in range(6)
                ],
            }
        )
        cls.campaign.write(
            {"calendar_id": calendar.id, "tz": "Europe/Berlin", "hours_zone": "contact"}
        )
        values = [
            {"campaign_id": cls.campaign.id, "phone_1": number}
            for number in (BERLIN, NEW_YORK, SYDNEY)
        ]
        cls.berlin, cls.new_york, cls.sydney = cls.contacts = cls.env["ecm.contact"].create(values)

    def feed_at(self, moment):
        """:return: numbers that were sent at this moment of UTC"""
        before = len(self.target.sent)
        with freeze_time(moment):
            self.feed()
        return {contact.number for contact in self.target.sent[before:]}

    def window_at(self, moment):
        return self.campaign._get_windows(datetime.fromisoformat(moment))[self.campaign.id]

    def test_three_zones_are_sent_in_turn_and_nobody_is_dropped(self):
        self.assertEqual(self.feed_at("2026-03-02 10:30:00"), {BERLIN})
        self.assertEqual(self.new_york.next_attempt_at, datetime(2026, 3, 2, 14))
        self.assertEqual(
            (self.new_york.block_reason, self.new_york.block_detail), ("hours", "America/New_York")
        )
        self.assertEqual(self.sydney.next_attempt_at, datetime(2026, 3, 2, 22))
        self.assertEqual(set(self.contacts.mapped("state")), {"sent_to_dialer", "pending"})
        self.assertEqual(self.feed_at("2026-03-02 13:59:59"), set())
        self.assertEqual(self.feed_at("2026-03-02 14:00:00"), {NEW_YORK})
        self.assertFalse(self.new_york.block_reason)
        self.assertEqual(self.feed_at("2026-03-02 22:00:00"), {SYDNEY})
        self.assertEqual(set(self.contacts.mapped("state")), {"sent_to_dialer"})

    def test_clocks_that_change_move_the_hours(self):
        # Saturday evening in Berlin and New York; both change their clocks before Monday (New York
        # on 8 March).
        self.assertEqual(self.feed_at("2026-03-07 19:30:00"), {NEW_YORK})
        self.assertEqual(self.berlin.next_attempt_at, datetime(2026, 3, 9, 8))
        self.assertEqual(self.sydney.next_attempt_at, datetime(2026, 3, 8, 22))
        late = self.env["ecm.contact"].create({"campaign_id": self.campaign.id, "phone_1": MIAMI})
        self.assertEqual(self.feed_at("2026-03-08 01:30:00"), set())
        self.assertEqual(late.next_attempt_at, datetime(2026, 3, 9, 13))

    def test_holidays_are_those_of_whoever_is_called(self):
        self.campaign.calendar_id.leave_ids = [
            Command.create(
                {"name": "x", "date_from": "2026-03-01 23:00:00", "date_to": "2026-03-02 22:59:59"}
            )
        ]
        self.assertEqual(self.feed_at("2026-03-02 15:00:00"), set())
        self.assertIn(
            "easternmost", self.campaign._get_waiting_reason(self.window_at("2026-03-02 15:00:00"))
        )
        self.assertEqual(self.feed_at("2026-03-02 23:00:00"), {SYDNEY})
        self.assertEqual(self.new_york.block_reason, "holiday")
        self.assertEqual(self.new_york.next_attempt_at, datetime(2026, 3, 3, 14))
        self.assertEqual(self.berlin.next_attempt_at, datetime(2026, 3, 3, 8))
        self.assertEqual(self.feed_at("2026-03-03 08:00:00"), {BERLIN})

    def keep_rules_alone(self):
        """A campaign that is always open, but for the region rules."""
        self.campaign.write(
            {"calendar_id": False, "hours_zone": "campaign", "keeps_region_rules": True}
        )

    def test_region_rules_hold_in_a_campaign_that_is_always_open(self):
        self.keep_rules_alone()
        florida = self.env["ecm.contact"].create(
            {"campaign_id": self.campaign.id, "phone_1": MIAMI}
        )
        # In Berlin it is night.
        self.assertEqual(self.feed_at("2026-03-03 01:30:00"), {NEW_YORK, SYDNEY})
        self.assertEqual(
            (florida.block_reason, florida.next_attempt_at), ("region", datetime(2026, 3, 3, 13))
        )
        self.assertIn("Florida", florida.block_detail)
        self.assertEqual(self.feed_at("2026-03-03 13:00:00"), {MIAMI, BERLIN})

    def test_a_fourth_call_in_a_day_waits_where_the_region_says_so(self):
        self.keep_rules_alone()
        # It is second-hand, and ships switched off.
        self.env.ref("ecm_campaign.ecm_region_rule_us_florida_calls").active = True
        self.contacts.action_withdraw()
        for hour in (14, 15, 16):
            contact = self.env["ecm.contact"].create(
                {"campaign_id": self.campaign.id, "phone_1": MIAMI}
            )
            self.assertEqual(self.feed_at(f"2026-03-03 {hour}:00:00"), {MIAMI})
            with freeze_time(f"2026-03-03 {hour}:02:00"):
                self.results((contact, NO_ANSWER))
        fourth = self.env["ecm.contact"].create({"campaign_id": self.campaign.id, "phone_1": MIAMI})
        self.assertEqual(self.feed_at("2026-03-03 17:00:00"), set())
        self.assertEqual(
            (fourth.block_reason, fourth.next_attempt_at), ("limit", datetime(2026, 3, 4, 14, 2))
        )
        self.assertIn("Florida", fourth.block_detail)

    def test_the_end_of_the_campaign_holds_in_every_zone(self):
        self.campaign.date_end = "2026-03-02 14:00:00"
        self.assertEqual(self.feed_at("2026-03-02 10:30:00"), {BERLIN})
        self.assertEqual(self.feed_at("2026-03-02 14:30:00"), set())
        self.assertEqual(self.new_york.state, "pending")

    def test_hours_that_end_while_the_feed_runs_end_it(self):
        self.campaign.write({"hours_zone": "campaign", "keeps_region_rules": False})
        with freeze_time("2026-03-02 18:59:59") as clock:
            engine = self.registry["ecm.engine"]
            open_campaigns = engine._get_open_campaigns

            def slowly(engine, target):
                campaigns = open_campaigns(engine, target)
                clock.move_to("2026-03-02 19:00:00")
                return campaigns

            self.patch(engine, "_get_open_campaigns", slowly)
            self.feed()
        self.assertFalse(self.target.sent)
        self.assertTrue(all(self.contacts.mapped("is_ready")))

    def test_drain_time_is_kept_where_the_contact_is(self):
        self.campaign.drain_minutes = 30
        self.assertEqual(self.feed_at("2026-03-02 18:45:00"), {NEW_YORK})
        self.assertEqual(
            (self.berlin.block_reason, self.berlin.next_attempt_at),
            ("drain", datetime(2026, 3, 3, 8)),
        )
