from odoo.exceptions import UserError
from odoo.tests import Form

from ..common import EngineCase


class TestStart(EngineCase):
    """A campaign of each kind starts with what it begins with (C1, S8, P25)."""

    def start(self, kind):
        form = Form(self.env["ecm.campaign"])
        form.name, form.kind = f"Begins as {kind}", kind
        campaign = form.save()
        campaign.fake_target_id = self.target
        campaign.action_start()
        return campaign

    def test_agents_take_the_calls(self):
        campaign = self.start("agent")
        self.assertTrue(campaign.is_running)
        self.assertTrue(campaign.callback_strategy_id)

    def test_an_ivr_takes_the_calls(self):
        self.assertTrue(self.start("ivr").is_running)

    def test_messages_are_sent(self):
        self.patch(type(self.target), "_channel", "sms")
        campaign = self.start("sms")
        self.assertTrue(campaign.is_running)
        self.assertEqual(set(campaign.strategy_id.attempt_ids.mapped("channel")), {"sms"})

    def test_messages_do_not_start_on_a_dialer(self):
        with self.assertRaises(UserError):
            self.start("sms")
