from odoo import fields, models

from ...actions import open_form, open_window
from ...const import PENDING
from ...tools.dry_run_dialer import MOST_TAKEN
from ...tools.pacing import split
from .ecm_dry_run import DEFAULT_CALLS_PER_HOUR, ENOUGH_RESULTS, RECENT_ATTEMPTS

# Room that is divided to see how large the parts are.
RULER = 1000


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
        others = self._get_dialer_sharers()
        taken = self._get_taken_part(others)
        values = {
            "campaign_id": self.id,
            "call_minutes": minutes,
            "calls_per_hour": self._get_calls_per_hour(minutes, others, taken),
            "others_percent": 100 * taken,
            "others_calls": others._count_pending_contacts(),
        }
        run = self.env["ecm.dry.run"].create(values)
        # Of a campaign that a user does not see nobody is told the name.
        names = others.sudo(False)._filtered_access("read").mapped("name")
        run.sudo().others = ", ".join(names) or False
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

    def _get_dialer_sharers(self):
        """Other running campaigns that are sent to the same place and have contacts for it."""
        campaign = self.sudo()
        running = campaign.browse()
        for target in campaign._get_feed_targets():
            running |= target._get_running_campaigns()
        others = running - campaign
        tallies = others._get_state_tallies()
        return others.filtered(lambda other: tallies[other.id][PENDING])

    def _count_pending_contacts(self):
        """In all of these campaigns."""
        tallies = self._get_state_tallies()
        return sum(tallies[campaign.id][PENDING] for campaign in self)

    def _get_taken_part(self, others):
        """The part of the dialer's calls that other campaigns take, as the feeder divides them.

        :return: from 0 to 0.99
        """
        if not others:
            return 0.0
        parts = split(RULER, (self.sudo() | others)._get_claimants())
        return min(1 - parts.get(self.id, 0) / RULER, MOST_TAKEN)

    def _get_calls_per_hour(self, minutes, others, taken):
        """How many calls an hour to assume: what was made lately, else what the dialer and the
        group may hold.

        :param minutes: that a call lasts
        :param others: campaigns that share the dialer, and the part that they have ``taken``
        """
        attempts = self.env["ecm.attempt"]
        # What it made lately is what the others have left it.
        if recent := attempts._get_recent_pace(self, RECENT_ATTEMPTS, ENOUGH_RESULTS):
            return recent / (1 - taken)

        # What the other side holds at a time is worked off once in the length of a call.
        held = [target._get_most_held() for target in self.sudo()._get_feed_targets()]
        if group := self.group_id:
            held.append(group.buffer_size or group.initial_contacts)
        known = [count for count in held if count]
        if not known:
            return DEFAULT_CALLS_PER_HOUR
        return min(known) * 60 / minutes
