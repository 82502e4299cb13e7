from odoo import api, fields, models


class EcmErasureLine(models.Model):
    """How many records of one kind an erasure has made anonymous."""

    _name = "ecm.erasure.line"
    _description = "Erased Records"
    _order = "erasure_id, id"
    _log_access = False

    erasure_id = fields.Many2one(
        "ecm.erasure", required=True, readonly=True, ondelete="cascade", index=True
    )
    model = fields.Char("Technical name", required=True, readonly=True)
    name = fields.Char("What", compute="_compute_name")
    count = fields.Integer("How many", readonly=True, aggregator="sum")

    @api.depends("model")
    @api.depends_context("lang")
    def _compute_name(self):
        for line in self:
            line.name = self.env["ir.model"]._get(line.model).name or line.model
