from odoo.tests import tagged

from .common import SmsCase

NUMBER = "+493023120000"


@tagged("post_install", "-at_install")
class TestErasure(SmsCase):
    """Messages and replies of a person who asks for it say nothing any more (N6)."""

    def erase(self):
        self.env["ecm.erasure"].api_erase(numbers=[NUMBER])
        self.env.invalidate_all()

    def test_texts_numbers_and_replies_go(self):
        contact = self.create_people(1)
        self.turn()
        message = contact.sms_message_ids
        self.assertIn("P0", message.text)
        reply = self.env["ecm.sms.reply"].create(
            {
                "gateway_id": self.gateway.id,
                "company_id": self.env.company.id,
                "number": NUMBER,
                "text": "I am Ada, call me not",
                "received_at": "2026-03-02 09:00:00",
            }
        )
        self.erase()
        self.assertFalse(message.text or message.number)
        self.assertTrue(message.sent_at)
        self.assertEqual((reply.number, reply.text), ("erased", False))

    def test_an_answer_that_waits_is_not_sent(self):
        notice = self.env["ecm.sms.notice"]._queue(self.gateway, "answer", [(NUMBER, "Hi", False)])
        self.erase()
        self.assertEqual((notice.state, notice.number), ("failed", "erased"))
        self.assertEqual(self.turn(), [])

    def test_odoos_own_mass_text_leaves_out_who_was_erased(self):
        self.create_people(1)
        self.erase()
        partners = self.env["res.partner"].create(
            [{"name": "Again", "phone": NUMBER}, {"name": "Other", "phone": "+493023120001"}]
        )
        composer = self.env["sms.composer"].create(
            {
                "res_model": "res.partner",
                "res_ids": str(partners.ids),
                "composition_mode": "mass",
                "body": "Hello",
            }
        )
        composer.action_send_sms()
        texts = self.env["sms.sms"].search([("partner_id", "in", partners.ids)])
        states = {text.partner_id.name: text.failure_type for text in texts}
        self.assertEqual(states["Again"], "sms_blacklist")
        self.assertNotEqual(states["Other"], "sms_blacklist")
