from odoo import models

from ....tools.gates import Candidate, NumberRule


class EcmGateNumber(models.AbstractModel):
    """The attempt that is due and its number; what has none left closes (requirements S1, S4).

    The gates before it look at the contact, those after it at the attempt that it names.
    """

    _name = "ecm.gate.number"
    _inherit = ["ecm.gate"]
    _description = "Gate: Number"
    _sequence = 50

    def _get_label(self):
        return self.env._("Number")

    def _get_block_reasons(self):
        return [("cycle", self.env._("Next cycle"))]

    def _get_close_reasons(self):
        return [
            ("no_number", self.env._("No number to call")),
            ("limit", self.env._("Limit of attempts reached")),
        ]

    def _get_rule(self, campaigns, at, channel=None):
        return NumberRule(campaigns._get_campaign_plans(), channel)

    def _read_candidates(self, rule, candidates, at):
        self.env["ecm.gate.limits"]._read_tries(rule.campaigns, candidates, at)
        return rule

    def _explain(self, campaign, before, judged, rule, at):
        if not isinstance(judged, Candidate):
            return ""
        attempt = judged.attempt
        planned = campaign._get_plan(before.callback).attempts
        named = self.env._(
            "Step %(position)s of %(count)s, on phone %(phone)s: %(number)s.",
            position=attempt.position,
            count=len(planned),
            phone=attempt.phone_index,
            number=attempt.number,
        )
        sentences = [named]

        # Where the plan says otherwise, people want to know why.
        wanted = planned[attempt.position - 1].phone_index
        if wanted != attempt.phone_index:
            sentences.append(
                self.env._("Phone %s cannot be called, so this one is taken instead.", wanted)
            )
        if attempt.position > before.position:
            sentences.append(
                self.env._("Step %s has no number and is passed over.", before.position)
            )
        return " ".join(sentences)
