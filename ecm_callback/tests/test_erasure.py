from odoo.tests import tagged

from .common import CallbackCase


@tagged("post_install", "-at_install")
class TestErasure(CallbackCase):
    """A promise to a person who asks for it is cancelled, and says nothing any more (N6)."""

    def test_an_open_callback_is_cancelled_and_says_nothing(self):
        callback = self.ask(first_name="Ada", note="About her contract")
        callback.message_post(body="Ada rang again")
        other = self.ask(number="+493023125099", first_name="Grace")
        self.env["ecm.erasure"].api_erase(numbers=[callback.number])
        self.env.invalidate_all()
        self.assertEqual((callback.state, callback.number), ("cancelled", "erased"))
        self.assertFalse(callback.first_name or callback.note or callback.message_ids)
        self.assertFalse(callback.activity_ids)
        self.assertEqual(other.first_name, "Grace")

    def test_a_customers_callback_is_found_by_the_customer(self):
        partner = self.env["res.partner"].create({"name": "Ada", "email": "ada@example.com"})
        callback = self.ask(partner_id=partner.id)
        person = self.env["ecm.erasure"]._get_person_of_partners(partner)
        self.assertEqual(self.env["ecm.erasure"]._count_person(person), {"ecm.callback": 1})
        self.env["ecm.erasure"]._erase_person(person, "request")
        self.env.invalidate_all()
        self.assertFalse(callback.partner_id)
