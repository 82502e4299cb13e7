from odoo import models

from ...tools import strategy as decision


class EcmEngine(models.AbstractModel):
    """The scrub at feed time (requirement N2): what was listed after the import is not called
    either.
    """

    _inherit = "ecm.engine"

    def _get_open_campaigns(self, target):
        """Campaigns whose registries are too old are not fed until these are loaded again."""
        campaigns = super()._get_open_campaigns(target)
        dnc_lists = self.env["ecm.dnc.list"]
        if not dnc_lists.sudo().search([("max_age_days", ">", 0)]).filtered("is_outdated"):
            return campaigns
        return campaigns.filtered(lambda campaign: not dnc_lists._get_outdated(campaign))

    def _gate_dnc(self, campaign, candidates, _now):
        """Hide listed numbers from the strategy; a contact that the gate *number* then has nothing
        for closes as *DNC Listed*."""
        numbers = {number for candidate in candidates for number in candidate.phones if number}
        keys = {candidate.account_number for candidate in candidates if candidate.account_number}
        listed, listed_keys = self.env["ecm.dnc.list"]._find_listed(campaign, numbers, keys)
        if not listed and not listed_keys:
            return {}
        verdicts = {}
        for candidate in candidates:
            if candidate.account_number in listed_keys:
                verdicts[candidate.contact_id] = decision.Close(
                    decision.DNC_LISTED, decision.SUPPRESSED
                )
            phones = candidate.phones
            candidate.phones = candidate.without(listed)
            candidate.is_listed = candidate.phones != phones
        return verdicts
