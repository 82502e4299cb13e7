from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ScriptCase


@tagged("post_install", "-at_install")
class TestAnswers(ScriptCase):
    """Answers land on the contact and in reports (R10, R5)."""

    def test_on_the_contact_and_by_attempt(self):
        contact = self.create_contact()
        attempt = self.get_attempt(self.take())
        self.fill_in(attempt, self.yes, content=4)
        said = {line.question_id: line for line in contact.answer_ids}
        self.assertEqual(said[self.buys].answer, "Yes")
        content = said[self.content]
        self.assertEqual((content.answer, content.number), ("4", 4))
        self.assertEqual(contact.answer_ids.attempt_id, attempt)
        self.assertEqual(set(contact.answer_ids.mapped("agent")), {"anna"})
        self.assertTrue(all(contact.answer_ids.mapped("is_done")))

    def test_what_is_answered_so_far_is_there_and_skipped_is_not(self):
        contact = self.create_contact()
        sheet = self.open(self.get_attempt(self.take()))
        self.answer(sheet, self.maybe)
        sheet._save_lines(self.content, "")
        self.assertEqual(contact.answer_ids.mapped("answer"), ["Maybe"])
        self.assertFalse(contact.answer_ids.is_done)

    def test_the_next_agent_sees_them_in_the_history(self):
        contact = self.create_contact()
        card = self.take()
        card.call()
        self.fill_in(self.get_attempt(card), self.later)
        card.wrap_up(self.choose("no_answer"))
        contact.write({"next_attempt_at": "2020-01-01 00:00:00", "is_ready": True})
        self.take(self.boris)
        [earlier] = self.cards(self.boris).get_desk()["card"]["history"]
        said = [(each["question"], each["answer"]) for each in earlier["answers"]]
        self.assertEqual(said, [("Does {{ First name }} buy?", "Later")])

    def test_reports_count_them_by_campaign_and_answer(self):
        self.create_contacts(2)
        for choice in (self.yes, self.no):
            card = self.take()
            self.fill_in(self.get_attempt(card), choice, content=3)
            self.end(card, "sold")
        answers = self.env["ecm.answer"].with_user(self.create_user("supervisor"))
        domain = [("campaign_id", "=", self.campaign.id), ("question_id", "=", self.buys.id)]
        groups = answers._read_group(domain, ["answer"], ["__count"])
        self.assertEqual(groups, [("Never", 1), ("Yes", 1)])
        numbers = [("question_id", "=", self.content.id)]
        [[mean]] = answers._read_group(numbers, [], ["number:avg"])
        self.assertEqual(mean, 3)

    def test_in_the_language_of_whoever_looks(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.yes.with_context(lang="de_DE").value = "Ja"
        contact = self.create_contact()
        self.fill_in(self.get_attempt(self.take()), self.yes)
        self.env.invalidate_all()
        self.assertEqual(contact.with_context(lang="de_DE").answer_ids.answer, "Ja")
        # Each request asks in one language.
        self.env.invalidate_all()
        self.assertEqual(contact.with_context(lang="en_US").answer_ids.answer, "Yes")

    def test_tests_of_a_script_are_no_answers(self):
        supervisor = self.create_user("supervisor")
        sheet = self.script._create_answer(user=supervisor, test_entry=True)
        self.answer(sheet, self.yes)
        sheet._mark_done()
        self.assertFalse(self.env["ecm.answer"].search([("survey_id", "=", self.script.id)]))

    def test_a_note_for_the_record_that_the_contact_is_about(self):
        contact = self.create_contact()
        noted = []
        self.patch(
            type(contact), "_note_on_records", lambda one, body: noted.append((one, str(body)))
        )
        self.fill_in(self.get_attempt(self.take()), self.yes, content=2)
        [(one, body)] = noted
        self.assertEqual(one, contact)
        self.assertIn("Answers: Spring questions", body)
        self.assertIn("<b>Yes</b>", body)

    def test_nobody_writes_an_answer(self):
        contact = self.create_contact()
        self.fill_in(self.get_attempt(self.take()), self.yes)
        with self.assertRaises(AccessError):
            contact.answer_ids.with_user(self.create_user("administrator")).answer = "No"
