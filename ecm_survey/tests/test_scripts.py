from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import ScriptCase


@tagged("post_install", "-at_install")
class TestScripts(ScriptCase):
    """A campaign carries a script (R10)."""

    def test_one_sheet_for_each_attempt(self):
        self.create_contact()
        card = self.take()
        attempt = self.get_attempt(card)
        sheet = self.open(attempt)
        self.assertEqual((sheet.state, sheet.ecm_agent), ("in_progress", "anna"))
        self.assertEqual(sheet.ecm_contact_id, card.sudo().contact_id)
        self.assertFalse(sheet.message_ids or sheet.partner_id)
        # Whoever has the call now goes on with it.
        self.assertEqual(self.open(attempt, "boris"), sheet)

    def test_the_card_says_that_there_is_a_script(self):
        self.create_contact()
        card = self.take()
        survey = self.cards().get_desk()["card"]["survey"]
        self.assertEqual(survey["url"], f"/ecm/script/card/{card.id}")
        self.assertFalse(survey["is_done"])
        self.fill_in(self.get_attempt(card), self.yes)
        contents = self.cards().get_desk()["card"]
        self.assertTrue(contents["survey"]["is_done"])
        self.assertEqual(contents["preset"], self.choose("sold"))

    def test_without_a_script_there_is_none(self):
        self.campaign.survey_id = False
        self.create_contact()
        self.take()
        contents = self.cards().get_desk()["card"]
        self.assertEqual((contents["survey"], contents["preset"]), (False, False))

    def test_placeholders_are_the_customers(self):
        contact = self.create_contact(first_name="Ada <b>", account_number="K-1")
        sheet = self.open(self.get_attempt(self.take()))
        html = sheet._fill_placeholders(
            "<h1>{{ First <i>name</i> }}: {{ account_number }}</h1>{{ x }}"
        )
        self.assertEqual(html, "<h1>Ada &lt;b&gt;: K-1</h1>{{ x }}")
        self.assertEqual(contact.first_name, "Ada <b>")

    def test_a_copied_campaign_and_a_template_keep_it(self):
        self.assertEqual(self.campaign.copy().survey_id, self.script)
        self.campaign.action_save_template()
        template = self.env["ecm.campaign"].with_context(active_test=False)
        found = template.search([("is_template", "=", True), ("survey_id", "=", self.script.id)])
        self.assertTrue(found)

    def test_a_script_in_use_stays(self):
        with self.assertRaisesRegex(UserError, "Archive it"):
            self.script.unlink()
        with self.assertRaisesRegex(UserError, "Running campaigns"):
            self.script.active = False
        with self.assertRaisesRegex(ValidationError, "it stays one"):
            self.script.survey_type = "survey"
        unused = self.script.copy()
        unused.action_archive()
        self.assertTrue(unused.unlink())

    def test_answers_keep_script_question_and_choice(self):
        self.create_contact()
        self.fill_in(self.get_attempt(self.take()), self.yes, content=4)
        self.campaign.action_stop()
        self.campaign.survey_id = False
        with self.assertRaisesRegex(UserError, "customers have answered"):
            self.script.unlink()
        with self.assertRaisesRegex(UserError, "Customers have answered “How content"):
            self.content.unlink()
        with self.assertRaisesRegex(UserError, "Customers have answered “Yes"):
            self.yes.unlink()
        self.assertTrue(self.maybe.unlink())

    def test_another_companys_script_is_refused(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.create_script("Foreign", company_id=company.id, ecm_wrap_up_group_id=False)
        with self.assertRaises(UserError):
            self.campaign.survey_id = foreign

    def test_no_other_survey_is_offered(self):
        survey = self.env["survey.survey"].create({"title": "Of the canteen"})
        domain = self.env["ecm.campaign"]._fields["survey_id"].domain
        self.assertNotIn(survey, self.env["survey.survey"].search(domain))
        with self.assertRaisesRegex(UserError, "during a call"):
            self.script._create_answer(email="someone@example.com")
        self.assertTrue(survey._create_answer(email="someone@example.com"))

    def test_a_supervisor_writes_one(self):
        supervisor = self.create_user("supervisor")
        action = self.env["ir.actions.act_window"]._for_xml_id("ecm_survey.survey_survey_action")
        context = {"default_survey_type": "ecm_script", "default_lang_ids": []}
        self.assertIn("ecm_script", action["context"])
        scripts = self.env["survey.survey"].with_user(supervisor).with_context(**context)
        form = Form(scripts, "ecm_survey.survey_survey_view_form")
        form.title = "Mine"
        form.ecm_wrap_up_group_id = self.wrap_ups
        script = form.save()
        question = self.env["survey.question"].with_user(supervisor)
        question = question.create(
            {"survey_id": script.id, "title": "Well?", "question_type": "simple_choice"}
        )
        with Form(question) as form, form.suggested_answer_ids.new() as choice:
            choice.value = "Sold"
            choice.ecm_wrap_up_id = self.wrap_ups.outcome_ids[0]
        self.assertEqual(question.suggested_answer_ids.ecm_wrap_up_id.code, "sold")
        self.assertEqual(script.get_formview_id(), form_id(self.env))
        copy = script.copy()
        self.assertEqual(copy.question_ids.suggested_answer_ids.ecm_wrap_up_id.code, "sold")

    def test_wrap_ups_that_a_campaign_does_not_have_are_said(self):
        self.assertFalse(self.campaign.script_gap)
        group = self.wrap_ups.copy({"name": "Other"})
        other = self.create_campaign("Other", business_outcome_group_id=group.id)
        other.survey_id = self.script
        # The same codes: a copy of the group will do.
        self.assertFalse(other.script_gap)
        group.outcome_ids.filtered(lambda each: each.code == "never").unlink()
        other.invalidate_recordset()
        self.assertIn("Never again", other.script_gap)

    def test_answers_of_a_card_that_went_back_go_along_with_its_agent(self):
        contact = self.create_contact()
        card = self.take()
        self.answer(self.open(self.get_attempt(card)), self.yes)
        self.lose_browser(card)
        self.take_turn()
        self.assertEqual((card.state, contact.state), ("expired", "pending"))
        sheet = self.env["survey.user_input"].search([("ecm_contact_id", "=", contact.id)])
        self.assertFalse(sheet.ecm_attempt_id)
        # Another agent begins anew.
        theirs = self.take(self.boris)
        self.assertNotEqual(self.open(self.get_attempt(theirs), "boris"), sheet)
        self.cards(self.boris).browse(theirs.id).skip(self.get_reason().id)
        contact.write({"next_attempt_at": fields.Datetime.now(), "is_ready": True})
        again = self.take()
        self.assertEqual(self.open(self.get_attempt(again)), sheet)
        self.assertEqual(sheet.user_input_line_ids.suggested_answer_id, self.yes)

    def test_wrapped_up_late_the_answers_are_the_new_attempts(self):
        contact = self.create_contact()
        card = self.take()
        sheet = self.fill_in(self.get_attempt(card), self.yes)
        self.lose_browser(card)
        self.take_turn()
        card.wrap_up(self.choose("sold"))
        self.env.invalidate_all()
        self.assertEqual(sheet.ecm_attempt_id, contact.attempt_ids)
        self.assertEqual(contact.state, "connected")

    def get_reason(self):
        return self.env["ecm.skip.reason"].search([], limit=1)


def form_id(env):
    return env.ref("ecm_survey.survey_survey_view_form").id
