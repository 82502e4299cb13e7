from datetime import datetime
from unittest.mock import patch

from odoo import Command
from odoo.tests import Form

from ..common import BUSY, START, FeedCase
from odoo.addons.ecm_campaign.models.engine import ecm_engine_sweep

BERLIN, NEW_YORK, MIAMI = "+493023125000", "+12125550123", "+13055550123"


class TestChangedTimes(FeedCase):
    """Contacts that wait are looked at again when what they wait for has changed (C4, N3, S4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor")
        cls.hours = cls.env["ecm.calling.hours"].create({"name": "Sales"})
        cls.campaign.write(
            {
                "calling_hours_id": cls.hours.id,
                "tz": "Europe/Berlin",
                "hours_zone": "contact",
                "keeps_region_rules": False,
            }
        )
        cls.contact = cls.env["ecm.contact"].create(
            {"campaign_id": cls.campaign.id, "phone_1": NEW_YORK}
        )

    def assertWaits(self, until, reason="hours"):  # noqa: N802  in the style of unittest
        self.assertEqual(self.feed(), [])
        self.assertEqual((self.contact.next_attempt_at, self.contact.block_reason), (until, reason))
        # Nothing is looked at again without a reason.
        self.assertFalse(self.campaign.times_changed_at)

    def assertSent(self):  # noqa: N802  in the style of unittest
        self.assertEqual([sent.number for sent in self.feed()], [NEW_YORK])

    def edit_hours(self, **days):
        """As a supervisor does on the form."""
        form = Form(self.hours.with_user(self.supervisor))
        for day, text in days.items():
            form[day] = text
        form.save()

    def test_hours_that_begin_earlier_count_at_once(self):
        # It is 10:00 in Berlin, and 4:00 in New York.
        self.assertWaits(datetime(2026, 3, 2, 14))
        self.edit_hours(monday="4-20")
        self.assertSent()

    def test_hours_that_go_on_closed_move_the_time(self):
        self.assertWaits(datetime(2026, 3, 2, 14))
        self.edit_hours(monday="11-20")
        self.assertWaits(datetime(2026, 3, 2, 16))

    def test_a_holiday_that_is_taken_away_counts_at_once(self):
        # Somewhere it is Sunday still, and the campaign is open.
        self.edit_hours(monday="0-20", sunday="0-24")
        form = Form(self.hours.with_user(self.supervisor))
        with form.holiday_ids.new() as holiday:
            holiday.name = "Inventory"
            holiday.date_from = START.date()
        form.save()
        self.env["ecm.contact"].create({"campaign_id": self.campaign.id, "phone_1": BERLIN})
        self.assertWaits(datetime(2026, 3, 3, 14), "holiday")
        self.hours.holiday_ids.with_user(self.supervisor).unlink()
        self.assertEqual({sent.number for sent in self.feed()}, {NEW_YORK, BERLIN})

    def test_a_region_rule_that_is_changed_counts_at_once(self):
        self.edit_hours(monday="0-24")
        self.env["ecm.region.rule"].search([]).active = False
        rule = self.env["ecm.region.rule"].create(
            {"name": "Own", "prefixes": "+1212", "weekday_hours": "8-21"}
        )
        self.campaign.keeps_region_rules = True
        self.assertWaits(datetime(2026, 3, 2, 13), "region")
        rule.with_user(self.supervisor).sudo().weekday_hours = "4-21"
        self.assertSent()

    def test_a_limit_of_a_region_rule_that_goes_counts_at_once(self):
        self.edit_hours(monday="0-24")
        self.env["ecm.region.rule"].search([]).active = False
        limit = {"count": 1, "number": 24, "unit": "hours"}
        rule = self.env["ecm.region.rule"].create(
            {
                "name": "Own",
                "prefixes": "+1212",
                "has_hours": False,
                "limit_ids": [Command.create(limit)],
            }
        )
        self.campaign.keeps_region_rules = True
        # Whoever has the number was tried an hour ago.
        other = self.create_campaign("Before", strategy_id=self.strategy.id)
        self.env["ecm.attempt"].create(
            {
                "key": "before",
                "contact_id": self.create_contact(other, phone_1=NEW_YORK).id,
                "campaign_id": other.id,
                "company_id": other.company_id.id,
                "channel": "voice",
                "number": NEW_YORK,
                "claimed_at": datetime(2026, 3, 2, 8),
            }
        )
        self.assertWaits(datetime(2026, 3, 3, 8), "limit")
        rule.limit_ids.unlink()
        self.assertSent()

    def create_limited(self, **values):
        """A running campaign whose contact was called an hour ago, and waits for tomorrow."""
        limit = {"count": 1, "period": "day"}
        strategy = self.create_strategy(
            (1, {BUSY: {"next": 2, "delay_minutes": 60}}),
            (2, {}),
            limits=[limit],
            name="Once a day",
        )
        self.campaign.is_running = False
        self.campaign.write({"calling_hours_id": False, "strategy_id": strategy.id, **values})
        self.campaign.is_running = True
        self.call(self.contact, BUSY)
        self.wait(hours=1)
        return strategy

    def assertTomorrow(self):  # noqa: N802  in the style of unittest
        # Midnight of the campaign's zone.
        self.assertWaits(datetime(2026, 3, 2, 23), "limit")

    def test_a_strategys_limit_that_is_raised_counts_from_the_next_start(self):
        strategy = self.create_limited()
        self.assertTomorrow()
        self.campaign.is_running = False
        strategy.limit_ids.with_user(self.supervisor).count = 2
        self.campaign.is_running = True
        self.assertSent()

    def test_a_strategys_limit_that_goes_counts_from_the_next_start(self):
        strategy = self.create_limited()
        self.assertTomorrow()
        self.campaign.is_running = False
        strategy.with_user(self.supervisor).limit_ids = [Command.clear()]
        self.campaign.is_running = True
        self.assertSent()

    def test_a_stricter_limit_moves_the_time(self):
        strategy = self.create_limited()
        self.assertTomorrow()
        self.campaign.is_running = False
        strategy.limit_ids = [Command.create({"count": 1, "period": "7d"})]
        self.campaign.is_running = True
        self.assertWaits(datetime(2026, 3, 9, 9), "limit")

    def test_another_number_is_taken_once_the_strategy_says_so(self):
        strategy = self.create_limited()
        strategy_limit = {"count": 1, "period": "day", "subject": "number"}
        self.campaign.is_running = False
        strategy.limit_ids = [Command.clear(), Command.create(strategy_limit)]
        self.contact.phone_3 = BERLIN
        self.env["ecm.strategy.attempt"].create(
            {"strategy_id": strategy.id, "sequence": 9, "phone_index": "3"}
        )
        self.campaign.is_running = True
        self.assertTomorrow()
        self.campaign.is_running = False
        strategy.at_limit = "next"
        self.campaign.is_running = True
        self.assertEqual([sent.number for sent in self.feed()], [BERLIN])

    def test_another_strategy_without_the_limit_counts_at_its_start(self):
        self.create_limited()
        self.assertTomorrow()
        self.campaign.is_running = False
        self.campaign.with_user(self.supervisor).strategy_id = self.strategy
        self.campaign.is_running = True
        self.assertSent()

    def test_a_cap_of_a_running_campaign_counts_at_once(self):
        self.create_limited()
        self.assertTomorrow()
        self.campaign.with_user(self.supervisor).cap_day = 2
        self.assertSent()

    def test_a_cap_that_is_lowered_stops_who_is_ready(self):
        self.create_limited(cap_day=3)
        self.campaign.cap_day = 1
        self.assertTomorrow()

    def test_other_hours_of_the_campaign_count_at_once(self):
        self.assertWaits(datetime(2026, 3, 2, 14))
        self.campaign.with_user(self.supervisor).hours_zone = "campaign"
        self.assertSent()

    def test_zones_of_the_campaigns_group_count_at_once(self):
        self.edit_hours(monday="0-24")
        group = self.env["ecm.campaign.group"].create({"name": "Group"})
        zone = self.env["ecm.campaign.group.zone"].create(
            {"group_id": group.id, "tz": "America/New_York", "hour_from": 9, "hour_to": 20}
        )
        self.campaign.group_id = group
        self.assertWaits(datetime(2026, 3, 2, 14), "group")
        zone.hour_from = 3
        self.assertSent()

    def test_a_calendar_of_hr_counts_at_once(self):
        calendar = self.hours.calendar_id
        self.assertWaits(datetime(2026, 3, 2, 14))
        monday = calendar.attendance_ids.filtered(lambda line: line.dayofweek == "0")
        calendar.attendance_ids = [Command.update(monday.id, {"hour_from": 4})]
        self.assertSent()

    def test_who_waits_for_a_retry_goes_on_waiting(self):
        self.edit_hours(monday="0-24")
        self.call(self.contact, "busy")
        planned = self.contact.next_attempt_at
        self.edit_hours(monday="1-24")
        self.feed()
        self.assertEqual(self.contact.next_attempt_at, planned)

    def test_many_are_looked_at_in_batches_and_over_several_turns(self):
        self.contact.unlink()
        phones = [f"+1212555{number:04d}" for number in range(100, 107)]
        contacts = self.env["ecm.contact"].create(
            [{"campaign_id": self.campaign.id, "phone_1": phone} for phone in phones]
        )
        self.feed()
        self.assertEqual(set(contacts.mapped("block_reason")), {"hours"})
        self.edit_hours(monday="4-20")
        with patch.object(ecm_engine_sweep, "RELEASE_BATCH", 2):
            sent = self.feed()
        self.assertEqual({contact.number for contact in sent}, set(phones))

    def test_a_campaign_that_is_stopped_looks_when_it_starts(self):
        self.assertWaits(datetime(2026, 3, 2, 14))
        self.campaign.is_running = False
        self.edit_hours(monday="4-20")
        self.feed()
        self.assertTrue(self.campaign.times_changed_at)
        self.campaign.is_running = True
        self.assertSent()
        self.assertFalse(self.campaign.times_changed_at)
