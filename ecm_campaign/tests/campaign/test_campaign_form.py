from odoo.exceptions import UserError
from odoo.tests import Form

from ..common import CampaignCase


class TestCampaignForm(CampaignCase):
    """What the form of a campaign offers, and what it begins with (U13, U18, U30, P25)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sms_strategy = cls.env.ref("ecm_campaign.ecm_strategy_default")
        cls.callback_strategy = cls.env.ref("ecm_campaign.ecm_strategy_callback")

    def test_a_new_voice_campaign_has_the_strategies_of_calls(self):
        form = Form(self.env["ecm.campaign"])
        self.assertEqual(form.strategy_id, self.strategy)
        self.assertEqual(form.callback_strategy_id, self.callback_strategy)

    def test_a_new_sms_campaign_has_the_strategy_of_messages(self):
        form = Form(self.env["ecm.campaign"])
        form.name, form.kind = "Texts", "sms"
        campaign = form.save()
        self.assertEqual(campaign.strategy_id, self.sms_strategy)
        self.assertFalse(campaign.callback_strategy_id)

    def test_a_strategy_that_was_chosen_stays_where_it_fits(self):
        chosen = self.env.ref("ecm_campaign.ecm_strategy_simple")
        form = Form(self.env["ecm.campaign"])
        form.strategy_id = chosen
        form.kind = "ivr"
        self.assertEqual(form.strategy_id, chosen)

    def test_what_is_given_is_kept(self):
        values = {"name": "Texts", "kind": "sms", "callback_strategy_id": self.callback_strategy.id}
        campaign = self.env["ecm.campaign"].create(values)
        self.assertEqual(campaign.strategy_id, self.sms_strategy)
        self.assertEqual(campaign.callback_strategy_id, self.callback_strategy)
        plain = self.env["ecm.campaign"].create({"name": "No calls", "callback_strategy_id": False})
        self.assertFalse(plain.callback_strategy_id)

    def test_who_answers_a_message_is_counted(self):
        campaign = self.create_campaign("Texts", kind="sms", strategy_id=self.sms_strategy.id)
        for state in ("sms_responded", "sms_sent_closed"):
            self.create_contact(campaign).sudo().write({"state": state})
        self.assertEqual(campaign.connected_count, 1)

    def test_a_campaign_without_a_start_is_on_the_calendar(self):
        self.assertEqual(self.campaign.shown_from, self.campaign.create_date)
        self.campaign.date_start = "2027-01-04 08:00:00"
        self.assertEqual(str(self.campaign.shown_from), "2027-01-04 08:00:00")

    def test_a_campaign_without_an_end_is_on_the_calendar_of_its_first_month(self):
        self.campaign.date_start = "2027-01-04 08:00:00"
        # As the calendar asks for a month.
        shown = [("shown_from", "<=", "2027-01-31"), ("shown_until", ">=", "2027-01-01")]
        self.assertIn(self.campaign, self.env["ecm.campaign"].search(shown))
        self.campaign.date_end = "2027-03-01 08:00:00"
        self.assertEqual(self.campaign.shown_until, self.campaign.date_end)

    def test_sentences_name_the_clock(self):
        reader = self.create_user("supervisor", tz="Asia/Tokyo")
        self.campaign.date_start = "2099-01-04 20:00:00"
        reason = self.campaign.with_user(reader).status_reason
        self.assertIn("05:00 (Asia/Tokyo)", reason)

    def test_start_names_the_field_that_is_wrong(self):
        campaign = self.create_campaign("Texts", kind="sms")
        self.assertEqual(campaign.get_start_gap()["field"], "strategy_id")
        with self.assertRaises(UserError):
            campaign.action_start()
        action = campaign.action_start_or_complete()
        self.assertEqual(action["res_id"], campaign.id)
        self.assertTrue(action["context"]["ecm_shows_gap"])


class TestTemplates(CampaignCase):
    """Campaigns begin as others that were set up well (C10, P8)."""

    def open(self, action):
        return self.env[action["res_model"]].browse(action["res_id"])

    def test_a_template_is_no_campaign(self):
        template = self.open(self.campaign.action_save_template())
        self.assertEqual(template.name, "Spring offer (template)")
        self.assertTrue(template.is_template)
        self.assertNotIn(template, self.env["ecm.campaign"].search([]))
        with self.assertRaisesRegex(UserError, "New campaign"):
            template.active = True
        with self.assertRaises(UserError):
            template.action_start()

    def test_campaigns_from_a_template_have_its_settings_and_names_of_their_own(self):
        self.campaign.ttl_days = 12
        template = self.open(self.campaign.action_save_template())
        first = self.open(template.action_new_campaign())
        second = self.open(template.action_new_campaign())
        names = [first.name, second.name]
        self.assertEqual(names, ["Spring offer 2", "Spring offer 3"])
        self.assertEqual((first.ttl_days, first.active, first.is_template), (12, True, False))

    def test_templates_of_the_same_campaign_are_numbered(self):
        self.campaign.action_save_template()
        again = self.open(self.campaign.action_save_template())
        self.assertEqual(again.name, "Spring offer (template) 2")

    def test_a_supervisor_does_all_of_it(self):
        supervisor = self.create_user("supervisor")
        campaign = self.campaign.with_user(supervisor)
        template = self.open(campaign.action_save_template()).with_user(supervisor)
        self.assertTrue(self.open(template.action_new_campaign()).active)


class TestFirstSteps(CampaignCase):
    """From nothing to the first campaign that runs, step by step (U19)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor")
        cls.env["ecm.campaign"].search([]).started_at = False

    def get_steps(self, campaign=None):
        campaigns = self.env["ecm.campaign"].with_user(self.supervisor)
        steps = campaigns.get_first_steps(campaign.id if campaign else False)
        return {step["code"]: step["is_done"] for step in steps}

    def test_what_is_done_and_what_is_next(self):
        steps = self.get_steps()
        self.assertTrue(steps["campaign"])
        self.assertFalse(steps["upload"] or steps["dry_run"] or steps["start"])
        self.create_contact()
        self.campaign.action_dry_run()
        self.env.invalidate_all()
        steps = self.get_steps(self.campaign)
        self.assertTrue(steps["upload"] and steps["dry_run"])

    def test_they_are_gone_once_a_campaign_was_started(self):
        self.campaign.started_at = "2026-03-02 09:00:00"
        self.assertFalse(self.get_steps())
        self.assertTrue(self.get_steps(self.create_campaign("Another")))

    def test_each_opens_where_it_is_done(self):
        campaigns = self.env["ecm.campaign"].with_user(self.supervisor)
        models = {
            "hours": "ecm.calling.hours",
            "campaign": "ecm.campaign",
            "upload": "ecm.contact.upload",
            "dry_run": "ecm.dry.run",
            "start": "ecm.campaign",
        }
        for code, model in models.items():
            action = campaigns.action_first_step(code, self.campaign.id)
            self.assertEqual(action["res_model"], model, code)
            self.assertTrue(action["views"], code)

    def test_agents_have_none(self):
        agent = self.create_user("agent")
        self.assertEqual(self.env["ecm.campaign"].with_user(agent).get_first_steps(), [])


class TestAfterImport(CampaignCase):
    """From the list that was imported on to the campaign (U21)."""

    def test_start_and_back(self):
        contact_list = self.upload("phone\n+493023125001\n")
        self.assertTrue(contact_list.can_start_campaign)
        back = contact_list.action_open_campaign()
        self.assertEqual((back["res_model"], back["res_id"]), ("ecm.campaign", self.campaign.id))
        # Nothing is chosen that calls: its form says so.
        self.assertTrue(contact_list.action_start_campaign()["context"]["ecm_shows_gap"])

    def test_a_running_campaign_is_not_started_again(self):
        contact_list = self.upload("phone\n+493023125001\n")
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = true WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        self.assertFalse(contact_list.can_start_campaign)
