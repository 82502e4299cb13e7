from odoo import fields, models


class EcmDryRunWrapUp(models.Model):
    """How often agents are assumed to choose a wrap-up after a conversation."""

    _name = "ecm.dry.run.wrap.up"
    _description = "Assumed Wrap-up"
    _order = "percent desc, id"

    run_id = fields.Many2one("ecm.dry.run", required=True, ondelete="cascade", index=True)
    group_id = fields.Many2one(related="run_id.campaign_id.business_outcome_group_id")
    business_outcome_id = fields.Many2one(
        "ecm.business.outcome",
        "Wrap-up",
        required=True,
        ondelete="cascade",
        domain="[('group_id', '=', group_id)]",
    )
    summary = fields.Char(related="business_outcome_id.summary")
    percent = fields.Float(
        "Share (%)", required=True, digits=(6, 2), help="Of all conversations with a person."
    )

    _wrap_up_unique = models.UniqueIndex(
        "(run_id, business_outcome_id)", "Each wrap-up stands once in a dry run."
    )
    _percent_range = models.Constraint(
        "CHECK(percent BETWEEN 0 AND 100)", "A share is 0 to 100 per cent."
    )
