from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import calling_hours as hours
from ...tools.campaign_hours import NO_RULES, CampaignHours, sort_closures
from ...tools.time_zones import is_zone


class EcmCampaignScheduleMixin(models.AbstractModel):
    """When a campaign and each of its contacts may be contacted (requirements C4, N3)."""

    _name = "ecm.campaign.schedule.mixin"
    _description = "Calling Hours of a Campaign"
    _inherit = ["mail.thread"]

    hours_zone = fields.Selection(
        [("campaign", "The campaign's time zone"), ("contact", "The contact's time zone")],
        string="Hours are those of",
        required=True,
        default="campaign",
        tracking=True,
        help="The contact's time zone is that of its column in the file, else that of its number (a number that may be "
        "in several zones waits until the hours are open in all of them), else the campaign's.",
    )
    hours_numbers = fields.Selection(
        [("called", "The number that is called"), ("all", "All numbers of the contact")],
        string="Time zone and rules of",
        required=True,
        default="called",
        tracking=True,
        help="All numbers: a contact is called only while every one of its numbers may be.",
    )
    drain_minutes = fields.Integer(
        "Stop before the end (minutes)",
        default=0,
        required=True,
        tracking=True,
        help="Nothing is sent so long before the hours end, so that the dialer has called what it holds by then.",
    )
    keeps_region_rules = fields.Boolean(
        "Keep region rules",
        default=True,
        tracking=True,
        help="Legal hours and limits of countries and regions hold too, in the contact's time zone: the strictest "
        "wins. They are listed under Configuration, Region Rules.",
    )

    _drain_positive = models.Constraint(
        "CHECK(drain_minutes >= 0)", "Stop before the end: a number of minutes, or 0."
    )

    @api.constrains("calendar_id")
    def _check_calendar(self):
        for campaign in self:
            if campaign.calendar_id.sudo().flexible_hours:
                raise ValidationError(
                    self.env._(
                        "Calling hours say when they begin and end: %s is flexible.",
                        campaign.calendar_id.name,
                    )
                )

    @api.constrains("tz")
    def _check_tz(self):
        for campaign in self:
            if not is_zone(campaign.tz):
                raise ValidationError(
                    self.env._("This server does not know the time zone %s.", campaign.tz)
                )

    # -- the campaign as a whole ----------------------------------------------------------------------

    def _get_windows(self, now):
        """Whether each campaign may be fed, and when next (requirement C4).

        One whose hours are in its contacts' zones may be while they are open anywhere.

        :param datetime now: naive UTC
        :return: ``{campaign id: tools.calling_hours.Opening}``
        """
        values = self._get_campaign_hours(now)
        return {
            campaign_id: value.for_campaign().opening(now) for campaign_id, value in values.items()
        }

    def _get_waiting_reason(self, window):
        """Why a running campaign waits for its hours, as a sentence."""
        if window.reason == hours.ENDED:
            return self.env._("The campaign's end date has passed.")
        if not window.opens_at:
            return self.env._(
                "The calling hours have no opening within %s days.", hours.HORIZON.days
            )
        when = self._describe_moment(window.opens_at)
        if window.reason == hours.HOLIDAY:
            return self.env._("Holiday. Opens on %(opening)s (%(zone)s).", **when)
        if self.hours_zone == "contact":
            return self.env._(
                "Opens on %(opening)s (%(zone)s), when the hours begin in the easternmost time zone.",
                **when,
            )
        return self.env._("Opens on %(opening)s (%(zone)s).", **when)

    def _describe_moment(self, moment):
        """A naive UTC moment on the campaign's clock, for a sentence."""
        local = fields.Datetime.context_timestamp(self.with_context(tz=self.tz), moment)
        return {"opening": local.strftime("%a %d %b %H:%M"), "zone": self.tz}

    def _get_contacts_opening(self):
        """When the next contact may be called, where all that are left wait for their own hours;
        else None.

        Two looks into the indexes ``_ready_arrival`` and ``_waiting`` of the contacts.
        """
        pending = [("campaign_id", "=", self.id), ("state", "=", "pending")]
        contacts = self.env["ecm.contact"].sudo()
        if contacts.search_count([*pending, ("is_ready", "=", True)], limit=1):
            return None
        waiting = [*pending, ("is_ready", "=", False), ("next_attempt_at", "!=", False)]
        first = contacts.search(waiting, order="next_attempt_at", limit=1)
        is_due = first.next_attempt_at and first.next_attempt_at <= fields.Datetime.now()
        return first.next_attempt_at if first.block_reason in hours.REASONS and not is_due else None

    # -- each contact ---------------------------------------------------------------------------------

    def _get_calling_hours(self, tz, number, channel="voice", numbers=(), now=None):
        """When a contact may be contacted on a number (requirement N3); the campaign's dates are
        not asked.

        For one contact. Whoever has many takes `_get_campaign_hours` once, and asks that.

        :param tz: the contact's zone, if it has one
        :param str number: the number that is to be called, E.164
        :param str channel: voice or sms
        :param numbers: all numbers of the contact
        :param datetime now: naive UTC; holidays that were over before are not known
        :rtype: tools.calling_hours.CallingHours
        """
        self.ensure_one()
        value = self._get_campaign_hours(now or fields.Datetime.now())[self.id]
        return value.for_contact(tz, number, channel, numbers)

    def _get_campaign_hours(self, now):
        """All that these campaigns say about when, as values; a handful of queries for all of them.

        Equal values share what they have found over transactions, so this need not be kept longer
        than one.

        :param datetime now: naive UTC; holidays that were over before are left out
        :return: ``{campaign id: tools.campaign_hours.CampaignHours}``
        """
        # Many campaigns share few calendars: the hours of each are read once.
        leaves, calendars = self._get_leaves(now), self.sudo().calendar_id
        weekly = {calendar.id: self._get_weekly_hours(calendar) for calendar in calendars}
        return {
            campaign.id: CampaignHours(**campaign._prepare_campaign_hours(leaves, weekly, now))
            for campaign in self
        }

    def _prepare_campaign_hours(self, leaves, weekly, now):
        """:param weekly: hours of the week by calendar id"""
        calendar = self.calendar_id.sudo()
        values = {
            "zone": self.tz,
            "in_contact_zone": self.hours_zone == "contact",
            "for_all_numbers": self.hours_numbers == "all",
            "drain_minutes": self.drain_minutes,
            "date_start": self.date_start or None,
            "date_end": self.date_end or None,
            "rules": self._get_region_rules(),
            "zone_hours": self._get_group_hours(),
            "year": now.year,
        }
        if calendar:
            holidays, closed = self._get_closures(leaves)
            values |= {
                "hours": weekly[calendar.id],
                "holidays": holidays,
                "closed": closed,
            }
        return values

    def _get_group_hours(self):
        """:return: ``(zone, hours)`` of each zone that the campaign's group calls, ``None`` for any
        (requirement C7)
        """
        zones = self._get_zone_hours()
        if zones is None:
            return None
        return tuple(
            (zone, hours.WeeklyHours.of((day, *minutes) for day in range(7)))
            for zone, minutes in zones.items()
        )

    def _get_region_rules(self):
        """:return: the region rules that the campaign keeps, as ``tools.region_rules.RegionRules``"""
        self.ensure_one()
        return self.env["ecm.region.rule"]._get_rules() if self.keeps_region_rules else NO_RULES

    def _get_weekly_hours(self, calendar):
        lines = calendar.attendance_ids.filtered(lambda line: line._is_work_period())
        weeks = 2 if calendar.two_weeks_calendar else 1
        return hours.WeeklyHours.of(
            (
                (
                    int(line.dayofweek) + (7 * int(line.week_type) if weeks == 2 else 0),
                    round(line.hour_from * 60),
                    round(line.hour_to * 60),
                )
                for line in lines
            ),
            weeks,
        )

    def _get_leaves(self, now):
        """Closed times of these campaigns' calendars, and those that their companies have set for
        every calendar.
        """
        leaves = self.env["resource.calendar.leaves"].sudo()
        calendars = self.sudo().calendar_id
        if not calendars:
            return leaves
        return leaves.search(
            [
                ("calendar_id", "in", [False, *calendars.ids]),
                ("resource_id", "=", False),
                ("time_type", "=", "leave"),
                ("date_to", ">=", now.date() - timedelta(days=2)),
            ]
        )

    def _get_closures(self, leaves):
        """:return: holidays and closed times, as `sort_closures` has them"""
        own = leaves.filtered(
            lambda leave: (
                leave.calendar_id == self.calendar_id
                or (
                    not leave.calendar_id
                    and leave.company_id in (self.company_id, leave.company_id.browse())
                )
            )
        )
        zones = [self.calendar_id.sudo().tz, self.tz, *own.create_uid.mapped("tz")]
        known = [zone for zone in dict.fromkeys(zones) if is_zone(zone)]
        return sort_closures(((leave.date_from, leave.date_to) for leave in own), known)
