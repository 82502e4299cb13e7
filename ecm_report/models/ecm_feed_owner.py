from odoo import models


class EcmFeedOwner(models.AbstractModel):
    _inherit = "ecm.feed.owner"

    def _take_turn(self):
        """Dashboards learn of what a turn has sent and read as soon as it is over."""
        result = super()._take_turn()
        self.env["ecm.dashboard"]._tell_of_changes()
        return result
