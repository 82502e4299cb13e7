from odoo import api, fields, models
from odoo.exceptions import UserError


class SurveyQuestionAnswer(models.Model):
    _inherit = "survey.question.answer"

    ecm_wrap_up_id = fields.Many2one(
        "ecm.business.outcome",
        "Sets wrap-up",
        ondelete="set null",
        index="btree_not_null",
        help="What the call comes to where this is answered. Of several, the last in the order of the "
        "script counts. Whoever calls by hand may change it.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_given(self):
        """A choice that is gone would leave empty answers."""
        lines = self.env["survey.user_input.line"].sudo()
        given = [
            ("suggested_answer_id", "in", self.ids),
            ("user_input_id.ecm_contact_id", "!=", False),
        ]
        if line := lines.search(given, limit=1):
            raise UserError(
                self.env._(
                    "Customers have answered “%s”. Rename it, or make a copy of the script.",
                    line.suggested_answer_id.value_label,
                )
            )
