from odoo import fields, models


class EcmOutcomeMapping(models.Model):
    _inherit = "ecm.outcome.mapping"

    provider = fields.Selection(
        selection_add=[("uccx", "Cisco UCCX"), ("cce", "Cisco CCE")],
        ondelete={"uccx": "cascade", "cce": "cascade"},
    )
