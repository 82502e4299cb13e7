from datetime import UTC
from zoneinfo import ZoneInfo

from odoo import models

from ....formatting import format_moment
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
        return HoursRule(campaigns._get_campaign_hours(at))

    def _explain(self, campaign, before, judged, rule, at):
        attempt, hours = before.attempt, rule.campaigns[campaign.id]
        shown = self._get_clocks(hours, before.tz, attempt, at)
        clock = self.env._("There it is %s.", shown)
        phones = get_phones(before.phones, attempt.channel)
        calling = hours.for_contact(before.tz, attempt.number, attempt.channel, phones)
        opening = calling.opening(at)
        if not isinstance(judged, Candidate):
            never = self.env._("No time in the next weeks is allowed.")
            closed = self._describe(judged).rstrip(".") + "."
            words = [closed, clock, "" if opening.opens_at else never]
            return " ".join(filter(None, words))
        if not opening.closes_at:
            return clock
        end = format_moment(self.env, opening.closes_at)
        return self.env._("%(clock)s Open until %(end)s.", clock=clock, end=end)

    def _get_clocks(self, hours, tz, attempt, at):
        """What the clocks show on which the hours are kept."""
        is_regional = hours.rules.get_matching(attempt.number, attempt.channel)
        is_local = hours.in_contact_zone or is_regional
        zones = hours.get_zones(tz, attempt.number) if is_local else (hours.zone,)
        moment = at.replace(tzinfo=UTC)
        clocks = [(moment.astimezone(ZoneInfo(zone)), zone) for zone in zones]
        return ", ".join(f"{local:%H:%M} ({zone})" for local, zone in clocks)
