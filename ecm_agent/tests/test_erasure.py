from odoo.tests import tagged

from .common import AgentCase


@tagged("post_install", "-at_install")
class TestErasure(AgentCase):
    """What agents have noted about a person who asks for it is erased (N6)."""

    def test_number_and_note_of_a_card_go_and_the_wrap_up_stays(self):
        [contact] = self.create_contacts(1)
        card = self.take()
        self.end(card, "sold", note="Ada wants the blue one")
        self.assertIn("blue", card.sudo().note)
        number = contact.phone_1
        self.env["ecm.erasure"].api_erase(numbers=[number])
        self.env.invalidate_all()
        card = card.sudo()
        self.assertFalse(card.number or card.note)
        self.assertEqual(card.business_outcome_id.code, "sold")
