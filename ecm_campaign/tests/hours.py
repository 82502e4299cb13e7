"""Calling hours for tests: numbers of four zones, calendars, and when one may be called."""

from datetime import datetime

from odoo import Command

from .common import CampaignCase

NEW_YORK = "+12125550123"
MIAMI = "+13055550123"
TORONTO = "+14165550123"
BERLIN = "+493023125000"
MONDAY = datetime(2026, 3, 2, 10)  # 11:00 in Berlin, 5:00 in New York


class HoursCase(CampaignCase):
    """A campaign whose calling hours are asked for a moment: `create_calendar`, `opening`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.keeps_region_rules = True

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
        hours = campaign._get_campaign_hours(at)[campaign.id]
        return hours.for_contact(tz, number, channel, numbers).opening(at)
