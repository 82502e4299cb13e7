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
        help="Paces its campaigns together and names the time zones that they call. Without a group a campaign is sent "
        "as much as the dialer has room for. Lists belong to one campaign each: to have several campaigns work on the "
        "same customers, upload the file to each of them, or chain the campaigns.",
    )
    deliverable_percentage = fields.Integer(
        "Deliverable percentage (%)",
        default=100,
        required=True,
        tracking=True,
        help="Its part of what is sent, relative to the other campaigns of the same dialer campaign: 50 and 50 is the "
        "same as 100 and 100. What a campaign does not use goes to the others. 0: only what the others leave.",
    )
    feed_priority = fields.Selection(
        [("0", "Normal"), ("1", "High"), ("2", "Highest")],
        "Priority among campaigns",
        default="0",
        required=True,
        tracking=True,
        help="Contacts of a campaign with a higher priority are sent first, and those of others only when it has none "
        "that are due.",
    )
    team_ids = fields.Many2many(
        "ecm.team",
        string="Teams",
        check_company=True,
        help="Whose agents take the calls: to find and filter by.",
    )
    ttl_days = fields.Integer(
        "Time to live (days)",
        default=30,
        required=True,
        tracking=True,
        help="Contacts that were added longer ago and are still pending close as Expired. 0: they do not.",
    )
    chain_ids = fields.One2many("ecm.campaign.chain", "campaign_id", string="Chaining", copy=True)
    prompt_ids = fields.One2many("ecm.campaign.prompt", "campaign_id", string="Prompts", copy=True)

    _ttl_positive = models.Constraint("CHECK(ttl_days >= 0)", "Time to live: 0 days or more.")
    _percentage_range = models.Constraint(
        "CHECK(deliverable_percentage BETWEEN 0 AND 100)", "Deliverable percentage: 0 to 100."
    )

    def _get_claimants(self):
        """:return: list of ``tools.pacing.Claimant``"""
        return [
            Claimant(
                campaign.id,
                campaign.deliverable_percentage,
                int(campaign.feed_priority),
                campaign.group_id.id or None,
            )
            for campaign in self
        ]

    def _get_zone_hours(self):
        """Hours between which customers of each zone may be called, as the campaign group says.

        :return: ``{zone name: (from, to) in minutes of the day}``; ``None`` when zones are not
            restricted. Customers of a zone that is not named are not called.
        """
        self.ensure_one()
        return self.group_id.sudo()._get_zone_hours() if self.group_id else None

    def get_prompts(self):
        """The prompts of an IVR campaign, for the dialer's script and other API clients
        (requirement C8).

        :return: ``{key: prompt}``; campaigns that share a dialer campaign may differ in them
        """
        self.ensure_one()
        self.check_access("read")
        return {line.key: line.prompt for line in self.prompt_ids}
