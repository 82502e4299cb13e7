from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.parameters import map_parameters


class EcmCampaignChain(models.Model):
    """By what came of a contact, customers go on to another campaign (requirement C9)."""

    _name = "ecm.campaign.chain"
    _inherit = ["ecm.logged.mixin"]
    _description = "Chaining of a Campaign"
    _order = "sequence, id"
    _check_company_auto = True
    _logged_at = "campaign_id"
    _logged_names = ("target_id",)

    campaign_id = fields.Many2one("ecm.campaign", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="campaign_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    event = fields.Selection(
        [
            ("outcome", "Outcome"),
            ("wrap_up", "Wrap-up"),
            ("expired", "Expired: not called in time"),
            ("dangling", "Dangling: no result came"),
        ],
        "By",
        required=True,
        default="outcome",
    )
    outcome_id = fields.Many2one("ecm.outcome", ondelete="cascade")
    wrap_up_group_id = fields.Many2one(related="campaign_id.business_outcome_group_id")
    business_outcome_id = fields.Many2one(
        "ecm.business.outcome",
        "Wrap-up",
        ondelete="cascade",
        domain="[('group_id', '=', wrap_up_group_id)]",
    )
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
        "(campaign_id, event, COALESCE(outcome_id, business_outcome_id, 0), target_id)",
        "It leads to another campaign once: choose move or copy.",
    )
    _event_complete = models.Constraint(
        """CHECK((event = 'outcome') = (outcome_id IS NOT NULL)
             AND (event = 'wrap_up') = (business_outcome_id IS NOT NULL))""",
        "Name the outcome or the wrap-up that leads to the other campaign.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([_without_unused(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(_without_unused(vals))

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

    def _get_parameter_maps(self):
        """Where each line's business parameters go, by their labels.

        :return: list of ``(line id, name here, name there)``
        """
        names = self.env["ecm.campaign"]._default_parameters_definition()
        unnamed, found = _get_labels(names), []
        for line in self:
            source = _get_labels(line.campaign_id.parameters_definition)
            target = _get_labels(line.target_id.parameters_definition)
            mapped = map_parameters(source, target, unnamed)
            found += [(line.id, *names) for names in mapped.items()]
        return found


def _get_labels(definition):
    """Labels of business parameters by name."""
    return {item["name"]: item.get("string") or "" for item in definition or ()}


def _without_unused(vals):
    """What stands in a form from before its event was chosen does not count."""
    if "event" not in vals:
        return vals
    vals = dict(vals)
    if vals["event"] != "outcome":
        vals["outcome_id"] = False
    if vals["event"] != "wrap_up":
        vals["business_outcome_id"] = False
    return vals
