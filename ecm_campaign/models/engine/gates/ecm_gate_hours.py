from datetime import UTC
from zoneinfo import ZoneInfo

from odoo import models

from ....formatting import say_moment
from ....tools.gates import Candidate, HoursRule, get_phones


class EcmGateHours(models.AbstractModel):
    """Nobody is called or written to outside the hours that are legal where they are (requirements
    N3, N4): contacts whose hours are closed wait for their next legal time.
    """

    _name = "ecm.gate.hours"
    _inherit = ["ecm.gate"]
    _description = "Gate: Calling Hours"
    _sequence = 60

    def _get_label(self):
        return self.env._("Calling hours")

    def _get_block_reasons(self):
        return [
            ("hours", self.env._("Outside calling hours")),
            ("zone", self.env._("Not open in all its time zones")),
            ("holiday", self.env._("Holiday")),
            ("region", self.env._("Region rule")),
            ("group", self.env._("Time zones of the campaign group")),
            ("drain", self.env._("Hours end soon")),
        ]

    def _get_rule(self, campaigns, at, channel=None):
        hours = campaigns._get_campaign_hours(at)
        # Only who is sent now waits behind what the dialer holds now.
        targets = campaigns[:1]._get_channel_targets(channel) if channel and campaigns else []
        backlog = targets[0]._get_backlog() if targets else None
        return HoursRule(hours, backlog)

    def _explain(self, campaign, before, judged, rule, at):
        attempt, hours = before.attempt, rule.campaigns[campaign.id]
        number, channel = attempt.number, attempt.channel
        shown = self._get_clocks(hours, before, at)
        clock = self.env._("There it is %s.", shown)
        phones = get_phones(before.phones, channel)
        own = hours.for_contact(before.tz, number, channel, phones, before.place)
        opening = own.opening(at)

        # Where it is stopped, the reason comes first and the clock says why.
        if not isinstance(judged, Candidate):
            closed = self._describe(judged).rstrip(".") + "."
            words = [closed, clock]
            if not opening.opens_at:
                words.append(self.env._("No time in the next weeks is allowed."))
            return " ".join(words)
        if not opening.closes_at:
            return clock
        end = say_moment(self.env, opening.closes_at)
        return self.env._("%(clock)s Open until %(end)s.", clock=clock, end=end)

    def _get_clocks(self, hours, candidate, at):
        """What the clocks show on which the hours are kept."""
        attempt, is_local = candidate.attempt, hours.in_contact_zone
        # A region's rule is kept on the clock of the region, whatever the campaign's own hours are.
        if hours.rules.get_matching(attempt.number, attempt.channel, candidate.place):
            is_local = True
        zones = hours.get_zones(candidate.tz, attempt.number) if is_local else (hours.zone,)
        moment = at.replace(tzinfo=UTC)
        clocks = []
        for zone in zones:
            local = moment.astimezone(ZoneInfo(zone))
            clocks.append(f"{local:%H:%M} ({zone})")
        return ", ".join(clocks)
