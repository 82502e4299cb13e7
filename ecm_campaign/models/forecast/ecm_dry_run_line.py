from odoo import api, fields, models


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

    @api.model
    def _create_from(self, run, forecast, factor):
        """Store the calls of a forecast.

        :param forecast: ``tools.dry_run.Forecast``
        :param factor: how many contacts each contact of the sample stands for
        """
        outcomes = {outcome.code: outcome.id for outcome in self.env["ecm.outcome"].search([])}
        vals_list = []
        # By hour, as the graph shows them.
        for (hour, code), count in sorted(forecast.attempts.items()):
            vals_list.append(
                {
                    "run_id": run.id,
                    "at": hour,
                    "outcome_id": outcomes[code],
                    "count": round(count * factor),
                }
            )
        self.create(vals_list)
