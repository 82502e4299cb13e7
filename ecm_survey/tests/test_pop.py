import unittest
from urllib.parse import parse_qs, urlsplit

from odoo.tests import new_test_user, tagged

from .common import ScriptCase
from odoo.addons.ecm_campaign.tests.common import TourCase

GROUPS = "ecm_campaign.ecm_campaign_group_supervisor,sales_team.group_sale_salesman_all_leads"


@tagged("post_install", "-at_install")
class TestPop(TourCase, ScriptCase):
    """The script opens with the screen pop, and its answers land on the lead (R10, R1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "ecm.crm.pop" not in cls.env:
            raise unittest.SkipTest("needs ecm_crm_bridge")
        cls.user = new_test_user(cls.env, login="pops", groups=GROUPS, password="pops-password")
        cls.lead = cls.env["crm.lead"].create({"name": "Ada", "phone": "+493023125000"})
        cls.contact = cls.create_contact(first_name="Ada", lead_id=cls.lead.id)

    def setUp(self):
        super().setUp()
        self.attempt = self.get_attempt(self.take())

    def pop(self, user, **values):
        """:return: the path, and where the script is"""
        self.env.flush_all()
        parts = urlsplit(self.env["ecm.crm.pop"].with_user(user)._get_path(**values))
        return parts.path, parse_qs(parts.query).get("guidance", [""])[0]

    def test_the_record_and_the_script_of_the_call(self):
        path, guidance = self.pop(self.user, account=self.attempt.key)
        self.assertEqual(path, f"/odoo/crm.lead/{self.lead.id}")
        self.authenticate("pops", "pops-password")
        self.assertIn("Does Ada buy?", self.url_open(guidance).text)
        sheet = self.env["survey.user_input"].search([("ecm_attempt_id", "=", self.attempt.id)])
        self.assertEqual(sheet.ecm_agent, "pops")
        # The same call opens the same sheet.
        _path, again = self.pop(self.user, account=self.attempt.key)
        self.url_open(again)
        domain = [("ecm_contact_id", "=", self.contact.id)]
        self.assertEqual(self.env["survey.user_input"].search(domain), sheet)

    def test_whoever_does_not_see_the_customer_gets_no_script(self):
        colleague = new_test_user(
            self.env, login="colleague", groups="sales_team.group_sale_salesman"
        )
        self.lead.user_id = self.user
        path, guidance = self.pop(colleague, account=self.attempt.key)
        self.assertIn("ecm.crm.pop", path)
        self.assertFalse(guidance)

    def test_no_script_without_a_call(self):
        _path, guidance = self.pop(self.user, phone="+493023125000")
        self.assertFalse(guidance)
        self.campaign.survey_id = False
        _path, guidance = self.pop(self.user, account=self.attempt.key)
        self.assertFalse(guidance)

    def test_answers_are_a_note_on_the_lead(self):
        self.fill_in(self.attempt, self.yes, content=4)
        [note] = self.lead.message_ids.filtered(lambda each: "Answers:" in (each.body or ""))
        self.assertIn("<b>Yes</b>", note.body)
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))
        self.assertEqual(note.author_id, self.env.ref("base.partner_root"))

    def test_beside_the_lead_in_a_browser(self):
        self.env.flush_all()
        self.start_tour(
            f"/ecm/pop?account={self.attempt.key}", "ecm_survey_pop", login="pops", timeout=120
        )
        self.env.invalidate_all()
        self.assertEqual(self.attempt.script_outcome_id.code, "sold")
