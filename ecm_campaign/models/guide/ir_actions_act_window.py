from odoo import models


class IrActionsActWindow(models.Model):
    _inherit = "ir.actions.act_window"

    def read(self, fields=None, load="_classic_read"):
        """Where a list of ours is empty stands the way to the guide, too."""
        result = super().read(fields, load=load)
        if fields and "help" not in fields:
            return result
        guide, paths = self.env["ecm.guide"], dict(zip(self.ids, self.mapped("path"), strict=True))
        for values in result:
            if path := paths.get(values["id"]):
                values["help"] = guide._add_link(values.get("help"), path)
        return result
