from dataclasses import dataclass

from odoo import models

from odoo.addons.ecm_campaign.models.dnc.ecm_dnc_list import BLACKLIST
from odoo.addons.ecm_campaign.tools.gates import DncRule


@dataclass(frozen=True, slots=True)
class CallbackDncRule(DncRule):
    """Whoever asked for the call may get that one, where the skill says so.

    :param lifting: ids of the campaigns whose callbacks are called all the same
    :param lifted: ids of the lists that do not count then
    """

    lifting: frozenset[int] = frozenset()
    lifted: frozenset[int] = frozenset()

    def get_lists(self, campaign_id, channel, callback):
        """See ``tools.gates`` DncRule."""
        # A class with slots has no super() of its own.
        counting = DncRule.get_lists(self, campaign_id, channel, callback)
        # A retry is part of the same promise.
        is_lifted = callback and campaign_id in self.lifting
        return set(counting) - self.lifted if is_lifted else counting


class EcmGateDnc(models.AbstractModel):
    _inherit = "ecm.gate.dnc"

    def _get_rule(self, campaigns, at, channel=None):
        rule = super()._get_rule(campaigns, at, channel)
        lifting = self._get_lifting(campaigns)
        if not lifting:
            return rule
        lifted = self._get_lifted({id_ for ids in rule.lists.values() for id_ in ids})
        return CallbackDncRule(
            rule.channels, rule.lists, rule.numbers, rule.keys, lifting, frozenset(lifted)
        )

    def _get_lifting(self, campaigns):
        """:return: ids of the campaigns whose callbacks are called although listed"""
        skills = self.env["ecm.callback.skill"].sudo().search([("dnc_policy", "=", "lift")])
        return frozenset(skills._get_campaigns().ids) & frozenset(campaigns.ids)

    def _get_lifted(self, list_ids):
        """:param list_ids: set of ids of lists"""
        lists = self.env["ecm.dnc.list"].sudo().browse(list_ids - {BLACKLIST})
        return lists._get_lifted_by_request().ids
