from odoo.tests import tagged

from ..common import ResultCase
from .test_erasure import NUMBER, PERSON


@tagged("post_install", "-at_install")
class TestPrivacyLookup(ResultCase):
    """Odoo's privacy look-up finds contacts by e-mail and phone, and makes them anonymous (N6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.by_mail = cls.create_contact(**{**PERSON, "phone_1": "+493023125008"})
        cls.by_phone = cls.create_contact(phone_1=NUMBER, first_name="A.")
        cls.stranger = cls.create_contact(phone_1="+493023125003")
        cls.partner = cls.env["res.partner"].create(
            {"name": "Ada Lovelace", "phone": "030 23125001", "email": "ada@example.com"}
        )

    def look_up(self):
        wizard = self.env["privacy.lookup.wizard"].create(
            {"name": "Ada Lovelace", "email": "ada@example.com"}
        )
        wizard.action_lookup()
        return wizard

    def get_lines(self, wizard, model):
        return wizard.line_ids.filtered(lambda line: line.res_model == model)

    def test_contacts_are_found_by_email_and_by_the_customers_phone(self):
        lines = self.get_lines(self.look_up(), "ecm.contact")
        self.assertEqual(set(lines.mapped("res_id")), {self.by_mail.id, self.by_phone.id})

    def test_deleting_a_line_makes_a_contact_that_was_called_anonymous(self):
        self.call(self.by_phone, "no_answer")
        wizard = self.look_up()
        lines = self.get_lines(wizard, "ecm.contact")
        lines.filtered(lambda line: line.res_id == self.by_phone.id).action_unlink()
        self.env.invalidate_all()
        self.assertTrue(self.by_phone.exists().erased_at)
        self.assertEqual(len(self.by_phone.attempt_ids), 1)
        self.assertFalse(self.by_mail.erased_at)
        self.assertIn("Made anonymous", wizard.execution_details)
        self.assertEqual(self.env["ecm.erasure"].search([], limit=1).source, "privacy")

    def test_deleting_all_lines_reaches_everything_of_the_person(self):
        wizard = self.look_up()
        wizard.line_ids.action_unlink_all()
        self.env.invalidate_all()
        self.assertFalse(self.partner.exists())
        self.assertTrue(self.by_mail.erased_at and self.by_phone.erased_at)
        self.assertFalse(self.stranger.erased_at)

    def test_deleting_the_customer_there_erases_the_contacts_of_the_number(self):
        line = self.get_lines(self.look_up(), "res.partner")
        line.action_unlink()
        self.env.invalidate_all()
        self.assertTrue(self.by_mail.erased_at and self.by_phone.erased_at)
        found = self.env["ecm.dnc.list"].check_number(NUMBER)
        self.assertEqual(len(found), 1)
