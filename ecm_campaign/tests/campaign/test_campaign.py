from datetime import datetime

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time
from odoo.tools import mute_logger

from ..common import CampaignCase


class TestCampaign(CampaignCase):
    """Kinds, names, schedule, start and stop (C1, C3, C4, C10)."""

    def create_calendar(self, tz="Europe/Berlin", hours=((0, 9, 17),), holidays=()):
        return self.env["resource.calendar"].create(
            {
                "name": "Test hours",
                "tz": tz,
                "attendance_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "name": "x",
                                "dayofweek": str(day),
                                "hour_from": opens,
                                "hour_to": closes,
                            }
                        )
                        for day, opens, closes in hours
                    ),
                ],
                "leave_ids": [
                    Command.create({"name": "Holiday", "date_from": start, "date_to": end})
                    for start, end in holidays
                ],
            }
        )

    def test_kind_cannot_change(self):
        with self.assertRaises(UserError):
            self.campaign.kind = "ivr"

    def test_name_is_unique_and_long_enough(self):
        with self.assertRaises(ValidationError):
            self.campaign.name = " a "
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.create_campaign("Spring offer")

    def test_campaign_without_dialer_says_so(self):
        self.patch(self.registry["ecm.strategy"], "_get_channels", lambda strategy: {"voice"})
        with self.assertRaisesRegex(UserError, "Choose the .* that is to call"):
            self.campaign.action_start()

    def test_sms_campaign_holds_sms_attempts_only(self):
        campaign = self.create_campaign("Texts", kind="sms")
        self.patch(
            self.registry["ecm.strategy"], "_get_channels", lambda strategy: {"voice", "sms"}
        )
        with self.assertRaisesRegex(UserError, "SMS attempts only"):
            campaign.action_start()

    def test_hours_are_in_the_campaigns_zone(self):
        # 2026-03-02 is a Monday; 9 to 17 in Berlin is 8 to 16 UTC in winter.
        self.campaign.write({"calendar_id": self.create_calendar().id, "tz": "Europe/Berlin"})
        for moment, is_open in (
            ("07:59", False),
            ("08:00", True),
            ("15:59", True),
            ("16:00", False),
        ):
            now = datetime.fromisoformat(f"2026-03-02 {moment}:00")
            with self.subTest(moment=moment):
                self.assertEqual(self.campaign._get_windows(now)[self.campaign.id].is_open, is_open)
        self.campaign.tz = "America/New_York"
        window = self.campaign._get_windows(datetime(2026, 3, 2, 9))[self.campaign.id]
        self.assertEqual((window.is_open, window.opens_at), (False, datetime(2026, 3, 2, 14)))

    def test_summer_time_moves_the_hours(self):
        self.campaign.write({"calendar_id": self.create_calendar().id, "tz": "Europe/Berlin"})
        window = self.campaign._get_windows(datetime(2026, 3, 24, 12))[self.campaign.id]
        self.assertEqual(window.opens_at, datetime(2026, 3, 30, 7))

    def test_holidays_are_closed(self):
        calendar = self.create_calendar(
            tz="UTC",
            hours=((0, 9, 17), (1, 9, 17)),
            holidays=(("2026-03-02 00:00:00", "2026-03-02 23:59:59"),),
        )
        self.campaign.write({"calendar_id": calendar.id, "tz": "UTC"})
        window = self.campaign._get_windows(datetime(2026, 3, 2, 10))[self.campaign.id]
        self.assertEqual((window.is_open, window.opens_at), (False, datetime(2026, 3, 3, 9)))

    @freeze_time("2026-03-02 10:00:00")
    def test_status_says_when_it_opens(self):
        calendar = self.create_calendar(tz="UTC", hours=((1, 9, 17),))
        self.campaign.write({"calendar_id": calendar.id, "tz": "UTC"})
        self.assertEqual(self.campaign.status, "stopped")
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self.campaign.status, "waiting")
        self.assertIn("3 Mar 2026, 09:00", self.campaign.status_reason)

    def test_end_date_closes(self):
        self.campaign.date_end = "2026-01-01 00:00:00"
        window = self.campaign._get_windows(datetime(2026, 3, 2, 10))[self.campaign.id]
        self.assertEqual((window.is_open, window.opens_at), (False, None))
        self.assertEqual(self.campaign.status, "ended")
        with self.assertRaisesRegex(UserError, "Ends on"):
            self.campaign.action_start()

    def test_its_own_caps_go_before_the_strategys(self):
        """P28: the same strategy, other caps; callbacks go by their own strategy."""
        limits = [{"count": 3, "period": "day"}, {"count": 9, "subject": "number"}]
        strategy = self.strategy.copy(
            {"limit_ids": [fields.Command.create(limit) for limit in limits], "max_cycles": 2}
        )
        self.campaign.strategy_id = strategy
        before = self.campaign._get_campaign_plans()[self.campaign.id]
        self.campaign.write({"cap_total": 4, "cap_day": 1, "cap_cycle": 2})
        after = self.campaign._get_campaign_plans()[self.campaign.id]
        plan = after.plans[None]
        self.assertEqual((plan.budget, plan.cycle_limit), (4, 2))
        self.assertEqual(plan.attempts, before.plans[None].attempts)
        counts = [limit.count for limit in after.find_limits[None]("+493023125000", "voice")]
        self.assertEqual(counts, [9, 1])
        self.assertEqual(after.plans["normal"], before.plans["normal"])
        self.assertEqual(self.campaign._get_plan(), plan)

    def test_copies_have_names_of_their_own_however_many(self):
        strategy = self.strategy.with_context(lang="en_US")
        for record in (
            self.campaign,
            strategy,
            self.env["ecm.campaign.group"].create({"name": "A"}),
        ):
            copies = [record.copy() for _time in range(3)]
            copies[0].active = False
            with self.subTest(model=record._name):
                endings = [copy.name.removeprefix(record.name) for copy in copies]
                self.assertEqual(endings, [" (copy)", " (copy 2)", " (copy 3)"])

    def test_copy_is_stopped_and_empty(self):
        self.create_contact()
        copy = self.campaign.copy()
        self.assertFalse(copy.is_running or self.contacts_of(copy))
        self.assertNotEqual(copy.name, self.campaign.name)

    def test_counters(self):
        self.create_contact(phone_1="+493023125001")
        self.create_contact(phone_1="+493023125002").action_withdraw()
        self.env.invalidate_all()
        campaign = self.campaign
        self.assertEqual(
            (campaign.contact_count, campaign.pending_count, campaign.closed_count), (2, 1, 1)
        )
        self.assertEqual(campaign.progress, 50)
        self.assertEqual(campaign.get_state_tally()["withdrawn"], 1)

    def test_a_stopped_campaign_without_history_can_be_deleted(self):
        self.create_contact()
        self.campaign.unlink()

    def test_neutralised_copy_never_dials(self):
        from odoo.modules.neutralize import neutralize_database

        prefix = self.env["ecm.attempt"]._get_key_prefix()
        self.env.cr.execute("UPDATE ecm_campaign SET is_running = TRUE")
        neutralize_database(self.env.cr)
        self.env.invalidate_all()
        self.env.registry.clear_all_caches()
        self.assertFalse(self.campaign.is_running)
        self.assertNotEqual(self.env["ecm.attempt"]._get_key_prefix(), prefix)
