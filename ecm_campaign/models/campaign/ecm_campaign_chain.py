from odoo import api, fields, models
from odoo.exceptions import ValidationError


class EcmCampaignChain(models.Model):
    """By an outcome, customers go on to another campaign (requirement C9)."""

    _name = "ecm.campaign.chain"
    _description = "Chaining of a Campaign"
    _order = "sequence, id"
    _check_company_auto = True

    campaign_id = fields.Many2one("ecm.campaign", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="campaign_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    outcome_id = fields.Many2one("ecm.outcome", required=True, ondelete="cascade")
    mode = fields.Selection(
        [("move", "Move, when it closes"), ("copy", "Copy, each time")],
        string="How",
        required=True,
        default="move",
        help="Move: when the contact closes with this outcome. Copy: whenever this is the outcome "
        "of a call, and the contact goes on here too. A customer who is open in the other "
        "campaign, or who went through it on the way here, does not come in again.",
    )
    target_id = fields.Many2one(
        "ecm.campaign",
        string="To",
        required=True,
        ondelete="cascade",
        index=True,
        check_company=True,
    )
    contact_count = fields.Integer(
        "Sent on", compute="_compute_contact_count", help="Contacts that went this way."
    )

    _line_unique = models.UniqueIndex(
        "(campaign_id, outcome_id, target_id)",
        "An outcome leads to another campaign once: choose move or copy.",
    )

    @api.constrains("campaign_id", "target_id")
    def _check_target(self):
        if any(line.target_id == line.campaign_id for line in self):
            raise ValidationError(
                self.env._(
                    "A campaign cannot chain to itself: the strategy decides what follows here."
                )
            )

    def _compute_contact_count(self):
        counts = self.env["ecm.contact"]._count_chained(self)
        for line in self:
            line.contact_count = counts.get(line.id, 0)
