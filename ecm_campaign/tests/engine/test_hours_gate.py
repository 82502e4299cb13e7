from datetime import datetime, timedelta

from odoo import Command
from odoo.tests import freeze_time

from ...tools import calling_hours
from ..hours import BERLIN, NEW_YORK, HoursCase


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
        labels = dict(self.env["ecm.contact"]._get_block_reasons())
        waits = set(calling_hours.REASONS) - {calling_hours.NOT_STARTED, calling_hours.ENDED}
        self.assertLessEqual(waits, set(labels))

    @freeze_time("2026-03-02 11:30:00")
    def test_a_campaign_whose_contacts_all_wait_says_until_when(self):
        self.patch(self.registry["ecm.campaign"], "_get_obstacles", lambda *_unused: [])
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
        self.assertIn("Mon 2 Mar 2026, 13:00 (UTC)", self.campaign.status_reason)
        self.assertEqual(contact.block_reason, "region")
