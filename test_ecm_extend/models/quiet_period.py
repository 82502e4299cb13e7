from dataclasses import dataclass

from odoo import models

from odoo.addons.ecm_campaign.formatting import format_moment
from odoo.addons.ecm_campaign.tools.gates import Wait


@dataclass
class QuietRule:
    ends: dict  # of the quiet periods, by campaign id

    def judge(self, candidate, at):
        end = self.ends.get(candidate.campaign_id)
        is_quiet = end and at < end and candidate.attempt.channel == "letter"
        return Wait(end, "quiet") if is_quiet else candidate


class EcmGateQuiet(models.AbstractModel):
    _name = "ecm.gate.quiet"
    _inherit = ["ecm.gate"]
    _description = "Gate: Quiet Period"
    _sequence = 65  # behind the gate number, which names the attempt

    def _get_label(self):
        return self.env._("Quiet period")

    def _get_block_reasons(self):
        return [("quiet", self.env._("Quiet period"))]

    def _get_rule(self, campaigns, at, channel=None):
        return QuietRule({campaign.id: campaign.quiet_until for campaign in campaigns})

    def _explain(self, campaign, before, judged, rule, at):
        end = campaign.quiet_until
        return end and self.env._("No letters before %s.", format_moment(self.env, end))
