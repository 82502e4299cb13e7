from odoo import fields, models


class EcmDryRunLine(models.Model):
    """Calls of one hour that would end in one outcome."""

    _name = "ecm.dry.run.line"
    _description = "Forecast of Calls"
    _order = "at, id"
    _log_access = False

    run_id = fields.Many2one(
        "ecm.dry.run", required=True, ondelete="cascade", index=True, readonly=True
    )
    at = fields.Datetime("Hour", required=True, readonly=True)
    outcome_id = fields.Many2one("ecm.outcome", required=True, ondelete="cascade", readonly=True)
    count = fields.Integer("Calls", readonly=True, aggregator="sum")
