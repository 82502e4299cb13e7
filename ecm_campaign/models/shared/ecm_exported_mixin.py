from odoo import models


class EcmExportedMixin(models.AbstractModel):
    """Rows of a list that may be exported at full size (requirement L10)."""

    _name = "ecm.exported.mixin"
    _description = "Rows that may be Exported"

    def action_export(self):
        """Ask how the chosen rows are exported; without a choice, those of the filter."""
        return self.env["ecm.export.start"]._open(self)
