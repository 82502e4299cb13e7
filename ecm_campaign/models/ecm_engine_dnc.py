from odoo import fields, models

from ..tools import strategy as decision

PHONES = slice(6, 11)
KEY = 11


class EcmEngine(models.AbstractModel):
    """The scrub at feed time (requirement N2): what was listed after the import is not called either."""

    _inherit = "ecm.engine"

    def _get_open_campaigns(self, target):
        """Campaigns whose registries are too old are not fed until these are loaded again."""
        campaigns = super()._get_open_campaigns(target)
        dnc_lists = self.env["ecm.dnc.list"]
        if not dnc_lists.sudo().search_count([("max_age_days", ">", 0)], limit=1):
            return campaigns
        return campaigns.filtered(lambda campaign: not dnc_lists._get_outdated(campaign))

    def _filter_claimable(self, campaign, rows):
        """Hide listed numbers from the strategy; a contact that it then has nothing for closes as *DNC Listed*."""
        rows = super()._filter_claimable(campaign, rows)
        numbers = {number for row in rows for number in row[PHONES] if number}
        keys = {row[KEY] for row in rows if row[KEY]}
        listed, listed_keys = self.env["ecm.dnc.list"]._find_listed(campaign, numbers, keys)
        if not listed and not listed_keys:
            return rows
        plan = campaign.strategy_id._get_plan()
        kept, closing = [], []
        for row in rows:
            left = (*row[: PHONES.start], *(None if number in listed else number for number in row[PHONES]), row[KEY])
            if row[KEY] in listed_keys or (left != row and not self._has_attempt(plan, left)):
                close = decision.Close(decision.DNC_LISTED, decision.SUPPRESSED)
                closing.append((row[0], None, row[2], row[3], close))
            else:
                kept.append(left)
        self.env["ecm.contact"]._apply_decisions(closing, fields.Datetime.now())
        return kept

    def _has_attempt(self, plan, row):
        return bool(decision.attempt_from(plan, row[PHONES], row[1], None, decision.START))
