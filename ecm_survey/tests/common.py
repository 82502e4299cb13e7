from odoo import fields

from odoo.addons.ecm_agent.tests.common import AgentCase


class ScriptCase(AgentCase):
    """A campaign by hand whose script asks whether the customer buys, and how content they are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.script = cls.create_script("Spring questions")
        cls.buys, cls.content = cls.script.question_ids
        cls.yes, cls.later, cls.no, cls.maybe = cls.buys.suggested_answer_ids
        cls.campaign.survey_id = cls.script

    @classmethod
    def create_script(cls, title, **values):
        return cls.env["survey.survey"].create(
            {
                "title": title,
                "survey_type": "ecm_script",
                "access_mode": "token",
                "users_can_go_back": True,
                "lang_ids": False,
                "ecm_wrap_up_group_id": cls.wrap_ups.id,
                "question_and_page_ids": cls._get_questions(),
                **values,
            }
        )

    @classmethod
    def _get_questions(cls):
        create, sold, later, never = fields.Command.create, *cls.wrap_ups.outcome_ids
        choices = [
            create({"value": "Yes", "sequence": 1, "ecm_wrap_up_id": sold.id}),
            create({"value": "Later", "sequence": 2, "ecm_wrap_up_id": later.id}),
            create({"value": "Never", "sequence": 3, "ecm_wrap_up_id": never.id}),
            create({"value": "Maybe", "sequence": 4}),
        ]
        buys = {
            "title": "Does {{ First name }} buy?",
            "description": "<p>Key {{ account_number }}</p>",
            "question_type": "simple_choice",
            "constr_mandatory": True,
            "suggested_answer_ids": choices,
            "sequence": 1,
        }
        content = {"title": "How content?", "question_type": "scale", "sequence": 2}
        return [create(buys), create(content)]

    def open(self, attempt, agent="anna"):
        """The sheet of a call, as its agent opens it."""
        return self.env["survey.user_input"]._open_sheet(attempt.sudo(), agent)

    def answer(self, sheet, choice=None, content=None):
        """Answer without completing it."""
        if choice:
            sheet._save_lines(self.buys, str(choice.id))
        if content:
            sheet._save_lines(self.content, str(content))

    def fill_in(self, attempt, choice, content=None, agent="anna"):
        """A script from its beginning to its end.

        :return: the sheet
        """
        sheet = self.open(attempt, agent)
        self.answer(sheet, choice, content)
        sheet._mark_done()
        self.env.flush_all()
        self.env.invalidate_all()
        return sheet

    def get_attempt(self, card):
        return card.sudo().attempt_id
