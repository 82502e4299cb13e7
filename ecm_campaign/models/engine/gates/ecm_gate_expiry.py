from datetime import timedelta

from odoo import models

from ....formatting import say_moment
from ....tools.gates import ExpiryRule


class EcmGateExpiry(models.AbstractModel):
    """Contacts that are older than the campaign's time to live close (requirement C5).

    A sweep closes them too; what it has not come to yet is kept from being called.
    """

    _name = "ecm.gate.expiry"
    _inherit = ["ecm.gate"]
    _description = "Gate: Time to Live"
    _sequence = 20

    def _get_label(self):
        return self.env._("Time to live")

    def _get_close_reasons(self):
        return [("ttl", self.env._("Time to live is over"))]

    def _get_rule(self, campaigns, at, channel=None):
        return ExpiryRule({campaign.id: campaign.ttl_days for campaign in campaigns})

    def _explain(self, campaign, before, judged, rule, at):
        if not (campaign.ttl_days and before.added_at):
            return self.env._("It may be called for as long as the campaign lasts.")
        end = before.added_at + timedelta(days=campaign.ttl_days)
        return self.env._(
            "It may be called until %(end)s, %(days)s days after it came, or could first be called.",
            end=say_moment(self.env, end),
            days=campaign.ttl_days,
        )
