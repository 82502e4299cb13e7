from datetime import datetime, timedelta

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time
from odoo.tools import mute_logger

from .common import CampaignCase

NEW_YORK = "+12125550123"
MIAMI = "+13055550123"
TORONTO = "+14165550123"
BERLIN = "+493023125000"
MONDAY = datetime(2026, 3, 2, 10)  # 11:00 in Berlin, 5:00 in New York


class HoursCase(CampaignCase):
    @classmethod
    def create_calendar(cls, hours=((0, 9, 20),), leaves=(), tz="Europe/Berlin", **values):
        lines = [
            Command.create(
                {"name": "x", "dayofweek": str(day), "hour_from": opens, "hour_to": closes}
            )
            for day, opens, closes in hours
        ]
        return cls.env["resource.calendar"].create(
            {
                "name": "Test hours",
                "tz": tz,
                "attendance_ids": [Command.clear(), *lines],
                "leave_ids": [
                    Command.create({"name": "Leave", "date_from": start, "date_to": end})
                    for start, end in leaves
                ],
                **values,
            }
        )

    def opening(self, at, tz=None, number=BERLIN, channel="voice", numbers=(), campaign=None):
        campaign = campaign or self.campaign
        return campaign._get_calling_hours(tz, number, channel, numbers, now=at).opening(at)


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
        self.assertIn("Tue 03 Mar 09:00", self.campaign.status_reason)
        self.assertEqual(self.campaign.next_opening_at, datetime(2026, 3, 3, 8))

    def test_many_campaigns_cost_as_many_queries_as_one(self):
        campaigns = self.campaign
        for number in range(5):
            campaigns |= self.create_campaign(
                f"Copy {number}", calendar_id=self.campaign.calendar_id.copy().id
            )
        self.env.invalidate_all()
        self.env["ecm.region.rule"]._get_rules()
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


