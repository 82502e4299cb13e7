from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import ScriptCase


@tagged("post_install", "-at_install")
class TestErasure(ScriptCase):
    """What somebody has answered goes with the person (N6)."""

    def setUp(self):
        super().setUp()
        self.contact = self.create_contact(phone_1="+493023125077")
        card = self.take()
        self.sheet = self.fill_in(self.get_attempt(card), self.yes, content=5)
        self.lines = self.sheet.user_input_line_ids
        self.end(card, "sold")

    def assertGone(self):  # noqa: N802  in the style of unittest
        self.env.invalidate_all()
        self.assertFalse(self.sheet.exists() or self.lines.exists())
        self.assertFalse(self.env["ecm.answer"].search([("survey_id", "=", self.script.id)]))

    def test_erased_by_number(self):
        erasure = self.env["ecm.erasure"].api_erase(numbers=["+493023125077"])
        self.assertGone()
        self.assertTrue(erasure)
        # That somebody was called, and what it came to, stays.
        self.assertEqual(self.contact.attempt_ids.business_outcome_id.code, "sold")

    def test_the_report_says_how_many(self):
        self.env["ecm.erasure"].api_erase(numbers=["+493023125077"])
        report = self.env["ecm.erasure"].search([], limit=1, order="id desc")
        counts = {line.model: line.count for line in report.line_ids}
        self.assertEqual(counts["survey.user_input"], 1)

    def test_retention_erases_and_deletes(self):
        self.contact.sudo().closed_at = fields.Datetime.now() - timedelta(days=10)
        self.campaign.write({"erase_days": 5, "delete_days": 5})
        self.env["ecm.campaign"]._cron_keep_retention()
        self.assertGone()
        self.assertFalse(self.contact.exists())

    def test_deleting_contacts_removes_them(self):
        self.env["ecm.contact"]._delete_ids(self.contact.ids)
        self.assertGone()
