from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..const import SCRIPT
from odoo.addons.ecm_campaign.actions import open_window
from odoo.addons.ecm_campaign.const import SUPERVISOR


class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    survey_type = fields.Selection(
        selection_add=[(SCRIPT, "Call script")], ondelete={SCRIPT: "set default"}
    )
    company_id = fields.Many2one(
        "res.company",
        help="Whose campaigns may have this script. Empty: all companies'.",
    )
    ecm_wrap_up_group_id = fields.Many2one(
        "ecm.business.outcome.group",
        "Wrap-ups",
        ondelete="set null",
        index="btree_not_null",
        check_company=True,
        help="Answers may set one of these. A campaign with another group takes the one with the "
        "same code.",
    )
    ecm_campaign_count = fields.Integer("Campaigns of it", compute="_compute_ecm_campaign_count")
    ecm_answer_count = fields.Integer("Answers to it", compute="_compute_ecm_answer_count")

    def _compute_ecm_campaign_count(self):
        domain = [("survey_id", "in", self.ids)]
        counts = dict(self.env["ecm.campaign"]._read_group(domain, ["survey_id"], ["__count"]))
        for survey in self:
            survey.ecm_campaign_count = counts.get(survey, 0)

    def _compute_ecm_answer_count(self):
        domain = [("survey_id", "in", self.ids)]
        counts = dict(self.env["ecm.answer"]._read_group(domain, ["survey_id"], ["__count"]))
        for survey in self:
            survey.ecm_answer_count = counts.get(survey, 0)

    @api.depends_context("uid")
    def _compute_allowed_survey_types(self):
        super()._compute_allowed_survey_types()
        if self.env.user.has_group(SUPERVISOR):
            for survey in self:
                survey.allowed_survey_types = [*(survey.allowed_survey_types or ()), SCRIPT]

    # -- guards -----------------------------------------------------------------------------------

    @api.constrains("survey_type")
    def _check_script_in_use(self):
        """A script that became another survey would show its answers to whoever sees surveys."""
        others = self.filtered(lambda survey: survey.survey_type != SCRIPT)
        if used := others._find_used():
            raise ValidationError(
                self.env._("%s is the script of a campaign, or was: it stays one.", used[0].title)
            )

    def write(self, vals):
        if vals.get("active") is False:
            campaigns = self.env["ecm.campaign"].sudo()
            domain = [("survey_id", "in", self.ids), ("is_running", "=", True)]
            if running := campaigns.search(domain):
                raise UserError(
                    self.env._(
                        "Running campaigns have this script (%s). Choose another there, or stop "
                        "them first.",
                        ", ".join(running.mapped("name")),
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if used := self._find_used():
            raise UserError(
                self.env._(
                    "%s is the script of a campaign, or customers have answered to it. Archive it "
                    "instead.",
                    used[0].title,
                )
            )

    def _find_used(self):
        """Those that a campaign has, a template or an archived one too, or that have answers."""
        env = self.sudo().with_context(active_test=False).env
        own = [("survey_id", "in", self.ids)]
        used = env["ecm.campaign"].search(own).survey_id
        answered = [*own, ("ecm_contact_id", "!=", False)]
        for (survey,) in env["survey.user_input"]._read_group(answered, ["survey_id"]):
            used |= survey
        return used

    def _create_answer(self, *args, **kwargs):
        """A script begins with a call, and by no link or invitation."""
        is_script = SCRIPT in self.mapped("survey_type")
        if is_script and not (kwargs.get("test_entry") or kwargs.get("ecm_contact_id")):
            raise UserError(self.env._("A script is filled in during a call."))
        return super()._create_answer(*args, **kwargs)

    # -- screens ----------------------------------------------------------------------------------

    def get_formview_id(self, access_uid=None):
        """Scripts open in the form of the suite."""
        if self.survey_type == SCRIPT:
            return self.env.ref("ecm_survey.survey_survey_view_form").id
        return super().get_formview_id(access_uid=access_uid)

    def action_view_ecm_answers(self):
        """What customers have answered to this script."""
        self.ensure_one()
        domain = [("survey_id", "=", self.id)]
        return open_window(self.env, "ecm_survey.ecm_answer_action", domain=domain)

    def action_view_ecm_campaigns(self):
        """The campaigns that have this script."""
        self.ensure_one()
        domain = [("survey_id", "=", self.id)]
        return open_window(self.env, "ecm_campaign.ecm_campaign_action", domain=domain)
