import time
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ...sql import values_of
from ...tools.pacing import Claimant, split

# What goes by a count goes before what goes by percentages.
COUNT_FIRST = 1
# What changes whom a group takes, or how.
RULES = {"campaign_id", "sequence", "domain"}


class GroupCount(NamedTuple):
    """How many contacts of a target group."""

    group_id: int
    count: int


class EcmTargetGroup(models.Model):
    """Contacts of a campaign that get their own part of what is called (requirement C11; Webex's
    CSS).

    A contact that was never called waits in the queue of the first group that it matches, and is
    drawn from there.
    """

    _name = "ecm.target.group"
    _inherit = ["ecm.logged.mixin", "ecm.engine.fields.mixin"]
    _description = "Target Group"
    _order = "sequence, id"
    _logged_at = "campaign_id"

    campaign_id = fields.Many2one("ecm.campaign", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    domain = fields.Char(
        "Contacts",
        default="[]",
        required=True,
        help="A contact belongs to the first group that it matches.",
    )
    unit = fields.Selection(
        [("percentage", "% of what is sent"), ("count", "Contacts, then no more")],
        "Of what",
        required=True,
        default="percentage",
        help="Counts go first, in their order, until each is reached. Percentages divide what is "
        "left; what a group does not use goes to the others.",
    )
    amount = fields.Integer("How many", default=100, required=True)
    drawn_count = fields.Integer(
        "Sent so far", readonly=True, copy=False, help="Contacts of its queue that were sent."
    )
    match_count = fields.Integer(
        "Match now", compute="_compute_match_count", help="Pending contacts that match."
    )

    _amount_positive = models.Constraint(
        "CHECK(amount >= 0 AND (unit = 'count' OR amount <= 100))",
        "A percentage is 0 to 100, a count 0 or more.",
    )

    @api.depends("domain", "campaign_id")
    def _compute_match_count(self):
        for group in self:
            group.match_count = group.campaign_id._count_matching(group.domain)

    @api.constrains("domain")
    def _check_domain(self):
        for group in self:
            group.campaign_id._parse_selection(group.domain)

    @api.model_create_multi
    def create(self, vals_list):
        groups = super().create(vals_list)
        groups.campaign_id._on_selection_changed()
        return groups

    def write(self, vals):
        campaigns = self.campaign_id
        result = super().write(vals)
        if RULES & set(vals):
            (campaigns | self.campaign_id)._on_selection_changed()
        return result

    def unlink(self):
        campaigns = self.campaign_id
        result = super().unlink()
        campaigns.exists()._on_selection_changed()
        return result

    def _get_claimants(self):
        """What `tools.pacing.split` takes; a group that goes by a count is its own pool.

        :return: list of ``tools.pacing.Claimant``
        """
        claimants = []
        for place, group in enumerate(self):
            if group.unit == "count":
                # The first of them has the highest priority.
                priority = COUNT_FIRST + len(self) - place
                claimants.append(Claimant(group.id, 1, priority, group.id))
            else:
                claimants.append(Claimant(group.id, group.amount))
        return claimants

    def _get_rooms(self):
        """:return: ``{group id: how many more}`` of the groups that go by a count"""
        counted = self.filtered(lambda group: group.unit == "count")
        if not counted:
            return {}
        # Whose turn it was and who still waits has a place of the group; whom a gate closed has not.
        waiting, rooms = self.env["ecm.contact"]._count_turns(counted), {}
        for group in counted:
            taken = group.drawn_count + waiting.get(group.id, 0)
            rooms[group.id] = max(0, group.amount - taken)
        return rooms

    @api.model
    def _note_sent(self, counts):
        """Count contacts that were sent, or that came back without having been sent.

        :param counts: list of `GroupCount`; below 0 for those that came back
        """
        if not counts:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_target_group g
                      SET drawn_count = GREATEST(0, COALESCE(g.drawn_count, 0) + v.count)
                     FROM %s WHERE g.id = v.group_id""",
                values_of(counts, GroupCount),
            )
        )
        self.invalidate_model(["drawn_count"])

    def _draw_up_to(self, room):
        """Take contacts from the queues of these groups, in their proportions, which it is the turn
        of then.

        :param int room: how many at most
        """
        contacts = self.env["ecm.contact"]
        groups = contacts._filter_queued(self)
        while parts := groups._split(room):
            for group in groups.filtered(lambda group: group.id in parts):
                wanted = parts[group.id]
                drawn = contacts._draw(group, wanted)
                room -= drawn
                # What an empty queue does not use goes to the others in the next round.
                if drawn < wanted:
                    groups -= group

    def _split(self, room):
        """:return: ``{group id: its part of the room}``, empty at the end"""
        return split(room, self._get_claimants(), int(time.time()), self._get_rooms())
