from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from ..common import CampaignCase


class TestCampaignGroup(CampaignCase):
    """Groups of campaigns and their contact parameters (C7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.env["ecm.campaign.group"].create({"name": "Sales"})

    def test_starts_with_the_parameters_of_webex(self):
        group = self.group
        parameters = group.initial_contacts, group.increment, group.decrement, group.upper_threshold
        self.assertEqual(parameters, (85, 30, 60, 200))

    def test_room_is_what_the_dialer_does_not_hold_yet(self):
        self.campaign.group_id = self.group
        contacts = self.create_contact() | self.create_contact(phone_1="+493023125001")
        self.assertEqual(self.group._get_rooms(), {self.group.id: 85})
        contacts[0].sudo().state = "sent_to_dialer"
        self.env.flush_all()
        self.assertEqual(self.group._get_rooms(), {self.group.id: 84})
        self.group.invalidate_recordset()
        self.assertEqual(self.group.at_dialer_count, 1)
        self.group.buffer_size = 1
        self.assertEqual(self.group._get_rooms(), {self.group.id: 0})

    def test_other_parameters_begin_anew(self):
        self.group.write({"buffer_size": 170, "buffer_at": fields.Datetime.now()})
        self.group.initial_contacts = 10
        self.assertEqual(self.group._get_rooms(), {self.group.id: 10})

    @mute_logger("odoo.sql_db")
    def test_senseless_parameters_are_refused(self):
        for values in (
            {"initial_contacts": 0},
            {"decrement": 101},
            {"upper_threshold": 99},
            {"interval_minutes": 0},
        ):
            with self.subTest(values), self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self.group.write(values)
                self.env.flush_all()

    def test_hours_of_a_zone_end_after_they_start(self):
        with self.assertRaisesRegex(ValidationError, "end after they start"):
            self.add_zone("Europe/Berlin", 20, 8)

    def test_zones_reach_the_campaign_as_minutes(self):
        self.assertIsNone(self.campaign._get_zone_hours())
        self.campaign.group_id = self.group
        self.assertIsNone(self.campaign._get_zone_hours())
        self.add_zone("Europe/Berlin", 8.5, 20)
        self.assertEqual(self.campaign._get_zone_hours(), {"Europe/Berlin": (510, 1200)})

    def add_zone(self, zone, hour_from, hour_to):
        self.env["ecm.campaign.group.zone"].create(
            {"group_id": self.group.id, "tz": zone, "hour_from": hour_from, "hour_to": hour_to}
        )

    def test_a_copy_begins_anew_and_keeps_the_zones(self):
        self.add_zone("Europe/Berlin", 8, 20)
        self.group.write({"buffer_size": 170, "buffer_at": fields.Datetime.now()})
        copy = self.group.copy()
        self.assertEqual(
            (copy.name, copy.buffer_size, copy.zone_ids.tz), ("Sales (copy)", 0, "Europe/Berlin")
        )

    def test_a_group_is_looked_at_once_per_interval_and_only_while_a_campaign_is_open(self):
        now = fields.Datetime.now()
        adapt = self.env["ecm.campaign.group"]._adapt_buffers
        self.campaign.group_id = self.group
        adapt(now)
        self.assertFalse(self.group.buffer_at)
        self.run_campaign()
        adapt(now)
        self.assertEqual((self.group.buffer_size, self.group.buffer_at), (85, now))
        self.create_contact()
        adapt(now + timedelta(minutes=4))
        self.assertEqual(self.group.buffer_size, 85)
        adapt(now + timedelta(minutes=5))
        self.assertEqual(self.group.buffer_size, 110)

    def run_campaign(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", (self.campaign.id,)
        )
        self.env.invalidate_all()

    @mute_logger(
        "odoo.models",
        "odoo.orm.models",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
    )
    def test_roles_and_companies(self):
        zone = self.env["ecm.campaign.group.zone"].create({"group_id": self.group.id, "tz": "UTC"})
        team = self.env["ecm.team"].create({"name": "Retention"})
        agent, supervisor = self.create_user("agent"), self.create_user("supervisor")
        company = self.env["res.company"].create({"name": "Other company"})
        stranger = self.create_user(
            "administrator", company_ids=[(6, 0, company.ids)], company_id=company.id
        )
        for record in (self.group, zone, team):
            with self.subTest(record._name):
                record.with_user(agent).read(["display_name"])
                with self.assertRaises(AccessError):
                    record.with_user(agent).write({"create_date": False})
                record.with_user(supervisor).check_access("write")
                self.assertFalse(record.with_user(stranger).search([("id", "=", record.id)]))


class TestPrompts(CampaignCase):
    """Prompts of IVR campaigns (C8)."""

    def test_prompts_are_pairs_that_a_copy_keeps(self):
        campaign = self.create_campaign("Reminders", kind="ivr")
        campaign.prompt_ids = [(0, 0, {"key": "welcome", "prompt": "hello.wav"})]
        self.assertEqual(campaign.get_prompts(), {"welcome": "hello.wav"})
        self.assertEqual(campaign.copy().get_prompts(), {"welcome": "hello.wav"})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            campaign.prompt_ids = [(0, 0, {"key": "welcome", "prompt": "other.wav"})]
            self.env.flush_all()

    @mute_logger(
        "odoo.models",
        "odoo.orm.models",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
    )
    def test_agents_only_read(self):
        campaign = self.create_campaign("Reminders", kind="ivr")
        campaign.prompt_ids = [(0, 0, {"key": "welcome", "prompt": "hello.wav"})]
        prompts = campaign.prompt_ids.with_user(self.create_user("agent"))
        prompts.read(["prompt"])
        with self.assertRaises(AccessError):
            prompts.prompt = "other.wav"
