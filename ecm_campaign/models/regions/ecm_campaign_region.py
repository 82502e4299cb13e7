import itertools

from odoo import fields, models

from ...tools.campaign_hours import NO_RULES
from ...tools.region_effects import count_effects


class EcmCampaignRegionMixin(models.AbstractModel):
    """Which region rules a campaign keeps (requirements N3, S4), and what they do to it."""

    _name = "ecm.campaign.region.mixin"
    _description = "Region Rules of a Campaign"

    keeps_region_rules = fields.Boolean(
        "Keep region rules",
        default=True,
        tracking=True,
        help="Legal hours and limits of countries and regions hold too, in the contact's time "
        "zone: the strictest wins. They are listed under Configuration, Region Rules.",
    )
    purpose = fields.Selection(
        [
            ("marketing", "Marketing"),
            ("debt", "Debt collection"),
            ("service", "Service: neither"),
        ],
        required=True,
        default="marketing",
        tracking=True,
        help="Laws tell them apart: rules about another purpose do not hold.",
    )
    has_consent = fields.Boolean(
        "All have agreed to be called",
        tracking=True,
        help="Everybody on this campaign's lists gave consent that you can prove. Where the law "
        "says so, it lifts a rule's hours or all of it. Off: it does so for contacts that have a "
        "date under Agreed on, which a file may bring.",
    )

    def _get_region_rules(self, day=None):
        """The region rules that the campaign keeps.

        :param date day: on which they are asked, by default today
        :rtype: tools.region_rules.RegionRules
        """
        self.ensure_one()
        if not self.keeps_region_rules:
            return NO_RULES
        today = day or fields.Date.today()
        rules = self.env["ecm.region.rule"]
        return rules._get_rules(today, self.purpose, self.has_consent)

    def action_show_region_rules(self):
        """Show each rule that is about contacts or attempts of this campaign, whether it holds, and
        what it would have stopped.
        """
        self.ensure_one()
        self.check_access("read")
        self.env["ecm.region.effect"]._fill(self, self._count_region_effects())
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Region rules of %s", self.name),
            "res_model": "ecm.region.effect",
            "view_mode": "list",
            "domain": [("campaign_id", "=", self.id), ("create_uid", "=", self.env.uid)],
        }

    def _count_region_effects(self):
        """:return: ``{rule id: tools.region_effects.Effect}`` of every rule, switched on or off"""
        switched_on_or_off = self.env["ecm.region.rule"].sudo().with_context(active_test=False)
        every = switched_on_or_off.search([])
        rules = every._get_values(fields.Date.today())

        # Contacts whose numbers begin alike, as far as any rule looks, are counted as one.
        prefixes = itertools.chain.from_iterable(rule.prefixes for rule in rules)
        longest = max(map(len, prefixes), default=0)
        groups = self.env["ecm.contact"].sudo()._group_by_beginning(self, longest)
        made = self.env["ecm.attempt"].sudo()._get_made(self)
        return count_effects(rules, groups, made, self._get_channels())
