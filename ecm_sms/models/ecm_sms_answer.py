from odoo import api, fields, models

from .ecm_sms_keyword import ACTIONS

# In which language it is answered where there is no text in that of the word.
FALLBACK = "en"


class EcmSmsAnswer(models.Model):
    """What somebody is answered who writes STOP, START or HELP (requirement M3)."""

    _name = "ecm.sms.answer"
    _inherit = ["ecm.logged.mixin"]
    _description = "Answer to a Keyword"
    _order = "action, lang"
    _rec_name = "text"

    action = fields.Selection(ACTIONS, "Asks for", required=True, default="stop")
    lang = fields.Char("Language", size=3, required=True, default=FALLBACK)
    text = fields.Text(
        required=True, translate=False, help="{company} stands for the name of the company."
    )
    active = fields.Boolean(default=True)

    _one_each = models.Constraint(
        "UNIQUE(action, lang)", "There is an answer in this language already: change that one."
    )

    @api.model
    def _get_text(self, request, company):
        """The answer to a request, in its language, else in English; empty for none.

        :param request: ``tools.keywords.Request``
        """
        answers = self.sudo().search([("action", "=", request.action)])
        by_language = answers.grouped("lang")
        found = by_language.get(request.lang) or by_language.get(FALLBACK)
        if not found:
            return ""
        return found.text.replace("{company}", company.name)
