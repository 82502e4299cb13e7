from odoo import api, fields, models
from odoo.exceptions import UserError


class SurveyQuestion(models.Model):
    _inherit = "survey.question"

    ecm_wrap_up_group_id = fields.Many2one(related="survey_id.ecm_wrap_up_group_id")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_answered(self):
        """With a question go its answers, which are the customers'."""
        lines = self.env["survey.user_input.line"].sudo()
        domain = [("question_id", "in", self.ids), ("user_input_id.ecm_contact_id", "!=", False)]
        if line := lines.search(domain, limit=1):
            raise UserError(
                self.env._(
                    "Customers have answered “%s”. Make a copy of the script without it, or ask it "
                    "on no condition that comes true.",
                    line.question_id.title,
                )
            )
