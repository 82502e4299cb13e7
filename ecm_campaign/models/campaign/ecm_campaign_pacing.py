from odoo import fields, models

from ...tools.pacing import Claimant


class EcmCampaignPacingMixin(models.AbstractModel):
    """How much of what the dialer can take is a campaign's (requirements C6, C7)."""

    _name = "ecm.campaign.pacing.mixin"
    _description = "Pacing of a Campaign"
    _inherit = ["mail.thread"]

    group_id = fields.Many2one(
        "ecm.campaign.group",
        "Campaign group",
        ondelete="set null",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        help="Paces its campaigns together and names the time zones that they call. Without a "
        "group a campaign is sent as much as the dialer has room for. To have several campaigns "
        "work on the same customers, share a contact list, or chain the campaigns.",
    )
    deliverable_percentage = fields.Integer(
        "Share of the group (%)",
        default=100,
        required=True,
        tracking=True,
        help="Its part of what its campaign group sends, relative to the group's other campaigns: "
        "50 and 50 is the same as 100 and 100. Among the campaigns of one Cisco campaign, a group "
        "takes part like one campaign at 100. What a campaign does not use goes to the others. 0: "
        "only what the others leave.",
    )
    feed_priority = fields.Selection(
        [("0", "Normal"), ("1", "High"), ("2", "Highest")],
        "Priority among campaigns",
        default="0",
        required=True,
        tracking=True,
        help="Contacts of a campaign with a higher priority are sent first, and those of others "
        "only when it has none that are due.",
    )

    _percentage_range = models.Constraint(
        "CHECK(deliverable_percentage BETWEEN 0 AND 100)", "Share of the group: 0 to 100 %."
    )

    def _get_acting_group(self):
        """The groups that pace these campaigns and name their time zones: an archived one does so
        no longer.
        """
        return self.group_id.sudo().filtered("active")

    def _get_switched_off_group(self):
        """The group that keeps the campaign from being sent, if it is switched off."""
        return self._get_acting_group().filtered(lambda group: not group.is_on)

    def _get_claimants(self):
        """:return: list of ``tools.pacing.Claimant``"""
        claimants = []
        for campaign in self:
            priority = int(campaign.feed_priority)
            # The room of a group is one pool, which its campaigns share.
            pool = campaign._get_acting_group().id or None
            claimant = Claimant(campaign.id, campaign.deliverable_percentage, priority, pool)
            claimants.append(claimant)
        return claimants