class TestRegionRules(HoursCase):
    """Rules of countries and regions as data (N3, S4)."""

    def create_rule(self, name="Rule", **values):
        return self.env["ecm.region.rule"].create(
            {"name": name, "country_id": self.env.ref("base.de").id, **values}
        )

    def test_shipped_rules_hold_without_calling_hours(self):
        self.assertTrue(self.campaign.keeps_region_rules)
        early = self.opening(MONDAY, number=NEW_YORK)
        self.assertEqual((early.opens_at, early.reason), (datetime(2026, 3, 2, 13), "region"))
        self.assertIn("TCPA", early.detail)
        evening = datetime(2026, 3, 3, 1, 30)  # 20:30 on Monday in the east
        self.assertTrue(self.opening(evening, number=NEW_YORK).is_open)
        self.assertEqual(self.opening(evening, number=MIAMI).opens_at, datetime(2026, 3, 3, 13))
        self.assertTrue(self.opening(evening, number=TORONTO).is_open)
        saturday = datetime(2026, 3, 7, 23, 30)  # 18:30
        self.assertEqual(self.opening(saturday, number=TORONTO).opens_at, datetime(2026, 3, 8, 14))
        self.assertTrue(self.opening(saturday, number=TORONTO, channel="sms").is_open)
        self.assertTrue(self.opening(datetime(2026, 3, 2, 2), number=BERLIN).is_open)

    def test_every_shipped_rule_names_its_source_and_asks_to_check_it(self):
        rules = self.env["ecm.region.rule"].with_context(active_test=False).search([])
        self.assertGreaterEqual(len(rules), 4)
        for rule in rules:
            self.assertIn("Check before you rely on it", rule.source)
            self.assertTrue(rule.source_url.startswith("https://"))
            self.assertFalse(rule.checked_on)
        rules[0].action_mark_checked()
        self.assertTrue(rules[0].checked_on)

    def test_a_campaign_may_leave_region_rules_aside(self):
        self.campaign.keeps_region_rules = False
        self.assertTrue(self.opening(MONDAY, number=NEW_YORK).is_open)

    def test_limits_are_given_as_values(self):
        rules = self.env["ecm.region.rule"]._get_rules()
        (limit,) = rules.get_limits(MIAMI, "voice")
        self.assertEqual((limit.count, limit.window), (3, timedelta(hours=24)))
        self.assertTrue(limit.per_number and limit.everywhere)
        self.assertFalse(rules.get_limits(NEW_YORK, "voice"))
        find_limits = self.campaign._get_limit_finder()
        self.assertEqual(
            set(find_limits(MIAMI, "voice")) - set(find_limits(NEW_YORK, "voice")), {limit}
        )
        self.assertTrue(self.campaign._has_shared_limits())
        self.campaign.keeps_region_rules = False
        self.assertNotIn(limit, self.campaign._get_limit_finder()(MIAMI, "voice"))
        self.assertFalse(self.campaign._has_shared_limits())

    def test_what_is_edited_holds_at_once(self):
        rule = self.create_rule(weekday_from=12, weekday_to=13)
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 2, 11))
        rule.weekday_from = 11
        self.assertTrue(self.opening(MONDAY).is_open)
        rule.write({"weekday_from": 0, "weekday_to": 0})
        self.assertEqual(self.opening(MONDAY).opens_at, datetime(2026, 3, 7, 7))
        rule.active = False
        self.assertTrue(self.opening(MONDAY).is_open)

    def test_messages_have_their_own_hours(self):
        self.create_rule(channel="sms", weekday_from=12, weekday_to=13)
        self.assertTrue(self.opening(MONDAY).is_open)
        self.assertEqual(self.opening(MONDAY, channel="sms").opens_at, datetime(2026, 3, 2, 11))

    def test_rules_by_beginning(self):
        self.create_rule(
            country_id=False, prefixes="+49302, +4989\n+4940", sunday_to=8, weekday_from=12
        )
        self.assertFalse(self.opening(MONDAY).is_open)
        self.assertTrue(self.opening(MONDAY, number="+4915112345678").is_open)

    def test_a_rule_says_which_numbers_it_is_about(self):
        for values in ({"country_id": False}, {"prefixes": "0305"}, {"prefixes": "+49 abc"}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.create_rule(**values)

    def test_hours_in_the_wrong_order_are_refused(self):
        for values in (
            {"weekday_from": 10, "weekday_to": 9},
            {"sunday_to": 25},
            {"max_attempts": -1},
        ):
            with (
                self.subTest(values=values),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.create_rule(**values)

    def test_hours_are_shown_in_words(self):
        rule = self.create_rule(saturday_from=9, saturday_to=17.5, sunday_from=0, sunday_to=0)
        self.assertEqual(rule.hours_summary, "Mon–Fri 08:00–21:00, Sat 09:00–17:30, Sun closed")
        self.assertEqual(self.create_rule().hours_summary, "Every day 08:00–21:00")

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_only_administrators_change_rules(self):
        rule = self.create_rule()
        supervisor = self.create_user("supervisor")
        rule.with_user(supervisor).read(["hours_summary"])
        for change in (
            lambda own: own.write({"weekday_to": 24}),
            lambda own: own.unlink(),
            lambda own: own.copy(),
            lambda own: own.action_mark_checked(),
        ):
            with self.assertRaises(AccessError):
                change(rule.with_user(supervisor))
        rule.with_user(self.create_user("administrator")).weekday_to = 20


class TestHoursGate(HoursCase):
    """Contacts whose hours are closed are moved, with the reason, and never dropped (N3, N4)."""

    def judge(self, contacts, at, campaign=None):
        """:return: ``{contact: verdict}`` of those that the gates stop"""
        campaign = campaign or self.campaign
        self.env.flush_all()
        engine = self.env["ecm.engine"]
        candidates = engine._lock_ready(campaign, {campaign.id: 100}, "voice")
        passed, verdicts = engine._judge(engine._get_rules(campaign, at), candidates, at)
        self.assertEqual(
            {candidate.contact_id for candidate in passed} | set(verdicts), set(contacts.ids)
        )
        return {
            self.env["ecm.contact"].browse(contact_id): verdict
            for contact_id, verdict in verdicts.items()
        }

    def test_each_contact_waits_for_its_own_hours(self):
        every_day = [(day, 9, 20) for day in range(7)]
        self.campaign.write(
            {"hours_zone": "contact", "calendar_id": self.create_calendar(every_day).id}
        )
        berlin = self.create_contact(phone_1=BERLIN)
        tokyo = self.create_contact(phone_1="+81312345678")
        new_york = self.create_contact(phone_1=NEW_YORK, tz="America/Los_Angeles")
        verdicts = self.judge(berlin | tokyo | new_york, datetime(2026, 3, 2, 11, 30))
        self.assertEqual(set(verdicts), {tokyo, new_york})
        self.assertEqual(
            (verdicts[tokyo].until, verdicts[tokyo].reason), (datetime(2026, 3, 3), "hours")
        )
        self.assertEqual(verdicts[tokyo].detail, "Asia/Tokyo")
        self.assertEqual(verdicts[new_york].until, datetime(2026, 3, 2, 17))

    def test_zones_that_the_campaigns_group_does_not_call_wait(self):
        berlin = self.create_contact(phone_1=BERLIN)
        new_york = self.create_contact(phone_1=NEW_YORK)
        group = self.env["ecm.campaign.group"].create(
            {
                "name": "Europe",
                "zone_ids": [
                    Command.create({"tz": "Europe/Berlin", "hour_from": 9, "hour_to": 20})
                ],
            }
        )
        self.campaign.group_id = group
        noon_in_new_york = datetime(2026, 3, 2, 17)
        verdicts = self.judge(berlin | new_york, noon_in_new_york)
        self.assertEqual(
            {contact: verdict.reason for contact, verdict in verdicts.items()}, {new_york: "group"}
        )
        group.zone_ids = [Command.create({"tz": "America/New_York"})]
        self.assertFalse(self.judge(berlin | new_york, noon_in_new_york))

    def test_numbers_that_may_never_be_called_are_looked_at_again(self):
        narrow = self.create_calendar([(0, 9, 10)])
        self.campaign.write(
            {"hours_zone": "contact", "hours_numbers": "all", "calendar_id": narrow.id}
        )
        contact = self.create_contact(phone_1=BERLIN, phone_2="+81312345678")
        nine_in_berlin = datetime(2026, 3, 2, 8)
        verdict = self.judge(contact, nine_in_berlin)[contact]
        self.assertEqual(
            (verdict.until, verdict.reason), (nine_in_berlin + timedelta(days=1), "zone")
        )

    def test_every_reason_to_wait_has_a_label(self):
        from ..tools import calling_hours

        labels = dict(self.env["ecm.contact"]._get_block_reasons())
        waits = set(calling_hours.REASONS) - {calling_hours.NOT_STARTED, calling_hours.ENDED}
        self.assertLessEqual(waits, set(labels))

    @freeze_time("2026-03-02 11:30:00")
    def test_a_campaign_whose_contacts_all_wait_says_until_when(self):
        self.patch(self.registry["ecm.campaign"], "_get_obstacles", lambda _campaign, _now: [])
        contact = self.create_contact(phone_1=NEW_YORK)
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self.campaign.status, "running")
        verdicts = self.judge(contact, datetime(2026, 3, 2, 11, 30))
        self.env["ecm.contact"]._apply_verdicts({contact.id: verdicts[contact]})
        self.env.invalidate_all()
        self.assertEqual(self.campaign.status, "waiting")
        self.assertIn("Mon 02 Mar 13:00 (UTC)", self.campaign.status_reason)
        self.assertEqual(contact.block_reason, "region")
