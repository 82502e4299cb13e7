from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...formatting import format_moment
from ...tools import calling_hours as hours
from ...tools.campaign_hours import CampaignHours, Week, sort_closures
from ...tools.open_time import LONGEST_WAIT, begin_of
from ...tools.time_zones import is_zone
from odoo.addons.base.models.res_partner import _tz_get

# What says when contacts may be called, beside calendars, group and region rules themselves.
TIME_FIELDS = {
    "calendar_id",
    "tz",
    "hours_zone",
    "hours_numbers",
    "drain_minutes",
    "group_id",
    "keeps_region_rules",
    "purpose",
    "has_consent",
}
# What says how often, beside the limits of strategies and region rules themselves.
LIMIT_FIELDS = {
    "strategy_id",
    "callback_strategy_id",
    "callback_resets",
    "cap_total",
    "cap_day",
    "cap_cycle",
}


class EcmCampaignScheduleMixin(models.AbstractModel):
    """When a campaign and each of its contacts may be contacted, and for how long (requirements C4,
    C5, N3).
    """

    _name = "ecm.campaign.schedule.mixin"
    _description = "Calling Hours of a Campaign"
    _inherit = ["ecm.campaign.dates.mixin"]

    def _default_calendar_id(self):
        return self.env.ref(
            "ecm_campaign.resource_calendar_calling_hours", raise_if_not_found=False
        )

    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working schedule",
        default=_default_calendar_id,
        tracking=True,
        domain="[('flexible_hours', '=', False)]",
        help="Contacts are sent in these hours only; the calendar's holidays are closed. Empty: at "
        "any time.",
    )
    calling_hours_id = fields.Many2one(
        "ecm.calling.hours",
        string="Calling hours",
        compute="_compute_calling_hours",
        inverse="_inverse_calling_hours_id",
        search="_search_calling_hours_id",
        domain="[('company_id', 'in', (company_id, False))]",
        help="Contacts are sent in these hours only, and not on their holidays. Empty: at any time.",
    )
    calling_hours_summary = fields.Char("Week", compute="_compute_calling_hours")
    tz = fields.Selection(
        _tz_get,
        string="Time zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        tracking=True,
        help="The calling hours are in this zone.",
    )
    hours_zone = fields.Selection(
        [("campaign", "The campaign's time zone"), ("contact", "The contact's time zone")],
        string="Hours are those of",
        required=True,
        default="campaign",
        tracking=True,
        help="The contact's time zone is that of its column in the file, else that of its number "
        "(a number that may be in several zones waits until the hours are open in all of them), "
        "else the campaign's.",
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
        help="Nothing is sent so long before the hours end. With 0 as much is sent as the dialer "
        "can still call by then, as fast as it calls at that time.",
    )
    ttl_days = fields.Integer(
        "Time to live (days)",
        default=365,
        required=True,
        tracking=True,
        help="Contacts that were added longer ago and are still pending close as Expired; the days "
        "count from their *Not before*, where that is later. 0: they do not.",
    )

    times_changed_at = fields.Datetime(
        readonly=True, copy=False, help="Contacts that wait for their hours are looked at again."
    )

    _drain_positive = models.Constraint(
        "CHECK(drain_minutes >= 0)", "Stop before the end: a number of minutes, or 0."
    )
    _ttl_positive = models.Constraint("CHECK(ttl_days >= 0)", "Time to live: 0 days or more.")

    @api.constrains("calendar_id")
    def _check_calendar(self):
        for campaign in self:
            calendar = campaign.calendar_id.sudo()
            if calendar.flexible_hours:
                raise ValidationError(
                    self.env._(
                        "Calling hours say when they begin and end: %s is flexible.", calendar.name
                    )
                )

    @api.depends("calendar_id")
    def _compute_calling_hours(self):
        every = self.env["ecm.calling.hours"].with_context(active_test=False).sudo()
        found = every.search([("calendar_id", "in", self.sudo().calendar_id.ids)])
        by_calendar = {hours.calendar_id.id: hours.with_env(self.env) for hours in found}
        for campaign in self:
            hours = by_calendar.get(campaign.sudo().calendar_id.id)
            campaign.calling_hours_id = hours or False
            campaign.calling_hours_summary = hours and hours.sudo().summary

    def _inverse_calling_hours_id(self):
        for campaign in self:
            campaign.calendar_id = campaign.calling_hours_id.sudo().calendar_id

    def _search_calling_hours_id(self, operator, value):
        # What is excluded is asked for the other way round.
        if operator not in ("in", "any"):
            return NotImplemented
        hours = self.env["ecm.calling.hours"].with_context(active_test=False)
        domain = value if operator == "any" else [("id", "in", list(filter(None, value)))]
        calendars = hours.search(domain).sudo().calendar_id.ids
        if operator == "in" and not all(value):
            calendars.append(False)
        return [("calendar_id", "in", calendars)]

    def action_open_holidays(self):
        """The holidays of the campaign's calling hours on a calendar."""
        return self.calling_hours_id.action_open_holidays()

    @api.constrains("tz")
    def _check_tz(self):
        for campaign in self:
            if not is_zone(campaign.tz):
                raise ValidationError(
                    self.env._("This server does not know the time zone %s.", campaign.tz)
                )

    # -- what waits when they change --------------------------------------------------------------

    def _on_times_changed(self):
        """Have the feeder look again at contacts that wait for their hours, or until a limit allows
        them: what is changed holds at once.
        """
        if not self:
            return
        self.sudo().write({"times_changed_at": fields.Datetime.now()})
        self.filtered("is_running")._trigger_feed()

    @api.model
    def _get_calendar_fields(self):
        """Where the calendars of a campaign stand: its own, which holds for every channel that has
        none. A module whose channel may have other hours adds its own.

        :return: ``{path of fields: channel}``, None for any
        """
        return {"calendar_id": None}

    @api.model
    def _get_time_fields(self):
        """What says when contacts may be called, of the campaign's own fields."""
        return TIME_FIELDS.union(name.split(".")[0] for name in self._get_calendar_fields())

    @api.model
    def _note_changed_calendars(self, calendar_ids):
        """:param calendar_ids: whose hours or closed days have changed; False among them for all"""
        for name in self._get_calendar_fields():
            domain = [(name, "in", calendar_ids)]
            if False in calendar_ids:
                domain = [(name, "!=", False)]
            self.sudo().search(domain)._on_times_changed()

    @api.model
    def _note_changed_region_rules(self):
        self.sudo().search([("keeps_region_rules", "=", True)])._on_times_changed()

    # -- the campaign as a whole ------------------------------------------------------------------

    def _get_windows(self, now, channel=None):
        """Whether each campaign may be fed, and when next (requirement C4).

        One whose hours are in its contacts' zones may be while they are open anywhere.

        :param datetime now: naive UTC
        :param channel: the one that is fed; none for whichever is open
        :return: ``{campaign id: tools.calling_hours.Opening}``
        """
        windows = {}
        for campaign_id, value in self._get_campaign_hours(now).items():
            windows[campaign_id] = value.for_campaign(channel).opening(now)
        return windows

    def _get_dangling_deadlines(self, until):
        """Before which moment a contact must have been sent to have had its time at the dialer:
        *Dangling after* so many of the campaign's calling hours (requirement F4).

        :param datetime until: of the waiting, naive UTC
        :return: ``{campaign id: naive UTC}``
        """
        own = self._get_campaign_hours(until - LONGEST_WAIT)
        deadlines = {}
        for campaign in self:
            wanted = timedelta(hours=campaign.dangling_hours)
            deadlines[campaign.id] = begin_of(own[campaign.id].for_waiting(), until, wanted)
        return deadlines

    def _get_waiting_reason(self, window):
        """Why a running campaign waits for its hours, as a sentence."""
        if window.reason == hours.ENDED:
            return self.env._("The campaign's end date has passed.")
        if not window.opens_at:
            return self.env._(
                "The calling hours have no opening within %s days.", hours.HORIZON.days
            )

        # It opens by itself: say when.
        when = self._describe_moment(window.opens_at)
        if window.reason == hours.HOLIDAY:
            return self.env._("Holiday. Opens on %(opening)s (%(zone)s).", **when)
        if self.hours_zone == "contact":
            return self.env._(
                "Opens on %(opening)s (%(zone)s), when the hours begin in the easternmost time "
                "zone.",
                **when,
            )
        return self.env._("Opens on %(opening)s (%(zone)s).", **when)

    def _describe_moment(self, moment):
        """A naive UTC moment on the campaign's clock, for a sentence."""
        return {"opening": format_moment(self.env, moment, self.tz), "zone": self.tz}

    def _find_with_ready(self):
        """Campaigns with a contact that is ready, from a look into the index ``_ready_arrival`` for
        each.

        :return: set of ids
        """
        self.env["ecm.contact"].flush_model(["campaign_id", "is_ready", "state"])
        rows = self.env.execute_query(
            SQL(
                """SELECT own.id FROM unnest(%s::int[]) AS own(id)
               CROSS JOIN LATERAL (SELECT FROM ecm_contact
                                    WHERE campaign_id = own.id AND is_ready AND state = 'pending'
                                    LIMIT 1) AS ready""",
                self.ids,
            )
        )
        return {campaign_id for (campaign_id,) in rows}

    def _get_contacts_opening(self):
        """When the next contact may be called, where none is ready and all that are left wait for
        their own hours; else None (index ``_waiting``).
        """
        waiting = [
            ("campaign_id", "=", self.id),
            ("state", "=", "pending"),
            ("is_ready", "=", False),
            ("next_attempt_at", "!=", False),
        ]
        contacts = self.env["ecm.contact"].sudo()
        first = contacts.search(waiting, order="next_attempt_at", limit=1)

        # What is due is promoted by the next feed, and what waits for a retry has no hours to name.
        moment = first.next_attempt_at
        is_due = moment and moment <= fields.Datetime.now()
        if is_due or first.block_reason not in hours.REASONS:
            return None
        return moment

    # -- each contact -----------------------------------------------------------------------------

    def _get_campaign_hours(self, now):
        """All that these campaigns say about when, as values; a handful of queries for all of them.

        Equal values share what they have found over transactions, so this need not be kept longer
        than one.

        :param datetime now: naive UTC; holidays that were over before are left out
        :return: ``{campaign id: tools.campaign_hours.CampaignHours}``
        """
        # Many campaigns share few calendars: the hours of each are read once.
        leaves, calendars = self._get_leaves(now), self._get_calendars()
        weekly = {calendar.id: self._get_weekly_hours(calendar) for calendar in calendars}
        found = {}
        for campaign in self:
            values = campaign._prepare_campaign_hours(leaves, weekly, now)
            found[campaign.id] = CampaignHours(**values)
        return found

    def _get_calendars(self):
        """Every calendar that these campaigns keep, of whatever channel."""
        calendars = self.env["resource.calendar"].sudo()
        for name in self._get_calendar_fields():
            calendars |= self.sudo().mapped(name)
        return calendars

    def _prepare_campaign_hours(self, leaves, weekly, now):
        """:param weekly: hours of the week by calendar id"""
        own = self.sudo()
        # Without a calendar it is open at any time, on holidays too.
        week = self._get_week(own.calendar_id, leaves, weekly)
        by_channel = []
        for name, channel in self._get_calendar_fields().items():
            if channel and (calendar := own.mapped(name)):
                by_channel.append((channel, self._get_week(calendar, leaves, weekly)))
        return {
            "zone": self.tz,
            "in_contact_zone": self.hours_zone == "contact",
            "for_all_numbers": self.hours_numbers == "all",
            "drain_minutes": self.drain_minutes,
            "date_start": self.date_start or None,
            "date_end": self.date_end or None,
            "rules": self._get_region_rules(now.date()),
            "zone_hours": self._get_group_hours(),
            "year": now.year,
            "by_channel": tuple(by_channel),
            "channels": self._get_channels() if by_channel else (),
            **week._asdict(),
        }

    def _get_week(self, calendar, leaves, weekly):
        """:param weekly: hours of the week by calendar id
        :rtype: tools.campaign_hours.Week
        """
        if not calendar:
            return Week()
        return Week(weekly[calendar.id], *self._get_closures(calendar, leaves))

    def _get_zone_hours(self):
        """Hours between which customers of each zone may be called, as the campaign group says.

        :return: ``{zone name: (from, to) in minutes of the day}``; ``None`` when zones are not
            restricted. Customers of a zone that is not named are not called.
        """
        self.ensure_one()
        group = self._get_acting_group()
        return group._get_zone_hours() if group else None

    def _get_group_hours(self):
        """:return: ``(zone, hours)`` of each zone that the campaign's group calls, ``None`` for any
        (requirement C7)
        """
        zones = self._get_zone_hours()
        if zones is None:
            return None
        found = []
        for zone, minutes in zones.items():
            # Every day of the week alike.
            week = [(day, *minutes) for day in range(7)]
            found.append((zone, hours.WeeklyHours.of(week)))
        return tuple(found)

    def _get_weekly_hours(self, calendar):
        weeks = 2 if calendar.two_weeks_calendar else 1
        periods = []
        for line in calendar.attendance_ids.filtered(lambda line: line._is_work_period()):
            day = int(line.dayofweek)
            # The second week's days follow on the first's.
            if weeks == 2:
                day += 7 * int(line.week_type)
            periods.append((day, round(line.hour_from * 60), round(line.hour_to * 60)))
        return hours.WeeklyHours.of(periods, weeks)

    def _get_leaves(self, now):
        """Closed times of these campaigns' calendars, and those that their companies have set for
        every calendar.
        """
        leaves = self.env["resource.calendar.leaves"].sudo()
        calendars = self._get_calendars()
        if not calendars:
            return leaves
        domain = [
            ("calendar_id", "in", [False, *calendars.ids]),
            ("resource_id", "=", False),
            ("time_type", "=", "leave"),
            # A holiday that is over in UTC may go on somewhere.
            ("date_to", ">=", now.date() - timedelta(days=2)),
        ]
        return leaves.search(domain)

    def _get_closures(self, calendar, leaves):
        """:return: holidays and closed times, as `sort_closures` has them"""
        own = leaves.filtered(lambda leave: self._is_closed_by(leave, calendar))
        # A holiday is whole days, on the clock of whoever wrote it.
        writers = own.create_uid.mapped("tz")
        zones = [calendar.tz, self.tz, *writers]
        known = [zone for zone in dict.fromkeys(zones) if is_zone(zone)]
        intervals = [(leave.date_from, leave.date_to) for leave in own]
        return sort_closures(intervals, known)

    def _is_closed_by(self, leave, calendar):
        """Whether a closed time is of the calendar, or of every calendar of the campaign's
        company.
        """
        if leave.calendar_id:
            return leave.calendar_id == calendar
        return not leave.company_id or leave.company_id == self.company_id
