from odoo import api, models


class EcmResultsCount(models.Model):
    _inherit = "ecm.results.count"

    @api.model
    def _add_up(self):
        """The counters of the dashboard grow with these, and are added up with them."""
        result = super()._add_up()
        self.env["ecm.report.count"]._add_up()
        return result

    @api.model
    def _count_anew(self):
        result = super()._count_anew()
        self.env["ecm.report.count"]._count_anew()
        return result
