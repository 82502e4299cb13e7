from odoo import models

from ..tools import bi


class EcmReportBi(models.AbstractModel):
    """SQL views for reporting tools (requirement R5); see ``tools.bi`` and docs/bi.md."""

    _name = "ecm.report.bi"
    _description = "Views for Reporting Tools"

    def init(self):
        """Make the views of tables that are there by now."""
        for statement in bi.get_statements():
            self.env.cr.execute(statement)
