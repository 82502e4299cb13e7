from odoo import fields, models

from ...actions import open_form, open_window
from .ecm_dry_run import DEFAULT_CALLS_PER_HOUR, ENOUGH_RESULTS, RECENT_ATTEMPTS


class EcmCampaignForecastMixin(models.AbstractModel):
    _name = "ecm.campaign.forecast.mixin"
    _description = "Dry Runs of a Campaign"

    dry_run_count = fields.Integer(compute="_compute_dry_run_count", string="Dry runs")

    def _compute_dry_run_count(self):
        domain = [("campaign_id", "in", self.ids)]
        counts = dict(self.env["ecm.dry.run"]._read_group(domain, ["campaign_id"], ["__count"]))
        for campaign in self:
            campaign.dry_run_count = counts.get(campaign, 0)

    def action_dry_run(self):
        """Open a new dry run of this campaign, with assumptions from its history."""
        self.ensure_one()
        minutes = 3.0
        pace = self._get_calls_per_hour(minutes)
        values = {"campaign_id": self.id, "call_minutes": minutes, "calls_per_hour": pace}
        run = self.env["ecm.dry.run"].create(values)
        return open_form(run)

    def action_view_dry_runs(self):
        """Open the dry runs of this campaign."""
        self.ensure_one()
        return open_window(
            self.env,
            "ecm_campaign.ecm_dry_run_action",
            domain=[("campaign_id", "=", self.id)],
            context={"default_campaign_id": self.id},
        )

    def _get_calls_per_hour(self, minutes):
        """How many calls an hour to assume: what was made lately, else what the dialer and the
        group may hold.

        :param minutes: that a call lasts
        """
        attempts = self.env["ecm.attempt"]
        if recent := attempts._get_recent_pace(self, RECENT_ATTEMPTS, ENOUGH_RESULTS):
            return recent

        # What the other side holds at a time is worked off once in the length of a call.
        held = [target._get_most_held() for target in self.sudo()._get_feed_targets()]
        if group := self.group_id:
            held.append(group.buffer_size or group.initial_contacts)
        known = [count for count in held if count]
        if not known:
            return DEFAULT_CALLS_PER_HOUR
        return min(known) * 60 / minutes
