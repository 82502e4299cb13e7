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

    def create_rule(self, **values):
        country = self.campaign.company_id.country_id
        names = {"name": "Decency", "country_id": country.id, "has_hours": True}
        hours = {"weekday_hours": "08:00-19:30", "saturday_hours": "08:00-21:00"}
        return self.env["ecm.region.rule"].create({**names, **hours, **values})

    def test_customers_range_is_compared_with_region_rules(self):
        self.env["ecm.region.rule"].search([]).active = False
        self.campaign.company_id.country_id = self.env.ref("base.de")
        self.campaign.keeps_region_rules = True
        rule = self.create_rule(sunday_hours="08:00-12:00")
        self.create_rule(name="Elsewhere", country_id=self.env.ref("base.fr").id)
        warning = self.set_hours("09:00", "20:00", customers=("09:00", "20:00"))
        expected = "customers Mon–Fri 19:30–20:00; Sun 12:00–20:00 on their clock, which Decency"
        self.assertIn(expected, warning)
        self.assertNotIn("Elsewhere", warning)

        rule.purpose = "debt"
        self.campaign.invalidate_recordset()
        self.assertNotIn("Decency", self.campaign.dialer_hours_warning)

    def test_rules_about_the_contacts_say_what_the_dialer_does_beyond_them(self):
        self.env["ecm.region.rule"].search([]).active = False
        rule = self.create_rule(country_id=self.env.ref("base.fr").id)
        self.set_hours("09:00", "20:00", customers=("09:00", "20:00"))
        contact = {"campaign_id": self.campaign.id, "phone_1": "+33142685300"}
        self.env["ecm.contact"].create(contact)
        action = self.campaign.action_show_region_rules()
        effects = self.env[action["res_model"]].search(action["domain"])
        [effect] = effects.filtered(lambda effect: effect.rule_id == rule)
        self.assertEqual(effect.beyond_hours, "Mon–Fri 19:30–20:00")
        rule.channel = "sms"
        effect.invalidate_recordset()
        self.assertFalse(effect.beyond_hours)

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
