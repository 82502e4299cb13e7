from odoo import api, fields, models


class EcmBusinessOutcomeGroup(models.Model):
    """The wrap-up codes that agents of a campaign may choose (requirement S6)."""

    _name = "ecm.business.outcome.group"
    _description = "Business Outcome Group"
    _inherit = ["mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company, help="Empty: all companies.")
    description = fields.Text(translate=True)
    outcome_ids = fields.One2many("ecm.business.outcome", "group_id", string="Business outcomes", copy=True)
    outcome_count = fields.Integer(compute="_compute_outcome_count")
    campaign_ids = fields.One2many("ecm.campaign", "business_outcome_group_id", string="Campaigns")

    @api.depends("outcome_ids")
    def _compute_outcome_count(self):
        for group in self:
            group.outcome_count = len(group.outcome_ids)

    def _get_wrap_ups(self):
        """What the dialer's wrap-up texts mean.

        :return: ``{text in small letters: (id, tools.strategy.WrapUp)}``; empty for an empty set
        """
        return {
            text: (outcome.id, outcome._get_wrap_up()) for outcome in self.outcome_ids for text in outcome._get_texts()
        }
