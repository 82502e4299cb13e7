from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import ScriptCase


@tagged("post_install", "-at_install")
class TestAccess(ScriptCase):
    """Who sees answers, and who writes scripts (R8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.create_contact()

    def setUp(self):
        super().setUp()
        self.sheet = self.fill_in(self.get_attempt(self.take()), self.yes)

    def find(self, user):
        domain = [("campaign_id", "=", self.campaign.id)]
        return self.env["ecm.answer"].with_user(user).search(domain)

    def test_of_the_own_team_alone(self):
        supervisor, other = self.create_user("supervisor"), self.create_user("agent", login="other")
        self.create_team("Back office", supervisor | other)
        self.assertTrue(self.find(self.boris))
        self.assertFalse(self.find(supervisor) or self.find(other))
        self.assertTrue(self.find(self.create_user("administrator")))

    def test_of_the_own_company_alone(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        values = {"company_id": company.id, "company_ids": [(6, 0, company.ids)]}
        self.assertFalse(self.find(self.create_user("administrator", login="foreign", **values)))

    def test_nobody_of_the_suite_reads_the_tokens(self):
        for role in ("agent", "supervisor", "administrator"):
            with self.subTest(role), self.assertRaises(AccessError):
                self.sheet.with_user(self.create_user(role)).read(["access_token"])

    def test_odoos_roles_for_surveys_see_no_answers_of_customers(self):
        for group in ("survey_user", "survey_manager"):
            user = new_test_user(self.env, login=group, groups=f"survey.group_{group}")
            sheets = self.env["survey.user_input"].with_user(user)
            lines = self.env["survey.user_input.line"].with_user(user)
            with self.subTest(group):
                self.assertFalse(sheets.search([("survey_id", "=", self.script.id)]))
                self.assertFalse(lines.search([("survey_id", "=", self.script.id)]))
                with self.assertRaises(AccessError):
                    self.find(user)

    def test_agents_write_no_script(self):
        for record in (self.script, self.buys, self.yes):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.with_user(self.anna).read(["create_date"])
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.anna).survey_id = False

    def test_supervisors_write_scripts_and_no_other_survey(self):
        supervisor = self.create_user("supervisor")
        other = self.env["survey.survey"].create({"title": "Of the canteen"})
        question = self.env["survey.question"].create({"survey_id": other.id, "title": "Soup?"})
        for record in (other, question):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.with_user(supervisor).title = "Mine"
        self.script.with_user(supervisor).title = "Better"
        self.buys.with_user(supervisor).title = "Does it sell?"
        self.yes.with_user(supervisor).ecm_wrap_up_id = self.wrap_ups.outcome_ids[1]
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.campaign.survey_id = False
        self.script.write({"ecm_wrap_up_group_id": False, "company_id": company.id})
        with self.assertRaises(AccessError):
            self.script.with_user(supervisor).title = "Theirs"
