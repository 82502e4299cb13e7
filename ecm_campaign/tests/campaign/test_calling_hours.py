from datetime import date, datetime, timedelta

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import freeze_time
from odoo.tools import mute_logger

from ..hours import BERLIN, MONDAY, NEW_YORK, HoursCase


class TestCampaignHours(HoursCase):
    """Hours, holidays and zones of a campaign and of its contacts (C4, N3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        every_day = [(day, 9, 20) for day in range(7)]
        cls.campaign.write(
            {
                "calendar_id": cls.create_calendar(every_day).id,
                "tz": "Europe/Berlin",
                "hours_zone": "contact",
                "keeps_region_rules": False,
            }
        )

    def test_hours_are_those_of_the_contact_or_of_the_campaign(self):
        self.assertEqual(self.opening(MONDAY, number=NEW_YORK).opens_at, datetime(2026, 3, 2, 14))
        self.assertEqual(self.opening(MONDAY, "Asia/Tokyo", NEW_YORK).opens_at, MONDAY)
        self.campaign.hours_zone = "campaign"
        self.assertTrue(self.opening(MONDAY, number=NEW_YORK).is_open)

    def test_whole_days_are_holidays_of_whoever_is_called(self):
        # Entered for Berlin: 2 March from midnight to 23:59:59.
        leaves = [("2026-03-01 23:00:00", "2026-03-02 22:59:59")]
        self.campaign.calendar_id = self.create_calendar([(day, 9, 20) for day in range(7)], leaves)
        self.assertEqual(self.opening(MONDAY).reason, "holiday")
        self.assertEqual(self.opening(MONDAY, number=NEW_YORK).opens_at, datetime(2026, 3, 3, 14))
        # 2 March begins in New York while Berlin's is well on.
        self.assertTrue(self.opening(datetime(2026, 3, 2, 0, 30), number=NEW_YORK).is_open)

    def test_the_zone_of_whoever_entered_a_holiday_is_tried_too(self):
        self.env.user.tz = "America/New_York"
        leaves = [("2026-03-02 05:00:00", "2026-03-03 04:59:59")]
        self.campaign.calendar_id = self.create_calendar([(day, 9, 20) for day in range(7)], leaves)
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 3, 8))

    def test_hours_of_absence_are_closed_everywhere_at_once(self):
        leaves = [("2026-03-02 09:00:00", "2026-03-02 15:00:00")]
        self.campaign.calendar_id = self.create_calendar([(day, 9, 20) for day in range(7)], leaves)
        for number in (BERLIN, NEW_YORK):
            opening = self.opening(MONDAY, number=number)
            self.assertEqual(
                (opening.opens_at, opening.reason), (datetime(2026, 3, 2, 15), "holiday")
            )

    def test_holidays_of_the_company_count_and_those_of_people_do_not(self):
        company = self.env["res.company"].create({"name": "Other company"})
        person = self.env["resource.resource"].create(
            {"name": "Agent", "calendar_id": self.campaign.calendar_id.id}
        )
        leaves = self.env["resource.calendar.leaves"]
        values = {"name": "x", "date_from": "2026-03-01 23:00:00", "date_to": "2026-03-02 22:59:59"}
        leaves.create({**values, "resource_id": person.id})
        leaves.create({**values, "time_type": "other", "calendar_id": self.campaign.calendar_id.id})
        elsewhere = leaves.create({**values, "calendar_id": False})
        self.env.cr.execute(
            "UPDATE resource_calendar_leaves SET company_id = %s WHERE id = %s",
            [company.id, elsewhere.id],
        )
        self.env.invalidate_all()
        self.assertTrue(self.opening(MONDAY).is_open)
        leaves.create({**values, "calendar_id": False})
        self.assertEqual(self.opening(MONDAY).reason, "holiday")

    def test_breaks_and_alternating_weeks_are_kept(self):
        calendar = self.create_calendar([(0, 9, 20)], two_weeks_calendar=True)
        calendar.attendance_ids.unlink()
        for week, opens in (("0", 8), ("1", 15)):
            calendar.attendance_ids = [
                Command.create(
                    {
                        "name": "x",
                        "dayofweek": "0",
                        "week_type": week,
                        "hour_from": opens,
                        "hour_to": opens + 1,
                    }
                )
            ]
        calendar.attendance_ids = [
            Command.create(
                {
                    "name": "Break",
                    "dayofweek": "1",
                    "week_type": "0",
                    "day_period": "lunch",
                    "hour_from": 12,
                    "hour_to": 13,
                }
            )
        ]
        self.campaign.calendar_id = calendar
        first = self.opening(datetime(2026, 3, 1)).opens_at
        second = self.opening(first + timedelta(days=1)).opens_at
        week_type = self.env["resource.calendar.attendance"].get_week_type
        self.assertEqual(
            {week_type(first): first.hour, week_type(second): second.hour}, {0: 7, 1: 14}
        )

    def test_the_campaign_is_open_while_any_contact_may_be(self):
        night = datetime(2026, 3, 2, 1)
        self.assertTrue(self.campaign._get_windows(night)[self.campaign.id].is_open)
        self.campaign.date_end = "2026-03-01 12:00:00"
        self.assertEqual(self.campaign._get_windows(night)[self.campaign.id].reason, "ended")

    @freeze_time("2026-03-02 18:50:00")
    def test_drain_time_is_closed_and_said(self):
        self.campaign.write({"hours_zone": "campaign", "drain_minutes": 15})
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self.campaign.status, "waiting")
        self.assertIn("Tue 3 Mar 2026, 09:00", self.campaign.status_reason)
        self.assertEqual(self.campaign.next_opening_at, datetime(2026, 3, 3, 8))

        # In the words of whoever reads it, not of the server.
        self.env["res.lang"]._activate_lang("de_DE")
        german = self.campaign.with_context(lang="de_DE")
        german.invalidate_recordset()
        self.assertIn("Di. 3 März 2026, 09:00", german.status_reason)

    def test_many_campaigns_cost_as_many_queries_as_one(self):
        campaigns = self.campaign
        for number in range(5):
            campaigns |= self.create_campaign(
                f"Copy {number}", calendar_id=self.campaign.calendar_id.copy().id
            )
        self.env.invalidate_all()
        self.env["ecm.region.rule"]._get_rules(date.today())
        with self.assertQueryCount(6):
            campaigns._get_windows(MONDAY)

    def test_settings_that_make_no_sense_are_refused(self):
        flexible = self.env["resource.calendar"].create(
            {"name": "Flexible", "schedule_type": "flexible"}
        )
        with self.assertRaisesRegex(ValidationError, "flexible"):
            self.campaign.calendar_id = flexible
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.campaign.drain_minutes = -1
            self.campaign.flush_recordset()

    def test_a_contacts_zone_that_is_not_known_is_refused_by_hand_and_passed_over_in_files(self):
        with self.assertRaisesRegex(ValidationError, "Mars"):
            self.create_contact(tz="Mars/Olympus")
        self.env.cr.execute(
            "UPDATE ecm_contact SET tz = 'Mars/Olympus' WHERE id = %s", [self.create_contact().id]
        )
        self.assertEqual(
            self.opening(MONDAY, "Mars/Olympus", NEW_YORK).opens_at, datetime(2026, 3, 2, 14)
        )
