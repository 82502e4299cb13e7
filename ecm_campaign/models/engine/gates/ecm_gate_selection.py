from dataclasses import replace

from odoo import models
from odoo.fields import Domain

from ....tools.gates import Candidate, Hold, Queue, SelectionRule


class EcmGateSelection(models.AbstractModel):
    """Which contacts a campaign calls, and in which proportions (requirement C11).

    The gate looks at each contact once: what does not match is held, what belongs to a target group
    waits in its queue, from which a claim draws what it needs.
    """

    _name = "ecm.gate.selection"
    _inherit = ["ecm.gate"]
    _description = "Gate: Selection"
    _sequence = 30

    def _get_label(self):
        return self.env._("Selection")

    def _get_block_reasons(self):
        return [
            ("selection", self.env._("Left out by the selection")),
            ("target_group", self.env._("Waits for its target group's turn")),
        ]

    def _get_rule(self, campaigns, at, channel=None):
        with_groups = campaigns.filtered("target_group_ids")
        return SelectionRule({}, {}, frozenset(with_groups.ids))

    def _read_candidates(self, rule, candidates, at):
        """Which of them match, by the campaign that they are in."""
        ids = {}
        for candidate in candidates:
            ids.setdefault(candidate.campaign_id, []).append(candidate.contact_id)
        chosen, queues = {}, {}
        for campaign in self.env["ecm.campaign"].browse(ids):
            contact_ids = ids[campaign.id]
            domain = campaign.selection_domain
            if domain:
                contact_ids = self._find_matching(campaign, domain, contact_ids)
                chosen[campaign.id] = frozenset(contact_ids)
            # Only what the selection takes waits in a group's queue.
            if campaign.target_group_ids:
                queues |= self._get_queues(campaign, contact_ids)
        return replace(rule, chosen=chosen, queues=queues)

    def _get_queues(self, campaign, contact_ids):
        """The first target group that each contact belongs to.

        :return: ``{contact id: tools.gates.Queue}``
        """
        left, queues = set(contact_ids), {}
        for group in campaign.target_group_ids:
            matching = self._find_matching(campaign, group.domain, left)
            # The first group that a contact matches has it.
            queue = Queue("target_group", group.name, group_id=group.id)
            queues |= dict.fromkeys(matching, queue)
            left -= matching
        return queues

    def _find_matching(self, campaign, domain, contact_ids):
        """:rtype: set of contact ids"""
        if not contact_ids:
            return set()
        wanted = Domain("id", "in", list(contact_ids)) & campaign._parse_selection(domain)
        return set(self.env["ecm.contact"].sudo()._search(wanted).get_result_ids())

    def _explain(self, campaign, before, judged, rule, at):
        if isinstance(judged, Queue):
            return self.env._(
                "It waits in the target group %s, until it is its turn.", judged.detail
            )
        # A queue is a hold too, which is why it was asked first.
        if isinstance(judged, Hold):
            return self.env._("The campaign's selection or target groups leave it out.")
        if not isinstance(judged, Candidate):
            return ""
        if campaign.selection_domain or campaign.target_group_ids:
            return self.env._("The campaign's selection takes it.")
        return self.env._("The campaign calls all its contacts.")
