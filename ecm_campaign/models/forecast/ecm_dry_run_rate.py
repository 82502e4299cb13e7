from odoo import fields, models


class EcmDryRunRate(models.Model):
    """How often an outcome is assumed."""

    _name = "ecm.dry.run.rate"
    _description = "Assumed Outcome"
    _order = "percent desc, id"

    run_id = fields.Many2one("ecm.dry.run", required=True, ondelete="cascade", index=True)
    outcome_id = fields.Many2one("ecm.outcome", required=True, ondelete="cascade")
    percent = fields.Float("Share (%)", required=True, digits=(6, 2))

    _outcome_unique = models.UniqueIndex(
        "(run_id, outcome_id)", "Each outcome stands once in a dry run."
    )
    _percent_range = models.Constraint(
        "CHECK(percent BETWEEN 0 AND 100)", "A share is 0 to 100 per cent."
    )
