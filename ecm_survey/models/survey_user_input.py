from markupsafe import Markup, escape
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError

from odoo.addons.ecm_agent.tools.script import fill_script

# Nobody follows a sheet, and nobody is told of it.
QUIET = {"tracking_disable": True, "mail_create_nolog": True, "mail_create_nosubscribe": True}


class SurveyUserInput(models.Model):
    """A script that was filled in during a call: one for each attempt (requirement R10)."""

    _inherit = "survey.user_input"

    # Nobody reads or writes them but this module: roles for surveys have no part in calls.
    ecm_contact_id = fields.Many2one(
        "ecm.contact",
        "Contact of the call",
        ondelete="cascade",
        index="btree_not_null",
        groups=fields.NO_ACCESS,
    )
    # A card that goes back to the queue takes its attempt along; what was answered stays.
    ecm_attempt_id = fields.Many2one(
        "ecm.attempt", "Attempt", ondelete="set null", groups=fields.NO_ACCESS
    )
    ecm_agent = fields.Char(
        "Agent", help="As attempts name whoever was on the phone.", groups=fields.NO_ACCESS
    )

    _ecm_attempt_once = models.UniqueIndex("(ecm_attempt_id) WHERE ecm_attempt_id IS NOT NULL")

    # -- opened -----------------------------------------------------------------------------------

    @api.model
    def _open_sheet(self, attempt, agent):
        """The sheet of a call: the one that was begun, or a new one.

        :param attempt: ``ecm.attempt``, with all rights, of a campaign with a script
        :param str agent: as attempts name the agent; empty where nobody knows
        :return: a sheet with all rights
        """
        sheets = self.sudo().with_context(**QUIET)
        sheet = sheets.search([("ecm_attempt_id", "=", attempt.id)])
        return sheet or sheets._adopt(attempt, agent) or sheets._begin(attempt, agent)

    @api.model
    def _adopt(self, attempt, agent):
        """What an agent has filled in for a card that went back to the queue meanwhile, and that is
        the same agent's again.
        """
        contact = attempt.contact_id
        domain = [("ecm_contact_id", "=", contact.id), ("ecm_attempt_id", "=", False)]
        survey = contact.campaign_id.survey_id
        domain += [("ecm_agent", "=", agent), ("survey_id", "=", survey.id)]
        sheet = self.search(domain, limit=1) if agent else self.browse()
        if sheet:
            sheet.ecm_attempt_id = attempt
            if sheet.state == "done":
                sheet._tell_attempt()
        return sheet

    @api.model
    def _begin(self, attempt, agent):
        """:raise ConcurrencyError: another window has begun it; the request is tried again"""
        survey = attempt.contact_id.campaign_id.survey_id.with_context(**QUIET)
        language = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        try:
            with self.env.cr.savepoint():
                sheet = survey._create_answer(
                    check_attempts=False,
                    ecm_contact_id=attempt.contact_id.id,
                    ecm_attempt_id=attempt.id,
                    ecm_agent=agent,
                    lang_id=language.id,
                )
        except UniqueViolation as error:
            raise ConcurrencyError("the script of this call was begun meanwhile") from error
        sheet._mark_in_progress()
        return sheet

    def _fill_placeholders(self, html):
        """Fields of the contact in what is shown of the script.

        :param html: as it was rendered
        :return: HTML
        """
        contact = self.ecm_contact_id
        names = contact.campaign_id._get_script_names()
        return fill_script(html, names, contact._get_script_values())

    # -- completed --------------------------------------------------------------------------------

    def _mark_done(self):
        """What a completed script comes to is told to its attempt and to the CRM, once."""
        super()._mark_done()
        for sheet in self.filtered("ecm_contact_id"):
            sheet._tell_attempt()
            sheet._tell_records()

    def _tell_attempt(self):
        outcome = self._get_script_outcome()
        if outcome and self.ecm_attempt_id:
            self.ecm_attempt_id.sudo()._note_script_outcome(outcome)

    def _tell_records(self):
        if answers := self._get_readable_answers():
            self.ecm_contact_id._note_on_records(self._get_note(answers))

    def _get_script_outcome(self):
        """The wrap-up that the answers set: the last one in the order of the script.

        :return: ``ecm.business.outcome`` of the campaign, empty for none
        """
        campaign, own = self.ecm_contact_id.campaign_id, self.env["ecm.business.outcome"]
        for answer in self.user_input_line_ids.suggested_answer_id.sorted(_place):
            if answer.ecm_wrap_up_id:
                own = campaign._get_own_wrap_up(answer.ecm_wrap_up_id) or own
        return own

    def _get_readable_answers(self):
        """:return: list of ``(question, answer)``, in the order of the script"""
        lines = self.user_input_line_ids.filtered(lambda line: not line.skipped)
        return [(line.question_id.title, str(line.display_name)) for line in lines.sorted()]

    def _get_note(self, answers):
        """:rtype: Markup"""
        line = Markup("<li>%s <b>%s</b></li>")
        said = Markup().join(line % pair for pair in answers)
        title = escape(self.env._("Answers: %s", self.survey_id.title))
        return Markup("<p>%s</p><ul>%s</ul>") % (title, said)


def _place(answer):
    """Where a choice stands in its script."""
    question = answer.question_id
    return question.sequence, question.id, answer.sequence, answer.id
