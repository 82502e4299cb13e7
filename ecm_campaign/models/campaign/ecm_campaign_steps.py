from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError

from ...actions import open_form, open_window


class EcmCampaignStepsMixin(models.AbstractModel):
    """From an empty database to the first campaign that runs: what is done, and what is next (U19)."""

    _name = "ecm.campaign.steps.mixin"
    _description = "First Steps of a Campaign"

    @api.model
    def get_first_steps(self, campaign_id=False):
        """What leads to a campaign that runs.

        :param campaign_id: the campaign that is looked at; else the newest that was never started
        :return: list of ``{"code", "title", "hint", "is_done"}`` in order; empty once a campaign was
            started, and for who may not create any
        """
        campaigns = self.env["ecm.campaign"]
        if not campaigns.has_access("create"):
            return []
        campaign = campaigns.browse(campaign_id) if campaign_id else self._get_first_campaign()
        campaign.check_access("read")
        started = (
            campaign if campaign_id else campaigns.search([("started_at", "!=", False)], limit=1)
        )
        if started.started_at:
            return []
        return self._get_first_steps(campaign)

    def _get_first_campaign(self):
        """The newest campaign that was never started; may be empty."""
        return self.env["ecm.campaign"].search(
            [("started_at", "=", False)], order="id desc", limit=1
        )

    def _get_first_steps(self, campaign):
        """Extensions put theirs where they belong.

        :param campaign: may be empty
        :return: list of dicts, see `get_first_steps`
        """
        return [
            self._make_step(
                "hours",
                self.env._("Calling hours"),
                self.env._("When you may call, and on which holidays not."),
                bool(campaign) or self._has_own_hours(),
            ),
            self._make_step(
                "campaign",
                self.env._("Campaign"),
                self.env._("Whom to call, when and how often."),
                bool(campaign),
            ),
            self._make_step(
                "upload",
                self.env._("Upload contacts"),
                self.env._("A file of names and numbers, as you have it."),
                bool(campaign.contact_count),
            ),
            self._make_step(
                "dry_run",
                self.env._("Dry run"),
                self.env._("What would be called when. Nobody is called yet."),
                bool(campaign.dry_run_count),
            ),
            self._make_step("start", self.env._("Start"), self.env._("Calls begin."), False),
        ]

    def _make_step(self, code, title, hint, is_done):
        return {"code": code, "title": title, "hint": hint, "is_done": is_done}

    def _has_own_hours(self):
        """Whether somebody has looked after the calling hours that come with the module."""
        domain = [("write_uid", "!=", SUPERUSER_ID)]
        return bool(self.env["ecm.calling.hours"].search_count(domain, limit=1))

    @api.model
    def action_first_step(self, code, campaign_id=False):
        """Open where a step is done.

        :param str code: of the step
        :param campaign_id: see `get_first_steps`
        :raise UserError: another step comes first
        """
        campaign = self.env["ecm.campaign"].browse(campaign_id) or self._get_first_campaign()
        if code == "hours":
            return open_window(self.env, "ecm_campaign.ecm_calling_hours_action")
        if code == "campaign":
            return open_form(campaign)
        if not campaign:
            raise UserError(self.env._("Create a campaign first."))
        if code == "upload":
            return campaign.action_upload_contacts()
        if code == "dry_run":
            return campaign.action_dry_run()
        return campaign.action_start_or_complete()
