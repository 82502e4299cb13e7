from odoo import models


class EcmEngine(models.AbstractModel):
    _inherit = "ecm.engine"

    def _after_results(self, attempt_ids):
        """Other systems are told of results that are stored, and of no others (requirement R4)."""
        super()._after_results(attempt_ids)
        self.env["ecm.api.event"]._note(attempt_ids)
