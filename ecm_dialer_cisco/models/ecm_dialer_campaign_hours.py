from babel.core import get_global

from odoo import fields, models

from ..clients.uccx_hours import minutes_of
from odoo.addons.ecm_campaign.formatting import get_day_names
from odoo.addons.ecm_campaign.tools.calling_hours import Constraint, WeeklyHours, calling_hours
from odoo.addons.ecm_campaign.tools.hours_difference import compare, describe
from odoo.addons.ecm_campaign.tools.region_rules import choose_rules
from odoo.addons.ecm_campaign.tools.time_zones import is_zone

# Names of zones that are in no list of them.
OTHER_ZONES = {"Coordinated Universal Time": "UTC", "Greenwich Mean Time": "Europe/London"}


class EcmDialerCampaignHours(models.AbstractModel):
    """When the dialer itself calls, and how that differs from the hours of campaigns (requirements
    C2, C4): what it holds is called in its own hours, whatever ours are.
    """

    _name = "ecm.dialer.campaign.hours.mixin"
    _description = "Hours of a Cisco Campaign"

    start_time = fields.Char("From", readonly=True)
    end_time = fields.Char("To", readonly=True)
    time_zone = fields.Char("Dialer's zone", readonly=True)
    hours_note = fields.Text(compute="_compute_hours_note")

    def _compute_hours_note(self):
        for target in self:
            notes = []
            for campaign in target.campaign_ids:
                if warning := target._get_hours_warning(campaign):
                    notes.append(f"{campaign.name}: {warning}")
            target.hours_note = "\n".join(notes) or False

    def _get_zone(self):
        """IANA name of the zone of the dialer's hours, None where its name is not understood."""
        if self.dialer_id.tz:
            return self.dialer_id.tz
        name = (self.time_zone or "").strip()
        if name and is_zone(name):
            return name
        # Windows' names, as in Cisco's documents.
        return OTHER_ZONES.get(name) or get_global("windows_zone_mapping").get(name)

    def _get_own_hours(self, customer_zone):
        """When the dialer calls a customer in a zone; None where that is not known.

        :rtype: tools.calling_hours.CallingHours or None
        """
        dialer = self.dialer_id
        minutes = minutes_of(self.start_time or "", self.end_time or "")
        zone = customer_zone if dialer._is_on_customers_clock() else self._get_zone()
        if not minutes or not zone:
            return None
        constraints = [_every_day(minutes, zone)]
        # A dialer that does not tell of its range has none, as far as we know.
        if customers := minutes_of(dialer.range_start or "", dialer.range_end or ""):
            constraints.append(_every_day(customers, customer_zone))
        return calling_hours(tuple(constraints))

    def _compare_hours(self, campaign):
        """:rtype: tools.hours_difference.Difference or None"""
        now = fields.Datetime.now()
        theirs = self._get_own_hours(campaign.tz)
        if theirs is None:
            return None
        # Holidays are no difference that anybody could set at the dialer.
        weekly = campaign._get_campaign_hours(now)[campaign.id].hours
        ours = calling_hours((Constraint((campaign.tz,), weekly),))
        return compare(ours, theirs, now, campaign.tz)

    def _get_hours_obstacle(self, campaign):
        """Why nobody would ever be called, as a sentence, or False."""
        difference = self._compare_hours(campaign)
        if not difference or not difference.is_apart:
            return False
        return self.env._(
            "%(target)s is never open in this campaign's calling hours. Change the one or the "
            "other.",
            target=self.name,
        )

    def _get_hours_warning(self, campaign):
        """How the dialer's hours differ from a campaign's, in sentences, or False."""
        if not self.start_time:
            return False
        difference = self._compare_hours(campaign)
        if difference is None:
            return self.env._(
                "The hours of %(target)s, %(start)s–%(end)s (%(zone)s), are not understood: an "
                "administrator can choose the dialer's time zone.",
                target=self.name,
                start=self.start_time,
                end=self.end_time,
                zone=self.time_zone or "?",
            )
        sentences = [self._describe_difference(campaign, difference)]
        sentences += self._get_region_warnings(campaign)
        return " ".join(filter(None, sentences)) or False

    def _get_region_warnings(self, campaign):
        """Where the dialer's range for customers is wider than the rules of the company's country
        that hold for a campaign, as sentences. What other rules are about is told with the
        campaign's contacts (*Region rules*).
        """
        rules = self.env["ecm.region.rule"]
        if campaign.keeps_region_rules:
            country = campaign.company_id.country_id
            rules = rules.sudo().search([("country_id", "=", country.id)])
        today, sentences = fields.Date.today(), []
        values = rules._get_values(today)
        for rule in choose_rules(values, today, campaign.purpose, campaign.has_consent):
            # One of a part of the country may be about nobody here.
            is_of_all = not (rule.prefixes or rule.regions or rule.zips)
            hours = is_of_all and self._get_hours_beyond(rule)
            if hours:
                sentences.append(self._describe_beyond(rule, hours))
        return sentences

    def _get_hours_beyond(self, rule):
        """When the dialer's range for customers is open and a region rule does not allow it, in
        words, or False. Both are on the customer's clock, so zones do not matter.

        :param rule: tools.region_rules.RegionRule
        """
        customers = minutes_of(self.dialer_id.range_start or "", self.dialer_id.range_end or "")
        if not customers or rule.hours is None or self._channel not in rule.channels:
            return False
        allowed = calling_hours((Constraint(("UTC",), rule.hours),))
        theirs = calling_hours((_every_day(customers, "UTC"),))
        difference = compare(allowed, theirs, fields.Datetime.now(), "UTC")
        return describe(difference.second, get_day_names(self.env)) or False

    def _describe_beyond(self, rule, hours):
        return self.env._(
            "The dialer also calls customers %(hours)s on their clock, which %(rule)s does not "
            "allow: what was not taken back is called then.",
            hours=hours,
            rule=rule.name,
        )

    def _describe_difference(self, campaign, difference):
        days = get_day_names(self.env)
        sentences = []
        if difference.second:
            sentence = self.env._(
                "The dialer also calls %(hours)s (%(zone)s), when this campaign does not: what was "
                "not taken back is called then.",
                hours=describe(difference.second, days),
                zone=campaign.tz,
            )
            sentences.append(sentence)
        # Who calls at any time leaves it to others when that is.
        if difference.first and campaign.calendar_id:
            sentence = self.env._(
                "The dialer does not call %(hours)s (%(zone)s), when this campaign does: what is "
                "sent then waits.",
                hours=describe(difference.first, days),
                zone=campaign.tz,
            )
            sentences.append(sentence)
        return " ".join(sentences)


def _every_day(minutes, zone):
    windows = [(day, *minutes) for day in range(7)]
    return Constraint((zone,), WeeklyHours.of(windows))
