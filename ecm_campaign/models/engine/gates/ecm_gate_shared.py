from dataclasses import replace

from odoo import models

from ....tools.gates import Candidate, Wait
from ....tools.shared_list import SHARED, SharedRule


class EcmGateShared(models.AbstractModel):
    """A person of a shared list is with one of its campaigns at a time (requirements C7, L7).

    It stands behind all others: who passes it is called, which counts for the contacts that the
    list's other campaigns have of the same person.
    """

    _name = "ecm.gate.shared"
    _inherit = ["ecm.gate"]
    _description = "Gate: Shared List"
    _sequence = 90

    def _get_label(self):
        return self.env._("Shared list")

    def _get_block_reasons(self):
        return [(SHARED, self.env._("With another campaign of the shared list"))]

    def _get_close_reasons(self):
        return [(SHARED, self.env._("Called by another campaign of the shared list"))]

    def _get_rule(self, campaigns, at, channel=None):
        return SharedRule({}, {}, is_claiming=channel is not None)

    def _read_candidates(self, rule, candidates, at):
        list_ids = {candidate.list_id for candidate in candidates if candidate.list_id}
        lists = self.env["ecm.global.list"]._get_sharing(list_ids)
        # Most contacts are of lists that no other campaign has.
        sharing = [candidate for candidate in candidates if candidate.list_id in lists]
        elsewhere = self.env["ecm.contact"]._find_elsewhere(sharing) if sharing else {}
        return replace(rule, lists=lists, elsewhere=elsewhere)

    def _explain(self, campaign, before, judged, rule, at):
        if before.list_id not in rule.lists:
            return self.env._("Its list is not shared, or each campaign calls everybody on it.")
        if isinstance(judged, Candidate):
            return self.env._("No other campaign of the shared list is calling this person.")
        if isinstance(judged, Wait):
            return self.env._(
                "%s is calling this person. It is this campaign's turn when that one is through "
                "and has not reached them.",
                judged.detail,
            )
        names = ", ".join(other.campaign for other in rule.elsewhere[before.contact_id])
        return self.env._(
            "%s has called this person, whom the other campaigns leave alone: the shared list "
            "says so.",
            names,
        )
