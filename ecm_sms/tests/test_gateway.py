from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from ..clients.answers import Answer
from .common import FakeGateway, SmsCase


class TestGateway(SmsCase):
    """The gateway as an administrator sets it up (M1)."""

    def test_a_new_gateway_starts_from_kannel(self):
        self.assertIn("sendsms", self.gateway.url)
        self.assertIn("dlr-url = {report_url}?key={key}", self.gateway.parameters)
        form = Form(self.env["ecm.sms.gateway"])
        form.name = "Another"
        form.preset = "rest"
        other = form.save()
        self.assertEqual((other.body, other.id_path), ("json", "id"))

    def test_mistakes_in_the_settings_are_told(self):
        for values, sentence in (
            ({"url": "file:///etc/passwd"}, "not an address of a gateway"),
            ({"url": "http://{number}/"}, "not an address of a gateway"),
            ({"parameters": "to"}, "to: write name = value"),
            ({"parameters": "to = {who}"}, "no placeholder {who}"),
            ({"headers": "X: {text}"}, "no placeholder {text}"),
            ({"body": "json", "json_body": "{"}, "cannot be read"),
            ({"status_map": "1 = gone"}, "gone is none of these"),
        ):
            with self.assertRaises(ValidationError) as caught:
                self.gateway.write(values)
            self.assertIn(sentence, str(caught.exception))

    def test_the_test_shows_both_sides_and_no_secret(self):
        self.answer(Answer("misused", status=403, text="wrong password=secret"))
        test = self.env["ecm.sms.test"].browse(self.gateway.action_test()["res_id"])
        test.write({"number": "+4930231250", "text": "Hi there"})
        test.action_send()
        self.assertEqual(test.verdict, "misused")
        self.assertIn("Hi%20there", test.request)
        self.assertNotIn("secret", test.request + test.answer)
        self.assertEqual(len(FakeGateway.sent), 1)

    def test_a_wrong_number_is_not_sent(self):
        test = self.env["ecm.sms.test"].create({"gateway_id": self.gateway.id, "number": "12"})
        with self.assertRaises(UserError):
            test.action_send()
        self.assertFalse(FakeGateway.sent)

    def test_only_administrators_see_the_settings(self):
        supervisor = self.create_user("supervisor")
        gateway = self.gateway.with_user(supervisor)
        self.assertEqual(gateway.name, "Test gateway")
        for name in ("url", "parameters", "token", "password", "report_url"):
            with self.assertRaises(AccessError):
                gateway.read([name])
        with self.assertRaises(AccessError):
            gateway.write({"sender": "x"})
        with self.assertRaises(AccessError):
            gateway.action_test()

    def test_a_gateway_has_turns_while_it_is_switched_on(self):
        action = self.gateway.cron_id
        self.assertTrue(action.active)
        self.gateway.is_enabled = False
        self.assertFalse(action.active)
        self.gateway.is_enabled = True
        self.gateway.active = False
        self.assertFalse(self.gateway.is_enabled)

    def test_the_rate_says_how_many_are_taken_at_a_time(self):
        self.assertEqual(self.gateway._get_batch_size(), 500)
        self.gateway.rate = 2.5
        self.assertEqual(self.gateway._get_batch_size(), 10)
        self.gateway.rate = 0.1
        self.assertEqual(self.gateway._get_batch_size(), 1)

    def test_new_addresses_end_the_old_ones(self):
        token = self.gateway.token
        gateways = self.env["ecm.sms.gateway"]
        self.assertEqual(gateways._find_caller(self.gateway.id, token), self.gateway)
        self.gateway.action_renew_token()
        self.assertFalse(gateways._find_caller(self.gateway.id, token))
        self.assertFalse(gateways._find_caller(0, self.gateway.token))


class TestCampaign(SmsCase):
    """A campaign of messages is set up (C1, S8)."""

    def test_a_new_campaign_proposes_the_strategy_of_one_message(self):
        form = Form(self.env["ecm.campaign"])
        form.name, form.kind = "New texts", "sms"
        campaign = form.save()
        self.assertEqual(campaign.strategy_id, self.strategy)
        self.assertFalse(campaign.callback_strategy_id)
        self.assertTrue(campaign.sends_messages)

    def test_what_is_missing_before_the_start(self):
        campaign = self.create_texts("Gaps", is_running=False, sms_gateway_id=False)
        self.assertEqual(campaign.get_start_gap()["field"], "sms_gateway_id")
        campaign.write({"sms_gateway_id": self.gateway.id, "sms_template_id": False})
        self.assertEqual(campaign.get_start_gap()["field"], "sms_template_id")
        campaign.sms_template_id = self.template
        self.assertFalse(campaign.get_start_gap())
        campaign.action_start()
        self.assertTrue(campaign.is_running)

    def test_the_gateway_stays_while_it_runs(self):
        other = self.gateway.copy({"name": "Other"})
        with self.assertRaisesRegex(UserError, "another SMS gateway"):
            self.texts.sms_gateway_id = other
        self.texts.sms_gateway_id = self.gateway
        self.texts.action_stop()
        self.texts.sms_gateway_id = other

    def test_the_first_step_is_the_gateway(self):
        campaign = self.create_texts("First steps", is_running=False)
        codes = [step["code"] for step in campaign.get_first_steps(campaign.id)]
        self.assertEqual(codes, ["gateway", "hours", "campaign", "upload", "dry_run", "start"])
        action = campaign.action_first_step("gateway", campaign.id)
        self.assertEqual(action["res_model"], "ecm.sms.gateway")
        voice = self.create_campaign("Calls")
        codes = [step["code"] for step in voice.get_first_steps(voice.id)]
        self.assertNotIn("gateway", codes)

    def test_supervisors_write_the_messages_of_campaigns_only(self):
        supervisor = self.create_user("supervisor")
        self.template.with_user(supervisor).body = "New text"
        other = self.template.copy({"model_id": self.env["ir.model"]._get_id("res.partner")})
        with self.assertRaises(AccessError):
            other.with_user(supervisor).body = "New text"
