from odoo.exceptions import UserError
from odoo.tests import Form

from ..common import EngineCase


class TestStart(EngineCase):
    """A campaign of each kind starts with what it begins with (C1, S8, P25)."""

    def begin(self, kind):
        form = Form(self.env["ecm.campaign"])
        form.name, form.kind = f"Begins as {kind}", kind
        campaign = form.save()
        campaign.fake_target_id = self.target
        return campaign

    def test_agents_take_the_calls(self):
        campaign = self.begin("agent")
        campaign.action_start()
        self.assertTrue(campaign.is_running)
        self.assertTrue(campaign.callback_strategy_id)

    def test_an_ivr_takes_the_calls(self):
        campaign = self.begin("ivr")
        campaign.action_start()
        self.assertTrue(campaign.is_running)

    def test_messages_miss_nothing_but_what_sends_them(self):
        self.patch(type(self.target), "_channel", "sms")
        campaign = self.begin("sms")
        gap = campaign.get_start_gap()
        # The module that sends messages asks for its gateway, where it is installed.
        self.assertIn(gap and gap["field"], (False, "sms_gateway_id"))
        self.assertEqual(set(campaign.strategy_id.attempt_ids.mapped("channel")), {"sms"})

    def test_messages_do_not_start_on_a_dialer(self):
        with self.assertRaises(UserError):
            self.begin("sms").action_start()
