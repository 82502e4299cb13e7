from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError

from ..clients.base import DialerCampaign, DialingRange
from ..clients.exceptions import NotFound
from .common import DialerCase


@freeze_time(datetime(2026, 11, 27, 12))
class TestDialerHours(DialerCase):
    """The dialer's own hours are read, and a difference to a campaign's is told (C2, C4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        lines = [Command.clear()]
        for day in range(5):
            line = {"name": "Hours", "dayofweek": str(day), "hour_from": 9, "hour_to": 20}
            lines.append(Command.create(line))
        calendar = {"name": "Office", "tz": "Europe/Berlin", "attendance_ids": lines}
        calendar_id = cls.env["resource.calendar"].create(calendar).id
        cls.campaign.write({"calendar_id": calendar_id, "tz": "Europe/Berlin"})

    def set_hours(self, start, end, zone="Europe/Berlin", customers=None):
        """What the dialer says of its hours at the next fetch."""
        listed = DialerCampaign("7", "Sales", "agent", "progressive", True, start, end, zone, 0)
        self.client.listed = [listed]
        self.client.dialing_range = lambda: customers and DialingRange(*customers)
        self.dialer.action_fetch_campaigns()
        self.campaign.invalidate_recordset()
        return self.campaign.dialer_hours_warning

    def test_the_range_is_mirrored_and_kept_where_it_is_not_told(self):
        self.set_hours("08:00", "21:00", customers=("08:00", "20:00"))
        self.assertEqual((self.dialer.range_start, self.dialer.range_end), ("08:00", "20:00"))
        with patch.object(self.client, "dialing_range", side_effect=NotFound("404")):
            self.dialer.action_fetch_campaigns()
        self.assertEqual((self.dialer.range_start, self.target.start_time), ("08:00", "08:00"))

    def test_the_same_hours_on_working_days_leave_the_weekend(self):
        warning = self.set_hours("09:00", "20:00")
        self.assertIn("also calls Sat–Sun 09:00–20:00 (Europe/Berlin)", warning)
        self.assertNotIn("does not call", warning)
        self.assertIn("Spring offer: The dialer also calls Sat–Sun", self.target.hours_note)
        self.assertIn(warning, self.campaign._get_target_warnings("voice"))
        self.assertFalse(self.campaign._get_target_warnings("sms"))

    def test_wider_and_narrower_hours_are_told(self):
        warning = self.set_hours("10:00", "21:00")
        self.assertIn("also calls Mon–Fri 20:00–21:00; Sat–Sun 10:00–21:00", warning)
        self.assertIn("does not call Mon–Fri 09:00–10:00 (Europe/Berlin)", warning)

    def test_customers_range_narrows_the_dialers_hours(self):
        warning = self.set_hours("08:00", "21:00", customers=("09:00", "20:00"))
        self.assertIn("also calls Sat–Sun 09:00–20:00 (Europe/Berlin)", warning)

    def test_zones_have_other_names_there(self):
        self.assertIn(
            "Sat–Sun 09:00–20:00", self.set_hours("09:00", "20:00", "W. Europe Standard Time")
        )
        self.assertIn(
            "Mon–Fri 20:00–21:00", self.set_hours("09:00", "20:00", "Coordinated Universal Time")
        )
        self.assertIn("are not understood", self.set_hours("09:00", "20:00", "Somewhere"))
        self.dialer.tz = "Europe/Berlin"
        self.campaign.invalidate_recordset()
        self.assertIn("Sat–Sun 09:00–20:00", self.campaign.dialer_hours_warning)

    def test_a_campaign_that_calls_at_any_time_is_not_told_that_the_dialer_does_not(self):
        self.campaign.calendar_id = False
        self.assertFalse(self.set_hours("08:00", "21:00"))
        self.assertFalse(self.set_hours("00:00", "23:59"))

    def test_hours_that_never_meet_keep_the_campaign_from_starting(self):
        self.campaign.action_stop()
        self.set_hours("21:00", "22:00")
        with self.assertRaisesRegex(UserError, "never open"):
            self.campaign.action_start()
        [check] = [
            each for each in self.campaign.explain()["checks"] if each["check"] == "dialer_hours"
        ]
        self.assertEqual((check["name"], check["verdict"]), ("Dialer's hours", "held"))

    def test_a_dialer_that_says_nothing_of_its_hours_is_no_matter(self):
        self.assertFalse(self.set_hours("", ""))
        self.assertFalse(self.target.hours_note)
