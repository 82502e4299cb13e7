from unittest.mock import patch

from .common import HOME, LetterCase
from odoo.addons.ecm_sms.clients.callbacks import Reply
from odoo.addons.ecm_sms.tests.common import FakeGateway

# A call, then a text after five minutes.
CALL_THEN_TEXT = ("voice", {"no_answer": {"next": 2, "delay_minutes": 5}})


class TestCallsAndTexts(LetterCase):
    """One strategy of calls and messages, on a dialer and a gateway (C1, S2): both count for one
    budget, and what came on one channel holds on the other.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = cls.env["ecm.sms.gateway"].create({"name": "Texts", "is_enabled": True})
        cls.template = cls.env["sms.template"].create(
            {
                "name": "We called",
                "model_id": cls.env["ir.model"]._get_id("ecm.contact"),
                "body": "We could not reach you.",
            }
        )

    def setUp(self):
        super().setUp()
        FakeGateway.sent = []
        used = patch.object(
            self.registry["ecm.sms.gateway"], "_get_client_class", lambda gateway: FakeGateway
        )
        used.start()
        self.addCleanup(used.stop)

    def begin(self, *attempts, **values):
        """A contact of a running campaign with such a strategy."""
        campaign = self.run_mixed(
            self.mix(*attempts, **values),
            sms_gateway_id=self.gateway.id,
            sms_template_id=self.template.id,
        )
        return self.create_contact(campaign, phone_1=HOME)

    def text(self):
        """One turn of the gateway.

        :return: numbers that it sent a message to
        """
        before = len(FakeGateway.sent)
        self.gateway._take_turn()
        self.env.invalidate_all()
        return [message.number for message in FakeGateway.sent[before:]]

    def reply(self, text):
        self.env["ecm.sms.reply"]._take(self.gateway, [Reply(HOME, text, "")])
        self.env.invalidate_all()

    def test_who_is_not_reached_gets_a_text_and_is_called_again(self):
        after_text = {"sms_no_reply": {"next": 3, "delay_hours": 1}}
        contact = self.begin(CALL_THEN_TEXT, ("sms", after_text), ("voice", {}))
        self.assertFalse(self.text(), "it is not its turn")
        self.call(contact, "no_answer")
        self.assertFalse(self.text(), "nothing is sent before its time")
        self.wait(minutes=5)
        self.assertFalse(self.feed())
        self.assertEqual(self.text(), [HOME])
        self.assertEqual((contact.state, contact.channel), ("sms_sent", "sms"))

        self.wait(hours=24)
        self.assertFalse(self.text())
        self.assertEqual((contact.state, contact.channel), ("pending", "voice"))
        self.assertFalse(self.feed())
        self.wait(hours=1)
        self.call(contact, "no_answer")
        self.assertEqual(contact.state, "retries_completed")
        self.assertEqual(contact.attempt_ids.mapped("channel"), ["voice", "sms", "voice"])

    def test_any_outcome_may_lead_to_a_text(self):
        for code in ("busy", "answering_machine", "call_failed", "voice"):
            FakeGateway.sent.clear()
            strategy = ("voice", {code: {"next": 2}}), ("sms", {})
            contact = self.begin(*strategy, name=f"Text after {code}")
            self.call(contact, code)
            self.assertEqual(self.text(), [HOME], code)
            self.wait(hours=24)
            self.text()
            self.assertEqual(contact.state, "sms_sent_closed", code)
            contact.campaign_id.action_stop()
            contact.campaign_id.name = f"After {code}"

    def test_calls_and_texts_share_one_budget(self):
        again = {"sms_no_reply": {"next": 1}}
        contact = self.begin(CALL_THEN_TEXT, ("sms", again), max_attempts=3)
        for _hour in range(24 * 9):
            self.wait(hours=1)
            for _sent in self.feed():
                self.end(contact, "no_answer")
            self.text()
        self.assertFalse(contact.is_open)
        self.assertEqual(contact.attempt_count, 3)
        channels = contact.attempt_ids.sorted("id").mapped("channel")
        self.assertEqual(channels, ["voice", "sms", "voice"])

    def test_who_replies_is_not_called_any_more(self):
        contact = self.begin(("sms", {"sms_no_reply": {"next": 2}}), ("voice", {}))
        self.assertEqual(self.text(), [HOME])
        self.reply("Yes, thank you")
        self.assertEqual(contact.state, "sms_responded")
        self.wait(hours=48)
        self.assertFalse(self.feed() + self.text())

    def test_who_writes_stop_is_not_called_any_more_either(self):
        contact = self.begin(("sms", {"sms_stop": {"next": 2}}), ("voice", {}))
        self.text()
        self.reply("STOP")
        other = self.run_mixed(self.mix(("voice", {})), name="Calls only")
        called = self.create_contact(other, phone_1=HOME)
        self.wait(hours=1)
        self.assertFalse(self.feed())
        self.assertEqual((contact.state, called.state), ("dnc_listed", "dnc_listed"))

    def test_the_usual_rules_are_those_of_the_channel(self):
        strategy = self.mix(("voice", {}), ("sms", {}), ("sms", {}), ("voice", {}))
        strategy.action_add_default_rules()
        call, text, _text, _call = strategy._get_ordered_attempts()
        self.assertIn("busy", call.rule_ids.outcome_id.mapped("code"))
        codes = text.rule_ids.outcome_id.mapped("code")
        self.assertEqual(set(codes), {"sms_no_reply", "sms_failed", "invalid_number"})
