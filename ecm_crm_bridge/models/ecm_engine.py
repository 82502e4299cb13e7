from odoo import models


class EcmEngine(models.AbstractModel):
    _inherit = "ecm.engine"

    def _after_results(self, attempt_ids):
        """What is to be written back is noted in the transaction of the results: there are both or
        none (requirement R2).
        """
        super()._after_results(attempt_ids)
        self.env["ecm.writeback.task"]._queue(attempt_ids)
