from datetime import timedelta

from odoo import fields

from ..common import CONNECTED, FeedCase


class TestPacing(FeedCase):
    """How the feeder divides a target's room: shares, priorities, groups with a buffer (C6, C7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.create_running("Second offer")

    def fill(self, *counts):
        for campaign, count in zip((self.campaign, self.other), counts, strict=True):
            self.create_contacts(count, campaign)

    def get_held(self):
        return self.campaign.at_dialer_count, self.other.at_dialer_count

    def test_percentages_are_shares_of_the_room(self):
        self.campaign.deliverable_percentage, self.other.deliverable_percentage = 75, 25
        self.target.capacity = 8
        self.fill(20, 20)
        self.feed()
        self.assertEqual(self.get_held(), (6, 2))

    def test_what_a_campaign_does_not_use_goes_to_the_other(self):
        self.campaign.deliverable_percentage, self.other.deliverable_percentage = 75, 25
        self.target.capacity = 8
        self.fill(1, 20)
        self.feed()
        self.assertEqual(self.get_held(), (1, 7))

    def test_a_dry_run_knows_who_shares_the_dialer(self):
        supervisor = self.create_user("supervisor")

        def open_dry_run():
            action = self.campaign.with_user(supervisor).action_dry_run()
            run = self.env["ecm.dry.run"].with_user(supervisor).browse(action["res_id"])
            return run.others, round(run.others_percent), run.others_calls

        self.fill(20, 12)
        self.assertEqual(open_dry_run(), ("Second offer", 50, 12))
        self.other.deliverable_percentage = 25
        self.assertEqual(open_dry_run(), ("Second offer", 20, 12))
        self.other.feed_priority = "2"
        self.assertEqual(open_dry_run(), ("Second offer", 99, 12))
        self.other.action_stop()
        self.assertEqual(open_dry_run(), (False, 0, 0))

    def test_no_percentage_means_only_what_the_others_leave(self):
        self.campaign.deliverable_percentage = 0
        self.target.capacity = 8
        self.fill(20, 5)
        self.feed()
        self.assertEqual(self.get_held(), (3, 5))

    def test_the_higher_priority_goes_first(self):
        self.other.feed_priority = "1"
        self.target.capacity = 8
        self.fill(20, 6)
        self.feed()
        self.assertEqual(self.get_held(), (2, 6))

    def test_a_group_holds_its_buffer_and_leaves_the_rest_to_others(self):
        self.campaign.group_id = self.create_group(initial_contacts=3)
        self.target.capacity = 20
        self.fill(20, 20)
        self.feed()
        self.assertEqual(self.get_held(), (3, 17))

    def create_group(self, **values):
        return self.env["ecm.campaign.group"].create({"name": "Sales", **values})

    def test_campaigns_of_a_group_share_its_buffer(self):
        (self.campaign | self.other).group_id = self.create_group(initial_contacts=10)
        self.campaign.deliverable_percentage, self.other.deliverable_percentage = 80, 20
        self.fill(20, 20)
        self.feed()
        self.assertEqual(self.get_held(), (8, 2))

    def test_a_percentage_is_of_the_group(self):
        """P10: the group takes part like one campaign at 100, whatever its own are."""
        third = self.create_running("Third offer")
        (self.campaign | self.other).group_id = self.create_group()
        self.campaign.deliverable_percentage, self.other.deliverable_percentage = 20, 5
        self.target.capacity = 10
        self.fill(20, 20)
        self.create_contacts(20, third)
        self.feed()
        self.assertEqual((*self.get_held(), third.at_dialer_count), (4, 1, 5))

    def test_a_group_that_is_switched_off_sends_nothing_and_says_so(self):
        """P10"""
        group = self.campaign.group_id = self.create_group(is_on=False)
        self.fill(2, 2)
        self.feed()
        self.assertEqual(self.get_held(), (0, 2))
        self.assertEqual(self.campaign.status, "blocked")
        self.assertIn("Sales is switched off", self.campaign.status_reason)
        group.is_on = True
        self.feed()
        self.assertEqual(self.get_held(), (2, 2))

    def test_an_archived_group_caps_nobody(self):
        """P10: nobody looks at its buffer any more."""
        group = self.campaign.group_id = self.create_group(initial_contacts=1, is_on=False)
        zone = {"group_id": group.id, "tz": "Asia/Tokyo", "hour_from": 1, "hour_to": 2}
        self.env["ecm.campaign.group.zone"].create(zone)
        group.active = False
        self.fill(5, 0)
        self.feed()
        self.assertEqual(self.get_held(), (5, 0))

    def test_the_buffer_grows_while_the_dialer_works_and_shrinks_while_it_does_not(self):
        group = self.campaign.group_id = self.create_group(initial_contacts=10, interval_minutes=1)
        contacts = self.create_contacts(40)
        self.feed()
        self.assertEqual((group.buffer_size, self.campaign.at_dialer_count), (10, 10))
        self.results(*((contact, CONNECTED) for contact in contacts[:8]))
        self.pass_interval(group)
        self.feed()
        self.assertEqual((group.buffer_size, self.campaign.at_dialer_count), (13, 13))
        self.pass_interval(group)
        self.feed()
        self.assertEqual((group.buffer_size, self.campaign.at_dialer_count), (7, 13))

    def pass_interval(self, group):
        group.buffer_at = fields.Datetime.now() - timedelta(minutes=group.interval_minutes)

    def test_campaigns_without_contacts_cost_no_statement_each(self):
        engine = self.engine.sudo()
        self.fill(5, 5)
        few = self.count_statements(lambda: engine._feed_target(self.target))
        for number in range(30):
            self.create_running(f"Idle {number}")
        self.create_contacts(5)
        self.create_contacts(5, self.other)
        many = self.count_statements(lambda: engine._feed_target(self.target))
        self.assertLessEqual(many, few + 3)

    def count_statements(self, work):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        work()
        return self.env.cr.sql_log_count - before
