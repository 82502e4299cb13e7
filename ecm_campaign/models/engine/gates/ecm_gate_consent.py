from odoo import models

from ....tools.gates import CONSENT_WITHDRAWN, NO_CONSENT, Candidate, Close, ConsentRule


class EcmGateConsent(models.AbstractModel):
    """Who has withdrawn consent is not contacted again; where the campaign says so, nobody is
    without it (requirement N5): such a contact is held until it has a date under *Agreed on*.

    It stands before the selection, so that nobody who is held takes a place of a target group.
    """

    _name = "ecm.gate.consent"
    _inherit = ["ecm.gate"]
    _description = "Gate: Consent"
    _sequence = 25

    def _get_label(self):
        return self.env._("Consent")

    def _get_block_reasons(self):
        return [(NO_CONSENT, self.env._("No consent on file"))]

    def _get_close_reasons(self):
        return [(CONSENT_WITHDRAWN, self.env._("Consent withdrawn"))]

    def _get_rule(self, campaigns, at, channel=None):
        return ConsentRule(frozenset(campaigns.filtered("needs_consent").ids))

    def _explain(self, campaign, before, judged, rule, at):
        if isinstance(judged, Close):
            return self.env._("The customer has withdrawn consent, and is not contacted again.")
        if not isinstance(judged, Candidate):
            return self.env._(
                "The campaign contacts only who agreed, and there is no date under “Agreed on”. "
                "Enter it on the contact, or bring it in a file, to go on."
            )
        if not campaign.needs_consent:
            return self.env._("The campaign does not ask for it.")
        if before.has_consent:
            return self.env._("The customer has agreed.")
        return self.env._("The customer has asked to be called back.")
