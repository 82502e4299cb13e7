from odoo import api, fields, models

from ..const import SCRIPT


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    survey_id = fields.Many2one(
        "survey.survey",
        "Questions",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        domain=[("survey_type", "=", SCRIPT)],
        help="Lead agents through the call: they open with the card, the screen pop and the gadget. "
        "Answers stay with the contact, and may set the wrap-up.",
    )
    script_gap = fields.Char(compute="_compute_script_gap")
    answer_count = fields.Integer("Answers", compute="_compute_answer_count")

    @api.depends("survey_id", "business_outcome_group_id")
    def _compute_script_gap(self):
        for campaign in self:
            missing = campaign._get_missing_wrap_ups()
            names = ", ".join(sorted(set(missing.mapped("name"))))
            sentence = self.env._(
                "Answers set wrap-ups that this campaign does not have: %s. They set none here.",
                names,
            )
            campaign.script_gap = sentence if missing else False

    def _get_missing_wrap_ups(self):
        """Wrap-ups of the script that mean nothing in this campaign."""
        answers = self.sudo().survey_id.question_ids.suggested_answer_ids
        return answers.ecm_wrap_up_id.filtered(lambda each: not self._get_own_wrap_up(each))

    def _get_own_wrap_up(self, outcome):
        """A wrap-up as this campaign has it: itself, or the one with the same code, so that one
        script serves campaigns with groups of wrap-ups that are copies of each other.

        :return: ``ecm.business.outcome``, empty for none
        """
        group = self.sudo().business_outcome_group_id
        if outcome.group_id == group:
            return outcome
        return group.outcome_ids.filtered(lambda own: own.code == outcome.code)[:1]

    def _compute_answer_count(self):
        domain = [("campaign_id", "in", self.ids)]
        counts = dict(self.env["ecm.answer"]._read_group(domain, ["campaign_id"], ["__count"]))
        for campaign in self:
            campaign.answer_count = counts.get(campaign, 0)
