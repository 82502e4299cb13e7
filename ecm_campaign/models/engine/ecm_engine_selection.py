import time
from functools import partial

from odoo import models
from odoo.fields import Domain

from ...tools.gates import Hold, Queue
from ...tools.pacing import split

BATCH = 20_000


class EcmEngine(models.AbstractModel):
    """Which contacts a campaign calls, and in which proportions (requirement C11).

    The gate looks at each contact once: what does not match is held, what belongs to a target group
    waits in its queue. A claim draws from the queues what it needs.
    """

    _inherit = "ecm.engine"

    def _feed_target(self, target):
        changed = target._get_running_campaigns().filtered("selection_changed_at")
        for campaign in changed:
            self._look_again(campaign)
        return super()._feed_target(target)

    def _look_again(self, campaign):
        """Release what a campaign held back, so that the gate looks at it by the new selection."""
        changed_at, last = campaign.selection_changed_at, 0
        while last is not None:
            last = self._atomically(
                partial(self.env["ecm.contact"]._release_next, campaign, last, BATCH)
            )
        self._atomically(lambda: self._note_looked_again(campaign, changed_at))

    def _note_looked_again(self, campaign, changed_at):
        campaign.invalidate_recordset(["selection_changed_at"])
        if campaign.selection_changed_at == changed_at:
            campaign.selection_changed_at = False

    # -- gate -----------------------------------------------------------------------------------------

    def _gate_selection(self, campaign, candidates, _now):
        """Contacts that the selection leaves out are held; those of a target group wait for its
        turn.
        """
        verdicts = {}
        if campaign.selection_domain:
            chosen = self._find_matching(campaign, campaign.selection_domain, candidates)
            verdicts = {
                each.contact_id: Hold("selection")
                for each in candidates
                if each.contact_id not in chosen
            }
        fresh = [
            each for each in candidates if each.contact_id not in verdicts and self._is_fresh(each)
        ]
        if fresh and campaign.target_group_ids:
            verdicts |= self._queue(campaign, fresh)
        return verdicts

    def _is_fresh(self, candidate):
        """Whether it was never called: what was begun goes on as its strategy says."""
        return not (candidate.counted or candidate.uncounted or candidate.callback)

    def _queue(self, campaign, candidates):
        drawn = self.env["ecm.contact"]._filter_drawn(
            [candidate.contact_id for candidate in candidates]
        )
        left = [candidate for candidate in candidates if candidate.contact_id not in drawn]
        verdicts = {}
        for group in campaign.target_group_ids:
            matching = self._find_matching(campaign, group.domain, left)
            verdicts |= {
                contact_id: Queue("target_group", group.name, group.id) for contact_id in matching
            }
            left = [candidate for candidate in left if candidate.contact_id not in matching]
        return verdicts | {candidate.contact_id: Hold("selection") for candidate in left}

    def _find_matching(self, campaign, domain, candidates):
        """:rtype: set of contact ids"""
        if not candidates:
            return set()
        ids = Domain("id", "in", [candidate.contact_id for candidate in candidates])
        return set(
            self.env["ecm.contact"]
            .sudo()
            ._search(ids & campaign._parse_selection(domain))
            .get_result_ids()
        )

    def _apply_verdicts(self, stopped, verdicts, now):
        result = super()._apply_verdicts(stopped, verdicts, now)
        queued = [
            (contact_id, each.group_id)
            for contact_id, each in verdicts.items()
            if isinstance(each, Queue)
        ]
        if queued:
            self.env["ecm.contact"]._enqueue(queued)
        return result

    def _explain_selection(self, campaign, _before, _candidate, verdict, _at):
        if isinstance(verdict, Queue):
            return self.env._(
                "It waits in the target group %s, until it is its turn.", verdict.detail
            )
        if isinstance(verdict, Hold):
            return self.env._("The campaign's selection or target groups leave it out.")
        if verdict:
            return ""
        if campaign.selection_domain or campaign.target_group_ids:
            return self.env._("The campaign's selection takes it.")
        return self.env._("The campaign calls all its contacts.")

    # -- target groups --------------------------------------------------------------------------------

    def _claim_from(self, campaign, target, limit):
        if campaign.target_group_ids:
            self._draw(
                campaign.target_group_ids, limit - self.env["ecm.contact"]._count_drawn(campaign)
            )
        return super()._claim_from(campaign, target, limit)

    def _draw(self, groups, room):
        """Take contacts from the queues of target groups, in the groups' proportions."""
        contacts = self.env["ecm.contact"]
        groups = contacts._filter_queued(groups)
        while parts := split(room, groups._get_claimants(), int(time.time()), groups._get_rooms()):
            for group in groups.filtered(lambda group: group.id in parts):
                drawn = contacts._draw(group, parts[group.id])
                group.drawn_count += drawn
                room -= drawn
                if drawn < parts[group.id]:
                    groups -= group
