from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.ecm_campaign.actions import open_form


class EcmAnswer(models.Model):
    """What a customer has answered to one question of a script (requirement R10), for the contact's
    form and for reports.

    A view over Odoo's own answers: these hold the tokens by which a survey is filled in, so that
    nobody of the suite reads them themselves.
    """

    _name = "ecm.answer"
    _description = "Answer to a Script"
    _auto = False
    _order = "answered_at desc, user_input_id desc, sequence, id"
    _rec_name = "answer"
    _depends = {
        "survey.user_input": [
            "survey_id",
            "ecm_contact_id",
            "ecm_attempt_id",
            "ecm_agent",
            "state",
        ],
        "survey.user_input.line": [
            "user_input_id",
            "question_id",
            "suggested_answer_id",
            "skipped",
        ],
        "survey.question": ["title", "sequence"],
        "survey.question.answer": ["value"],
        "ecm.contact": ["campaign_id", "company_id", "list_id"],
        "ecm.attempt": ["business_outcome_id"],
    }

    contact_id = fields.Many2one("ecm.contact", readonly=True)
    campaign_id = fields.Many2one("ecm.campaign", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    list_id = fields.Many2one("ecm.contact.list", "Contact list", readonly=True)
    attempt_id = fields.Many2one("ecm.attempt", readonly=True)
    survey_id = fields.Many2one("survey.survey", "Script", readonly=True)
    user_input_id = fields.Many2one("survey.user_input", "Filled in", readonly=True)
    question_id = fields.Many2one("survey.question", readonly=True)
    sequence = fields.Integer("Place", readonly=True, aggregator=None)
    suggested_answer_id = fields.Many2one("survey.question.answer", "Choice", readonly=True)
    answer = fields.Char(readonly=True)
    number = fields.Float(
        "Answer as number",
        readonly=True,
        aggregator="avg",
        help="Of questions that ask for a number or a place on a scale.",
    )
    answered_at = fields.Datetime("Answered on", readonly=True)
    agent = fields.Char(readonly=True)
    is_done = fields.Boolean("Script completed", readonly=True)
    business_outcome_id = fields.Many2one(
        "ecm.business.outcome", "Wrap-up", readonly=True, help="Of the call."
    )

    @property
    def _table_query(self):
        choices = self.env["survey.question.answer"]
        return SQL(
            """SELECT l.id, i.ecm_contact_id AS contact_id, c.campaign_id, c.company_id, c.list_id,
                      i.ecm_attempt_id AS attempt_id, i.survey_id, l.user_input_id, l.question_id,
                      q.sequence, l.suggested_answer_id,
                      CASE l.answer_type
                          WHEN 'suggestion' THEN concat_ws(': ', %(row)s, %(choice)s)
                          WHEN 'text_box' THEN l.value_text_box
                          WHEN 'char_box' THEN l.value_char_box
                          WHEN 'numerical_box'
                          THEN trim_scale(l.value_numerical_box::numeric)::text
                          WHEN 'scale' THEN l.value_scale::text
                          WHEN 'date' THEN l.value_date::text
                          WHEN 'datetime' THEN to_char(l.value_datetime, 'YYYY-MM-DD HH24:MI')
                      END AS answer,
                      CASE l.answer_type WHEN 'numerical_box' THEN l.value_numerical_box
                                         WHEN 'scale' THEN l.value_scale END AS number,
                      COALESCE(i.end_datetime, l.write_date) AS answered_at, i.ecm_agent AS agent,
                      i.state = 'done' AS is_done, a.business_outcome_id
                 FROM survey_user_input_line l
                 JOIN survey_user_input i ON i.id = l.user_input_id
                 JOIN ecm_contact c ON c.id = i.ecm_contact_id
                 JOIN survey_question q ON q.id = l.question_id
            LEFT JOIN survey_question_answer s ON s.id = l.suggested_answer_id
            LEFT JOIN survey_question_answer r ON r.id = l.matrix_row_id
            LEFT JOIN ecm_attempt a ON a.id = i.ecm_attempt_id
                WHERE l.skipped IS NOT TRUE""",
            row=choices._field_to_sql("r", "value"),
            choice=choices._field_to_sql("s", "value"),
        )

    def action_open_contact(self):
        """Whose answer it is."""
        self.ensure_one()
        return open_form(self.contact_id)
